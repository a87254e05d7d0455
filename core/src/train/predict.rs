//! What a model says of texts.

use burn::tensor::Device;
use burn::tensor::activation::softmax;

use crate::model::{Classifier, Dropout};
use crate::problem::Problem;
use crate::text::Batch;

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

/// Classifies encoded texts in one batch of `rows` rows, of which those beyond `texts` only fill up.
///
/// # Errors
/// When the device fails.
pub async fn predict(
    model: &Classifier,
    texts: &[&[u32]],
    [rows, max_len]: [usize; 2],
    pad: u32,
    device: &Device,
) -> Result<Vec<Prediction>, Problem> {
    let input = Batch::new(texts, rows, max_len, pad).input(device);
    let probabilities = softmax(model.forward(input, &mut Dropout::off()), 1);
    let [_, classes] = probabilities.dims();
    let values: Vec<f32> = super::session::read(probabilities).await?;
    let rows = values.chunks(classes).take(texts.len());
    Ok(rows.map(|row| Prediction { probabilities: row.to_vec() }).collect())
}
