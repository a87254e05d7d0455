//! Check of SentencePiece's `precompiled_charsmap`, a table of character replacements. `spm_precompiled` 0.1, which
//! `tokenizers` uses, indexes it without bounds checks, so a broken table panics
//! (<https://github.com/huggingface/tokenizers/pull/2151> covers only broken headers).

use std::mem;

/// Returns true if a lookup of any text stays inside the table. The table is the length of a trie in bytes, the trie, and
/// the replacements. The trie is a double array in the format of Darts-clone
/// (<https://github.com/s-yata/darts-clone/blob/master/include/darts.h>).
pub(crate) fn is_sound(table: &[u8]) -> bool {
    walked(table).is_some()
}

fn walked(table: &[u8]) -> Option<()> {
    let (length, rest) = table.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (trie, texts) = rest.split_at_checked(length - length % 4)?;
    let units: Vec<TrieUnit> =
        trie.chunks_exact(4).map(|unit| TrieUnit(u32::from_le_bytes([unit[0], unit[1], unit[2], unit[3]]))).collect();
    let texts = str::from_utf8(texts).ok()?;

    let root = units.first()?.offset();
    let (mut nodes, mut is_seen) = (vec![root], vec![false; units.len()]);
    while let Some(node) = nodes.pop() {
        for byte in 1..=0xFF {
            let at = node ^ usize::from(byte);
            let unit = units.get(at)?;
            if !unit.is_labeled(byte) {
                continue;
            }
            let next = at ^ unit.offset();
            if unit.has_leaf() && !texts.is_char_boundary(units.get(next)?.value()) {
                return None;
            }
            if !mem::replace(is_seen.get_mut(next)?, true) {
                nodes.push(next);
            }
        }
    }
    Some(())
}

/// An element of the trie.
#[derive(Clone, Copy)]
struct TrieUnit(u32);

impl TrieUnit {
    /// Returns true if `byte` leads to this unit.
    fn is_labeled(self, byte: u8) -> bool {
        self.0 & (1 << 31 | 0xFF) == u32::from(byte)
    }

    fn has_leaf(self) -> bool {
        self.0 >> 8 & 1 == 1
    }

    fn offset(self) -> usize {
        ((self.0 >> 10) << ((self.0 & 1 << 9) >> 6)) as usize
    }

    /// Start of the replacement, for a leaf.
    fn value(self) -> usize {
        (self.0 & !(1 << 31)) as usize
    }
}
