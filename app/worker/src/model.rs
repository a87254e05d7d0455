//! Loading a model of the catalog.

use std::cell::RefCell;

use hone_core::limits::{MAX_CONFIG_BYTES, MAX_TOKENIZER_BYTES};
use hone_core::model::{Bert, BertConfig};
use hone_core::problem::Problem;
use hone_core::protocol::{CatalogEntry, Event, ModelReport};
use hone_core::text::{EncodedTexts, Tokenizer};
use hone_core::train::general_texts;
use hone_core::weights::{FileReader, Tensors, Weights, WeightsError};

use crate::device::Chosen;
use crate::engine::Engine;
use crate::files::{fetch, fetch_small};
use crate::js::now_ms;
use crate::mailbox::post;

/// Milliseconds between two reports of progress.
const PROGRESS_MS: f64 = 100.0;

/// A model, ready to be given a head.
pub struct Loaded {
    pub entry: CatalogEntry,
    pub config: BertConfig,
    pub config_json: Vec<u8>,
    pub tokenizer: Tokenizer,
    /// Files that go into an export as they are.
    pub verbatim: Vec<(String, Vec<u8>)>,
    pub bert: Bert,
    /// General sentences in its tokens.
    pub general: EncodedTexts,
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
    let config_json = fetch_small(&url("config.json"), MAX_CONFIG_BYTES).await?;
    let config = BertConfig::parse(&config_json)?;
    let mut verbatim = Vec::new();
    for name in &entry.files {
        verbatim.push((name.clone(), fetch_small(&url(name), MAX_TOKENIZER_BYTES).await?));
    }
    let tokenizer_json = verbatim.iter().find(|(name, _)| name == "tokenizer.json").map(|(_, bytes)| bytes.as_slice());
    let tokenizer = Tokenizer::parse(tokenizer_json.unwrap_or_default(), config.vocab)?;
    let mut tensors = fetch_weights(&entry, chosen).await?;
    let bert = Bert::load(&config, &mut tensors)?;
    let import = tensors.finish();
    let parameters = bert.parameters();
    let general = general_texts(&tokenizer)?;
    let report = ModelReport {
        id: entry.id.clone(),
        name: entry.name.clone(),
        family: "bert".into(),
        parameters: parameters as f64,
        layers: config.layers as u32,
        hidden: config.hidden as u32,
        max_positions: config.positions as u32,
        vocab: config.vocab as u32,
        applied: import.applied as u32,
        missing: import.made,
        unused: import.unused,
    };
    Ok((Loaded { entry, config, config_json, tokenizer, verbatim, bert, general }, report))
}

/// Streams the weights: no more than one tensor is held beside those that are done.
async fn fetch_weights(entry: &CatalogEntry, chosen: &Chosen) -> Result<Tensors<'static>, Problem> {
    let url = format!("{}model.safetensors", entry.folder);
    let (mut reader, tensors) = (FileReader::default(), RefCell::new(Tensors::new(&chosen.device)));
    let mut told_ms = now_ms();
    let sha256 = fetch(&url, |piece, done_bytes| {
        if now_ms() - told_ms >= PROGRESS_MS {
            told_ms = now_ms();
            post(&Event::ModelProgress { done_bytes, total_bytes: entry.bytes });
        }
        let mut take = |info: &_, bytes| tensors.borrow_mut().add(info, bytes);
        Ok(reader.push(piece, &mut take)?)
    })
    .await?;
    reader.finish()?;
    if sha256 != entry.sha256 {
        return Err(WeightsError::Altered.into());
    }
    Ok(tensors.into_inner())
}
