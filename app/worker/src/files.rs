//! Bytes from files and from the network, piece by piece.

use std::io;

use hone_core::diagnostic::Diagnostic;
use js_sys::Uint8Array;
use sha2::{Digest, Sha256};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, FileReaderSync, ReadableStreamDefaultReader, Request, RequestInit, Response};

use crate::{js, mailbox, scope};

/// Bytes read at a time: enough to be fast, few enough for messages to be seen in between.
pub const PIECE: f64 = (1 << 20) as f64;

/// Reads a dropped file and gives each piece to `take`, with the bytes read so far. Returns the file's SHA-256.
///
/// # Errors
/// When the file cannot be read any more, or `take` says so.
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

/// A file that is arriving.
pub struct Arriving {
    url: String,
    /// None where nothing comes.
    reader: Option<ReadableStreamDefaultReader>,
    /// Bytes to pass over: the server began before the place that was asked for.
    skip: usize,
}

/// Asks for a file from the byte `from` on.
///
/// # Errors
/// When it is not there, or a web page comes in its place.
pub async fn fetch(url: &str, from: f64) -> Result<Arriving, Diagnostic> {
    let options = RequestInit::new();
    // Who asks is nobody's concern.
    js::set(&options, "referrerPolicy", &"no-referrer".into());
    js::set(&options, "credentials", &"omit".into());
    options.set_signal(mailbox::loading_signal().as_ref());
    let request = Request::new_with_str_and_init(url, &options).map_err(|error| failed(url, &js::message(&error)))?;
    if from > 0.0 {
        // Only a name or value with a line break is refused.
        let _ = request.headers().set("Range", &format!("bytes={from}-"));
    }
    let response = JsFuture::from(scope().fetch_with_request(&request)).await;
    let response: Response = response.map_err(|error| failed(url, &js::message(&error)))?.unchecked_into();
    match response.status() {
        401 | 403 | 404 => {
            let status = response.status();
            return Err(Diagnostic::new(
                "model.absent",
                format!("{url} is not there, or not for everybody (status {status})."),
            )
            .done("Nothing was changed.")
            .remedy("Check the name."));
        }
        // The file ends where it was asked to go on: who was never told its size keeps a whole one and cannot know.
        416 if from > 0.0 => return Ok(Arriving { url: url.into(), reader: None, skip: 0 }),
        _ if !response.ok() => return Err(failed(url, &format!("the server answered {}", response.status()))),
        _ => {}
    }
    let kind = response.headers().get("Content-Type").ok().flatten().unwrap_or_default();
    if kind.starts_with("text/html") {
        return Err(Diagnostic::new("model.web-page", format!("{url} gave a web page in place of the file."))
            .done("Nothing was changed.")
            .remedy("Check the address; some networks ask for a login first."));
    }
    let body = response.body().ok_or_else(|| failed(url, "the answer is empty"))?;
    let skip = if response.status() == 206 { 0 } else { from as usize };
    Ok(Arriving { url: url.into(), reader: Some(body.get_reader().unchecked_into()), skip })
}

fn failed(url: &str, reason: &str) -> Diagnostic {
    if mailbox::stops_loading() {
        return stopped();
    }
    Diagnostic::new("model.fetch", format!("{url} could not be loaded: {reason}."))
        .done("What had arrived is kept.")
        .remedy("Check the connection and try again.")
}

/// The person stopped what was loading.
pub fn stopped() -> Diagnostic {
    Diagnostic::new("model.stopped", "Loading was stopped.")
        .done("What had arrived is kept.")
        .remedy("Load it again: it goes on from there.")
}

impl Arriving {
    /// The next bytes; none at the end.
    ///
    /// # Errors
    /// When the connection breaks off.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Diagnostic> {
        let Some(reader) = &self.reader else { return Ok(None) };
        loop {
            let read = JsFuture::from(reader.read()).await;
            let read = read.map_err(|error| failed(&self.url, &js::message(&error)))?;
            if js::get(&read, "done").is_truthy() {
                return Ok(None);
            }
            let mut bytes = js::get(&read, "value").unchecked_into::<Uint8Array>().to_vec();
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            if skipped < bytes.len() {
                return Ok(Some(bytes.split_off(skipped)));
            }
        }
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        let Some(reader) = &self.reader else { return };
        // The rest need not come. A connection that broke off refuses to be ended, which does not matter either.
        let ended = reader.cancel();
        wasm_bindgen_futures::spawn_local(async move { drop(JsFuture::from(ended).await) });
    }
}

/// Fetches a small file whole.
///
/// # Errors
/// When it is not there, breaks off, or is larger than `limit` bytes.
pub async fn fetch_small(url: &str, limit: usize) -> Result<Vec<u8>, Diagnostic> {
    let (mut arriving, mut whole) = (fetch(url, 0.0).await?, Vec::new());
    while let Some(bytes) = arriving.next().await? {
        if whole.len() + bytes.len() > limit {
            return Err(Diagnostic::new("model.fetch", format!("{url} is larger than {limit} bytes.")));
        }
        whole.extend_from_slice(&bytes);
    }
    Ok(whole)
}

/// A file that can be read from any place, at once: only workers can.
pub struct BlobReader {
    blob: Blob,
    reader: FileReaderSync,
    at: f64,
}

impl BlobReader {
    /// From its beginning.
    ///
    /// # Errors
    /// Where the browser cannot read so.
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
        bytes.copy_to(&mut into[..read]);
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

/// A hash as it is written.
pub fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unreadable(error: &JsValue) -> Diagnostic {
    Diagnostic::new("data.unreadable", format!("The file cannot be read any more: {}.", js::message(error)))
        .done("Nothing was changed.")
        .remedy("It may have been moved or changed since you chose it: choose it again.")
}
