//! fastText's training files: one text per line, with its labels as words that begin with `__label__`.
//!
//! <https://fasttext.cc/docs/en/supervised-tutorial.html>

use serde_json::json;

use crate::dataset::formats::record::Record;
use crate::dataset::formats::step::ReadStep;
use crate::dataset::formats::text::TextReader;

const PREFIX: &str = "__label__";
/// Columns of a file with one label per line.
pub(crate) const SINGLE: [&str; 2] = ["text", "label"];
/// Columns of a file with several labels on some lines. Its labels are written as JSON arrays.
pub(crate) const SEVERAL: [&str; 2] = ["text", "labels"];

/// The columns of a file that looks like fastText. None for other files. The last line of the sample may be cut.
pub(crate) fn columns(sample: &str) -> Option<[&'static str; 2]> {
    let whole = sample.rfind('\n').map_or(sample, |end| &sample[..end]);
    let lines = || whole.lines().filter(|line| !line.trim().is_empty());
    let labels = |line: &str| parse(line).1.len();
    if lines().next().is_none() || lines().any(|line| !line.trim_start().starts_with(PREFIX)) {
        return None;
    }
    Some(if lines().any(|line| labels(line) > 1) { SEVERAL } else { SINGLE })
}

/// Reads lines with their labels.
pub(crate) struct FastTextReader {
    /// True if the labels are written as JSON arrays.
    pub has_lists: bool,
}

impl FastTextReader {
    /// Reads the line at the beginning of `rest`. `is_end` is true if no more text will come.
    pub(crate) fn step(&mut self, rest: &str, is_end: bool, record: &mut Record) -> ReadStep {
        let mut line = Record::default();
        match (TextReader { by_paragraph: false }).step(rest, is_end, &mut line) {
            ReadStep::Record(used) => {
                let (text, labels) = parse(line.get(0));
                let label = match labels.as_slice() {
                    _ if self.has_lists => json!(labels).to_string(),
                    [] => String::new(),
                    [label] => label.to_string(),
                    _ => return ReadStep::Invalid(used, "several labels, unlike the first lines".into()),
                };
                record.push_cell(&text);
                record.push_cell(&label);
                ReadStep::Record(used)
            }
            other => other,
        }
    }
}

/// The text of a line and its labels.
fn parse(line: &str) -> (String, Vec<&str>) {
    let (labels, words): (Vec<&str>, Vec<&str>) = line.split_whitespace().partition(|word| word.starts_with(PREFIX));
    let labels =
        labels.into_iter().filter_map(|label| label.strip_prefix(PREFIX)).map(|name| name.trim_end_matches(','));
    // Some files have a comma after the labels.
    let words = if words.first() == Some(&",") { &words[1..] } else { &words[..] };
    (words.join(" "), labels.filter(|name| !name.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_words_with_a_prefix() {
        assert_eq!(parse("__label__a __label__b How much?\n"), ("How much?".into(), vec!["a", "b"]));
        assert_eq!(parse("__label__a , so good"), ("so good".into(), vec!["a"]));
        assert_eq!(columns("__label__a x\n\n__label__b y\n"), Some(SINGLE));
        assert_eq!(columns("__label__a __label__b y\n__lab"), Some(SEVERAL));
        assert_eq!(columns("__label__a __label__b y\n"), Some(SEVERAL));
        assert_eq!(columns("a __label__b\n"), None);
    }
}
