//! Models that can be chosen: the page's own, those of a hub, and those kept in the browser's storage.

use serde::{Deserialize, Serialize};

use crate::recipe::{Family, Pooling};

/// Where sentence-transformers says how a sentence becomes one vector, in a model's folder.
pub const POOLING: &str = "1_Pooling/config.json";

/// A model that can be loaded; `public/catalog.json` lists those that the page offers by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CatalogEntry {
    /// Stable name: `all-MiniLM-L6-v2`, and for a model of a hub `huggingface.co/prajjwal1/bert-tiny`.
    pub id: String,
    /// As shown.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// On a model hub: `sentence-transformers/all-MiniLM-L6-v2`. Goes into the export's card.
    pub hub_id: String,
    /// SPDX, or empty where it is not known.
    pub license: String,
    /// Number of parameters.
    pub parameters: f64,
    /// Bytes to load.
    pub bytes: f64,
    /// Address of the folder of the files, relative to the page, ending in `/`; empty where the person gave the files.
    pub folder: String,
    /// Files beside config.json and the weights, tokenizer.json among them; none where the weights are a GGUF file,
    /// which holds all that.
    pub files: Vec<String>,
    /// File of the weights: `model.safetensors`, or one that ends in `.gguf`.
    #[serde(default = "safetensors")]
    pub weights: String,
    /// SHA-256 of the weights' file, hexadecimal; empty where it is not known.
    pub sha256: String,
    /// Which family it is of, and with that the tasks that it can learn.
    pub family: Family,
    /// How a sentence becomes one vector by default; means nothing for a decoder.
    pub pooling: Pooling,
}

fn safetensors() -> String {
    "model.safetensors".into()
}

/// What a hub says of a model before its weights are loaded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoundModel {
    /// What would be loaded.
    pub entry: CatalogEntry,
    /// Number of layers.
    pub layers: u32,
    /// Hidden size.
    pub hidden: u32,
    /// Longest sequence, in tokens.
    pub max_positions: u32,
    /// Memory that training the head or an adapter takes, in bytes.
    pub least_bytes: f64,
    /// Memory that full training takes, in bytes.
    pub full_bytes: f64,
    /// Memory that there is, in bytes.
    pub limit_bytes: f64,
}

/// A model in the browser's storage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptModel {
    /// What it is.
    pub entry: CatalogEntry,
    /// Bytes that it takes there.
    pub bytes: f64,
    /// Whether all of it is there; else the rest is loaded when it is chosen.
    pub is_complete: bool,
}

/// A loaded model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelReport {
    /// Of the catalog.
    pub id: String,
    /// As shown.
    pub name: String,
    /// Which family it is of.
    pub family: Family,
    /// How it makes one vector of a sentence.
    pub pooling: Pooling,
    /// Number of parameters.
    pub parameters: f64,
    /// Bytes of its weights in a download.
    pub bytes: f64,
    /// Number of layers.
    pub layers: u32,
    /// Hidden size.
    pub hidden: u32,
    /// Longest sequence, in tokens.
    pub max_positions: u32,
    /// Vocabulary, in tokens.
    pub vocab: u32,
    /// Tensors taken from the file.
    pub applied: u32,
    /// Tensors that the model needs and the file lacks (made anew).
    pub missing: Vec<String>,
    /// Tensors in the file that the model does not use.
    pub unused: Vec<String>,
}
