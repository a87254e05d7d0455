//! Counts the bytes that are read from a file, and remembers its errors.

use std::cell::{Cell, RefCell};
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

/// Facts about the reading of a file, which its decoders would hide.
#[derive(Clone, Default)]
pub(crate) struct Track {
    bytes: Rc<Cell<u64>>,
    error: Rc<RefCell<Option<String>>>,
}

impl Track {
    /// Number of bytes read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.get()
    }

    /// The error of the file itself. A decoder passes it on in the same way as an error in the data.
    pub(crate) fn error(&self) -> Option<String> {
        self.error.borrow().clone()
    }
}

/// A file whose reading is tracked.
pub(crate) struct Tracked<R> {
    inner: R,
    track: Track,
}

impl<R> Tracked<R> {
    pub(crate) fn new(inner: R, track: Track) -> Self {
        Self { inner, track }
    }
}

impl<R: Read> Read for Tracked<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into);
        match &read {
            Ok(read) => self.track.bytes.set(self.track.bytes() + *read as u64),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => *self.track.error.borrow_mut() = Some(error.to_string()),
        }
        read
    }
}

impl<R: Seek> Seek for Tracked<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}
