//! model.safetensors: names and layout of Hugging Face, in 32-bit floats whatever the base had, unless 16 bits were chosen.
//! The weights are rounded before, so that the scores are those of the weights that are written.

use std::io::Write;

use crate::diagnostic::Diagnostic;
use crate::export::failed;
use crate::export::file_rows::FileRows;
use crate::model::TaskModel;
use crate::recipe::ParamGroup;
use crate::usage::ExportDtype;
use crate::weights::{Dtype, TensorInfo, WeightRef, Weights, encode, write_header};

/// A weight to be written to a file.
pub(crate) struct ExportedWeight {
    info: TensorInfo,
    rows: FileRows,
}

/// All weights, under the names that transformers' class for the task uses.
pub(crate) fn all(model: &TaskModel, dtype: ExportDtype) -> Vec<ExportedWeight> {
    let mut weights = Vec::new();
    model.visit(&mut |weight| weights.push(ExportedWeight::new(weight, model.file_name(weight.name()), dtype)));
    weights
}

/// The weights of the head, under the names that transformers' class for the task uses.
pub(crate) fn head(model: &TaskModel) -> Vec<ExportedWeight> {
    let mut weights = Vec::new();
    model.visit(&mut |weight| {
        if weight.group() == ParamGroup::Head {
            weights.push(ExportedWeight::new(weight, model.file_name(weight.name()), ExportDtype::Float32));
        }
    });
    weights
}

/// The weights of the adapters and the head, under PEFT's names.
pub(crate) fn adapters(model: &TaskModel, dtype: ExportDtype) -> Vec<ExportedWeight> {
    let mut weights = Vec::new();
    model.visit_adapter(&mut |weight| {
        let name = format!("base_model.model.{}", model.file_name(weight.name()));
        weights.push(ExportedWeight::new(weight, name, dtype));
    });
    weights
}

impl ExportedWeight {
    fn new(weight: WeightRef, name: String, dtype: ExportDtype) -> Self {
        let dtype = match dtype {
            // Integers are only written as ONNX.
            ExportDtype::Float32 | ExportDtype::Int8 | ExportDtype::Int4 => Dtype::F32,
            ExportDtype::Float16 => Dtype::F16,
        };
        let info = TensorInfo { name, dtype, shape: weight.shape(), bytes: 0..0 };
        Self { info, rows: FileRows::new(weight) }
    }

    async fn write(self, out: &mut impl Write) -> Result<(), Diagnostic> {
        for rows in self.rows.pieces(1) {
            let values = self.rows.read(rows).await?;
            out.write_all(&encode(&values, self.info.dtype)).map_err(failed)?;
        }
        Ok(())
    }
}

/// Writes weights, reading them from the device piece by piece.
///
/// # Errors
/// If the device or `out` fails.
pub(crate) async fn write(
    weights: Vec<ExportedWeight>,
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
    for (done, weight) in weights.into_iter().enumerate() {
        weight.write(out).await?;
        progress(done + 1, total);
    }
    Ok(())
}
