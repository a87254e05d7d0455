//! The source of a model's files: an address, cached in the browser's storage, or the user's own files.

use std::io::Read;

use hone_core::catalog::{CatalogEntry, WeightsFile};
use hone_core::diagnostic::Diagnostic;
use hone_core::hub::{SAFETENSORS_INDEX, is_gguf};
use hone_core::limits::MAX_CONFIG_BYTES;
use hone_core::recipe::{Family, Pooling};
use hone_core::runner::{ModelArchive, find_file, find_weights, too_large, unreadable};
use hone_core::weights::ShardIndex;
use sha2::{Digest, Sha256};
use web_sys::Blob;

use crate::blob::{BlobReader, PIECE, hex, read_blob};
use crate::download::{Take, download_weights};
use crate::fetch::fetch_small;
use crate::mailbox::{stopped, stops_loading, yield_to_event_loop};
use crate::storage::ModelFolder;
use crate::tuned_storage;

/// A model's files, and the facts about the model.
pub struct ModelSource {
    /// Its entry in the catalog, or one made for the user's files.
    pub entry: CatalogEntry,
    location: Location,
}

enum Location {
    /// The address in the entry. Files that arrive are kept in the storage, if there is one.
    Remote(Option<ModelFolder>),
    /// The user's files, each with its path.
    Dropped(Vec<(String, Blob)>),
    /// A zip file of the user's, or a tuned model in the storage.
    Zip(Box<ModelArchive<BlobReader>>),
}

impl ModelSource {
    /// A model from the catalog, from a hub, or from the user's tuned models.
    ///
    /// # Errors
    /// If a tuned model is no longer there or is damaged.
    pub async fn of_entry(entry: CatalogEntry) -> Result<Self, Diagnostic> {
        let Some(id) = entry.tuned_id() else {
            let location = Location::Remote(ModelFolder::of(&entry).await);
            return Ok(Self { entry, location });
        };
        let (_, zip) = tuned_storage::open(id).await?;
        Self::of_tuned(entry, zip)
    }

    /// A tuned model from the zip of its folder.
    ///
    /// # Errors
    /// If the zip is damaged.
    pub fn of_tuned(entry: CatalogEntry, zip: Blob) -> Result<Self, Diagnostic> {
        let mut location = Location::Zip(Box::new(ModelArchive::open(&entry.name, BlobReader::new(zip)?)?));
        let (weights, files) = find_weights(location.paths())?;
        let bytes = location.size(&weights);
        Ok(Self { entry: CatalogEntry { weights, files, bytes, ..entry }, location })
    }

    /// A model from the user's files: a folder's, each with its path in it, a zip, or one GGUF file.
    ///
    /// # Errors
    /// `model.no-weights` if no file has weights, `model.zip` if the zip cannot be read.
    pub fn of_files(name: String, paths: Vec<String>, blobs: Vec<Blob>) -> Result<Self, Diagnostic> {
        let mut blobs: Vec<(String, Blob)> = paths.into_iter().zip(blobs).collect();
        let is_zip = matches!(blobs.as_slice(), [(path, _)] if path.to_ascii_lowercase().ends_with(".zip"));
        let mut location = if is_zip {
            let reader = BlobReader::new(blobs.remove(0).1)?;
            Location::Zip(Box::new(ModelArchive::open(&name, reader)?))
        } else {
            Location::Dropped(blobs)
        };
        let (weights, files) = find_weights(location.paths())?;
        let bytes = location.size(&weights);
        let stem = name.trim_end_matches(".zip").trim_end_matches(".gguf").to_owned();
        let entry = CatalogEntry {
            id: stem.clone(),
            hub_id: stem.clone(),
            name: stem,
            description: String::new(),
            license: String::new(),
            languages: String::new(),
            parameters: 0.0,
            bytes,
            folder: String::new(),
            files,
            weights,
            sha256: String::new(),
            shards: Vec::new(),
            // The files determine both, once they are read.
            family: Family::default(),
            pooling: Pooling::Cls,
        };
        Ok(Self { entry, location })
    }

    /// Returns true if the weights are a GGUF file, which contains config and tokenizer too.
    pub fn is_gguf(&self) -> bool {
        is_gguf(&self.entry.weights)
    }

    /// The index of the weights, if they are in several files. All of them are there.
    ///
    /// # Errors
    /// If the index cannot be read, or a file is missing.
    pub async fn index(&mut self) -> Result<Option<ShardIndex>, Diagnostic> {
        if self.entry.weights != SAFETENSORS_INDEX {
            return Ok(None);
        }
        let index = ShardIndex::parse(&self.small(SAFETENSORS_INDEX, MAX_CONFIG_BYTES).await?)?;
        if let Location::Remote(_) = self.location {
            // Those that the hub listed, with their sizes and checksums.
            index.require(|name| self.entry.shards.iter().any(|shard| shard.name == name))?;
            return Ok(Some(index));
        }
        index.require(|name| self.has(name))?;
        let sized = |&name: &&str| WeightsFile {
            name: name.to_owned(),
            bytes: self.location.size(name),
            sha256: String::new(),
        };
        self.entry.shards = index.files().iter().map(sized).collect();
        self.entry.bytes = self.entry.shards.iter().map(|shard| shard.bytes).sum();
        Ok(Some(index))
    }

    /// Returns true if the user's own files include one of this name.
    pub fn has(&self, name: &str) -> bool {
        find_file(self.location.paths(), name).is_some()
    }

    /// The contents of a small file.
    ///
    /// # Errors
    /// `model.no-file` if there is no such file, `model.too-large` if it has more than `limit` bytes, or the reason why
    /// it cannot be read.
    pub async fn small(&mut self, name: &str, limit: usize) -> Result<Vec<u8>, Diagnostic> {
        if stops_loading() {
            return Err(stopped());
        }
        let absent = || {
            Diagnostic::new("model.no-file", format!("{name} is not among the files."))
                .done("Nothing was changed.")
                .remedy(format!("Add the {name} that belongs to the model."))
        };
        match &mut self.location {
            Location::Remote(folder) => {
                if let Some(folder) = folder
                    && let Some(bytes) = folder.small(name, limit).await
                {
                    return Ok(bytes);
                }
                let bytes = fetch_small(&format!("{}{name}", self.entry.folder), limit).await?;
                if let Some(folder) = folder {
                    folder.keep(name, &bytes).await;
                }
                Ok(bytes)
            }
            Location::Dropped(files) => {
                let blob = dropped(files, name).ok_or_else(absent)?;
                if blob.size() > limit as f64 {
                    return Err(too_large(name, limit));
                }
                let mut bytes = Vec::new();
                read_blob(blob, |piece, _| {
                    bytes.extend_from_slice(piece);
                    Ok(())
                })
                .await?;
                Ok(bytes)
            }
            Location::Zip(archive) => archive.read(name, limit)?.ok_or_else(absent),
        }
    }

    /// Reads a weights file, piece by piece. Returns its SHA-256.
    ///
    /// # Errors
    /// If the file is missing, is interrupted or is not the expected one, or `take` fails.
    pub async fn weights(&mut self, file: &WeightsFile, take: Take<'_>) -> Result<String, Diagnostic> {
        let WeightsFile { name, bytes, .. } = file;
        match &mut self.location {
            Location::Remote(folder) => download_weights(&self.entry.folder, file, folder.as_ref(), take).await,
            Location::Dropped(files) => {
                let Some(blob) = dropped(files, name) else { return Ok(String::new()) };
                let take =
                    |piece: &[u8], done| if stops_loading() { Err(stopped()) } else { take(piece, done, *bytes) };
                read_blob(blob, take).await
            }
            Location::Zip(archive) => {
                let Some(mut file) = archive.file(name)? else { return Ok(String::new()) };
                let (mut piece, mut done, mut hash) = (vec![0; PIECE as usize], 0.0, Sha256::new());
                loop {
                    let read = file.read(&mut piece).map_err(|error| unreadable(name, &error))?;
                    if read == 0 {
                        return Ok(hex(hash));
                    }
                    done += read as f64;
                    let piece = piece.get(..read).unwrap_or_default();
                    hash.update(piece);
                    take(piece, done, *bytes)?;
                    yield_to_event_loop().await;
                    if stops_loading() {
                        return Err(stopped());
                    }
                }
            }
        }
    }
}

impl Location {
    /// Paths of the user's own files.
    fn paths(&self) -> Vec<&str> {
        match self {
            Self::Remote(_) => Vec::new(),
            Self::Dropped(files) => files.iter().map(|(path, _)| path.as_str()).collect(),
            Self::Zip(archive) => archive.paths().collect(),
        }
    }

    /// Size of one of the user's own files in bytes.
    fn size(&mut self, name: &str) -> f64 {
        match self {
            Self::Remote(_) => 0.0,
            Self::Dropped(files) => dropped(files, name).map_or(0.0, Blob::size),
            Self::Zip(archive) => archive.size(name),
        }
    }
}

fn dropped<'a>(files: &'a [(String, Blob)], name: &str) -> Option<&'a Blob> {
    let index = find_file(files.iter().map(|(path, _)| path.as_str()), name)?;
    files.get(index).map(|(_, blob)| blob)
}
