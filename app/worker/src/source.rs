//! Where a model's files come from: its address, with the browser's storage before it; or the person.

use std::io::Read;

use hone_core::catalog::CatalogEntry;
use hone_core::diagnostic::Diagnostic;
use hone_core::hub::{SAFETENSORS, is_gguf};
use hone_core::limits::MAX_CONFIG_BYTES;
use hone_core::recipe::{Family, Pooling};
use sha2::{Digest, Sha256};
use web_sys::Blob;
use zip::ZipArchive;

use crate::files::{BlobReader, PIECE, fetch, fetch_small, hex, read_blob, stopped};
use crate::mailbox::{stops_loading, yield_to_event_loop};
use crate::storage::{KeptFile, Shelf};

/// Takes the next piece of a file; the numbers are the bytes that came so far, and those of the whole.
pub type Take<'a> = &'a mut dyn FnMut(&[u8], f64, f64) -> Result<(), Diagnostic>;

/// A model's files, and what is known of it.
pub struct Source {
    pub entry: CatalogEntry,
    files: Files,
}

enum Files {
    /// At the entry's address; what arrives is kept in the storage, where there is one.
    Remote(Option<Shelf>),
    /// The person's own.
    Own(Vec<(String, Blob)>),
    /// A zip of the person's, and where its files stand in it, in its order.
    Zip(Box<ZipArchive<BlobReader>>, Vec<String>),
}

impl Source {
    /// What the catalog or a hub offers.
    pub async fn of_entry(entry: CatalogEntry) -> Result<Self, Diagnostic> {
        let files = Files::Remote(Shelf::of(&entry).await);
        Ok(Self { entry, files })
    }

    /// What a person dropped: the files of a folder, each with its path in it, a zip of them, or one GGUF file.
    ///
    /// # Errors
    /// When there are no weights among them.
    pub fn of_files(name: String, paths: Vec<String>, blobs: Vec<Blob>) -> Result<Self, Diagnostic> {
        let mut blobs: Vec<(String, Blob)> = paths.into_iter().zip(blobs).collect();
        let is_zip = matches!(blobs.as_slice(), [(path, _)] if path.to_ascii_lowercase().ends_with(".zip"));
        let mut files = if is_zip {
            let archive = ZipArchive::new(BlobReader::new(blobs.remove(0).1)?).map_err(|error| {
                Diagnostic::new("model.zip", format!("{name} cannot be read as a zip: {error}."))
                    .done("Nothing was changed.")
                    .remedy("Unpack it and drop the files.")
            })?;
            let path = |index| archive.name_for_index(index).and_then(Result::ok).unwrap_or_default().into_owned();
            let paths = (0..archive.len()).map(path).collect();
            Files::Zip(Box::new(archive), paths)
        } else {
            Files::Own(blobs)
        };
        let paths = files.paths();
        let mut names: Vec<String> = paths.iter().map(|path| base_name(path).to_owned()).collect();
        names.sort();
        names.dedup();
        let weights = names.iter().find(|name| *name == SAFETENSORS);
        let weights = weights.or_else(|| names.iter().find(|name| is_gguf(name)));
        let Some(weights) = weights.cloned() else {
            let found = names.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
            return Err(Diagnostic::new("model.no-weights", format!("No weights are among the files ({found})."))
                .done("Nothing was changed.")
                .remedy("Drop a folder that has config.json, tokenizer.json and model.safetensors, a zip of it, or a .gguf file."));
        };
        let bytes = files.own_size(&weights);
        let stem = name.trim_end_matches(".zip").trim_end_matches(".gguf").to_owned();
        let entry = CatalogEntry {
            id: stem.clone(),
            hub_id: stem.clone(),
            name: stem,
            description: String::new(),
            license: String::new(),
            parameters: 0.0,
            bytes,
            folder: String::new(),
            files: names,
            weights,
            sha256: String::new(),
            // config.json names the family, and a sentence-transformers folder says where the mean is to be taken.
            family: Family::default(),
            pooling: Pooling::Cls,
        };
        Ok(Self { entry, files })
    }

    /// Whether the weights are a GGUF file, which holds config and tokenizer too.
    pub fn is_gguf(&self) -> bool {
        is_gguf(&self.entry.weights)
    }

    /// A small file, whole.
    ///
    /// # Errors
    /// When it is not there, or is larger than `limit` bytes.
    pub async fn small(&mut self, name: &str, limit: usize) -> Result<Vec<u8>, Diagnostic> {
        if stops_loading() {
            return Err(stopped());
        }
        let absent = || {
            Diagnostic::new("model.no-file", format!("{name} is not among the files."))
                .done("Nothing was changed.")
                .remedy(format!("Add the {name} that belongs to the model."))
        };
        match &mut self.files {
            Files::Remote(shelf) => {
                if let Some(shelf) = shelf
                    && let Some(bytes) = shelf.small(name, limit).await
                {
                    return Ok(bytes);
                }
                let bytes = fetch_small(&format!("{}{name}", self.entry.folder), limit).await?;
                if let Some(shelf) = shelf {
                    shelf.keep(name, &bytes).await;
                }
                Ok(bytes)
            }
            Files::Own(files) => {
                let (_, blob) = &files[find(files.iter().map(|(path, _)| path.as_str()), name).ok_or_else(absent)?];
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
            Files::Zip(archive, paths) => {
                let index = find(paths.iter().map(String::as_str), name).ok_or_else(absent)?;
                let file = archive.by_index(index).map_err(|error| unreadable(name, &error))?;
                let mut bytes = Vec::new();
                file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(|error| unreadable(name, &error))?;
                if bytes.len() > limit { Err(too_large(name, limit)) } else { Ok(bytes) }
            }
        }
    }

    /// Whether the person's own files have one of this name, which may begin with a folder.
    pub fn has(&self, name: &str) -> bool {
        find(self.files.paths().iter().map(String::as_str), name).is_some()
    }

    /// The file of the weights, piece by piece.
    ///
    /// # Errors
    /// When it is not there, breaks off, is not the one that was announced, or `take` says so.
    pub async fn weights(&mut self, take: Take<'_>) -> Result<(), Diagnostic> {
        let (name, bytes) = (self.entry.weights.clone(), self.entry.bytes);
        match &mut self.files {
            Files::Remote(shelf) => remote_weights(&self.entry, shelf.as_ref(), take).await,
            Files::Own(files) => {
                let Some(index) = find(files.iter().map(|(path, _)| path.as_str()), &name) else { return Ok(()) };
                read_blob(
                    &files[index].1,
                    |piece, done| if stops_loading() { Err(stopped()) } else { take(piece, done, bytes) },
                )
                .await
                .map(drop)
            }
            Files::Zip(archive, paths) => {
                let Some(index) = find(paths.iter().map(String::as_str), &name) else { return Ok(()) };
                let mut file = archive.by_index(index).map_err(|error| unreadable(&name, &error))?;
                let (mut piece, mut done) = (vec![0; PIECE as usize], 0.0);
                loop {
                    let read = file.read(&mut piece).map_err(|error| unreadable(&name, &error))?;
                    if read == 0 {
                        return Ok(());
                    }
                    done += read as f64;
                    take(&piece[..read], done, bytes)?;
                    yield_to_event_loop().await;
                    if stops_loading() {
                        return Err(stopped());
                    }
                }
            }
        }
    }
}

impl Files {
    /// Where the person's own files stand in their folder.
    fn paths(&self) -> Vec<String> {
        match self {
            Self::Remote(_) => Vec::new(),
            Self::Own(files) => files.iter().map(|(path, _)| path.clone()).collect(),
            Self::Zip(_, paths) => paths.clone(),
        }
    }

    fn own_size(&mut self, name: &str) -> f64 {
        match self {
            Self::Remote(_) => 0.0,
            Self::Own(files) => {
                find(files.iter().map(|(path, _)| path.as_str()), name).map_or(0.0, |index| files[index].1.size())
            }
            Self::Zip(archive, paths) => {
                let index = find(paths.iter().map(String::as_str), name);
                index.and_then(|index| archive.by_index(index).ok()).map_or(0.0, |file| file.size() as f64)
            }
        }
    }
}

/// What the storage has comes first, then the rest over the network, which is kept as it comes.
async fn remote_weights(entry: &CatalogEntry, shelf: Option<&Shelf>, take: Take<'_>) -> Result<(), Diagnostic> {
    let mut kept = match shelf {
        Some(shelf) => shelf.open(&entry.weights, true).await,
        None => None,
    };
    let result = arrived(entry, &mut kept, take).await;
    // A file can be removed once it is closed.
    drop(kept);
    if let (Err(Failed::Useless(_)), Some(shelf)) = (&result, shelf) {
        shelf.remove(&entry.weights).await;
    }
    result.map_err(|failed| match failed {
        Failed::Useless(diagnostic) | Failed::Unfinished(diagnostic) => diagnostic,
    })
}

enum Failed {
    /// What has come is worth nothing.
    Useless(Diagnostic),
    /// What has come is good.
    Unfinished(Diagnostic),
}

async fn arrived(entry: &CatalogEntry, kept: &mut Option<KeptFile>, take: Take<'_>) -> Result<(), Failed> {
    let (mut hash, mut done, total) = (Sha256::new(), 0.0, entry.bytes);
    let mut take = |piece: &[u8], done: &mut f64| {
        hash.update(piece);
        *done += piece.len() as f64;
        take(piece, *done, total).map_err(Failed::Useless)
    };
    if let Some(file) = kept {
        let mut piece = vec![0; PIECE as usize];
        while let read @ 1.. = file.read(&mut piece, done) {
            take(&piece[..read], &mut done)?;
            yield_to_event_loop().await;
            if stops_loading() {
                return Err(Failed::Unfinished(stopped()));
            }
        }
    }
    if done < total || total == 0.0 {
        let url = format!("{}{}", entry.folder, entry.weights);
        let mut arriving = fetch(&url, done).await.map_err(Failed::Unfinished)?;
        while let Some(piece) = arriving.next().await.map_err(Failed::Unfinished)? {
            if kept.as_mut().is_some_and(|file| !file.add(&piece)) {
                // No room: the model is used this time and not kept.
                *kept = None;
            }
            take(&piece, &mut done)?;
        }
    }
    if done < total {
        let what = format!("{} broke off after {:.0} of {:.0} MB.", entry.weights, done / 1e6, total / 1e6);
        let diagnostic = Diagnostic::new("model.broke-off", what)
            .done("What had arrived is kept.")
            .remedy("Load it again: it goes on from there.");
        return Err(Failed::Unfinished(diagnostic));
    }
    if entry.sha256.is_empty() || hex(hash) == entry.sha256 {
        Ok(())
    } else {
        Err(Failed::Useless(hone_core::weights::WeightsError::Altered.into()))
    }
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The path that ends in `name`: where there are several, that of the fewest folders.
fn find<'a>(paths: impl Iterator<Item = &'a str>, name: &str) -> Option<usize> {
    let is_it = |path: &str| path.strip_suffix(name).is_some_and(|folder| folder.is_empty() || folder.ends_with('/'));
    let found = paths.enumerate().filter(|(_, path)| is_it(path));
    found.min_by_key(|(_, path)| path.matches('/').count()).map(|(index, _)| index)
}

fn unreadable(name: &str, error: &dyn std::fmt::Display) -> Diagnostic {
    Diagnostic::new("model.zip", format!("{name} cannot be read from the zip: {error}."))
        .done("Nothing was changed.")
        .remedy("Unpack it and drop the files.")
}

fn too_large(name: &str, limit: usize) -> Diagnostic {
    Diagnostic::new("model.too-large", format!("{name} is larger than {} MB.", limit.max(MAX_CONFIG_BYTES) >> 20))
        .done("Nothing was changed.")
        .remedy("Check that it is the model's own.")
}
