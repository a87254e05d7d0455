//! Models of random weights: to check a device and to time a step, no file is needed.

use burn::tensor::{Device, TensorData};

use super::{Bert, BertConfig, Classifier};
use crate::recipe::Pooling;
use crate::rng::{Purpose, Rng};
use crate::weights::{Tensors, WeightsError};

/// A classifier of the given sizes, its weights normal with deviation `spread` (norms around 1).
///
/// # Errors
/// None but for a bug: every tensor is made as it is asked for.
pub fn synthetic(
    config: &BertConfig,
    classes: usize,
    spread: f32,
    device: &Device,
) -> Result<Classifier, WeightsError> {
    let mut rng = Rng::new(0, Purpose::Synthetic, 0);
    let mut make = |name: &str, shape: &[usize]| {
        let centre = if name.ends_with("LayerNorm.weight") { 1.0 } else { 0.0 };
        let values = (0..shape.iter().product()).map(|_| centre + spread * rng.normal()).collect();
        TensorData::new::<f32, _>(values, shape.to_vec())
    };
    let mut tensors = Tensors::made(device, &mut make);
    let bert = Bert::load(config, &mut tensors)?;
    Ok(Classifier::new(bert, Pooling::Mean, [config.hidden, classes], 0, device))
}
