//! Sentences with a word a line and a blank line after each: the files of the CoNLL shared tasks and their
//! descendants. The word is in the first column, the tag in the last.

use std::collections::HashSet;

use crate::dataset::formats::record::Record;
use crate::dataset::formats::step::Step;
use crate::dataset::tag_scheme::is_bio;
use crate::limits::MAX_ROW_BYTES;

/// The columns that a sentence becomes.
pub(crate) const COLUMNS: [&str; 2] = ["tokens", "tags"];
/// Endings of the names that such files have.
const ENDINGS: [&str; 5] = [".conll", ".conllu", ".iob", ".iob2", ".bio"];
/// Most tags of a file whose name alone says what it is.
const MAX_TAGS: usize = 200;

/// Cuts text into sentences.
pub(crate) struct ConllReader;

impl ConllReader {
    /// Cuts the first sentence off `rest`; `is_end` says that no more text comes.
    pub(crate) fn step(&mut self, rest: &str, is_end: bool, record: &mut Record) -> Step {
        let mut words: Vec<&str> = Vec::new();
        let mut tags: Vec<&str> = Vec::new();
        let mut width = None;
        let mut diagnostic = None;
        let mut used = 0;
        for line in rest.split_inclusive('\n') {
            if !line.ends_with('\n') && !is_end {
                return self.more(rest);
            }
            match kind(line) {
                Line::Blank if used == 0 => return Step::Skip(line.len()),
                Line::Blank => return self.sentence(used + line.len(), (&words, &tags), diagnostic, record),
                Line::Beside => {}
                Line::Word(columns) => {
                    let expected = *width.get_or_insert(columns.len());
                    if columns.len() < 2 || columns.len() != expected {
                        let nth = words.len() + 1;
                        diagnostic.get_or_insert(format!(
                            "word {nth} has {} columns, not {}",
                            columns.len(),
                            expected.max(2)
                        ));
                    }
                    words.push(columns[0]);
                    tags.push(columns[columns.len() - 1].trim());
                }
            }
            used += line.len();
        }
        if is_end { self.sentence(used, (&words, &tags), diagnostic, record) } else { self.more(rest) }
    }

    fn more(&self, rest: &str) -> Step {
        if rest.len() <= MAX_ROW_BYTES {
            return Step::NeedMore;
        }
        Step::Invalid(rest.len(), format!("a sentence longer than {} MB", MAX_ROW_BYTES >> 20))
    }

    fn sentence(
        &self,
        used: usize,
        (words, tags): (&[&str], &[&str]),
        diagnostic: Option<String>,
        record: &mut Record,
    ) -> Step {
        if let Some(reason) = diagnostic {
            return Step::Invalid(used, reason);
        }
        if words.is_empty() {
            return Step::Skip(used);
        }
        // A word that is empty or holds a space would be lost between spaces.
        let is_plain = words.iter().chain(tags).all(|word| !word.is_empty() && !word.contains(' '));
        for column in [words, tags] {
            let cell = if is_plain { column.join(" ") } else { serde_json::json!(column).to_string() };
            record.push_cell(&cell);
        }
        Step::Record(used)
    }
}

enum Line<'a> {
    /// Ends a sentence.
    Blank,
    /// A comment, or the beginning of a document.
    Beside,
    Word(Vec<&'a str>),
}

fn kind(line: &str) -> Line<'_> {
    let line = line.trim_end_matches(['\r', '\n']);
    if line.trim().is_empty() {
        return Line::Blank;
    }
    let is_comment = line.starts_with("# ") && line.contains(" = ");
    if is_comment || line.starts_with("-DOCSTART-") {
        return Line::Beside;
    }
    // A word may hold any white space but a tab, where tabs stand between the columns.
    Line::Word(match line.contains('\t') {
        true => line.split('\t').collect(),
        false => line.split(' ').filter(|column| !column.is_empty()).collect(),
    })
}

/// Whether the beginning of a file is written so: its name or its tags say it. The last line may be cut.
pub(crate) fn is_conll(name: &str, sample: &str) -> bool {
    let is_named = ENDINGS.iter().any(|ending| name.to_lowercase().ends_with(ending));
    let (mut widths, mut tags) = (HashSet::new(), HashSet::new());
    let (mut has_break, mut words) = (false, 0);
    let whole = sample.rfind('\n').map_or(sample, |end| &sample[..end]);
    for line in whole.split('\n') {
        match kind(line) {
            Line::Blank => has_break |= words > 0,
            Line::Beside => has_break = true,
            Line::Word(columns) => {
                words += 1;
                widths.insert(columns.len());
                tags.insert(columns[columns.len() - 1].trim());
            }
        }
    }
    let is_even = widths.len() == 1 && !widths.contains(&1);
    if is_named {
        return is_even && tags.len() <= MAX_TAGS;
    }
    // "O" alone, and a break: else it may be a table of texts whose labels look like tags.
    is_even && has_break && tags.iter().all(|tag| is_bio(tag)) && tags.contains("O")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentences(text: &str) -> Vec<Result<[String; 2], String>> {
        let mut rest = text;
        let mut found = Vec::new();
        while !rest.is_empty() {
            let mut record = Record::default();
            let used = match ConllReader.step(rest, true, &mut record) {
                Step::Record(used) => {
                    found.push(Ok([record.get(0).into(), record.get(1).into()]));
                    used
                }
                Step::Invalid(used, reason) => {
                    found.push(Err(reason));
                    used
                }
                Step::Skip(used) => used,
                Step::NeedMore => panic!("{rest:?}"),
            };
            rest = &rest[used..];
        }
        found
    }

    fn row(tokens: &str, tags: &str) -> Result<[String; 2], String> {
        Ok([tokens.into(), tags.into()])
    }

    #[test]
    fn sentences_end_at_blank_lines_even_with_white_space() {
        let text = "-DOCSTART- O\n\n# sent_id = 1\na O\nb B-X\n\t\nc\tI-X\r\n\n\n# O\n";
        assert_eq!(sentences(text), [row("a b", "O B-X"), row("c", "I-X"), row("#", "O")]);
        assert_eq!(sentences("EU NNP I-NP B-ORG\nsays VBZ I-VP O"), [row("EU says", "B-ORG O")]);
    }

    #[test]
    fn a_word_may_hold_spaces_between_tabs() {
        assert_eq!(sentences("New York\tB-X\nis\tO\n"), [row(r#"["New York","is"]"#, r#"["B-X","O"]"#)]);
    }

    #[test]
    fn an_uneven_sentence_is_refused_alone() {
        let found = sentences("a O\nb\n\nc O\n");
        assert_eq!(found, [Err("word 2 has 1 columns, not 2".into()), row("c", "O")]);
    }

    #[test]
    fn tags_or_the_name_tell_such_files_from_tables() {
        assert!(is_conll("x.txt", "a\tO\nb\tB-X\n\t\nc\tO\n"));
        assert!(is_conll("x.conll", "a DT\nb NN\n"));
        assert!(!is_conll("x.txt", "a DT\nb NN\n\nc DT\n"));
        assert!(!is_conll("x.tsv", "a b\tO\nc d\tB\n\n"));
        assert!(!is_conll("x.tsv", "blood type\tO\nblood type\tB-1\n"));
        assert!(!is_conll("x.conll", "a DT\nb\n"));
    }
}
