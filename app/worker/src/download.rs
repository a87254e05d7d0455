//! Downloading a model's weights: first from the browser's storage, the rest from the network.

use std::io::Write;

use hone_core::catalog::WeightsFile;
use hone_core::diagnostic::Diagnostic;
use hone_core::weights::WeightsError;
use sha2::{Digest, Sha256};

use crate::blob::{PIECE, hex};
use crate::fetch::fetch;
use crate::mailbox::{stopped, stops_loading, yield_to_event_loop};
use crate::opfs::OpenFile;
use crate::storage::ModelFolder;

/// Receives the next piece of a file; the numbers are the bytes so far and in total.
pub type Take<'a> = &'a mut dyn FnMut(&[u8], f64, f64) -> Result<(), Diagnostic>;

/// Reads a file of the folder at `address`: the kept part from the storage and the rest from the network, and stores each piece as it arrives.
///
/// Returns the SHA-256.
///
/// # Errors
/// If the download fails or is interrupted, the file is not the expected one, or `take` fails.
pub async fn download_weights(
    address: &str,
    file: &WeightsFile,
    folder: Option<&ModelFolder>,
    take: Take<'_>,
) -> Result<String, Diagnostic> {
    let mut kept = match folder {
        Some(folder) => folder.open(&file.name).await,
        None => None,
    };
    let result = stream(address, file, &mut kept, take).await;
    // A file can be removed once it is closed.
    drop(kept);
    if let (Err(Failure::Corrupt(_)), Some(folder)) = (&result, folder) {
        folder.remove(&file.name).await;
    }
    result.map_err(|failure| match failure {
        Failure::Corrupt(diagnostic) | Failure::Unfinished(diagnostic) => diagnostic,
    })
}

enum Failure {
    /// The bytes that have arrived are of no use.
    Corrupt(Diagnostic),
    /// The download can be resumed.
    Unfinished(Diagnostic),
}

async fn stream(
    address: &str,
    file: &WeightsFile,
    kept: &mut Option<OpenFile>,
    take: Take<'_>,
) -> Result<String, Failure> {
    let (mut hash, mut done, total) = (Sha256::new(), 0.0, file.bytes);
    let mut take = |piece: &[u8], done: &mut f64| {
        hash.update(piece);
        *done += piece.len() as f64;
        take(piece, *done, total).map_err(Failure::Corrupt)
    };
    if let Some(kept) = kept {
        let mut piece = vec![0; PIECE as usize];
        while let read @ 1.. = kept.read(&mut piece, done) {
            take(piece.get(..read).unwrap_or_default(), &mut done)?;
            yield_to_event_loop().await;
            if stops_loading() {
                return Err(Failure::Unfinished(stopped()));
            }
        }
    }
    if done < total || total == 0.0 {
        let url = format!("{address}{}", file.name);
        let mut download = fetch(&url, done).await.map_err(Failure::Unfinished)?;
        while let Some(piece) = download.next().await.map_err(Failure::Unfinished)? {
            if kept.as_mut().is_some_and(|file| file.write_all(&piece).is_err()) {
                // There is no room: the model is used now, but not stored.
                *kept = None;
            }
            take(&piece, &mut done)?;
        }
    }
    if done < total {
        let what = format!("{} broke off after {:.0} of {:.0} MB.", file.name, done / 1e6, total / 1e6);
        let diagnostic = Diagnostic::new("model.broke-off", what)
            .done("What has arrived is kept.")
            .remedy("Load it again: it continues from there.");
        return Err(Failure::Unfinished(diagnostic));
    }
    let sha256 = hex(hash);
    if file.sha256.is_empty() || sha256 == file.sha256 {
        Ok(sha256)
    } else {
        Err(Failure::Corrupt(WeightsError::Altered.into()))
    }
}
