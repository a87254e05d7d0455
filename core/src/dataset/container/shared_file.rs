//! A file that several readers use, each from a position of its own.

use std::cell::RefCell;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

/// A file that can be read from any position.
pub(crate) trait ReadSeek: Read + Seek {}

impl<R: Read + Seek> ReadSeek for R {}

/// A reader of a file that others read too.
#[derive(Clone)]
pub(crate) struct SharedFile {
    file: Rc<RefCell<dyn ReadSeek>>,
    at: u64,
    len: u64,
}

impl SharedFile {
    /// Shares a file.
    ///
    /// # Errors
    /// If its length cannot be found.
    pub(crate) fn new(mut file: impl ReadSeek + 'static) -> io::Result<Self> {
        let len = file.seek(SeekFrom::End(0))?;
        Ok(Self { file: Rc::new(RefCell::new(file)), at: 0, len })
    }

    /// Size of the file, in bytes.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }
}

impl Read for SharedFile {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut file = self.file.borrow_mut();
        file.seek(SeekFrom::Start(self.at))?;
        let read = file.read(into)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for SharedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
