//! What a model says of texts.

use burn::tensor::activation::softmax;

use super::read;
use crate::model::{Classifier, Dropout, Input};
use crate::problem::Problem;

/// What a model says of one text.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Probability of each class.
    pub probabilities: Vec<f32>,
}

impl Prediction {
    /// Whether the model gave numbers at all.
    pub fn is_finite(&self) -> bool {
        self.probabilities.iter().all(|probability| probability.is_finite())
    }

    /// The likeliest class; the first of equals.
    pub fn class(&self) -> u32 {
        let mut best = 0;
        for (class, probability) in self.probabilities.iter().enumerate() {
            if *probability > self.probabilities[best] {
                best = class;
            }
        }
        best as u32
    }
}

/// Classifies the first `count` texts of a batch; those beyond only fill up.
///
/// # Errors
/// When the device fails.
pub async fn predict(model: &Classifier, input: Input, count: usize) -> Result<Vec<Prediction>, Problem> {
    let probabilities = softmax(model.forward(input, &mut Dropout::off()), 1);
    let [_, classes] = probabilities.dims();
    let values: Vec<f32> = read(probabilities).await?;
    Ok(values.chunks(classes).take(count).map(|row| Prediction { probabilities: row.to_vec() }).collect())
}
