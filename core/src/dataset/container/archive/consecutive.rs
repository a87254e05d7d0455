//! Tables that are spread over files with consecutive numbers, as libraries for large data write them.

use crate::diagnostic::Diagnostic;
use crate::phrases::{count, names};

/// Words before a number that counts anything but the files of one table.
const OTHER_COUNTS: [&str; 5] = ["v", "version", "fold", "cv", "seed"];

/// The tables among `among` whose names differ from that of `table` by a number only, in its order; just `table` unless these
/// numbers are consecutive, from 0 or 1.
pub(crate) fn consecutive(paths: &[String], table: usize, among: &[usize]) -> Vec<usize> {
    let (form, numbers) = numbered(&paths[table]);
    let mut alike: Vec<(Vec<u64>, usize)> = Vec::new();
    for &other in among {
        let (of_other, numbers) = numbered(&paths[other]);
        if of_other == form {
            alike.push((numbers, other));
        }
    }
    alike.sort();
    let differs = |at: &usize| alike.iter().any(|(of_other, _)| of_other[*at] != numbers[*at]);
    let differing: Vec<usize> = (0..numbers.len()).filter(differs).collect();
    let &[at] = differing.as_slice() else { return vec![table] };
    let first = alike[0].0[at];
    let is_whole = first <= 1 && alike.iter().zip(first..).all(|((of_other, _), nth)| of_other[at] == nth);
    let before = form.split('0').nth(at).unwrap_or_default().trim_end_matches(['-', '_', '.']);
    let word = before.rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    if is_whole && !OTHER_COUNTS.contains(&word) {
        alike.into_iter().map(|(_, other)| other).collect()
    } else {
        vec![table]
    }
}

/// A path in lower case, with a zero in place of each number, and these numbers.
fn numbered(path: &str) -> (String, Vec<u64>) {
    let (mut form, mut numbers, path) = (String::new(), Vec::new(), path.to_lowercase());
    let mut rest = path.as_str();
    while let Some(begin) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(begin);
        let digits = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let (number, after) = from.split_at(digits);
        form += before;
        form.push('0');
        numbers.push(number.parse().unwrap_or(u64::MAX));
        rest = after;
    }
    (form + rest, numbers)
}

/// The number of files of a table, if the name of one of them says so: `train-00000-of-00002.parquet`.
pub(crate) fn total(path: &str) -> Option<usize> {
    let (form, numbers) = numbered(path);
    let before = form.split_once("0-of-0").or_else(|| form.split_once("0_of_0"))?.0;
    (*numbers.get(before.matches('0').count() + 1)?).try_into().ok()
}

/// Tells that the files of a table were joined, and whether some of them may be missing.
pub(crate) fn joined(archive: &str, paths: &[&str]) -> Diagnostic {
    let what = format!("A table of {} has {}: {}.", names(&[archive]), count(paths.len(), "file"), names(paths));
    let missing = paths.first().and_then(|path| total(path)).filter(|total| *total != paths.len());
    let note = missing.map(|total| format!(" By their names, there are {total}, so some may be missing."));
    Diagnostic::new("data.joined-tables", what)
        .done(format!("They were read one after another.{}", note.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_with_consecutive_numbers_are_one_table() {
        let of = |paths: &[&str]| {
            let paths: Vec<String> = paths.iter().map(|&path| path.to_owned()).collect();
            consecutive(&paths, 0, &(0..paths.len()).collect::<Vec<_>>())
        };
        assert_eq!(of(&["train-00001-of-00002.parquet", "train-00000-of-00002.parquet"]), [1, 0]);
        assert_eq!(of(&["train/2.csv", "train/10.csv", "train/1.csv"]), [0], "numbers are missing");
        assert_eq!(of(&["part_1.csv", "part_2.csv", "part_3.jsonl", "other_2.csv"]), [0, 1]);
        for apart in
            [["train-v1.1.json", "train-v2.0.json"], ["train_v1.csv", "train_v2.csv"], ["fold-1.csv", "fold-2.csv"]]
        {
            assert_eq!(of(&apart), [0], "{apart:?}");
        }
        assert_eq!(of(&["2019.csv", "2020.csv"]), [0]);
    }

    #[test]
    fn missing_files_are_told() {
        assert_eq!([total("a/train-00000-of-00012.parquet"), total("train-1.csv")], [Some(12), None]);
        let paths = ["train-00000-of-00003.csv", "train-00001-of-00003.csv"];
        assert!(joined("a.zip", &paths).done.contains("there are 3"));
        assert!(!joined("a.zip", &["a-1.csv", "a-2.csv"]).done.contains("missing"));
    }
}
