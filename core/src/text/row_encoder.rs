//! A data set on its way into a model's tokens. Rows that the model refuses are left out.

use crate::dataset::{DataReport, Dataset};
use crate::diagnostic::Diagnostic;
use crate::recipe::Task;
use crate::text::chat::ChatTemplate;
use crate::text::encode::EncodedRows;
use crate::text::lengths::token_lengths;
use crate::text::tokenizer::Tokenizer;

/// The rows of a data set, as far as they are in tokens.
#[derive(Clone, Debug)]
pub struct RowEncoder {
    train: Side,
    validation: Side,
    /// Tokens of each row.
    lengths: Vec<usize>,
    /// Rows that the model refuses, and why.
    refused: Vec<(u32, String)>,
    suggested_len: u32,
}

#[derive(Clone, Debug)]
struct Side {
    encoded: EncodedRows,
    /// Rows looked at.
    seen: usize,
}

impl RowEncoder {
    /// Nothing yet, of a data set for `task`.
    pub fn new(task: Task) -> Self {
        let [train, validation] = [(); 2].map(|()| Side { encoded: EncodedRows::new(task), seen: 0 });
        Self { train, validation, lengths: Vec::new(), refused: Vec::new(), suggested_len: 0 }
    }

    /// Puts the next row into tokens; false when none is left.
    pub fn encode_next(&mut self, dataset: &Dataset, tokenizer: &Tokenizer, chat: Option<&ChatTemplate>) -> bool {
        let sides = [(&dataset.train, &mut self.train), (&dataset.validation, &mut self.validation)];
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

    /// Once no row is left: the data set without those that the model refuses, and the report on it. `positions` are the
    /// tokens that the model can read.
    ///
    /// # Errors
    /// `data.refused` where no row of a side is left.
    pub fn finish(
        &mut self,
        dataset: &Dataset,
        report: &DataReport,
        positions: usize,
    ) -> Result<(Dataset, DataReport), Diagnostic> {
        let (dataset, report) = dataset.exclude_rows(&std::mem::take(&mut self.refused), report)?;
        let tokens = token_lengths(std::mem::take(&mut self.lengths), positions);
        self.suggested_len = tokens.max_length;
        Ok((dataset, DataReport { tokens: Some(tokens), ..report }))
    }

    /// A length that fits the rows, in tokens; 0 before the end.
    pub fn suggested_len(&self) -> u32 {
        self.suggested_len
    }

    /// Bytes that the tokens take.
    pub fn bytes(&self) -> usize {
        self.train.encoded.bytes() + self.validation.encoded.bytes()
    }

    /// Rows learned from, and rows validated on.
    pub fn rows(&self) -> [&EncodedRows; 2] {
        [&self.train.encoded, &self.validation.encoded]
    }
}
