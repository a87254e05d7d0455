//! Scores in words: the metrics shown for each task, their names and their formats.

use hone_core::decimal;
use hone_core::metrics::{Evaluation, Interval};
use hone_core::recipe::{Metric, RecipeSpec, Task};

use crate::format;

/// The metrics shown for a task, the main one first. Tags that are not BIO mark no entities: an evaluation of them has the
/// scores of classification, of words.
pub fn shown(task: Task, evaluation: Option<&Evaluation>) -> &'static [Metric] {
    match task {
        Task::TokenClassification if evaluation.is_some_and(|found| found.classes().is_some()) => {
            shown(Task::Classification, None)
        }
        Task::Classification => &[Metric::Accuracy, Metric::MacroF1],
        Task::MultiLabel => &[Metric::MicroF1, Metric::MacroF1, Metric::Accuracy],
        Task::Regression => &[Metric::Rmse, Metric::Mae, Metric::Pearson, Metric::Spearman],
        Task::TokenClassification => &[Metric::F1, Metric::Precision, Metric::Recall],
        Task::QuestionAnswering => &[Metric::F1, Metric::ExactMatch],
        Task::Generation => &[Metric::Perplexity, Metric::Bleu, Metric::Chrf, Metric::ExactMatch],
        // Pairs with a score are not searched.
        Task::Embeddings if evaluation.is_some_and(|found| found.scores.contains_key(&Metric::Spearman)) => {
            &[Metric::Spearman]
        }
        Task::Embeddings => &[Metric::NdcgAt10, Metric::MrrAt10, Metric::RecallAt1, Metric::RecallAt10],
        // Queries with one passage each have no ranks.
        Task::Reranking if evaluation.is_some_and(|found| !found.scores.contains_key(&Metric::NdcgAt10)) => {
            &[Metric::AveragePrecision]
        }
        Task::Reranking => &[Metric::NdcgAt10, Metric::MrrAt10, Metric::AveragePrecision],
    }
}

/// The metric that decides which weights are kept.
pub fn deciding(recipe: &RecipeSpec) -> Metric {
    recipe.metric_for_best_model.unwrap_or(Metric::of(recipe.task)[0])
}

/// Name of a metric as a heading.
pub fn title(metric: Metric) -> String {
    match metric {
        Metric::Chrf => "chrF".into(),
        metric => format::sentence_case(metric.name()),
    }
}

/// Formats a score; a dash if it is not finite.
pub fn value(metric: Metric, value: f64) -> String {
    match metric {
        _ if !value.is_finite() => "–".into(),
        // BLEU and chrF range from 0 to 100; perplexity is a number of tokens.
        Metric::Bleu | Metric::Chrf | Metric::Perplexity => format::tenths(value),
        // Errors are in the unit of the numbers, which may be tiny.
        Metric::Rmse | Metric::Mae => decimal::score(value, 3),
        _ => format::score(value),
    }
}

/// Formats a score of an evaluation.
pub fn of(evaluation: &Evaluation, metric: Metric) -> String {
    value(metric, evaluation.score(metric))
}

/// Formats a score of an evaluation with its 95 % interval, if it has one: `0.834 (0.791–0.872)`.
pub fn with_interval(evaluation: &Evaluation, metric: Metric) -> String {
    within(metric, evaluation.score(metric), evaluation.intervals.get(&metric))
}

/// Formats a score with its 95 % interval, if it has one.
pub fn within(metric: Metric, score: f64, interval: Option<&Interval>) -> String {
    let score = value(metric, score);
    match interval {
        Some(Interval { low, high }) => format!("{score} ({}–{})", value(metric, *low), value(metric, *high)),
        None => score,
    }
}

/// The main score with its name: `accuracy 0.912`.
pub fn headline(task: Task, evaluation: &Evaluation) -> String {
    let metric = shown(task, Some(evaluation))[0];
    format!("{} {}", metric.name(), of(evaluation, metric))
}

#[cfg(test)]
mod tests {
    use hone_core::metrics::Detail;

    use super::*;

    #[test]
    fn scores_are_formatted_by_metric() {
        let scores = [(Metric::Perplexity, 12.34), (Metric::Bleu, 31.05)].into();
        let evaluation = Evaluation { loss: 0.5, scores, ..Evaluation::default() };
        assert_eq!(headline(Task::Generation, &evaluation), "perplexity 12.3");
        assert_eq!([Metric::Loss, Metric::Chrf].map(|metric| of(&evaluation, metric)), ["0.500", "–"]);
        let detail = Detail::Classes { classes: Vec::new(), confusion: Vec::new() };
        let of_words = Evaluation { scores: [(Metric::Accuracy, 0.75)].into(), detail, ..Evaluation::default() };
        assert_eq!(headline(Task::TokenClassification, &of_words), "accuracy 0.750");
        let errors = Evaluation { scores: [(Metric::Rmse, 4.2e-6)].into(), ..Evaluation::default() };
        assert_eq!(headline(Task::Regression, &errors), "RMSE 4.2e-6");
        let intervals = [(Metric::Accuracy, Interval { low: 0.6, high: 0.875 })].into();
        let of_words = Evaluation { intervals, ..of_words };
        assert_eq!(with_interval(&of_words, Metric::Accuracy), "0.750 (0.600–0.875)");
        assert_eq!([Metric::ExactMatch, Metric::Chrf].map(title), ["Exact match", "chrF"]);
    }
}
