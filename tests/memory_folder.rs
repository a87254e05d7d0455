//! A folder of saved runs in memory.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Cursor, Write};
use std::rc::Rc;

use hone_core::checkpoint::{CheckpointFile, CheckpointFolder, Slot};

/// Contents of files by slot and name.
type Files = BTreeMap<(&'static str, &'static str), Vec<u8>>;

/// A folder whose files tests can look into and damage.
#[derive(Clone, Debug, Default)]
pub struct MemoryFolder {
    /// The files.
    pub files: Rc<RefCell<Files>>,
    /// Size of the disk, in bytes; none if it is never full.
    pub room: Option<usize>,
}

/// A file that is being written. Its bytes are in the folder at once, as in a browser's storage.
pub struct MemoryFile {
    folder: MemoryFolder,
    key: (&'static str, &'static str),
}

impl MemoryFolder {
    /// Replaces a file by `change` of its bytes.
    pub fn change(&self, slot: Slot, file: CheckpointFile, change: impl FnOnce(&mut Vec<u8>)) {
        change(self.files.borrow_mut().get_mut(&(slot.name(), file.name())).expect("a file"));
    }
}

impl Write for MemoryFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let used: usize = self.folder.files.borrow().values().map(Vec::len).sum();
        if self.folder.room.is_some_and(|room| used + bytes.len() > room) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.folder.files.borrow_mut().entry(self.key).or_default().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl CheckpointFolder for MemoryFolder {
    type Writer = MemoryFile;
    type Reader = Cursor<Vec<u8>>;

    async fn create(&mut self, slot: Slot, file: CheckpointFile) -> io::Result<MemoryFile> {
        let key = (slot.name(), file.name());
        self.files.borrow_mut().insert(key, Vec::new());
        Ok(MemoryFile { folder: self.clone(), key })
    }

    async fn close(&mut self, _: MemoryFile) -> io::Result<()> {
        Ok(())
    }

    async fn open(&mut self, slot: Slot, file: CheckpointFile) -> io::Result<Option<Cursor<Vec<u8>>>> {
        Ok(self.files.borrow().get(&(slot.name(), file.name())).cloned().map(Cursor::new))
    }

    async fn remove(&mut self, slot: Slot, file: CheckpointFile) -> io::Result<()> {
        self.files.borrow_mut().remove(&(slot.name(), file.name()));
        Ok(())
    }
}
