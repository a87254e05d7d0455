//! The cells of one row, in one buffer that is used again for the next.

use crate::limits::MAX_CELL_BYTES;

/// The cells of a row.
#[derive(Default)]
pub(crate) struct Cells {
    text: String,
    ends: Vec<usize>,
    /// Cells that were longer than [`MAX_CELL_BYTES`].
    pub cut: usize,
    /// Whether a quote opened a cell and nothing closed it, so that it was taken as an ordinary character.
    pub has_open_quote: bool,
}

impl Cells {
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.cut = 0;
        self.has_open_quote = false;
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The cell at an index; a missing one is empty.
    pub(crate) fn get(&self, index: usize) -> &str {
        let start = if index == 0 { 0 } else { self.ends.get(index - 1).copied().unwrap_or(self.text.len()) };
        let end = self.ends.get(index).copied().unwrap_or(self.text.len());
        &self.text[start.min(end)..end]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|index| self.get(index))
    }

    /// Appends to the cell that is being written.
    pub(crate) fn write(&mut self, part: &str) {
        self.text.push_str(part);
    }

    /// Ends the cell that is being written.
    pub(crate) fn end_cell(&mut self) {
        let start = self.ends.last().copied().unwrap_or(0);
        if self.text.len() - start > MAX_CELL_BYTES {
            self.text.truncate(self.text.floor_char_boundary(start + MAX_CELL_BYTES));
            self.cut += 1;
        }
        self.ends.push(self.text.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_cell_is_cut_between_characters() {
        let mut cells = Cells::default();
        cells.write("x");
        cells.write(&"é".repeat(MAX_CELL_BYTES / 2));
        cells.end_cell();
        cells.write("next");
        cells.end_cell();
        assert_eq!((cells.cut, cells.get(0).len(), cells.get(1), cells.get(2)), (1, MAX_CELL_BYTES - 1, "next", ""));
    }
}
