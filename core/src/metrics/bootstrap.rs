//! 95 % confidence intervals of scores by the percentile bootstrap (Efron 1979), equal to `scipy.stats.bootstrap` with
//! `method="percentile"` on the same resamples.

use std::collections::BTreeMap;

use crate::metrics::interval::Interval;
use crate::metrics::score_parts::ScoreParts;
use crate::recipe::Metric;
use crate::rng::{Rng, Stream};

/// Number of resamples, unless the rows are very many.
const RESAMPLES: usize = 1000;
/// Smallest number of resamples, however many rows there are.
const MIN_RESAMPLES: usize = 200;
/// Most work of all resamples, in rows drawn, unless [`MIN_RESAMPLES`] are more. It bounds the time.
const MAX_DRAWS: usize = 10_000_000;
/// Quantiles at the ends of the interval.
const ENDS: [f64; 2] = [0.025, 0.975];

/// The 95 % intervals of the scores of some rows. `seed` chooses the resamples.
///
/// A score has none where the bootstrap says nothing: with a single row, if a resample leaves it undefined, or if it is the
/// same in all resamples.
pub fn intervals(parts: &ScoreParts, seed: u64) -> BTreeMap<Metric, Interval> {
    let resamples = (MAX_DRAWS / (parts.len() * parts.work_per_row()).max(1)).clamp(MIN_RESAMPLES, RESAMPLES);
    intervals_of(parts, resamples, seed)
}

/// [`intervals`] by a given number of resamples.
pub fn intervals_of(parts: &ScoreParts, resamples: usize, seed: u64) -> BTreeMap<Metric, Interval> {
    let rows = parts.len();
    let mut scores: BTreeMap<Metric, Vec<f64>> = BTreeMap::new();
    if rows < 2 {
        return BTreeMap::new();
    }
    for resample in 0..resamples {
        let mut rng = Rng::new(seed, Stream::Bootstrap, resample as u64);
        let drawn: Vec<u32> = (0..rows).map(|_| rng.below(rows as u64) as u32).collect();
        for (metric, score) in parts.scores(&drawn) {
            scores.entry(metric).or_default().push(score);
        }
    }
    let defined = scores.into_iter().filter(|(_, all)| all.len() == resamples && all.iter().all(|it| it.is_finite()));
    let intervals = defined.map(|(metric, mut all)| {
        all.sort_by(f64::total_cmp);
        let [low, high] = ENDS.map(|end| quantile(&all, end));
        (metric, Interval { low, high })
    });
    intervals.filter(|(_, interval)| interval.low < interval.high).collect()
}

/// A quantile of sorted values, interpolated linearly as NumPy does by default.
fn quantile(sorted: &[f64], quantile: f64) -> f64 {
    let at = quantile * (sorted.len() - 1) as f64;
    let (below, fraction) = (at.floor() as usize, at.fract());
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_that_does_not_vary_has_no_interval() {
        let of = |actual: &[f32], predicted: &[f32]| {
            intervals(&ScoreParts::Numbers { actual: actual.to_vec(), predicted: predicted.to_vec() }, 1)
        };
        assert_eq!(of(&[1.0], &[2.0]), BTreeMap::new(), "one row");
        assert_eq!(of(&[1.0, 2.0, 3.0], &[2.0, 3.0, 4.0]), BTreeMap::new(), "errors are all 1");
        let found = of(&[1.0, 2.0, 3.0, 5.0, 8.0], &[1.0, 3.0, 5.0, 4.0, 8.0]);
        assert!(found.contains_key(&Metric::Rmse), "{found:?}");
        assert!(!found.contains_key(&Metric::Pearson), "a resample of one row has no correlation");
    }

    #[test]
    fn very_many_rows_are_resampled_less_often() {
        let rows: Vec<[f64; 2]> = (0..20_000).map(|row| [f64::from(row % 7), 1.0]).collect();
        let parts = ScoreParts::Losses { rows, are_tokens: false };
        let found = intervals(&parts, 1);
        assert_eq!(found, intervals_of(&parts, MAX_DRAWS / 20_000, 1));
        let Interval { low, high } = found[&Metric::Loss];
        assert!(low < 3.0 && 3.0 < high && high - low < 0.1, "{low} to {high}");
    }
}
