//! The user's files, read piece by piece.

use std::io;

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
        let end = (done + PIECE).min(size);
        let piece = blob.slice_with_f64_and_f64(done, end).map_err(|error| unreadable(&error))?;
        let buffer = JsFuture::from(piece.array_buffer()).await.map_err(|error| unreadable(&error))?;
        let bytes = Uint8Array::new(&buffer).to_vec();
        hash.update(&bytes);
        done = end;
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

/// Formats a hash in hexadecimal.
pub fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unreadable(error: &JsValue) -> Diagnostic {
    Diagnostic::new("data.unreadable", format!("The file cannot be read any more: {}.", js::message(error)))
        .done("Nothing was changed.")
        .remedy("It may have been moved or changed since you chose it: choose it again.")
}
