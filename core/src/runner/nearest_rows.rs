//! The nearest training rows of validation rows, by the vectors of the tuned model.

use crate::dataset::Dataset;
use crate::dataset::phrases::{count, thousands};
use crate::diagnostic::Diagnostic;
use crate::limits::MAX_REVIEWED_ROWS;
use crate::recipe::Pooling;
use crate::rng::{Rng, Stream};
use crate::run::NearestRow;
use crate::runner::shown_labels::shown_labels;
use crate::runner::text_vectors::TextVectors;
use crate::text::{EncodedTexts, Labels};
use crate::train::Session;

/// Number of training rows that are named for each row.
const NEAREST: usize = 5;

/// Vectors of the training and validation rows of a run, as its head pools them.
#[derive(Debug)]
pub(super) struct NearestRows {
    /// The training rows that are compared, as indices on their side.
    train: Vec<u32>,
    /// Number of all training rows.
    all: usize,
    /// Number of validation rows that are compared, the first ones.
    validation: usize,
    vectors: TextVectors,
    is_over: bool,
}

impl NearestRows {
    /// Begins to compare the rows of a run. None for tasks whose rows are no single texts with a target each.
    pub(super) fn new(session: &Session) -> Option<Self> {
        let data = session.data();
        if !matches!(
            data.train.labels,
            Labels::Classes(_) | Labels::MultiLabel(_) | Labels::Numbers(_) | Labels::Tags(_)
        ) {
            return None;
        }
        let all = data.train.texts.len();
        let mut train: Vec<u32> = (0..all as u32).collect();
        if all > MAX_REVIEWED_ROWS {
            Rng::new(0, Stream::Folds, 0).shuffle(&mut train);
            train.truncate(MAX_REVIEWED_ROWS);
            train.sort_unstable();
        }
        let validation = data.validation.texts.len().min(MAX_REVIEWED_ROWS);
        let mut texts = EncodedTexts::default();
        let sides = [(&data.train.texts, train.clone()), (&data.validation.texts, (0..validation as u32).collect())];
        for (of_side, rows) in sides {
            rows.into_iter().for_each(|row| texts.push_pair(of_side.get(row as usize), of_side.second(row as usize)));
        }
        let model = session.model();
        let pooling = model.pooling().unwrap_or(Pooling::Mean);
        let vectors = TextVectors::of_base(texts, model.base.clone(), pooling, data.pad, session.device());
        Some(Self { train, all, validation, vectors, is_over: false })
    }

    /// Computes the vectors of the next batch. Returns the fraction that is done.
    ///
    /// # Errors
    /// If the device fails.
    pub(super) async fn advance(&mut self) -> Result<f64, Diagnostic> {
        self.is_over = !self.vectors.advance().await?;
        Ok(self.vectors.fraction())
    }

    /// Returns true once all vectors are known.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// The nearest training rows of a validation row, given as an index on its side, nearest first; empty if they are not
    /// known.
    pub(super) fn of(&self, dataset: &Dataset, row: u32) -> Vec<NearestRow> {
        if !self.is_over || row as usize >= self.validation {
            return Vec::new();
        }
        let vectors = self.vectors.vectors();
        let hidden = vectors.len() / (self.train.len() + self.validation);
        let own = &vectors[(self.train.len() + row as usize) * hidden..][..hidden];
        let cosine = |other: &[f32]| own.iter().zip(other).map(|(a, b)| a * b).sum::<f32>();
        let mut nearest: Vec<(u32, f32)> =
            self.train.iter().zip(vectors.chunks(hidden)).map(|(&row, other)| (row, cosine(other))).collect();
        nearest.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        let named = |(row, cosine): (u32, f32)| {
            let row = *dataset.train.get(row as usize)?;
            Some(NearestRow {
                line: dataset.line(row),
                text: dataset.text(row).to_owned(),
                pair: dataset.second_text(row).map(str::to_owned),
                label: shown_labels(dataset, row),
                cosine,
            })
        };
        nearest.into_iter().take(NEAREST).filter_map(named).collect()
    }

    /// What the rows are compared by, or what they wait for, in words.
    pub(super) fn sentence(&self) -> String {
        if !self.is_over {
            return "Their nearest training rows appear once the tuned model has read all rows.".to_owned();
        }
        let among = match self.train.len() {
            drawn if drawn < self.all => format!("{} of {}, drawn at random", thousands(drawn), thousands(self.all)),
            all => count(all, "training row"),
        };
        format!("Nearest training rows by the vectors of the tuned model, among {among}.")
    }
}
