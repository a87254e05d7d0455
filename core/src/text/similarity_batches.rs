//! Training batches of embeddings: lists of texts, first the anchors, then their positives, then their negatives.

use std::collections::{HashMap, HashSet};

use crate::rng::{Rng, Stream};
use crate::text::batch::shuffled_batches;
use crate::text::examples::{EncodedExamples, Labels};
use crate::text::similarity::Similarity;

impl EncodedExamples {
    /// Number of rows of the dataset. A row of embeddings may have several encoded texts.
    pub fn rows(&self) -> usize {
        match &self.labels {
            Labels::Similarity(similarity) => self.texts.len() / similarity.texts_per_row(),
            _ => self.texts.len(),
        }
    }

    /// Number of texts in a training batch of `batch_size` rows.
    pub fn batch_texts(&self, batch_size: usize) -> usize {
        match &self.labels {
            Labels::Similarity(similarity) => batch_size * similarity.texts_per_step(),
            _ => batch_size,
        }
    }

    /// The training batches of an epoch, as indices of texts. Every epoch has the same number of batches.
    pub fn shuffled_batches(&self, batch_size: usize, seed: u64, epoch: u64) -> Vec<Vec<u32>> {
        let Labels::Similarity(similarity) = &self.labels else {
            return shuffled_batches(&self.lengths(), batch_size, seed, epoch);
        };
        match similarity {
            Similarity::Pairs { texts_per_row } => {
                let identities = self.texts.identities();
                let rows: Vec<&[u32]> = identities.chunks_exact(*texts_per_row).collect();
                let batches = batches_without_duplicates(&rows, batch_size, seed, epoch);
                batches.iter().map(|rows| columns(rows, *texts_per_row)).collect()
            }
            Similarity::Scores(_) | Similarity::Triplets { .. } => {
                let (lengths, texts_per_row) = (self.lengths(), similarity.texts_per_row());
                let of_rows = lengths.chunks_exact(texts_per_row);
                let longest: Vec<usize> = of_rows.filter_map(|row| row.iter().max().copied()).collect();
                let batches = shuffled_batches(&longest, batch_size, seed, epoch);
                batches.iter().map(|rows| columns(rows, texts_per_row)).collect()
            }
            Similarity::Classes(classes) => {
                let batches = shuffled_batches(&vec![1; classes.len()], batch_size, seed, epoch);
                with_partners(batches, classes, &mut Rng::new(seed, Stream::Partners, epoch))
            }
        }
    }
}

/// The texts of rows, column by column.
fn columns(rows: &[u32], texts_per_row: usize) -> Vec<u32> {
    let count = texts_per_row as u32;
    (0..count).flat_map(|column| rows.iter().map(move |row| row * count + column)).collect()
}

/// Batches of rows, none of which has the same text twice, like sentence-transformers' `NO_DUPLICATES`: a text that is right
/// for one anchor must not be counted as wrong for another. The rows are spread evenly over the batches. Rows that fit into
/// none, because each has one of their texts, are left out of the epoch.
fn batches_without_duplicates(rows: &[&[u32]], batch_size: usize, seed: u64, epoch: u64) -> Vec<Vec<u32>> {
    let mut rng = Rng::new(seed, Stream::Shuffle, epoch);
    let mut frequencies: HashMap<u32, usize> = HashMap::new();
    for row in rows {
        let distinct: HashSet<u32> = row.iter().copied().collect();
        distinct.into_iter().for_each(|text| *frequencies.entry(text).or_default() += 1);
    }
    let frequency = |row: u32| rows[row as usize].iter().filter_map(|text| frequencies.get(text)).max().copied();
    let most = frequencies.values().max().copied().unwrap_or(0);
    let count = rows.len().div_ceil(batch_size.max(1)).max(most);
    let mut order: Vec<u32> = (0..rows.len() as u32).collect();
    rng.shuffle(&mut order);
    // Frequent texts first, while there are batches without them.
    order.sort_by_key(|&row| std::cmp::Reverse(frequency(row)));
    let mut batches: Vec<(Vec<u32>, HashSet<u32>)> = vec![Default::default(); count];
    let mut next = 0;
    for row in order {
        let texts = rows[row as usize];
        let fits = |(rows, known): &(Vec<u32>, HashSet<u32>)| {
            rows.len() < batch_size && texts.iter().all(|text| !known.contains(text))
        };
        let Some(batch) = (0..count).map(|k| (next + k) % count).find(|&batch| fits(&batches[batch])) else { continue };
        batches[batch].0.push(row);
        batches[batch].1.extend(texts);
        next = (batch + 1) % count;
    }
    let mut batches: Vec<Vec<u32>> = batches.into_iter().map(|(rows, _)| rows).collect();
    rng.shuffle(&mut batches);
    batches
}

/// Adds to each text of a batch another one of its class, drawn at random; the text itself if there is no other.
fn with_partners(batches: Vec<Vec<u32>>, classes: &[u32], rng: &mut Rng) -> Vec<Vec<u32>> {
    let mut members: HashMap<u32, Vec<u32>> = HashMap::new();
    for (text, class) in classes.iter().enumerate() {
        members.entry(*class).or_default().push(text as u32);
    }
    let mut partner = |text: u32| {
        let members = members.get(&classes[text as usize]).map(Vec::as_slice).unwrap_or_default();
        let others = members.len().saturating_sub(1);
        if others == 0 {
            return text;
        }
        // One of all but the last, which replaces the text itself.
        let drawn = members[rng.below(others as u64) as usize];
        if drawn == text { members[others] } else { drawn }
    };
    let with_partners = |batch: Vec<u32>| {
        let partners: Vec<u32> = batch.iter().map(|&text| partner(text)).collect();
        [batch, partners].concat()
    };
    batches.into_iter().map(with_partners).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::batch::EncodedTexts;

    fn examples(texts: &[u32], similarity: Similarity) -> EncodedExamples {
        let mut encoded = EncodedTexts::default();
        texts.iter().for_each(|&text| encoded.push(&[text]));
        EncodedExamples { texts: encoded, labels: Labels::Similarity(similarity) }
    }

    #[test]
    fn no_batch_has_a_text_twice_and_every_epoch_has_as_many_batches() {
        // 60 pairs, of which 20 have the same positive and 10 the same anchor.
        let pair =
            |row: u32| [if row.is_multiple_of(6) { 1_000 } else { row }, if row % 3 == 1 { 2_000 } else { 100 + row }];
        let texts: Vec<u32> = (0..60).flat_map(pair).collect();
        let examples = examples(&texts, Similarity::Pairs { texts_per_row: 2 });
        assert_eq!((examples.rows(), examples.batch_texts(8)), (60, 16));
        for epoch in 0..5 {
            let batches = examples.shuffled_batches(8, 1, epoch);
            assert_eq!(batches.len(), 20, "as many as the most frequent text needs");
            let mut seen: Vec<u32> = batches.concat();
            seen.sort_unstable();
            assert_eq!(seen, (0..120).collect::<Vec<_>>(), "every row once");
            for batch in &batches {
                let (anchors, positives) = batch.split_at(batch.len() / 2);
                assert!(anchors.iter().zip(positives).all(|(anchor, positive)| positive - anchor == 1));
                let texts: HashSet<u32> = batch.iter().map(|&text| texts[text as usize]).collect();
                assert_eq!(texts.len(), batch.len());
            }
        }
        assert_ne!(examples.shuffled_batches(8, 1, 0), examples.shuffled_batches(8, 1, 1));
        assert_eq!(examples.shuffled_batches(8, 1, 0), examples.shuffled_batches(8, 1, 0));
    }

    #[test]
    fn batches_without_frequent_texts_are_full_and_even() {
        let examples = examples(&(0..198).collect::<Vec<_>>(), Similarity::Pairs { texts_per_row: 3 });
        let sizes: Vec<usize> = examples.shuffled_batches(32, 1, 0).iter().map(Vec::len).collect();
        assert_eq!(sizes, [66; 3], "22 triplets each");
    }

    #[test]
    fn a_text_with_a_class_comes_with_another_one_of_its_class() {
        let classes: Vec<u32> = (0..50).map(|text| if text == 49 { 9 } else { text % 4 }).collect();
        let examples = examples(&(0..50).collect::<Vec<_>>(), Similarity::Classes(classes.clone()));
        let batches = examples.shuffled_batches(8, 1, 0);
        let mut partners = HashSet::new();
        for batch in &batches {
            let (anchors, positives) = batch.split_at(batch.len() / 2);
            for (&anchor, &positive) in anchors.iter().zip(positives) {
                assert_eq!(classes[anchor as usize], classes[positive as usize]);
                assert_eq!(anchor == positive, anchor == 49, "only a text alone in its class is its own partner");
                partners.insert(positive);
            }
        }
        assert_eq!(batches.iter().map(|batch| batch.len() / 2).sum::<usize>(), 50);
        assert!(partners.len() > 25, "partners are drawn at random");
        assert_ne!(batches, examples.shuffled_batches(8, 1, 1));
    }
}
