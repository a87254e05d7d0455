//! Loading a model.

use hone_core::catalog::{CatalogEntry, ModelReport, POOLING};
use hone_core::diagnostic::Diagnostic;
use hone_core::hub::{SENTENCE_FILES, VERBATIM};
use hone_core::limits::{MAX_CONFIG_BYTES, MAX_TOKENIZER_BYTES};
use hone_core::pretrained::Pretrained;
use hone_core::protocol::{Event, RequestId};
use hone_core::runner::{ModelFiles, ModelLoader};
use sha2::{Digest, Sha256};

use crate::blob::hex;
use crate::device::ChosenDevice;
use crate::engine::Engine;
use crate::js::now_ms;
use crate::mailbox::answer;
use crate::model_source::ModelSource;
use crate::storage;

/// Milliseconds between two reports of progress.
const PROGRESS_MS: f64 = 100.0;

/// A model and its origin.
pub struct LoadedModel {
    /// Its entry in the catalog, or one made for the user's files.
    pub entry: CatalogEntry,
    /// SHA-256 of its weights file, in hexadecimal.
    pub sha256: String,
    /// The model.
    pub pretrained: Pretrained,
}

/// Loads a model. On failure, the earlier one stays.
pub async fn load(engine: &mut Engine, request: RequestId, source: Result<ModelSource, Diagnostic>) {
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
            // The tuned weights belong to the earlier model.
            engine.run = None;
            engine.tuned.clear();
            engine.model = Some(model);
            engine.data.forget_tokens();
            answer(request, &Event::ModelReady { model: report });
        }
        Err(diagnostic) => answer(request, &Event::ModelFailed { diagnostic }),
    }
    storage::report_kept().await;
}

async fn loaded(
    request: RequestId,
    mut source: ModelSource,
    chosen: &ChosenDevice,
) -> Result<(LoadedModel, ModelReport), Diagnostic> {
    let mut reported_ms = now_ms();
    let progress = |done_bytes, total_bytes| {
        if now_ms() - reported_ms >= PROGRESS_MS {
            reported_ms = now_ms();
            answer(request, &Event::ModelProgress { done_bytes, total_bytes });
        }
    };
    let (loader, sha256) = read(&mut source, chosen, progress).await?;
    let (pretrained, import) = loader.finish()?;
    let mut entry = source.entry;
    entry.family = pretrained.config.family();
    let report = pretrained.report(&entry.id, &entry.name, import);
    Ok((LoadedModel { entry, sha256, pretrained }, report))
}

/// Reads all files of a model. `progress` receives the bytes of its weights so far and in total. Returns the SHA-256 of the
/// weights too.
///
/// # Errors
/// If a file is missing, is interrupted or is invalid.
pub async fn read(
    source: &mut ModelSource,
    chosen: &ChosenDevice,
    mut progress: impl FnMut(f64, f64),
) -> Result<(ModelLoader, String), Diagnostic> {
    // The catalog, a hub and the description of a tuned model specify the pooling; for the user's own files, the files
    // do.
    let pooling = (!source.entry.folder.is_empty()).then_some(source.entry.pooling);
    let mut loader = if source.is_gguf() {
        ModelLoader::gguf(pooling, &chosen.device)
    } else {
        let loader = ModelLoader::safetensors(files(source).await?, pooling, &chosen.device)?;
        match source.index().await? {
            Some(index) => loader.in_shards(index),
            None => loader,
        }
    };
    let (mut before, mut digests) = (0.0, Vec::new());
    for file in source.entry.weights_files() {
        let total = source.entry.bytes;
        let take = &mut |piece: &[u8], done: f64, of_file: f64| {
            progress(before + done, total.max(of_file));
            loader.push(piece)
        };
        digests.push(source.weights(&file, take).await?);
        loader.end_shard()?;
        before += file.bytes;
    }
    Ok((loader, sha256_of(digests)))
}

/// SHA-256 of the weights from those of their files: that of the only file, or of the list of several.
fn sha256_of(mut digests: Vec<String>) -> String {
    match digests.as_slice() {
        [_] => digests.remove(0),
        several => hex(Sha256::new_with_prefix(several.concat())),
    }
}

/// The files of a model without its weights.
async fn files(source: &mut ModelSource) -> Result<ModelFiles, Diagnostic> {
    let mut files =
        ModelFiles { config_json: source.small("config.json", MAX_CONFIG_BYTES).await?, ..ModelFiles::default() };
    for name in source.entry.files.clone().into_iter().filter(|name| VERBATIM.contains(&name.as_str())) {
        let bytes = source.small(&name, MAX_TOKENIZER_BYTES).await?;
        files.verbatim.push((name, bytes));
    }
    for name in SENTENCE_FILES {
        if source.has(name) {
            files.sentence_files.push((name.into(), source.small(name, MAX_CONFIG_BYTES).await?));
        }
    }
    if source.has(POOLING) {
        files.pooling_json = Some(source.small(POOLING, MAX_CONFIG_BYTES).await?);
    }
    Ok(files)
}
