//! Scores of a classifier.

use serde::{Deserialize, Serialize};

/// Scores on the validation rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Optimiser steps taken before it.
    pub step: u32,
    /// Epochs done, with fraction.
    pub epoch: f64,
    /// Mean cross-entropy.
    pub loss: f64,
    /// Share of rows predicted right.
    pub accuracy: f64,
    /// Mean of the classes' F1.
    pub macro_f1: f64,
    /// Mean of the classes' F1, weighted by their rows.
    pub weighted_f1: f64,
    /// Scores of each class, in the order of the model's outputs.
    pub classes: Vec<ClassScores>,
    /// Rows by true class, then by predicted class: `[classes][classes]`.
    pub confusion: Vec<Vec<u32>>,
}

/// Scores of one class. A ratio whose denominator is 0 counts as 0, as in scikit-learn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassScores {
    /// The class's name.
    pub label: String,
    /// Of the rows predicted as this class, the share that is of it.
    pub precision: f64,
    /// Of the rows of this class, the share that was predicted so.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// Rows of this class.
    pub support: u32,
}
