//! Accuracy by the number of labels: rows chosen to teach most against random ones, on data whose labels are known.

use burn::tensor::Device;

use crate::dataset::Dataset;
use crate::diagnostic::Diagnostic;
use crate::limits::MAX_POOL_ROWS;
use crate::metrics::{RANDOM_LABELS, Stability, informativeness, margin, most_informative};
use crate::pretrained::Pretrained;
use crate::recipe::Task;
use crate::rng::{Rng, Stream};
use crate::run::CurvePoint;
use crate::runner::text_vectors::{TextVectors, max_tokens, push_text};
use crate::text::EncodedRows;
use crate::train::ProbeFeatures;

/// Labels between two points.
const STEP: usize = 10;
/// Number of random beginnings.
const SEEDS: u64 = 5;

/// A learning curve that is being measured.
#[derive(Debug)]
pub struct LearningCurve {
    /// Label of each training row, then of each test row.
    labels: Vec<u32>,
    train: usize,
    classes: usize,
    most: usize,
    vectors: TextVectors,
    features: Option<ProbeFeatures>,
    /// Curves that are left.
    left: Vec<(u64, bool)>,
    points: Vec<CurvePoint>,
}

impl LearningCurve {
    /// Begins to measure up to `most` labels among the training and validation rows, scored on the test rows.
    ///
    /// # Errors
    /// `labels.task` for other tasks than classification with one label, and `labels.no-test` without test rows.
    pub fn new(dataset: &Dataset, most: usize, model: &Pretrained, device: &Device) -> Result<Self, Diagnostic> {
        if dataset.task != Task::Classification {
            let what = "A learning curve is measured on texts with one label each.";
            return Err(Diagnostic::new("labels.task", what).remedy("Choose the columns of a text and its label."));
        }
        if dataset.test.is_empty() {
            return Err(Diagnostic::new("labels.no-test", "There are no test rows to score the heads on.")
                .remedy("Name a file with test rows."));
        }
        let mut train: Vec<u32> = dataset.train.iter().chain(&dataset.validation).copied().collect();
        Rng::new(0, Stream::Pool, 1).shuffle(&mut train);
        train.truncate(MAX_POOL_ROWS);
        let mut encoded = EncodedRows::new(Task::Classification);
        let rows = || train.iter().chain(&dataset.test).copied();
        rows().try_for_each(|row| push_text(&mut encoded, model, dataset.text(row), dataset.second_text(row)))?;
        let texts = encoded.cut(&model.tokenizer, max_tokens(model), 0)?.0.texts;
        Ok(Self {
            labels: rows().map(|row| dataset.label(row)).collect(),
            classes: dataset.labels.len(),
            most: most.min(train.len()),
            train: train.len(),
            vectors: TextVectors::new(texts, model, device),
            features: None,
            left: (1..=SEEDS).rev().flat_map(|seed| [(seed, true), (seed, false)]).collect(),
            points: Vec::new(),
        })
    }

    /// Computes some vectors, or one of the curves. Returns the fraction that is done.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn advance(&mut self) -> Result<f64, Diagnostic> {
        if self.vectors.advance().await? {
            return Ok(self.vectors.fraction() / 2.0);
        }
        let features = self
            .features
            .get_or_insert_with(|| ProbeFeatures::new(self.vectors.vectors(), self.labels.len(), &Device::flex()));
        let features = features.clone();
        if let Some((seed, is_chosen)) = self.left.pop() {
            self.measure(&features, seed, is_chosen).await?;
        }
        Ok(1.0 - self.left.len() as f64 / (4 * SEEDS) as f64)
    }

    /// Returns true once all curves are measured.
    pub fn is_over(&self) -> bool {
        self.left.is_empty()
    }

    /// The points of all curves.
    pub fn finish(self) -> Vec<CurvePoint> {
        self.points
    }

    /// Measures one curve, by chosen or by random rows. Both begin with the same random rows.
    async fn measure(&mut self, features: &ProbeFeatures, seed: u64, is_chosen: bool) -> Result<(), Diagnostic> {
        let mut order: Vec<u32> = (0..self.train as u32).collect();
        Rng::new(seed, Stream::Pool, 3).shuffle(&mut order);
        let mut known: Vec<u32> = Vec::new();
        let mut stability = Stability::default();
        let (mut similarities, mut next_point) = (vec![0.0f32; self.train], RANDOM_LABELS);
        while known.len() < self.most {
            let has_two = known.iter().any(|&row| self.labels[row as usize] != self.labels[known[0] as usize]);
            let is_random = !is_chosen || known.len() < RANDOM_LABELS || !has_two;
            let mut probabilities = Vec::new();
            if has_two && (!is_random || known.len() + 1 >= next_point) {
                probabilities = self.probabilities(features, &known).await?;
            }
            let mut is_known = vec![false; self.train];
            known.iter().for_each(|&row| is_known[row as usize] = true);
            let next = if is_random {
                order.iter().copied().find(|&row| !is_known[row as usize])
            } else {
                let margins = probabilities.chunks(self.classes).map(margin);
                let scores = margins.zip(&similarities).map(|(margin, &it)| informativeness(margin, it.into()));
                let open = scores.enumerate().filter(|(row, _)| *row < self.train && !is_known[*row]);
                most_informative(open).map(|row| row as u32)
            };
            let Some(next) = next else { break };
            known.push(next);
            let to_next = self.similarities(next);
            similarities.iter_mut().zip(to_next).for_each(|(known, new)| *known = known.max(new));
            if known.len() >= next_point {
                let probabilities = self.probabilities(features, &known).await?;
                let likeliest = |row: &[f32]| (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap_or(0);
                let predicted: Vec<u32> = probabilities.chunks(self.classes).map(|row| likeliest(row) as u32).collect();
                let right = predicted[self.train..].iter().zip(&self.labels[self.train..]).filter(|(a, b)| a == b);
                let accuracy = right.count() as f64 / (self.labels.len() - self.train) as f64;
                stability.observe(known.len(), predicted[..self.train].to_vec());
                let changed = stability.changed();
                self.points.push(CurvePoint { seed, is_chosen, labels: known.len() as u32, accuracy, changed });
                next_point += STEP;
            }
        }
        Ok(())
    }

    async fn probabilities(&self, features: &ProbeFeatures, known: &[u32]) -> Result<Vec<f32>, Diagnostic> {
        let labels: Vec<u32> = known.iter().map(|&row| self.labels[row as usize]).collect();
        features.probabilities(known, &labels, self.classes).await
    }

    /// Cosine similarity of each training row to one of them.
    fn similarities(&self, row: u32) -> Vec<f32> {
        let hidden = self.vectors.vectors().len() / self.labels.len();
        let all = self.vectors.vectors();
        let own = &all[row as usize * hidden..][..hidden];
        all.chunks(hidden).take(self.train).map(|other| own.iter().zip(other).map(|(a, b)| a * b).sum()).collect()
    }
}
