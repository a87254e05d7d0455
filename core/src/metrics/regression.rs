//! Scores of regression, as in scikit-learn and SciPy.

use serde::{Deserialize, Serialize};

/// Errors and correlations of predicted numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegressionScores {
    /// Root mean squared error, in the unit of the numbers (`sklearn.metrics.root_mean_squared_error`).
    pub rmse: f64,
    /// Mean absolute error, in the unit of the numbers (`sklearn.metrics.mean_absolute_error`).
    pub mae: f64,
    /// Pearson correlation, from -1 to 1 (`scipy.stats.pearsonr`); none if either list is constant.
    pub pearson: Option<f64>,
    /// Spearman rank correlation, from -1 to 1, with average ranks for ties (`scipy.stats.spearmanr`); none if either list
    /// is constant.
    pub spearman: Option<f64>,
}

/// Scores of predicted numbers; none if there are none, or if one is not finite.
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

/// Pearson's r of single-precision values or of ranks.
fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let [a, b] = [a, b].map(|list| {
        let mean = list.iter().sum::<f64>() / list.len() as f64;
        list.iter().map(|value| value - mean).collect::<Vec<_>>()
    });
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let r = dot(&a, &b) / (dot(&a, &a).sqrt() * dot(&b, &b).sqrt());
    // Rounding may push it past 1. The mean of equal values is exact here, so a constant list gives 0 / 0.
    Some(r.clamp(-1.0, 1.0)).filter(|r| r.is_finite())
}

/// Rank of each value, from 1; equal values share their average rank.
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
    fn non_finite_numbers_have_no_scores() {
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
