//! The search for wrong labels: vectors of all texts or words, a head fitted on folds of them, and confident learning on the
//! probabilities of those that each head has not seen. The vectors of texts also show near duplicates and outliers.

use std::sync::Arc;

use burn::tensor::Device;

use crate::dataset::Dataset;
use crate::diagnostic::Diagnostic;
use crate::limits::{MAX_REVIEWED_ROWS, MAX_REVIEWED_WORDS};
use crate::metrics::Neighbors;
use crate::pretrained::Pretrained;
use crate::recipe::Task;
use crate::rng::{Rng, Stream};
use crate::run::SuspectedLabels;
use crate::runner::EncodedDataset;
use crate::runner::neighbor_search::NeighborSearch;
use crate::runner::reviewed_labels::{FOLDS, ReviewedLabels, tags_of_rows};
use crate::runner::suspects::Judged;
use crate::runner::text_issues::text_issues;
use crate::runner::text_vectors::{TextVectors, max_tokens};
use crate::text::{EncodedTexts, Labels};
use crate::train::{LinearProbe, ProbeFeatures, ProbeFit};

/// Minimum number of rows: two for each fold.
const MIN_ROWS: usize = 2 * FOLDS;
/// Part of the progress that the vectors take.
const VECTORS_RATIO: f64 = 0.85;
/// Part of the progress that the comparison of the vectors takes.
const NEIGHBORS_RATIO: f64 = 0.05;
/// Iterations of a fit at a time: on a CPU, all of them may take many seconds.
const ITERATIONS_AT_A_TIME: usize = 10;

/// A search under way. The vectors are those of the loaded model: a tuned one has learned the labels, wrong ones too.
#[derive(Debug)]
pub struct LabelReview {
    dataset: Arc<Dataset>,
    /// Rows of the dataset that are looked at.
    rows: Vec<u32>,
    /// For each of them, the first tokens of its words with their tags.
    tags: Vec<Vec<(u32, u32)>>,
    labels: ReviewedLabels,
    vectors: TextVectors,
    /// Number of texts of each row that have a vector.
    texts_per_row: usize,
    /// The comparison of the vectors, while it is under way.
    search: Option<NeighborSearch>,
    neighbors: Option<Neighbors>,
    probe: Option<LinearProbe>,
    fit: Option<ProbeFit>,
    /// The fold of each row or word.
    folds: Vec<usize>,
    done_folds: usize,
    /// Probabilities from the fold that holds the row or word out, `[rows or words, labels]`.
    probabilities: Vec<f32>,
}

impl LabelReview {
    /// Begins to look at the training and validation rows. Test rows are left alone: they choose nothing. Rows with numbers,
    /// and pairs without labels, have no labels to be checked: their texts are compared.
    ///
    /// # Errors
    /// `labels.task` for questions and generation, `labels.not-ready` before the rows are encoded, and `labels.too-few` for
    /// fewer than ten rows, or one label where each row has one.
    pub fn new(data: &EncodedDataset, model: &Pretrained, device: &Device) -> Result<Self, Diagnostic> {
        let dataset = data.dataset().clone();
        if matches!(dataset.task, Task::QuestionAnswering | Task::Generation) {
            let what = "Suspected labels are found for texts with labels, tags or numbers.";
            return Err(Diagnostic::new("labels.task", what).remedy("Choose the columns of a text and its label."));
        }
        let Some(sides) = data.encoded() else {
            return Err(Diagnostic::new("labels.not-ready", "The data is not ready yet.")
                .remedy("Its texts are being split into tokens; try again in a moment."));
        };
        let all = dataset.train.len() + dataset.validation.len();
        let lacks_labels = match dataset.task {
            Task::Classification | Task::TokenClassification => dataset.labels.len() < 2,
            Task::MultiLabel => dataset.labels.is_empty(),
            _ => false,
        };
        if all < MIN_ROWS || lacks_labels {
            let what = format!("There are {all} rows and {} labels.", dataset.labels.len());
            return Err(Diagnostic::new("labels.too-few", what)
                .done("The labels were not checked.")
                .remedy(format!("At least {MIN_ROWS} rows and two labels are needed.")));
        }
        let [train, validation] = sides.map(|side| side.cut(&model.tokenizer, max_tokens(model), 0));
        let (train, validation) = (train?.0, validation?.0);
        let texts_per_row = match &train.labels {
            Labels::Similarity(similarity) => similarity.texts_per_row(),
            _ => 1,
        };
        let sides = [
            (&dataset.train, &train, tags_of_rows(&train.labels, dataset.train.len())),
            (&dataset.validation, &validation, tags_of_rows(&validation.labels, dataset.validation.len())),
        ];
        let places: Vec<_> = sides.iter().flat_map(|side| (0..side.0.len()).map(move |at| (side, at))).collect();
        let words: Vec<usize> = places.iter().map(|&((_, _, tags), at)| tags[at].len()).collect();
        let (mut rows, mut texts, mut tags) = (Vec::new(), EncodedTexts::default(), Vec::new());
        for place in drawn(&words) {
            let ((numbers, encoded, tags_of_side), at) = places[place];
            for text in at * texts_per_row..(at + 1) * texts_per_row {
                texts.push_pair(encoded.texts.get(text), encoded.texts.second(text));
            }
            rows.push(numbers[at]);
            tags.push(tags_of_side[at].to_vec());
        }
        let labels = ReviewedLabels::new(&dataset, &rows, &tags);
        let folds = labels.folds(&dataset, &rows);
        let vectors = TextVectors::new(texts, model, device);
        let vectors = match labels.tokens(rows.len()) {
            Some(tokens) => vectors.with_words(tokens),
            None => vectors,
        };
        Ok(Self {
            probabilities: vec![0.0; folds.len() * dataset.labels.len()],
            vectors,
            texts_per_row,
            search: None,
            neighbors: None,
            probe: None,
            fit: None,
            done_folds: 0,
            dataset,
            rows,
            tags,
            labels,
            folds,
        })
    }

    /// Memory of vectors, probabilities and what is computed from them, in bytes.
    pub fn bytes(&self) -> usize {
        let words = self.vectors.word_vectors().map_or(0, <[f32]>::len);
        4 * size_of::<f32>() * (self.vectors.vectors().len() + words + self.probabilities.len())
    }

    /// Computes the vectors of the next batch, compares the next of them, or fits the next fold a little. Returns the fraction
    /// that is done.
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
        let mut of_fold = 0.0;
        if let Some(probe) = &self.probe {
            let is_held_out: Vec<bool> = self.folds.iter().map(|&fold| fold == self.done_folds).collect();
            let mut fit = self.fit.take().unwrap_or_else(|| probe.begin(&is_held_out));
            probe.advance(&mut fit, ITERATIONS_AT_A_TIME);
            if fit.fraction() < 1.0 {
                of_fold = fit.fraction();
                self.fit = Some(fit);
            } else {
                let found = probe.predicted(fit).await?;
                let classes = self.dataset.labels.len();
                let into = self.probabilities.chunks_mut(classes).zip(found.chunks(classes)).zip(is_held_out);
                into.filter(|(_, is_held_out)| *is_held_out).for_each(|((own, found), _)| own.copy_from_slice(found));
                self.done_folds += 1;
            }
        } else if let Some(targets) = self.labels.targets(self.dataset.labels.len()) {
            let vectors = self.vectors.word_vectors().unwrap_or(self.vectors.vectors());
            let features = ProbeFeatures::new(vectors, self.folds.len(), self.vectors.device());
            self.probe = Some(LinearProbe::new(features, &targets).await?);
        } else {
            self.done_folds = FOLDS;
        }
        let left = (FOLDS as f64 - self.done_folds as f64 - of_fold) / FOLDS as f64;
        Ok(1.0 - (1.0 - VECTORS_RATIO - NEIGHBORS_RATIO) * left)
    }

    /// Finds the neighbors of the next rows. Returns the fraction that is done.
    async fn compare(&mut self) -> Result<f64, Diagnostic> {
        let mut search = self.search.take().unwrap_or_else(|| {
            // The vectors of a row's texts in a row have a cosine that is the mean of theirs.
            let scale = 1.0 / (self.texts_per_row as f32).sqrt();
            let vectors: Vec<f32> = self.vectors.vectors().iter().map(|value| value * scale).collect();
            NeighborSearch::new(&vectors, self.rows.len(), self.vectors.device())
        });
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

    /// The rows or words whose label is probably wrong, of which at most `listed` are named, and the texts that are nearly the
    /// same or unlike all others, of which at most `listed_groups` are named each.
    pub fn finish(self, listed: usize, listed_groups: usize) -> SuspectedLabels {
        let Self { dataset, rows, tags, labels, probabilities, neighbors, .. } = self;
        let texts = neighbors.map(|it| text_issues(&dataset, &rows, &it, listed_groups)).unwrap_or_default();
        let judged =
            Judged { dataset: &dataset, rows: &rows, tags: &tags, labels: &labels, probabilities: &probabilities };
        let found = judged.suspects(listed);
        SuspectedLabels {
            rows: found.listed,
            total: found.total as u32,
            looked_at: rows.len() as u32,
            sentence: found.sentence,
            texts,
        }
    }
}

/// The rows that are looked at, given the number of words in each whose tags are checked: all, or as many as the limits allow,
/// drawn at random.
fn drawn(words: &[usize]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..words.len()).collect();
    if words.len() > MAX_REVIEWED_ROWS || words.iter().sum::<usize>() > MAX_REVIEWED_WORDS {
        Rng::new(0, Stream::Folds, 0).shuffle(&mut places);
        places.truncate(MAX_REVIEWED_ROWS);
        let mut total = 0;
        places.retain(|&place| {
            total += words[place];
            total <= MAX_REVIEWED_WORDS
        });
        places.sort_unstable();
    }
    places
}
