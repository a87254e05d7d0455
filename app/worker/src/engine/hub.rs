//! Looking up a model on a hub. Nothing is requested before the user asks for it.

use hone_core::catalog::{FoundModel, POOLING};
use hone_core::diagnostic::Diagnostic;
use hone_core::hub::{DeviceLimits, HubModel, Listing, SAFETENSORS_INDEX, is_gguf};
use hone_core::limits::MAX_CONFIG_BYTES;
use hone_core::protocol::{Event, RequestId};
use hone_core::recipe::Pooling;
use hone_core::weights::{GgufHeader, GgufReader};

use crate::engine::Engine;
use crate::fetch::{fetch, fetch_small};
use crate::mailbox::{answer, stops_loading};

/// Largest listing of a model's files, in bytes.
const MAX_LISTING_BYTES: usize = 4 << 20;

/// Looks up a model and sends the facts about it.
pub async fn find(engine: &Engine, request: RequestId, hub: &str, written: &str) {
    match found(hub, written, engine.limits()).await {
        Ok(found) => answer(request, &Event::ModelFound { found }),
        Err(_) if stops_loading() => {
            let diagnostic = Diagnostic::new("hub.stopped", "The lookup was stopped.").done("Nothing was changed.");
            answer(request, &Event::ModelNotFound { diagnostic });
        }
        Err(diagnostic) => answer(request, &Event::ModelNotFound { diagnostic }),
    }
}

async fn found(hub: &str, written: &str, limits: DeviceLimits) -> Result<FoundModel, Diagnostic> {
    let model = HubModel::parse(hub, written)?;
    let url = model.listing_url();
    let listing = Listing::parse(model, &fetch_small(&url, MAX_LISTING_BYTES).await?)?;
    let folder = listing.folder();
    let weights = listing.weights()?;
    let (config_json, of_header) = if is_gguf(weights) {
        config_of_gguf(&format!("{folder}{weights}")).await?
    } else {
        (fetch_small(&format!("{folder}config.json"), MAX_CONFIG_BYTES).await?, None)
    };
    let pooling = if of_header.is_some() {
        of_header
    } else if listing.has(POOLING) {
        Some(fetch_small(&format!("{folder}{POOLING}"), MAX_CONFIG_BYTES).await?)
    } else {
        None
    };
    let index = if weights == SAFETENSORS_INDEX {
        Some(fetch_small(&format!("{folder}{weights}"), MAX_CONFIG_BYTES).await?)
    } else {
        None
    };
    listing.found(&config_json, pooling.as_deref(), index.as_deref(), limits)
}

/// The configuration in the header of a GGUF file, and its pooling as sentence-transformers writes it, if it has one. The
/// rest of the file is not downloaded.
async fn config_of_gguf(url: &str) -> Result<(Vec<u8>, Option<Vec<u8>>), Diagnostic> {
    let described = |header: &GgufHeader| {
        let mode = header.pooling()?.map(|pooling| if pooling == Pooling::Mean { "mean" } else { "cls" });
        let pooling = mode.map(|mode| format!(r#"{{"pooling_mode": "{mode}"}}"#).into_bytes());
        Ok((header.config_json(), pooling))
    };
    let (mut download, mut reader) = (fetch(url, 0.0).await?, GgufReader::default());
    while let Some(piece) = download.next().await? {
        reader.push(&piece, &mut |_, _| Ok(()))?;
        if let Some(header) = reader.header() {
            return described(header);
        }
    }
    described(&reader.finish()?)
}
