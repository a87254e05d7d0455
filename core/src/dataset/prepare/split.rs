//! Splits rows into training and validation: the same ratio of every class, and no text in both.

use crate::rng::{Rng, Stream};

/// A row to split.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SplitRow {
    pub class: u32,
    /// Rows of one group have the same text and stay together.
    pub group: u32,
    /// True if the text also has another label. No prediction could be right for both, so it never validates.
    pub is_contradictory: bool,
}

/// Returns, for each row, whether it validates. Every class with two different texts is in both training and validation.
pub(crate) fn stratified(rows: &[SplitRow], classes: usize, validation_ratio: f64, seed: u64) -> Vec<bool> {
    let mut rng = Rng::new(seed, Stream::Split, 0);
    let mut is_validation = vec![false; rows.len()];
    let mut by_class: Vec<Vec<usize>> = vec![Vec::new(); classes];
    for (index, row) in rows.iter().enumerate() {
        by_class[row.class as usize].push(index);
    }
    for members in by_class {
        let (contradictory, mut free): (Vec<usize>, Vec<usize>) =
            members.iter().partition(|&&index| rows[index].is_contradictory);
        free.sort_by_key(|&index| rows[index].group);
        let mut groups: Vec<&[usize]> = free.chunk_by(|&a, &b| rows[a].group == rows[b].group).collect();
        rng.shuffle(&mut groups);
        let max_groups = if contradictory.is_empty() { groups.len().saturating_sub(1) } else { groups.len() };
        let wanted_rows = ((members.len() as f64 * validation_ratio).round() as usize).max(1);
        let (mut chosen_groups, mut chosen_rows) = (0, 0);
        for group in &groups {
            if chosen_groups < max_groups && chosen_rows + group.len() <= wanted_rows {
                chosen_groups += 1;
                chosen_rows += group.len();
                group.iter().for_each(|&index| is_validation[index] = true);
            }
        }
        if chosen_groups == 0 && max_groups > 0 {
            // Every group has more rows than wanted: the smallest comes closest.
            let smallest = groups.iter().min_by_key(|group| group.len());
            smallest.into_iter().copied().flatten().for_each(|&index| is_validation[index] = true);
        }
    }
    is_validation
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split_rows(rows: &[(u32, u32)]) -> Vec<SplitRow> {
        rows.iter().map(|&(class, group)| SplitRow { class, group, is_contradictory: false }).collect()
    }

    fn validation_rows(rows: &[SplitRow], is_validation: &[bool], class: u32) -> usize {
        rows.iter().zip(is_validation).filter(|(row, validates)| row.class == class && **validates).count()
    }

    #[test]
    fn every_class_keeps_its_ratio_in_training_and_validation() {
        let class = |i| if i < 100 { u32::from(i >= 80) } else { 2 + (i - 100) / 2 };
        let rows = split_rows(&(0..104).map(|i| (class(i), i)).collect::<Vec<_>>());
        let split = stratified(&rows, 4, 0.1, 42);
        assert_eq!((0..4).map(|class| validation_rows(&rows, &split, class)).collect::<Vec<_>>(), [8, 2, 1, 1]);
        assert_eq!(split, stratified(&rows, 4, 0.1, 42));
        assert_ne!(split, stratified(&rows, 4, 0.1, 43));
        for (ratio, count) in [(0.0, 1), (1.0, 79), (f64::NAN, 1)] {
            assert_eq!(validation_rows(&rows, &stratified(&rows, 4, ratio, 42), 0), count);
        }
    }

    #[test]
    fn equal_texts_stay_together() {
        let rows = split_rows(&(0..40).map(|i| (0, i / 4)).collect::<Vec<_>>());
        for seed in 0..20 {
            let split = stratified(&rows, 1, 0.25, seed);
            assert_eq!(validation_rows(&rows, &split, 0), 8, "two whole texts of four rows come closest to ten rows");
            assert!(split.chunks(4).all(|group| group.iter().all(|validates| *validates == group[0])));
        }
        let one_text = split_rows(&[(0, 0), (0, 0)]);
        assert_eq!(stratified(&one_text, 1, 0.5, 1), [false, false]);
        let two_texts = split_rows(&[(0, 0), (0, 0), (0, 0), (0, 1), (0, 1)]);
        assert_eq!(stratified(&two_texts, 1, 0.1, 1), [false, false, false, true, true]);
    }

    #[test]
    fn contradictory_texts_never_validate() {
        let rows = [(0, 0, true), (1, 0, true), (0, 1, false), (1, 2, false)];
        let rows = rows.map(|(class, group, is_contradictory)| SplitRow { class, group, is_contradictory });
        assert_eq!(stratified(&rows, 2, 0.5, 1), [false, false, true, true]);
    }
}
