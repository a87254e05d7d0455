//! Rounding of a model's weights.

use burn::tensor::f16;

use crate::diagnostic::Diagnostic;
use crate::export::file_rows::FileRows;
use crate::model::TaskModel;
use crate::weights::{WeightMut, WeightRef, Weights};

/// Rounds the values of a piece.
pub(crate) type RoundPiece = Box<dyn Fn(Vec<f32>) -> Result<Vec<f32>, Diagnostic>>;

/// Kind of rounding.
pub(crate) struct Rounding {
    /// The rows that are rounded, piece by piece.
    pub rows: FileRows,
    /// Function for each piece.
    pub rounded: RoundPiece,
}

/// Rounds every weight that has a rounding. A device may lack the types that they are rounded to, so the weights are read
/// piece by piece.
pub(crate) async fn replace(
    model: &mut TaskModel,
    rounding: impl AsyncFn(WeightRef<'_>) -> Result<Option<Rounding>, Diagnostic>,
) -> Result<(), Diagnostic> {
    let mut weights = Vec::new();
    model.visit(&mut |weight| weights.push(weight));
    let mut tensors = Vec::with_capacity(weights.len());
    for weight in weights {
        tensors.push(match rounding(weight).await? {
            Some(Rounding { rows, rounded }) => Some(rows.map(rounded).await?),
            None => None,
        });
    }
    let mut tensors = tensors.into_iter();
    model.visit_mut(&mut |weight| {
        let Some(tensor) = tensors.next().flatten() else { return };
        match weight {
            WeightMut::Vector(weight) => weight.tensor = tensor.reshape(weight.tensor.dims()),
            WeightMut::Matrix(weight) => weight.tensor = tensor,
        }
    });
    Ok(())
}

/// Refuses a weight that was rounded to infinity.
pub(crate) fn finite(name: &str, rounded: Vec<f32>) -> Result<Vec<f32>, Diagnostic> {
    if rounded.iter().all(|value| value.is_finite()) { Ok(rounded) } else { Err(too_large(name)) }
}

fn too_large(name: &str) -> Diagnostic {
    Diagnostic::new(
        "export.float16",
        format!("The weight {name} has a value that no 16-bit float can hold: the largest is {}.", f16::MAX),
    )
    .done("Nothing was written; the tuned model is still here.")
    .remedy("Choose 32 bits. For a regression, smaller numbers help, such as thousands in place of units.")
}
