//! Which rows validate: the same share of every class, and no text on both sides.

use crate::rng::{Rng, Stream};

/// A row to be put on one side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub class: u32,
    /// Rows with the same number have the same text and stay together.
    pub text: u32,
    /// Whether that text stands with another label too: nobody can be right about it, so it never validates.
    pub is_mixed: bool,
}

/// Says of each row whether it validates. Every class with two different texts stands on both sides.
pub(crate) fn stratified(rows: &[Entry], classes: usize, share: f64, seed: u64) -> Vec<bool> {
    let mut rng = Rng::new(seed, Stream::Split, 0);
    let mut is_held = vec![false; rows.len()];
    let mut by_class: Vec<Vec<usize>> = vec![Vec::new(); classes];
    for (index, row) in rows.iter().enumerate() {
        by_class[row.class as usize].push(index);
    }
    for members in by_class {
        let (mixed, mut free): (Vec<usize>, Vec<usize>) = members.iter().partition(|&&index| rows[index].is_mixed);
        free.sort_by_key(|&index| rows[index].text);
        let mut groups: Vec<&[usize]> = free.chunk_by(|&a, &b| rows[a].text == rows[b].text).collect();
        rng.shuffle(&mut groups);
        let most = if mixed.is_empty() { groups.len().saturating_sub(1) } else { groups.len() };
        let wanted = ((members.len() as f64 * share).round() as usize).max(1);
        let (mut taken, mut held) = (0, 0);
        for group in &groups {
            if taken < most && held + group.len() <= wanted {
                taken += 1;
                held += group.len();
                group.iter().for_each(|&index| is_held[index] = true);
            }
        }
        if taken == 0 && most > 0 {
            // Every text stands more often than rows are wanted: the rarest comes closest.
            let smallest = groups.iter().min_by_key(|group| group.len());
            smallest.into_iter().copied().flatten().for_each(|&index| is_held[index] = true);
        }
    }
    is_held
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(rows: &[(u32, u32)]) -> Vec<Entry> {
        rows.iter().map(|&(class, text)| Entry { class, text, is_mixed: false }).collect()
    }

    fn held(rows: &[Entry], is_held: &[bool], class: u32) -> usize {
        rows.iter().zip(is_held).filter(|(row, held)| row.class == class && **held).count()
    }

    #[test]
    fn every_class_keeps_its_share_and_stands_on_both_sides() {
        let rows = entries(
            &(0..104).map(|i| (if i < 100 { u32::from(i >= 80) } else { 2 + (i - 100) / 2 }, i)).collect::<Vec<_>>(),
        );
        let is_held = stratified(&rows, 4, 0.1, 42);
        assert_eq!((0..4).map(|class| held(&rows, &is_held, class)).collect::<Vec<_>>(), [8, 2, 1, 1]);
        assert_eq!(is_held, stratified(&rows, 4, 0.1, 42));
        assert_ne!(is_held, stratified(&rows, 4, 0.1, 43));
        for (share, count) in [(0.0, 1), (1.0, 79), (f64::NAN, 1)] {
            assert_eq!(held(&rows, &stratified(&rows, 4, share, 42), 0), count);
        }
    }

    #[test]
    fn equal_texts_stay_together() {
        let rows = entries(&(0..40).map(|i| (0, i / 4)).collect::<Vec<_>>());
        for seed in 0..20 {
            let is_held = stratified(&rows, 1, 0.25, seed);
            assert_eq!(held(&rows, &is_held, 0), 8, "two whole texts of four rows come closest to ten rows");
            assert!(is_held.chunks(4).all(|text| text.iter().all(|held| *held == text[0])));
        }
        let one_text = entries(&[(0, 0), (0, 0)]);
        assert_eq!(stratified(&one_text, 1, 0.5, 1), [false, false]);
        let two_texts = entries(&[(0, 0), (0, 0), (0, 0), (0, 1), (0, 1)]);
        assert_eq!(stratified(&two_texts, 1, 0.1, 1), [false, false, false, true, true]);
    }

    #[test]
    fn a_text_with_two_labels_never_validates() {
        let rows = [(0, 0, true), (1, 0, true), (0, 1, false), (1, 2, false)].map(|(class, text, is_mixed)| Entry {
            class,
            text,
            is_mixed,
        });
        assert_eq!(stratified(&rows, 2, 0.5, 1), [false, false, true, true]);
    }
}
