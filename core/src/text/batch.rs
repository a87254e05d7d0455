//! Encoded texts, and batches of them. Texts of similar length go together, so that little is computed for padding;
//! lengths are rounded up to a few, since every new shape makes a GPU compile its kernels anew.

use crate::rng::{Rng, Stream};

/// Lengths that batches are padded to.
pub(crate) const LENGTHS: [usize; 13] = [8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 320, 384, 512];

/// Batches among which texts are sorted by length: larger saves more padding, smaller mixes better.
const SORTED_BATCHES: usize = 16;

/// Token ids of many texts, one after the other in one allocation.
#[derive(Clone, Debug, Default)]
pub struct EncodedTexts {
    ids: Vec<u32>,
    ends: Vec<usize>,
    /// Of each text: where the second of a pair begins; its end where there is none.
    seconds: Vec<u32>,
}

impl EncodedTexts {
    /// Adds a text.
    pub fn push(&mut self, ids: &[u32]) {
        self.push_pair(ids, ids.len());
    }

    /// Adds a pair of texts, of which the second begins at the token `second`.
    pub fn push_pair(&mut self, ids: &[u32], second: usize) {
        self.ids.extend_from_slice(ids);
        self.ends.push(self.ids.len());
        self.seconds.push(second as u32);
    }

    /// Where the second text of pair `i` begins; the row's length where there is none.
    pub fn second(&self, i: usize) -> usize {
        self.seconds[i] as usize
    }

    /// Some rows, padded to one of a few lengths, at most `max_length`, and filled up to `size` rows.
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

    /// Bytes that the tokens take.
    pub fn bytes(&self) -> usize {
        size_of_val(self.ids.as_slice())
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Token ids of text `i`.
    pub fn get(&self, i: usize) -> &[u32] {
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        &self.ids[start..self.ends[i]]
    }

    /// Tokens of text `i`.
    pub fn tokens(&self, i: usize) -> usize {
        self.get(i).len()
    }
}

/// Some texts, padded to one length.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Token ids, `[rows, len]`.
    pub ids: Vec<i32>,
    /// 1 on tokens, 0 on padding, `[rows, len]`.
    pub attention_mask: Vec<f32>,
    /// 1 on the second text of a pair, `[rows, len]`, where a row has one.
    pub token_type_ids: Option<Vec<i32>>,
    /// Rows, with those that only fill up.
    pub rows: usize,
    /// Tokens a row.
    pub len: usize,
    /// Tokens in all, padding not counted.
    pub tokens: usize,
}

impl Batch {
    /// Pads texts to one of a few lengths, at most `max_length`, and fills up to `rows` rows with one token each.
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
            // A row that is masked whole has no mean.
            batch.attention_mask[row * len] = 1.0;
        }
        batch
    }
}

/// The length that a batch is padded to whose longest text has `longest` tokens.
pub fn padded_len(longest: usize, max_length: usize) -> usize {
    LENGTHS.into_iter().find(|&len| len >= longest).unwrap_or(longest).min(max_length.max(longest))
}

/// The batches of one epoch: texts in random order, sorted by length within [`SORTED_BATCHES`] batches, and those in
/// random order again. Every text stands in exactly one.
pub fn shuffled_batches(lengths: &[usize], batch_size: usize, seed: u64, epoch: u64) -> Vec<Vec<u32>> {
    let mut rng = Rng::new(seed, Stream::Shuffle, epoch);
    let mut order: Vec<u32> = (0..lengths.len() as u32).collect();
    rng.shuffle(&mut order);
    let mut batches = Vec::new();
    for stretch in order.chunks_mut(batch_size * SORTED_BATCHES) {
        stretch.sort_by_key(|&i| lengths[i as usize]);
        batches.extend(stretch.chunks(batch_size).map(<[u32]>::to_vec));
    }
    rng.shuffle(&mut batches);
    batches
}

/// All texts in batches, the shortest first: for evaluation.
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
        assert!(padded * 10 < tokens * 12, "{padded} places for {tokens} tokens");
        assert_ne!(batches, shuffled_batches(&lengths, 16, 1, 1));
        assert_eq!(batches, shuffled_batches(&lengths, 16, 1, 0));
    }

    #[test]
    fn a_batch_is_padded_to_a_few_lengths_and_never_masked_whole() {
        let batch = Batch::new(&[&[5; 9], &[6; 2]], 3, 64, 0);
        assert_eq!((batch.rows, batch.len, batch.tokens), (3, 16, 11));
        assert_eq!(
            batch.attention_mask.chunks(16).map(|row| row.iter().sum::<f32>()).collect::<Vec<_>>(),
            [9.0, 2.0, 1.0]
        );
        assert_eq!(Batch::new(&[&[5; 40]], 1, 40, 0).len, 40);
    }
}
