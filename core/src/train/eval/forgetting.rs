//! Measurement of forgetting: general sentences, unrelated to the task, are run through the base model and the tuned
//! model.

use burn::tensor::Device;

use crate::device_to_host::device_to_host;
use crate::diagnostic::Diagnostic;
use crate::metrics::perplexity;
use crate::model::{Dropout, FrozenPrefix, Input, TaskModel};
use crate::run::{Forgetting, PerplexityChange};
use crate::text::{EncodedTexts, Tokenizer, batches_by_length};
use crate::train::eval::predict::token_log_probs;
use crate::train::target_tokens::TargetTokens;

/// Most tokens of a general sentence, if the model's context allows it. No sentence is longer in the vocabularies of the
/// BERT family.
const MAX_TOKENS: usize = 64;

/// 200 sentences on many subjects, one per line.
const GENERAL_SENTENCES: &str = include_str!("general_sentences.txt");

/// Token ids of the general sentences for a model with a context of `max_positions` tokens.
///
/// # Errors
/// If the tokenizer fails on a sentence.
pub fn general_texts(tokenizer: &Tokenizer, max_positions: usize) -> Result<EncodedTexts, Diagnostic> {
    let mut texts = EncodedTexts::default();
    for sentence in GENERAL_SENTENCES.lines() {
        let mut ids = tokenizer.encode(sentence, usize::MAX)?;
        tokenizer.cut(&mut ids, MAX_TOKENS.min(max_positions));
        texts.push(&ids);
    }
    Ok(texts)
}

/// Outputs of one of the two models for the sentences.
#[derive(Debug, Default)]
struct ModelOutputs {
    /// Embedding of each sentence, `[hidden]`.
    embeddings: Vec<Vec<f32>>,
    /// Sum of −log p of all tokens; 0 for an encoder.
    nll: f64,
}

/// A measurement of forgetting, in progress.
#[derive(Debug)]
pub(in crate::train) struct ForgettingProbe {
    batches: Vec<Vec<u32>>,
    done: usize,
    batch_size: usize,
    before: ModelOutputs,
    after: ModelOutputs,
    /// Tokens scored so far, in each model.
    tokens: usize,
}

impl ForgettingProbe {
    pub(in crate::train) fn new(texts: &EncodedTexts, batch_size: usize) -> Self {
        let lengths: Vec<usize> = (0..texts.len()).map(|i| texts.tokens(i)).collect();
        Self {
            batches: batches_by_length(&lengths, batch_size),
            done: 0,
            batch_size,
            before: ModelOutputs::default(),
            after: ModelOutputs::default(),
            tokens: 0,
        }
    }

    /// Batches done.
    pub(in crate::train) fn done(&self) -> u32 {
        self.done as u32
    }

    /// Batches in all.
    pub(in crate::train) fn total(&self) -> u32 {
        self.batches.len() as u32
    }

    /// Runs the next batch through the base and the tuned model.
    ///
    /// # Errors
    /// If the device fails.
    pub(in crate::train) async fn advance(
        &mut self,
        base: &TaskModel,
        tuned: &TaskModel,
        texts: &EncodedTexts,
        pad: u32,
        device: &Device,
    ) -> Result<(), Diagnostic> {
        let Some(batch) = self.batches.get(self.done) else { return Ok(()) };
        let rows = batch.len();
        let max_length = MAX_TOKENS.min(tuned.base.max_positions().unwrap_or(MAX_TOKENS));
        let batch = texts.batch(batch, self.batch_size, max_length, pad);
        for (model, outputs) in [(base, &mut self.before), (tuned, &mut self.after)] {
            let layers = FrozenPrefix::Layers(model.base.layers());
            let input = model.forward_to(Input::new(&batch, device), layers, &mut Dropout::off());
            if model.base.family().is_decoder() {
                let targets = TargetTokens::of_batch(&batch, rows);
                let count = targets.count();
                let log_probs = token_log_probs(model, input.clone(), targets).await?;
                outputs.nll -= log_probs[..count].iter().copied().map(f64::from).sum::<f64>();
            }
            let x = model.sentence(input, &mut Dropout::off());
            let [_, hidden] = x.dims();
            let values = device_to_host(x).await?;
            outputs.embeddings.extend(values.chunks(hidden).take(rows).map(<[f32]>::to_vec));
        }
        self.tokens += batch.tokens - rows;
        self.done += 1;
        Ok(())
    }

    /// Result of the measurement.
    pub(in crate::train) fn finish(self) -> Forgetting {
        let is_decoder = self.before.nll > 0.0;
        let perplexity = |outputs: &ModelOutputs| perplexity(outputs.nll / self.tokens.max(1) as f64);
        let change = perplexity(&self.before).zip(perplexity(&self.after));
        let change = change.filter(|_| is_decoder).map(|(before, after)| PerplexityChange { before, after });
        Forgetting { perplexity: change, ..compare_embeddings(&self.before.embeddings, &self.after.embeddings) }
    }
}

/// Compares the embeddings of the same sentences before and after training: the mean cosine of each pair, and the Pearson
/// correlation of the cosines between all pairs of sentences, which is invariant to a rotation of the whole space.
pub fn compare_embeddings(before: &[Vec<f32>], after: &[Vec<f32>]) -> Forgetting {
    let [before, after] = [before, after].map(|embeddings| embeddings.iter().map(|v| unit(v)).collect::<Vec<_>>());
    let cosines: Vec<f64> = before.iter().zip(&after).map(|(a, b)| dot(a, b)).collect();
    let similarities = |embeddings: &[Vec<f64>]| {
        let pairs = (0..embeddings.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
        pairs.map(|(i, j)| dot(&embeddings[i], &embeddings[j])).collect::<Vec<f64>>()
    };
    let cosine = cosines.iter().sum::<f64>() / cosines.len().max(1) as f64;
    let agreement = correlation(&similarities(&before), &similarities(&after));
    Forgetting { cosine, agreement, sentences: cosines.len() as u32, perplexity: None }
}

/// The vector scaled to length 1.
fn unit(vector: &[f32]) -> Vec<f64> {
    let length = vector.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt().max(1e-12);
    vector.iter().map(|&x| f64::from(x) / length).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Pearson's r; 1 if both are equal, even if they are constant.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    if a == b {
        return 1.0;
    }
    let centered = |values: &[f64]| {
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        values.iter().map(|x| x - mean).collect::<Vec<_>>()
    };
    let (a, b) = (centered(a), centered(b));
    dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt().max(1e-12)
}
