//! Scores of single-label classification, as in scikit-learn.

use std::collections::BTreeMap;

use crate::metrics::class_scores::{ClassScores, Counts, RowCounts, mean, ratio};
use crate::metrics::evaluation::{Detail, Evaluation};
use crate::recipe::Metric;

/// Scores of predictions, given as indices of `classes`: `accuracy_score`, `f1_score` with `average="macro"` and
/// `"weighted"`, the lowest F1 of any class, and `confusion_matrix`. Step, epoch and loss are 0.
pub fn evaluate(classes: &[String], actual: &[u32], predicted: &[u32]) -> Evaluation {
    let mut confusion = vec![vec![0u32; classes.len()]; classes.len()];
    for (&actual, &predicted) in actual.iter().zip(predicted) {
        confusion[actual as usize][predicted as usize] += 1;
    }
    let counts: Vec<Counts> = (0..classes.len())
        .map(|class| Counts {
            true_positives: confusion[class][class],
            predicted: confusion.iter().map(|row| row[class]).sum(),
            actual: confusion[class].iter().sum(),
        })
        .collect();
    let scores: Vec<ClassScores> = classes.iter().zip(&counts).map(|(class, counts)| counts.scores(class)).collect();
    let detail = Detail::Classes { classes: scores, confusion };
    Evaluation { scores: figures(&counts).into(), detail, ..Evaluation::default() }
}

/// The scores of all classes together.
pub(super) fn figures(counts: &[Counts]) -> [(Metric, f64); 4] {
    let sum = |of: fn(&Counts) -> u32| counts.iter().map(of).sum::<u32>();
    let (total, correct) = (sum(|class| class.actual), sum(|class| class.true_positives));
    // As in scikit-learn, a class that neither occurs nor is predicted is left out of the mean.
    let macro_f1 = mean(counts.iter().filter(|class| class.actual + class.predicted > 0).map(|class| class.f1()));
    let weighted_f1 =
        counts.iter().map(|class| class.f1() * f64::from(class.actual)).sum::<f64>() / f64::from(total.max(1));
    // A class without rows does not measure the model.
    let worst_f1 = counts.iter().filter(|class| class.actual > 0).map(|class| class.f1()).fold(1.0, f64::min);
    [
        (Metric::Accuracy, ratio(correct, total)),
        (Metric::MacroF1, macro_f1),
        (Metric::WeightedF1, weighted_f1),
        (Metric::WorstF1, worst_f1),
    ]
}

/// Counts of one row: its class, or those of its words.
pub(super) fn row_counts(actual: &[u32], predicted: &[u32]) -> RowCounts {
    let mut counts: BTreeMap<u32, Counts> = BTreeMap::new();
    for (&actual, &predicted) in actual.iter().zip(predicted) {
        counts.entry(actual).or_default().add(true, actual == predicted);
        if actual != predicted {
            counts.entry(predicted).or_default().add(false, true);
        }
    }
    counts.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_match_scikit_learn() {
        let classes: Vec<String> = ["a", "b", "c", "never"].map(String::from).into();
        let scores = evaluate(&classes, &[0, 0, 0, 1, 1, 2], &[0, 0, 1, 1, 1, 0]);
        let (classes, confusion) = scores.classes().unwrap();
        // sklearn.metrics.f1_score([0,0,0,1,1,2], [0,0,1,1,1,0], average="macro" and "weighted")
        assert!(
            (scores.score(Metric::MacroF1) - 0.488_888_888_888_888_9).abs() < 1e-12,
            "{}",
            scores.score(Metric::MacroF1)
        );
        assert!((scores.score(Metric::WeightedF1) - 0.6).abs() < 1e-12, "{}", scores.score(Metric::WeightedF1));
        assert!((scores.score(Metric::Accuracy) - 4.0 / 6.0).abs() < 1e-12);
        assert_eq!(confusion[0], [2, 1, 0, 0]);
        assert_eq!((classes[2].precision, classes[2].f1), (0.0, 0.0));
    }
}
