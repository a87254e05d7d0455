//! Downloaded models in the browser's storage: a folder `models` with one subfolder per model, which contains the model's
//! files and its entry. If there is no such storage, or it is full or in use by another tab, models load nevertheless
//! but are not kept.

use std::io::Write;

use hone_core::catalog::{CatalogEntry, KeptModel};
use hone_core::protocol::Event;

use crate::mailbox::report;
use crate::opfs::{Folder, OpenFile, free_bytes};

/// The folder of all models.
const MODELS: &str = "models";
/// File with a model's entry, in the model's folder.
const ENTRY: &str = "entry.json";
/// Maximum size of an entry, in bytes.
const MAX_ENTRY_BYTES: usize = 64 << 10;

/// A model's folder.
pub struct ModelFolder(Folder);

impl ModelFolder {
    /// The folder of a model, created if missing. Files of another version of the model are removed.
    pub async fn of(entry: &CatalogEntry) -> Option<Self> {
        let models = Folder::top(MODELS).await.ok()?;
        let name = folder_name(&entry.id);
        if let Some(folder) = models.existing(&name).await.map(Self) {
            match folder.entry().await {
                Some(kept) if kept.weights_files() == entry.weights_files() => return Some(folder),
                _ => models.remove(&name).await,
            }
        }
        let folder = Self(models.made(&name).await.ok()?);
        let json = serde_json::to_vec(entry).ok()?;
        folder.keep(ENTRY, &json).await;
        Some(folder)
    }

    async fn entry(&self) -> Option<CatalogEntry> {
        serde_json::from_slice(&self.small(ENTRY, MAX_ENTRY_BYTES).await?).ok()
    }

    /// Opens a file for reading and appending, created if missing.
    pub async fn open(&self, name: &str) -> Option<OpenFile> {
        self.0.open(name, true).await.ok()
    }

    /// Reads a small file; `None` if it is missing, empty or larger than `limit` bytes.
    pub async fn small(&self, name: &str, limit: usize) -> Option<Vec<u8>> {
        self.0.small(name, limit).await
    }

    /// Stores a small file, if there is room.
    pub async fn keep(&self, name: &str, bytes: &[u8]) {
        let is_kept = match self.open(name).await {
            Some(mut file) => file.write_all(bytes).is_ok(),
            None => true,
        };
        if !is_kept {
            self.remove(name).await;
        }
    }

    /// Removes a file.
    pub async fn remove(&self, name: &str) {
        self.0.remove(name).await;
    }
}

/// Sends the list of stored models.
pub async fn report_kept() {
    let mut kept = Vec::new();
    if let Ok(models) = Folder::top(MODELS).await {
        for name in models.names().await {
            let Some(folder) = models.existing(&name).await.map(ModelFolder) else { continue };
            if let Some(entry) = folder.entry().await {
                let bytes = folder.0.size().await;
                let mut weights = 0.0;
                for file in entry.weights_files() {
                    weights += folder.0.blob(&file.name).await.map_or(0.0, |file| file.size());
                }
                kept.push(KeptModel { is_complete: weights > 0.0 && weights >= entry.bytes, bytes, entry });
            }
        }
    }
    kept.sort_by(|a, b| a.entry.name.cmp(&b.entry.name));
    report(&Event::ModelsKept { kept, free_bytes: free_bytes().await });
}

/// Removes a model.
pub async fn forget(id: &str) {
    if let Ok(models) = Folder::top(MODELS).await {
        models.remove(&folder_name(id)).await;
    }
}

/// Folder names cannot contain a slash.
fn folder_name(id: &str) -> String {
    id.replace('/', "~").replace(':', "_")
}
