//! The row to label next, and when more labels stop helping (Settles: "Active Learning Literature Survey", 2009).

/// Number of labels over which the change of predictions is measured.
pub const SETTLING_LABELS: usize = 20;

/// Number of labels up to which rows are drawn at random: a head on fewer does not know where it should hesitate.
pub const RANDOM_LABELS: usize = 20;
/// Cosine similarity from which on a text is the near copy of another.
const NEAR_COPY: f64 = 0.9;

/// Difference between the two largest probabilities of a row: 0 if the head hesitates between two classes, 1 if it is sure
/// (margin sampling: Scheffer, Decomain and Wrobel 2001).
pub fn margin(probabilities: &[f32]) -> f64 {
    let (mut first, mut second) = (0.0f32, 0.0f32);
    for &probability in probabilities {
        if probability > first {
            (first, second) = (probability, first);
        } else {
            second = second.max(probability);
        }
    }
    f64::from(first - second)
}

/// Value of the label of a row: much if the head hesitates. The near copy of a row that was looked at comes last.
/// `similarity` is the largest cosine similarity to such a row. Nearer than that, distance is no help: rows unlike all others
/// teach less about those that are like many.
pub fn informativeness(margin: f64, similarity: f64) -> f64 {
    if similarity > NEAR_COPY { -margin } else { 1.0 - margin }
}

/// Index of the largest score, the first in a tie; none if there are no scores.
pub fn most_informative(scores: impl Iterator<Item = (usize, f64)>) -> Option<usize> {
    scores.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))).map(|(row, _)| row)
}

/// Predictions for the same rows after each label, and how they change: once they hardly do, more labels hardly help
/// (stabilizing predictions: Bloodgood and Vijay-Shanker 2009).
#[derive(Clone, Debug, Default)]
pub struct Stability {
    /// Number of labels, with the predicted class of each row.
    history: Vec<(usize, Vec<u32>)>,
}

impl Stability {
    /// Notes the predictions after a number of labels. Those after as many or more, which were undone, are forgotten.
    pub fn observe(&mut self, labels: usize, predictions: Vec<u32>) {
        self.history.retain(|(other, _)| *other < labels);
        self.history.push((labels, predictions));
    }

    /// Fraction of the rows whose prediction has changed over the last [`SETTLING_LABELS`] labels, or `None` if there are
    /// fewer labels than that.
    pub fn changed(&self) -> Option<f64> {
        let (labels, now) = self.history.last()?;
        let (_, before) = self.history.iter().rev().find(|(other, _)| other + SETTLING_LABELS <= *labels)?;
        let changed = now.iter().zip(before).filter(|(now, before)| now != before).count();
        Some(changed as f64 / now.len().max(1) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_margin_is_that_of_the_two_likeliest_classes() {
        assert_eq!(margin(&[0.25, 0.5, 0.25]), 0.25);
        assert_eq!(margin(&[0.5, 0.5]), 0.0);
        assert_eq!(margin(&[1.0, 0.0, 0.0]), 1.0);
        assert_eq!(margin(&[]), 0.0);
    }

    #[test]
    fn a_doubtful_row_teaches_more_and_near_copies_come_last() {
        assert_eq!(informativeness(0.0, 0.0), 1.0);
        assert_eq!(informativeness(0.25, 0.89), 0.75, "a text that is merely alike is no copy");
        assert!(informativeness(0.0, 0.95) <= informativeness(1.0, 0.0), "the surest row comes before a copy");
        assert!(informativeness(0.2, 1.0) > informativeness(0.4, 1.0));
        let scores = [0.25, 0.5, 0.5].into_iter().enumerate();
        assert_eq!(most_informative(scores), Some(1), "the first in a tie");
        assert_eq!(most_informative(std::iter::empty()), None);
    }

    #[test]
    fn predictions_are_compared_with_those_of_twenty_labels_before() {
        let mut stability = Stability::default();
        for labels in 5..25 {
            stability.observe(labels, vec![0, 0, 1, (labels % 2) as u32]);
            assert_eq!(stability.changed(), None, "{labels}");
        }
        stability.observe(25, vec![0, 2, 1, 1]);
        assert_eq!(stability.changed(), Some(0.25));
        stability.observe(26, vec![0, 2, 1, 1]);
        assert_eq!(stability.changed(), Some(0.5), "after 6 labels, the last one was 0");
        stability.observe(25, vec![0, 0, 1, 1]);
        assert_eq!(stability.changed(), Some(0.0), "what was undone is forgotten");
    }
}
