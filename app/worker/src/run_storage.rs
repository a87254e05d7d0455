//! Saved runs in the browser's storage: a folder `runs` with one subfolder per run, which contains the two slots of its
//! checkpoints, its description, and a copy of its data files if the user wants one.

use std::io;

use hone_core::catalog::{RunAbout, SavedRun, SavedRunEntry};
use hone_core::checkpoint::{CheckpointFile, CheckpointFolder, Slot, peek};
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::Event;
use web_sys::Blob;

use crate::blob::{BlobReader, read_blob};
use crate::lock::{self, Lock};
use crate::mailbox::report;
use crate::opfs::{Folder, OpenFile};

/// The folder of all runs.
const RUNS: &str = "runs";
/// Description of a run.
const ABOUT: &str = "about.json";
/// The copy of the data files: `train-0`, `train-1`, `validation-0`, `test-0`.
const DATA: &str = "data";
/// Maximum size of a description, in bytes.
const MAX_ABOUT_BYTES: usize = 256 << 10;

/// The folder of a run.
#[derive(Clone)]
pub struct RunFolder {
    /// Its name.
    pub id: String,
    folder: Folder,
}

impl RunFolder {
    /// A folder for a new run, with the lock of its writer. It is locked before it is there: other tabs remove folders of
    /// which nothing is saved and that no tab is writing.
    ///
    /// # Errors
    /// The browser's reason.
    pub async fn new() -> Result<(Self, Lock), String> {
        let id = format!("{:.0}-{:06.0}", js_sys::Date::now(), js_sys::Math::random() * 1e6);
        let lock = Lock::take(&lock_of(&id)).await.ok_or("this browser has no locks")?;
        let folder = Folder::top(RUNS).await?.made(&id).await?;
        Ok((Self { id, folder }, lock))
    }

    /// The folder of a saved run.
    ///
    /// # Errors
    /// `saved.gone` if there is none.
    pub async fn existing(id: &str) -> Result<Self, Diagnostic> {
        let folder = match Folder::top(RUNS).await {
            Ok(runs) => runs.existing(id).await,
            Err(_) => None,
        };
        let gone = || {
            Diagnostic::new("saved.gone", "This run is no longer in this browser's storage.")
                .remedy("It may have been deleted in another tab. Reload the page.")
        };
        folder.map(|folder| Self { id: id.to_owned(), folder }).ok_or_else(gone)
    }

    /// Name of the lock that its writer holds.
    pub fn lock(&self) -> String {
        lock_of(&self.id)
    }

    /// The description of the run. One that cannot be read is not worth losing the run.
    pub async fn about(&self) -> RunAbout {
        let json = self.folder.small(ABOUT, MAX_ABOUT_BYTES).await;
        // A shorter description than the last one leaves the end of that one if the browser ends in between.
        let read = json.and_then(|json| serde_json::Deserializer::from_slice(&json).into_iter().next()?.ok());
        read.unwrap_or_else(|| RunAbout::of_unknown("Saved run", self.begun_ms()))
    }

    /// The time when its folder was made, in milliseconds since 1970.
    fn begun_ms(&self) -> f64 {
        self.id.split('-').next().and_then(|ms| ms.parse().ok()).unwrap_or_default()
    }

    /// Stores the description of the run.
    ///
    /// # Errors
    /// The browser's reason.
    pub async fn describe(&self, about: &RunAbout) -> io::Result<()> {
        let json = serde_json::to_vec(about)?;
        self.folder.open(ABOUT, true).await.map_err(io::Error::other)?.replace(&json)
    }

    /// Stores a copy of the data files.
    ///
    /// # Errors
    /// The browser's reason.
    pub async fn copy_data(&self, files: &[(String, Blob)]) -> io::Result<()> {
        let data = self.folder.made(DATA).await.map_err(io::Error::other)?;
        for (name, blob) in files {
            let mut file = data.open(name, true).await.map_err(io::Error::other)?;
            let write = |piece: &[u8], _| {
                io::Write::write_all(&mut file, piece).map_err(|error| Diagnostic::new("saved.copy", error.to_string()))
            };
            read_blob(blob, write).await.map_err(|error| io::Error::other(error.what))?;
        }
        Ok(())
    }

    /// Removes the copy of the data files.
    pub async fn remove_data(&self) {
        self.folder.remove(DATA).await;
    }

    /// The copies of the data files by name, sorted.
    pub async fn data(&self) -> Vec<(String, Blob)> {
        let Some(data) = self.folder.existing(DATA).await else { return Vec::new() };
        let mut names = data.names().await;
        names.sort();
        let mut files = Vec::new();
        for name in names {
            files.extend(data.blob(&name).await.map(|blob| (name, blob)));
        }
        files
    }

    async fn slot(&self, slot: Slot) -> io::Result<Folder> {
        self.folder.made(slot.name()).await.map_err(io::Error::other)
    }

    /// The saved run; `None` if nothing has been saved yet.
    async fn entry(mut self) -> Option<SavedRunEntry> {
        let bytes = self.folder.size().await;
        let id = self.id.clone();
        let record = match peek(&mut self).await {
            Ok(record) => record?,
            Err(diagnostic) => return Some(SavedRunEntry::Damaged { id, diagnostic }),
        };
        let about = self.about().await;
        Some(SavedRunEntry::Whole(Box::new(SavedRun { id, about, record, bytes })))
    }
}

impl CheckpointFolder for RunFolder {
    type Writer = OpenFile;
    type Reader = BlobReader;

    async fn create(&mut self, slot: Slot, file: CheckpointFile) -> io::Result<OpenFile> {
        let file = self.slot(slot).await?.open_at_last(file.name()).await.map_err(io::Error::other)?;
        file.replace(&[])?;
        Ok(file)
    }

    async fn close(&mut self, mut writer: OpenFile) -> io::Result<()> {
        io::Write::flush(&mut writer)
    }

    async fn open(&mut self, slot: Slot, file: CheckpointFile) -> io::Result<Option<BlobReader>> {
        let Some(slot) = self.folder.find(slot.name()).await.map_err(io::Error::other)? else { return Ok(None) };
        let blob = slot.find_blob(file.name()).await.map_err(io::Error::other)?;
        blob.map(|blob| BlobReader::new(blob).map_err(|error| io::Error::other(error.what))).transpose()
    }

    async fn remove(&mut self, slot: Slot, file: CheckpointFile) -> io::Result<()> {
        if let Some(slot) = self.folder.existing(slot.name()).await {
            slot.remove(file.name()).await;
        }
        Ok(())
    }
}

/// Name of the lock that the writer of a run holds.
fn lock_of(id: &str) -> String {
    format!("{}:{id}", lock::RUN)
}

/// Deletes a saved run.
pub async fn delete(id: &str) {
    if let Ok(runs) = Folder::top(RUNS).await {
        runs.remove(id).await;
    }
}

/// Sends the list again as soon as no tab writes this run: one that was closed a moment ago may still have its lock.
fn report_once_free(id: String) {
    wasm_bindgen_futures::spawn_local(async move {
        if Lock::wait(&lock_of(&id)).await.is_some() {
            report_saved().await;
        }
    });
}

/// Sends the list of the runs that no tab is writing, the last one first. Runs that ended before their first save are
/// removed.
pub async fn report_saved() {
    let mut entries = Vec::new();
    if let Ok(runs) = Folder::top(RUNS).await {
        // The names come first: a run that begins in between has a lock already.
        let names = runs.names().await;
        let held = lock::held().await;
        let is_taken = |id: &String| held.as_ref().is_some_and(|held| held.contains(&lock_of(id)));
        let (taken, mut free): (Vec<_>, Vec<_>) = names.into_iter().partition(is_taken);
        taken.into_iter().for_each(report_once_free);
        free.sort_by(|a, b| b.cmp(a));
        for id in free {
            let Some(folder) = runs.existing(&id).await else { continue };
            match (RunFolder { id: id.clone(), folder }).entry().await {
                Some(entry) => entries.push(entry),
                // If the locks are unknown, another tab may be writing it.
                None if held.is_none() => {}
                None => runs.remove(&id).await,
            }
        }
    }
    report(&Event::RunsSaved { runs: entries });
}
