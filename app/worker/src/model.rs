//! Loading a model of the catalog.

use std::cell::RefCell;

use hone_core::limits::{MAX_CONFIG_BYTES, MAX_TOKENIZER_BYTES};
use hone_core::model::ModelConfig;
use hone_core::pretrained::Pretrained;
use hone_core::problem::Problem;
use hone_core::protocol::{CatalogEntry, Event, ModelReport};
use hone_core::weights::{FileReader, GgufReader, Tensors, Weights, WeightsError};

use crate::device::Chosen;
use crate::engine::Engine;
use crate::files::{fetch, fetch_small};
use crate::js::now_ms;
use crate::mailbox::post;

/// Milliseconds between two reports of progress.
const PROGRESS_MS: f64 = 100.0;

/// A model, and where it is from.
pub struct Loaded {
    pub entry: CatalogEntry,
    pub pretrained: Pretrained,
}

/// Loads a model; the one before stays when it fails.
pub async fn load(engine: &mut Engine, entry: CatalogEntry) {
    let Some(chosen) = &engine.device else {
        let problem = Problem::new("model.no-device", "No device has been chosen yet.");
        return post(&Event::ModelFailed { problem });
    };
    match loaded(entry, chosen).await {
        Ok((model, report)) => {
            // What was tuned belongs to the model before.
            engine.run = None;
            engine.model = Some(model);
            engine.data.forget_tokens();
            post(&Event::ModelReady { model: report });
        }
        Err(problem) => post(&Event::ModelFailed { problem }),
    }
}

async fn loaded(entry: CatalogEntry, chosen: &Chosen) -> Result<(Loaded, ModelReport), Problem> {
    let url = |name: &str| format!("{}{name}", entry.folder);
    let (config_json, verbatim, tensors) = if entry.weights.ends_with(".gguf") {
        fetch_gguf(&entry, chosen).await?
    } else {
        let config_json = fetch_small(&url("config.json"), MAX_CONFIG_BYTES).await?;
        let mut verbatim = Vec::new();
        for name in &entry.files {
            verbatim.push((name.clone(), fetch_small(&url(name), MAX_TOKENIZER_BYTES).await?));
        }
        let family = ModelConfig::parse(&config_json)?.family();
        let tensors = RefCell::new(Tensors::new(family, &chosen.device));
        let mut reader = FileReader::default();
        let mut take = |info: &_, bytes| tensors.borrow_mut().add(info, bytes);
        fetch_weights(&entry, |piece| reader.push(piece, &mut take)).await?;
        reader.finish()?;
        (config_json, verbatim, tensors.into_inner())
    };
    let (pretrained, import) = Pretrained::new(config_json, verbatim, tensors, entry.pooling)?;
    let sizes = pretrained.body.sizes();
    let report = ModelReport {
        id: entry.id.clone(),
        name: entry.name.clone(),
        family: pretrained.config.family(),
        parameters: pretrained.body.parameters() as f64,
        layers: sizes.layers as u32,
        hidden: sizes.hidden as u32,
        max_positions: pretrained.config.positions() as u32,
        vocab: pretrained.config.vocab() as u32,
        applied: import.applied as u32,
        missing: import.made,
        unused: import.unused,
    };
    Ok((Loaded { entry, pretrained }, report))
}

/// config.json, the files that go into an export as they are, and the tensors.
type Parts = (Vec<u8>, Vec<(String, Vec<u8>)>, Tensors<'static>);

/// A model that is one file: its configuration and tokenizer stand in the header.
async fn fetch_gguf(entry: &CatalogEntry, chosen: &Chosen) -> Result<Parts, Problem> {
    let tensors = RefCell::new(None);
    let mut reader = GgufReader::default();
    let mut take = |info: &_, bytes| {
        let mut tensors = tensors.borrow_mut();
        tensors.get_or_insert_with(|| Tensors::of_gguf(&chosen.device)).add(info, bytes)
    };
    fetch_weights(entry, |piece| reader.push(piece, &mut take)).await?;
    let header = reader.finish()?;
    let mut tensors = tensors.into_inner().unwrap_or_else(|| Tensors::of_gguf(&chosen.device));
    tensors.were_quantised(header.quantised());
    Ok((header.config_json(), header.tokenizer_files()?, tensors))
}

/// Streams the weights to `push`: no more than one tensor is held beside those that are done.
async fn fetch_weights(
    entry: &CatalogEntry,
    mut push: impl FnMut(&[u8]) -> Result<(), WeightsError>,
) -> Result<(), Problem> {
    let url = format!("{}{}", entry.folder, entry.weights);
    let mut told_ms = now_ms();
    let sha256 = fetch(&url, |piece, done_bytes| {
        if now_ms() - told_ms >= PROGRESS_MS {
            told_ms = now_ms();
            post(&Event::ModelProgress { done_bytes, total_bytes: entry.bytes });
        }
        Ok(push(piece)?)
    })
    .await?;
    if sha256 == entry.sha256 { Ok(()) } else { Err(WeightsError::Altered.into()) }
}
