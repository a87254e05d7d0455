//! The head of a task, as transformers' classes build it.

use crate::recipe::{Family, Pooling, Task};

/// The layers of a task's head, under their names in transformers' classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadLayers {
    /// Pooling before the head; `None` if the head reads every token.
    pub pooling: Option<Pooling>,
    /// Name and activation of a hidden layer `[hidden, hidden]`, if the class has one.
    pub dense: Option<(&'static str, Activation)>,
    /// Name of the output layer `[hidden, outputs]`.
    pub output: &'static str,
}

/// Activation after the hidden layer of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// Hyperbolic tangent (RoBERTa).
    Tanh,
    /// Rectified linear unit (DistilBERT).
    Relu,
}

impl HeadLayers {
    /// The head of a task; `None` for generation, which uses the model's own output layer.
    pub fn of(task: Task, family: Family, pooling: Pooling) -> Option<Self> {
        Some(match (task, family, pooling) {
            (Task::Generation, ..) => return None,
            (Task::QuestionAnswering, ..) => Self { pooling: None, dense: None, output: "qa_outputs" },
            (Task::TokenClassification, ..) => Self { pooling: None, dense: None, output: "classifier" },
            (_, Family::DistilBert, Pooling::Cls) => {
                Self { pooling: Some(pooling), dense: Some(("pre_classifier", Activation::Relu)), output: "classifier" }
            }
            (_, family, Pooling::Cls) if family.is_roberta() => Self {
                pooling: Some(pooling),
                dense: Some(("classifier.dense", Activation::Tanh)),
                output: "classifier.out_proj",
            },
            _ => Self { pooling: Some(pooling), dense: None, output: "classifier" },
        })
    }

    /// Number of outputs that a task needs, given `labels` labels.
    pub fn outputs(task: Task, labels: usize) -> usize {
        match task {
            Task::Regression => 1,
            // One score for the start of the answer and one for its end.
            Task::QuestionAnswering => 2,
            Task::Classification | Task::MultiLabel | Task::TokenClassification | Task::Generation => labels,
        }
    }

    /// Number of parameters, biases included.
    pub fn parameters(&self, hidden: usize, outputs: usize) -> usize {
        let dense = if self.dense.is_some() { (hidden + 1) * hidden } else { 0 };
        dense + (hidden + 1) * outputs
    }
}
