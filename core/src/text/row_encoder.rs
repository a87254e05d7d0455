//! Encodes a dataset row by row. Rows that the tokenizer or the chat template refuses are skipped.

use crate::dataset::{DataReport, Dataset};
use crate::diagnostic::Diagnostic;
use crate::recipe::Task;
use crate::text::chat::ChatTemplate;
use crate::text::encode::EncodedRows;
use crate::text::lengths::token_lengths;
use crate::text::tokenizer::Tokenizer;

/// Encoder of a dataset, with the rows encoded so far.
#[derive(Clone, Debug)]
pub struct RowEncoder {
    train: Side,
    validation: Side,
    test: Side,
    /// Number of tokens of each row.
    lengths: Vec<usize>,
    /// Refused rows with the reason.
    refused: Vec<(u32, String)>,
}

#[derive(Clone, Debug)]
struct Side {
    encoded: EncodedRows,
    /// Number of rows visited.
    seen: usize,
}

impl RowEncoder {
    /// An encoder of a dataset for `task`, with no rows yet.
    pub fn new(task: Task) -> Self {
        let [train, validation, test] = [(); 3].map(|()| Side { encoded: EncodedRows::new(task), seen: 0 });
        Self { train, validation, test, lengths: Vec::new(), refused: Vec::new() }
    }

    /// Encodes the next row; returns false if none is left.
    pub fn encode_next(&mut self, dataset: &Dataset, tokenizer: &Tokenizer, chat: Option<&ChatTemplate>) -> bool {
        let sides = [
            (&dataset.train, &mut self.train),
            (&dataset.validation, &mut self.validation),
            (&dataset.test, &mut self.test),
        ];
        for (rows, side) in sides {
            let Some(&row) = rows.get(side.seen) else { continue };
            side.seen += 1;
            match side.encoded.push(tokenizer, chat, dataset.labels.len(), &dataset.example(row)) {
                Ok(length) => self.lengths.push(length),
                Err(diagnostic) => self.refused.push((row, diagnostic.what.trim_end_matches('.').to_owned())),
            }
            return true;
        }
        false
    }

    /// Called after the last row. Returns the dataset without the refused rows, and its report. `positions` is the maximum
    /// number of tokens of the model.
    ///
    /// # Errors
    /// `data.refused` if no training row, no validation row or none of the test rows is left.
    pub fn finish(
        &mut self,
        dataset: &Dataset,
        report: &DataReport,
        positions: usize,
    ) -> Result<(Dataset, DataReport), Diagnostic> {
        let (dataset, report) = dataset.exclude_rows(&std::mem::take(&mut self.refused), report)?;
        let tokens = token_lengths(std::mem::take(&mut self.lengths), positions);
        Ok((dataset, DataReport { tokens: Some(tokens), ..report }))
    }

    /// Memory of the encoded rows, in bytes.
    pub fn bytes(&self) -> usize {
        self.rows().into_iter().map(EncodedRows::bytes).sum()
    }

    /// Training, validation and test rows.
    pub fn rows(&self) -> [&EncodedRows; 3] {
        [&self.train, &self.validation, &self.test].map(|side| &side.encoded)
    }
}
