//! Accuracy by the number of labels: rows chosen to teach most against random ones, on data whose labels are known.

use burn::tensor::{Device, Tensor, TensorData};

use crate::dataset::Dataset;
use crate::diagnostic::Diagnostic;
use crate::limits::MAX_POOL_ROWS;
use crate::metrics::{RANDOM_LABELS, Stability, argmax};
use crate::pretrained::Pretrained;
use crate::recipe::Task;
use crate::rng::{Rng, Stream};
use crate::run::CurvePoint;
use crate::runner::pool_choice::{PoolChoice, recent_similarities};
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
        let mut order: Vec<usize> = (0..self.train).collect();
        Rng::new(seed, Stream::Pool, 3).shuffle(&mut order);
        let pool = self.pool_vectors();
        let (mut known, mut of_head): (Vec<usize>, Vec<f32>) = (Vec::new(), Vec::new());
        let (mut stability, mut next_point) = (Stability::default(), RANDOM_LABELS);
        while known.len() < self.most {
            let similarities = if of_head.is_empty() { Vec::new() } else { recent_similarities(&pool, &known).await? };
            let choice = PoolChoice {
                order: &order,
                asked: &known,
                labels: known.len(),
                probabilities: &of_head,
                classes: self.classes,
                similarities: &similarities,
            };
            let Some(next) = choice.next() else { break };
            known.push(next);
            let has_two = known.iter().any(|&row| self.labels[row] != self.labels[known[0]]);
            let is_point = known.len() >= next_point;
            let is_choosing = is_chosen && has_two && known.len() >= RANDOM_LABELS;
            of_head = Vec::new();
            if !is_point && !is_choosing {
                continue;
            }
            let probabilities = self.probabilities(features, &known).await?;
            if is_point {
                let point = self.point(seed, is_chosen, known.len(), &probabilities, &mut stability);
                self.points.push(point);
                next_point += STEP;
            }
            if is_choosing {
                of_head = probabilities;
            }
        }
        Ok(())
    }

    /// The point of a curve after a number of labels, by the probabilities of a head on them.
    fn point(
        &self,
        seed: u64,
        is_chosen: bool,
        labels: usize,
        probabilities: &[f32],
        stability: &mut Stability,
    ) -> CurvePoint {
        let predicted: Vec<u32> = probabilities.chunks(self.classes).map(|row| argmax(row) as u32).collect();
        let right = predicted[self.train..].iter().zip(&self.labels[self.train..]).filter(|(a, b)| a == b);
        let accuracy = right.count() as f64 / (self.labels.len() - self.train) as f64;
        stability.observe(labels, predicted[..self.train].to_vec());
        CurvePoint { seed, is_chosen, labels: labels as u32, accuracy, changed: stability.changed() }
    }

    /// Probabilities of all rows by a head on the labels of some, `[rows, classes]`.
    async fn probabilities(&self, features: &ProbeFeatures, known: &[usize]) -> Result<Vec<f32>, Diagnostic> {
        let labels: Vec<u32> = known.iter().map(|&row| self.labels[row]).collect();
        let known: Vec<u32> = known.iter().map(|&row| row as u32).collect();
        features.probabilities(&known, &labels, self.classes).await
    }

    /// Vectors of the training rows, `[rows, hidden]`.
    fn pool_vectors(&self) -> Tensor<2> {
        let all = self.vectors.vectors();
        let hidden = all.len() / self.labels.len();
        let own = all[..self.train * hidden].to_vec();
        Tensor::from_data(TensorData::new(own, [self.train, hidden]), &Device::flex())
    }
}
