//! Vectors of texts by the loaded model, batch by batch.

use burn::tensor::Device;

use crate::dataset::Example;
use crate::device_to_host::device_to_host;
use crate::diagnostic::Diagnostic;
use crate::model::{Dropout, Input, TaskModel};
use crate::pretrained::Pretrained;
use crate::recipe::{Pooling, Task};
use crate::text::{EncodedRows, EncodedTexts, batches_by_length};

/// Rows of a batch.
const BATCH: usize = 32;
/// Maximum length of a text, in tokens: the rest seldom changes the label, and takes most of the time.
const MAX_TOKENS: usize = 128;

/// Maximum length of a text for a model, in tokens.
pub(crate) fn max_tokens(model: &Pretrained) -> usize {
    MAX_TOKENS.min(model.config.max_positions())
}

/// Adds a text, or a pair. A text that cannot be split into tokens becomes an empty one, which keeps its place.
///
/// # Errors
/// If not even an empty text can be encoded.
pub(crate) fn push_text(
    encoded: &mut EncodedRows,
    model: &Pretrained,
    text: &str,
    pair: Option<&str>,
) -> Result<(), Diagnostic> {
    let mut push = |text, pair| encoded.push(&model.tokenizer, None, 0, &Example::Class { text, pair, class: 0 });
    push(text, pair).or_else(|_| push("", None)).map(|_| ())
}

/// Vectors that are being computed.
#[derive(Debug)]
pub(crate) struct TextVectors {
    texts: EncodedTexts,
    model: TaskModel,
    pad: u32,
    device: Device,
    /// Batches that are left, the longest texts last: they are taken from the end.
    batches: Vec<Vec<u32>>,
    total_batches: usize,
    /// Vectors of length 1, `[rows, hidden]`.
    vectors: Vec<f32>,
}

impl TextVectors {
    /// Vectors of these texts, which have at most [`max_tokens`] tokens.
    pub(crate) fn new(texts: EncodedTexts, model: &Pretrained, device: &Device) -> Self {
        let lengths: Vec<usize> = (0..texts.len()).map(|row| texts.tokens(row)).collect();
        let batches = batches_by_length(&lengths, BATCH);
        Self {
            vectors: vec![0.0; texts.len() * model.base.hidden()],
            model: TaskModel::new(model.base.clone(), Task::Embeddings, Pooling::Mean, 0, 0, device),
            pad: model.tokenizer.pad_id(),
            device: device.clone(),
            total_batches: batches.len(),
            batches,
            texts,
        }
    }

    /// Computes the next batch. Returns false if none is left.
    ///
    /// # Errors
    /// If the device fails.
    pub(crate) async fn advance(&mut self) -> Result<bool, Diagnostic> {
        let Some(rows) = self.batches.pop() else { return Ok(false) };
        let batch = self.texts.batch(&rows, rows.len(), MAX_TOKENS, self.pad);
        let vectors = self.model.forward(Input::new(&batch, &self.device), &mut Dropout::off());
        let [_, hidden] = vectors.dims();
        let values = device_to_host(vectors).await?;
        for (&row, vector) in rows.iter().zip(values.chunks(hidden)) {
            self.vectors[row as usize * hidden..][..hidden].copy_from_slice(vector);
        }
        Ok(true)
    }

    /// The fraction that is done.
    pub(crate) fn fraction(&self) -> f64 {
        1.0 - self.batches.len() as f64 / self.total_batches.max(1) as f64
    }

    /// The vectors, `[rows, hidden]`; zeros for those that are not computed yet.
    pub(crate) fn vectors(&self) -> &[f32] {
        &self.vectors
    }

    /// The device.
    pub(crate) fn device(&self) -> &Device {
        &self.device
    }
}
