//! What a frozen bottom of the model makes of each text, computed once and kept: an epoch of the head alone then costs
//! little more than the head.

use burn::tensor::{Device, Tensor, TensorData};

use crate::device_to_host::device_to_host;
use crate::diagnostic::Diagnostic;
use crate::limits::MAX_PREFIX_BYTES;
use crate::model::{Dropout, FrozenPrefix, HiddenStates, Input, TaskModel};
use crate::text::{Batch, EncodedTexts};

/// The kept outputs of a set of texts, in the host's memory.
#[derive(Clone, Debug)]
pub struct PrefixCache {
    frozen_prefix: FrozenPrefix,
    texts: Vec<Option<Box<[f32]>>>,
    bytes: usize,
}

impl Default for PrefixCache {
    /// Nothing is kept yet.
    fn default() -> Self {
        Self { frozen_prefix: FrozenPrefix::None, texts: Vec::new(), bytes: 0 }
    }
}

impl PrefixCache {
    /// Bytes that are kept.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// A batch of the texts `rows`, filled up to `size` rows and computed up to the top of `bottom`: from what is kept,
    /// or anew and then kept, as far as the bound of memory allows. Without dropout: what is kept must always be the
    /// same. Another `bottom` than the last time empties the cache.
    ///
    /// # Errors
    /// When the device fails.
    #[allow(clippy::too_many_arguments, reason = "each is a thing of its own, and one place calls this")]
    pub async fn input(
        &mut self,
        frozen_prefix: FrozenPrefix,
        model: &TaskModel,
        texts: &EncodedTexts,
        rows: &[u32],
        [size, max_length]: [usize; 2],
        pad: u32,
        device: &Device,
    ) -> Result<(Input, usize), Diagnostic> {
        let batch = texts.batch(rows, size, max_length, pad);
        let input = batch.input(device);
        if frozen_prefix == FrozenPrefix::None {
            *self = Self::default();
            return Ok((input, batch.tokens));
        }
        if self.frozen_prefix != frozen_prefix || self.texts.len() != texts.len() {
            *self = Self { frozen_prefix, texts: vec![None; texts.len()], bytes: 0 };
        }
        if let Some(hidden) = self.kept(rows, &batch, model.body.hidden(), device) {
            return Ok((Input { hidden, ..input }, batch.tokens));
        }
        let input = model.forward_to(input, frozen_prefix, &mut Dropout::off());
        self.keep(&input.hidden, rows, texts, &batch).await?;
        Ok((input, batch.tokens))
    }

    /// The batch from what is kept, if all of it is.
    fn kept(&self, rows: &[u32], batch: &Batch, hidden: usize, device: &Device) -> Option<HiddenStates> {
        let texts: Vec<&[f32]> =
            rows.iter().map(|&row| self.texts[row as usize].as_deref()).collect::<Option<Vec<_>>>()?;
        let width = self.frozen_prefix.width(batch.len, hidden);
        let mut values = vec![0.0; batch.rows * width];
        for (place, text) in values.chunks_mut(width).zip(texts) {
            place[..text.len()].copy_from_slice(text);
        }
        Some(match self.frozen_prefix {
            FrozenPrefix::Layers(count) => {
                let shape = [batch.rows, batch.len, hidden];
                HiddenStates::Tokens(count, Tensor::from_data(TensorData::new(values, shape), device))
            }
            _ => HiddenStates::Sentence(Tensor::from_data(TensorData::new(values, [batch.rows, hidden]), device)),
        })
    }

    async fn keep(
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
        let width = frozen_prefix.width(batch.len, size);
        let own_width = |row: u32| frozen_prefix.width(texts.tokens(row as usize), size);
        let needed: usize = rows.iter().map(|&row| own_width(row) * size_of::<f32>()).sum();
        if self.bytes + needed > MAX_PREFIX_BYTES {
            return Ok(());
        }
        let values: Vec<f32> = device_to_host(values).await?;
        for (&row, values) in rows.iter().zip(values.chunks(width)) {
            let text = &mut self.texts[row as usize];
            if text.is_none() {
                let own = &values[..own_width(row)];
                self.bytes += size_of_val(own);
                *text = Some(own.into());
            }
        }
        Ok(())
    }
}
