//! When to stop, and which weights to keep.

use serde::{Deserialize, Serialize};

use crate::metrics::Evaluation;
use crate::recipe::Metric;

/// The best evaluation so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BestScore {
    /// Optimizer steps taken before it.
    pub step: u32,
    /// Its score, where higher is better.
    pub score: f64,
}

/// Watches a metric: what is not better for `patience` evaluations in a row ends the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EarlyStop {
    metric: Metric,
    early_stopping_min_delta: f64,
    patience: u32,
    best: Option<BestScore>,
    waited: u32,
}

impl EarlyStop {
    /// Nothing seen yet. With a `patience` of 0 the run is never ended, and the best is still known.
    pub fn new(metric: Metric, early_stopping_min_delta: f64, patience: u32) -> Self {
        Self { metric, early_stopping_min_delta, patience, best: None, waited: 0 }
    }

    /// Takes in an evaluation and says whether it is the best so far.
    pub fn observe(&mut self, evaluation: &Evaluation) -> bool {
        let score = score_to_maximize(evaluation, self.metric);
        let better = score.is_finite()
            && evaluation.loss.is_finite()
            && self.best.is_none_or(|best| score > best.score + self.early_stopping_min_delta);
        if better {
            self.best = Some(BestScore { step: evaluation.step, score });
            self.waited = 0;
        } else {
            self.waited += 1;
        }
        better
    }

    /// Waits anew: something was changed that may help.
    pub fn reset_patience(&mut self) {
        self.waited = 0;
    }

    /// Whether it is time to stop.
    pub fn is_over(&self) -> bool {
        self.patience > 0 && self.waited >= self.patience
    }

    /// The best evaluation so far.
    pub fn best(&self) -> Option<BestScore> {
        self.best
    }
}

/// An evaluation's score by a metric, so that higher is better.
pub(super) fn score_to_maximize(evaluation: &Evaluation, metric: Metric) -> f64 {
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
            .map(|(&f1, step)| (stop.observe(&evaluation(step, 1.0, f1)), stop.is_over()))
            .collect();
        let (yes, no) = (true, false);
        assert_eq!(seen, [(yes, no), (yes, no), (no, no), (yes, no), (no, no), (no, yes)]);
        assert_eq!(stop.best().map(|best| best.step), Some(4));
    }

    #[test]
    fn of_losses_the_lowest_is_best_and_nan_never() {
        let mut stop = EarlyStop::new(Metric::Loss, 0.0, 0);
        assert!(!stop.observe(&evaluation(1, f64::NAN, 0.0)));
        assert!(stop.observe(&evaluation(2, 1.0, 0.0)));
        assert!(!stop.observe(&evaluation(3, 1.5, 0.0)));
        assert!(stop.observe(&evaluation(4, 0.5, 0.0)));
        assert!(!stop.is_over());
    }
}
