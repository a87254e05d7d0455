//! Encoded texts, and batches of them. Texts of similar length are batched together, which keeps padding short. Lengths
//! are rounded up to a few values, because a GPU compiles its kernels for every new shape.

use crate::rng::{Rng, Stream};

/// Lengths that batches are padded to.
pub(crate) const LENGTHS: [usize; 13] = [8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 320, 384, 512];

/// Number of batches within which texts are sorted by length. A larger number saves padding, a smaller one shuffles better.
const SORTED_BATCHES: usize = 16;

/// Token ids of many texts, in one allocation.
#[derive(Clone, Debug, Default)]
pub struct EncodedTexts {
    ids: Vec<u32>,
    ends: Vec<usize>,
    /// For each text, the start of the second text of a pair, in tokens; its length if it is not a pair.
    seconds: Vec<u32>,
}

impl EncodedTexts {
    /// Adds a text.
    pub fn push(&mut self, ids: &[u32]) {
        self.push_pair(ids, ids.len());
    }

    /// Adds a pair of texts. The second one starts at the token `second`.
    pub fn push_pair(&mut self, ids: &[u32], second: usize) {
        self.ids.extend_from_slice(ids);
        self.ends.push(self.ids.len());
        self.seconds.push(second as u32);
    }

    /// Start of the second text of pair `i`, in tokens; the row's length if it is not a pair.
    pub fn second(&self, i: usize) -> usize {
        self.seconds[i] as usize
    }

    /// A batch of these rows, padded as by [`padded_len`] and filled up to `size` rows.
    pub fn batch(&self, rows: &[u32], size: usize, max_length: usize, pad: u32) -> Batch {
        let texts: Vec<&[u32]> = rows.iter().map(|&row| self.get(row as usize)).collect();
        let mut batch = Batch::new(&texts, size, max_length, pad);
        if rows.iter().any(|&row| self.second(row as usize) < self.tokens(row as usize)) {
            let mut token_type_ids = vec![0; batch.rows * batch.len];
            for (token_type_ids, &row) in token_type_ids.chunks_mut(batch.len).zip(rows) {
                token_type_ids[self.second(row as usize)..self.tokens(row as usize)].fill(1);
            }
            batch.token_type_ids = Some(token_type_ids);
        }
        batch
    }

    /// Memory of the tokens, in bytes.
    pub fn bytes(&self) -> usize {
        size_of_val(self.ids.as_slice())
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns true if there are no texts.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Token ids of text `i`.
    pub fn get(&self, i: usize) -> &[u32] {
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        &self.ids[start..self.ends[i]]
    }

    /// Number of tokens of text `i`.
    pub fn tokens(&self, i: usize) -> usize {
        self.get(i).len()
    }
}

/// Texts padded to the same length.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Token ids, `[rows, len]`.
    pub ids: Vec<i32>,
    /// 1 on tokens, 0 on padding, `[rows, len]`.
    pub attention_mask: Vec<f32>,
    /// 1 on the second text of a pair, else 0, `[rows, len]`; `None` if no row is a pair.
    pub token_type_ids: Option<Vec<i32>>,
    /// Number of rows, including those that only fill up the batch.
    pub rows: usize,
    /// Length of each row, in tokens.
    pub len: usize,
    /// Total number of tokens without padding.
    pub tokens: usize,
}

impl Batch {
    /// Pads texts as by [`padded_len`], and adds rows of one token up to `rows` rows.
    pub fn new(texts: &[&[u32]], rows: usize, max_length: usize, pad: u32) -> Self {
        let longest = texts.iter().map(|ids| ids.len()).max().unwrap_or(1).max(1);
        let len = padded_len(longest, max_length);
        let (ids, attention_mask) = (vec![pad as i32; rows * len], vec![0.0; rows * len]);
        let mut batch = Self { ids, attention_mask, token_type_ids: None, rows, len, tokens: 0 };
        for (row, ids) in texts.iter().enumerate() {
            for (column, &id) in ids.iter().enumerate() {
                batch.ids[row * len + column] = id as i32;
                batch.attention_mask[row * len + column] = 1.0;
            }
            batch.tokens += ids.len();
        }
        for row in texts.len()..rows {
            // A row in which every token is masked has no mean.
            batch.attention_mask[row * len] = 1.0;
        }
        batch
    }
}

/// The padded length, in tokens, of a batch whose longest text has `longest` tokens: one of a few lengths, but no padding
/// beyond `max_length`. Texts are never cut, so those longer than `max_length` keep their length.
pub fn padded_len(longest: usize, max_length: usize) -> usize {
    LENGTHS.into_iter().find(|&len| len >= longest).unwrap_or(longest).min(max_length.max(longest))
}

/// The batches of an epoch, as indices of texts. The texts are shuffled and sorted by length within groups of 16 batches;
/// then the batches are shuffled. Every text is in exactly one batch.
pub fn shuffled_batches(lengths: &[usize], batch_size: usize, seed: u64, epoch: u64) -> Vec<Vec<u32>> {
    let mut rng = Rng::new(seed, Stream::Shuffle, epoch);
    let mut order: Vec<u32> = (0..lengths.len() as u32).collect();
    rng.shuffle(&mut order);
    let mut batches = Vec::new();
    for group in order.chunks_mut(batch_size * SORTED_BATCHES) {
        group.sort_by_key(|&i| lengths[i as usize]);
        batches.extend(group.chunks(batch_size).map(<[u32]>::to_vec));
    }
    rng.shuffle(&mut batches);
    batches
}

/// All texts in batches, shortest first, for evaluation.
pub fn batches_by_length(lengths: &[usize], batch_size: usize) -> Vec<Vec<u32>> {
    let mut order: Vec<u32> = (0..lengths.len() as u32).collect();
    order.sort_by_key(|&i| lengths[i as usize]);
    order.chunks(batch_size).map(<[u32]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_has_every_text_once_and_little_padding() {
        let lengths: Vec<usize> = (0..1_000).map(|i| 3 + (i * 7919) % 60).collect();
        let batches = shuffled_batches(&lengths, 16, 1, 0);
        let mut seen: Vec<u32> = batches.concat();
        seen.sort_unstable();
        assert_eq!(seen, (0..1_000).collect::<Vec<_>>());
        let padded: usize =
            batches.iter().map(|b| b.len() * b.iter().map(|&i| lengths[i as usize]).max().unwrap()).sum();
        let tokens: usize = lengths.iter().sum();
        assert!(padded * 10 < tokens * 12, "{padded} positions for {tokens} tokens");
        assert_ne!(batches, shuffled_batches(&lengths, 16, 1, 1));
        assert_eq!(batches, shuffled_batches(&lengths, 16, 1, 0));
    }

    #[test]
    fn batches_are_padded_to_standard_lengths_and_no_row_is_fully_masked() {
        let batch = Batch::new(&[&[5; 9], &[6; 2]], 3, 64, 0);
        assert_eq!((batch.rows, batch.len, batch.tokens), (3, 16, 11));
        assert_eq!(
            batch.attention_mask.chunks(16).map(|row| row.iter().sum::<f32>()).collect::<Vec<_>>(),
            [9.0, 2.0, 1.0]
        );
        assert_eq!(Batch::new(&[&[5; 40]], 1, 40, 0).len, 40);
        assert_eq!(Batch::new(&[&[5; 50]], 1, 40, 0).len, 50, "texts are never cut");
    }
}
