//! Statistics of the columns, by which the text and the label are guessed.

use std::collections::HashSet;

use serde_json::Value;

use crate::dataset::cell::{is_unjudged, parse_flag};
use crate::dataset::formats::record::Record;
use crate::dataset::inspect::cell_kind::{CellKind, cell_kind, is_date_or_link, is_machine_made};
use crate::dataset::inspect::list_evidence::{LabelCells, ListEvidence, hash_of};
use crate::dataset::literal;
use crate::dataset::literal::parse_whole;
use crate::dataset::number::Numeral;
use crate::dataset::tag_scheme::separator_of;
use crate::dataset::words::words;
use crate::limits::MAX_CLASSES;

const TEXT_NAMES: &[&str] = &[
    "abstract",
    "body",
    "comment",
    "content",
    "description",
    "document",
    "headline",
    "input",
    "message",
    "phrase",
    "question",
    "review",
    "sentence",
    "sms",
    "summary",
    "text",
    "tweet",
    "utterance",
];
const LABEL_NAMES: &[&str] = &[
    "category",
    "class",
    "emotion",
    "genre",
    "gold",
    "intent",
    "label",
    "labels",
    "overall",
    "polarity",
    "rating",
    "sentiment",
    "stars",
    "tag",
    "target",
    "topic",
];

/// Names of the columns of texts that belong together.
const PAIR_NAMES: &[&str] = &["anchor", "positive", "negative"];

/// Values of a column that says which part of a data set each row is in.
const SPLITS: [&str; 9] = ["train", "training", "test", "testing", "dev", "val", "valid", "validation", "eval"];
/// Number of rows from which on a column with a different cell in each of them has no labels.
const MIN_DISTINCT: usize = 10;
/// Longest cell that is a yes or a no, in bytes.
const MAX_FLAG_BYTES: usize = 16;
/// Number of cells per column whose kind is inspected.
const INSPECTED_CELLS: usize = 100;

/// Returns true if a cell looks like a list of short names.
fn is_list(cell: &str) -> bool {
    let are_short = |separator: char| cell.contains(separator) && cell.split(separator).all(|part| part.len() < 40);
    are_short('|') || are_short(';') || (are_short(',') && cell.split(',').all(|part| !part.trim().contains(' ')))
}

/// Returns true if a column's name suggests texts or labels: `review_text`, `Label`, `anchor`.
pub(crate) fn is_typical_name(name: &str) -> bool {
    [TEXT_NAMES, LABEL_NAMES, PAIR_NAMES].into_iter().any(|names| has_word(name, names))
}

/// Returns true if a column's name suggests labels: `airline_sentiment`.
pub(crate) fn has_label_name(name: &str) -> bool {
    has_word(name, LABEL_NAMES)
}

/// Returns true if a name was made for a column without one: `column 2`.
pub(crate) fn is_default_name(name: &str) -> bool {
    name.strip_prefix("column ").is_some_and(|number| number.parse::<u32>().is_ok())
}

/// Returns true if one of the words in a name is among `words`.
pub(crate) fn has_word(name: &str, words: &[&str]) -> bool {
    name.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word))
}

/// Statistics of a column. Their size does not depend on the number of rows.
#[derive(Default)]
struct Column {
    filled: usize,
    bytes: u64,
    numbers: usize,
    decimals: usize,
    /// Number of numbers with a percent sign.
    percents: usize,
    /// Number of whole numbers.
    whole: usize,
    /// First whole number, if the first cell is one.
    first: Option<i64>,
    /// Number of cells that count up from the first one.
    counted: usize,
    /// Number of numbers with a fraction other than zero.
    fractions: usize,
    /// Number of numbers from 0 to 1.
    shares: usize,
    /// Number of marks in a list that is ticked by hand.
    ticks: usize,
    /// Number of cells such as Y and N.
    letters: usize,
    /// Number of cells that are a yes or a no.
    flags: usize,
    /// Number of cells that say that the label was not judged.
    unjudged: usize,
    /// Sum of the hashes of their rows.
    unjudged_rows: u64,
    /// Number of links, ids, times and the like.
    machine_made: usize,
    /// Number of dates, times, links and addresses.
    dates_or_links: usize,
    /// Number of cells of one word with a digit.
    codes: usize,
    lists: usize,
    /// Number of cells that are lists of a single element.
    single_lists: usize,
    /// Number of the first cells that list texts of several words.
    listed_texts: usize,
    labels: LabelCells,
    /// Number of cells that name a part of a data set: `train`, `test`.
    splits: usize,
    /// Number of cells that begin or end with white space.
    padded: usize,
    /// Number of cells with more than one word.
    sentences: usize,
    /// Kind of the first cells; text if they differ.
    kind: Option<CellKind>,
    /// Hashes of the distinct values, until there are too many for a label.
    values: HashSet<u64>,
}

impl Column {
    fn add(&mut self, row: usize, cell: &str, label_separator: Option<char>) {
        let len = cell.len();
        let cell = cell.trim();
        if cell.is_empty() {
            return;
        }
        self.padded += usize::from(cell.len() < len);
        self.splits += usize::from(SPLITS.iter().any(|split| cell.eq_ignore_ascii_case(split)));
        self.filled += 1;
        self.bytes += cell.len() as u64;
        if self.values.len() <= MAX_CLASSES {
            self.values.insert(hash_of(cell));
        }
        let number = Numeral::parse(cell).filter(|_| cell.len() < 32);
        self.numbers += usize::from(number.is_some());
        self.decimals += usize::from(number.is_some_and(|it| it.by_point.is_none() || cell.contains('.')));
        self.percents += usize::from(number.is_some_and(|it| it.unit == Some("%")));
        let value = number.and_then(|it| it.by_point.or(it.by_comma));
        self.fractions += usize::from(value.is_some_and(|value| value.fract() != 0.0));
        self.shares += usize::from(value.is_some_and(|value| (0.0..=1.0).contains(&value)));
        self.letters += usize::from(["y", "n", "t", "f", "Y", "N", "T", "F"].contains(&cell));
        self.machine_made += usize::from(is_machine_made(cell));
        self.dates_or_links += usize::from(is_date_or_link(cell));
        let is_word = cell.bytes().all(|byte| byte.is_ascii_graphic()) && !cell.starts_with(['[', '{']);
        self.codes += usize::from(is_word && cell.contains(|c: char| c.is_ascii_digit()));
        self.ticks += usize::from(["x", "X", "✓", "✔", "☑"].contains(&cell));
        self.flags += usize::from(cell.len() <= MAX_FLAG_BYTES && parse_flag(cell).is_some());
        if is_unjudged(cell) {
            self.unjudged += 1;
            self.unjudged_rows = self.unjudged_rows.wrapping_add(hash_of(row));
        }
        let whole = parse_whole(cell);
        self.whole += usize::from(whole.is_some());
        let first = *self.first.get_or_insert(whole.unwrap_or(i64::MIN));
        self.counted +=
            usize::from(whole.is_some_and(|it| it.checked_sub(first) == i64::try_from(self.filled - 1).ok()));
        self.lists += usize::from(cell.len() < 400 && is_list(cell));
        self.single_lists += usize::from(literal::only_element(cell).is_some());
        self.labels.add(cell, label_separator);
        let has_several = cell.contains(' ') || separator_of(cell).is_some();
        self.sentences += usize::from(has_several && !cell.starts_with(['[', '{']));
        if self.filled <= INSPECTED_CELLS {
            let has_words = |text: String| text.split_whitespace().count() > 2;
            self.listed_texts += usize::from(literal::first_text(cell).is_some_and(has_words));
            self.kind = match (self.kind, cell_kind(cell)) {
                (known, None) => known,
                (None, found) => found,
                (Some(known), Some(found)) => Some(known.merge(found)),
            };
        }
    }

    fn mean_bytes(&self) -> f64 {
        self.bytes as f64 / self.filled.max(1) as f64
    }

    fn is_json(&self) -> bool {
        self.kind.is_some_and(CellKind::is_json)
    }

    /// Returns true if the column numbers the rows, as the index that pandas writes.
    fn is_index(&self, name: &str, others_have_names: bool) -> bool {
        let counts = self.filled >= 3 && self.counted == self.filled && matches!(self.first, Some(0 | 1));
        let is_distinct = self.values.len() == self.filled.min(MAX_CLASSES + 1);
        let is_unnamed = name.is_empty()
            || name.starts_with("Unnamed: ")
            || ["id", "index", "idx", "level_0"].contains(&name.to_lowercase().as_str())
            || (others_have_names && is_default_name(name));
        self.whole == self.filled
            && self.filled > 0
            && !is_typical_name(name)
            && (counts || (is_unnamed && is_distinct))
    }

    /// Returns true if a program wrote nearly all cells.
    fn is_machine_made(&self) -> bool {
        self.machine_made * 10 >= self.filled * 9
    }

    fn text_score(&self, name: &str) -> f64 {
        if self.is_json() {
            return 0.0;
        }
        let variety = self.values.len() as f64 / self.filled.clamp(1, MAX_CLASSES) as f64;
        let name = if has_word(name, TEXT_NAMES) { 3.0 } else { 1.0 };
        // What a program wrote is a text only if there is no other.
        let by_people = if self.is_machine_made() { 0.1 } else { 1.0 };
        self.mean_bytes() * variety.min(1.0) * name * by_people
    }

    fn label_score(&self, name: &str, rows: usize) -> f64 {
        let mut score = 0.0;
        for (holds, points) in [
            (has_word(name, LABEL_NAMES), 4.0),
            (self.values.len() > 1 && self.values.len() <= MAX_CLASSES && self.values.len() * 2 <= rows, 3.0),
            // What is the same in all rows tells nothing apart.
            (self.values.len() == 1 && rows >= MIN_DISTINCT, -3.0),
            (self.mean_bytes() <= 30.0, 1.0),
            (self.filled * 2 > rows, 1.0),
            (self.decimals * 2 > self.filled, -2.0),
            (self.is_json() && self.kind != Some(CellKind::List), -10.0),
        ] {
            score += if holds { points } else { 0.0 };
        }
        score - self.values.len() as f64 / (MAX_CLASSES + 1) as f64
    }
}

/// Numbers of words in a cell, by each way in which words are separated.
struct WordCounts {
    /// Elements, if the cell is a list.
    list: Option<usize>,
    by_spaces: usize,
    /// With each punctuation mark as a word.
    bert: usize,
}

impl WordCounts {
    fn of(cell: &str) -> Self {
        let list = match literal::value(cell) {
            Some(Ok(Value::Array(values))) => Some(values.len()),
            _ => None,
        };
        Self { list, by_spaces: cell.split_whitespace().count(), bert: words(cell).len() }
    }

    /// Returns true if there is one tag for each word.
    fn fit(&self, tags: &Self) -> bool {
        let tags = tags.list.unwrap_or(tags.by_spaces);
        self.list.map_or(self.by_spaces == tags || self.bert == tags, |list| list == tags)
    }
}

/// Statistics of all columns.
#[derive(Default)]
pub(crate) struct ColumnStats {
    columns: Vec<Column>,
    rows: usize,
    /// Character between the labels of a cell, where the user has set it.
    label_separator: Option<char>,
    /// Word counts of the first rows, by column.
    word_counts: Vec<Vec<WordCounts>>,
}

impl ColumnStats {
    /// No statistics yet. The user may have set the character between the labels of a cell.
    pub(crate) fn new(label_separator: Option<char>) -> Self {
        Self { label_separator, ..Self::default() }
    }

    pub(crate) fn add(&mut self, record: &Record) {
        self.rows += 1;
        if self.columns.len() < record.len() {
            self.columns.resize_with(record.len(), Column::default);
        }
        for (column, cell) in self.columns.iter_mut().zip(record.iter()) {
            column.add(self.rows, cell, self.label_separator);
        }
        if self.word_counts.len() < INSPECTED_CELLS {
            self.word_counts.push(record.iter().map(WordCounts::of).collect());
        }
    }

    /// Returns true if each of the first rows has one tag for each word, and most have several.
    pub(crate) fn counts_agree(&self, text: u32, tags: u32) -> bool {
        let pairs =
            || self.word_counts.iter().filter_map(|row| Some((row.get(text as usize)?, row.get(tags as usize)?)));
        let several = pairs().filter(|(_, tags)| tags.list.unwrap_or(tags.by_spaces) > 1).count();
        several > 1 && several * 2 > pairs().count() && pairs().all(|(text, tags)| text.fit(tags))
    }

    /// The likeliest columns for a text and its label. Of equally likely columns, the first wins.
    pub(crate) fn text_and_label(&self, names: &[String]) -> (u32, u32) {
        let index_penalty = |column: usize| if self.is_index(column as u32, names) { 10.0 } else { 0.0 };
        let best = |scores: Vec<f64>| {
            let mut best = 0;
            for (index, score) in scores.iter().enumerate() {
                if *score > scores[best] {
                    best = index;
                }
            }
            best
        };
        let columns = || self.columns.iter().zip(names);
        let text = best(columns().map(|(column, name)| column.text_score(name)).collect());
        let scores = columns().map(|(column, name)| column.label_score(name, self.rows)).enumerate();
        let scores = scores.map(|(i, score)| (i, score - index_penalty(i)));
        let label = best(scores.map(|(i, score)| if i == text { f64::NEG_INFINITY } else { score }).collect());
        (text as u32, label as u32)
    }

    /// Kind of the cells of a column; text if they differ. Ticks in some of the rows are flags.
    pub(crate) fn kind(&self, column: u32) -> CellKind {
        let Some(column) = self.columns.get(column as usize) else { return CellKind::Text };
        let is_tick_list = column.filled > 0 && column.ticks == column.filled && column.filled < self.rows;
        let are_letters = column.filled > 0 && column.letters == column.filled && column.values.len() <= 2;
        if is_tick_list || are_letters || self.are_judged_flags(column) {
            CellKind::Flag
        } else {
            column.kind.unwrap_or(CellKind::Text)
        }
    }

    /// Returns true if a column has flags, and in the same rows as another such column a mark that the row was not judged. A
    /// column that has it in rows of its own has three classes.
    fn are_judged_flags(&self, column: &Column) -> bool {
        let is_like = |other: &&Column| {
            let is_flag = other.flags > 0 && other.flags + other.unjudged == other.filled;
            is_flag && other.unjudged == column.unjudged && other.unjudged_rows == column.unjudged_rows
        };
        column.unjudged > 0 && is_like(&column) && self.columns.iter().filter(is_like).count() > 1
    }

    /// Returns true if two columns have labels of one set: many labels of the one are in the other too.
    pub(crate) fn share_labels(&self, one: u32, other: u32) -> bool {
        let values = |column: u32| self.columns.get(column as usize).map(|column| &column.values);
        let (Some(one), Some(other)) = (values(one), values(other)) else { return false };
        one.intersection(other).count() * 2 >= one.len().min(other.len()).max(1)
    }

    /// Returns true if every cell of a column is one of `values`.
    pub(crate) fn values_are_among(&self, column: u32, values: &[String]) -> bool {
        let known: HashSet<u64> = values.iter().map(|value| hash_of(value.as_str())).collect();
        self.columns.get(column as usize).is_some_and(|column| column.values.is_subset(&known))
    }

    /// Number of cells of a column that are not empty.
    pub(crate) fn filled(&self, column: u32) -> usize {
        self.columns.get(column as usize).map_or(0, |column| column.filled)
    }

    /// Returns true if a column numbers the rows. It is never a target.
    pub(crate) fn is_index(&self, column: u32, names: &[String]) -> bool {
        let others_have_names = names.iter().any(|name| !is_default_name(name));
        let name = names.get(column as usize).map_or("", String::as_str);
        self.columns.get(column as usize).is_some_and(|column| column.is_index(name, others_have_names))
    }

    /// Returns true if most rows have a cell in a column, and the cells differ.
    pub(crate) fn varies(&self, column: u32) -> bool {
        self.columns
            .get(column as usize)
            .is_some_and(|column| column.values.len() > 1 && column.filled * 10 > self.rows * 9)
    }

    /// Returns true if the cells of a column occur twice or more on average.
    pub(crate) fn repeats(&self, column: u32) -> bool {
        self.columns.get(column as usize).is_some_and(|column| column.values.len() * 2 <= column.filled)
    }

    /// Returns true if no cell of a column of at least [`MIN_DISTINCT`] rows occurs twice.
    pub(crate) fn are_distinct(&self, column: u32) -> bool {
        let are_distinct = |column: &Column| column.filled >= MIN_DISTINCT && column.values.len() == column.filled;
        self.columns.get(column as usize).is_some_and(are_distinct)
    }

    /// Returns true if most cells of a column are numbers with a fraction.
    pub(crate) fn are_fractions(&self, column: u32) -> bool {
        let are_fractions = |column: &Column| column.fractions * 2 > column.filled;
        self.are_numbers(column) && self.columns.get(column as usize).is_some_and(are_fractions)
    }

    /// Returns true if a column says yes and no, or has different numbers from 0 to 1.
    pub(crate) fn are_shares(&self, column: u32) -> bool {
        let is_flag = self.kind(column) == CellKind::Flag;
        let are_shares = |it: &Column| is_flag || it.filled > 0 && it.shares == it.filled;
        self.columns.get(column as usize).is_some_and(are_shares) && self.varies(column)
    }

    /// Returns true if all cells of a column are numbers, perhaps with a decimal comma.
    pub(crate) fn are_only_numbers(&self, column: u32) -> bool {
        self.columns.get(column as usize).is_some_and(|column| column.numbers == column.filled)
    }

    /// Returns true if most cells of a column are numbers.
    pub(crate) fn are_numbers(&self, column: u32) -> bool {
        self.columns.get(column as usize).is_some_and(|column| column.numbers * 10 > column.filled * 9)
    }

    /// Returns true if a program wrote nearly all cells of a column: links, ids, times and the like.
    pub(crate) fn are_machine_made(&self, column: u32) -> bool {
        self.columns.get(column as usize).is_some_and(|column| column.filled > 0 && column.is_machine_made())
    }

    /// Returns true if nearly all cells of a column are dates, times, links or addresses.
    pub(crate) fn are_dates_or_links(&self, column: u32) -> bool {
        let are = |column: &Column| column.filled > 0 && column.dates_or_links * 10 >= column.filled * 9;
        self.columns.get(column as usize).is_some_and(are)
    }

    /// Returns true if nearly all cells of a column are one word with a digit, such as the ids of texts.
    pub(crate) fn are_codes(&self, column: u32) -> bool {
        self.columns
            .get(column as usize)
            .is_some_and(|column| column.filled > 0 && column.codes * 10 >= column.filled * 9)
    }

    /// Returns true if most cells of a column are numbers with a percent sign.
    pub(crate) fn are_percents(&self, column: u32) -> bool {
        self.columns.get(column as usize).is_some_and(|column| column.percents * 10 > column.filled * 9)
    }

    /// Returns true if most cells of a column are numbers, and many have decimals.
    pub(crate) fn are_decimals(&self, column: u32) -> bool {
        let are_decimals = |column: &Column| 2 * column.decimals * 10 > column.filled * 9;
        self.are_numbers(column) && self.columns.get(column as usize).is_some_and(are_decimals)
    }

    /// Returns true if many cells of a column are lists, separated by `;` or `|`, or by commas with one-word parts.
    pub(crate) fn are_lists(&self, column: u32) -> bool {
        self.columns
            .get(column as usize)
            .is_some_and(|column| column.lists * 4 > column.filled && column.mean_bytes() < 80.0)
    }

    /// Returns true if every cell of a column is a list of a single element, as tools write one label for each text.
    pub(crate) fn are_single_lists(&self, column: u32) -> bool {
        let are_single = |column: &Column| column.filled > 0 && column.single_lists == column.filled;
        self.columns.get(column as usize).is_some_and(are_single)
    }

    /// Returns true if every cell of a column lists texts of its own, as people write them for another text.
    pub(crate) fn are_listed_texts(&self, column: u32) -> bool {
        let are_texts = |column: &Column| {
            let are_own = column.values.len() == column.filled.min(MAX_CLASSES + 1);
            column.filled > 2 && are_own && column.listed_texts == column.filled.min(INSPECTED_CELLS)
        };
        self.columns.get(column as usize).is_some_and(are_texts)
    }

    /// Evidence that the cells of a column list labels, though most may have only one.
    pub(crate) fn list_evidence(&self, column: u32) -> ListEvidence {
        let Some(column) = self.columns.get(column as usize) else { return ListEvidence::None };
        if column.mean_bytes() < 80.0 { column.labels.evidence() } else { ListEvidence::None }
    }

    /// Returns true if a column has cells other than empty lists.
    pub(crate) fn is_filled(&self, column: u32) -> bool {
        self.columns.get(column as usize).is_some_and(|column| column.kind.is_some())
    }

    /// Returns true if every cell of a column names a part of a data set, and there are several parts.
    pub(crate) fn are_splits(&self, column: u32) -> bool {
        let are_splits = |column: &Column| column.splits == column.filled && column.values.len() > 1;
        self.columns.get(column as usize).is_some_and(are_splits)
    }

    /// Returns true if most cells of a column begin or end with white space.
    pub(crate) fn are_padded(&self, column: u32) -> bool {
        self.columns.get(column as usize).is_some_and(|column| column.padded * 2 > column.filled)
    }

    /// Returns true if most cells of a column have several words, and are longer than a number with its unit.
    pub(crate) fn is_long_text(&self, column: u32) -> bool {
        const MIN_BYTES: f64 = 12.0;
        self.is_text(column) && self.columns.get(column as usize).is_some_and(|column| column.mean_bytes() >= MIN_BYTES)
    }

    /// Returns true if most cells of a column have several words, or tags of words.
    pub(crate) fn is_text(&self, column: u32) -> bool {
        self.columns.get(column as usize).is_some_and(|column| column.sentences * 2 > column.filled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(names: &[&str], rows: &[&[&str]]) -> (u32, u32) {
        let mut stats = ColumnStats::default();
        for row in rows {
            stats.add(&Record::from_cells(row));
        }
        stats.text_and_label(&names.iter().map(|name| name.to_string()).collect::<Vec<_>>())
    }

    #[test]
    fn text_and_label_are_guessed_by_length_and_repetition() {
        let rows: &[&[&str]] = &[
            &["1", "ham", "see you at six"],
            &["2", "ham", "on my way home"],
            &["3", "spam", "you won a prize"],
            &["4", "spam", "claim it now"],
        ];
        assert_eq!(guess(&["column 1", "column 2", "column 3"], rows), (2, 1));
    }

    #[test]
    fn text_and_label_are_guessed_by_name_if_contents_are_ambiguous() {
        let rows: &[&[&str]] = &[&["en", "good", "a book of stars"], &["en", "bad", "another of these"]];
        assert_eq!(guess(&["lang", "label", "title"], rows), (2, 1));
        let rows: &[&[&str]] = &[&["films/a/first.txt", "so good", "x"], &["films/b/second.txt", "so bad", "y"]];
        assert_eq!(guess(&["path", "review_text", "class"], rows), (1, 2));
    }
}
