//! Calibration of class probabilities by temperature scaling (Guo et al. 2017).

use crate::metrics::argmax::argmax;
use crate::metrics::confidence::{CalibrationError, Confidence, CoveragePoint, ReliabilityBin};

/// Number of bins of the expected calibration error, as in the paper, torchmetrics and netcal.
const BINS: usize = 15;
/// Fewest rows that a temperature is tuned on.
const MIN_ROWS: usize = 50;
/// Fewest wrong predictions among them. Without errors, the best temperature is 0.
const MIN_WRONG: usize = 5;
/// Smallest and largest inverse temperature.
const RANGE: [f64; 2] = [0.05, 20.0];
/// Most probabilities that the temperature is tuned on, which bounds the time.
const MAX_PROBABILITIES: usize = 4_000_000;
/// Most points of the curve of coverage.
const MAX_POINTS: usize = 100;

/// Calibration of the probabilities `[rows][classes]` of single-label classification, measured on rows of these
/// `classes`. The temperature is tuned on them if there are enough, unless `temperature` is given.
pub fn confidence(probabilities: &[&[f32]], classes: &[u32], temperature: Option<f64>) -> Confidence {
    let tuned = temperature.or_else(|| tuned_temperature(probabilities, classes));
    let temperature = tuned.unwrap_or(1.0);
    let predictions = |temperature| -> Vec<ScoredPrediction> {
        let rows = probabilities.iter().zip(classes);
        rows.map(|(row, &class)| ScoredPrediction::new(&with_temperature(row, temperature), class)).collect()
    };
    let (before, after) = (predictions(1.0), predictions(temperature));
    let error = |predictions: &[ScoredPrediction]| expected_calibration_error(&bins(predictions), predictions.len());
    Confidence {
        temperature,
        unsure_below: 0.0,
        calibration_error: tuned.map(|_| CalibrationError { before: error(&before), after: error(&after) }),
        bins: bins(&after),
        coverage: coverage(after),
    }
}

/// Probabilities of logits that are divided by `temperature`, from the probabilities without it.
pub fn with_temperature(probabilities: &[f32], temperature: f64) -> Vec<f32> {
    if temperature == 1.0 {
        return probabilities.to_vec();
    }
    let logits: Vec<f64> = probabilities.iter().map(|&p| log(p) / temperature).collect();
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exponentials: Vec<f64> = logits.iter().map(|logit| (logit - largest).exp()).collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.iter().map(|exponential| (exponential / sum) as f32).collect()
}

/// The temperature that minimizes the negative log-likelihood; none if the rows are too few, or if the minimum is not within
/// the range.
fn tuned_temperature(probabilities: &[&[f32]], classes: &[u32]) -> Option<f64> {
    let rows = probabilities.iter().zip(classes);
    let wrong = rows.filter(|(row, class)| ScoredPrediction::new(row, **class).is_right == 0.0).count();
    if probabilities.len() < MIN_ROWS || wrong < MIN_WRONG {
        return None;
    }
    let size: usize = probabilities.iter().map(|row| row.len()).sum();
    let rows: Vec<(Vec<f64>, usize)> = probabilities
        .iter()
        .zip(classes)
        .step_by(size.div_ceil(MAX_PROBABILITIES).max(1))
        .map(|(row, &class)| (row.iter().map(|&p| log(p)).collect(), class as usize))
        .collect();
    // In the inverse temperature β, the loss is convex: its derivative, the mean of E[log p] − log p of the true class,
    // grows. Newton's method finds where it is 0, and bisection wherever Newton's step would leave the bracket.
    let [mut low, mut high] = RANGE;
    if slope(&rows, low)[0] >= 0.0 || slope(&rows, high)[0] <= 0.0 {
        return None;
    }
    let mut beta = 1.0;
    for _ in 0..60 {
        let [gradient, curvature] = slope(&rows, beta);
        if gradient < 0.0 {
            low = beta;
        } else {
            high = beta;
        }
        let newton = beta - gradient / curvature;
        let next = if newton > low && newton < high { newton } else { (low + high) / 2.0 };
        let is_close = (next - beta).abs() <= 1e-10 * beta;
        beta = next;
        if is_close {
            break;
        }
    }
    Some(1.0 / beta)
}

/// First and second derivative of the mean negative log-likelihood with respect to the inverse temperature.
fn slope(rows: &[(Vec<f64>, usize)], beta: f64) -> [f64; 2] {
    let (mut gradient, mut curvature) = (0.0, 0.0);
    for (logits, class) in rows {
        let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (mut sum, mut mean, mut square) = (0.0, 0.0, 0.0);
        for logit in logits {
            let weight = (beta * (logit - largest)).exp();
            sum += weight;
            mean += weight * logit;
            square += weight * logit * logit;
        }
        let mean = mean / sum;
        gradient += mean - logits.get(*class).copied().unwrap_or(largest);
        curvature += square / sum - mean * mean;
    }
    let count = rows.len() as f64;
    [gradient / count, (curvature / count).max(f64::MIN_POSITIVE)]
}

fn log(probability: f32) -> f64 {
    f64::from(probability.max(f32::MIN_POSITIVE)).ln()
}

/// A prediction with its probability.
#[derive(Clone, Copy, Debug)]
struct ScoredPrediction {
    probability: f32,
    /// 1 if the prediction is right, otherwise 0.
    is_right: f64,
}

impl ScoredPrediction {
    fn new(probabilities: &[f32], class: u32) -> Self {
        let predicted = argmax(probabilities);
        let probability = probabilities.get(predicted).copied().unwrap_or_default();
        Self { probability, is_right: f64::from(u8::from(predicted == class as usize)) }
    }
}

/// Bins of equal width. A probability on an edge belongs to the bin above, and 1 to the last.
fn bins(predictions: &[ScoredPrediction]) -> Vec<ReliabilityBin> {
    let mut bins = vec![ReliabilityBin::default(); BINS];
    for ScoredPrediction { probability, is_right } in predictions {
        let nth = (f64::from(*probability) * BINS as f64).floor() as usize;
        let bin = &mut bins[nth.min(BINS - 1)];
        bin.rows += 1;
        bin.confidence += f64::from(*probability);
        bin.accuracy += is_right;
    }
    for bin in bins.iter_mut().filter(|bin| bin.rows > 0) {
        bin.confidence /= f64::from(bin.rows);
        bin.accuracy /= f64::from(bin.rows);
    }
    bins
}

/// Mean distance of confidence and accuracy over the bins, weighted by their rows.
fn expected_calibration_error(bins: &[ReliabilityBin], rows: usize) -> f64 {
    let distance = |bin: &ReliabilityBin| (bin.accuracy - bin.confidence).abs() * f64::from(bin.rows);
    bins.iter().map(distance).sum::<f64>() / rows.max(1) as f64
}

/// Accuracy of the rows that reach a threshold, for thresholds that leave ever fewer rows.
fn coverage(mut predictions: Vec<ScoredPrediction>) -> Vec<CoveragePoint> {
    predictions.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    let rows = predictions.len();
    let mut right = 0.0;
    let mut points: Vec<CoveragePoint> = Vec::new();
    for (nth, prediction) in predictions.iter().enumerate() {
        right += prediction.is_right;
        // Rows with equal probabilities share a prediction.
        if predictions.get(nth + 1).is_some_and(|next| next.probability == prediction.probability) {
            continue;
        }
        let kept = (nth + 1) as f64;
        let is_due = (nth + 1) * MAX_POINTS / rows > points.len() || nth + 1 == rows;
        if is_due || points.is_empty() {
            points.push(CoveragePoint {
                threshold: prediction.probability,
                coverage: kept / rows as f64,
                accuracy: right / kept,
            });
        }
    }
    points.reverse();
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temperature_is_not_tuned_on_few_rows_or_few_errors() {
        let of = |rows: usize, wrong: usize| {
            let probabilities = vec![[0.9f32, 0.1]; rows];
            let probabilities: Vec<&[f32]> = probabilities.iter().map(|row| row.as_slice()).collect();
            let classes: Vec<u32> = (0..rows).map(|row| u32::from(row < wrong)).collect();
            confidence(&probabilities, &classes, None)
        };
        for (rows, wrong) in [(49, 10), (60, 4)] {
            let found = of(rows, wrong);
            assert_eq!((found.temperature, found.calibration_error), (1.0, None), "{rows} rows, {wrong} wrong");
            assert_eq!(found.coverage.len(), 1, "the curve needs no temperature");
        }
        // 20 of 100 are wrong: calibrated, the prediction has a probability of 80 %.
        let found = of(100, 20);
        assert!((f64::from(with_temperature(&[0.9, 0.1], found.temperature)[0]) - 0.8).abs() < 1e-6);
        let CalibrationError { before, after } = found.calibration_error.unwrap();
        assert!((before - 0.1).abs() < 1e-6 && after < 1e-6, "{before} {after}");
    }

    #[test]
    fn a_threshold_leaves_rows_and_keeps_the_surest() {
        let probabilities = [[0.9f32, 0.1], [0.8, 0.2], [0.7, 0.3], [0.7, 0.3]];
        let probabilities: Vec<&[f32]> = probabilities.iter().map(|row| row.as_slice()).collect();
        let found = confidence(&probabilities, &[0, 0, 0, 1], None);
        let points: Vec<_> = found.coverage.iter().map(|it| (it.threshold, it.coverage, it.accuracy)).collect();
        assert_eq!(points, [(0.7, 1.0, 0.75), (0.8, 0.5, 1.0), (0.9, 0.25, 1.0)]);
        assert_eq!([0.7, 0.9, 1.0].map(|wanted| found.threshold_for(wanted)), [Some(0.7), Some(0.8), Some(0.8)]);
        assert_eq!(found.threshold_for(1.1), None);
    }
}
