//! Tables with one word per row: a column of words, one of their tags, and one that says where each sentence begins, as in
//! Kaggle's annotated corpora. Each sentence becomes one record, as in a CoNLL file.

use std::collections::HashSet;

use crate::dataset::formats::conll::write_sentence;
use crate::dataset::formats::conll_columns::DETECTION_BYTES;
use crate::dataset::formats::delimited::{DelimitedReader, Dialect};
use crate::dataset::formats::record::Record;
use crate::dataset::formats::step::ReadStep;
use crate::dataset::tag_scheme::is_bio;
use crate::limits::{MAX_ROW_BYTES, SNIFF_ROWS};
use crate::phrases::count;

/// Names of the column of words.
const WORD_NAMES: [&str; 5] = ["word", "words", "token", "tokens", "form"];
const TAG_NAMES: [&str; 10] = ["tag", "tags", "ner_tag", "ner_tags", "ner", "label", "labels", "iob", "pos", "pos_tag"];

/// Columns of a table with one word per row.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct WordColumns {
    width: usize,
    word: usize,
    tag: usize,
    /// Column with the sentence of each word, perhaps only next to its first word. None if blank lines separate sentences.
    sentence: Option<usize>,
    names: Vec<String>,
}

impl WordColumns {
    /// Detects the columns from the first [`DETECTION_BYTES`] of a file. None if its rows are not single words.
    pub(crate) fn detect(text: &str, dialect: Dialect) -> Option<Self> {
        let (rows, has_blank_lines) = sample_rows(text, dialect);
        let (header, rows) = rows.split_first()?;
        let rows: Vec<&Vec<String>> = rows.iter().filter(|row| row.len() == header.len()).collect();
        let column = |index: usize| rows.iter().map(move |row| row[index].trim()).filter(|cell| !cell.is_empty());
        let is_named = |index: usize, names: &[&str]| names.contains(&header[index].trim().to_lowercase().as_str());
        let all = || 0..header.len();
        let has_bio = |index: usize| {
            column(index).count() > 0 && column(index).all(is_bio) && column(index).any(|tag| tag == "O")
        };
        let is_single = |index: &usize| column(*index).all(|cell| !cell.contains(' '));
        let is_word = |index: &usize| is_named(*index, &WORD_NAMES) && is_single(index);
        // Far fewer sentences than words, each in one run of rows.
        let separates = |index: usize| {
            let mut ids: Vec<&str> = column(index).collect();
            ids.dedup();
            ids.len() * 2 <= rows.len() && !ids.is_empty()
        };
        let is_group = |index: usize| separates(index) && is_grouped(column(index));
        // Next to BIO tags, a column of single words needs no English name.
        let has_tags = all().any(has_bio);
        let may_be_word = |index: &usize| {
            let numbers = column(*index).filter(|cell| cell.parse::<f64>().is_ok()).count();
            has_tags && is_single(index) && !has_bio(*index) && numbers * 2 < rows.len() && !is_group(*index)
        };
        let variety = |index: &usize| column(*index).collect::<HashSet<_>>().len();
        let word = all().find(is_word).or_else(|| all().filter(may_be_word).max_by_key(variety));
        let word = word.filter(|&word| column(word).count() > 2)?;
        let others = || all().filter(|&index| index != word);
        let by_name =
            |index: &usize| TAG_NAMES.iter().position(|name| is_named(*index, &[name])).unwrap_or(TAG_NAMES.len());
        let named_tags = || others().filter(|index| by_name(index) < TAG_NAMES.len());
        let tag = others()
            .filter(|&index| has_bio(index))
            .min_by_key(by_name)
            .or_else(|| named_tags().min_by_key(by_name))?;
        let is_sentence = |index: &usize| {
            *index != tag && header[*index].trim().to_lowercase().starts_with("sent") && separates(*index)
        };
        let is_other_group = |index: &usize| *index != tag && has_bio(tag) && is_group(*index);
        let sentence = others().find(is_sentence).or_else(|| others().find(is_other_group));
        if sentence.is_none() && !(has_blank_lines && has_bio(tag)) {
            return None;
        }
        let rest = others().filter(|&index| index != tag && Some(index) != sentence).chain(sentence);
        let name = |index: usize| match header[index].trim() {
            "" => format!("column {}", index + 1),
            name => name.to_owned(),
        };
        let names = ["tokens".to_owned(), "tags".to_owned()].into_iter().chain(rest.map(name)).collect();
        Some(Self { width: header.len(), word, tag, sentence, names })
    }

    /// Names of a sentence's cells: the words, the tags, and the other columns.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The cells of a word, in the order of [`WordColumns::names`], without that of the sentence.
    fn cells(&self, row: &Record) -> Vec<String> {
        let is_other = |index: &usize| ![self.word, self.tag].contains(index) && Some(*index) != self.sentence;
        let columns = [self.word, self.tag].into_iter().chain((0..self.width).filter(is_other));
        columns.map(|index| row.get(index).trim().to_owned()).collect()
    }
}

/// Returns true if equal cells of a column follow each other, in several groups: each names a sentence or a document.
fn is_grouped<'a>(cells: impl Iterator<Item = &'a str>) -> bool {
    let mut groups: Vec<&str> = cells.collect();
    groups.dedup();
    groups.len() > 1 && groups.iter().collect::<HashSet<_>>().len() == groups.len()
}

/// Returns true for a row of empty cells, which spreadsheets write for a blank line.
fn is_blank(row: &Record) -> bool {
    row.iter().all(|cell| cell.trim().is_empty())
}

/// The first rows, and whether there are blank lines between them.
fn sample_rows(text: &str, dialect: Dialect) -> (Vec<Vec<String>>, bool) {
    let end = text.floor_char_boundary(DETECTION_BYTES);
    let is_cut = end < text.len();
    let (mut rest, mut rows, mut record) = (&text[..end], Vec::new(), Record::default());
    let mut has_blank_lines = false;
    let mut reader = DelimitedReader::new(dialect);
    while !rest.is_empty() && rows.len() < SNIFF_ROWS {
        record.clear();
        let used = match reader.step(rest, !is_cut, &mut record) {
            ReadStep::NeedMore => break,
            ReadStep::Record(used) if is_blank(&record) => {
                has_blank_lines |= rows.len() > 1 && rest.len() > used;
                used
            }
            ReadStep::Record(used) => {
                rows.push(record.iter().map(str::to_owned).collect());
                used
            }
            ReadStep::Skip(used) => {
                has_blank_lines |= rows.len() > 1 && rest.len() > used;
                used
            }
            ReadStep::Invalid(used, _) => used,
        };
        rest = &rest[used..];
    }
    (rows, has_blank_lines)
}

/// Reads sentences.
pub(crate) struct WordTableReader {
    dialect: Dialect,
    /// The columns, once they have been detected.
    columns: Option<WordColumns>,
}

impl WordTableReader {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self { dialect, columns: None }
    }

    /// Reads the sentence at the beginning of `rest`. `is_end` is true if no more text will come.
    pub(crate) fn step(&mut self, rest: &str, is_end: bool, record: &mut Record) -> ReadStep {
        let dialect = self.dialect;
        let mut row = Record::default();
        let read = |at: usize, row: &mut Record| {
            row.clear();
            DelimitedReader::new(dialect).step(&rest[at..], is_end, row)
        };
        let Some(columns) = &self.columns else {
            if rest.len() < DETECTION_BYTES && !is_end {
                return ReadStep::NeedMore;
            }
            return match read(0, &mut row) {
                ReadStep::Record(used) => {
                    self.columns = Some(WordColumns::detect(rest, dialect).unwrap_or_default());
                    ReadStep::Skip(used)
                }
                other => other,
            };
        };
        let mut sentence = Sentence::default();
        let mut at = 0;
        while at < rest.len() {
            let step = match read(at, &mut row) {
                ReadStep::Record(used) if is_blank(&row) => ReadStep::Skip(used),
                step => step,
            };
            match step {
                ReadStep::NeedMore if rest.len() > MAX_ROW_BYTES => {
                    return ReadStep::Invalid(
                        rest.len(),
                        format!("the sentence is longer than {} MB", MAX_ROW_BYTES >> 20),
                    );
                }
                ReadStep::NeedMore => return ReadStep::NeedMore,
                ReadStep::Skip(used) if at == 0 => return ReadStep::Skip(used),
                ReadStep::Skip(used) => {
                    at += used;
                    if columns.sentence.is_none() {
                        return sentence.finish(at, columns, record);
                    }
                }
                ReadStep::Invalid(used, reason) => {
                    sentence.problem.get_or_insert(reason);
                    at += used;
                }
                ReadStep::Record(used) => {
                    if sentence.ends_before(&row, columns) {
                        return sentence.finish(at, columns, record);
                    }
                    sentence.add(&row, columns);
                    at += used;
                }
            }
        }
        if is_end {
            sentence.finish(at, columns, record)
        } else if rest.len() > MAX_ROW_BYTES {
            ReadStep::Invalid(rest.len(), format!("the sentence is longer than {} MB", MAX_ROW_BYTES >> 20))
        } else {
            ReadStep::NeedMore
        }
    }
}

/// The words of a sentence that is being read.
#[derive(Default)]
struct Sentence {
    words: Vec<Vec<String>>,
    /// The cell that names the sentence. None before the first row.
    id: Option<String>,
    /// Reason why the sentence cannot be read.
    problem: Option<String>,
}

impl Sentence {
    /// Returns true if `row` begins another sentence. A row without a name continues this one.
    fn ends_before(&self, row: &Record, columns: &WordColumns) -> bool {
        let name = columns.sentence.map(|column| row.get(column).trim()).unwrap_or_default();
        !name.is_empty() && self.id.as_deref().is_some_and(|id| id != name)
    }

    fn add(&mut self, row: &Record, columns: &WordColumns) {
        if self.id.is_none() {
            self.id = Some(columns.sentence.map(|column| row.get(column).trim().to_owned()).unwrap_or_default());
        }
        if row.len() != columns.width {
            let (nth, cells) = (self.words.len() + 1, count(row.len(), "cell"));
            self.problem.get_or_insert(format!("word {nth} has {cells} instead of {}", columns.width));
        }
        if !row.get(columns.word).trim().is_empty() {
            self.words.push(columns.cells(row));
        }
    }

    fn finish(self, used: usize, columns: &WordColumns, record: &mut Record) -> ReadStep {
        if let Some(reason) = self.problem {
            return ReadStep::Invalid(used, reason);
        }
        if self.words.is_empty() {
            return ReadStep::Skip(used);
        }
        write_sentence(&self.words, record);
        if columns.sentence.is_some() {
            record.push_cell(&self.id.unwrap_or_default());
        }
        ReadStep::Record(used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::layout::Quoting;

    const COMMAS: Dialect = Dialect { delimiter: b',', multiline: true, quoting: Quoting::Double };

    fn names(text: &str) -> Option<String> {
        WordColumns::detect(text, COMMAS).map(|columns| columns.names().join(" "))
    }

    #[test]
    fn tables_of_words_have_words_tags_and_sentences() {
        let kaggle =
            "Sentence #,Word,POS,Tag\nSentence: 1,Anna,NNP,B-per\n,left,VBD,O\nSentence: 2,It,PRP,O\n,rained,VBD,O\n";
        assert_eq!(names(kaggle).as_deref(), Some("tokens tags POS Sentence #"));
        let speech = "sentence_id,token,pos\n1,Anna,NNP\n1,left,VBD\n2,It,PRP\n2,rained,VBD\n";
        assert_eq!(names(speech).as_deref(), Some("tokens tags sentence_id"));
        assert_eq!(names("word,tag\nAnna,B-per\nleft,O\n\nIt,O\n").as_deref(), Some("tokens tags"));
    }

    #[test]
    fn other_tables_are_not_tables_of_words() {
        for table in [
            "word,tag\nAnna,B-per\nleft,O\nIt,O\n",
            "sentence,word,label\na b,c,x\nd e,f,y\ng h,i,x\n",
            "sentence,label\nAnna left,O\nIt rained,O\n",
            "sentence_id,words,tags\n1,Anna left,B-per O\n1,It rained,O O\n2,a b,O O\n",
        ] {
            assert_eq!(names(table), None, "{table}");
        }
    }
}
