//! Texts, one after the other, in pieces that never move. One string would be copied whenever it grows, and the copy and what
//! it was copied from are several times the texts, in a wasm memory that never shrinks.

/// Size of a piece, in bytes. A longer text has a piece of its own.
const PIECE_BYTES: usize = 4 << 20;

/// Texts by their byte ranges.
#[derive(Clone, Debug, Default)]
pub(crate) struct TextArena {
    pieces: Vec<String>,
    /// Position of the first byte of each piece.
    begins: Vec<u32>,
    len: usize,
}

impl TextArena {
    /// Size of all texts, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Adds a text, and returns its range; none if there is no memory for it.
    pub(crate) fn push(&mut self, text: &str) -> Option<[u32; 2]> {
        let begin = u32::try_from(self.len).ok()?;
        let end = u32::try_from(self.len + text.len()).ok()?;
        if self.pieces.last().is_none_or(|piece| piece.capacity() - piece.len() < text.len()) {
            let mut piece = String::new();
            piece.try_reserve_exact(PIECE_BYTES.max(text.len())).ok()?;
            self.pieces.push(piece);
            self.begins.push(begin);
        }
        self.pieces.last_mut()?.push_str(text);
        self.len = end as usize;
        Some([begin, end])
    }

    /// The text of a range that [`Self::push`] returned.
    pub(crate) fn get(&self, [begin, end]: [u32; 2]) -> &str {
        // The last piece that begins at the text or before it. An empty text may be at the end of the piece before.
        let nth = self.begins.partition_point(|&first| first <= begin).saturating_sub(1);
        let (Some(piece), Some(&first)) = (self.pieces.get(nth), self.begins.get(nth)) else { return "" };
        &piece[(begin - first) as usize..(end - first) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_by_their_ranges_across_pieces() {
        let mut arena = TextArena::default();
        let long = "é".repeat(PIECE_BYTES);
        let almost = "x".repeat(PIECE_BYTES - 1);
        let texts = ["", "a", "", &almost, "", "b", &long, "", "c"];
        let ranges: Vec<_> = texts.iter().map(|text| arena.push(text).unwrap()).collect();
        for (text, range) in texts.iter().zip(ranges) {
            assert!(arena.get(range) == *text, "{range:?}");
        }
        assert_eq!(arena.len(), texts.iter().map(|text| text.len()).sum::<usize>());
        assert!(arena.pieces.len() > 2);
    }

    #[test]
    fn texts_take_little_more_memory_than_their_bytes() {
        let mut arena = TextArena::default();
        let text = "word ".repeat(100);
        for _ in 0..100_000 {
            arena.push(&text).unwrap();
        }
        let capacity: usize = arena.pieces.iter().map(String::capacity).sum();
        assert!(
            capacity <= arena.len() + PIECE_BYTES + arena.pieces.len() * text.len(),
            "{capacity} for {}",
            arena.len()
        );
    }
}
