//! Smoothed losses, and differences of scores.

use crate::metrics::Evaluation;
use crate::recipe::Metric;
use crate::run::step::StepMetrics;
use crate::run::verdict::RunLog;

/// Steps that are averaged, at least and at most.
const WINDOW: std::ops::RangeInclusive<usize> = 5..=50;

/// Mean training loss of consecutive steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LossBlock {
    /// The first of the steps.
    pub step: u32,
    pub loss: f64,
}

/// The training loss in blocks of a twentieth of the run. Empty if the run is too short for a trend.
pub(super) fn loss_blocks(steps: &[StepMetrics]) -> Vec<LossBlock> {
    let window = (steps.len() / 20).clamp(*WINDOW.start(), *WINDOW.end());
    let blocks: Vec<LossBlock> =
        steps.chunks_exact(window).map(|block| LossBlock { step: block[0].step, loss: mean(block) }).collect();
    if blocks.len() < 3 { Vec::new() } else { blocks }
}

fn mean(steps: &[StepMetrics]) -> f64 {
    steps.iter().map(|step| step.loss).sum::<f64>() / steps.len() as f64
}

/// Gain from one score to a later one. Positive is better; relative for errors, whose scale is that of the data.
pub(super) fn gain(metric: Metric, from: f64, to: f64) -> f64 {
    match metric {
        metric if metric.is_lower_better() => (from - to) / from.abs().max(f64::EPSILON),
        Metric::Bleu | Metric::Chrf => (to - from) / 100.0,
        _ => to - from,
    }
}

impl RunLog<'_> {
    /// The deciding score of an evaluation; none if it is undefined.
    pub(super) fn score(&self, evaluation: &Evaluation) -> Option<f64> {
        Some(evaluation.score(self.metric)).filter(|score| score.is_finite())
    }

    /// The best deciding score among evaluations.
    pub(super) fn best_of<'a>(&self, evaluations: impl Iterator<Item = &'a Evaluation>) -> Option<f64> {
        let scores = evaluations.filter_map(|evaluation| self.score(evaluation));
        scores.reduce(|best, score| if gain(self.metric, best, score) > 0.0 { score } else { best })
    }
}
