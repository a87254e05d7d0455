//! The special tokens around a text and between two texts.

/// Special tokens of a tokenizer's template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpecialTokens {
    /// Before a text: `[CLS]`, `<s>`.
    pub begin: Vec<u32>,
    /// Between two texts: `[SEP]`, `</s></s>`.
    pub middle: Vec<u32>,
    /// After a text: `[SEP]`.
    pub end: Vec<u32>,
}

impl SpecialTokens {
    /// A text with its special tokens.
    pub fn single(&self, ids: &[u32]) -> Vec<u32> {
        [&self.begin, ids, &self.end].concat()
    }

    /// A pair of texts with its special tokens, and the start of the second text.
    pub fn pair(&self, first: &[u32], second: &[u32]) -> (Vec<u32>, usize) {
        let at = self.begin.len() + first.len() + self.middle.len();
        ([&self.begin, first, &self.middle, second, &self.end].concat(), at)
    }

    /// Number of special tokens around a pair.
    pub fn pair_tokens(&self) -> usize {
        self.begin.len() + self.middle.len() + self.end.len()
    }

    /// Cuts a framed pair, whose second text begins at `second`, to `max_length` tokens: the longer text is cut first,
    /// at its end.
    pub fn cut_pair(&self, ids: &[u32], second: usize, max_length: usize) -> (Vec<u32>, usize) {
        let (first, other) =
            (&ids[self.begin.len()..second - self.middle.len()], &ids[second..ids.len() - self.end.len()]);
        let room = max_length.saturating_sub(self.pair_tokens());
        let shorter = first.len().min(other.len()).min(room / 2);
        let [first, other] = if first.len() > other.len() {
            [&first[..first.len().min(room - shorter)], &other[..shorter]]
        } else {
            [&first[..shorter], &other[..other.len().min(room - shorter)]]
        };
        self.pair(first, other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_text_of_a_pair_is_cut_first() {
        let frame = SpecialTokens { begin: vec![1], middle: vec![2], end: vec![3] };
        let (ids, second) = frame.pair(&[5; 4], &[6; 10]);
        assert_eq!((ids.len(), second), (17, 6));
        assert_eq!(frame.cut_pair(&ids, second, 11), (vec![1, 5, 5, 5, 5, 2, 6, 6, 6, 6, 3], 6));
        assert_eq!(frame.cut_pair(&ids, second, 7), (vec![1, 5, 5, 2, 6, 6, 3], 4));
    }
}
