//! One record: the cells of a row.

use crate::limits::MAX_CELL_BYTES;

/// The cells of a row, in one buffer that is reused for the next row.
#[derive(Clone, Default)]
pub(crate) struct Record {
    text: String,
    /// End of each cell in `text`, in bytes.
    ends: Vec<usize>,
    /// Number of cells that were cut to [`MAX_CELL_BYTES`].
    pub truncated_cells: usize,
    /// True if a quote opens a cell and is never closed, so that it was read as an ordinary character.
    pub has_open_quote: bool,
}

impl Record {
    /// A record with these cells.
    pub(crate) fn from_cells<S: AsRef<str>>(cells: &[S]) -> Self {
        let mut record = Self::default();
        cells.iter().for_each(|cell| record.push_cell(cell.as_ref()));
        record
    }

    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.truncated_cells = 0;
        self.has_open_quote = false;
    }

    /// Number of cells.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The cell at `index`, empty if there is none.
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
            self.truncated_cells += 1;
        }
        self.ends.push(self.text.len());
    }

    /// Removes empty cells at the end, down to `width` cells.
    pub(crate) fn drop_empty_tail(&mut self, width: usize) {
        while self.len() > width && self.get(self.len() - 1).is_empty() {
            self.ends.pop();
        }
    }

    /// Writes a whole cell.
    pub(crate) fn push_cell(&mut self, cell: &str) {
        self.write(cell);
        self.end_cell();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_cells_are_cut_between_characters() {
        let mut record = Record::default();
        record.write("x");
        record.push_cell(&"é".repeat(MAX_CELL_BYTES / 2));
        record.push_cell("next");
        assert_eq!(record.truncated_cells, 1);
        assert_eq!((record.get(0).len(), record.get(1), record.get(2)), (MAX_CELL_BYTES - 1, "next", ""));
    }
}
