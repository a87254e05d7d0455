//! Looking up a model on a hub. Nothing is requested before the user asks for it.

use hone_core::catalog::{FoundModel, POOLING};
use hone_core::diagnostic::Diagnostic;
use hone_core::hub::{HubModel, Listing, is_gguf};
use hone_core::limits::MAX_CONFIG_BYTES;
use hone_core::protocol::{Event, RequestId};
use hone_core::weights::GgufReader;

use crate::engine::Engine;
use crate::fetch::{fetch, fetch_small};
use crate::mailbox::{answer, stops_loading};

/// Largest listing of a model's files, in bytes.
const MAX_LISTING_BYTES: usize = 4 << 20;

/// Looks up a model and sends the facts about it.
pub async fn find(engine: &Engine, request: RequestId, hub: &str, written: &str) {
    match found(hub, written, engine.memory_limit()).await {
        Ok(found) => answer(request, &Event::ModelFound { found }),
        Err(_) if stops_loading() => {
            let diagnostic = Diagnostic::new("hub.stopped", "The lookup was stopped.").done("Nothing was changed.");
            answer(request, &Event::ModelNotFound { diagnostic });
        }
        Err(diagnostic) => answer(request, &Event::ModelNotFound { diagnostic }),
    }
}

async fn found(hub: &str, written: &str, limit_bytes: f64) -> Result<FoundModel, Diagnostic> {
    let model = HubModel::parse(hub, written)?;
    let url = model.listing_url();
    let listing = Listing::parse(model, &fetch_small(&url, MAX_LISTING_BYTES).await?)?;
    let folder = listing.folder();
    let weights = listing.weights()?;
    let config_json = if is_gguf(weights) {
        config_of_gguf(&format!("{folder}{weights}")).await?
    } else {
        fetch_small(&format!("{folder}config.json"), MAX_CONFIG_BYTES).await?
    };
    let pooling = if listing.has(POOLING) {
        Some(fetch_small(&format!("{folder}{POOLING}"), MAX_CONFIG_BYTES).await?)
    } else {
        None
    };
    listing.found(&config_json, pooling.as_deref(), limit_bytes)
}

/// The configuration in the header of a GGUF file; the rest is not downloaded.
async fn config_of_gguf(url: &str) -> Result<Vec<u8>, Diagnostic> {
    let (mut download, mut reader) = (fetch(url, 0.0).await?, GgufReader::default());
    while let Some(piece) = download.next().await? {
        reader.push(&piece, &mut |_, _| Ok(()))?;
        if let Some(header) = reader.header() {
            return Ok(header.config_json());
        }
    }
    Ok(reader.finish()?.config_json())
}
