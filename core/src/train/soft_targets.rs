//! Class weights and label smoothing: the target distribution of each row; for numbers, their standardization.

use crate::model::Standardization;
use crate::recipe::{ClassWeights, RecipeSpec};
use crate::text::{EncodedExamples, Labels};

/// Turns the class of a row into a weighted, smoothed target distribution, as `torch.nn.CrossEntropyLoss` does with
/// `weight` and `label_smoothing`.
#[derive(Clone, Debug, PartialEq)]
pub struct SoftTargets {
    class_weights: Vec<f32>,
    smoothing: f32,
    standardization: Standardization,
}

impl SoftTargets {
    /// Equal weights for all classes, without smoothing; numbers as they are.
    pub fn uniform(classes: usize) -> Self {
        Self { class_weights: vec![1.0; classes], smoothing: 0.0, standardization: Standardization::default() }
    }

    /// Weights and smoothing of a recipe, for these training rows.
    pub fn from_recipe(recipe: &RecipeSpec, classes: &[String], train: &EncodedExamples) -> Self {
        let class_weights = match &recipe.class_weights {
            ClassWeights::Equal => vec![1.0; classes.len()],
            ClassWeights::Balanced => {
                let rows: Vec<u32> = (0..train.len() as u32).collect();
                balanced(classes.len(), &train.class_labels(&rows))
            }
            ClassWeights::Given(given) => {
                classes.iter().map(|class| given.get(class).map_or(1.0, |&weight| weight as f32)).collect()
            }
        };
        Self {
            class_weights,
            smoothing: recipe.label_smoothing as f32,
            standardization: standardization_of(&train.labels),
        }
    }

    /// Weight of each class in the loss.
    pub fn class_weights(&self) -> &[f32] {
        &self.class_weights
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.class_weights.len()
    }

    /// Part of the loss that is spread evenly over all classes, from 0 to 1.
    pub fn smoothing(&self) -> f64 {
        f64::from(self.smoothing)
    }

    /// Standardization of the numbers before their loss is measured.
    pub fn standardization(&self) -> Standardization {
        self.standardization
    }

    /// Sum of the class weights of rows with these labels.
    pub fn total_weight(&self, labels: &[u32]) -> f32 {
        labels.iter().map(|&label| self.class_weights[label as usize]).sum()
    }

    /// Target weights `[rows, classes]` of a mean over rows with a total weight of `total`, row-major. `labeled` lists the
    /// rows that have a label, each as `(row, label)`. All other rows are 0.
    pub fn targets(&self, labeled: &[(usize, u32)], rows: usize, total: f32) -> Vec<f32> {
        let classes = self.classes();
        let mut targets = vec![0.0f32; rows * classes];
        // If all rows have a weight of 0, no gradient flows.
        let unit = if total > 0.0 { 1.0 / total } else { 0.0 };
        for &(row, label) in labeled {
            let row = &mut targets[row * classes..][..classes];
            for (target, weight) in row.iter_mut().zip(&self.class_weights) {
                *target = self.smoothing / classes as f32 * weight * unit;
            }
            row[label as usize] += (1.0 - self.smoothing) * self.class_weights[label as usize] * unit;
        }
        targets
    }
}

/// Mean and standard deviation of numbers; those of constant numbers have a deviation of 1.
fn standardization_of(labels: &Labels) -> Standardization {
    let Labels::Numbers(numbers) = labels else { return Standardization::default() };
    let average = |of: &dyn Fn(f64) -> f64| {
        numbers.iter().map(|&number| of(f64::from(number))).sum::<f64>() / numbers.len().max(1) as f64
    };
    let mean = average(&|number| number);
    let deviation = average(&|number| (number - mean).powi(2)).sqrt();
    Standardization { mean, deviation: if deviation > 0.0 && deviation.is_finite() { deviation } else { 1.0 } }
}

/// Class weights as in scikit-learn's `compute_class_weight("balanced")`: rows / (classes × rows of the class).
fn balanced(classes: usize, labels: &[u32]) -> Vec<f32> {
    let mut counts = vec![0u32; classes];
    labels.iter().for_each(|&label| counts[label as usize] += 1);
    counts.into_iter().map(|count| labels.len() as f32 / (classes as f32 * count.max(1) as f32)).collect()
}
