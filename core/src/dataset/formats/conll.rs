//! CoNLL files: one word per line, with a blank line after each sentence, as in the CoNLL shared tasks and their
//! descendants.

use std::ops::Range;

use crate::dataset::formats::brackets::to_bio;
use crate::dataset::formats::conll_columns::{ConllColumns, ConllLine, DETECTION_BYTES};
use crate::dataset::formats::record::Record;
use crate::dataset::formats::step::ReadStep;
use crate::limits::MAX_ROW_BYTES;
use crate::phrases::count;

/// Position of a word's tag among its cells.
const TAGS: usize = 1;

/// Reads sentences. Each becomes a record with its words, its tags and the other columns, each in one cell.
#[derive(Default)]
pub(crate) struct ConllReader {
    /// The columns, once they have been detected.
    columns: Option<ConllColumns>,
}

impl ConllReader {
    /// The place of a word's tag in the text of a sentence; none if there is no such word, or its tag is part of a cell.
    pub(crate) fn tag_range(&self, sentence: &str, word: usize) -> Option<Range<usize>> {
        let columns = self.columns.as_ref()?;
        let is_word = |line: &&str| matches!(columns.parse_line(line), ConllLine::Word(_));
        let line = sentence.split_inclusive('\n').filter(is_word).nth(word)?;
        let tag = columns.tag_cell(line)?;
        // Both are parts of the sentence.
        let start = tag.as_ptr() as usize - sentence.as_ptr() as usize;
        Some(start..start + tag.len())
    }

    /// Reads the sentence at the beginning of `rest`. `is_end` is true if no more text will come.
    pub(crate) fn step(&mut self, rest: &str, is_end: bool, record: &mut Record) -> ReadStep {
        if self.columns.is_none() && rest.len() < DETECTION_BYTES && !is_end {
            return ReadStep::NeedMore;
        }
        let columns = self.columns.get_or_insert_with(|| ConllColumns::detect(rest).unwrap_or_default());
        let mut words: Vec<Vec<&str>> = Vec::new();
        let mut problem = None;
        let mut used = 0;
        for line in rest.split_inclusive('\n') {
            if !line.ends_with('\n') && !is_end {
                return more(rest);
            }
            match columns.parse_line(line) {
                ConllLine::Blank if used == 0 => return ReadStep::Skip(line.len()),
                ConllLine::Blank => return sentence(used + line.len(), &words, columns, problem, record),
                ConllLine::Comment => {}
                ConllLine::Word(cells) => {
                    if cells.len() != columns.width() {
                        let (nth, found) = (words.len() + 1, count(cells.len(), "column"));
                        problem.get_or_insert(format!("word {nth} has {found} instead of {}", columns.width()));
                    }
                    words.push(columns.cells(&cells));
                }
            }
            used += line.len();
        }
        if is_end { sentence(used, &words, columns, problem, record) } else { more(rest) }
    }
}

/// Asks for more text, unless the sentence is already too long.
fn more(rest: &str) -> ReadStep {
    if rest.len() <= MAX_ROW_BYTES {
        return ReadStep::NeedMore;
    }
    ReadStep::Invalid(rest.len(), format!("the sentence is longer than {} MB", MAX_ROW_BYTES >> 20))
}

/// Writes a sentence as a record, or reports its problem. Each word has the same number of cells.
fn sentence(
    used: usize,
    words: &[Vec<&str>],
    columns: &ConllColumns,
    problem: Option<String>,
    record: &mut Record,
) -> ReadStep {
    if let Some(reason) = problem {
        return ReadStep::Invalid(used, reason);
    }
    if words.is_empty() {
        return ReadStep::Skip(used);
    }
    if columns.are_bracketed() {
        let tags = to_bio(words.iter().map(|cells| cells.get(TAGS).copied().unwrap_or_default()));
        let mut words = words.to_vec();
        for (cells, tag) in words.iter_mut().zip(&tags) {
            cells[TAGS] = tag;
        }
        write_sentence(&words, record);
    } else {
        write_sentence(words, record);
    }
    ReadStep::Record(used)
}

/// Writes the words of a sentence, one cell per column.
pub(crate) fn write_sentence<S: AsRef<str>>(words: &[Vec<S>], record: &mut Record) {
    // Joined by spaces, a word that is empty or contains a space could not be split off again.
    let is_splittable = |cell: &S| !cell.as_ref().is_empty() && !cell.as_ref().contains(' ');
    let are_splittable = words.iter().flatten().all(is_splittable);
    for column in 0..words.first().map_or(0, Vec::len) {
        let cells: Vec<&str> = words.iter().filter_map(|word| word.get(column)).map(AsRef::as_ref).collect();
        let cell = if are_splittable { cells.join(" ") } else { serde_json::json!(cells).to_string() };
        record.push_cell(&cell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentences(text: &str) -> Vec<Result<[String; 2], String>> {
        let (mut reader, mut rest) = (ConllReader::default(), text);
        let mut found = Vec::new();
        while !rest.is_empty() {
            let mut record = Record::default();
            let used = match reader.step(rest, true, &mut record) {
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
    fn the_tag_of_a_word_is_found_in_its_line() {
        let text = "# sent_id = 1\na x O\r\nB-X  y B-X\nc z I-X\n\n";
        let mut reader = ConllReader::default();
        reader.step(text, true, &mut Record::default());
        let ranges = [0, 1, 2, 3].map(|word| reader.tag_range(text, word));
        let at = |text_before: &str| text.find(text_before).unwrap() + text_before.len();
        let expected = [at("a x "), at("  y "), at("c z ")];
        assert_eq!(ranges[0], Some(expected[0]..expected[0] + 1));
        assert_eq!(ranges[1], Some(expected[1]..expected[1] + 3));
        assert_eq!(ranges[2], Some(expected[2]..expected[2] + 3));
        assert_eq!(ranges[3], None);
    }

    #[test]
    fn words_may_contain_spaces_between_tabs() {
        assert_eq!(sentences("New York\tB-X\nis\tO\n"), [row(r#"["New York","is"]"#, r#"["B-X","O"]"#)]);
    }

    #[test]
    fn brackets_and_languages_are_read_off_the_words() {
        let text = "d 0 0 New NNP (GPE*\nd 0 1 York NNP *)\nd 0 2 is VBZ *\n\n";
        assert_eq!(sentences(text), [row("New York is", "B-GPE I-GPE O")]);
        assert_eq!(sentences("de:Anna B-PER\nde:ging O\n\nde:: O\n"), [row("Anna ging", "B-PER O"), row(":", "O")]);
        assert_eq!(sentences("de:Anna B-PER\nging O\n"), [row("de:Anna ging", "B-PER O")]);
    }

    #[test]
    fn sentences_with_uneven_columns_are_skipped() {
        let found = sentences("a O\nb\n\nc O\n");
        assert_eq!(found, [Err("word 2 has 1 column instead of 2".into()), row("c", "O")]);
    }
}
