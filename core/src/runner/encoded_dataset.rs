//! A dataset that is encoded for a model, row by row.

use std::sync::Arc;

use burn::tensor::Device;

use crate::dataset::{DataReport, Dataset, Mapping, SourceInfo};
use crate::diagnostic::Diagnostic;
use crate::pretrained::{Pretrained, TaskRows};
use crate::recipe::{RecipeSpec, Task};
use crate::text::{ChatTemplate, EncodedRows, RowEncoder};
use crate::train::Session;
use crate::usage::PromptForm;

/// Training and validation rows, with the tokens of those that are encoded.
#[derive(Debug)]
pub struct EncodedDataset {
    /// The rows and their report, independent of the model.
    collected: (Arc<Dataset>, DataReport),
    /// The rows that the model accepts, once all are encoded.
    dataset: Arc<Dataset>,
    report: DataReport,
    encoder: RowEncoder,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Encoding,
    Encoded,
    /// The model refuses too many rows.
    Refused,
}

impl EncodedDataset {
    /// Starts with no row encoded.
    pub fn new(dataset: Arc<Dataset>, report: DataReport) -> Self {
        let encoder = RowEncoder::new(dataset.task);
        Self { collected: (dataset.clone(), report.clone()), dataset, report, encoder, stage: Stage::Encoding }
    }

    /// Starts again for another model, which has another vocabulary and may accept rows that this one rejects.
    pub fn restarted(self) -> Self {
        let (dataset, report) = self.collected;
        Self::new(dataset, report)
    }

    /// The rows; once all are encoded, without those that the model rejects.
    pub fn dataset(&self) -> &Arc<Dataset> {
        &self.dataset
    }

    /// The report; once all rows are encoded, with their token lengths.
    pub fn report(&self) -> &DataReport {
        &self.report
    }

    /// Returns true if a model of this family can be trained on the rows and some are not encoded yet.
    pub fn needs_encoding(&self, model: &Pretrained) -> bool {
        self.stage == Stage::Encoding && model.config.family().serves(self.dataset.task)
    }

    /// Encodes one more row. Returns false once all rows are encoded.
    ///
    /// # Errors
    /// `chat.template` if the rows are conversations and the model's chat template cannot be used; `data.refused` after
    /// the last row if the model refuses all rows of a side.
    pub fn encode_next(&mut self, model: &Pretrained) -> Result<bool, Diagnostic> {
        let (dataset, report) = &self.collected;
        let unusable_template = model.chat.as_ref().and_then(ChatTemplate::refusal);
        if let (PromptForm::Chat, Some(refusal)) = (dataset.prompt_form(), unusable_template) {
            self.stage = Stage::Refused;
            return Err(refusal.clone());
        }
        if self.encoder.encode_next(dataset, &model.tokenizer, model.chat.as_ref()) {
            return Ok(true);
        }
        let finished = self.encoder.finish(dataset, report, model.config.max_positions());
        self.stage = if finished.is_ok() { Stage::Encoded } else { Stage::Refused };
        let (dataset, mut report) = finished?;
        if let (Task::Generation, PromptForm::Completion, Some(refusal)) =
            (dataset.task, dataset.prompt_form(), unusable_template)
        {
            let warning = Diagnostic::new("chat.unused", &refusal.what);
            report.warnings.push(warning.done("Prompts and completions are learned as plain text, without it."));
        }
        (self.dataset, self.report) = (Arc::new(dataset), report);
        Ok(false)
    }

    /// Sets up a run of a recipe on these rows.
    ///
    /// # Errors
    /// `run.not-ready` before all rows are encoded, `run.task` if the recipe is for another task, and whatever
    /// [`Pretrained::session`] refuses.
    pub fn session(&self, model: &Pretrained, recipe: RecipeSpec, device: &Device) -> Result<Session, Diagnostic> {
        if self.stage != Stage::Encoded {
            return Err(Diagnostic::new("run.not-ready", "The data is not ready yet.")
                .remedy("Its texts are being split into tokens; try again in a moment."));
        }
        let task = self.dataset.task;
        if recipe.task != task {
            let what = format!("The recipe is for \"{}\", but the columns are mapped for \"{task}\".", recipe.task);
            return Err(Diagnostic::new("run.task", what)
                .done("No run was started.")
                .remedy("Change the recipe's \"task\", or map the columns for the recipe's task."));
        }
        model.session(recipe, TaskRows::new(&self.dataset, &self.encoder, self.report.facts()), device)
    }

    /// Training and validation rows, once all are encoded.
    pub(crate) fn encoded(&self) -> Option<[&EncodedRows; 2]> {
        let [train, validation, _] = self.encoder.rows();
        (self.stage == Stage::Encoded).then_some([train, validation])
    }

    /// Size of the tokens, in bytes.
    pub fn token_bytes(&self) -> usize {
        self.encoder.bytes()
    }
}

/// The mapping of a validation file: the same columns by name, or its own guess, if possible for the same task, if it lacks
/// one of them.
pub fn validation_mapping(mapping: &Mapping, train: &SourceInfo, validation: &SourceInfo) -> Mapping {
    let own = || validation.fitting(mapping).cloned().unwrap_or_else(|| validation.guess());
    mapping.remap(&train.columns, &validation.columns).unwrap_or_else(own)
}
