//! The weights of a tuned model as a folder stores them.

use burn::tensor::f16;

use crate::device_to_host::device_to_host;
use crate::diagnostic::Diagnostic;
use crate::export::file_rows::FileRows;
use crate::export::gguf;
use crate::export::int8::{Channel, Int8, column_scales};
use crate::export::rounding::{Rounding, finite, replace};
use crate::model::{AVERAGING_SCALE, TaskModel};
use crate::recipe::{Family, Pooling};
use crate::usage::{ExportDtype, ExportForm};
use crate::weights::WeightRef;

/// Largest scale of an averaging layer in 16 bits. A higher one would take more from the range than it adds in accuracy.
const MAX_FLOAT16_SCALE: f64 = 8192.0;

/// A tuned model with the weights that a folder stores: merged, rounded, and in the layers of the folder's form. It
/// predicts what the opened folder predicts.
#[derive(Clone, Debug)]
pub struct ExportedModel {
    /// The model.
    pub model: TaskModel,
    /// Form of the folder.
    pub form: ExportForm,
    /// Element type of its weights.
    pub dtype: ExportDtype,
}

impl ExportedModel {
    /// Brings a tuned model into the form of a folder. An adapter is always stored in 32 bits.
    ///
    /// # Errors
    /// `export.float16` if a weight is too large for 16 bits, `export.dtype` if the form has no such weights, or the device
    /// fails.
    pub async fn new(tuned: &TaskModel, form: ExportForm, dtype: ExportDtype) -> Result<Self, Diagnostic> {
        let (mut model, dtype) = match form {
            ExportForm::Model | ExportForm::OwnClass | ExportForm::Onnx | ExportForm::Gguf => {
                (tuned.detached(true), dtype)
            }
            ExportForm::Adapter => (tuned.clone(), ExportDtype::Float32),
        };
        model = model.without_unit();
        if form == ExportForm::Model && model.pooling() == Some(Pooling::Mean) {
            let scale = averaging_scale(&model, dtype).await?;
            model = model.with_averaging_layer(scale);
        }
        match dtype {
            ExportDtype::Float32 => {}
            _ if form == ExportForm::Gguf => gguf::round(&mut model, dtype).await?,
            ExportDtype::Float16 => replace(&mut model, async |weight| Ok(Some(to_float16(weight)))).await?,
            ExportDtype::Int8 => {
                let family = model.base.family();
                replace(&mut model, async |weight| to_int8(weight, family).await).await?;
            }
            ExportDtype::Int4 => {
                return Err(Diagnostic::new("export.dtype", "Only GGUF files have weights of 4 bits.")
                    .done("Nothing was written; the tuned model is still here.")
                    .remedy("Choose GGUF, or weights of 8 bits."));
            }
        }
        Ok(Self { model, form, dtype })
    }
}

/// Scale of the averaging layer's value. In 16 bits, no scaled hidden state may exceed the largest number.
async fn averaging_scale(model: &TaskModel, dtype: ExportDtype) -> Result<f64, Diagnostic> {
    let (ExportDtype::Float16, Some(bound)) = (dtype, model.base.bound()) else { return Ok(AVERAGING_SCALE) };
    let bound = device_to_host(bound).await?.first().copied().map_or(1.0, f64::from);
    let highest = (f16::MAX.to_f64() / bound).log2().floor().exp2();
    Ok(highest.clamp(1.0, MAX_FLOAT16_SCALE))
}

/// The nearest 16-bit floats.
fn to_float16(weight: WeightRef) -> Rounding {
    let name = weight.name().clone();
    let rounded =
        move |values: Vec<f32>| finite(&name, values.into_iter().map(|value| f16::from_f32(value).to_f32()).collect());
    Rounding { rows: FileRows::as_in_model(weight), rounded: Box::new(rounded) }
}

/// The values of the nearest 8-bit integers, where the weight is quantized.
///
/// # Errors
/// If the device fails.
async fn to_int8(weight: WeightRef<'_>, family: Family) -> Result<Option<Rounding>, Diagnostic> {
    let Some(channel) = Channel::of(weight, family) else { return Ok(None) };
    let rows = FileRows::as_in_model(weight);
    // A column goes through all pieces.
    let scales = if channel == Channel::Column { Some(column_scales(&rows).await?) } else { None };
    let (rows, channel) = match channel {
        Channel::ColumnBlock => (rows.transposed(), Channel::RowBlock),
        _ => (rows, channel),
    };
    let [_, columns] = rows.dims();
    let rounded = move |values: Vec<f32>| {
        let dims = [values.len() / columns, columns];
        let quantized = match &scales {
            Some(scales) => Int8::scaled(&values, scales.clone(), dims, channel),
            None => Int8::new(&values, dims, channel),
        };
        Ok(quantized.dequantized())
    };
    Ok(Some(Rounding { rows, rounded: Box::new(rounded) }))
}
