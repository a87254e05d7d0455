//! What an evaluation on the validation rows gives, whatever the task.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use crate::metrics::ClassScores;
use crate::recipe::Metric;

/// Scores on the validation rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Optimizer steps taken before it.
    pub step: u32,
    /// Epochs done, with fraction.
    pub epoch: f64,
    /// Mean loss; NaN where it is no number, for which JSON has `null`.
    #[serde(deserialize_with = "number_or_nan")]
    pub loss: f64,
    /// The task's figures; one that cannot be told, such as the correlation with a constant, is absent.
    pub scores: BTreeMap<Metric, f64>,
    /// What is behind them.
    pub detail: Detail,
}

/// What is behind an evaluation's figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// Nothing more.
    #[default]
    None,
    /// Single-label classification.
    Classes {
        /// Scores of each class, in the order of the model's outputs.
        classes: Vec<ClassScores>,
        /// Rows by true class, then by predicted class: `[classes][classes]`.
        confusion: Vec<Vec<u32>>,
    },
    /// Multi-label classification.
    Labels {
        /// Scores of each label, in the order of the model's outputs.
        labels: Vec<ClassScores>,
        /// The probability from which on each label is said to be there.
        thresholds: Vec<f32>,
    },
    /// Regression.
    Numbers {
        /// Truth and prediction of some rows, spread over all.
        points: Vec<(f32, f32)>,
    },
    /// Token classification.
    Entities {
        /// Scores of each kind of entity.
        kinds: Vec<ClassScores>,
    },
    /// Question answering.
    Answers {
        /// Questions with an answer.
        answerable: u32,
        /// Questions without one.
        unanswerable: u32,
        /// How much higher than the best span's the score of "no answer" must be for the question to be left
        /// unanswered, where there are questions without an answer.
        threshold: Option<f32>,
    },
    /// Generation.
    Texts {
        /// Some rows, written on by the model.
        samples: Vec<TextSample>,
    },
}

/// A row, written on by the model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextSample {
    /// What stood before.
    pub prompt: String,
    /// What the model wrote.
    pub written: String,
    /// What stands in the data.
    pub reference: String,
}

fn number_or_nan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Option::deserialize(deserializer).map(|number| number.unwrap_or(f64::NAN))
}

impl Evaluation {
    /// A figure of the task; NaN where it cannot be told.
    pub fn score(&self, metric: Metric) -> f64 {
        match metric {
            Metric::Loss => self.loss,
            metric => self.scores.get(&metric).copied().unwrap_or(f64::NAN),
        }
    }

    /// The classes' scores and their confusion matrix, of single-label classification.
    pub fn classes(&self) -> Option<(&[ClassScores], &[Vec<u32>])> {
        match &self.detail {
            Detail::Classes { classes, confusion } => Some((classes, confusion)),
            _ => None,
        }
    }
}
