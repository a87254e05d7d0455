//! The folder of a saved run.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter};
use std::path::{Path, PathBuf};

use hone_core::checkpoint::{CheckpointFile, CheckpointFolder, Slot};

/// A folder with a folder for each slot.
pub struct RunFolder(PathBuf);

impl RunFolder {
    /// The folder at `path`, which is created when something is saved.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Path of the folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Removes the folders, if they are empty.
    pub fn remove_empty(&self) {
        for slot in Slot::ALL {
            _ = fs::remove_dir(self.0.join(slot.name()));
        }
        _ = fs::remove_dir(&self.0);
    }

    fn file(&self, slot: Slot, file: CheckpointFile) -> PathBuf {
        self.0.join(slot.name()).join(file.name())
    }
}

/// Result of an action on a file; `None` if the file is missing.
fn if_there<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}

impl CheckpointFolder for RunFolder {
    type Writer = BufWriter<File>;
    type Reader = BufReader<File>;

    async fn create(&mut self, slot: Slot, file: CheckpointFile) -> io::Result<BufWriter<File>> {
        fs::create_dir_all(self.0.join(slot.name()))?;
        File::create(self.file(slot, file)).map(BufWriter::new)
    }

    async fn close(&mut self, writer: BufWriter<File>) -> io::Result<()> {
        writer.into_inner()?.sync_all()
    }

    async fn open(&mut self, slot: Slot, file: CheckpointFile) -> io::Result<Option<BufReader<File>>> {
        Ok(if_there(File::open(self.file(slot, file)))?.map(BufReader::new))
    }

    async fn remove(&mut self, slot: Slot, file: CheckpointFile) -> io::Result<()> {
        if_there(fs::remove_file(self.file(slot, file))).map(|_| ())
    }
}
