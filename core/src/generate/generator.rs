//! Writing on from a prompt, token by token.

use crate::device_to_host::device_to_host;
use crate::diagnostic::Diagnostic;
use crate::generate::Sampling;
use crate::limits::MAX_PROMPT_PIECE;
use crate::model::{BaseModel, Cache, TaskModel};
use crate::rng::{Rng, Stream};

/// Values of an attention that stand in memory at the same time: scores, the same with what must not be seen taken off,
/// and their softmax.
const ATTENTION_COPIES: usize = 3;

/// A text that is being written.
#[derive(Debug)]
pub struct Generator {
    sampling: Sampling,
    cache: Cache,
    /// Tokens that the model has not seen yet.
    unseen: Vec<u32>,
    /// Prompt and what was written.
    ids: Vec<u32>,
    prompt_tokens: usize,
    /// Tokens that end a text.
    eos_ids: Vec<u32>,
    rng: Rng,
    is_over: bool,
}

impl Generator {
    /// A text that begins with `prompt`, of at least one token, and ends with any of `ends`.
    pub fn new(prompt: &[u32], sampling: Sampling, eos_ids: &[u32]) -> Self {
        Self {
            rng: Rng::new(u64::from(sampling.seed), Stream::Sampling, 0),
            is_over: prompt.is_empty() || sampling.max_new_tokens == 0,
            sampling,
            cache: Cache::default(),
            unseen: prompt.to_vec(),
            ids: prompt.to_vec(),
            prompt_tokens: prompt.len(),
            eos_ids: eos_ids.to_vec(),
        }
    }

    /// What was written so far.
    pub fn generated(&self) -> &[u32] {
        &self.ids[self.prompt_tokens..]
    }

    /// Whether the prompt has not been read to its end.
    pub fn is_reading_prompt(&self) -> bool {
        !self.is_over && self.cache.tokens() < self.prompt_tokens
    }

    /// Whether nothing more will come.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Reads the next piece of the prompt, or writes the next token.
    ///
    /// # Errors
    /// When the device fails, or the model gives no finite scores.
    pub async fn advance(&mut self, model: &TaskModel) -> Result<(), Diagnostic> {
        if self.is_over {
            return Ok(());
        }
        let rest = self.unseen.split_off(self.unseen.len().min(MAX_PROMPT_PIECE));
        let piece = std::mem::replace(&mut self.unseen, rest);
        // Those of a piece in the middle say nothing new: they are read to await the device.
        let mut scores = device_to_host(model.body.next_scores(&piece, &mut self.cache)).await?;
        if scores.iter().any(|score| score.is_nan()) {
            self.is_over = true;
            return Err(Diagnostic::new("generate.not-finite", "The model gave no finite scores.")
                .done("Writing stopped.")
                .remedy("Train again with a lower learning rate."));
        }
        if self.is_reading_prompt() {
            return Ok(());
        }
        apply_repetition_penalty(&mut scores, &self.ids, self.sampling.repetition_penalty);
        let id = choose(&scores, &self.sampling, &mut self.rng);
        if self.eos_ids.contains(&id) {
            self.is_over = true;
            return Ok(());
        }
        self.ids.push(id);
        self.unseen.push(id);
        let is_full = model.body.positions().is_some_and(|positions| self.ids.len() >= positions);
        self.is_over = is_full || self.generated().len() >= self.sampling.max_new_tokens as usize;
        Ok(())
    }
}

/// Memory that `writers` texts take for each of their tokens, in bytes: keys and values in every layer, and the attention
/// of a piece of one prompt over it.
pub fn bytes_per_token(body: &BaseModel, generators: usize) -> f64 {
    let attention = ATTENTION_COPIES * body.sizes().heads * MAX_PROMPT_PIECE;
    ((generators * body.kept_by_token() + attention) * size_of::<f32>()) as f64
}

/// Makes what stands in the text already less likely (Keskar et al. 2019), as transformers'
/// `RepetitionPenaltyLogitsProcessor`.
fn apply_repetition_penalty(scores: &mut [f32], ids: &[u32], penalty: f64) {
    if penalty == 1.0 {
        return;
    }
    let mut seen = ids.to_vec();
    seen.sort_unstable();
    seen.dedup();
    for id in seen {
        if let Some(score) = scores.get_mut(id as usize) {
            *score = if *score < 0.0 { *score * penalty as f32 } else { *score / penalty as f32 };
        }
    }
}

/// The next token: the likeliest at a temperature of 0, else one drawn from the `top_k` likeliest that together make up
/// `top_p` (Holtzman et al. 2019).
fn choose(scores: &[f32], sampling: &Sampling, rng: &mut Rng) -> u32 {
    if sampling.temperature == 0.0 {
        let mut best = 0;
        for (id, score) in scores.iter().enumerate() {
            if *score > scores[best] {
                best = id;
            }
        }
        return best as u32;
    }
    let mut order: Vec<u32> = (0..scores.len() as u32).collect();
    order.sort_by(|&a, &b| scores[b as usize].total_cmp(&scores[a as usize]).then(a.cmp(&b)));
    if sampling.top_k > 0 {
        order.truncate(sampling.top_k as usize);
    }
    let largest = scores[order[0] as usize];
    let weight = |&id: &u32| (f64::from(scores[id as usize] - largest) / sampling.temperature).exp();
    let weights: Vec<f64> = order.iter().map(weight).collect();
    let all: f64 = weights.iter().sum();
    // As many as it takes to reach the share, the one that does so among them.
    let mut sum = 0.0;
    let reaches = |weight: &f64| {
        sum += weight;
        sum >= sampling.top_p * all
    };
    let kept = weights.iter().position(reaches).map_or(weights.len(), |last| last + 1);
    let mut drawn = f64::from(rng.uniform()) * weights[..kept].iter().sum::<f64>();
    for (id, weight) in order.iter().zip(&weights[..kept]) {
        drawn -= weight;
        if drawn < 0.0 {
            return *id;
        }
    }
    order[kept - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCORES: [f32; 4] = [1.0, 3.0, 2.0, -1.0];

    fn drawn(sampling: Sampling) -> Vec<u32> {
        let mut rng = Rng::new(1, Stream::Sampling, 0);
        let mut counts = vec![0; 4];
        (0..2_000).for_each(|_| counts[choose(&SCORES, &sampling, &mut rng) as usize] += 1);
        counts
    }

    #[test]
    fn what_is_over_at_once_reads_nothing() {
        let generator = |prompt, max_new_tokens| {
            let sampling = Sampling { max_new_tokens, ..Sampling::default() };
            let generator = Generator::new(prompt, sampling, &[]);
            (generator.is_reading_prompt(), generator.is_over())
        };
        assert_eq!(generator(&[1], 0), (false, true));
        assert_eq!(generator(&[], 5), (false, true));
        assert_eq!(generator(&[1], 5), (true, false));
    }

    #[test]
    fn without_temperature_the_likeliest_is_taken() {
        assert_eq!(drawn(Sampling { temperature: 0.0, ..Sampling::default() }), [0, 2_000, 0, 0]);
    }

    #[test]
    fn shares_are_those_of_the_softmax() {
        let counts = drawn(Sampling { temperature: 1.0, top_p: 1.0, top_k: 0, ..Sampling::default() });
        // softmax([1, 3, 2, -1])
        for (count, share) in counts.into_iter().zip([0.0889, 0.6572, 0.2418, 0.0120]) {
            assert!((f64::from(count) / 2e3 - share).abs() < 0.03, "{count} of 2,000 for {share}");
        }
    }

    #[test]
    fn what_is_cut_off_is_never_drawn() {
        let all = Sampling { temperature: 1.0, top_p: 1.0, top_k: 0, ..Sampling::default() };
        assert_eq!(drawn(Sampling { top_k: 1, ..all })[1], 2_000);
        let two = drawn(Sampling { top_p: 0.8, ..all });
        assert!(two[1] > 0 && two[2] > 0 && two[0] == 0 && two[3] == 0, "{two:?}");
    }

    #[test]
    fn a_token_that_stands_already_gets_less_likely() {
        let mut scores = SCORES;
        apply_repetition_penalty(&mut scores, &[1, 3, 1], 2.0);
        assert_eq!(scores, [1.0, 1.5, 2.0, -2.0]);
    }
}
