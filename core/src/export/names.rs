//! What transformers, PEFT and model hubs call models and tasks.

use super::ModelFolder;
use crate::recipe::{Family, Metric, Pooling, Task};

/// The class that opens the whole model: transformers' own, or of `modeling_hone.py` for the mean over the tokens.
pub fn architecture(folder: &ModelFolder) -> String {
    let family = folder.model.body.family();
    let body = match family {
        Family::Bert => "Bert",
        Family::DistilBert => "DistilBert",
        Family::Roberta => "Roberta",
        Family::Llama => "Llama",
        Family::Gpt2 => "GPT2",
    };
    let head = match (folder.recipe.task(), family) {
        (Task::Generation, Family::Gpt2) => "LMHeadModel",
        (Task::Generation, _) => "ForCausalLM",
        (Task::QuestionAnswering, _) => "ForQuestionAnswering",
        (Task::TokenClassification, _) => "ForTokenClassification",
        _ => "ForSequenceClassification",
    };
    format!("{}{body}{head}", if has_own_class(folder) { "Hone" } else { "" })
}

/// Whether the model is of a class that transformers lacks.
pub fn has_own_class(folder: &ModelFolder) -> bool {
    folder.model.pooling() == Some(Pooling::Mean)
}

/// The automatic class of transformers for a task.
pub fn auto_class(task: Task) -> &'static str {
    match task {
        Task::Classification | Task::MultiLabel | Task::Regression => "AutoModelForSequenceClassification",
        Task::TokenClassification => "AutoModelForTokenClassification",
        Task::QuestionAnswering => "AutoModelForQuestionAnswering",
        Task::Generation => "AutoModelForCausalLM",
    }
}

/// `task_type` of adapter_config.json.
pub fn peft_task(task: Task) -> &'static str {
    match task {
        Task::Classification | Task::MultiLabel | Task::Regression => "SEQ_CLS",
        Task::TokenClassification => "TOKEN_CLS",
        Task::QuestionAnswering => "QUESTION_ANS",
        Task::Generation => "CAUSAL_LM",
    }
}

/// A task as model hubs sort by it.
pub fn pipeline(task: Task) -> &'static str {
    match task {
        Task::Classification | Task::MultiLabel | Task::Regression => "text-classification",
        Task::TokenClassification => "token-classification",
        Task::QuestionAnswering => "question-answering",
        Task::Generation => "text-generation",
    }
}

/// A metric as model hubs know it.
pub fn hub_metric(metric: Metric) -> &'static str {
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
    }
}

/// A metric in words.
pub fn metric(metric: Metric) -> &'static str {
    match metric {
        Metric::Loss => "loss",
        Metric::Accuracy => "accuracy",
        Metric::MacroF1 => "macro-F1",
        Metric::WeightedF1 => "weighted F1",
        Metric::WorstF1 => "F1 of the worst class",
        Metric::MicroF1 => "micro-F1",
        Metric::F1 => "F1",
        Metric::Precision => "precision",
        Metric::Recall => "recall",
        Metric::ExactMatch => "exact match",
        Metric::Rmse => "RMSE",
        Metric::Mae => "mean absolute error",
        Metric::Pearson => "Pearson's r",
        Metric::Spearman => "Spearman's rho",
        Metric::Perplexity => "perplexity",
        Metric::Bleu => "BLEU",
        Metric::Chrf => "chrF",
    }
}
