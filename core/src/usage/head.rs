//! The head of a task, as transformers' classes build it.

use crate::recipe::{Family, Pooling, Task};

/// The layers of a task's head, under their names in transformers' classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadLayers {
    /// Pooling before the head; `None` if the head reads every token.
    pub pooling: Option<Pooling>,
    /// Hidden layer, if the class has one.
    pub dense: Option<DenseLayer>,
    /// Name of the output layer `[hidden, outputs]`.
    pub output: &'static str,
}

/// Hidden layer `[hidden, hidden]` of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DenseLayer {
    /// Name of the linear layer.
    pub name: &'static str,
    /// Activation after it.
    pub activation: Activation,
    /// Name of the norm after the activation, if there is one; the linear layer then has no bias.
    pub norm: Option<&'static str>,
}

/// Activation after the hidden layer of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// Hyperbolic tangent (RoBERTa).
    Tanh,
    /// Rectified linear unit (DistilBERT).
    Relu,
    /// GELU (ELECTRA, ModernBERT).
    Gelu,
}

impl HeadLayers {
    /// The head of a task; `None` for generation, which uses the model's own output layer, and for embeddings, which are the
    /// model's own vectors.
    pub fn of(task: Task, family: Family, pooling: Pooling) -> Option<Self> {
        if !task.has_new_head() {
            return None;
        }
        let pooling = task.reads_sentences().then_some(pooling);
        let dense = |name, activation| Some(DenseLayer { name, activation, norm: None });
        Some(match (family, pooling) {
            // In all of its classes.
            (Family::ModernBert, _) => {
                let dense = DenseLayer { name: "head.dense", activation: Activation::Gelu, norm: Some("head.norm") };
                Self { pooling, dense: Some(dense), output: "classifier" }
            }
            (_, None) if task == Task::QuestionAnswering => Self { pooling, dense: None, output: "qa_outputs" },
            (Family::DistilBert, Some(Pooling::Cls)) => {
                Self { pooling, dense: dense("pre_classifier", Activation::Relu), output: "classifier" }
            }
            (Family::Electra, Some(Pooling::Cls)) => {
                Self { pooling, dense: dense("classifier.dense", Activation::Gelu), output: "classifier.out_proj" }
            }
            (family, Some(Pooling::Cls)) if family.is_roberta() => {
                Self { pooling, dense: dense("classifier.dense", Activation::Tanh), output: "classifier.out_proj" }
            }
            _ => Self { pooling, dense: None, output: "classifier" },
        })
    }

    /// Number of outputs that a task needs, given `labels` labels.
    pub fn outputs(task: Task, labels: usize) -> usize {
        match task {
            Task::Regression | Task::Reranking => 1,
            // One score for the start of the answer and one for its end.
            Task::QuestionAnswering => 2,
            Task::Classification
            | Task::MultiLabel
            | Task::TokenClassification
            | Task::Generation
            | Task::Embeddings => labels,
        }
    }

    /// Number of parameters, biases and norms included.
    pub fn parameters(&self, hidden: usize, outputs: usize) -> usize {
        // The norm has as many weights as the bias that it replaces.
        let dense = if self.dense.is_some() { (hidden + 1) * hidden } else { 0 };
        dense + (hidden + 1) * outputs
    }
}
