//! Choice of the next token from its logits, with the processors of transformers' `generate`.

use crate::generate::sampling::Sampling;
use crate::metrics::argmax;
use crate::rng::{Rng, Stream};

/// Chooses the next token from its logits.
#[derive(Debug)]
pub(crate) struct LogitsProcessor {
    sampling: Sampling,
    rng: Rng,
}

impl LogitsProcessor {
    pub(crate) fn new(sampling: Sampling) -> Self {
        Self { rng: Rng::new(u64::from(sampling.seed), Stream::Sampling, 0), sampling }
    }

    /// Id of the token that follows `ids`, given the logits `[vocab]`.
    pub(crate) fn next_token(&mut self, mut logits: Vec<f32>, ids: &[u32]) -> u32 {
        apply_repetition_penalty(&mut logits, ids, self.sampling.repetition_penalty);
        if self.sampling.temperature == 0.0 { argmax(&logits) as u32 } else { self.sample(&logits) }
    }

    /// Samples from the softmax at the temperature, restricted by top-k (Fan et al. 2018) and top-p (Holtzman et al. 2020,
    /// "The curious case of neural text degeneration").
    fn sample(&mut self, logits: &[f32]) -> u32 {
        let Sampling { temperature, top_k, top_p, .. } = self.sampling;
        let mut ids: Vec<u32> = (0..logits.len() as u32).collect();
        ids.sort_by(|&a, &b| logits[b as usize].total_cmp(&logits[a as usize]).then(a.cmp(&b)));
        if top_k > 0 {
            ids.truncate(top_k as usize);
        }
        let largest = logits[ids[0] as usize];
        let weight = |&id: &u32| (f64::from(logits[id as usize] - largest) / temperature).exp();
        let weights: Vec<f64> = ids.iter().map(weight).collect();
        let total: f64 = weights.iter().sum();
        // The token that crosses top_p is kept.
        let mut sum = 0.0;
        let reaches_top_p = |weight: &f64| {
            sum += weight;
            sum >= top_p * total
        };
        let kept = weights.iter().position(reaches_top_p).map_or(weights.len(), |last| last + 1);
        let mut rest = f64::from(self.rng.uniform()) * weights[..kept].iter().sum::<f64>();
        for (id, weight) in ids.iter().zip(&weights[..kept]) {
            rest -= weight;
            if rest < 0.0 {
                return *id;
            }
        }
        ids[kept - 1]
    }
}

/// Penalizes tokens that are already in the text (Keskar et al. 2019, "CTRL"), as transformers'
/// `RepetitionPenaltyLogitsProcessor`.
fn apply_repetition_penalty(logits: &mut [f32], ids: &[u32], penalty: f64) {
    if penalty == 1.0 {
        return;
    }
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        if let Some(logit) = logits.get_mut(id as usize) {
            *logit = if *logit < 0.0 { *logit * penalty as f32 } else { *logit / penalty as f32 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGITS: [f32; 4] = [1.0, 3.0, 2.0, -1.0];

    /// Number of times each token is chosen in 2,000 draws.
    fn counts(sampling: Sampling) -> Vec<u32> {
        let mut processor = LogitsProcessor::new(sampling);
        let mut counts = vec![0; 4];
        (0..2_000).for_each(|_| counts[processor.next_token(LOGITS.to_vec(), &[]) as usize] += 1);
        counts
    }

    #[test]
    fn temperature_0_takes_the_most_probable_token() {
        assert_eq!(counts(Sampling { temperature: 0.0, ..Sampling::default() }), [0, 2_000, 0, 0]);
    }

    #[test]
    fn frequencies_follow_the_softmax() {
        let counts = counts(Sampling { temperature: 1.0, top_p: 1.0, top_k: 0, ..Sampling::default() });
        // softmax([1, 3, 2, -1])
        for (count, probability) in counts.into_iter().zip([0.0889, 0.6572, 0.2418, 0.0120]) {
            assert!((f64::from(count) / 2e3 - probability).abs() < 0.03, "{count} of 2,000 for {probability}");
        }
    }

    #[test]
    fn tokens_outside_top_k_and_top_p_are_never_sampled() {
        let all = Sampling { temperature: 1.0, top_p: 1.0, top_k: 0, ..Sampling::default() };
        assert_eq!(counts(Sampling { top_k: 1, ..all })[1], 2_000);
        let two = counts(Sampling { top_p: 0.8, ..all });
        assert!(two[1] > 0 && two[2] > 0 && two[0] == 0 && two[3] == 0, "{two:?}");
    }

    #[test]
    fn the_repetition_penalty_lowers_each_used_token_once() {
        let mut logits = LOGITS;
        apply_repetition_penalty(&mut logits, &[1, 3, 1], 2.0);
        assert_eq!(logits, [1.0, 1.5, 2.0, -2.0]);
    }
}
