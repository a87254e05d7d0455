//! The tables of an archive by their purpose: `train.csv`, `dev.csv` and `test.csv`, or the folders `train/` and `test/`.

use std::collections::{BTreeSet, HashSet};

use crate::dataset::container::splits::{Splits, is_split};
use crate::dataset::source::DataRole;

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

    /// The purpose of a table, if it has one, and all tables for it.
    pub(crate) fn same_purpose(&self, table: usize) -> (Option<&str>, Vec<usize>) {
        let purpose = self.of_table.get(table).and_then(Option::as_deref);
        let has_it =
            |other: &usize| *other == table || (purpose.is_some() && self.of_table[*other].as_deref() == purpose);
        (purpose, (0..self.of_table.len()).filter(has_it).collect())
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
}
