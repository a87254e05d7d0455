//! model.safetensors: names, layout and element types of Hugging Face.

use std::io::Write;

use super::failed;
use crate::problem::Problem;
use crate::train::read;
use crate::weights::{AnyWeight, Dtype, Place, TensorInfo, Weights, encode, write_header};

/// Writes all weights of a model, read from the device one after the other.
///
/// # Errors
/// When the device or `out` fails.
pub async fn write(
    model: &impl Weights,
    out: &mut impl Write,
    progress: &mut impl FnMut(usize, usize),
) -> Result<(), Problem> {
    let (mut tensors, mut values) = (Vec::new(), Vec::new());
    let mut at = 0;
    model.clone().each(&mut |weight: AnyWeight| {
        let (shape, dtype) = (weight.shape(), weight.dtype());
        let bytes = at..at + (shape.iter().product::<usize>() * dtype.size()) as u64;
        at = bytes.end;
        tensors.push(TensorInfo { name: exported_name(&weight), dtype, shape, bytes });
        values.push(weight.values());
    });
    out.write_all(&write_header(&tensors)).map_err(failed)?;
    let (total, dtypes): (usize, Vec<Dtype>) = (tensors.len(), tensors.iter().map(|tensor| tensor.dtype).collect());
    for (done, ((tensor, transposed), dtype)) in values.into_iter().zip(dtypes).enumerate() {
        let values = read(tensor).await?;
        out.write_all(&encode(&values, dtype, transposed)).map_err(failed)?;
        progress(done + 1, total);
    }
    Ok(())
}

/// The name in `BertForSequenceClassification`: what is not of the head belongs to the body.
fn exported_name(weight: &AnyWeight) -> String {
    match weight.place() {
        Place::Head => weight.name().to_string(),
        _ => format!("bert.{}", weight.name()),
    }
}
