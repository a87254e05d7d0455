//! Files that were dropped or chosen together.

/// Extensions of files whose lines are not sentences, so that they are not paired with another file.
const WITHOUT_SENTENCES: [&str; 24] = [
    ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".conll", ".conllu", ".iob", ".iob2", ".bio", ".xlsx", ".ods",
    ".tmx", ".xlf", ".xliff", ".po", ".parquet", ".docx", ".html", ".htm", ".epub", ".zip", ".tar", ".tgz",
];
/// Words in the names of files that say which rows they have.
const PARTS: [&str; 4] = ["train", "val", "dev", "test"];

/// The end of the names that files have in common.
const MORE: &str = " more";

/// How files that came together are opened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Together {
    /// A single file.
    One,
    /// Two files with parallel lines.
    Parallel,
    /// As a folder: parts of a data set, or files of one table.
    Folder,
}

impl Together {
    /// How the files with these names are opened. `None` if there are none.
    pub fn of(names: &[String]) -> Option<Self> {
        match names {
            [] => None,
            [_] => Some(Self::One),
            [first, second] if is_parallel(first) && is_parallel(second) => Some(Self::Parallel),
            _ => Some(Self::Folder),
        }
    }
}

/// Returns true if the lines of a file may belong to those of another one.
fn is_parallel(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
    !WITHOUT_SENTENCES.iter().any(|ending| name.ends_with(ending)) && !PARTS.iter().any(|part| name.contains(part))
}

/// What several files that are opened as a folder are called: no folder of that name is on the user's disk.
pub fn joint_name(names: &[String]) -> String {
    let first = names.first().map_or("", String::as_str);
    format!("{first} and {}{MORE}", names.len() - 1)
}

/// Returns true if this is a [`joint_name`].
pub fn is_joint_name(name: &str) -> bool {
    name.ends_with(MORE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| name.to_string()).collect()
    }

    #[test]
    fn only_two_plain_text_files_are_paired() {
        for (given, opened) in [
            (&["a.fra", "a.eng"][..], Together::Parallel),
            (&["a.txt", "b.txt"], Together::Parallel),
            (&["corpus.en", "README"], Together::Parallel),
            (&["a.fra.gz", "a.eng.gz"], Together::Parallel),
            (&["a.txt", "b.txt", "c.txt"], Together::Folder),
            (&["train.txt", "Test.txt"], Together::Folder),
            (&["train.csv", "test.csv"], Together::Folder),
            (&["a.txt", "b.JSONL"], Together::Folder),
            (&["train-0.parquet", "train-1.parquet"], Together::Folder),
            (&["train.csv.gz", "test.csv.zst"], Together::Folder),
            (&["a.csv"], Together::One),
        ] {
            assert_eq!(Together::of(&names(given)), Some(opened), "{given:?}");
        }
        assert_eq!(Together::of(&[]), None);
    }

    #[test]
    fn files_opened_as_a_folder_have_a_name_in_common() {
        let name = joint_name(&names(&["train-1.csv", "train-0.csv", "test.csv"]));
        assert_eq!(name, "train-1.csv and 2 more");
        assert!(is_joint_name(&name) && !is_joint_name("test.csv"));
    }
}
