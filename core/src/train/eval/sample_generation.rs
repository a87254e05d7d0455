//! Some validation rows, written on by the model as it stands: what its scores as a text and its examples come from.

use crate::diagnostic::Diagnostic;
use crate::generate::Sampling;
use crate::generate::Writer;
use crate::metrics::TextSample;
use crate::model::TaskModel;
use crate::recipe::RecipeSpec;
use crate::text::{Answers, Reference};
use crate::train::TrainingData;

/// Tokens that are written between two looks at what the run is told.
const TOKENS: usize = 16;

/// Rows on their way.
#[derive(Debug, Default)]
pub(crate) struct Writing {
    /// Indices of the rows.
    rows: Vec<usize>,
    sampling: Sampling,
    writer: Option<Writer>,
    samples: Vec<TextSample>,
}

impl Writing {
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
        let mut writer =
            self.writer.take().unwrap_or_else(|| Writer::new(&reference.prompt, self.sampling, tokenizer.ends()));
        for _ in 0..TOKENS {
            writer.advance(model).await?;
            if writer.is_reading() {
                break;
            }
        }
        if !writer.is_over() {
            self.writer = Some(writer);
            return Ok(());
        }
        self.samples.push(TextSample {
            prompt: reference.prompt_text.clone(),
            written: tokenizer.decode(writer.written())?.trim().into(),
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
    match &data.validation.answers {
        Answers::Continuations { references, .. } => references,
        _ => &[],
    }
}
