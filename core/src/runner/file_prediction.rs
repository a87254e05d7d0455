//! Predictions for every row of a file.

use std::io::{ErrorKind, Write};

use serde_json::{Value, json};

use crate::dataset::{Cells, InputColumns};
use crate::diagnostic::Diagnostic;
use crate::generate::{Generator, Sampling};
use crate::inference::{
    Answer, EncodedPrompt, EncodedQueries, InferenceContext, Query, TableFormat, TableWriter, prediction_cells,
    prediction_columns,
};
use crate::model::TaskModel;
use crate::pretrained::Pretrained;
use crate::recipe::Task;
use crate::run::FileOutcome;
use crate::train::Prediction;

/// Rows that are encoded at a time; they are sorted by length to spare padding.
const CHUNK: usize = 256;
/// Rows that a model reads at a time.
const BATCH: usize = 16;

/// Predictions for every row of a file, which are written with the row's own cells.
pub struct FilePrediction<W: Write> {
    cells: Cells,
    columns: InputColumns,
    /// Rows that are written.
    done: usize,
    work: Option<Pending>,
    writer: TableWriter<W>,
    outcome: FileOutcome,
}

/// Rows that are being predicted.
enum Pending {
    /// A chunk, with the queries of the rows that have one.
    Chunk { rows: Vec<Option<Query>>, encoded: EncodedQueries, predictions: Vec<Prediction> },
    /// A row whose prompt is being continued.
    Text { query: Query, generator: Generator },
}

impl<W: Write> FilePrediction<W> {
    /// Begins to write a file of `format` to `out`.
    ///
    /// # Errors
    /// As [`InputColumns::check`], or if `out` fails.
    pub fn new(
        cells: Cells,
        columns: InputColumns,
        context: &InferenceContext,
        format: TableFormat,
        out: W,
    ) -> Result<Self, Diagnostic> {
        columns.check(&cells.columns)?;
        format.check(&cells.rows).map_err(not_written)?;
        let mut names = cells.columns.clone();
        names.extend(prediction_columns(context.recipe.task(), context.labels, &cells.columns));
        let counts_labels = matches!(context.recipe.task(), Task::Classification | Task::MultiLabel);
        let outcome = FileOutcome {
            rows: cells.rows.len() as u32,
            unreadable: cells.skipped as u32,
            first_unreadable: cells.first_skipped.first().cloned(),
            labels: if counts_labels { vec![0; context.labels.len()] } else { Vec::new() },
            ..FileOutcome::default()
        };
        let writer = TableWriter::new(out, format, names).map_err(not_written)?;
        Ok(Self { cells, columns, done: 0, work: None, writer, outcome })
    }

    /// Number of rows that are done, and in total.
    pub fn progress(&self) -> (usize, usize) {
        let in_chunk = match &self.work {
            Some(Pending::Chunk { rows, encoded, predictions }) => {
                let (done, total) = encoded.progress(predictions);
                rows.len() * done / total.max(1)
            }
            _ => 0,
        };
        (self.done + in_chunk, self.cells.rows.len())
    }

    /// Predicts the next batch of rows, or generates the next token of a row. Returns false once all rows are written.
    /// `free_bytes` is the memory available for a prompt.
    ///
    /// # Errors
    /// If the device or the output fails.
    pub async fn advance(
        &mut self,
        model: &TaskModel,
        pretrained: &Pretrained,
        context: &InferenceContext<'_>,
        free_bytes: f64,
    ) -> Result<bool, Diagnostic> {
        let work = match self.work.take() {
            Some(work) => work,
            None if self.done == self.cells.rows.len() => return Ok(false),
            None => match self.next(pretrained, context, free_bytes)? {
                Some(work) => work,
                None => return Ok(true),
            },
        };
        match work {
            Pending::Chunk { rows, encoded, mut predictions } => {
                match encoded.advance(&mut predictions, BATCH, model, context).await? {
                    Some(answers) => self.write_chunk(&rows, answers, context)?,
                    None => self.work = Some(Pending::Chunk { rows, encoded, predictions }),
                }
            }
            Pending::Text { query, mut generator } => {
                generator.advance(model).await?;
                if generator.is_over() {
                    let text = pretrained.tokenizer.decode(generator.generated())?;
                    let answer = Answer::Generated { text: text.trim().into(), is_over: true };
                    self.write_row(Some((&query, &answer)), context)?;
                } else {
                    self.work = Some(Pending::Text { query, generator });
                }
            }
        }
        Ok(true)
    }

    /// The written file, and what became of its rows.
    ///
    /// # Errors
    /// If the output fails.
    pub fn finish(self) -> Result<(W, FileOutcome), Diagnostic> {
        Ok((self.writer.finish().map_err(not_written)?, self.outcome))
    }

    /// The next rows to predict; `None` if a row was written without a prediction.
    fn next(
        &mut self,
        pretrained: &Pretrained,
        context: &InferenceContext,
        free_bytes: f64,
    ) -> Result<Option<Pending>, Diagnostic> {
        let task = context.recipe.task();
        let new_tokens = context.recipe.spec().max_new_tokens;
        let sampling = Sampling { max_new_tokens: new_tokens, ..Sampling::default() };
        let size = if task == Task::Generation { 1 } else { CHUNK };
        let end = self.cells.rows.len().min(self.done + size);
        let query = |row: &Vec<String>| {
            let input = self.columns.cells(&self.cells.columns, row, task)?;
            Ok(input.map(|input| Query::of_row(input, sampling)))
        };
        let rows: Vec<Option<Query>> =
            self.cells.rows[self.done..end].iter().map(query).collect::<Result<_, Diagnostic>>()?;
        if task != Task::Generation {
            let queries: Vec<Query> = rows.iter().flatten().cloned().collect();
            let encoded = EncodedQueries::new(&queries, context, &pretrained.tokenizer)?;
            self.outcome.cut += encoded.cut as u32;
            return Ok(Some(Pending::Chunk { rows, encoded, predictions: Vec::new() }));
        }
        let Some(query) = rows.into_iter().flatten().next() else {
            self.write_row(None, context)?;
            return Ok(None);
        };
        let Query::Prompt { prompt, .. } = &query else { return Err(no_prompt()) };
        match EncodedPrompt::new(prompt, new_tokens as usize, context, pretrained, free_bytes) {
            Ok(EncodedPrompt { ids, is_cut }) => {
                self.outcome.cut += u32::from(is_cut);
                let generator = Generator::new(&ids, sampling, pretrained.tokenizer.eos_ids());
                Ok(Some(Pending::Text { query, generator }))
            }
            // The other rows can be predicted all the same.
            Err(diagnostic) => {
                self.outcome.refused += 1;
                self.outcome.first_refused.get_or_insert(diagnostic);
                self.write_row(None, context)?;
                Ok(None)
            }
        }
    }

    fn write_chunk(
        &mut self,
        rows: &[Option<Query>],
        answers: Vec<Answer>,
        context: &InferenceContext,
    ) -> Result<(), Diagnostic> {
        let mut answers = answers.iter();
        for query in rows {
            let answered = query.as_ref().and_then(|query| Some((query, answers.next()?)));
            self.write_row(answered, context)?;
        }
        Ok(())
    }

    /// Writes the next row with its prediction, if it has one.
    fn write_row(&mut self, answered: Option<(&Query, &Answer)>, context: &InferenceContext) -> Result<(), Diagnostic> {
        let mut cells: Vec<Value> = self.cells.rows[self.done].iter().map(|cell| json!(cell)).collect();
        match answered {
            Some((query, answer)) => {
                cells.extend(prediction_cells(answer, query, context.labels));
                self.outcome.predicted += 1;
                self.outcome.unsure += u32::from(answer.is_unsure());
                for label in answer.labels() {
                    if let Some(count) = self.outcome.labels.get_mut(label) {
                        *count += 1;
                    }
                }
            }
            None => {
                let all = prediction_columns(context.recipe.task(), context.labels, &self.cells.columns).len();
                cells.extend(std::iter::repeat_n(Value::Null, all));
            }
        }
        self.done += 1;
        self.writer.row(&cells).map_err(not_written)
    }
}

fn not_written(error: std::io::Error) -> Diagnostic {
    let remedy = match error.kind() {
        ErrorKind::InvalidData => "Choose CSV or JSON Lines, and predict the file again.",
        _ => "Make room, and predict the file again.",
    };
    Diagnostic::new("predict.write", format!("The predictions could not be written: {error}."))
        .done("The model is unchanged.")
        .remedy(remedy)
}

fn no_prompt() -> Diagnostic {
    Diagnostic::new("predict.columns", "This model continues prompts, and none was chosen.")
        .done("Nothing was predicted.")
        .remedy("Choose the column of the prompts.")
}
