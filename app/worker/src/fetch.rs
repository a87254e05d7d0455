//! Files from the network, piece by piece.

use hone_core::diagnostic::Diagnostic;
use hone_core::runner::{Response as Answer, Resume};
use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStreamDefaultReader, Request, RequestInit, Response};

use crate::{js, mailbox};

/// A file that is being downloaded.
pub struct Download {
    url: String,
    /// `None` if nothing is left to download.
    reader: Option<ReadableStreamDefaultReader>,
    resume: Resume,
}

/// Requests a file from byte `from` on.
///
/// # Errors
/// `model.absent` if there is no such file, `model.web-page` if the response is a web page, `model.fetch` otherwise.
pub async fn fetch(url: &str, from: f64) -> Result<Download, Diagnostic> {
    let options = RequestInit::new();
    // The server does not need to know which page requests the file.
    js::set(&options, "referrerPolicy", &"no-referrer".into());
    js::set(&options, "credentials", &"omit".into());
    options.set_signal(mailbox::loading_signal().as_ref());
    let request = Request::new_with_str_and_init(url, &options).map_err(|error| failed(url, &js::message(&error)))?;
    if from > 0.0 {
        // Only a name or value with a line break would be refused.
        let _ = request.headers().set("Range", &format!("bytes={from}-"));
    }
    let response = JsFuture::from(js::scope().fetch_with_request(&request)).await;
    let response: Response = response.map_err(|error| failed(url, &js::message(&error)))?.unchecked_into();
    let resume = match Answer::of(response.status(), from) {
        Answer::Body(resume) => resume,
        Answer::Complete => return Ok(Download { url: url.into(), reader: None, resume: Resume::default() }),
        Answer::Absent => {
            let status = response.status();
            return Err(Diagnostic::new(
                "model.absent",
                format!("{url} does not exist or is not public (status {status})."),
            )
            .done("Nothing was changed.")
            .remedy("Check the name."));
        }
        Answer::Failed => return Err(failed(url, &format!("the server answered {}", response.status()))),
    };
    let kind = response.headers().get("Content-Type").ok().flatten().unwrap_or_default();
    if kind.starts_with("text/html") {
        return Err(Diagnostic::new("model.web-page", format!("{url} gave a web page in place of the file."))
            .done("Nothing was changed.")
            .remedy("Check the address; some networks ask for a login first."));
    }
    let body = response.body().ok_or_else(|| failed(url, "the answer is empty"))?;
    Ok(Download { url: url.into(), reader: Some(body.get_reader().unchecked_into()), resume })
}

fn failed(url: &str, reason: &str) -> Diagnostic {
    if mailbox::stops_loading() {
        return mailbox::stopped();
    }
    Diagnostic::new("model.fetch", format!("{url} could not be loaded: {reason}."))
        .done("What had arrived is kept.")
        .remedy("Check the connection and try again.")
}

impl Download {
    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// `model.fetch` if the connection is interrupted.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Diagnostic> {
        let Some(reader) = &self.reader else { return Ok(None) };
        loop {
            let read = JsFuture::from(reader.read()).await;
            let read = read.map_err(|error| failed(&self.url, &js::message(&error)))?;
            if js::get(&read, "done").is_truthy() {
                return Ok(None);
            }
            let bytes = js::get(&read, "value").unchecked_into::<Uint8Array>().to_vec();
            if let Some(new) = self.resume.new_bytes(bytes) {
                return Ok(Some(new));
            }
        }
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        let Some(reader) = &self.reader else { return };
        // The rest is not needed. A broken connection cannot be cancelled, which does not matter either.
        let ended = reader.cancel();
        wasm_bindgen_futures::spawn_local(async move { drop(JsFuture::from(ended).await) });
    }
}

/// Fetches a small file.
///
/// # Errors
/// If the file is missing, is interrupted, or has more than `limit` bytes.
pub async fn fetch_small(url: &str, limit: usize) -> Result<Vec<u8>, Diagnostic> {
    let (mut download, mut whole) = (fetch(url, 0.0).await?, Vec::new());
    while let Some(bytes) = download.next().await? {
        if whole.len() + bytes.len() > limit {
            return Err(Diagnostic::new("model.fetch", format!("{url} is larger than {limit} bytes.")));
        }
        whole.extend_from_slice(&bytes);
    }
    Ok(whole)
}
