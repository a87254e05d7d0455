//! Vectors of texts by a model, and of their words, batch by batch.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::dataset::Example;
use crate::device_to_host::device_to_host;
use crate::diagnostic::Diagnostic;
use crate::model::{BaseModel, Dropout, FrozenPrefix, HiddenStates, Input, TaskModel};
use crate::pretrained::Pretrained;
use crate::recipe::{Pooling, Task};
use crate::text::{Batch, EncodedRows, EncodedTexts, batches_by_length};

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
    /// Maximum length of the texts, in tokens.
    max_length: usize,
    pad: u32,
    device: Device,
    /// Batches that are left, the longest texts last: they are taken from the end.
    batches: Vec<Vec<u32>>,
    total_batches: usize,
    /// Vectors of length 1, `[rows, hidden]`.
    vectors: Vec<f32>,
    /// The vectors of words, if they are wanted.
    words: Option<WordVectors>,
}

/// Hidden states of the first token of each word.
#[derive(Debug)]
struct WordVectors {
    /// For each text, the first tokens of its words.
    places: Vec<Vec<u32>>,
    /// Number of words before each text.
    before: Vec<usize>,
    /// `[words, hidden]`.
    vectors: Vec<f32>,
}

impl TextVectors {
    /// Vectors of these texts, which have at most [`max_tokens`] tokens, by the loaded model.
    pub(crate) fn new(texts: EncodedTexts, model: &Pretrained, device: &Device) -> Self {
        Self::of_base(texts, max_tokens(model), model.base.clone(), Pooling::Mean, model.tokenizer.pad_id(), device)
    }

    /// Vectors of these texts, which have at most `max_length` tokens, by a network.
    pub(crate) fn of_base(
        texts: EncodedTexts,
        max_length: usize,
        base: BaseModel,
        pooling: Pooling,
        pad: u32,
        device: &Device,
    ) -> Self {
        let lengths: Vec<usize> = (0..texts.len()).map(|row| texts.tokens(row)).collect();
        let batches = batches_by_length(&lengths, BATCH);
        Self {
            vectors: vec![0.0; texts.len() * base.hidden()],
            model: TaskModel::new(base, Task::Embeddings, pooling, 0, 0, device),
            max_length,
            pad,
            device: device.clone(),
            total_batches: batches.len(),
            batches,
            texts,
            words: None,
        }
    }

    /// Also computes the vectors of words, given by the index of their first tokens in each text.
    pub(crate) fn with_words(mut self, places: Vec<Vec<u32>>) -> Self {
        let (mut words, mut before) = (0, Vec::with_capacity(places.len()));
        for of_text in &places {
            before.push(words);
            words += of_text.len();
        }
        let vectors = vec![0.0; words * self.model.base.hidden()];
        self.words = Some(WordVectors { places, before, vectors });
        self
    }

    /// Computes the next batch. Returns false if none is left.
    ///
    /// # Errors
    /// If the device fails.
    pub(crate) async fn advance(&mut self) -> Result<bool, Diagnostic> {
        let Some(rows) = self.batches.pop() else { return Ok(false) };
        let batch = self.batch(&rows);
        let all_layers = FrozenPrefix::Layers(self.model.base.layers());
        let input = self.model.forward_to(Input::new(&batch, &self.device), all_layers, &mut Dropout::off());
        if let (Some(words), HiddenStates::Tokens(_, tokens)) = (&mut self.words, &input.hidden) {
            words.add(&rows, tokens.clone()).await?;
        }
        let vectors = self.model.forward(input, &mut Dropout::off());
        let [_, hidden] = vectors.dims();
        let values = device_to_host(vectors).await?;
        for (&row, vector) in rows.iter().zip(values.chunks(hidden)) {
            self.vectors[row as usize * hidden..][..hidden].copy_from_slice(vector);
        }
        Ok(true)
    }

    fn batch(&self, rows: &[u32]) -> Batch {
        self.texts.batch(rows, rows.len(), self.max_length, self.pad)
    }

    /// The fraction that is done.
    pub(crate) fn fraction(&self) -> f64 {
        1.0 - self.batches.len() as f64 / self.total_batches.max(1) as f64
    }

    /// The vectors, `[rows, hidden]`; zeros for those that are not computed yet.
    pub(crate) fn vectors(&self) -> &[f32] {
        &self.vectors
    }

    /// The vectors of all words, `[words, hidden]`, text by text; none if they were not asked for.
    pub(crate) fn word_vectors(&self) -> Option<&[f32]> {
        self.words.as_ref().map(|words| words.vectors.as_slice())
    }

    /// The device.
    pub(crate) fn device(&self) -> &Device {
        &self.device
    }
}

impl WordVectors {
    /// Takes the words of these rows from the hidden states of their tokens, `[rows, seq, hidden]`.
    async fn add(&mut self, rows: &[u32], tokens: Tensor<3>) -> Result<(), Diagnostic> {
        let [batch, len, hidden] = tokens.dims();
        let of_row = |(nth, &row): (usize, &u32)| {
            self.places[row as usize].iter().map(move |&at| (nth * len + at as usize) as i32).collect::<Vec<_>>()
        };
        let places: Vec<i32> = rows.iter().enumerate().flat_map(of_row).collect();
        if places.is_empty() {
            return Ok(());
        }
        let places = Tensor::<1, Int>::from_data(TensorData::new(places.clone(), [places.len()]), &tokens.device());
        let values = device_to_host(tokens.reshape([batch * len, hidden]).select(0, places)).await?;
        let mut rest = values.as_slice();
        for &row in rows {
            let (own, others) = rest.split_at(self.places[row as usize].len() * hidden);
            self.vectors[self.before[row as usize] * hidden..][..own.len()].copy_from_slice(own);
            rest = others;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BertConfig, ModelConfig, synthetic};
    use crate::recipe::Family;

    #[test]
    fn long_texts_share_a_few_padded_lengths() {
        let config = ModelConfig::Bert(BertConfig {
            family: Family::Bert,
            vocab: 8,
            hidden: 8,
            layers: 1,
            heads: 1,
            intermediate_size: 8,
            max_position_embeddings: 512,
            token_types: 1,
            layer_norm_eps: 1e-12,
            padding_idx: None,
            embedding_size: 8,
        });
        let base = synthetic(&config, 1, 0.1, &Device::flex()).unwrap().base;
        let mut texts = EncodedTexts::default();
        [100, 130, 150, 300].into_iter().for_each(|tokens| texts.push(&vec![1; tokens]));
        let vectors = TextVectors::of_base(texts, 512, base, Pooling::Mean, 0, &Device::flex());
        assert_eq!([0, 1, 2, 3].map(|row| vectors.batch(&[row]).len), [128, 192, 192, 320]);
    }
}
