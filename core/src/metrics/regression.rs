//! Scores of predicted numbers.

use serde::{Deserialize, Serialize};

/// How far predicted numbers are from the right ones, and how well they go along with them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegressionScores {
    /// Root of the mean squared error, in the unit of the numbers.
    pub rmse: f64,
    /// Mean absolute error, in the unit of the numbers.
    pub mae: f64,
    /// Pearson's correlation, from -1 to 1; `None` where either list has one value only.
    pub pearson: Option<f64>,
    /// Spearman's correlation of ranks, from -1 to 1, equal values sharing their mean rank; `None` as above.
    pub spearman: Option<f64>,
}

/// Scores of predicted numbers; `None` without any, or where one is not finite.
pub fn evaluate_regression(actual: &[f32], predicted: &[f32]) -> Option<RegressionScores> {
    let is_finite = |values: &[f32]| values.iter().all(|value| value.is_finite());
    if actual.is_empty() || actual.len() != predicted.len() || !is_finite(actual) || !is_finite(predicted) {
        return None;
    }
    let [actual, predicted] = [actual, predicted].map(|list| list.iter().copied().map(f64::from).collect::<Vec<_>>());
    let mean_error = |size: fn(f64) -> f64| {
        actual.iter().zip(&predicted).map(|(a, b)| size(a - b)).sum::<f64>() / actual.len() as f64
    };
    Some(RegressionScores {
        rmse: mean_error(|error| error * error).sqrt(),
        mae: mean_error(f64::abs),
        pearson: correlation(&actual, &predicted),
        spearman: correlation(&ranks(&actual), &ranks(&predicted)),
    })
}

/// Pearson's r of values of single precision, or of ranks.
fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let [a, b] = [a, b].map(|list| {
        let mean = list.iter().sum::<f64>() / list.len() as f64;
        list.iter().map(|value| value - mean).collect::<Vec<_>>()
    });
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let r = dot(&a, &b) / (dot(&a, &a).sqrt() * dot(&b, &b).sqrt());
    // A rounding may carry it past 1. Of equal values the mean is exact here, so that 0 / 0 tells them.
    Some(r.clamp(-1.0, 1.0)).filter(|r| r.is_finite())
}

/// The rank of each value, from 1; equal values have the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for equal in order.chunk_by(|&a, &b| values[a] == values[b]) {
        for &i in equal {
            ranks[i] = before as f64 + (equal.len() + 1) as f64 / 2.0;
        }
        before += equal.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_numbers_have_no_correlation() {
        let ascending: Vec<f32> = (0..999).map(|i| i as f32).collect();
        for value in [0.1, 0.0, f32::MAX, f32::MIN_POSITIVE, 1.0 / 3.0] {
            let scores = evaluate_regression(&ascending, &[value; 999]).unwrap();
            assert_eq!((scores.pearson, scores.spearman), (None, None), "{value}");
            assert!(scores.rmse.is_finite() && scores.mae.is_finite());
        }
        assert_eq!(evaluate_regression(&[3.0], &[1.0]).unwrap().pearson, None);
    }

    #[test]
    fn what_is_no_number_scores_none() {
        assert_eq!(evaluate_regression(&[], &[]), None);
        assert_eq!(evaluate_regression(&[1.0, 2.0], &[1.0, f32::NAN]), None);
        assert_eq!(evaluate_regression(&[f32::INFINITY, 2.0], &[1.0, 2.0]), None);
    }

    #[test]
    fn the_largest_numbers_stay_finite() {
        let scores = evaluate_regression(&[f32::MAX, f32::MIN, 0.0], &[f32::MAX, f32::MIN, 1.0]).unwrap();
        for r in [scores.pearson, scores.spearman] {
            assert!(r.is_some_and(|r| (r - 1.0).abs() < 1e-9), "{scores:?}");
        }
        assert!(scores.rmse.is_finite() && scores.mae.is_finite());
    }
}
