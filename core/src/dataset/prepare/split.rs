//! Holds out rows for validation or for the test: the same ratio of every class, and no text on two sides.
//!
//! The order in which the texts of a class are held out follows from each text alone. So a file with some rows dropped,
//! changed or added is split as before, but for about one text at the border of a class for each such row, and the scores of runs
//! on both files can be compared.

use crate::rng::{Rng, Stream};

/// A row to split.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SplitRow {
    pub class: u32,
    /// [Hash](text_hash) of the text. Rows with the same text stay together.
    pub text: u64,
    /// True if the text also has another label. No prediction could be right for both, so it is never held out.
    pub is_contradictory: bool,
}

/// Hash of a text or a pair, the same on every machine: FNV-1a, whose weak bits the generator of [`stratified`] mixes.
pub(crate) fn text_hash((first, second): (&str, &str)) -> u64 {
    // No text has the byte 255.
    let bytes = first.bytes().chain([u8::MAX]).chain(second.bytes());
    bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3))
}

/// Returns, for each row, whether it is held out. Of every class, at least `kept_texts` different texts are not; a class with
/// more is on both sides. `kept_texts` must be at least 1.
pub(crate) fn stratified(
    rows: &[SplitRow],
    classes: usize,
    ratio: f64,
    kept_texts: usize,
    (seed, stream): (u64, Stream),
) -> Vec<bool> {
    let mut is_held_out = vec![false; rows.len()];
    let mut by_class: Vec<Vec<usize>> = vec![Vec::new(); classes];
    for (index, row) in rows.iter().enumerate() {
        by_class[row.class as usize].push(index);
    }
    for members in by_class {
        let (contradictory, mut free): (Vec<usize>, Vec<usize>) =
            members.iter().partition(|&&index| rows[index].is_contradictory);
        free.sort_by_cached_key(|&index| Rng::new(seed, stream, rows[index].text).next_u64());
        let groups: Vec<&[usize]> = free.chunk_by(|&a, &b| rows[a].text == rows[b].text).collect();
        // A contradictory text can only train.
        let kept_groups = kept_texts - usize::from(!contradictory.is_empty());
        let max_groups = groups.len().saturating_sub(kept_groups);
        let wanted_rows = ((members.len() as f64 * ratio).round() as usize).max(1);
        let (mut chosen_groups, mut chosen_rows) = (0, 0);
        for group in &groups {
            if chosen_groups < max_groups && chosen_rows + group.len() <= wanted_rows {
                chosen_groups += 1;
                chosen_rows += group.len();
                group.iter().for_each(|&index| is_held_out[index] = true);
            }
        }
        if chosen_groups == 0 && max_groups > 0 {
            // Every group has more rows than wanted: the smallest comes closest.
            let smallest = groups.iter().min_by_key(|group| group.len());
            smallest.into_iter().copied().flatten().for_each(|&index| is_held_out[index] = true);
        }
    }
    is_held_out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(rows: &[SplitRow], classes: usize, ratio: f64, seed: u64) -> Vec<bool> {
        stratified(rows, classes, ratio, 1, (seed, Stream::Split))
    }

    fn split_rows(rows: &[(u32, u64)]) -> Vec<SplitRow> {
        rows.iter().map(|&(class, text)| SplitRow { class, text, is_contradictory: false }).collect()
    }

    fn validation_rows(rows: &[SplitRow], is_validation: &[bool], class: u32) -> usize {
        rows.iter().zip(is_validation).filter(|(row, validates)| row.class == class && **validates).count()
    }

    #[test]
    fn every_class_keeps_its_ratio_in_training_and_validation() {
        let class = |i| if i < 100 { u32::from(i >= 80) } else { 2 + (i as u32 - 100) / 2 };
        let rows = split_rows(&(0..104).map(|i| (class(i), i)).collect::<Vec<_>>());
        let found = split(&rows, 4, 0.1, 42);
        assert_eq!((0..4).map(|class| validation_rows(&rows, &found, class)).collect::<Vec<_>>(), [8, 2, 1, 1]);
        assert_eq!(found, split(&rows, 4, 0.1, 42));
        assert_ne!(found, split(&rows, 4, 0.1, 43));
        for (ratio, count) in [(0.0, 1), (1.0, 79), (f64::NAN, 1)] {
            assert_eq!(validation_rows(&rows, &split(&rows, 4, ratio, 42), 0), count);
        }
    }

    #[test]
    fn equal_texts_stay_together() {
        let rows = split_rows(&(0..40).map(|i| (0, i / 4)).collect::<Vec<_>>());
        for seed in 0..20 {
            let found = split(&rows, 1, 0.25, seed);
            assert_eq!(validation_rows(&rows, &found, 0), 8, "two whole texts of four rows come closest to ten rows");
            assert!(found.chunks(4).all(|group| group.iter().all(|validates| *validates == group[0])));
        }
        let one_text = split_rows(&[(0, 0), (0, 0)]);
        assert_eq!(split(&one_text, 1, 0.5, 1), [false, false]);
        let two_texts = split_rows(&[(0, 0), (0, 0), (0, 0), (0, 1), (0, 1)]);
        assert_eq!(split(&two_texts, 1, 0.1, 1), [false, false, false, true, true]);
    }

    #[test]
    fn contradictory_texts_never_validate() {
        let rows = [(0, 0, true), (1, 0, true), (0, 1, false), (1, 2, false)];
        let rows = rows.map(|(class, text, is_contradictory)| SplitRow { class, text, is_contradictory });
        assert_eq!(split(&rows, 2, 0.5, 1), [false, false, true, true]);
    }

    #[test]
    fn a_class_keeps_texts_for_the_other_sides() {
        let rows = split_rows(&[(0, 0), (0, 1), (1, 2), (1, 3), (1, 4)]);
        let held_out = stratified(&rows, 2, 0.1, 2, (1, Stream::TestSplit));
        assert_eq!([0, 1].map(|class| validation_rows(&rows, &held_out, class)), [0, 1]);
    }

    /// The texts that validate of rows split by `seed`.
    fn validating(rows: &[SplitRow], seed: u64) -> Vec<u64> {
        let found = split(rows, 3, 0.1, seed);
        rows.iter().zip(found).filter(|(_, validates)| *validates).map(|(row, _)| row.text).collect()
    }

    #[test]
    fn a_dropped_or_relabeled_row_moves_one_text_of_its_labels_at_most() {
        let rows = split_rows(&(0..300).map(|i| (i as u32 % 3, i)).collect::<Vec<_>>());
        let others = |texts: Vec<u64>, changed: usize| -> Vec<u64> {
            texts.into_iter().filter(|&text| text != rows[changed].text).collect()
        };
        for changed in (0..300).step_by(7) {
            let before = others(validating(&rows, 5), changed);
            let (mut dropped, mut relabeled) = (rows.clone(), rows.clone());
            dropped.remove(changed);
            relabeled[changed].class = (relabeled[changed].class + 1) % 3;
            for (after, most) in [(validating(&dropped, 5), 1), (others(validating(&relabeled, 5), changed), 2)] {
                let moved = |from: &[u64], to: &[u64]| from.iter().filter(|&text| !to.contains(text)).count();
                assert!(moved(&before, &after) + moved(&after, &before) <= most, "{changed}: {before:?} {after:?}");
            }
        }
    }

    #[test]
    fn hashes_of_texts_are_those_of_fnv() {
        // FNV-1a of "foobar" is 85944171f73967e8 (Fowler, Noll, Vo); the byte 255 follows.
        assert_eq!(text_hash(("foobar", "")), (0x8594_4171_F739_67E8 ^ 0xFF_u64).wrapping_mul(0x0000_0100_0000_01B3));
        assert_ne!(text_hash(("ab", "")), text_hash(("a", "b")));
    }
}
