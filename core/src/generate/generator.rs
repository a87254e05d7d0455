//! Autoregressive decoding with a key-value cache.

use crate::device_to_host::device_to_host;
use crate::diagnostic::Diagnostic;
use crate::generate::logits::LogitsProcessor;
use crate::generate::sampling::Sampling;
use crate::limits::MAX_PROMPT_PIECE;
use crate::model::{BaseModel, KvCache, TaskModel};

/// Copies of the attention scores that are in memory at the same time: the scores, the masked scores and their softmax.
const ATTENTION_COPIES: usize = 3;

/// A text that is being generated.
#[derive(Debug)]
pub struct Generator {
    processor: LogitsProcessor,
    cache: KvCache,
    /// Tokens that the model has not read yet.
    unread: Vec<u32>,
    /// Prompt and generated tokens.
    ids: Vec<u32>,
    prompt_tokens: usize,
    max_new_tokens: usize,
    /// Tokens that end the text.
    eos_ids: Vec<u32>,
    is_over: bool,
}

impl Generator {
    /// Continues `prompt`, token ids, until one of `eos_ids` is chosen. An empty prompt generates nothing.
    pub fn new(prompt: &[u32], sampling: Sampling, eos_ids: &[u32]) -> Self {
        Self {
            processor: LogitsProcessor::new(sampling),
            is_over: prompt.is_empty() || sampling.max_new_tokens == 0,
            cache: KvCache::default(),
            unread: prompt.to_vec(),
            ids: prompt.to_vec(),
            prompt_tokens: prompt.len(),
            max_new_tokens: sampling.max_new_tokens as usize,
            eos_ids: eos_ids.to_vec(),
        }
    }

    /// Token ids generated so far, without the prompt.
    pub fn generated(&self) -> &[u32] {
        &self.ids[self.prompt_tokens..]
    }

    /// Returns true until the whole prompt has been read.
    pub fn is_reading_prompt(&self) -> bool {
        !self.is_over && self.cache.tokens() < self.prompt_tokens
    }

    /// Returns true once the text is complete.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Reads the next piece of the prompt, or generates the next token.
    ///
    /// # Errors
    /// If the device fails, or `generate.not-finite` if a logit is NaN.
    pub async fn advance(&mut self, model: &TaskModel) -> Result<(), Diagnostic> {
        if self.is_over {
            return Ok(());
        }
        let rest = self.unread.split_off(self.unread.len().min(MAX_PROMPT_PIECE));
        let piece = std::mem::replace(&mut self.unread, rest);
        // In the middle of the prompt, only to wait for the device: the host would queue all pieces, each with its attention,
        // and the worker would handle no message before the device is done with them.
        let logits = device_to_host(model.base.next_token_logits(&piece, &mut self.cache)).await?;
        if logits.iter().any(|logit| logit.is_nan()) {
            self.is_over = true;
            return Err(Diagnostic::new("generate.not-finite", "The model's outputs are not finite.")
                .done("Generation stopped.")
                .remedy("Train again with a lower learning rate."));
        }
        if self.is_reading_prompt() {
            return Ok(());
        }
        let id = self.processor.next_token(logits, &self.ids);
        if self.eos_ids.contains(&id) {
            self.is_over = true;
            return Ok(());
        }
        self.ids.push(id);
        self.unread.push(id);
        let is_full = model.base.max_positions().is_some_and(|positions| self.ids.len() >= positions);
        self.is_over = is_full || self.generated().len() >= self.max_new_tokens;
        Ok(())
    }
}

/// Memory for each token of `texts` texts that are generated at the same time, in bytes: keys and values in every layer,
/// and the attention of one piece of a prompt.
pub fn bytes_per_token(base: &BaseModel, texts: usize) -> f64 {
    let attention = ATTENTION_COPIES * base.sizes().heads * MAX_PROMPT_PIECE;
    ((texts * base.kv_values_per_token() + attention) * size_of::<f32>()) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_prompt_or_limit_is_over_at_once() {
        let generator = |prompt, max_new_tokens| {
            let sampling = Sampling { max_new_tokens, ..Sampling::default() };
            let generator = Generator::new(prompt, sampling, &[]);
            (generator.is_reading_prompt(), generator.is_over())
        };
        assert_eq!(generator(&[1], 0), (false, true));
        assert_eq!(generator(&[], 5), (false, true));
        assert_eq!(generator(&[1], 5), (true, false));
    }
}
