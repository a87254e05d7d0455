//! The unit that the offsets of a file count: characters, UTF-16 code units as JavaScript does, or bytes.

/// Unit of offsets in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OffsetUnit {
    /// Unicode scalar values, as in Python.
    #[default]
    Characters,
    /// UTF-16 code units, as in JavaScript and Java.
    Utf16,
    /// Bytes of UTF-8.
    Bytes,
}

impl OffsetUnit {
    /// All units, the usual one first.
    pub(crate) const ALL: [Self; 3] = [Self::Characters, Self::Utf16, Self::Bytes];

    /// The unit's name in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Characters => "characters",
            Self::Utf16 => "UTF-16 code units",
            Self::Bytes => "bytes",
        }
    }

    /// Byte position of each offset in a text, its end included. None for offsets inside a character.
    pub(crate) fn positions(self, text: &str) -> Vec<Option<usize>> {
        let mut positions = Vec::with_capacity(text.len() + 1);
        for (at, letter) in text.char_indices() {
            positions.push(Some(at));
            let units = match self {
                Self::Characters => 1,
                Self::Utf16 => letter.len_utf16(),
                Self::Bytes => letter.len_utf8(),
            };
            positions.resize(positions.len() + units - 1, None);
        }
        positions.push(Some(text.len()));
        positions
    }

    /// Byte position of one offset in a text. None if it is outside the text or inside a character.
    pub(crate) fn position(self, text: &str, offset: usize) -> Option<usize> {
        match self {
            Self::Characters => text.char_indices().nth(offset).map(|(at, _)| at),
            Self::Bytes => text.is_char_boundary(offset).then_some(offset),
            Self::Utf16 => {
                let mut units = 0;
                let mut found = text.char_indices().skip_while(|(_, letter)| {
                    let is_before = units < offset;
                    units += if is_before { letter.len_utf16() } else { 0 };
                    is_before
                });
                let at = found.next().map(|(at, _)| at);
                at.filter(|_| units == offset)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_positions_in_each_unit() {
        let text = "é😀a";
        let some = |positions: &[usize]| positions.iter().copied().map(Some).collect::<Vec<_>>();
        assert_eq!(OffsetUnit::Characters.positions(text), some(&[0, 2, 6, 7]));
        assert_eq!(OffsetUnit::Utf16.positions(text), [Some(0), Some(2), None, Some(6), Some(7)]);
        assert_eq!(OffsetUnit::Bytes.positions(text).len(), 8);
        for unit in OffsetUnit::ALL {
            let positions = unit.positions(text);
            for (offset, at) in positions.iter().enumerate().take(positions.len() - 1) {
                assert_eq!(unit.position(text, offset), *at, "{unit:?} {offset}");
            }
        }
    }
}
