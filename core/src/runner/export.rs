//! The exported folder of a run.

use std::io::Write;

use crate::dataset::{DataRecipe, InputColumns};
use crate::diagnostic::Diagnostic;
use crate::export::{DataFacts, ExportedModel, ModelFolder};
use crate::pretrained::Pretrained;
use crate::train::{HeldOutScores, Session};
use crate::usage::{ExportDtype, ExportForm};

/// Origin of the base model and the data of a run.
#[derive(Clone, Copy, Debug)]
pub struct Provenance<'a> {
    /// The base model's name on a hub.
    pub hub_id: &'a str,
    /// The base model's license, as an SPDX identifier; empty if unknown.
    pub license: &'a str,
    /// SHA-256 of the training file, in hexadecimal.
    pub sha256: &'a str,
    /// Names of the columns that the model's input came from.
    pub input: Option<&'a InputColumns<String>>,
    /// Settings by which the training file was read, if they are known.
    pub recipe: Option<&'a DataRecipe>,
}

/// A written folder.
#[derive(Clone, Debug)]
pub struct ExportedFolder<W> {
    /// The zip.
    pub zip: W,
    /// Scores of the weights in the folder, if they were rounded.
    pub rounded: Option<HeldOutScores>,
}

/// Writes the folder of a run's best weights as a zip. Weights that are rounded are evaluated first. `progress` receives
/// the fraction done, from 0 to 1.
///
/// # Errors
/// `export.no-run` if the run was never evaluated, `export.float16` if a weight cannot be rounded, or if the device or `out`
/// fails.
pub async fn export<W: Write>(
    session: &Session,
    pretrained: &Pretrained,
    provenance: Provenance<'_>,
    form: ExportForm,
    dtype: ExportDtype,
    out: W,
    mut progress: impl FnMut(f64),
) -> Result<ExportedFolder<W>, Diagnostic> {
    let Some((best, _)) = session.best() else {
        return Err(Diagnostic::new("export.no-run", "There is no tuned model yet.").remedy("Start a run first."));
    };
    let exported = ExportedModel::new(session.model(), form, dtype).await?;
    let rounded = match exported.dtype {
        ExportDtype::Float32 => None,
        ExportDtype::Float16 | ExportDtype::Int8 | ExportDtype::Int4 => {
            Some(session.evaluate(&exported.model, |done, total| progress(0.5 * fraction(done, total))).await?)
        }
    };
    let written_before = if rounded.is_some() { 0.5 } else { 0.0 };
    let (data, baseline) = (session.data(), session.baseline());
    let folder = ModelFolder {
        exported: &exported,
        config: &pretrained.config_json,
        verbatim: &pretrained.verbatim,
        labels: &data.labels,
        base_model: provenance.hub_id,
        license: provenance.license,
        quantized: pretrained.quantized,
        recipe: session.recipe(),
        history: &session.state().history,
        extended_at: &session.state().extended_at,
        best: rounded.as_ref().map_or(best, |rounded| &rounded.validation),
        test: rounded.as_ref().map_or(session.test(), |rounded| rounded.test.as_ref()),
        baseline: baseline.as_ref(),
        data: DataFacts { recipe: provenance.recipe, ..DataFacts::new(data, provenance.sha256, provenance.input) },
    };
    let writing = |done, total| progress(written_before + (1.0 - written_before) * fraction(done, total));
    let zip = folder.write(out, writing).await?;
    Ok(ExportedFolder { zip, rounded })
}

fn fraction(done: usize, total: usize) -> f64 {
    done as f64 / total.max(1) as f64
}
