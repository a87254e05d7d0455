//! Files that were dropped or chosen together: which of them are opened.

use hone_core::dataset::DataRole;
use hone_core::diagnostic::Diagnostic;

use crate::state::{State, format};

/// Endings of files whose lines are no sentences to be joined with those of another file.
const TABLES: [&str; 10] = [".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".conll", ".conllu", ".iob", ".iob2", ".bio"];
/// Files that are named when they are left.
const NAMED: usize = 5;

/// How many of these files are opened: the first two where their lines may belong together, else the first.
pub fn taken(names: &[String]) -> usize {
    match names {
        [first, second, ..] if !is_table(first) && !is_table(second) => 2,
        names => names.len().min(1),
    }
}

fn is_table(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    TABLES.iter().any(|ending| name.ends_with(ending))
}

impl State {
    /// Tells which of the files that came together were left.
    pub fn leave(&mut self, role: DataRole, names: &[String]) {
        let (taken, left) = names.split_at(taken(names));
        if left.is_empty() || self.is_engaged() {
            return;
        }
        let verb = if taken.len() == 1 { "was" } else { "were" };
        let what = format!("Of {} files, {} {verb} taken.", names.len(), listed(taken));
        let verb = if left.len() == 1 { "was" } else { "were" };
        let remedy = match role {
            DataRole::Train => "A file to validate with is dropped under Validation, below the columns.",
            DataRole::Validation => "Put all rows to validate with into one file.",
        };
        self.data.notice = Some(
            Diagnostic::new("page.several", what)
                .done(format!(
                    "{} {verb} left: files are opened one at a time, or two of plain text as one.",
                    listed(left)
                ))
                .remedy(remedy),
        );
    }
}

/// Names with commas between them.
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
    fn only_plain_texts_are_joined() {
        for (given, used) in [
            (&["a.fra", "a.eng"][..], 2),
            (&["a.txt", "b.txt", "c.txt"], 2),
            (&["corpus.en", "README"], 2),
            (&["train.csv", "test.csv"], 1),
            (&["a.txt", "b.JSONL"], 1),
            (&["train.conll", "dev.conll"], 1),
            (&["a.csv"], 1),
            (&[], 0),
        ] {
            assert_eq!(taken(&names(given)), used, "{given:?}");
        }
    }

    #[test]
    fn files_that_are_left_are_named() {
        let mut state = State::default();
        state.leave(DataRole::Train, &names(&["a.fra", "a.eng"]));
        assert_eq!(state.data.notice, None);
        state.leave(DataRole::Train, &names(&["train.csv", "test.csv"]));
        let notice = state.data.notice.take().unwrap();
        assert_eq!(notice.what, "Of 2 files, “train.csv” was taken.");
        assert!(notice.done.starts_with("“test.csv” was left"), "{notice}");
        assert!(notice.remedy.contains("under Validation"), "{notice}");
        state.leave(DataRole::Train, &names(&["a.txt", "b.txt", "c", "d", "e", "f", "g", "h"]));
        let notice = state.data.notice.take().unwrap();
        assert!(notice.what.contains("“a.txt”, “b.txt” were taken"), "{notice}");
        assert!(notice.done.starts_with("“c”, “d”, “e”, “f”, “g” and 1 more were left"), "{notice}");
    }
}
