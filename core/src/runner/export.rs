//! The exported folder of a run.

use crate::export::{DataFacts, ModelFolder};
use crate::metrics::Evaluation;
use crate::pretrained::Pretrained;
use crate::run::Baseline;
use crate::train::Session;

/// Origin of the base model and the data of a run.
#[derive(Clone, Copy, Debug)]
pub struct Provenance<'a> {
    /// The base model's name on a hub.
    pub hub_id: &'a str,
    /// The base model's license, as an SPDX identifier; empty if unknown.
    pub license: &'a str,
    /// SHA-256 of the training file, in hexadecimal.
    pub sha256: &'a str,
}

/// The folder of a run's model, ready to be written. `best` are the scores of the kept weights, `baseline` those of a
/// constant prediction.
pub fn model_folder<'a>(
    session: &'a Session,
    pretrained: &'a Pretrained,
    best: &'a Evaluation,
    baseline: Option<&'a Baseline>,
    provenance: Provenance<'a>,
) -> ModelFolder<'a> {
    let data = session.data();
    ModelFolder {
        model: session.model(),
        config: &pretrained.config_json,
        verbatim: &pretrained.verbatim,
        labels: &data.labels,
        base_model: provenance.hub_id,
        license: provenance.license,
        quantized: pretrained.quantized,
        recipe: session.recipe(),
        history: &session.state().history,
        best,
        baseline,
        data: DataFacts::new(data, provenance.sha256),
    }
}
