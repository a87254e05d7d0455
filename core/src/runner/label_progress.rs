//! How far labeling has come, in words.

use crate::metrics::{RANDOM_LABELS, SETTLING_LABELS};
use crate::phrases::{count, thousands};

/// Fraction of changed predictions below which more labels hardly help.
const SETTLED: f64 = 0.02;

/// Progress of labeling.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LabelProgress {
    /// Number of labels given here.
    pub given: usize,
    /// Number of rows that can still be asked for.
    pub left: usize,
    /// Number of rows that could be asked for at first.
    pub offered: usize,
    /// Number of rows without a label in the file.
    pub total: usize,
    /// True while rows are drawn at random.
    pub is_random: bool,
    /// Fraction of the predictions that the last labels have changed.
    pub changed: Option<f64>,
}

impl LabelProgress {
    pub(crate) fn sentence(self) -> String {
        let Self { given, left, offered, total, is_random, changed } = self;
        let drawn = if offered < total {
            format!(", of {} drawn from {}", thousands(offered), thousands(total))
        } else {
            String::new()
        };
        let left = if left == 0 { "No row is left".to_owned() } else { format!("{} left", count(left, "row")) };
        let outlook = match changed {
            _ if is_random => {
                format!(
                    " Up to {RANDOM_LABELS} labels, rows are drawn at random; then those come first on which the head hesitates."
                )
            }
            None => String::new(),
            Some(changed) => {
                let percent = 100.0 * changed;
                let settled = if changed <= SETTLED {
                    ": more labels will hardly change what this head predicts. It is time to train"
                } else {
                    ""
                };
                format!(" The last {SETTLING_LABELS} labels changed {percent:.1} % of its predictions{settled}.")
            }
        };
        format!("{} given, {left}{drawn}.{outlook}", count(given, "label"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_when_more_labels_stop_helping() {
        let begun = LabelProgress { given: 0, left: 9, offered: 9, total: 9, is_random: true, changed: None };
        assert!(begun.sentence().starts_with("0 labels given, 9 rows left. Up to 20 labels, rows are drawn at random"));
        let learned = LabelProgress { given: 1, left: 8, is_random: false, ..begun };
        assert_eq!(learned.sentence(), "1 label given, 8 rows left.");
        let moving = LabelProgress { given: 30, total: 50_000, changed: Some(0.0625), ..learned };
        let expected = "30 labels given, 8 rows left, of 9 drawn from 50,000. The last 20 labels changed 6.2 % of its predictions.";
        assert_eq!(moving.sentence(), expected);
        let settled = LabelProgress { left: 0, changed: Some(SETTLED), ..moving }.sentence();
        assert!(settled.contains("No row is left") && settled.ends_with("It is time to train."), "{settled}");
    }
}
