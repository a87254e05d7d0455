//! Names of tasks and metrics in PEFT and on model hubs.

use crate::recipe::{Metric, Task};

/// `task_type` in adapter_config.json.
pub(crate) fn peft_task(task: Task) -> &'static str {
    match task {
        Task::Classification | Task::MultiLabel | Task::Regression | Task::Reranking => "SEQ_CLS",
        Task::TokenClassification => "TOKEN_CLS",
        Task::QuestionAnswering => "QUESTION_ANS",
        Task::Generation => "CAUSAL_LM",
        Task::Embeddings => "FEATURE_EXTRACTION",
    }
}

/// A metric's name on model hubs.
pub(crate) fn hub_metric(metric: Metric) -> &'static str {
    match metric {
        Metric::Loss => "loss",
        Metric::Accuracy => "accuracy",
        Metric::MacroF1 | Metric::WeightedF1 | Metric::WorstF1 | Metric::MicroF1 | Metric::F1 => "f1",
        Metric::Precision => "precision",
        Metric::Recall => "recall",
        Metric::ExactMatch => "exact_match",
        Metric::Rmse => "rmse",
        Metric::Mae => "mae",
        Metric::Pearson => "pearsonr",
        Metric::Spearman => "spearmanr",
        Metric::Perplexity => "perplexity",
        Metric::Bleu => "bleu",
        Metric::Chrf => "chrf",
        Metric::RecallAt1 => "recall_at_1",
        Metric::RecallAt10 => "recall_at_10",
        Metric::MrrAt10 => "mrr_at_10",
        Metric::NdcgAt10 => "ndcg_at_10",
        Metric::AveragePrecision => "average_precision",
    }
}
