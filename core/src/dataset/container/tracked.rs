//! Counts the bytes that are read from a file, and remembers its errors.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

use crate::diagnostic::Diagnostic;
use crate::phrases::names;

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

/// Where a part of a file comes from, for its errors.
#[derive(Clone)]
pub(crate) struct Origin {
    /// Name of the whole file.
    pub file: String,
    /// Its reading.
    pub track: Track,
}

impl Origin {
    /// The error of the file itself, or one that a reader passed on.
    pub(crate) fn known(&self, error: &(dyn Error + 'static)) -> Option<Diagnostic> {
        if let Some(error) = self.track.error() {
            return Some(unreadable(&self.file, &error));
        }
        let within = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        within.and_then(|error| error.downcast_ref::<Diagnostic>()).cloned()
    }

    /// The error of a part that cannot be read.
    pub(crate) fn damaged(&self, part: &str, error: &(dyn Error + 'static)) -> Diagnostic {
        self.known(error).unwrap_or_else(|| {
            let what = format!("{} is damaged: {part} cannot be read ({error}).", names(&[&self.file]));
            Diagnostic::new("data.damaged", what)
                .done("The file was not read.")
                .remedy("Download or copy it again. If another program opens it, save it again there.")
        })
    }
}

/// The error of a file that the browser or the system cannot read.
pub(crate) fn unreadable(name: &str, error: &str) -> Diagnostic {
    Diagnostic::new("data.unreadable", format!("{} cannot be read any more: {error}.", names(&[name])))
        .done("Nothing was changed.")
        .remedy("It may have been moved or changed since you chose it: choose it again.")
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
