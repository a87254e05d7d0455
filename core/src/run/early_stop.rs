//! Early stopping on a validation metric.

use serde::{Deserialize, Serialize};

use crate::metrics::Evaluation;
use crate::recipe::Metric;

/// Score of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BestScore {
    /// Optimizer steps taken before the evaluation.
    pub step: u32,
    /// Score, with its sign flipped if lower is better; none if it is undefined.
    pub score: Option<f64>,
    /// Validation loss, which decides between equal scores.
    pub loss: f64,
}

/// Consequence of an evaluation for a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Improvement {
    /// True if it is the best so far, by however little.
    pub is_best: bool,
    /// True if it is progress, which restarts the patience.
    pub is_progress: bool,
}

/// Finds the best evaluation, and ends a run after `patience` evaluations in a row without progress, as transformers'
/// `EarlyStoppingCallback`.
///
/// Between equal scores the lower loss is better, so a score that never changes decides nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EarlyStop {
    metric: Metric,
    min_delta: f64,
    patience: u32,
    best: Option<BestScore>,
    /// The last evaluation that was progress.
    reference: Option<BestScore>,
    /// True once two scores differed.
    score_varies: bool,
    evaluations_without_progress: u32,
}

impl EarlyStop {
    /// Starts with no evaluations. An evaluation is progress if its score, or its loss as long as all scores are equal, is
    /// better by more than `min_delta` than at the last progress. With a `patience` of 0 the run is never stopped, but the
    /// best score is still tracked.
    pub fn new(metric: Metric, min_delta: f64, patience: u32) -> Self {
        Self {
            metric,
            min_delta,
            patience,
            best: None,
            reference: None,
            score_varies: false,
            evaluations_without_progress: 0,
        }
    }

    /// Records an evaluation. One whose loss is not finite is never the best.
    pub fn observe(&mut self, evaluation: &Evaluation) -> Improvement {
        let score = Some(score_to_maximize(evaluation, self.metric)).filter(|score| score.is_finite());
        let found = BestScore { step: evaluation.step, score, loss: evaluation.loss };
        if !found.loss.is_finite() {
            self.evaluations_without_progress += 1;
            return Improvement::default();
        }
        self.score_varies |= self.reference.is_some_and(|reference| reference.score != found.score);
        let is_best = self.best.is_none_or(|best| found.is_better_than(&best));
        let is_progress = self.reference.is_none_or(|reference| match (found.score, reference.score) {
            _ if !self.score_varies => found.loss < reference.loss - self.min_delta,
            (Some(score), Some(reference)) => score > reference + self.min_delta,
            (score, reference) => score > reference,
        });
        if is_best {
            self.best = Some(found);
        }
        if is_progress {
            self.reference = Some(found);
        }
        self.evaluations_without_progress = if is_progress { 0 } else { self.evaluations_without_progress + 1 };
        Improvement { is_best, is_progress }
    }

    /// Restarts the count, after a change that may improve the score.
    pub fn reset_patience(&mut self) {
        self.evaluations_without_progress = 0;
    }

    /// Returns true if the run should stop.
    pub fn should_stop(&self) -> bool {
        self.patience > 0 && self.evaluations_without_progress >= self.patience
    }

    /// Best score so far.
    pub fn best(&self) -> Option<BestScore> {
        self.best
    }
}

impl BestScore {
    fn is_better_than(&self, other: &Self) -> bool {
        self.score > other.score || (self.score == other.score && self.loss < other.loss)
    }
}

/// Score of an evaluation, with its sign flipped if lower is better.
pub fn score_to_maximize(evaluation: &Evaluation, metric: Metric) -> f64 {
    let score = evaluation.score(metric);
    if metric.is_lower_better() { -score } else { score }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluation(step: u32, loss: f64, macro_f1: f64) -> Evaluation {
        Evaluation { step, loss, scores: [(Metric::MacroF1, macro_f1)].into(), ..Evaluation::default() }
    }

    /// Steps of the evaluations that were the best so far, given loss and score of each, and the step after which the run
    /// would stop.
    fn steps(mut stop: EarlyStop, evaluations: &[(f64, f64)]) -> (Vec<u32>, Option<u32>) {
        let (mut best, mut stopped) = (Vec::new(), None);
        for (&(loss, score), step) in evaluations.iter().zip(1..) {
            if stop.observe(&evaluation(step, loss, score)).is_best {
                best.push(step);
            }
            if stop.should_stop() {
                stopped = stopped.or(Some(step));
            }
        }
        assert_eq!(stop.best().map(|best| best.step), best.last().copied());
        (best, stopped)
    }

    #[test]
    fn stops_after_patience_evaluations_without_improvement() {
        let scores = [0.5, 0.6, 0.605, 0.7, 0.7, 0.705].map(|score| (1.0, score));
        assert_eq!(steps(EarlyStop::new(Metric::MacroF1, 0.01, 2), &scores).1, Some(6));
    }

    #[test]
    fn an_improvement_below_the_minimum_is_kept_and_counts_for_the_patience_only() {
        let losses = [3.44, 3.1, 2.97, 2.95].map(|loss| (loss, 0.0));
        assert_eq!(steps(EarlyStop::new(Metric::Loss, 0.5, 3), &losses), (vec![1, 2, 3, 4], Some(4)));
        assert_eq!(steps(EarlyStop::new(Metric::Loss, 0.4, 3), &losses), (vec![1, 2, 3, 4], None));
    }

    #[test]
    fn the_lowest_loss_is_best_and_nan_never_is() {
        let losses = [f64::NAN, 1.0, 1.5, 0.5].map(|loss| (loss, 0.0));
        assert_eq!(steps(EarlyStop::new(Metric::Loss, 0.0, 0), &losses), (vec![2, 4], None));
    }

    #[test]
    fn the_loss_decides_while_the_score_is_constant() {
        for score in [0.0, 1.0, f64::NAN] {
            let evaluations = [1.0, 0.5, 0.3, 0.4, 0.2].map(|loss| (loss, score));
            assert_eq!(steps(EarlyStop::new(Metric::MacroF1, 0.05, 2), &evaluations), (vec![1, 2, 3, 5], None));
        }
        let evaluations = [(1.0, 0.0), (0.5, 0.9), (0.4, 0.9), (0.3, 0.9)];
        assert_eq!(steps(EarlyStop::new(Metric::MacroF1, 0.0, 2), &evaluations), (vec![1, 2, 3, 4], Some(4)));
    }

    #[test]
    fn any_score_is_better_than_none() {
        let evaluations = [(0.5, f64::NAN), (0.9, 0.1), (0.1, f64::NAN), (0.8, 0.2)];
        assert_eq!(steps(EarlyStop::new(Metric::MacroF1, 0.0, 0), &evaluations).0, [1, 2, 4]);
    }
}
