//! How far the probabilities of a classifier can be trusted: plain data.

use serde::{Deserialize, Serialize};

/// Calibration of the probabilities of single-label classification, and the threshold below which no label is predicted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Confidence {
    /// The logits are divided by it (temperature scaling); 1 if it was not tuned.
    pub temperature: f64,
    /// A prediction with a probability below it is unsure: it has no label. 0 for never.
    pub unsure_below: f32,
    /// The expected calibration error; none if the temperature was not tuned, because the validation rows are too few.
    pub calibration_error: Option<CalibrationError>,
    /// Accuracy by confidence, with the temperature.
    pub bins: Vec<ReliabilityBin>,
    /// Accuracy of the predictions that reach a threshold, in the order of the thresholds, with the temperature.
    pub coverage: Vec<CoveragePoint>,
}

impl Confidence {
    /// Settings of predictions, without anything that was measured.
    pub fn of_settings(temperature: f64, unsure_below: f32) -> Self {
        Self { temperature, unsure_below, calibration_error: None, bins: Vec::new(), coverage: Vec::new() }
    }

    /// The lowest threshold from which on predictions are right with this accuracy on the measured rows; none if no threshold
    /// reaches it.
    pub fn threshold_for(&self, accuracy: f64) -> Option<f32> {
        self.coverage.iter().find(|point| point.accuracy >= accuracy).map(|point| point.threshold)
    }

    /// The share of rows that a threshold leaves, and their accuracy; none if it leaves no row.
    pub fn at(&self, threshold: f32) -> Option<CoveragePoint> {
        self.coverage.iter().find(|point| point.threshold >= threshold).copied()
    }
}

/// Expected calibration error with 15 bins: how far confidence and accuracy are apart on average.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationError {
    /// Without the temperature.
    pub before: f64,
    /// With it.
    pub after: f64,
}

/// Predictions with a similar probability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Mean probability of the predictions.
    pub confidence: f64,
    /// Ratio of those that are right.
    pub accuracy: f64,
    /// Number of predictions.
    pub rows: u32,
}

/// The predictions that reach a threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CoveragePoint {
    /// Smallest probability of a prediction that is kept.
    pub threshold: f32,
    /// Ratio of the rows that are kept.
    pub coverage: f64,
    /// Ratio of them that are right.
    pub accuracy: f64,
}
