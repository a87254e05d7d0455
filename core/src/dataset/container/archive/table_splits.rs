//! The tables of an archive by their purpose: `train.csv`, `dev.csv` and `test.csv`, or the folders `train/` and `test/`.

use std::collections::{BTreeSet, HashSet};
use std::io::{self, Read};

use serde_json::{Deserializer, Map, Value};

use crate::dataset::container::splits::{Splits, is_split};
use crate::dataset::container::table_reader::is_packed_table;
use crate::dataset::source::DataRole;
use crate::diagnostic::Diagnostic;
use crate::phrases::names;

/// Bytes of a table that show its columns.
const SHOWN_BYTES: u64 = 64 << 10;

/// The tables of an archive with training rows, and those with validation and test rows.
pub(crate) struct TableSplits {
    /// The purpose of each table, in lower case, if its name says so.
    of_table: Vec<Option<String>>,
    splits: Splits,
}

impl TableSplits {
    /// The purposes of tables with these paths; none if none of them has training rows.
    pub(crate) fn of(paths: &[String]) -> Option<Self> {
        let of_table: Vec<Option<String>> = paths.iter().map(|path| split(path)).collect();
        let splits = Splits::of(&of_table.iter().flatten().cloned().collect::<HashSet<_>>());
        splits.train.is_some().then_some(Self { of_table, splits })
    }

    /// The table for a role.
    pub(crate) fn table(&self, role: DataRole) -> Option<usize> {
        let split = self.splits.for_role(role)?;
        self.of_table.iter().position(|of_table| of_table.as_ref() == Some(split))
    }

    /// The tables with validation and with test rows, apart from the training rows.
    pub(crate) fn held_out(&self) -> [Option<usize>; 2] {
        [DataRole::Validation, DataRole::Test].map(|role| self.table(role))
    }

    /// Warns about tables of an archive for the same purpose as the one that is read.
    pub(crate) fn warning(&self, file: &str, paths: &[String], read: usize) -> Option<Diagnostic> {
        let split = self.of_table.get(read)?.as_ref()?;
        let same = || self.of_table.iter().filter(|of_table| of_table.as_ref() == Some(split));
        let what = format!("{} has {} tables of the rows for {split}.", names(&[file]), same().count());
        (same().count() > 1).then(|| {
            Diagnostic::new("data.one-of-tables", what)
                .done(format!("Only {} was read.", names(&[&paths[read]])))
                .remedy("Choose another one, or join them to one table.")
        })
    }
}

/// Purpose of a table's rows, in lower case: a word of its name, or else its folder.
fn split(path: &str) -> Option<String> {
    let path = path.to_lowercase();
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let words: BTreeSet<&str> = name.split(|c: char| !c.is_alphanumeric()).filter(|word| is_split(word)).collect();
    match words.len() {
        0 => folders.rsplit('/').find(|folder| is_split(folder)).map(str::to_owned),
        1 => words.into_iter().next().map(str::to_owned),
        // Its name says two things.
        _ => None,
    }
}

/// The beginning of a table, to compare it with another.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn beginning(table: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    table.take(SHOWN_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Returns true if two tables have the same columns, as far as their beginnings show. The test rows of a competition have no
/// labels, so they are of no use for a score.
pub(crate) fn are_alike(first: &[u8], second: &[u8]) -> bool {
    if [first, second].iter().any(|table| is_packed_table(table)) {
        return [first, second].iter().all(|table| is_packed_table(table));
    }
    let [first, second] = [first, second].map(|table| String::from_utf8_lossy(table).into_owned());
    match [&first, &second].map(|table| first_keys(table)) {
        [Some(first), Some(second)] => first == second,
        [None, None] => {
            let [first, second] = [&first, &second].map(|table| table.trim_start().lines().next().unwrap_or_default());
            let is_text = !first.contains('\0') && !first.starts_with("PK");
            is_text && (first == second || columns(first) == columns(second))
        }
        _ => false,
    }
}

/// The keys of the first row of JSON lines, or of an array of rows.
fn first_keys(table: &str) -> Option<BTreeSet<String>> {
    let rows = table.trim_start().trim_start_matches(['\u{feff}', '[']);
    let row: Map<String, Value> = Deserializer::from_str(rows).into_iter().next()?.ok()?;
    Some(row.into_iter().map(|(key, _)| key).collect())
}

/// The numbers of tabs, commas and semicolons outside of quotes: of tabs alone if there are any.
fn columns(line: &str) -> [usize; 3] {
    let mut is_quoted = false;
    let mut counts = [0; 3];
    for c in line.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '\t' => counts[0] += 1,
            ',' => counts[1] += 1,
            ';' => counts[2] += 1,
            _ => {}
        }
    }
    if counts[0] > 0 { [counts[0], 0, 0] } else { counts }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(paths: &[&str]) -> Option<(usize, [Option<usize>; 2])> {
        let splits = TableSplits::of(&paths.iter().map(|&path| path.to_owned()).collect::<Vec<_>>())?;
        Some((splits.table(DataRole::Train).unwrap(), splits.held_out()))
    }

    #[test]
    fn tables_are_told_apart_by_a_word_of_their_names_or_by_their_folders() {
        assert_eq!(found(&["dev.csv", "test.csv", "train.csv"]), Some((2, [Some(0), Some(1)])));
        let shards = ["data/test-00000-of-00001.parquet", "data/train-00000-of-00002.parquet"];
        assert_eq!(found(&shards), Some((1, [Some(0), None])), "test rows validate");
        assert_eq!(found(&["train/data.csv", "val/data.csv"]), Some((0, [Some(1), None])));
        assert_eq!(found(&["reviews_train.tsv", "testimonials.tsv"]), Some((0, [None, None])));
        assert_eq!(found(&["test.csv", "dev.csv"]), None);
        assert_eq!(found(&["train_test_all.csv", "other.csv"]), None);
    }

    #[test]
    fn several_tables_for_one_purpose_are_worth_a_warning() {
        let paths = ["train-0.csv", "train-1.csv", "test.csv"].map(str::to_owned);
        let splits = TableSplits::of(&paths).unwrap();
        let warning = splits.warning("a.zip", &paths, 0).unwrap();
        assert!(warning.what.contains("2 tables") && warning.done.contains("train-0.csv"), "{warning}");
        assert_eq!(splits.warning("a.zip", &paths, 2), None);
    }

    #[test]
    fn tables_with_other_columns_are_not_alike() {
        let alike = |first: &str, second: &str| are_alike(first.as_bytes(), second.as_bytes());
        assert!(alike("text,label\na,b\n", "text,label\nc,d\n"));
        assert!(alike("\"so, good\",pos\n", "bad,neg\n"), "without a header, the columns count");
        assert!(!alike("id,text,target\n", "id,text\n"));
        assert!(alike("{\"a\": 1, \"b\": 2}\n", "{\"b\": 3, \"a\": 4}\n"));
        assert!(!alike("[\n{\"a\": 1, \"b\": 2}", "[{\"a\": 1}]"));
        assert!(!alike("a,b\n", "{\"a\": 1}\n"));
        assert!(alike("PAR1\u{15}x", "PAR1\u{15}y") && !alike("PAR1\u{15}x", "text\n"));
        assert!(!alike("PK\u{3}\u{4}", "PK\u{3}\u{4}"), "spreadsheets do not show their columns");
    }
}
