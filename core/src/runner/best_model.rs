//! The model with the best weights of a saved run, made without the data.

use crate::checkpoint::SavedBestModel;
use crate::diagnostic::Diagnostic;
use crate::export::{DataFacts, ExportedModel, ModelFolder};
use crate::metrics::Evaluation;
use crate::model::TaskModel;
use crate::pretrained::Pretrained;
use crate::recipe::{Recipe, RowFacts};
use crate::run::{EndReason, RunRecord, RunSummary};
use crate::runner::export::Provenance;
use crate::train::{HistoryEntry, starting_weights};
use crate::usage::{ExportDtype, ExportForm};

/// A model with the best weights of a saved run, and all that its export needs.
#[derive(Debug)]
pub struct BestModel {
    /// The tuned model.
    pub model: TaskModel,
    /// Recipe of the run.
    pub recipe: Recipe,
    /// Scores of the weights, without anything of a row.
    pub evaluation: Evaluation,
    /// The record of the run.
    pub record: RunRecord,
    history: Vec<HistoryEntry>,
    extended_at: Vec<u32>,
}

impl BestModel {
    /// Puts the best weights of a saved run on its base model.
    ///
    /// # Errors
    /// `resume.model` if `pretrained` is another model (its weights have the SHA-256 `sha256`), `checkpoint.no-best` if
    /// the run was never evaluated, `checkpoint.tensor` if a tensor is missing.
    pub fn new(pretrained: &Pretrained, sha256: &str, saved: SavedBestModel) -> Result<Self, Diagnostic> {
        let SavedBestModel { entry, history, extended_at, mut tensors, .. } = saved;
        let kind = entry.best_kind();
        let (record, groups) = (entry.record, entry.groups);
        let Some(evaluation) = record.best.clone() else {
            return Err(Diagnostic::new("checkpoint.no-best", "The run had not been evaluated when it was saved."));
        };
        if record.source.model.sha256 != sha256 {
            let what = format!("The run was started from {}, which has other weights.", record.source.model.name);
            return Err(Diagnostic::new("resume.model", what)
                .done("The saved run was left as it is.")
                .remedy("Load the model that the run was started with."));
        }
        // A run's recipe has every field, so the facts about the rows are not needed.
        let recipe = Recipe::new(record.plan.recipe.clone(), &pretrained.facts(RowFacts::default()))?;
        let mut model = pretrained.task_model(&recipe, &record.plan.labels, tensors.device());
        model.set_standardization(entry.standardization);
        let mut model = starting_weights(&recipe, model);
        tensors.replace(kind, &mut model, |group| groups.contains(&group))?;
        Ok(Self { model, recipe, evaluation, record, history, extended_at })
    }

    /// The summary of the run, as if it had been stopped when it was saved.
    pub fn summary(&self) -> RunSummary {
        RunSummary {
            reason: EndReason::Stopped,
            steps: self.record.step,
            best: self.evaluation.clone(),
            test: self.record.test.clone(),
            baseline: self.record.plan.baseline.clone(),
            forgetting: None,
            seconds: self.record.seconds,
            verdict: None,
            advice: None,
        }
    }

    /// The weights in the form of a folder. They stay in 32 bits: without the data, rounded weights could not be scored.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn exported(&self, form: ExportForm) -> Result<ExportedModel, Diagnostic> {
        ExportedModel::new(&self.model, form, ExportDtype::Float32).await
    }

    /// The folder of the model, ready to be written with the weights in [`exported`](Self::exported).
    pub fn folder<'a>(
        &'a self,
        exported: &'a ExportedModel,
        pretrained: &'a Pretrained,
        provenance: Provenance<'a>,
    ) -> ModelFolder<'a> {
        let plan = &self.record.plan;
        ModelFolder {
            exported,
            config: &pretrained.config_json,
            verbatim: &pretrained.verbatim,
            labels: &plan.labels,
            base_model: provenance.hub_id,
            license: provenance.license,
            quantized: pretrained.quantized,
            recipe: &self.recipe,
            history: &self.history,
            extended_at: &self.extended_at,
            best: &self.evaluation,
            test: self.record.test.as_ref(),
            baseline: plan.baseline.as_ref(),
            data: DataFacts {
                sha256: provenance.sha256,
                train_rows: plan.train_rows as usize,
                validation_rows: plan.validation_rows as usize,
                test_rows: plan.test_rows as usize,
                form: plan.form,
                input: provenance.input,
                recipe: provenance.recipe,
            },
        }
    }
}
