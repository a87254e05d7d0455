//! Models with random weights, to check a device or time a step without a file.

use burn::tensor::{Device, TensorData};

use crate::model::base_model::BaseModel;
use crate::model::config::ModelConfig;
use crate::model::task_model::TaskModel;
use crate::recipe::{Pooling, Task};
use crate::rng::{Rng, Stream};
use crate::weights::{Tensors, WeightsError};

/// A model with normal weights of standard deviation `spread` (norms around 1). An encoder classifies texts into
/// `outputs` classes by mean pooling; a decoder generates.
///
/// # Errors
/// None: every tensor is created in the shape that the model asks for.
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
    let mut tensors = Tensors::initialized(device, &mut make);
    let base = BaseModel::load(config, &mut tensors)?;
    let task = if base.family().is_decoder() { Task::Generation } else { Task::Classification };
    Ok(TaskModel::new(base, task, Pooling::Mean, outputs, 0, device))
}
