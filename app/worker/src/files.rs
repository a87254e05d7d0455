//! Bytes from files and from the page's own origin, piece by piece.

use hone_core::problem::Problem;
use js_sys::Uint8Array;
use sha2::{Digest, Sha256};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ReadableStreamDefaultReader, Response};

use crate::{js, mailbox, scope};

/// Bytes read at a time: enough to be fast, few enough for messages to be seen in between.
const PIECE: f64 = (1 << 20) as f64;

/// Reads a dropped file and gives each piece to `take`, with the bytes read so far. Returns the file's SHA-256.
///
/// # Errors
/// When the file cannot be read any more, or `take` says so.
pub async fn read_blob(
    blob: &Blob,
    mut take: impl FnMut(&[u8], f64) -> Result<(), Problem>,
) -> Result<String, Problem> {
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
        mailbox::breathe().await;
    }
    Ok(hex(hash))
}

/// Fetches a file of the page's own origin and gives each piece to `take`, with the bytes that came so far. Returns its
/// SHA-256.
///
/// # Errors
/// When it is not there, breaks off, or `take` says so.
pub async fn fetch(url: &str, mut take: impl FnMut(&[u8], f64) -> Result<(), Problem>) -> Result<String, Problem> {
    let failed = |reason: &str| {
        Problem::new("model.fetch", format!("{url} could not be loaded: {reason}."))
            .done("Nothing was changed.")
            .remedy("Check the connection and try again.")
    };
    let response = JsFuture::from(scope().fetch_with_str(url)).await.map_err(|error| failed(&js::message(&error)))?;
    let response: Response = response.unchecked_into();
    if !response.ok() {
        return Err(failed(&format!("the server answered {}", response.status())));
    }
    let body = response.body().ok_or_else(|| failed("the answer is empty"))?;
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let (mut hash, mut done) = (Sha256::new(), 0.0);
    loop {
        let read = JsFuture::from(reader.read()).await.map_err(|error| failed(&js::message(&error)))?;
        if js::get(&read, "done").is_truthy() {
            return Ok(hex(hash));
        }
        let bytes = js::get(&read, "value").unchecked_into::<Uint8Array>().to_vec();
        hash.update(&bytes);
        done += bytes.len() as f64;
        take(&bytes, done)?;
    }
}

/// Fetches a small file whole.
///
/// # Errors
/// When it is not there, breaks off, or is larger than `limit` bytes.
pub async fn fetch_small(url: &str, limit: usize) -> Result<Vec<u8>, Problem> {
    let mut whole = Vec::new();
    fetch(url, |piece, _| {
        if whole.len() + piece.len() > limit {
            return Err(Problem::new("model.fetch", format!("{url} is larger than {limit} bytes.")));
        }
        whole.extend_from_slice(piece);
        Ok(())
    })
    .await?;
    Ok(whole)
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unreadable(error: &JsValue) -> Problem {
    Problem::new("data.unreadable", format!("The file cannot be read any more: {}.", js::message(error)))
        .done("Nothing was changed.")
        .remedy("It may have been moved or changed since you chose it: choose it again.")
}
