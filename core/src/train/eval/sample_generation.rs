//! Some validation rows, written on by the model as it stands: what its scores as a text and its examples come from.

use crate::diagnostic::Diagnostic;
use crate::generate::Generator;
use crate::generate::Sampling;
use crate::metrics::TextSample;
use crate::model::TaskModel;
use crate::recipe::RecipeSpec;
use crate::text::{Labels, Reference};
use crate::train::TrainingData;

/// Tokens that are written between two looks at what the run is told.
const TOKENS: usize = 16;

/// Rows on their way.
#[derive(Debug, Default)]
pub(crate) struct SampleGeneration {
    /// Indices of the rows.
    rows: Vec<usize>,
    sampling: Sampling,
    generator: Option<Generator>,
    samples: Vec<TextSample>,
}

impl SampleGeneration {
    /// As many rows as the recipe says, spread over all; none where nothing is written in this task.
    pub(crate) fn new(recipe: &RecipeSpec, data: &TrainingData) -> Self {
        let all = references(data).len();
        let wanted = (recipe.generated_rows as usize).min(all);
        let sampling = Sampling { max_new_tokens: recipe.max_new_tokens, seed: recipe.seed, ..Sampling::default() };
        Self { rows: (0..wanted).map(|i| i * all / wanted).collect(), sampling, ..Self::default() }
    }

    /// Rows written, and rows in all.
    pub(crate) fn progress(&self) -> (usize, usize) {
        (self.samples.len(), self.rows.len())
    }

    /// Whether all are written.
    pub(crate) fn is_over(&self) -> bool {
        self.samples.len() == self.rows.len()
    }

    /// Writes a little more.
    ///
    /// # Errors
    /// When the device fails, or what is written cannot be turned into text.
    pub(crate) async fn advance(&mut self, model: &TaskModel, data: &TrainingData) -> Result<(), Diagnostic> {
        let Some((reference, tokenizer)) =
            self.rows.get(self.samples.len()).and_then(|&row| references(data).get(row)).zip(data.tokenizer.as_ref())
        else {
            self.rows.clear();
            self.samples.clear();
            return Ok(());
        };
        let mut generator = self
            .generator
            .take()
            .unwrap_or_else(|| Generator::new(&reference.prompt, self.sampling, tokenizer.eos_ids()));
        for _ in 0..TOKENS {
            generator.advance(model).await?;
            if generator.is_reading_prompt() {
                break;
            }
        }
        if !generator.is_over() {
            self.generator = Some(generator);
            return Ok(());
        }
        self.samples.push(TextSample {
            prompt: reference.prompt_text.clone(),
            generated: tokenizer.decode(generator.generated())?.trim().into(),
            reference: reference.completion.clone(),
        });
        Ok(())
    }

    /// What was written.
    pub(crate) fn finish(self) -> Vec<TextSample> {
        self.samples
    }
}

fn references(data: &TrainingData) -> &[Reference] {
    match &data.validation.labels {
        Labels::Continuations { references, .. } => references,
        _ => &[],
    }
}
