//! The user's files, read piece by piece.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use hone_core::diagnostic::Diagnostic;
use js_sys::Uint8Array;
use sha2::{Digest, Sha256};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, FileReaderSync};

use crate::{js, mailbox};

/// Bytes read at a time: enough to be fast, but few enough that messages are handled in between.
pub const PIECE: f64 = (1 << 20) as f64;

/// Reads a file and passes each piece to `take`, with the number of bytes read so far. Returns the SHA-256.
///
/// # Errors
/// If the file can no longer be read, or `take` fails.
pub async fn read_blob(
    blob: &Blob,
    mut take: impl FnMut(&[u8], f64) -> Result<(), Diagnostic>,
) -> Result<String, Diagnostic> {
    let (size, mut done) = (blob.size(), 0.0);
    let mut hash = Sha256::new();
    while done < size {
        let bytes = read_piece(blob, done).await?;
        hash.update(&bytes);
        done += bytes.len() as f64;
        take(&bytes, done)?;
        mailbox::yield_to_event_loop().await;
    }
    Ok(hex(hash))
}

/// A file that can be read synchronously from any position, which only works in workers.
pub struct BlobReader {
    blob: Blob,
    reader: FileReaderSync,
    at: f64,
}

impl BlobReader {
    /// Starts at the beginning of the file.
    ///
    /// # Errors
    /// If the browser cannot read synchronously.
    pub fn new(blob: Blob) -> Result<Self, Diagnostic> {
        let reader = FileReaderSync::new().map_err(|error| unreadable(&error))?;
        Ok(Self { blob, reader, at: 0.0 })
    }
}

impl io::Read for BlobReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let end = (self.at + (into.len() as f64).min(PIECE)).min(self.blob.size());
        if end <= self.at {
            return Ok(0);
        }
        let failed = |error: JsValue| io::Error::other(js::message(&error));
        let piece = self.blob.slice_with_f64_and_f64(self.at, end).map_err(failed)?;
        let buffer = self.reader.read_as_array_buffer(&piece).map_err(failed)?;
        let bytes = Uint8Array::new(&buffer);
        let read = (bytes.length() as usize).min(into.len());
        bytes.copy_to(into.get_mut(..read).unwrap_or_default());
        self.at += read as f64;
        Ok(read)
    }
}

impl io::Seek for BlobReader {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        let at = match to {
            io::SeekFrom::Start(at) => at as f64,
            io::SeekFrom::End(by) => self.blob.size() + by as f64,
            io::SeekFrom::Current(by) => self.at + by as f64,
        };
        if at < 0.0 {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        self.at = at;
        Ok(at as u64)
    }
}

/// Reads a file from any position, and hashes it from the beginning as far as it is read in order.
pub struct HashedReader {
    reader: BlobReader,
    hash: Rc<RefCell<PartialHash>>,
}

/// The hash of the beginning of a file.
#[derive(Default)]
pub struct PartialHash {
    hash: Sha256,
    bytes: f64,
}

impl HashedReader {
    /// Starts at the beginning of the file. The second value is the hash of what has been read.
    ///
    /// # Errors
    /// If the browser cannot read synchronously.
    pub fn new(blob: Blob) -> Result<(Self, Rc<RefCell<PartialHash>>), Diagnostic> {
        let hash = Rc::<RefCell<PartialHash>>::default();
        Ok((Self { reader: BlobReader::new(blob)?, hash: hash.clone() }, hash))
    }
}

impl PartialHash {
    /// The SHA-256 of the whole file, of which the rest is read.
    ///
    /// # Errors
    /// If the file can no longer be read.
    pub async fn finish(mut self, blob: &Blob) -> Result<String, Diagnostic> {
        let rest = blob.slice_with_f64_and_f64(self.bytes, blob.size()).map_err(|error| unreadable(&error))?;
        let mut done = 0.0;
        while done < rest.size() {
            let piece = read_piece(&rest, done).await?;
            done += piece.len() as f64;
            self.hash.update(&piece);
            mailbox::yield_to_event_loop().await;
        }
        Ok(hex(self.hash))
    }
}

impl io::Read for HashedReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let begin = self.reader.at;
        let read = self.reader.read(into)?;
        let mut hash = self.hash.borrow_mut();
        if begin <= hash.bytes {
            let known = (hash.bytes - begin).min(read as f64) as usize;
            let new = into.get(known..read).unwrap_or_default();
            hash.hash.update(new);
            hash.bytes += new.len() as f64;
        }
        Ok(read)
    }
}

impl io::Seek for HashedReader {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.reader.seek(to)
    }
}

/// The piece of a file that begins at `at`.
async fn read_piece(blob: &Blob, at: f64) -> Result<Vec<u8>, Diagnostic> {
    let end = (at + PIECE).min(blob.size());
    let piece = blob.slice_with_f64_and_f64(at, end).map_err(|error| unreadable(&error))?;
    let buffer = JsFuture::from(piece.array_buffer()).await.map_err(|error| unreadable(&error))?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

/// Formats a hash in hexadecimal.
pub fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The error of a file that the browser cannot read any more.
pub fn unreadable(error: &JsValue) -> Diagnostic {
    Diagnostic::new("data.unreadable", format!("The file cannot be read any more: {}.", js::message(error)))
        .done("Nothing was changed.")
        .remedy("It may have been moved or changed since you chose it: choose it again.")
}
