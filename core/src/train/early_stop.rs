//! Early stopping on a validation metric.

use serde::{Deserialize, Serialize};

use crate::metrics::Evaluation;
use crate::recipe::Metric;

/// Score of the best evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BestScore {
    /// Optimizer steps taken before the evaluation.
    pub step: u32,
    /// Score, with its sign flipped if lower is better.
    pub score: f64,
}

/// Ends a run after `patience` evaluations in a row without improvement, as transformers' `EarlyStoppingCallback`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EarlyStop {
    metric: Metric,
    min_delta: f64,
    patience: u32,
    best: Option<BestScore>,
    evaluations_without_improvement: u32,
}

impl EarlyStop {
    /// Starts with no evaluations. An evaluation improves if it is better by more than `min_delta`. With a `patience` of 0
    /// the run is never stopped, but the best score is still tracked.
    pub fn new(metric: Metric, min_delta: f64, patience: u32) -> Self {
        Self { metric, min_delta, patience, best: None, evaluations_without_improvement: 0 }
    }

    /// Records an evaluation. Returns true if it is the best so far; one whose score or loss is not finite never is.
    pub fn observe(&mut self, evaluation: &Evaluation) -> bool {
        let score = score_to_maximize(evaluation, self.metric);
        let better = score.is_finite()
            && evaluation.loss.is_finite()
            && self.best.is_none_or(|best| score > best.score + self.min_delta);
        if better {
            self.best = Some(BestScore { step: evaluation.step, score });
            self.evaluations_without_improvement = 0;
        } else {
            self.evaluations_without_improvement += 1;
        }
        better
    }

    /// Restarts the count, after a change that may improve the score.
    pub fn reset_patience(&mut self) {
        self.evaluations_without_improvement = 0;
    }

    /// Returns true if the run should stop.
    pub fn should_stop(&self) -> bool {
        self.patience > 0 && self.evaluations_without_improvement >= self.patience
    }

    /// Best score so far.
    pub fn best(&self) -> Option<BestScore> {
        self.best
    }
}

/// Score of an evaluation, with its sign flipped if lower is better.
pub(in crate::train) fn score_to_maximize(evaluation: &Evaluation, metric: Metric) -> f64 {
    let score = evaluation.score(metric);
    if metric.is_lower_better() { -score } else { score }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluation(step: u32, loss: f64, macro_f1: f64) -> Evaluation {
        Evaluation { step, loss, scores: [(Metric::MacroF1, macro_f1)].into(), ..Evaluation::default() }
    }

    #[test]
    fn stops_after_patience_evaluations_without_improvement() {
        let mut stop = EarlyStop::new(Metric::MacroF1, 0.01, 2);
        let seen: Vec<(bool, bool)> = [0.5, 0.6, 0.605, 0.7, 0.7, 0.705]
            .iter()
            .zip(1..)
            .map(|(&f1, step)| (stop.observe(&evaluation(step, 1.0, f1)), stop.should_stop()))
            .collect();
        let (yes, no) = (true, false);
        assert_eq!(seen, [(yes, no), (yes, no), (no, no), (yes, no), (no, no), (no, yes)]);
        assert_eq!(stop.best().map(|best| best.step), Some(4));
    }

    #[test]
    fn the_lowest_loss_is_best_and_nan_never_is() {
        let mut stop = EarlyStop::new(Metric::Loss, 0.0, 0);
        assert!(!stop.observe(&evaluation(1, f64::NAN, 0.0)));
        assert!(stop.observe(&evaluation(2, 1.0, 0.0)));
        assert!(!stop.observe(&evaluation(3, 1.5, 0.0)));
        assert!(stop.observe(&evaluation(4, 0.5, 0.0)));
        assert!(!stop.should_stop());
    }
}
