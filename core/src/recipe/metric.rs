//! What a model is scored by.

use serde::{Deserialize, Serialize};

use crate::recipe::Task;

/// A figure that an evaluation gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Validation loss, lower is better.
    Loss,
    /// Share of answers that are right; with several labels a text, of texts whose labels are all right.
    Accuracy,
    /// Mean of the classes' or labels' F1.
    MacroF1,
    /// Mean of the classes' F1, weighted by their rows.
    WeightedF1,
    /// F1 of the class that is recognized worst.
    WorstF1,
    /// F1 of all labels of all texts together.
    MicroF1,
    /// F1 of entities, or of the words of an answer.
    F1,
    /// Share of entities found that are right.
    Precision,
    /// Share of entities that are found.
    Recall,
    /// Share of answers or texts that are the reference word for word.
    ExactMatch,
    /// Root of the mean squared error, lower is better.
    Rmse,
    /// Mean absolute error, lower is better.
    Mae,
    /// Pearson's correlation.
    Pearson,
    /// Spearman's rank correlation.
    Spearman,
    /// e to the loss: among how many tokens the model hesitates, lower is better.
    Perplexity,
    /// BLEU (Papineni et al. 2002), from 0 to 100.
    Bleu,
    /// chrF (Popović 2015), from 0 to 100.
    Chrf,
}

impl Metric {
    /// The figures of a task that can decide which weights are best; the first does unless another is chosen.
    pub fn of(task: Task) -> &'static [Self] {
        match task {
            Task::Classification => &[Self::MacroF1, Self::Accuracy, Self::WeightedF1, Self::WorstF1, Self::Loss],
            Task::MultiLabel => &[Self::MicroF1, Self::MacroF1, Self::Accuracy, Self::Loss],
            Task::Regression => &[Self::Rmse, Self::Mae, Self::Pearson, Self::Spearman, Self::Loss],
            Task::TokenClassification => &[Self::F1, Self::Precision, Self::Recall, Self::MacroF1, Self::Loss],
            Task::QuestionAnswering => &[Self::F1, Self::ExactMatch, Self::Loss],
            Task::Generation => &[Self::Loss, Self::Bleu, Self::Chrf, Self::ExactMatch],
        }
    }

    /// Whether the lowest value is the best; of the others the highest is.
    pub fn is_lower_better(self) -> bool {
        matches!(self, Self::Loss | Self::Rmse | Self::Mae | Self::Perplexity)
    }
}
