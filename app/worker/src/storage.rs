//! Models in the browser's storage. The origin private file system has a folder `models` with one subfolder per model,
//! which contains the model's files and its entry. If there is no such storage, or it is full or in use by another tab,
//! models load nevertheless but are not kept.

use hone_core::catalog::{CatalogEntry, KeptModel};
use hone_core::protocol::Event;
use js_sys::{AsyncIterator, IteratorNext};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetDirectoryOptions, FileSystemGetFileOptions,
    FileSystemReadWriteOptions, FileSystemRemoveOptions, FileSystemSyncAccessHandle, StorageEstimate, StorageManager,
};

use crate::js;
use crate::mailbox::report;

/// The folder of all models.
const MODELS: &str = "models";
/// File with a model's entry, in the model's folder.
const ENTRY: &str = "entry.json";
/// Maximum size of an entry, in bytes.
const MAX_ENTRY_BYTES: usize = 64 << 10;

/// A model's folder.
pub struct Shelf(FileSystemDirectoryHandle);

/// A file in a model's folder. While it is open, no other tab can open it.
pub struct KeptFile(FileSystemSyncAccessHandle);

impl Shelf {
    /// The folder of a model, created if missing. Files of another version of the model are removed.
    pub async fn of(entry: &CatalogEntry) -> Option<Self> {
        let models = models().await?;
        let name = folder_name(&entry.id);
        if let Some(shelf) = directory(&models, &name, false).await.map(Self) {
            match shelf.entry().await {
                Some(kept) if kept.weights == entry.weights && kept.sha256 == entry.sha256 => return Some(shelf),
                _ => remove(&models, &name).await,
            }
        }
        let shelf = Self(directory(&models, &name, true).await?);
        let json = serde_json::to_vec(entry).ok()?;
        shelf.keep(ENTRY, &json).await;
        Some(shelf)
    }

    async fn entry(&self) -> Option<CatalogEntry> {
        serde_json::from_slice(&self.small(ENTRY, MAX_ENTRY_BYTES).await?).ok()
    }

    /// Opens a file for reading and appending; creates it if `make`.
    pub async fn open(&self, name: &str, make: bool) -> Option<KeptFile> {
        let options = FileSystemGetFileOptions::new();
        options.set_create(make);
        let file = JsFuture::from(self.0.get_file_handle_with_options(name, &options)).await.ok()?;
        let file: FileSystemFileHandle = file.dyn_into().ok()?;
        let handle = JsFuture::from(file.create_sync_access_handle()).await.ok()?;
        Some(KeptFile(handle.dyn_into().ok()?))
    }

    /// Reads a small file; `None` if it is missing, empty or larger than `limit` bytes.
    pub async fn small(&self, name: &str, limit: usize) -> Option<Vec<u8>> {
        let file = self.open(name, false).await?;
        let size = file.size() as usize;
        let mut bytes = vec![0; size.min(limit + 1)];
        let read = file.read(&mut bytes, 0.0);
        (size > 0 && size <= limit && read == size).then_some(bytes)
    }

    /// Stores a small file, if there is room.
    pub async fn keep(&self, name: &str, bytes: &[u8]) {
        let is_kept = match self.open(name, true).await {
            Some(mut file) => file.add(bytes),
            None => true,
        };
        if !is_kept {
            self.remove(name).await;
        }
    }

    /// Removes a file.
    pub async fn remove(&self, name: &str) {
        // A missing file need not be removed.
        let _ = JsFuture::from(self.0.remove_entry(name)).await;
    }
}

impl KeptFile {
    /// Size in bytes.
    pub fn size(&self) -> f64 {
        self.0.get_size().unwrap_or(0.0)
    }

    /// Reads from an offset; returns the number of bytes read.
    pub fn read(&self, bytes: &mut [u8], at: f64) -> usize {
        let options = FileSystemReadWriteOptions::new();
        options.set_at(at);
        self.0.read_with_u8_array_and_options(bytes, &options).map_or(0, |read| read as usize)
    }

    /// Appends bytes; returns false if there is no room.
    pub fn add(&mut self, bytes: &[u8]) -> bool {
        let options = FileSystemReadWriteOptions::new();
        options.set_at(self.size());
        self.0.write_with_u8_array_and_options(bytes, &options).is_ok_and(|written| written as usize == bytes.len())
    }
}

impl Drop for KeptFile {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Sends the list of stored models.
pub async fn report_kept() {
    let mut kept = Vec::new();
    if let Some(models) = models().await {
        for name in names(&models).await {
            let Some(shelf) = directory(&models, &name, false).await.map(Shelf) else { continue };
            if let Some(entry) = shelf.entry().await {
                let bytes = size(&shelf).await;
                let weights = match shelf.open(&entry.weights, false).await {
                    Some(file) => file.size(),
                    None => 0.0,
                };
                kept.push(KeptModel { is_complete: weights > 0.0 && weights >= entry.bytes, bytes, entry });
            }
        }
    }
    kept.sort_by(|a, b| a.entry.name.cmp(&b.entry.name));
    report(&Event::ModelsKept { kept, free_bytes: free_bytes().await });
}

/// Removes a model.
pub async fn forget(id: &str) {
    if let Some(models) = models().await {
        remove(&models, &folder_name(id)).await;
    }
}

/// Folder names cannot contain a slash.
fn folder_name(id: &str) -> String {
    id.replace('/', "~").replace(':', "_")
}

fn storage() -> Option<StorageManager> {
    // Insecure pages have no storage.
    js::get(&js::scope().navigator(), "storage").dyn_into().ok()
}

async fn models() -> Option<FileSystemDirectoryHandle> {
    let root = JsFuture::from(storage()?.get_directory()).await.ok()?;
    directory(&root.dyn_into().ok()?, MODELS, true).await
}

async fn directory(parent: &FileSystemDirectoryHandle, name: &str, make: bool) -> Option<FileSystemDirectoryHandle> {
    let options = FileSystemGetDirectoryOptions::new();
    options.set_create(make);
    JsFuture::from(parent.get_directory_handle_with_options(name, &options)).await.ok()?.dyn_into().ok()
}

async fn remove(parent: &FileSystemDirectoryHandle, name: &str) {
    let options = FileSystemRemoveOptions::new();
    options.set_recursive(true);
    let _ = JsFuture::from(parent.remove_entry_with_options(name, &options)).await;
}

async fn names(directory: &FileSystemDirectoryHandle) -> Vec<String> {
    let mut names = Vec::new();
    let entries: AsyncIterator = directory.keys();
    while let Ok(next) = entries.next() {
        let Ok(next) = JsFuture::from(next).await else { break };
        let next: IteratorNext = next.unchecked_into();
        if next.done() {
            break;
        }
        names.extend(next.value().as_string());
    }
    names
}

async fn size(shelf: &Shelf) -> f64 {
    let mut bytes = 0.0;
    for name in names(&shelf.0).await {
        if let Some(file) = shelf.open(&name, false).await {
            bytes += file.size();
        }
    }
    bytes
}

async fn free_bytes() -> Option<f64> {
    let estimate: StorageEstimate = JsFuture::from(storage()?.estimate().ok()?).await.ok()?.unchecked_into();
    Some(estimate.get_quota()? - estimate.get_usage()?)
}
