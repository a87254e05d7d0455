//! Models as the page lists them: the catalog's, a hub's, those in the browser's storage, and the loaded one.

mod report;
mod saved_run;
mod tuned;
mod tuned_head;

use serde::{Deserialize, Serialize};

use crate::recipe::{Family, Pooling};

pub use report::{AdaptableLinear, ModelReport, ParamGroupFacts};
pub use saved_run::{DataFile, RunAbout, SavedRun, SavedRunEntry};
pub use tuned::{TUNED_VERSION, TunedEntry, TunedModel, damaged};
pub use tuned_head::TunedHead;

/// File of a model folder in which sentence-transformers configures the pooling.
pub const POOLING: &str = "1_Pooling/config.json";

/// A model that can be loaded. `public/catalog.json` lists those that the page offers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CatalogEntry {
    /// Stable id: `all-MiniLM-L6-v2`, or `huggingface.co/prajjwal1/bert-tiny` for a model of a hub.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Description in one sentence.
    pub description: String,
    /// Id on a model hub, for the model card: `sentence-transformers/all-MiniLM-L6-v2`.
    pub hub_id: String,
    /// SPDX identifier of the license; empty if unknown.
    pub license: String,
    /// Languages that it reads, in words; empty if unknown.
    #[serde(default)]
    pub languages: String,
    /// Number of parameters.
    pub parameters: f64,
    /// Size of the download, in bytes.
    pub bytes: f64,
    /// URL of the folder of the files, relative to the page, ending in `/`; empty for files that the user dropped. That of
    /// a tuned model in the browser's storage is [`CatalogEntry::tuned_id`]'s.
    pub folder: String,
    /// Files to load in addition to config.json and the weights, tokenizer.json among them. Empty for a GGUF file, which
    /// contains all of that.
    pub files: Vec<String>,
    /// Name of the weights file: `model.safetensors`, the index of several, or one that ends in `.gguf`.
    #[serde(default = "safetensors")]
    pub weights: String,
    /// SHA-256 of the weights file, hexadecimal; empty if unknown.
    pub sha256: String,
    /// The files with the weights, if there are several and the weights file is their index.
    #[serde(default)]
    pub shards: Vec<WeightsFile>,
    /// Model family, which determines the tasks that it can learn.
    pub family: Family,
    /// Default pooling; ignored for a decoder.
    pub pooling: Pooling,
}

/// A file with weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WeightsFile {
    /// Name in the folder.
    pub name: String,
    /// Size in bytes; 0 if unknown.
    pub bytes: f64,
    /// SHA-256, hexadecimal; empty if unknown.
    pub sha256: String,
}

impl CatalogEntry {
    /// The files with the weights: one, or several.
    pub fn weights_files(&self) -> Vec<WeightsFile> {
        if self.shards.is_empty() {
            vec![WeightsFile { name: self.weights.clone(), bytes: self.bytes, sha256: self.sha256.clone() }]
        } else {
            self.shards.clone()
        }
    }
}

fn safetensors() -> String {
    "model.safetensors".into()
}

/// A model found on a hub, before its weights are loaded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoundModel {
    /// The model that would be loaded.
    pub entry: CatalogEntry,
    /// Number of layers.
    pub layers: u32,
    /// Hidden size.
    pub hidden: u32,
    /// Longest sequence, in tokens.
    pub max_positions: u32,
    /// Memory needed to train the head or an adapter, in bytes.
    pub least_bytes: f64,
    /// Memory needed to train all layers, in bytes.
    pub full_bytes: f64,
    /// Available memory, in bytes.
    pub limit_bytes: f64,
    /// Size of its largest tensor in memory, in bytes.
    pub largest_bytes: f64,
    /// Largest buffer of the GPU, in bytes, if it computes.
    pub max_buffer_bytes: Option<f64>,
}

/// A model in the browser's storage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptModel {
    /// The stored model.
    pub entry: CatalogEntry,
    /// Storage that it takes, in bytes.
    pub bytes: f64,
    /// True if all files are stored; if not, the rest is loaded when the model is chosen.
    pub is_complete: bool,
}
