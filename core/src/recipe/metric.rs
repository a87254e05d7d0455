//! The metrics that a model is scored by.

use serde::{Deserialize, Serialize};

use crate::recipe::choices::ChoiceOption;
use crate::recipe::task::Task;

/// A metric that an evaluation reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Validation loss; lower is better.
    Loss,
    /// Share of correct predictions: of texts, or of words that are tagged. With several labels a text, the share of texts
    /// whose labels are all correct.
    Accuracy,
    /// Unweighted mean of the F1 of the classes or labels.
    MacroF1,
    /// Mean of the F1 of the classes, weighted by their rows.
    WeightedF1,
    /// F1 of the class with the lowest F1.
    WorstF1,
    /// F1 over all labels of all texts together.
    MicroF1,
    /// F1 of entities, or of the words of an answer.
    F1,
    /// Share of predicted entities that are correct.
    Precision,
    /// Share of true entities that are predicted.
    Recall,
    /// Share of answers or texts that equal the reference word for word.
    ExactMatch,
    /// Root mean squared error; lower is better.
    Rmse,
    /// Mean absolute error; lower is better.
    Mae,
    /// Pearson's correlation coefficient.
    Pearson,
    /// Spearman's rank correlation coefficient.
    Spearman,
    /// Exponential of the loss per token; lower is better.
    Perplexity,
    /// BLEU (Papineni et al. 2002), from 0 to 100.
    Bleu,
    /// chrF (Popović 2015), from 0 to 100.
    Chrf,
    /// Mean share of a text's right answers that are its nearest one.
    #[serde(rename = "recall_at_1")]
    RecallAt1,
    /// Mean share of a text's right answers that are among its ten nearest.
    #[serde(rename = "recall_at_10")]
    RecallAt10,
    /// Mean of 1 over the rank of the first right answer among the ten nearest (mean reciprocal rank).
    #[serde(rename = "mrr_at_10")]
    MrrAt10,
    /// Normalized discounted cumulative gain of the ten nearest (Järvelin and Kekäläinen 2002).
    #[serde(rename = "ndcg_at_10")]
    NdcgAt10,
    /// Average precision over all rows together: the area under the curve of precision over recall.
    AveragePrecision,
}

impl Metric {
    /// The metrics of a task that can decide which weights are best; the first one is the default.
    pub fn of(task: Task) -> &'static [Self] {
        match task {
            Task::Classification => &[Self::MacroF1, Self::Accuracy, Self::WeightedF1, Self::WorstF1, Self::Loss],
            Task::MultiLabel => &[Self::MicroF1, Self::MacroF1, Self::Accuracy, Self::Loss],
            Task::Regression => &[Self::Rmse, Self::Mae, Self::Pearson, Self::Spearman, Self::Loss],
            Task::TokenClassification => {
                &[Self::F1, Self::Precision, Self::Recall, Self::MacroF1, Self::Accuracy, Self::Loss]
            }
            Task::QuestionAnswering => &[Self::F1, Self::ExactMatch, Self::Loss],
            Task::Generation => &[Self::Loss, Self::Bleu, Self::Chrf, Self::ExactMatch],
            Task::Embeddings => {
                &[Self::NdcgAt10, Self::MrrAt10, Self::RecallAt1, Self::RecallAt10, Self::Spearman, Self::Loss]
            }
            Task::Reranking => &[Self::NdcgAt10, Self::MrrAt10, Self::AveragePrecision, Self::Loss],
        }
    }

    /// The metric's name within a sentence.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loss => "validation loss",
            Self::Accuracy => "accuracy",
            Self::MacroF1 => "macro-F1",
            Self::WeightedF1 => "weighted F1",
            Self::WorstF1 => "F1 of the worst class",
            Self::MicroF1 => "micro-F1",
            Self::F1 => "F1",
            Self::Precision => "precision",
            Self::Recall => "recall",
            Self::ExactMatch => "exact match",
            Self::Rmse => "RMSE",
            Self::Mae => "mean absolute error",
            Self::Pearson => "Pearson's r",
            Self::Spearman => "Spearman's ρ",
            Self::Perplexity => "perplexity",
            Self::Bleu => "BLEU",
            Self::Chrf => "chrF",
            Self::RecallAt1 => "recall@1",
            Self::RecallAt10 => "recall@10",
            Self::MrrAt10 => "MRR@10",
            Self::NdcgAt10 => "NDCG@10",
            Self::AveragePrecision => "average precision",
        }
    }

    const fn option(self, hint: &'static str) -> ChoiceOption {
        ChoiceOption::new(self.name(), hint)
    }

    /// The metrics of a task in words, in the order of [`Metric::of`].
    pub(super) fn options(task: Task) -> &'static [ChoiceOption] {
        const LOSS: ChoiceOption = Metric::Loss.option("Penalizes confident errors most; lower is better.");
        match task {
            Task::Classification => {
                const {
                    &[
                        Self::MacroF1.option("Every class counts the same; higher is better."),
                        Self::Accuracy.option("Every row counts the same: for when common classes matter most."),
                        Self::WeightedF1.option("F1 of the classes, weighted by their rows; higher is better."),
                        Self::WorstF1
                            .option("The class with the lowest F1 decides: for when no class may be neglected."),
                        LOSS,
                    ]
                }
            }
            Task::MultiLabel => {
                const {
                    &[
                        Self::MicroF1.option("Every label of every row counts the same; higher is better."),
                        Self::MacroF1.option("Every label counts the same: for when rare labels matter as much."),
                        Self::Accuracy.option("Share of rows whose labels are all correct; higher is better."),
                        LOSS,
                    ]
                }
            }
            Task::Regression => {
                const {
                    &[
                        Self::Rmse.option("Large errors count most; lower is better."),
                        Self::Mae.option("Every error counts by its size; lower is better."),
                        Self::Pearson.option("Linear correlation with the true numbers; higher is better."),
                        Self::Spearman.option("Rank correlation: for when only the order matters."),
                        LOSS,
                    ]
                }
            }
            Task::TokenClassification => {
                const {
                    &[
                        Self::F1.option("Balance of precision and recall over all entities; higher is better."),
                        Self::Precision.option("Share of predicted entities that are correct; higher is better."),
                        Self::Recall.option(
                            "Share of true entities that are found: for when a missed one costs more than a false one.",
                        ),
                        Self::MacroF1
                            .option("Every kind of entity counts the same; every tag, if the tags are not BIO."),
                        Self::Accuracy.option("Share of words with the right tag; higher is better."),
                        LOSS,
                    ]
                }
            }
            Task::QuestionAnswering => {
                const {
                    &[
                        Self::F1.option("Overlap of words with the true answer; higher is better."),
                        Self::ExactMatch.option(
                            "Share of answers that equal the true one: for when half an answer is worth nothing.",
                        ),
                        LOSS,
                    ]
                }
            }
            Task::Generation => {
                const {
                    &[
                        LOSS,
                        Self::Bleu.option("Word sequences shared with the reference: suits translation; noisy, as few rows are generated.",
                        ),
                        Self::Chrf.option("Letter sequences shared with the reference: suits translation; noisy, as few rows are generated.",
                        ),
                        Self::ExactMatch.option("Share of texts that equal the reference; higher is better."),
                    ]
                }
            }
            Task::Embeddings => {
                const {
                    &[
                        Self::NdcgAt10.option("Right answers near the top of ten count most; higher is better."),
                        Self::MrrAt10.option("Rank of the first right answer: for when one is enough."),
                        Self::RecallAt1.option("The nearest text must be right: for when only one is shown."),
                        Self::RecallAt10.option("Share of the right answers among ten: for when people read them all."),
                        Self::Spearman.option("Order of similarities: the score of pairs with a score."),
                        LOSS,
                    ]
                }
            }
            Task::Reranking => {
                const {
                    &[
                        Self::NdcgAt10.option("Fitting passages near the top of ten count most; higher is better."),
                        Self::MrrAt10.option("Rank of the first fitting passage: for when one is enough."),
                        Self::AveragePrecision.option("All rows in one ranking: for one passage per query."),
                        LOSS,
                    ]
                }
            }
        }
    }

    /// Returns true if lower values are better.
    pub fn is_lower_better(self) -> bool {
        matches!(self, Self::Loss | Self::Rmse | Self::Mae | Self::Perplexity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_of_a_task_have_distinct_names() {
        for task in Task::ALL {
            let names: Vec<&str> = Metric::of(task).iter().map(|metric| metric.name()).collect();
            assert!(names.iter().enumerate().all(|(at, name)| !names[..at].contains(name)), "{names:?}");
        }
    }
}
