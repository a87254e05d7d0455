//! Rounding of a model's weights.

use burn::tensor::{Tensor, TensorData, f16};

use crate::device_to_host::device_to_host;
use crate::diagnostic::Diagnostic;
use crate::model::TaskModel;
use crate::weights::{WeightMut, WeightRef, Weights};

/// Replaces every weight by `rounded` of it and its values. A device may lack the types that they are rounded to, so the
/// weights are read one at a time.
pub(crate) async fn replace(
    model: &mut TaskModel,
    rounded: impl Fn(WeightRef, Vec<f32>) -> Result<Vec<f32>, Diagnostic>,
) -> Result<(), Diagnostic> {
    let mut weights = Vec::new();
    model.visit(&mut |weight| weights.push(weight));
    let mut tensors = Vec::with_capacity(weights.len());
    for weight in weights {
        let values = rounded(weight, device_to_host(weight.values().0).await?)?;
        let size = values.len();
        tensors.push(Tensor::<1>::from_data(TensorData::new(values, [size]), &weight.device()));
    }
    let mut tensors = tensors.into_iter();
    model.visit_mut(&mut |weight| {
        let Some(tensor) = tensors.next() else { return };
        match weight {
            WeightMut::Vector(weight) => weight.tensor = tensor,
            WeightMut::Matrix(weight) => weight.tensor = tensor.reshape(weight.tensor.dims()),
        }
    });
    Ok(())
}

/// Refuses a weight that was rounded to infinity.
pub(crate) fn finite(weight: WeightRef, rounded: Vec<f32>) -> Result<Vec<f32>, Diagnostic> {
    if rounded.iter().all(|value| value.is_finite()) { Ok(rounded) } else { Err(too_large(weight.name())) }
}

fn too_large(name: &str) -> Diagnostic {
    Diagnostic::new(
        "export.float16",
        format!("The weight {name} has a value that no 16-bit float can hold: the largest is {}.", f16::MAX),
    )
    .done("Nothing was written; the tuned model is still here.")
    .remedy("Choose 32 bits. For a regression, smaller numbers help, such as thousands in place of units.")
}
