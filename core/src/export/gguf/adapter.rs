//! A LoRA adapter as a GGUF file, which llama.cpp applies to the base model when it loads it (`--lora`).

use std::io::Write;

use crate::diagnostic::Diagnostic;
use crate::export::file_rows::FileRows;
use crate::export::gguf::blocks::StoredType;
use crate::export::gguf::metadata::Metadata;
use crate::export::gguf::{Stored, family_of, head_counts, header};
use crate::export::{ModelFolder, failed};
use crate::model::ModelConfig;
use crate::recipe::{AdapterKind, RecipeSpec, Task};
use crate::weights::{GgufFamily, GgufLayout, WeightRef};

/// Returns true if llama.cpp can apply the adapter of a run: one of a decoder, and without magnitudes, which DoRA needs.
pub(crate) fn can_have_adapter(folder: &ModelFolder) -> bool {
    let config = ModelConfig::parse(folder.config);
    folder.recipe.task() == Task::Generation
        && folder.recipe.spec().adapter == AdapterKind::Lora
        && config.is_ok_and(|config| family_of(&config).is_ok())
}

/// Writes the file.
///
/// # Errors
/// If the device or `out` fails.
pub(crate) async fn write_adapter(folder: &ModelFolder<'_>, out: &mut impl Write) -> Result<(), Diagnostic> {
    let (model, config) = (&folder.exported.model, ModelConfig::parse(folder.config)?);
    let family = family_of(&config)?;
    let mut metadata = Metadata::default();
    metadata.text("general.architecture", family.architecture());
    metadata.text("general.type", "adapter");
    metadata.text("general.name", &format!("{}, tuned with Hone", folder.base_model));
    metadata.text("adapter.type", "lora");
    metadata.float("adapter.lora.alpha", alpha(folder.recipe.spec()));
    let mut tensors = Vec::new();
    model.visit_adapter(&mut |weight| {
        tensors.extend(stored(weight, &model.file_name(weight.name()), family, head_counts(&config)));
    });
    out.write_all(&header(&metadata, &tensors)).map_err(failed)?;
    for tensor in tensors {
        tensor.write(out).await?;
    }
    Ok(())
}

/// The number that llama.cpp divides by the rank. rsLoRA divides by its root.
fn alpha(spec: &RecipeSpec) -> f64 {
    spec.lora_alpha * if spec.use_rslora { f64::from(spec.lora_r).sqrt() } else { 1.0 }
}

/// A matrix of the adapter, in the layout of PEFT, except that the rows of queries and keys are in the order of the base's.
fn stored(weight: WeightRef, name: &str, family: GgufFamily, heads: [usize; 2]) -> Option<Stored> {
    let (module, matrix) = name.split_once(".lora_")?;
    let base = family.stored_name(&format!("{module}.weight"))?;
    let is_second = matrix.starts_with('B');
    let layout = match family.layout_of(&base, 2, heads) {
        interleaved @ GgufLayout::Interleaved(_) if is_second => interleaved,
        _ => GgufLayout::Same,
    };
    let name = format!("{base}.lora_{}", if is_second { 'b' } else { 'a' });
    Some(Stored { name, shape: weight.shape(), kind: StoredType::F32, layout, rows: FileRows::new(weight) })
}
