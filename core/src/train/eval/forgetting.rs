//! How far fine-tuning has moved a model: general sentences, which have nothing to do with the task, are put through
//! it before and after.

use burn::tensor::Device;

use crate::device_to_host::device_to_host;
use crate::diagnostic::Diagnostic;
use crate::metrics::perplexity;
use crate::model::{Dropout, FrozenPrefix, TaskModel};
use crate::run::{Forgetting, PerplexityChange};
use crate::text::{EncodedTexts, Tokenizer, batches_by_length};
use crate::train::eval::predict::token_log_probs;
use crate::train::targets::TargetTokens;

/// Most tokens of a general sentence, where the model can read as many; none of them has more in the vocabularies of the
/// BERT family.
const LONGEST: usize = 64;

/// 200 sentences about everything, one a line.
const GENERAL_SENTENCES: &str = include_str!("general_sentences.txt");

/// The general sentences in the tokens of a model that reads at most `positions` of them.
///
/// # Errors
/// When the tokenizer cannot split one.
pub fn general_texts(tokenizer: &Tokenizer, positions: usize) -> Result<EncodedTexts, Diagnostic> {
    let mut texts = EncodedTexts::default();
    for sentence in GENERAL_SENTENCES.lines() {
        let mut ids = tokenizer.encode(sentence, usize::MAX)?;
        tokenizer.cut(&mut ids, LONGEST.min(positions));
        texts.push(&ids);
    }
    Ok(texts)
}

/// A comparison under way.
#[derive(Debug)]
pub(crate) struct ForgettingProbe {
    batches: Vec<Vec<u32>>,
    done: usize,
    rows: usize,
    before: Vec<Vec<f32>>,
    after: Vec<Vec<f32>>,
    /// Of a decoder: tokens token_log_probs, and the sums of their −log p before and after.
    token_log_probs: (usize, [f64; 2]),
}

impl ForgettingProbe {
    pub(crate) fn new(texts: &EncodedTexts, rows: usize) -> Self {
        let lengths: Vec<usize> = (0..texts.len()).map(|i| texts.tokens(i)).collect();
        let (before, after) = (Vec::new(), Vec::new());
        Self {
            batches: batches_by_length(&lengths, rows),
            done: 0,
            rows,
            before,
            after,
            token_log_probs: (0, [0.0; 2]),
        }
    }

    /// Batches done, and batches in all.
    pub(crate) fn progress(&self) -> (u32, u32) {
        (self.done as u32, self.batches.len() as u32)
    }

    /// Puts the next batch through the models before and after.
    pub(crate) async fn advance(
        &mut self,
        [before, after]: [&TaskModel; 2],
        texts: &EncodedTexts,
        pad: u32,
        device: &Device,
    ) -> Result<(), Diagnostic> {
        let Some(batch) = self.batches.get(self.done) else { return Ok(()) };
        let rows = batch.len();
        let longest = LONGEST.min(after.body.positions().unwrap_or(LONGEST));
        let batch = texts.batch(batch, self.rows, longest, pad);
        for (i, model) in [before, after].into_iter().enumerate() {
            let layers = FrozenPrefix::Layers(model.body.layers());
            let input = model.forward_to(batch.input(device), layers, &mut Dropout::off());
            if model.body.family().is_decoder() {
                let asked = TargetTokens::all_of(&batch, rows);
                let tokens = asked.tokens();
                let logs = token_log_probs(model, input.clone(), asked).await?;
                self.token_log_probs.1[i] -= logs[..tokens].iter().copied().map(f64::from).sum::<f64>();
            }
            let x = model.sentence(input, &mut Dropout::off());
            let [_, size] = x.dims();
            let values = device_to_host(x).await?;
            let vectors = if i == 0 { &mut self.before } else { &mut self.after };
            vectors.extend(values.chunks(size).take(rows).map(<[f32]>::to_vec));
        }
        self.token_log_probs.0 += batch.tokens - rows;
        self.done += 1;
        Ok(())
    }

    /// What came of it.
    pub(crate) fn finish(self) -> Forgetting {
        let (tokens, sums) = self.token_log_probs;
        let [before, after] = sums.map(|sum| perplexity(sum / tokens.max(1) as f64));
        Forgetting {
            perplexity: before
                .zip(after)
                .filter(|_| sums[0] > 0.0)
                .map(|(before, after)| PerplexityChange { before, after }),
            ..compare(&self.before, &self.after)
        }
    }
}

/// Compares the vectors of the same sentences before and after: the mean cosine of each pair, and the correlation
/// (Pearson) of the cosines between all sentences, which does not mind that the whole space was turned.
pub fn compare(before: &[Vec<f32>], after: &[Vec<f32>]) -> Forgetting {
    let [before, after] = [before, after].map(|vectors| vectors.iter().map(|v| unit(v)).collect::<Vec<_>>());
    let cosines: Vec<f64> = before.iter().zip(&after).map(|(a, b)| dot(a, b)).collect();
    let similarities = |vectors: &[Vec<f64>]| {
        let pairs = (0..vectors.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
        pairs.map(|(i, j)| dot(&vectors[i], &vectors[j])).collect::<Vec<f64>>()
    };
    let cosine = cosines.iter().sum::<f64>() / cosines.len().max(1) as f64;
    let agreement = correlation(&similarities(&before), &similarities(&after));
    Forgetting { cosine, agreement, sentences: cosines.len() as u32, perplexity: None }
}

fn unit(vector: &[f32]) -> Vec<f64> {
    let length = vector.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt().max(1e-12);
    vector.iter().map(|&x| f64::from(x) / length).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Pearson's r; 1 where both are equal, even if they do not vary.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    if a == b {
        return 1.0;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let centered = |values: &[f64]| {
        let middle = mean(values);
        values.iter().map(|x| x - middle).collect::<Vec<_>>()
    };
    let (a, b) = (centered(a), centered(b));
    dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt().max(1e-12)
}
