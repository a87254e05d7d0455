//! The search for wrong labels: vectors of all texts, a head fitted on folds of them, and confident learning on the
//! probabilities of the rows that each head has not seen. The same vectors show near duplicates and outliers.

use std::collections::HashMap;
use std::sync::Arc;

use burn::tensor::Device;

use crate::dataset::Dataset;
use crate::diagnostic::Diagnostic;
use crate::limits::MAX_REVIEWED_ROWS;
use crate::metrics::{LabelProbabilities, LabelQuality, Neighbors};
use crate::pretrained::Pretrained;
use crate::recipe::Task;
use crate::rng::{Rng, Stream};
use crate::run::{SuspectedLabel, SuspectedLabels};
use crate::runner::EncodedDataset;
use crate::runner::neighbor_search::NeighborSearch;
use crate::runner::row_neighbors::RowNeighbors;
use crate::runner::text_issues::text_issues;
use crate::runner::text_vectors::{TextVectors, max_tokens};
use crate::text::EncodedTexts;
use crate::train::LinearProbe;

/// Number of folds.
const FOLDS: usize = 5;
/// Minimum number of rows: two for each fold.
const MIN_ROWS: usize = 2 * FOLDS;
/// Part of the progress that the vectors take.
const VECTORS_RATIO: f64 = 0.85;
/// Part of the progress that the comparison of the vectors takes.
const NEIGHBORS_RATIO: f64 = 0.05;

/// A search under way. The vectors are those of the loaded model: a tuned one has learned the labels, wrong ones too.
#[derive(Debug)]
pub struct LabelReview {
    dataset: Arc<Dataset>,
    /// Rows of the dataset that are looked at.
    rows: Vec<u32>,
    labels: Vec<u32>,
    vectors: TextVectors,
    /// The comparison of the vectors, while it is under way.
    search: Option<NeighborSearch>,
    neighbors: Option<Neighbors>,
    probe: Option<LinearProbe>,
    /// The fold of each row.
    folds: Vec<usize>,
    done_folds: usize,
    /// Probabilities from the fold that holds the row out, `[rows, classes]`.
    probabilities: Vec<f32>,
}

impl LabelReview {
    /// Begins to look at the training and validation rows. Test rows are left alone: they choose nothing.
    ///
    /// # Errors
    /// `labels.task` for other tasks than classification with one label, `labels.not-ready` before the rows are encoded,
    /// and `labels.too-few` for fewer than ten rows or two labels.
    pub fn new(data: &EncodedDataset, model: &Pretrained, device: &Device) -> Result<Self, Diagnostic> {
        let dataset = data.dataset().clone();
        if dataset.task != Task::Classification {
            let what = "Suspected labels are found for texts with one label each.";
            return Err(Diagnostic::new("labels.task", what).remedy("Choose the columns of a text and its label."));
        }
        let Some(sides) = data.encoded() else {
            return Err(Diagnostic::new("labels.not-ready", "The data is not ready yet.")
                .remedy("Its texts are being split into tokens; try again in a moment."));
        };
        let all = dataset.train.len() + dataset.validation.len();
        if all < MIN_ROWS || dataset.labels.len() < 2 {
            let what = format!("There are {all} rows and {} labels.", dataset.labels.len());
            return Err(Diagnostic::new("labels.too-few", what)
                .done("The labels were not checked.")
                .remedy(format!("At least {MIN_ROWS} rows and two labels are needed.")));
        }
        let [train, validation] = sides.map(|side| side.cut(&model.tokenizer, max_tokens(model), 0));
        let (train, validation) = (train?.0.texts, validation?.0.texts);
        let mut places: Vec<usize> = (0..all).collect();
        if all > MAX_REVIEWED_ROWS {
            Rng::new(0, Stream::Folds, 0).shuffle(&mut places);
            places.truncate(MAX_REVIEWED_ROWS);
            places.sort_unstable();
        }
        let (mut rows, mut texts) = (Vec::with_capacity(places.len()), EncodedTexts::default());
        for place in places {
            let (side, numbers, at) = match place.checked_sub(train.len()) {
                Some(at) => (&validation, &dataset.validation, at),
                None => (&train, &dataset.train, place),
            };
            texts.push_pair(side.get(at), side.second(at));
            rows.push(numbers[at]);
        }
        let labels: Vec<u32> = rows.iter().map(|&row| dataset.label(row)).collect();
        let folds = folds(&dataset, &rows, &labels);
        Ok(Self {
            vectors: TextVectors::new(texts, model, device),
            probabilities: vec![0.0; rows.len() * dataset.labels.len()],
            search: None,
            neighbors: None,
            probe: None,
            done_folds: 0,
            dataset,
            rows,
            labels,
            folds,
        })
    }

    /// Memory of vectors, probabilities and what is computed from them, in bytes.
    pub fn bytes(&self) -> usize {
        4 * size_of::<f32>() * (self.vectors.vectors().len() + self.probabilities.len())
    }

    /// Computes the vectors of the next batch, compares the next of them, or fits the next fold. Returns the fraction that is done.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn advance(&mut self) -> Result<f64, Diagnostic> {
        if self.vectors.advance().await? {
            return Ok(VECTORS_RATIO * self.vectors.fraction());
        }
        if self.neighbors.is_none() {
            return self.compare().await;
        }
        if let Some(probe) = &self.probe {
            let is_held_out: Vec<bool> = self.folds.iter().map(|&fold| fold == self.done_folds).collect();
            let found = probe.probabilities(&is_held_out).await?;
            let classes = self.dataset.labels.len();
            let into = self.probabilities.chunks_mut(classes).zip(found.chunks(classes)).zip(is_held_out);
            into.filter(|(_, is_held_out)| *is_held_out).for_each(|((own, found), _)| own.copy_from_slice(found));
            self.done_folds += 1;
        } else {
            let classes = self.dataset.labels.len();
            self.probe =
                Some(LinearProbe::new(self.vectors.vectors(), &self.labels, classes, self.vectors.device()).await?);
        }
        let left = (FOLDS - self.done_folds) as f64 / FOLDS as f64;
        Ok(1.0 - (1.0 - VECTORS_RATIO - NEIGHBORS_RATIO) * left)
    }

    /// Finds the neighbors of the next rows. Returns the fraction that is done.
    async fn compare(&mut self) -> Result<f64, Diagnostic> {
        let begin = || NeighborSearch::new(self.vectors.vectors(), self.rows.len(), self.vectors.device());
        let mut search = self.search.take().unwrap_or_else(begin);
        search.advance().await?;
        let fraction = VECTORS_RATIO + NEIGHBORS_RATIO * search.fraction();
        if search.is_over() {
            self.neighbors = Some(search.finish());
        } else {
            self.search = Some(search);
        }
        Ok(fraction)
    }

    /// Returns true once all probabilities are known.
    pub fn is_over(&self) -> bool {
        self.done_folds == FOLDS
    }

    /// The nearest neighbors of the rows, once they are known.
    pub fn neighbors(&self) -> Option<RowNeighbors> {
        self.neighbors.clone().map(|neighbors| RowNeighbors::new(&self.dataset, &self.rows, neighbors))
    }

    /// The rows whose label is probably wrong, of which at most `listed` are named, and the texts that are nearly the same or
    /// unlike all others, of which at most `listed_groups` are named each.
    pub fn finish(self, listed: usize, listed_groups: usize) -> SuspectedLabels {
        let Self { dataset, rows, labels, probabilities, neighbors, .. } = self;
        let texts = neighbors.map(|it| text_issues(&dataset, &rows, &labels, &it, listed_groups)).unwrap_or_default();
        let classes = dataset.labels.len();
        let given = LabelProbabilities { labels: &labels, probabilities: &probabilities, classes };
        let joint = given.confident_joint();
        let wrong = |(label, row): (usize, &Vec<u32>)| row.iter().sum::<u32>() - row[label];
        let best: Vec<usize> = probabilities.chunks(classes).map(likeliest).collect();
        let right = best.iter().zip(&labels).filter(|(best, label)| **best == **label as usize).count();
        let mut found: Vec<(usize, LabelQuality)> =
            given.qualities().into_iter().enumerate().zip(given.issues()).filter(|it| it.1).map(|it| it.0).collect();
        found.sort_by(|(_, a), (_, b)| a.normalized_margin.total_cmp(&b.normalized_margin));
        let name = |class: usize| dataset.labels.get(class).cloned().unwrap_or_default();
        let suspect = |(at, quality): &(usize, LabelQuality)| {
            let row = rows[*at];
            SuspectedLabel {
                line: dataset.line(row),
                is_in_train_file: dataset.is_from_train_file(row),
                is_validation: dataset.validation.binary_search(&row).is_ok(),
                text: dataset.text(row).to_owned(),
                pair: dataset.second_text(row).map(str::to_owned),
                given: name(labels[*at] as usize),
                likely: name(best[*at]),
                given_probability: quality.self_confidence as f32,
                likely_probability: probabilities[at * classes + best[*at]],
                score: quality.normalized_margin as f32,
            }
        };
        SuspectedLabels {
            rows: found.iter().take(listed).map(suspect).collect(),
            total: found.len() as u32,
            looked_at: rows.len() as u32,
            all: (dataset.train.len() + dataset.validation.len()) as u32,
            estimate: joint.iter().enumerate().map(wrong).sum(),
            accuracy: right as f64 / rows.len().max(1) as f64,
            texts,
        }
    }
}

/// Index of the largest probability, the first in a tie.
fn likeliest(probabilities: &[f32]) -> usize {
    let best = probabilities.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)));
    best.map_or(0, |(class, _)| class)
}

/// The fold of each row: each label is spread evenly, and rows with the same text are in one fold, since a head that has seen
/// one of them knows the label of the other.
fn folds(dataset: &Dataset, rows: &[u32], labels: &[u32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    Rng::new(0, Stream::Folds, 1).shuffle(&mut order);
    order.sort_by_key(|&at| labels[at]);
    let mut folds = vec![0; rows.len()];
    let mut of_text = HashMap::new();
    for at in order {
        let next = of_text.len() % FOLDS;
        let text = (dataset.text(rows[at]), dataset.second_text(rows[at]));
        folds[at] = *of_text.entry(text).or_insert(next);
    }
    folds
}
