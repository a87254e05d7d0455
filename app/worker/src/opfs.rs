//! Folders and files of the origin private file system, the browser's storage for this page.

use std::io;

use js_sys::{AsyncIterator, IteratorNext};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetDirectoryOptions, FileSystemGetFileOptions,
    FileSystemReadWriteOptions, FileSystemRemoveOptions, FileSystemSyncAccessHandle, StorageEstimate, StorageManager,
};

use crate::js;

/// Number of times that a file is tried to be opened, and the milliseconds between two of them.
const HELD_TRIES: usize = 40;
const HELD_MS: i32 = 50;

/// A folder.
#[derive(Clone)]
pub struct Folder(FileSystemDirectoryHandle);

/// An open file. While it is open, no other tab can open it.
pub struct OpenFile(FileSystemSyncAccessHandle);

impl Folder {
    /// A folder at the top, created if missing.
    ///
    /// # Errors
    /// The browser's reason, if it has no storage: private windows of some browsers have none.
    pub async fn top(name: &str) -> Result<Self, String> {
        let reason = |error: JsValue| js::message(&error);
        let storage = storage().ok_or("this page has no storage, as it was not loaded over HTTPS")?;
        let root = JsFuture::from(storage.get_directory()).await.map_err(reason)?;
        Self(root.dyn_into().map_err(reason)?).child(name, true).await
    }

    /// A folder in this one, created if missing and `make`.
    ///
    /// # Errors
    /// The browser's reason.
    async fn child(&self, name: &str, make: bool) -> Result<Self, String> {
        let options = FileSystemGetDirectoryOptions::new();
        options.set_create(make);
        let opened = JsFuture::from(self.0.get_directory_handle_with_options(name, &options)).await;
        opened.and_then(JsCast::dyn_into).map(Self).map_err(|error| js::message(&error))
    }

    /// A folder in this one, if it exists.
    pub async fn existing(&self, name: &str) -> Option<Self> {
        self.child(name, false).await.ok()
    }

    /// A folder in this one; `None` if there is none.
    ///
    /// # Errors
    /// The browser's reason, if it cannot tell.
    pub async fn find(&self, name: &str) -> Result<Option<Self>, String> {
        let opened = JsFuture::from(self.0.get_directory_handle(name)).await;
        found(opened.and_then(JsCast::dyn_into).map(Self))
    }

    /// A folder in this one, created if missing.
    ///
    /// # Errors
    /// The browser's reason.
    pub async fn made(&self, name: &str) -> Result<Self, String> {
        self.child(name, true).await
    }

    /// Names of the files and folders in it.
    pub async fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        let entries: AsyncIterator = self.0.keys();
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

    /// Removes a file, or a folder with everything in it.
    pub async fn remove(&self, name: &str) {
        let options = FileSystemRemoveOptions::new();
        options.set_recursive(true);
        // A missing entry need not be removed.
        let _ = JsFuture::from(self.0.remove_entry_with_options(name, &options)).await;
    }

    async fn handle(&self, name: &str, make: bool) -> Result<FileSystemFileHandle, JsValue> {
        let options = FileSystemGetFileOptions::new();
        options.set_create(make);
        JsFuture::from(self.0.get_file_handle_with_options(name, &options)).await?.dyn_into()
    }

    /// Opens a file for reading and writing; creates it if missing and `make`.
    ///
    /// # Errors
    /// The browser's reason.
    pub async fn open(&self, name: &str, make: bool) -> Result<OpenFile, String> {
        let opened = async {
            let file = self.handle(name, make).await?;
            JsFuture::from(file.create_sync_access_handle()).await?.dyn_into()
        };
        opened.await.map(OpenFile).map_err(|error: JsValue| js::message(&error))
    }

    /// Opens a file that a worker that has just ended may still hold; creates it if missing.
    ///
    /// # Errors
    /// The browser's reason.
    pub async fn open_at_last(&self, name: &str) -> Result<OpenFile, String> {
        for _ in 0..HELD_TRIES {
            match self.open(name, true).await {
                Ok(file) => return Ok(file),
                Err(_) => js::sleep(HELD_MS).await,
            }
        }
        self.open(name, true).await
    }

    /// A file as a blob, which is read from the storage when it is needed.
    pub async fn blob(&self, name: &str) -> Option<Blob> {
        self.find_blob(name).await.ok().flatten()
    }

    /// A file as a blob; `None` if there is none.
    ///
    /// # Errors
    /// The browser's reason, if it cannot tell.
    pub async fn find_blob(&self, name: &str) -> Result<Option<Blob>, String> {
        let opened = async {
            let file = self.handle(name, false).await?;
            JsFuture::from(file.get_file()).await?.dyn_into()
        };
        found(opened.await)
    }

    /// Reads a small file; `None` if it is missing, empty or larger than `limit` bytes.
    pub async fn small(&self, name: &str, limit: usize) -> Option<Vec<u8>> {
        let file = self.open(name, false).await.ok()?;
        let size = file.size() as usize;
        let mut bytes = vec![0; size.min(limit + 1)];
        let read = file.read(&mut bytes, 0.0);
        (size > 0 && size <= limit && read == size).then_some(bytes)
    }

    /// Size of the files in it and in its folders, in bytes.
    pub async fn size(&self) -> f64 {
        let mut bytes = 0.0;
        for name in self.names().await {
            bytes += match self.existing(&name).await {
                Some(folder) => Box::pin(folder.size()).await,
                None => self.blob(&name).await.map_or(0.0, |blob| blob.size()),
            };
        }
        bytes
    }
}

impl OpenFile {
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

    /// Writes at an offset.
    ///
    /// # Errors
    /// The browser's reason: often that there is no room.
    pub fn write_at(&self, bytes: &[u8], at: f64) -> io::Result<()> {
        let options = FileSystemReadWriteOptions::new();
        options.set_at(at);
        match self.0.write_with_u8_array_and_options(bytes, &options) {
            Ok(written) if written as usize == bytes.len() => Ok(()),
            Ok(_) => Err(io::Error::other("there is no room")),
            Err(error) => Err(io::Error::other(js::message(&error))),
        }
    }

    /// Replaces the contents. A crash in between leaves the new beginning with the end of a longer old one.
    ///
    /// # Errors
    /// The browser's reason.
    pub fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        let failed = |error: JsValue| io::Error::other(js::message(&error));
        self.write_at(bytes, 0.0)?;
        self.0.truncate_with_f64(bytes.len() as f64).map_err(failed)?;
        self.0.flush().map_err(failed)
    }
}

/// Appends.
impl io::Write for OpenFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_at(bytes, self.size())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(|error| io::Error::other(js::message(&error)))
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// An entry that may be missing.
fn found<T>(opened: Result<T, JsValue>) -> Result<Option<T>, String> {
    match opened {
        Ok(entry) => Ok(Some(entry)),
        Err(error) if js::text(&error, "name") == "NotFoundError" => Ok(None),
        Err(error) => Err(js::message(&error)),
    }
}

/// Removes everything.
pub async fn clear() {
    let Some(storage) = storage() else { return };
    let Ok(root) = JsFuture::from(storage.get_directory()).await else { return };
    let Ok(root) = root.dyn_into().map(Folder) else { return };
    for name in root.names().await {
        root.remove(&name).await;
    }
}

/// Free space, in bytes, if the browser reports it.
pub async fn free_bytes() -> Option<f64> {
    let estimate: StorageEstimate = JsFuture::from(storage()?.estimate().ok()?).await.ok()?.unchecked_into();
    Some(estimate.get_quota()? - estimate.get_usage()?)
}

fn storage() -> Option<StorageManager> {
    // Insecure pages have no storage.
    js::get(&js::scope().navigator(), "storage").dyn_into().ok()
}
