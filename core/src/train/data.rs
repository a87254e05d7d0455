//! What a run learns from: encoded texts with their labels.

use crate::dataset::Dataset;
use crate::problem::Problem;
use crate::text::{EncodedTexts, Tokenizer};

/// Encoded texts with the index of each one's class.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    /// The texts.
    pub texts: EncodedTexts,
    /// Their classes.
    pub labels: Vec<u32>,
}

impl Labels {
    /// Adds a row.
    pub fn push(&mut self, ids: &[u32], label: u32) {
        self.texts.push(ids);
        self.labels.push(label);
    }

    /// Some rows of a data set in a model's tokens, cut to `max_len` of them.
    ///
    /// # Errors
    /// When the tokenizer cannot split a text.
    pub fn encode(dataset: &Dataset, rows: &[u32], tokenizer: &Tokenizer, max_len: usize) -> Result<Self, Problem> {
        let mut labels = Self::default();
        for &row in rows {
            let mut ids = tokenizer.encode(dataset.text(row), usize::MAX)?;
            tokenizer.cut(&mut ids, max_len);
            labels.push(&ids, dataset.label(row));
        }
        Ok(labels)
    }

    /// The same rows, their texts cut to `max_len` tokens.
    pub fn cut(&self, tokenizer: &Tokenizer, max_len: usize) -> Self {
        let mut cut = Self::default();
        for (i, &label) in self.labels.iter().enumerate() {
            let mut ids = self.texts.get(i).to_vec();
            tokenizer.cut(&mut ids, max_len);
            cut.push(&ids, label);
        }
        cut
    }

    /// Tokens of each row.
    pub fn lengths(&self) -> Vec<usize> {
        (0..self.texts.len()).map(|i| self.texts.tokens(i)).collect()
    }
}

/// Training and validation rows.
#[derive(Clone, Debug)]
pub struct TrainingData {
    /// Rows learned from.
    pub train: Labels,
    /// Rows validated on.
    pub validation: Labels,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// General sentences, by which it is measured how far the encoder moves; none where that is not wanted.
    pub general: EncodedTexts,
    /// The token that fills a row up.
    pub pad: u32,
}

impl TrainingData {
    /// The class that most training rows have.
    pub fn majority(&self) -> u32 {
        let mut counts = vec![0u32; self.classes.len()];
        for &label in &self.train.labels {
            counts[label as usize] += 1;
        }
        (0..).zip(counts).max_by_key(|&(class, count)| (count, std::cmp::Reverse(class))).map_or(0, |(class, _)| class)
    }
}
