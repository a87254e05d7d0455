//! Logistic regression on vectors of texts: a head that learns within a second, because the model below it does not.
//!
//! It minimizes scikit-learn's `LogisticRegression(C=1 / l2)` on standardized features; for several labels, one for each
//! label. The curvature of the loss is at most half of that of least squares, for single labels a quarter (Böhning 1992),
//! which is the same in every iteration. One inverse matrix then serves all steps of all folds, and Nesterov's momentum
//! speeds them up.

use burn::tensor::activation::{sigmoid, softmax};
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::device_to_host::device_to_host;
use crate::diagnostic::Diagnostic;

/// Strength of the penalty on the weights, relative to the number of rows. Vectors have hundreds of values, and wrong labels
/// must not be memorized.
const L2_RATIO: f64 = 0.1;
/// Iterations of a fit. The probabilities then differ from the optimum's by less than a thousandth.
const ITERATIONS: usize = 100;

/// Standardized vectors and a column of ones, `[rows, hidden + 1]`: what probes are fitted to.
#[derive(Clone, Debug)]
pub struct ProbeFeatures(Tensor<2>);

impl ProbeFeatures {
    /// The features of `vectors`, `[rows, hidden]`.
    pub fn new(vectors: &[f32], rows: usize, device: &Device) -> Self {
        let width = vectors.len() / rows.max(1) + 1;
        Self(Tensor::from_data(TensorData::new(standardized(vectors, rows), [rows, width]), device))
    }

    /// Fits a probe to some of the rows, with the class of each. Returns the probabilities of all rows, `[rows, classes]`.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn probabilities(&self, rows: &[u32], labels: &[u32], classes: usize) -> Result<Vec<f32>, Diagnostic> {
        let Self(features) = self;
        let places: Vec<i32> = rows.iter().map(|&row| row as i32).collect();
        let places = Tensor::<1, Int>::from_data(TensorData::new(places, [rows.len()]), &features.device());
        let chosen = Self(features.clone().select(0, places));
        let probe = LinearProbe::new(chosen, &ProbeTargets::classes(labels, classes)).await?;
        let fit = probe.fit(&vec![false; rows.len()]);
        device_to_host(softmax(features.clone().matmul(fit.weights), 1)).await
    }
}

/// Targets of a probe.
#[derive(Clone, Debug)]
pub struct ProbeTargets {
    /// 1 for each class or label that a row has, else 0: `[rows, outputs]`.
    values: Vec<f32>,
    outputs: usize,
    link: Link,
}

/// The function from outputs to probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    /// Classes, of which each row has one.
    Softmax,
    /// Labels, each on its own.
    Sigmoid,
}

impl ProbeTargets {
    /// The class of each row.
    pub fn classes(labels: &[u32], classes: usize) -> Self {
        let mut values = vec![0.0f32; labels.len() * classes];
        labels.iter().enumerate().for_each(|(row, &label)| values[row * classes + label as usize] = 1.0);
        Self { values, outputs: classes, link: Link::Softmax }
    }

    /// The labels of each row, `[rows, labels]`, of which it may have any number: a logistic regression for each.
    pub fn label_sets(has: &[bool], labels: usize) -> Self {
        let values = has.iter().map(|&has| f32::from(u8::from(has))).collect();
        Self { values, outputs: labels, link: Link::Sigmoid }
    }
}

/// Vectors with their classes or labels, of which a part is held out at a time.
#[derive(Debug)]
pub struct LinearProbe {
    /// Standardized vectors and a column of ones, `[rows, hidden + 1]`.
    features: Tensor<2>,
    /// `[rows, outputs]`.
    targets: Tensor<2>,
    link: Link,
    /// Inverse of the bound on the curvature, `[hidden + 1, hidden + 1]`.
    inverse: Tensor<2>,
    /// The penalty on each row of the weights, `[hidden + 1, 1]`: none on the bias.
    penalty: Tensor<2>,
}

/// A fit under way.
#[derive(Debug)]
pub struct ProbeFit {
    /// `[hidden + 1, outputs]`.
    weights: Tensor<2>,
    /// The weights, moved on by the momentum.
    ahead: Tensor<2>,
    /// 0 for rows that are held out, else 1: `[rows, 1]`.
    mask: Tensor<2>,
    steps: usize,
}

impl ProbeFit {
    /// The fraction that is done.
    pub fn fraction(&self) -> f64 {
        self.steps as f64 / ITERATIONS as f64
    }
}

impl LinearProbe {
    /// A probe of these features, with what is to be predicted for each row.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn new(features: ProbeFeatures, targets: &ProbeTargets) -> Result<Self, Diagnostic> {
        let ProbeFeatures(features) = features;
        let ([rows, width], device) = (features.dims(), &features.device());
        let l2 = L2_RATIO * rows as f64;
        let squares = device_to_host(features.clone().transpose().matmul(features.clone())).await?;
        let bound_ratio = match targets.link {
            Link::Softmax => 0.5,
            Link::Sigmoid => 0.25,
        };
        let mut bound: Vec<f64> = squares.into_iter().map(|value| f64::from(value) * bound_ratio).collect();
        // The bias has no penalty; its share of the bound is that ratio of the number of rows.
        (0..width - 1).for_each(|at| bound[at * width + at] += l2);
        let inverse = inverse(bound, width).into_iter().map(|value| value as f32).collect::<Vec<_>>();
        let mut penalty = vec![l2 as f32; width];
        penalty[width - 1] = 0.0;
        Ok(Self {
            targets: Tensor::from_data(TensorData::new(targets.values.clone(), [rows, targets.outputs]), device),
            link: targets.link,
            inverse: Tensor::from_data(TensorData::new(inverse, [width, width]), device),
            penalty: Tensor::from_data(TensorData::new(penalty, [width, 1]), device),
            features,
        })
    }

    /// Fits the rows that are not held out, and returns the probabilities of all rows, `[rows, outputs]`.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn probabilities(&self, is_held_out: &[bool]) -> Result<Vec<f32>, Diagnostic> {
        self.predicted(self.fit(is_held_out)).await
    }

    /// The probabilities of all rows by a fit that is done, `[rows, outputs]`.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn predicted(&self, fit: ProbeFit) -> Result<Vec<f32>, Diagnostic> {
        device_to_host(self.linked(self.features.clone().matmul(fit.weights))).await
    }

    fn linked(&self, outputs: Tensor<2>) -> Tensor<2> {
        match self.link {
            Link::Softmax => softmax(outputs, 1),
            Link::Sigmoid => sigmoid(outputs),
        }
    }

    fn fit(&self, is_held_out: &[bool]) -> ProbeFit {
        let mut fit = self.begin(is_held_out);
        self.advance(&mut fit, ITERATIONS);
        fit
    }

    /// Begins to fit the rows that are not held out.
    pub fn begin(&self, is_held_out: &[bool]) -> ProbeFit {
        let device = self.features.device();
        let mask: Vec<f32> = is_held_out.iter().map(|&is_held_out| f32::from(u8::from(!is_held_out))).collect();
        let mask = Tensor::<2>::from_data(TensorData::new(mask, [is_held_out.len(), 1]), &device);
        let ([_, width], [_, outputs]) = (self.features.dims(), self.targets.dims());
        let weights = Tensor::<2>::zeros([width, outputs], &device);
        ProbeFit { ahead: weights.clone(), weights, mask, steps: 0 }
    }

    /// Does some more iterations of a fit.
    pub fn advance(&self, fit: &mut ProbeFit, iterations: usize) {
        let transposed = self.features.clone().transpose();
        for step in fit.steps..ITERATIONS.min(fit.steps + iterations) {
            let outputs = self.linked(self.features.clone().matmul(fit.ahead.clone()));
            let errors = (outputs - self.targets.clone()) * fit.mask.clone();
            let gradient = transposed.clone().matmul(errors) + fit.ahead.clone() * self.penalty.clone();
            let next = fit.ahead.clone() - self.inverse.clone().matmul(gradient);
            let momentum = step as f64 / (step as f64 + 3.0);
            fit.ahead = next.clone() + (next.clone() - fit.weights.clone()) * momentum;
            fit.weights = next;
            fit.steps = step + 1;
        }
    }
}

/// Vectors whose values have mean 0 and variance 1 over the rows, each followed by a one.
fn standardized(vectors: &[f32], rows: usize) -> Vec<f32> {
    let hidden = vectors.len() / rows.max(1);
    let (mut means, mut variances) = (vec![0.0f64; hidden], vec![0.0f64; hidden]);
    for row in vectors.chunks(hidden.max(1)) {
        means.iter_mut().zip(row).for_each(|(mean, &value)| *mean += f64::from(value) / rows as f64);
    }
    for row in vectors.chunks(hidden.max(1)) {
        let centered = row.iter().zip(&means).map(|(&value, mean)| f64::from(value) - mean);
        variances.iter_mut().zip(centered).for_each(|(variance, value)| *variance += value * value / rows as f64);
    }
    let mut features = Vec::with_capacity(rows * (hidden + 1));
    for row in vectors.chunks(hidden.max(1)) {
        let scaled = row.iter().zip(&means).zip(&variances).map(|((&value, mean), variance)| {
            // A value that is the same in all rows says nothing.
            if *variance > 1e-12 { ((f64::from(value) - mean) / variance.sqrt()) as f32 } else { 0.0 }
        });
        features.extend(scaled);
        features.push(1.0);
    }
    features
}

/// Inverse of a symmetric positive definite matrix of this size, by Cholesky's decomposition.
fn inverse(mut matrix: Vec<f64>, size: usize) -> Vec<f64> {
    for column in 0..size {
        let (above, rest) = matrix.split_at_mut(column * size);
        let pivot_row = &mut rest[..size];
        for (nth, row) in above.chunks(size).enumerate() {
            let factor = row[column];
            if nth < column && factor != 0.0 {
                (column..size).for_each(|at| pivot_row[at] -= factor * row[at]);
            }
        }
        let root = pivot_row[column].max(f64::MIN_POSITIVE).sqrt();
        (column..size).for_each(|at| pivot_row[at] /= root);
    }
    // The upper triangle U now has UᵀU = matrix. Its inverse V gives VVᵀ.
    let mut inverse_root = vec![0.0; size * size];
    for row in (0..size).rev() {
        let mut sums = vec![0.0; size];
        sums[row] = 1.0;
        for below in row + 1..size {
            let factor = matrix[row * size + below];
            let other = &inverse_root[below * size..][..size];
            (below..size).for_each(|at| sums[at] -= factor * other[at]);
        }
        let pivot = matrix[row * size + row];
        (row..size).for_each(|at| inverse_root[row * size + at] = sums[at] / pivot);
    }
    let row = |nth: usize| &inverse_root[nth * size..][..size];
    let mut inverse = vec![0.0; size * size];
    for a in 0..size {
        for b in a..size {
            let product: f64 = row(a)[b..].iter().zip(&row(b)[b..]).map(|(x, y)| x * y).sum();
            (inverse[a * size + b], inverse[b * size + a]) = (product, product);
        }
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_of_a_matrix_undoes_it() {
        let matrix = vec![4.0, 1.0, 0.5, 1.0, 3.0, -1.0, 0.5, -1.0, 5.0];
        let inverse = inverse(matrix.clone(), 3);
        for (a, b) in (0..3).flat_map(|a| (0..3).map(move |b| (a, b))) {
            let product: f64 = (0..3).map(|at| matrix[a * 3 + at] * inverse[at * 3 + b]).sum();
            assert!((product - f64::from(u8::from(a == b))).abs() < 1e-12, "{a} {b}: {product}");
        }
    }

    #[test]
    fn values_that_never_change_are_left_out() {
        assert_eq!(standardized(&[5.0, 1.0, 5.0, 3.0], 2), [0.0, -1.0, 1.0, 0.0, 1.0, 1.0]);
    }
}
