//! A model's kind, and its names in transformers and on model hubs.

use crate::recipe::{Family, Pooling, Task};
use crate::usage::{ExportDtype, ExportForm};

/// Prefix of the class names in `modeling_hone.py`.
const OWN_CLASSES: &str = "Hone";

/// Returns true for the name of a class that Hone exports for mean pooling.
pub fn is_own_class(name: &str) -> bool {
    name.starts_with(OWN_CLASSES)
}

/// A task and the kind of model tuned for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelKind {
    /// Task of the model.
    pub task: Task,
    /// Family of the base model.
    pub family: Family,
    /// Pooling over the tokens' vectors; ignored by tasks that need none.
    pub pooling: Pooling,
}

impl ModelKind {
    /// The class that opens an export: transformers' own, or one from `modeling_hone.py`.
    pub fn architecture(self, form: ExportForm) -> String {
        let body = self.family.class();
        let head = match (self.task, self.family) {
            (Task::Generation, Family::Gpt2) => "LMHeadModel",
            (Task::Generation, _) => "ForCausalLM",
            // The network alone, in the format of sentence-transformers.
            (Task::Embeddings, _) => "Model",
            (Task::QuestionAnswering, _) => "ForQuestionAnswering",
            (Task::TokenClassification, _) => "ForTokenClassification",
            (Task::Classification | Task::MultiLabel | Task::Regression | Task::Reranking, _) => {
                "ForSequenceClassification"
            }
        };
        format!("{}{body}{head}", if self.has_own_class(form) { OWN_CLASSES } else { "" })
    }

    /// Returns true if the head reads the mean of the tokens.
    pub fn reads_mean(self) -> bool {
        self.task.reads_sentences() && self.pooling == Pooling::Mean
    }

    /// Returns true if no class of transformers has the model's head. Those of ModernBERT take the mean, all others do not.
    pub fn lacks_standard_class(self) -> bool {
        self.reads_mean() && self.family != Family::ModernBert
    }

    /// The forms in which a model without an adapter can be exported, the usual one first.
    pub fn export_forms(self) -> Vec<ExportForm> {
        let own_class = self.lacks_standard_class().then_some(ExportForm::OwnClass);
        // transformers.js has no class for these.
        let is_unknown = self.family == Family::ModernBert && self.task == Task::QuestionAnswering;
        let onnx = (!is_unknown).then_some(ExportForm::Onnx);
        // llama.cpp has no heads of encoders, or has them in another form.
        let in_llama_cpp = match self.family {
            Family::Llama | Family::Mistral | Family::Qwen2 | Family::Qwen3 | Family::Gpt2 => true,
            Family::Bert => self.task == Task::Embeddings,
            _ => false,
        };
        let gguf = in_llama_cpp.then_some(ExportForm::Gguf);
        [Some(ExportForm::Model), own_class, onnx, gguf].into_iter().flatten().collect()
    }

    /// The types of weights that a form can have, the usual one first.
    pub fn export_dtypes(self, form: ExportForm) -> &'static [ExportDtype] {
        match form {
            ExportForm::Model | ExportForm::OwnClass => &[ExportDtype::Float32, ExportDtype::Float16],
            // Gemma's hidden states exceed the range of 16-bit floats.
            ExportForm::Onnx if self.family == Family::Gemma3 => &[ExportDtype::Float32, ExportDtype::Int8],
            ExportForm::Onnx => &[ExportDtype::Float32, ExportDtype::Float16, ExportDtype::Int8],
            // Vectors in 4 bits are no longer similar to those before.
            ExportForm::Gguf if self.family == Family::Bert => &[ExportDtype::Float16, ExportDtype::Int8],
            ExportForm::Gguf => &[ExportDtype::Float16, ExportDtype::Int8, ExportDtype::Int4],
            ExportForm::Adapter => &[ExportDtype::Float32],
        }
    }

    /// Returns true if an export includes the model's class. An adapter does, because a layer that averages would be many
    /// times its size.
    pub fn has_own_class(self, form: ExportForm) -> bool {
        self.lacks_standard_class() && matches!(form, ExportForm::OwnClass | ExportForm::Adapter)
    }

    /// Returns true if an export has one more layer, which averages.
    pub fn has_averaging_layer(self, form: ExportForm) -> bool {
        self.lacks_standard_class() && form == ExportForm::Model
    }

    /// The automatic class of transformers for the task.
    pub fn auto_class(self) -> &'static str {
        match self.task {
            Task::Classification | Task::MultiLabel | Task::Regression | Task::Reranking => {
                "AutoModelForSequenceClassification"
            }
            Task::TokenClassification => "AutoModelForTokenClassification",
            Task::QuestionAnswering => "AutoModelForQuestionAnswering",
            Task::Generation => "AutoModelForCausalLM",
            Task::Embeddings => "AutoModel",
        }
    }

    /// The pipeline tag of the task on model hubs.
    pub fn pipeline(self) -> &'static str {
        match self.task {
            Task::Classification | Task::MultiLabel | Task::Regression => "text-classification",
            Task::Reranking => "text-ranking",
            Task::TokenClassification => "token-classification",
            Task::QuestionAnswering => "question-answering",
            Task::Generation => "text-generation",
            Task::Embeddings => "feature-extraction",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_offered_only_where_a_class_opens_them() {
        let forms = |family, task, pooling| ModelKind { task, family, pooling }.export_forms();
        use ExportForm::{Gguf, Model, Onnx, OwnClass};
        assert_eq!(forms(Family::Bert, Task::Classification, Pooling::Mean), [Model, OwnClass, Onnx]);
        assert_eq!(forms(Family::ModernBert, Task::Classification, Pooling::Mean), [Model, Onnx]);
        assert_eq!(forms(Family::ModernBert, Task::QuestionAnswering, Pooling::Mean), [Model]);
        assert_eq!(forms(Family::Bert, Task::Embeddings, Pooling::Mean), [Model, Onnx, Gguf]);
        assert_eq!(forms(Family::Gpt2, Task::Generation, Pooling::Cls), [Model, Onnx, Gguf]);
    }
}
