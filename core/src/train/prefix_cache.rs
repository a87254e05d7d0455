//! A cache of the frozen lower layers' outputs for each text. An epoch that trains the head alone then costs little
//! more than the head.

use burn::tensor::{Device, Tensor, TensorData};

use crate::device_to_host::device_to_host;
use crate::diagnostic::Diagnostic;
use crate::limits::MAX_PREFIX_BYTES;
use crate::model::{Dropout, FrozenPrefix, HiddenStates, Input, TaskModel};
use crate::text::{Batch, EncodedTexts};

/// Hidden states of texts at the top of a frozen prefix, in host memory.
#[derive(Clone, Debug)]
pub struct PrefixCache {
    frozen_prefix: FrozenPrefix,
    /// Hidden states of each text, without padding.
    texts: Vec<Option<Box<[f32]>>>,
    bytes: usize,
}

impl Default for PrefixCache {
    /// An empty cache.
    fn default() -> Self {
        Self { frozen_prefix: FrozenPrefix::None, texts: Vec::new(), bytes: 0 }
    }
}

impl PrefixCache {
    /// Size of the cached values, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Model input of `batch`, which holds the texts `rows`, at the top of the frozen prefix: from the cache, or computed
    /// and then cached while the memory limit allows it. The prefix runs without dropout, so that its output is always
    /// the same. Another prefix than the last empties the cache.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn input(
        &mut self,
        frozen_prefix: FrozenPrefix,
        model: &TaskModel,
        texts: &EncodedTexts,
        rows: &[u32],
        batch: &Batch,
        device: &Device,
    ) -> Result<Input, Diagnostic> {
        let input = Input::new(batch, device);
        if frozen_prefix == FrozenPrefix::None {
            *self = Self::default();
            return Ok(input);
        }
        if self.frozen_prefix != frozen_prefix || self.texts.len() != texts.len() {
            *self = Self { frozen_prefix, texts: vec![None; texts.len()], bytes: 0 };
        }
        if let Some(hidden) = self.get(rows, batch, model.base.hidden(), device) {
            return Ok(Input { hidden, ..input });
        }
        let input = model.forward_to(input, frozen_prefix, &mut Dropout::off());
        self.insert(&input.hidden, rows, texts, batch).await?;
        Ok(input)
    }

    /// Returns true if [`input`](Self::input) would cache outputs of a batch of the texts `rows`, which have `hidden`
    /// values per token.
    pub fn would_cache(&self, frozen_prefix: FrozenPrefix, texts: &EncodedTexts, rows: &[u32], hidden: usize) -> bool {
        if frozen_prefix == FrozenPrefix::None {
            return false;
        }
        let is_same = self.frozen_prefix == frozen_prefix && self.texts.len() == texts.len();
        let is_cached = |&row: &u32| is_same && self.texts[row as usize].is_some();
        let bytes = if is_same { self.bytes } else { 0 };
        !rows.iter().all(is_cached) && bytes + needed_bytes(frozen_prefix, texts, rows, hidden) <= MAX_PREFIX_BYTES
    }

    /// Cached hidden states of a batch; none unless every row is cached.
    fn get(&self, rows: &[u32], batch: &Batch, hidden: usize, device: &Device) -> Option<HiddenStates> {
        let texts: Vec<&[f32]> =
            rows.iter().map(|&row| self.texts[row as usize].as_deref()).collect::<Option<Vec<_>>>()?;
        let width = self.frozen_prefix.width(batch.len, hidden);
        let mut values = vec![0.0; batch.rows * width];
        for (padded, text) in values.chunks_mut(width).zip(texts) {
            padded[..text.len()].copy_from_slice(text);
        }
        Some(match self.frozen_prefix {
            FrozenPrefix::Layers(count) => {
                let shape = [batch.rows, batch.len, hidden];
                HiddenStates::Tokens(count, Tensor::from_data(TensorData::new(values, shape), device))
            }
            _ => HiddenStates::Sentence(Tensor::from_data(TensorData::new(values, [batch.rows, hidden]), device)),
        })
    }

    /// Caches the hidden states of a batch, if they fit the memory limit.
    async fn insert(
        &mut self,
        hidden: &HiddenStates,
        rows: &[u32],
        texts: &EncodedTexts,
        batch: &Batch,
    ) -> Result<(), Diagnostic> {
        let (values, size) = match hidden {
            HiddenStates::Ids(_) => return Ok(()),
            HiddenStates::Tokens(_, x) => (x.clone().reshape([x.shape().num_elements()]), x.dims()[2]),
            HiddenStates::Sentence(x) => (x.clone().reshape([x.shape().num_elements()]), x.dims()[1]),
        };
        let frozen_prefix = self.frozen_prefix;
        let padded_width = frozen_prefix.width(batch.len, size);
        let width = |row: u32| frozen_prefix.width(texts.tokens(row as usize), size);
        if self.bytes + needed_bytes(frozen_prefix, texts, rows, size) > MAX_PREFIX_BYTES {
            return Ok(());
        }
        let values: Vec<f32> = device_to_host(values).await?;
        for (&row, values) in rows.iter().zip(values.chunks(padded_width)) {
            let text = &mut self.texts[row as usize];
            if text.is_none() {
                let values = &values[..width(row)];
                self.bytes += size_of_val(values);
                *text = Some(values.into());
            }
        }
        Ok(())
    }
}

/// Size of the cached outputs of the texts `rows`, in bytes.
fn needed_bytes(frozen_prefix: FrozenPrefix, texts: &EncodedTexts, rows: &[u32], hidden: usize) -> usize {
    rows.iter().map(|&row| frozen_prefix.width(texts.tokens(row as usize), hidden) * size_of::<f32>()).sum()
}
