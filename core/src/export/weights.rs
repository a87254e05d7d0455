//! model.safetensors: names, layout and element types of Hugging Face.

use std::io::Write;

use burn::tensor::Tensor;

use super::failed;
use crate::model::TaskModel;
use crate::problem::Problem;
use crate::read::read;
use crate::weights::{AnyWeight, TensorInfo, Weights, encode, write_header};

/// A weight on its way into a file.
pub struct Exported {
    info: TensorInfo,
    values: Tensor<1>,
    transposed: Option<[usize; 2]>,
}

/// All weights, under their names in transformers' model of the task.
pub fn all(model: &TaskModel) -> Vec<Exported> {
    let mut weights = Vec::new();
    model.clone().each(&mut |weight| weights.push(Exported::new(&weight, model.file_name(weight.name()))));
    weights
}

/// The weights of the adapters and the head, under their names in PEFT's file.
pub fn adapters(model: &TaskModel) -> Vec<Exported> {
    let mut weights = Vec::new();
    model.clone().each_adapter(&mut |weight| {
        let name = format!("base_model.model.{}", model.file_name(weight.name()));
        weights.push(Exported::new(&weight, name));
    });
    weights
}

impl Exported {
    fn new(weight: &AnyWeight, name: String) -> Self {
        let (values, transposed) = weight.values();
        let info = TensorInfo { name, dtype: weight.dtype(), shape: weight.shape(), bytes: 0..0 };
        Self { info, values, transposed }
    }
}

/// Writes weights, read from the device one after the other.
///
/// # Errors
/// When the device or `out` fails.
pub async fn write(
    weights: Vec<Exported>,
    out: &mut impl Write,
    progress: &mut impl FnMut(usize, usize),
) -> Result<(), Problem> {
    let mut at = 0;
    let mut placed = |info: &TensorInfo| {
        let begin = at;
        at += (info.shape.iter().product::<usize>() * info.dtype.size()) as u64;
        TensorInfo { bytes: begin..at, ..info.clone() }
    };
    let tensors: Vec<TensorInfo> = weights.iter().map(|weight| placed(&weight.info)).collect();
    out.write_all(&write_header(&tensors)).map_err(failed)?;
    let total = weights.len();
    for (done, Exported { info, values, transposed }) in weights.into_iter().enumerate() {
        let values = read(values).await?;
        out.write_all(&encode(&values, info.dtype, transposed)).map_err(failed)?;
        progress(done + 1, total);
    }
    Ok(())
}
