//! A part of the training rows, some with a wrong label on purpose: it shows what overfitting is.

use crate::recipe::RecipeSpec;
use crate::rng::{Rng, Stream};
use crate::text::{EncodedExamples, EncodedTexts, Labels};

/// At most `max_train_samples` of the rows, drawn at random, in their order; of these, `label_noise` get another label, each
/// other one as likely. All rows are unchanged if the recipe asks for neither, and in other tasks than single-label
/// classification, where it cannot.
pub(crate) fn training_sample(spec: &RecipeSpec, rows: EncodedExamples, labels: usize) -> EncodedExamples {
    let Labels::Classes(classes) = &rows.labels else { return rows };
    let mut rng = Rng::new(u64::from(spec.seed), Stream::TrainingSample, 0);
    let mut order: Vec<usize> = (0..classes.len()).collect();
    rng.shuffle(&mut order);
    if spec.max_train_samples > 0 {
        order.truncate(spec.max_train_samples as usize);
    }
    let mut noisy = vec![false; classes.len()];
    let count = (spec.label_noise * order.len() as f64).round() as usize;
    order.iter().take(count).for_each(|&row| noisy[row] = true);
    order.sort_unstable();
    let mut texts = EncodedTexts::default();
    let label = |&row: &usize| {
        texts.push_pair(rows.texts.get(row), rows.texts.second(row));
        let shift = if noisy[row] && labels > 1 { 1 + rng.below(labels as u64 - 1) as u32 } else { 0 };
        (classes[row] + shift) % labels.max(1) as u32
    };
    let classes = order.iter().map(label).collect();
    EncodedExamples { texts, labels: Labels::Classes(classes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> EncodedExamples {
        let mut texts = EncodedTexts::default();
        (0..100).for_each(|row| texts.push_pair(&[1, row, 2], 2));
        EncodedExamples { texts, labels: Labels::Classes((0..100).map(|row| row % 3).collect()) }
    }

    /// Number and label of each row.
    fn sample(max_train_samples: u32, label_noise: f64, seed: u32) -> Vec<(u32, u32)> {
        let spec = RecipeSpec { max_train_samples, label_noise, seed, ..RecipeSpec::default() };
        let found = training_sample(&spec, rows(), 3);
        let Labels::Classes(classes) = found.labels else { panic!() };
        (0..found.texts.len()).map(|row| (found.texts.get(row)[1], classes[row])).collect()
    }

    #[test]
    fn without_a_limit_and_noise_all_rows_are_as_they_were() {
        assert_eq!(sample(0, 0.0, 1), (0..100).map(|row| (row, row % 3)).collect::<Vec<_>>());
        assert_eq!(sample(500, 0.0, 1).len(), 100);
    }

    #[test]
    fn a_sample_is_drawn_at_random_and_in_order() {
        let found = sample(20, 0.0, 1);
        assert!(found.len() == 20 && found.is_sorted() && found[0].0 + 19 < found[19].0, "{found:?}");
        assert!(found.iter().all(|(row, label)| *label == row % 3), "{found:?}");
        assert_eq!(found, sample(20, 0.0, 1));
        assert_ne!(found, sample(20, 0.0, 2));
    }

    #[test]
    fn label_noise_gives_that_share_another_label() {
        let found = sample(60, 0.25, 1);
        let wrong: Vec<&(u32, u32)> = found.iter().filter(|(row, label)| *label != row % 3).collect();
        assert_eq!(wrong.len(), 15);
        let shifts: Vec<u32> = wrong.iter().map(|(row, label)| (label + 3 - row % 3) % 3).collect();
        assert!(shifts.contains(&1) && shifts.contains(&2), "each other label: {shifts:?}");
        let numbers = |found: Vec<(u32, u32)>| found.into_iter().map(|(row, _)| row).collect::<Vec<_>>();
        assert_eq!(numbers(found), numbers(sample(60, 0.0, 1)), "the same rows");
    }
}
