//! model.safetensors: names and layout of Hugging Face, in 32-bit floats whatever the base had, unless 16 bits were chosen.
//! The weights are rounded before, so that the scores are those of the weights that are written.

use std::io::Write;

use burn::tensor::Tensor;

use crate::device_to_host::device_to_host;
use crate::diagnostic::Diagnostic;
use crate::export::failed;
use crate::model::TaskModel;
use crate::recipe::ParamGroup;
use crate::usage::ExportDtype;
use crate::weights::{Dtype, TensorInfo, WeightRef, Weights, encode, in_32_bits, write_header};

/// Number of values that are read from the device at a time.
const PIECE: usize = 1 << 18;

/// A weight to be written to a file.
pub(crate) struct ExportedWeight {
    info: TensorInfo,
    /// Values in the layout and the type of the model.
    values: Tensor<1>,
    transposed: Option<[usize; 2]>,
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
        let (values, transposed) = match weight {
            WeightRef::Vector(weight) => (weight.tensor.clone(), None),
            WeightRef::Matrix(weight) => {
                let [rows, columns] = weight.tensor.dims();
                (weight.tensor.clone().reshape([rows * columns]), weight.transposed.then_some([rows, columns]))
            }
        };
        let dtype = match dtype {
            // Integers are only written as ONNX.
            ExportDtype::Float32 | ExportDtype::Int8 | ExportDtype::Int4 => Dtype::F32,
            ExportDtype::Float16 => Dtype::F16,
        };
        let info = TensorInfo { name, dtype, shape: weight.shape(), bytes: 0..0 };
        Self { info, values, transposed }
    }

    /// Writes the values piece by piece: whole, the largest tensor of a model would be in memory several times.
    async fn write(self, out: &mut impl Write) -> Result<(), Diagnostic> {
        let count: usize = self.info.shape.iter().product();
        match self.transposed {
            None => {
                for begin in (0..count).step_by(PIECE) {
                    let piece = self.values.clone().narrow(0, begin, PIECE.min(count - begin));
                    self.write_piece(piece, None, out).await?;
                }
            }
            Some([rows, columns]) => {
                let matrix = self.values.clone().reshape([rows, columns]);
                let step = (PIECE / rows.max(1)).max(1);
                for begin in (0..columns).step_by(step) {
                    let end = columns.min(begin + step);
                    let piece = matrix.clone().slice([0..rows, begin..end]).reshape([rows * (end - begin)]);
                    self.write_piece(piece, Some([rows, end - begin]), out).await?;
                }
            }
        }
        Ok(())
    }

    async fn write_piece(
        &self,
        piece: Tensor<1>,
        transposed: Option<[usize; 2]>,
        out: &mut impl Write,
    ) -> Result<(), Diagnostic> {
        let values = device_to_host(in_32_bits(piece)).await?;
        out.write_all(&encode(&values, transposed, self.info.dtype)).map_err(failed)
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
