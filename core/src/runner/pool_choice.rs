//! The choice of the next row to label: that of the page, and that which a learning curve measures.

use burn::tensor::{Tensor, TensorData};

use crate::device_to_host::device_to_host;
use crate::diagnostic::Diagnostic;
use crate::metrics::{RANDOM_LABELS, informativeness, margin, most_informative};

/// Number of rows asked for last that the next one should differ from. From earlier ones, the head has learned.
const RECENT_ROWS: usize = 50;

/// Facts about the rows of a pool when one of them is chosen.
#[derive(Clone, Copy)]
pub(super) struct PoolChoice<'a> {
    /// The order in which rows are drawn at random.
    pub order: &'a [usize],
    /// Rows that have been asked for.
    pub asked: &'a [usize],
    /// Number of labels that are known.
    pub labels: usize,
    /// Probabilities of a head on these labels, `[rows, classes]`; empty if there is none.
    pub probabilities: &'a [f32],
    pub classes: usize,
    /// Largest similarity of each row to one that was asked for.
    pub similarities: &'a [f32],
}

impl PoolChoice<'_> {
    /// The row to ask for next: the one that teaches most, or while few labels are known, a random one.
    pub(super) fn next(self) -> Option<usize> {
        let mut is_open = vec![true; self.order.len()];
        self.asked.iter().for_each(|&row| is_open[row] = false);
        if self.probabilities.is_empty() || self.labels < RANDOM_LABELS {
            return self.order.iter().copied().find(|&row| is_open[row]);
        }
        let rows = self.probabilities.chunks(self.classes).map(margin).zip(self.similarities);
        let scores = rows.map(|(margin, &similarity)| informativeness(margin, similarity.into()));
        most_informative(scores.enumerate().filter(|(row, _)| is_open[*row]))
    }
}

/// The largest cosine similarity of each row to those that were asked for last. `vectors` are those of the pool,
/// `[rows, hidden]`, of length 1.
pub(super) async fn recent_similarities(vectors: &Tensor<2>, asked: &[usize]) -> Result<Vec<f32>, Diagnostic> {
    let recent: Vec<i32> = asked.iter().rev().take(RECENT_ROWS).map(|&row| row as i32).collect();
    if recent.is_empty() {
        return Ok(vec![0.0; vectors.dims()[0]]);
    }
    let places = Tensor::from_data(TensorData::new(recent.clone(), [recent.len()]), &vectors.device());
    let recent = vectors.clone().select(0, places);
    device_to_host(vectors.clone().matmul(recent.transpose()).max_dim(1)).await
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::device_to_host::ready;

    #[test]
    fn rows_are_drawn_at_random_until_there_are_labels_and_a_head() {
        let choice = PoolChoice {
            order: &[2, 0, 1],
            asked: &[2],
            labels: RANDOM_LABELS,
            probabilities: &[0.9, 0.1, 0.6, 0.4, 0.5, 0.5],
            classes: 2,
            similarities: &[0.0, 0.0, 1.0],
        };
        assert_eq!(choice.next(), Some(1), "the head hesitates on row 2 too, which was asked for");
        assert_eq!(PoolChoice { similarities: &[0.0, 0.95, 1.0], ..choice }.next(), Some(0), "row 1 is a near copy");
        assert_eq!(PoolChoice { labels: RANDOM_LABELS - 1, ..choice }.next(), Some(0));
        assert_eq!(PoolChoice { probabilities: &[], ..choice }.next(), Some(0));
        assert_eq!(PoolChoice { asked: &[0, 1, 2], ..choice }.next(), None);
    }

    #[test]
    fn rows_are_compared_with_those_asked_for_last() {
        let rows = RECENT_ROWS + 2;
        let values: Vec<f32> = (0..rows * rows).map(|at| f32::from(u8::from(at % (rows + 1) == 0))).collect();
        let vectors = Tensor::from_data(TensorData::new(values, [rows, rows]), &Device::flex());
        let asked: Vec<usize> = (0..=RECENT_ROWS).collect();
        let found = ready(recent_similarities(&vectors, &asked)).unwrap();
        let expected: Vec<f32> =
            (0..rows).map(|row| if (1..=RECENT_ROWS).contains(&row) { 1.0 } else { 0.0 }).collect();
        assert_eq!(found, expected, "not with the one before them");
        assert_eq!(ready(recent_similarities(&vectors, &[])).unwrap(), vec![0.0; rows]);
    }
}
