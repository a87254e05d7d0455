//! The losses of embeddings, as in sentence-transformers. Each compares the texts of a batch with each other, so it is a
//! function of the whole batch, and not a sum over its texts.

use burn::tensor::activation::relu;
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::model::MASKED;
use crate::ops::cross_entropy;
use crate::recipe::TripletDistance;
use crate::text::Similarity;

/// Factor of the cosines, the inverse of a temperature of 0.05 (`scale` in sentence-transformers).
pub(in crate::train) const SCALE: f64 = 20.0;

/// Lower bound of a squared Euclidean distance. At 0, where two texts are the same, the derivative of the root is infinite.
const MIN_SQUARED_DISTANCE: f64 = 1e-12;

/// The comparisons between the texts of a batch.
#[derive(Clone, Debug)]
pub enum SimilarityTargets {
    /// Each text's right answer among the candidates of its batch.
    InBatch {
        /// Rows of the batch with the texts that are compared with the candidates, `[anchors]`.
        anchors: Tensor<1, Int>,
        /// Rows of the batch with the candidates, `[candidates]`.
        candidates: Tensor<1, Int>,
        /// Far below 0 where a candidate is padding or another right answer, else 0: `[anchors, candidates]`.
        bias: Tensor<2>,
        /// Weight of −log p of each candidate, `[anchors, candidates]`.
        soft_targets: Tensor<2>,
    },
    /// The order of pairs by their scores.
    Order {
        /// Rows of the batch with the first texts of the pairs, `[pairs]`.
        first: Tensor<1, Int>,
        /// Rows of the batch with their second texts, `[pairs]`.
        second: Tensor<1, Int>,
        /// 0 at `i · pairs + j` where pair i has a higher score than pair j, else far below 0: `[1, pairs · pairs]`.
        bias: Tensor<2>,
        /// Weight of the loss, followed by zeros: `[1, 1 + pairs · pairs]`.
        soft_targets: Tensor<2>,
    },
    /// Anchors, each with its own positive and negative.
    Triplets {
        /// Rows of the batch with the anchors, the positives and the negatives, each `[triplets]`.
        texts: [Tensor<1, Int>; 3],
        /// Weight of each triplet, `[triplets, 1]`; 0 for padding.
        weights: Tensor<2>,
        /// Distance of two texts.
        distance: TripletDistance,
        /// Margin by which the negative has to be farther from the anchor.
        margin: f64,
    },
}

impl SimilarityTargets {
    /// The comparisons between `texts`, which are the first rows of a batch of `size` rows: first all anchors, then all
    /// positives, then all negatives. The optimizer step has `step_texts` texts.
    pub(in crate::train) fn new(
        similarity: &Similarity,
        texts: &[u32],
        size: usize,
        step_texts: usize,
        device: &Device,
    ) -> Self {
        let columns = similarity.texts_per_step();
        // Rows of the data in this batch, in a full batch, and in the optimizer step.
        let (rows, capacity) = (texts.len() / columns, (size / columns).max(1));
        let weight = columns as f32 / step_texts.max(1) as f32;
        let positions = |column: usize| {
            let row = move |row: usize| if row < rows { (column * rows + row) as i32 } else { 0 };
            (0..capacity).map(row)
        };
        let ints = |values: Vec<i32>| {
            let shape = [values.len()];
            Tensor::from_data(TensorData::new(values, shape), device)
        };
        let matrix = |values: Vec<f32>, shape: [usize; 2]| Tensor::from_data(TensorData::new(values, shape), device);
        if let Similarity::Scores(scores) = similarity {
            let score = |row: usize| scores[texts[row] as usize / 2];
            let is_order = |i: usize, j: usize| i < rows && j < rows && score(i) > score(j);
            let pairs = (0..capacity).flat_map(|i| (0..capacity).map(move |j| (i, j)));
            let bias: Vec<f32> = pairs.map(|(i, j)| if is_order(i, j) { 0.0 } else { MASKED as f32 }).collect();
            let mut soft_targets = vec![0.0; 1 + bias.len()];
            soft_targets[0] = weight * rows as f32;
            return Self::Order {
                first: ints(positions(0).collect()),
                second: ints(positions(1).collect()),
                soft_targets: {
                    let len = soft_targets.len();
                    matrix(soft_targets, [1, len])
                },
                bias: {
                    let len = bias.len();
                    matrix(bias, [1, len])
                },
            };
        }
        if let Similarity::Triplets { distance, margin } = *similarity {
            let weights = (0..capacity).map(|row| if row < rows { weight } else { 0.0 }).collect();
            return Self::Triplets {
                texts: [0, 1, 2].map(|column| ints(positions(column).collect())),
                weights: matrix(weights, [capacity, 1]),
                distance,
                margin,
            };
        }
        let is_same_class = |anchor: usize, candidate: usize| match similarity {
            Similarity::Classes(classes) => {
                classes[texts[anchor] as usize] == classes[texts[rows + candidate] as usize]
            }
            _ => false,
        };
        let count = capacity * (columns - 1);
        let (mut bias, mut soft_targets) = (vec![0.0; capacity * count], vec![0.0; capacity * count]);
        for anchor in 0..capacity {
            for at in 0..count {
                let candidate = at % capacity;
                let is_padding = anchor >= rows || candidate >= rows;
                let is_positive = at == anchor;
                if is_padding || (!is_positive && is_same_class(anchor, candidate)) {
                    bias[anchor * count + at] = MASKED as f32;
                } else if is_positive {
                    soft_targets[anchor * count + at] = weight;
                }
            }
        }
        Self::InBatch {
            anchors: ints(positions(0).collect()),
            candidates: ints((1..columns).flat_map(positions).collect()),
            bias: matrix(bias, [capacity, count]),
            soft_targets: matrix(soft_targets, [capacity, count]),
        }
    }

    /// Loss `[1]` of the vectors `[batch, hidden]`, each of length 1.
    ///
    /// `InBatch` is `MultipleNegativesRankingLoss` (van den Oord et al. 2018; Henderson et al. 2017): cross-entropy over the
    /// scaled cosines with all candidates. `Order` is `CoSENTLoss` (Su 2022): log(1 + Σ exp(s · (cos j − cos i))) over all
    /// pairs i that have a higher score than a pair j. `Triplets` is `TripletLoss`: max(0, d(anchor, positive) −
    /// d(anchor, negative) + margin).
    pub(in crate::train) fn loss(self, vectors: Tensor<2>) -> Tensor<1> {
        match self {
            Self::InBatch { anchors, candidates, bias, soft_targets } => {
                let [anchors, candidates] = [anchors, candidates].map(|rows| vectors.clone().select(0, rows));
                cross_entropy(anchors.matmul(candidates.transpose()) * SCALE + bias, soft_targets)
            }
            Self::Order { first, second, bias, soft_targets } => {
                let [first, second] = [first, second].map(|rows| vectors.clone().select(0, rows));
                let cosines = (first * second).sum_dim(1) * SCALE;
                let [pairs, _] = cosines.dims();
                let differences = (cosines.clone().transpose() - cosines).reshape([1, pairs * pairs]) + bias;
                // The 1 of the sum is a difference of 0, and the loss its −log p.
                let zero = Tensor::zeros([1, 1], &differences.device());
                cross_entropy(Tensor::cat(vec![zero, differences], 1), soft_targets)
            }
            Self::Triplets { texts, weights, distance, margin } => {
                let [anchors, positives, negatives] = texts.map(|rows| vectors.clone().select(0, rows));
                let nearer = distances(anchors.clone(), positives, distance) - distances(anchors, negatives, distance);
                (relu(nearer + margin) * weights).sum()
            }
        }
    }
}

/// Distances `[rows, 1]` of vectors `[rows, hidden]`, each of length 1.
fn distances(a: Tensor<2>, b: Tensor<2>, distance: TripletDistance) -> Tensor<2> {
    match distance {
        TripletDistance::Cosine => (a * b).sum_dim(1) * -1.0 + 1.0,
        TripletDistance::Euclidean => (a - b).square().sum_dim(1).clamp_min(MIN_SQUARED_DISTANCE).sqrt(),
    }
}
