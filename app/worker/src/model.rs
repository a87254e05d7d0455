//! Loading a model.

use hone_core::catalog::ModelReport;
use hone_core::catalog::{CatalogEntry, POOLING};
use hone_core::diagnostic::Diagnostic;
use hone_core::hub::{VERBATIM, pooling_of};
use hone_core::limits::{MAX_CONFIG_BYTES, MAX_TOKENIZER_BYTES};
use hone_core::model::ModelConfig;
use hone_core::pretrained::Pretrained;
use hone_core::protocol::{Event, RequestId};
use hone_core::weights::Incoming;

use crate::device::Chosen;
use crate::engine::Engine;
use crate::js::now_ms;
use crate::mailbox::answer;
use crate::source::Source;
use crate::storage;

/// Milliseconds between two reports of progress.
const PROGRESS_MS: f64 = 100.0;

/// A model, and where it is from.
pub struct Loaded {
    pub entry: CatalogEntry,
    pub pretrained: Pretrained,
}

/// Loads a model; the one before stays when it fails.
pub async fn load(engine: &mut Engine, request: RequestId, source: Result<Source, Diagnostic>) {
    let Some(chosen) = &engine.device else {
        let diagnostic = Diagnostic::new("model.no-device", "No device has been chosen yet.");
        return answer(request, &Event::ModelFailed { diagnostic });
    };
    let result = match source {
        Ok(source) => loaded(request, source, chosen).await,
        Err(diagnostic) => Err(diagnostic),
    };
    match result {
        Ok((model, report)) => {
            // What was tuned belongs to the model before.
            engine.run = None;
            engine.model = Some(model);
            engine.data.forget_tokens();
            answer(request, &Event::ModelReady { model: report });
        }
        Err(diagnostic) => answer(request, &Event::ModelFailed { diagnostic }),
    }
    storage::report_kept().await;
}

async fn loaded(request: RequestId, mut source: Source, chosen: &Chosen) -> Result<(Loaded, ModelReport), Diagnostic> {
    let (mut config_json, mut verbatim) = (Vec::new(), Vec::new());
    let mut incoming = if source.is_gguf() {
        Incoming::gguf(&chosen.device)
    } else {
        config_json = source.small("config.json", MAX_CONFIG_BYTES).await?;
        let names = source.entry.files.clone();
        for name in names.into_iter().filter(|name| VERBATIM.contains(&name.as_str())) {
            let bytes = source.small(&name, MAX_TOKENIZER_BYTES).await?;
            verbatim.push((name, bytes));
        }
        // A folder of the person's own tells it itself; the catalog and a hub have told it.
        if source.entry.folder.is_empty() {
            let pooling = match source.has(POOLING) {
                true => Some(source.small(POOLING, MAX_CONFIG_BYTES).await?),
                false => None,
            };
            source.entry.pooling = pooling_of(&config_json, pooling.as_deref());
        }
        Incoming::safetensors(ModelConfig::parse(&config_json)?.family(), &chosen.device)
    };
    let mut told_ms = now_ms();
    source
        .weights(&mut |piece, done_bytes, total_bytes| {
            if now_ms() - told_ms >= PROGRESS_MS {
                told_ms = now_ms();
                answer(request, &Event::ModelProgress { done_bytes, total_bytes });
            }
            Ok(incoming.push(piece)?)
        })
        .await?;
    let (tensors, header) = incoming.finish()?;
    if let Some(header) = header {
        (config_json, verbatim) = (header.config_json(), header.tokenizer_files()?);
    }
    let mut entry = source.entry;
    let (pretrained, import) = Pretrained::new(config_json, verbatim, tensors, entry.pooling)?;
    entry.family = pretrained.config.family();
    let report = pretrained.report(&entry.id, &entry.name, import);
    Ok((Loaded { entry, pretrained }, report))
}
