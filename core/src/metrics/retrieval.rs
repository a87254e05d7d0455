//! Scores of a search, as in sentence-transformers' `InformationRetrievalEvaluator`.

/// Number of results that are scored.
pub const TOP: usize = 10;

/// The results of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankedResults {
    /// True where a result is a right answer, for the first [`TOP`] results, the best first.
    pub hits: Vec<bool>,
    /// Number of right answers in the whole collection; at least 1.
    pub relevant: usize,
}

/// Mean scores over queries, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetrievalScores {
    /// Share of the right answers that are the first result.
    pub recall_at_1: f64,
    /// Share of the right answers that are among the first ten results.
    pub recall_at_10: f64,
    /// Mean reciprocal rank: 1 over the rank of the first right answer, 0 if it is not among the first ten.
    pub mrr_at_10: f64,
    /// Normalized discounted cumulative gain of the first ten results.
    pub ndcg_at_10: f64,
}

/// Scores of queries; none without any.
pub fn evaluate_retrieval(queries: &[RankedResults]) -> Option<RetrievalScores> {
    let scores: Vec<[f64; 4]> = queries.iter().map(RankedResults::scores).collect();
    let mean = |nth: usize| scores.iter().map(|scores| scores[nth]).sum::<f64>() / scores.len() as f64;
    (!scores.is_empty()).then(|| RetrievalScores {
        recall_at_1: mean(0),
        recall_at_10: mean(1),
        mrr_at_10: mean(2),
        ndcg_at_10: mean(3),
    })
}

impl RankedResults {
    /// Recall@1, recall@10, reciprocal rank and NDCG@10.
    pub(super) fn scores(&self) -> [f64; 4] {
        [self.recall(1), self.recall(TOP), self.reciprocal_rank(), self.ndcg()]
    }

    fn first(&self, count: usize) -> &[bool] {
        &self.hits[..count.min(self.hits.len())]
    }

    fn recall(&self, count: usize) -> f64 {
        self.first(count).iter().filter(|hit| **hit).count() as f64 / self.relevant.max(1) as f64
    }

    fn reciprocal_rank(&self) -> f64 {
        self.first(TOP).iter().position(|hit| *hit).map_or(0.0, |rank| 1.0 / (rank + 1) as f64)
    }

    /// Gain of the results, each divided by the logarithm of its rank, as a share of the best possible.
    fn ndcg(&self) -> f64 {
        let discount = |rank: usize| 1.0 / ((rank + 2) as f64).log2();
        let gain: f64 =
            self.first(TOP).iter().enumerate().filter(|(_, hit)| **hit).map(|(rank, _)| discount(rank)).sum();
        let ideal: f64 = (0..self.relevant.clamp(1, TOP)).map(discount).sum();
        gain / ideal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_answers_count_by_their_rank() {
        let query = |hits: &[bool], relevant| RankedResults { hits: hits.to_vec(), relevant };
        let first = evaluate_retrieval(&[query(&[true, false], 1)]).unwrap();
        assert_eq!((first.recall_at_1, first.mrr_at_10, first.ndcg_at_10), (1.0, 1.0, 1.0));
        let second = evaluate_retrieval(&[query(&[false, true], 2)]).unwrap();
        assert_eq!((second.recall_at_1, second.recall_at_10, second.mrr_at_10), (0.0, 0.5, 0.5));
        let ideal = 1.0 + 1.0 / 3f64.log2();
        assert!((second.ndcg_at_10 - 1.0 / 3f64.log2() / ideal).abs() < 1e-12);
        assert_eq!(evaluate_retrieval(&[]), None);
    }
}
