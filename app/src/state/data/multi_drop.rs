//! Several files dropped or chosen together, of which one or two are opened.

use hone_core::dataset::DataRole;
use hone_core::diagnostic::Diagnostic;

use crate::format;
use crate::state::State;

/// Extensions of files whose lines are not sentences, so that they are not paired with another file.
const TABLES: [&str; 16] = [
    ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".conll", ".conllu", ".iob", ".iob2", ".bio", ".xlsx", ".ods",
    ".tmx", ".xlf", ".po", ".parquet",
];
/// Extensions of compressed files, after the one of the content.
const COMPRESSED: [&str; 2] = [".gz", ".zst"];
/// Number of ignored files that are named.
const NAMED: usize = 5;

/// Number of files that are opened: the first two if they may have parallel lines, otherwise the first.
pub fn taken(names: &[String]) -> usize {
    match names {
        [first, second, ..] if !is_table(first) && !is_table(second) => 2,
        names => names.len().min(1),
    }
}

fn is_table(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = COMPRESSED.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(&name);
    TABLES.iter().any(|ending| name.ends_with(ending))
}

impl State {
    /// Adds a notice about the files that were not opened.
    pub fn leave(&mut self, role: DataRole, names: &[String]) {
        let (taken, left) = names.split_at(taken(names));
        if left.is_empty() || self.is_engaged() {
            return;
        }
        let verb = if taken.len() == 1 { "was" } else { "were" };
        let what = format!("Of {} files, {} {verb} opened.", names.len(), listed(taken));
        let verb = if left.len() == 1 { "was" } else { "were" };
        let remedy = match role {
            DataRole::Train => {
                "Drop a validation file under Validation, below the columns, and a test file under Test."
            }
            DataRole::Validation => "Put all validation rows into one file.",
            DataRole::Test => "Put all test rows into one file.",
        };
        self.data.notice = Some(
            Diagnostic::new("page.several", what)
                .done(format!(
                    "{} {verb} ignored: Hone opens one file at a time, or two plain text files with parallel lines.",
                    listed(left)
                ))
                .remedy(remedy),
        );
    }
}

/// The names as a list in words.
fn listed(names: &[String]) -> String {
    let named: Vec<String> = names.iter().take(NAMED).map(|name| format!("“{}”", format::visible(name))).collect();
    match names.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| name.to_string()).collect()
    }

    #[test]
    fn only_plain_text_files_are_paired() {
        for (given, used) in [
            (&["a.fra", "a.eng"][..], 2),
            (&["a.txt", "b.txt", "c.txt"], 2),
            (&["corpus.en", "README"], 2),
            (&["train.csv", "test.csv"], 1),
            (&["a.txt", "b.JSONL"], 1),
            (&["train.conll", "dev.conll"], 1),
            (&["train-0.parquet", "train-1.parquet"], 1),
            (&["train.csv.gz", "test.csv.zst"], 1),
            (&["a.fra.gz", "a.eng.gz"], 2),
            (&["a.csv"], 1),
            (&[], 0),
        ] {
            assert_eq!(taken(&names(given)), used, "{given:?}");
        }
    }

    #[test]
    fn ignored_files_are_named() {
        let mut state = State::default();
        state.leave(DataRole::Train, &names(&["a.fra", "a.eng"]));
        assert_eq!(state.data.notice, None);
        state.leave(DataRole::Train, &names(&["train.csv", "test.csv"]));
        let notice = state.data.notice.take().unwrap();
        assert_eq!(notice.what, "Of 2 files, “train.csv” was opened.");
        assert!(notice.done.starts_with("“test.csv” was ignored"), "{notice}");
        assert!(notice.remedy.contains("under Validation"), "{notice}");
        state.leave(DataRole::Train, &names(&["a.txt", "b.txt", "c", "d", "e", "f", "g", "h"]));
        let notice = state.data.notice.take().unwrap();
        assert!(notice.what.contains("“a.txt”, “b.txt” were opened"), "{notice}");
        assert!(notice.done.starts_with("“c”, “d”, “e”, “f”, “g” and 1 more were ignored"), "{notice}");
    }
}
