//! Scores of ranked passages, as in sentence-transformers' `CrossEncoderRerankingEvaluator` and scikit-learn.

use std::collections::BTreeMap;

use crate::metrics::retrieval::TOP;

/// Label from which a passage fits its query.
const FITS: f32 = 0.5;

/// Reciprocal rank of the first fitting passage among the first ten, 0 if there is none, and the NDCG of the first ten
/// (`sklearn.metrics.ndcg_score`, whose gain is the label), of each query. Queries whose passages all fit, or do not, say
/// nothing about the order and are left out.
///
/// Of passages with the same score, those that fit less come first: a tie earns nothing.
pub fn query_ranks(queries: &[u64], labels: &[f32], scores: &[f32]) -> Vec<[f64; 2]> {
    let mut of_query: BTreeMap<u64, Vec<(f32, f32)>> = BTreeMap::new();
    for (query, (&label, &score)) in queries.iter().zip(labels.iter().zip(scores)) {
        of_query.entry(*query).or_default().push((label, score));
    }
    of_query.into_values().filter_map(ranks).collect()
}

fn ranks(mut passages: Vec<(f32, f32)>) -> Option<[f64; 2]> {
    let fits = |(label, _): &(f32, f32)| *label >= FITS;
    if passages.iter().all(fits) || !passages.iter().any(fits) {
        return None;
    }
    passages.sort_by(|(label, score), (other_label, other)| other.total_cmp(score).then(label.total_cmp(other_label)));
    let reciprocal_rank = passages.iter().take(TOP).position(fits).map_or(0.0, |rank| 1.0 / (rank + 1) as f64);
    let gain = |labels: &[f32]| {
        let first = labels.iter().take(TOP).enumerate();
        first.map(|(rank, &label)| f64::from(label) / ((rank + 2) as f64).log2()).sum::<f64>()
    };
    let mut labels: Vec<f32> = passages.iter().map(|(label, _)| *label).collect();
    let ranked = gain(&labels);
    labels.sort_by(|a, b| b.total_cmp(a));
    Some([reciprocal_rank, ranked / gain(&labels)])
}

/// Average precision of all rows in one ranking (`sklearn.metrics.average_precision_score`). Rows with the same score have
/// the same rank. `None` if all rows fit, or none does.
pub fn average_precision(labels: &[f32], scores: &[f32]) -> Option<f64> {
    let mut rows: Vec<(f32, bool)> = scores.iter().zip(labels).map(|(&score, &label)| (score, label >= FITS)).collect();
    let fitting = rows.iter().filter(|(_, fits)| *fits).count();
    if fitting == 0 || fitting == rows.len() {
        return None;
    }
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut seen, mut found, mut sum) = (0, 0, 0.0);
    for equal in rows.chunk_by(|a, b| a.0 == b.0) {
        let more = equal.iter().filter(|(_, fits)| *fits).count();
        seen += equal.len();
        found += more;
        sum += more as f64 * found as f64 / seen as f64;
    }
    Some(sum / fitting as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passages_are_ranked_within_their_query() {
        // Query 1: the fitting passage is second. Query 2: all fit. Query 3: none fits.
        let queries = [1, 1, 2, 3, 1, 3];
        let labels = [0.0, 1.0, 1.0, 0.0, 0.0, 0.0];
        let scores = [0.9, 0.8, 0.1, 0.2, 0.3, 0.4];
        assert_eq!(query_ranks(&queries, &labels, &scores), [[0.5, 1.0 / 3f64.log2()]]);
        assert_eq!(query_ranks(&[1, 1], &[1.0, 0.0], &[0.5, 0.5]), [[0.5, 1.0 / 3f64.log2()]], "a tie earns nothing");
        assert!(query_ranks(&[1, 2], &[1.0, 0.0], &[0.5, 0.5]).is_empty());
    }

    #[test]
    fn a_fitting_passage_after_the_tenth_counts_nothing() {
        let labels: Vec<f32> = (0..11).map(|i| f32::from(i == 10)).collect();
        let scores: Vec<f32> = (0..11).map(|i| -(i as f32)).collect();
        assert_eq!(query_ranks(&[7; 11], &labels, &scores), [[0.0, 0.0]]);
    }

    #[test]
    fn graded_passages_count_by_their_label() {
        let [rank, ndcg] = query_ranks(&[1; 3], &[0.25, 1.0, 0.5], &[0.1, 0.2, 0.3])[0];
        let best = 1.0 + 0.5 / 3f64.log2() + 0.25 / 2.0;
        assert_eq!(rank, 1.0);
        assert!((ndcg - (0.5 + 1.0 / 3f64.log2() + 0.25 / 2.0) / best).abs() < 1e-12);
    }

    #[test]
    fn average_precision_needs_rows_of_both_kinds() {
        assert_eq!(average_precision(&[1.0, 1.0], &[0.1, 0.2]), None);
        assert_eq!(average_precision(&[0.0], &[0.1]), None);
        assert_eq!(average_precision(&[1.0, 0.0, 1.0], &[0.9, 0.8, 0.7]), Some((1.0 + 2.0 / 3.0) / 2.0));
        assert_eq!(average_precision(&[1.0, 0.0], &[0.5, 0.5]), Some(0.5));
    }
}
