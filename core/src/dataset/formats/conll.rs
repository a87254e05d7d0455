//! CoNLL files: one word per line, with a blank line after each sentence. The word is in the first column, the tag in the
//! last, as in the CoNLL shared tasks and their descendants.

use std::collections::HashSet;

use crate::dataset::formats::record::Record;
use crate::dataset::formats::step::ReadStep;
use crate::dataset::phrases::count;
use crate::dataset::tag_scheme::is_bio;
use crate::limits::MAX_ROW_BYTES;

/// Columns of a sentence's record.
pub(crate) const COLUMNS: [&str; 2] = ["tokens", "tags"];
/// File extensions of CoNLL files.
const EXTENSIONS: [&str; 5] = [".conll", ".conllu", ".iob", ".iob2", ".bio"];
/// Most different tags of a file that is recognized by its name alone.
const MAX_TAGS: usize = 200;

/// Reads sentences.
pub(crate) struct ConllReader;

impl ConllReader {
    /// Reads the sentence at the beginning of `rest`. `is_end` is true if no more text will come.
    pub(crate) fn step(&mut self, rest: &str, is_end: bool, record: &mut Record) -> ReadStep {
        let mut words: Vec<&str> = Vec::new();
        let mut tags: Vec<&str> = Vec::new();
        let mut width = None;
        let mut problem = None;
        let mut used = 0;
        for line in rest.split_inclusive('\n') {
            if !line.ends_with('\n') && !is_end {
                return more(rest);
            }
            match parse_line(line) {
                Line::Blank if used == 0 => return ReadStep::Skip(line.len()),
                Line::Blank => return sentence(used + line.len(), (&words, &tags), problem, record),
                Line::Comment => {}
                Line::Word(columns) => {
                    let expected = *width.get_or_insert(columns.len());
                    if columns.len() < 2 || columns.len() != expected {
                        let nth = words.len() + 1;
                        problem.get_or_insert(format!(
                            "word {nth} has {} instead of {}",
                            count(columns.len(), "column"),
                            expected.max(2)
                        ));
                    }
                    words.push(columns[0]);
                    tags.push(columns[columns.len() - 1].trim());
                }
            }
            used += line.len();
        }
        if is_end { sentence(used, (&words, &tags), problem, record) } else { more(rest) }
    }
}

/// Asks for more text, unless the sentence is already too long.
fn more(rest: &str) -> ReadStep {
    if rest.len() <= MAX_ROW_BYTES {
        return ReadStep::NeedMore;
    }
    ReadStep::Invalid(rest.len(), format!("the sentence is longer than {} MB", MAX_ROW_BYTES >> 20))
}

/// Writes a sentence as a record, or reports its problem.
fn sentence(used: usize, (words, tags): (&[&str], &[&str]), problem: Option<String>, record: &mut Record) -> ReadStep {
    if let Some(reason) = problem {
        return ReadStep::Invalid(used, reason);
    }
    if words.is_empty() {
        return ReadStep::Skip(used);
    }
    // Joined by spaces, a word that is empty or contains a space could not be split off again.
    let is_splittable = words.iter().chain(tags).all(|word| !word.is_empty() && !word.contains(' '));
    for column in [words, tags] {
        let cell = if is_splittable { column.join(" ") } else { serde_json::json!(column).to_string() };
        record.push_cell(&cell);
    }
    ReadStep::Record(used)
}

enum Line<'a> {
    /// Ends a sentence.
    Blank,
    /// A comment, or the beginning of a document.
    Comment,
    Word(Vec<&'a str>),
}

fn parse_line(line: &str) -> Line<'_> {
    let line = line.trim_end_matches(['\r', '\n']);
    if line.trim().is_empty() {
        return Line::Blank;
    }
    let is_comment = line.starts_with("# ") && line.contains(" = ");
    if is_comment || line.starts_with("-DOCSTART-") {
        return Line::Comment;
    }
    // If tabs separate the columns, a word may contain any other white space.
    Line::Word(if line.contains('\t') {
        line.split('\t').collect()
    } else {
        line.split(' ').filter(|column| !column.is_empty()).collect()
    })
}

/// Returns true if the beginning of a file looks like CoNLL, by the file's name or its tags. The last line may be cut.
pub(crate) fn is_conll(name: &str, sample: &str) -> bool {
    let is_named = EXTENSIONS.iter().any(|ending| name.to_lowercase().ends_with(ending));
    let (mut widths, mut tags) = (HashSet::new(), HashSet::new());
    let (mut has_break, mut words) = (false, 0);
    let whole = sample.rfind('\n').map_or(sample, |end| &sample[..end]);
    for line in whole.split('\n') {
        match parse_line(line) {
            Line::Blank => has_break |= words > 0,
            Line::Comment => has_break = true,
            Line::Word(columns) => {
                words += 1;
                widths.insert(columns.len());
                tags.insert(columns[columns.len() - 1].trim());
            }
        }
    }
    let has_fixed_width = widths.len() == 1 && !widths.contains(&1);
    if is_named {
        return has_fixed_width && tags.len() <= MAX_TAGS;
    }
    // Without "O" and a blank line, it may be a table of texts whose labels look like tags.
    has_fixed_width && has_break && tags.iter().all(|tag| is_bio(tag)) && tags.contains("O")
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
                ReadStep::Record(used) => {
                    found.push(Ok([record.get(0).into(), record.get(1).into()]));
                    used
                }
                ReadStep::Invalid(used, reason) => {
                    found.push(Err(reason));
                    used
                }
                ReadStep::Skip(used) => used,
                ReadStep::NeedMore => panic!("{rest:?}"),
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
    fn words_may_contain_spaces_between_tabs() {
        assert_eq!(sentences("New York\tB-X\nis\tO\n"), [row(r#"["New York","is"]"#, r#"["B-X","O"]"#)]);
    }

    #[test]
    fn sentences_with_uneven_columns_are_skipped() {
        let found = sentences("a O\nb\n\nc O\n");
        assert_eq!(found, [Err("word 2 has 1 column instead of 2".into()), row("c", "O")]);
    }

    #[test]
    fn conll_files_are_told_from_tables_by_tags_or_name() {
        assert!(is_conll("x.txt", "a\tO\nb\tB-X\n\t\nc\tO\n"));
        assert!(is_conll("x.conll", "a DT\nb NN\n"));
        assert!(!is_conll("x.txt", "a DT\nb NN\n\nc DT\n"));
        assert!(!is_conll("x.tsv", "a b\tO\nc d\tB\n\n"));
        assert!(!is_conll("x.tsv", "blood type\tO\nblood type\tB-1\n"));
        assert!(!is_conll("x.conll", "a DT\nb\n"));
    }
}
