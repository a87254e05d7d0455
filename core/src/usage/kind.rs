//! What transformers and model hubs call a model.

use crate::recipe::{Family, Pooling, Task};

/// How the names of the classes in `modeling_hone.py` begin.
const OWN_CLASSES: &str = "Hone";

/// Whether a class is one of those that Hone exports with the mean over the tokens.
pub fn is_own_class(name: &str) -> bool {
    name.starts_with(OWN_CLASSES)
}

/// A task, and what was tuned for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelKind {
    /// What the model does.
    pub task: Task,
    /// What its body is.
    pub family: Family,
    /// How the tokens' vectors become one; means nothing in tasks that need none.
    pub pooling: Pooling,
}

impl ModelKind {
    /// The class that opens the whole model: transformers' own, or of `modeling_hone.py` for the mean over the tokens.
    pub fn architecture(self) -> String {
        let body = match self.family {
            Family::Bert => "Bert",
            Family::DistilBert => "DistilBert",
            Family::Roberta => "Roberta",
            Family::Llama => "Llama",
            Family::Gpt2 => "GPT2",
        };
        let head = match (self.task, self.family) {
            (Task::Generation, Family::Gpt2) => "LMHeadModel",
            (Task::Generation, _) => "ForCausalLM",
            (Task::QuestionAnswering, _) => "ForQuestionAnswering",
            (Task::TokenClassification, _) => "ForTokenClassification",
            (Task::Classification | Task::MultiLabel | Task::Regression, _) => "ForSequenceClassification",
        };
        format!("{}{body}{head}", if self.has_own_class() { OWN_CLASSES } else { "" })
    }

    /// Whether the model is of a class that transformers lacks.
    pub fn has_own_class(self) -> bool {
        self.task.reads_sentences() && self.pooling == Pooling::Mean
    }

    /// The automatic class of transformers for the task.
    pub fn auto_class(self) -> &'static str {
        match self.task {
            Task::Classification | Task::MultiLabel | Task::Regression => "AutoModelForSequenceClassification",
            Task::TokenClassification => "AutoModelForTokenClassification",
            Task::QuestionAnswering => "AutoModelForQuestionAnswering",
            Task::Generation => "AutoModelForCausalLM",
        }
    }

    /// The task as model hubs sort by it.
    pub fn pipeline(self) -> &'static str {
        match self.task {
            Task::Classification | Task::MultiLabel | Task::Regression => "text-classification",
            Task::TokenClassification => "token-classification",
            Task::QuestionAnswering => "question-answering",
            Task::Generation => "text-generation",
        }
    }
}
