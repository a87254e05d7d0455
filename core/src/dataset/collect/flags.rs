//! Columns of 0 and 1, one per label, in which a blank may mean 0.

use crate::dataset::cell::{is_unjudged, parse_flag};
use crate::dataset::collect::row_error::RowError;
use crate::dataset::formats::record::Record;
use crate::diagnostic::Diagnostic;
use crate::phrases::{count, names};

/// Reason to skip a row for which nobody said whether it has a label.
const UNJUDGED: &str = "a label is -1, which means that it was not judged";

/// Values of a column besides ones.
#[derive(Clone, Copy, Debug, Default)]
struct FlagColumn {
    zeros: usize,
    blanks: usize,
}

/// Flags of the rows read so far. What a blank means is known only after the last row.
#[derive(Debug, Default)]
pub(crate) struct Flags {
    columns: Vec<FlagColumn>,
    /// Rows with blanks, and the columns that are blank in them.
    open: Vec<(usize, Vec<u32>)>,
}

/// Rows to skip, once it is known what a blank means.
pub(crate) struct ResolvedFlags {
    pub skipped: Vec<(usize, String)>,
    pub warning: Option<Diagnostic>,
}

impl Flags {
    /// Positions in `columns` of the columns that hold a 1 on the next row.
    ///
    /// # Errors
    /// Skips the row if a cell is neither a flag nor blank, or if a label was not judged.
    pub(crate) fn add(&mut self, row: usize, record: &Record, columns: &[u32]) -> Result<Vec<u32>, RowError> {
        self.columns.resize(columns.len(), FlagColumn::default());
        let (mut ids, mut blanks) = (Vec::new(), Vec::new());
        let mut flags = Vec::with_capacity(columns.len());
        for (id, &column) in (0..).zip(columns) {
            let cell = record.get(column as usize).trim();
            let flag = parse_flag(cell).or_else(|| parse_tick(cell));
            match flag {
                Some(true) => ids.push(id),
                Some(false) => {}
                None if is_blank(cell) => blanks.push(id),
                None if is_unjudged(cell) => return Err(UNJUDGED.into()),
                None => return Err(format!("{} is neither 0 nor 1", names(&[cell])).into()),
            }
            flags.push(flag);
        }
        for (column, flag) in self.columns.iter_mut().zip(flags) {
            column.zeros += usize::from(flag == Some(false));
            column.blanks += usize::from(flag.is_none());
        }
        if !blanks.is_empty() {
            self.open.push((row, blanks));
        }
        Ok(ids)
    }

    /// A blank is 0 in columns that hold more blanks than zeros, unless the whole row is blank and others have zeros.
    pub(crate) fn resolve(self) -> ResolvedFlags {
        let has_zeros = self.columns.iter().any(|column| column.zeros > 0);
        let is_zero = |id: u32| self.columns.get(id as usize).is_some_and(|column| column.blanks > column.zeros);
        let mut skipped = Vec::new();
        for (row, blanks) in &self.open {
            let unknown = blanks.iter().find(|&&id| !is_zero(id));
            if has_zeros && blanks.len() == self.columns.len() {
                skipped.push((*row, "no value for any label".to_owned()));
            } else if let Some(id) = unknown {
                skipped.push((*row, format!("no value for label {}", id + 1)));
            }
        }
        let read = self.open.len() - skipped.len();
        let warning = (read > 0).then(|| {
            let verb = if read == 1 { "has" } else { "have" };
            Diagnostic::new("data.blank-flags", format!("{} {verb} blanks among the labels.", count(read, "row")))
                .done("A blank was read as 0, because these columns hold more blanks than zeros.")
                .remedy("If a blank means that the label is not known, remove these rows.")
        });
        ResolvedFlags { skipped, warning }
    }
}

/// Turns a flag over, written like it.
pub(crate) fn turned(cell: &str) -> Option<&'static str> {
    const PAIRS: [[&str; 2]; 9] = [
        ["0", "1"],
        ["0.0", "1.0"],
        ["false", "true"],
        ["False", "True"],
        ["FALSE", "TRUE"],
        ["no", "yes"],
        ["No", "Yes"],
        ["n", "y"],
        ["f", "t"],
    ];
    let cell = cell.trim();
    let found = PAIRS.iter().find_map(|&[no, yes]| match cell {
        it if it == no => Some(yes),
        it if it == yes => Some(no),
        _ => None,
    });
    found.or_else(|| match parse_flag(cell).or_else(|| parse_tick(cell)) {
        Some(true) => Some("0"),
        Some(false) => Some("1"),
        None => is_blank(cell).then_some("1"),
    })
}

/// Parses a mark of a list that is ticked by hand, which only a column of labels has.
pub(crate) fn parse_tick(cell: &str) -> Option<bool> {
    match cell.to_lowercase().as_str() {
        "x" | "✓" | "✔" | "☑" | "y" | "t" => Some(true),
        "✗" | "✘" | "☐" | "n" | "f" | "-" => Some(false),
        _ => None,
    }
}

/// Returns true if a cell is empty or a missing value.
pub(crate) fn is_blank(cell: &str) -> bool {
    ["", "nan", "NaN", "None", "NULL", "null", "NA", "<NA>"].contains(&cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_yes_or_no() {
        let flags = ["1", "0", "True", "no", "1.0", "2", ""].map(parse_flag);
        assert_eq!(flags, [Some(true), Some(false), Some(true), Some(false), Some(true), None, None]);
    }

    /// Reasons of the rows that are skipped, by row.
    fn skipped(rows: &[&[&str]]) -> Vec<(usize, String)> {
        let mut flags = Flags::default();
        for (row, cells) in rows.iter().enumerate() {
            let columns: Vec<u32> = (0..cells.len() as u32).collect();
            assert!(flags.add(row, &Record::from_cells(cells), &columns).is_ok(), "{cells:?}");
        }
        flags.resolve().skipped
    }

    #[test]
    fn a_label_that_was_not_judged_is_never_a_no() {
        let skips = |cell: &str| {
            let added = Flags::default().add(0, &Record::from_cells(&["1", cell]), &[0, 1]);
            matches!(added, Err(RowError::Skip(reason)) if reason == UNJUDGED)
        };
        assert!(skips("-1") && skips("-1.0") && !skips("0"));
    }

    #[test]
    fn sparse_blanks_are_zeros() {
        assert_eq!(skipped(&[&["1", ""], &["", "1"], &["", ""], &["x", "nan"]]), []);
        assert_eq!(
            skipped(&[&["1", ""], &["0", "1"], &["", "0"]]),
            [(0, "no value for label 2".to_owned()), (2, "no value for label 1".to_owned())]
        );
        let all_blank = [(2, "no value for any label".to_owned())];
        assert_eq!(skipped(&[&["1", ""], &["", "0"], &["", ""], &["", ""]])[..1], all_blank);
    }
}
