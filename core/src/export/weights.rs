//! model.safetensors, with the names, layout and element types of the base model's file.

use std::io::Write;

use burn::tensor::Tensor;

use crate::device_to_host::device_to_host;
use crate::diagnostic::Diagnostic;
use crate::export::failed;
use crate::model::TaskModel;
use crate::recipe::ParamGroup;
use crate::weights::{Dtype, TensorInfo, WeightRef, Weights, encode, write_header};

/// A weight to be written to a file.
pub(crate) struct Exported {
    info: TensorInfo,
    values: Tensor<1>,
    transposed: Option<[usize; 2]>,
}

/// The element type of most pretrained values in their file.
pub(crate) fn dtype(model: &TaskModel) -> Dtype {
    let mut counts = [Dtype::F32, Dtype::F16, Dtype::BF16].map(|dtype| (0, dtype));
    model.base.visit(&mut |weight| {
        counts.iter_mut().filter(|(_, dtype)| *dtype == weight.dtype()).for_each(|(count, _)| *count += weight.len());
    });
    // On a tie, the first, which is the widest.
    counts.into_iter().rev().max_by_key(|(count, _)| *count).map_or(Dtype::F32, |(_, dtype)| dtype)
}

/// All weights, under the names that transformers' class for the task uses. A new head has the element type of the base
/// model.
pub(crate) fn all(model: &TaskModel) -> Vec<Exported> {
    let (mut weights, dtype) = (Vec::new(), dtype(model));
    let is_new = |weight: WeightRef| weight.group() == ParamGroup::Head && !model.base.family().is_decoder();
    model.visit(&mut |weight| {
        let dtype = if is_new(weight) { dtype } else { weight.dtype() };
        weights.push(Exported::new(weight, model.file_name(weight.name()), dtype));
    });
    weights
}

/// The weights of the adapters and the head, under PEFT's names.
pub(crate) fn adapters(model: &TaskModel) -> Vec<Exported> {
    let mut weights = Vec::new();
    model.visit_adapter(&mut |weight| {
        let name = format!("base_model.model.{}", model.file_name(weight.name()));
        weights.push(Exported::new(weight, name, weight.dtype()));
    });
    weights
}

impl Exported {
    fn new(weight: WeightRef, name: String, dtype: Dtype) -> Self {
        let (values, transposed) = weight.values();
        let info = TensorInfo { name, dtype, shape: weight.shape(), bytes: 0..0 };
        Self { info, values, transposed }
    }
}

/// Writes weights, reading them from the device one at a time.
///
/// # Errors
/// If the device or `out` fails.
pub(crate) async fn write(
    weights: Vec<Exported>,
    out: &mut impl Write,
    progress: &mut impl FnMut(usize, usize),
) -> Result<(), Diagnostic> {
    let mut at = 0;
    let mut with_offsets = |info: &TensorInfo| {
        let begin = at;
        at += (info.shape.iter().product::<usize>() * info.dtype.size()) as u64;
        TensorInfo { bytes: begin..at, ..info.clone() }
    };
    let tensors: Vec<TensorInfo> = weights.iter().map(|weight| with_offsets(&weight.info)).collect();
    out.write_all(&write_header(&tensors)).map_err(failed)?;
    let total = weights.len();
    for (done, Exported { info, values, transposed }) in weights.into_iter().enumerate() {
        let values = device_to_host(values).await?;
        out.write_all(&encode(&values, info.dtype, transposed)).map_err(failed)?;
        progress(done + 1, total);
    }
    Ok(())
}
