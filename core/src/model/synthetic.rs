//! Models of random weights: to check a device and to time a step, no file is needed.

use burn::tensor::{Device, TensorData};

use crate::model::{BaseModel, ModelConfig, TaskModel};
use crate::recipe::{Pooling, Task};
use crate::rng::{Rng, Stream};
use crate::weights::{Tensors, WeightsError};

/// A model of the given sizes, its weights normal with deviation `spread` (norms around 1): an encoder classifies texts
/// by the mean over their tokens into `outputs` classes, a decoder writes.
///
/// # Errors
/// None but for a bug: every tensor is made as it is asked for.
pub fn synthetic(
    config: &ModelConfig,
    outputs: usize,
    spread: f32,
    device: &Device,
) -> Result<TaskModel, WeightsError> {
    let mut rng = Rng::new(0, Stream::Synthetic, 0);
    let mut make = |name: &str, shape: &[usize]| {
        let is_norm = shape.len() == 1 && name.ends_with(".weight");
        let center = if is_norm { 1.0 } else { 0.0 };
        let values = (0..shape.iter().product()).map(|_| center + spread * rng.normal()).collect();
        TensorData::new::<f32, _>(values, shape.to_vec())
    };
    let mut tensors = Tensors::made(device, &mut make);
    let body = BaseModel::load(config, &mut tensors)?;
    let task = if body.family().is_decoder() { Task::Generation } else { Task::Classification };
    Ok(TaskModel::new(body, task, Pooling::Mean, outputs, 0, device))
}
