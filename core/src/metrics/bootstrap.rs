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
    intervals_of(parts, resamples(parts), seed)
}

/// [`intervals`] by a given number of resamples.
pub fn intervals_of(parts: &ScoreParts, resamples: usize, seed: u64) -> BTreeMap<Metric, Interval> {
    let mut scores: BTreeMap<Metric, Vec<f64>> = BTreeMap::new();
    for drawn in draws(parts.len(), resamples, seed) {
        for (metric, score) in parts.scores(&drawn) {
            scores.entry(metric).or_default().push(score);
        }
    }
    let intervals = scores.into_iter().filter_map(|(metric, all)| Some((metric, interval(all, resamples)?)));
    intervals.collect()
}

/// The 95 % intervals of precision, recall and F1 of each class, by the same resamples as [`intervals`]. Nothing for scores
/// without classes.
pub fn class_intervals(parts: &ScoreParts, seed: u64) -> Vec<[Option<Interval>; 3]> {
    class_intervals_of(parts, resamples(parts), seed)
}

/// [`class_intervals`] by a given number of resamples.
pub fn class_intervals_of(parts: &ScoreParts, resamples: usize, seed: u64) -> Vec<[Option<Interval>; 3]> {
    let mut scores: Vec<[Vec<f64>; 3]> = vec![Default::default(); parts.class_scores(&[]).len()];
    if scores.is_empty() {
        return Vec::new();
    }
    for drawn in draws(parts.len(), resamples, seed) {
        for (all, of_class) in scores.iter_mut().zip(parts.class_scores(&drawn)) {
            all.iter_mut().zip(of_class).for_each(|(all, score)| all.push(score));
        }
    }
    scores.into_iter().map(|all| all.map(|all| interval(all, resamples))).collect()
}

/// Number of resamples of some rows.
fn resamples(parts: &ScoreParts) -> usize {
    (MAX_DRAWS / (parts.len() * parts.work_per_row()).max(1)).clamp(MIN_RESAMPLES, RESAMPLES)
}

/// The rows of each resample; none of a single row.
fn draws(rows: usize, resamples: usize, seed: u64) -> impl Iterator<Item = Vec<u32>> {
    let draw = move |resample| {
        let mut rng = Rng::new(seed, Stream::Bootstrap, resample as u64);
        (0..rows).map(|_| rng.below(rows as u64) as u32).collect()
    };
    (0..resamples).filter(move |_| rows > 1).map(draw)
}

/// The interval of a score, from the score of each resample.
fn interval(mut all: Vec<f64>, resamples: usize) -> Option<Interval> {
    if all.is_empty() || all.len() < resamples || !all.iter().all(|score| score.is_finite()) {
        return None;
    }
    all.sort_by(f64::total_cmp);
    let [low, high] = ENDS.map(|end| quantile(&all, end));
    (low < high).then_some(Interval { low, high })
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
    fn a_class_that_is_always_right_has_no_interval() {
        let rows = |classes: &[u32]| classes.iter().map(|&class| vec![class]).collect::<Vec<_>>();
        let actual: Vec<u32> = (0..60).map(|row| row % 3).collect();
        let predicted: Vec<u32> = actual.iter().map(|&class| if class == 0 { 0 } else { 1 }).collect();
        let found = class_intervals(&ScoreParts::of_classes(3, &rows(&actual), &rows(&predicted)), 1);
        assert_eq!((found[0], found[2]), ([None; 3], [None; 3]), "always right, and never predicted");
        let Some(Interval { low, high }) = found[1][0] else { panic!("{found:?}") };
        assert!(0.3 < low && low < 0.5 && 0.5 < high && high < 0.7, "{low} to {high} around 1/2");
        assert_eq!(found[1][1], None, "all of its rows are found");
        assert!(class_intervals(&ScoreParts::Answers(vec![[1.0; 2]; 9]), 1).is_empty());
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
