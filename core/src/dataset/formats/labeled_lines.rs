//! Lines of text with their labels: fastText's, with words that begin with `__label__`; TREC's, `DESC:manner How …`; the
//! Financial PhraseBank's, `… .@neutral`; the digit before each sentence in files of sentiment, `1 a stirring film`; the trees
//! of the Stanford Sentiment Treebank, `(3 (2 A) (4 (3 stirring) (2 film)))`; and words with their tags, `Ann/NNP left/VBD`, as
//! in the Brown corpus and the Penn Treebank.
//!
//! <https://fasttext.cc/docs/en/supervised-tutorial.html>, <https://cogcomp.seas.upenn.edu/Data/QA/QC/>

use std::collections::{HashMap, HashSet};

use serde_json::json;

use crate::dataset::formats::record::Record;
use crate::dataset::formats::step::ReadStep;
use crate::dataset::formats::text::TextReader;

const PREFIX: &str = "__label__";
/// Least lines by which labels without a prefix are recognized, and lines of each label on average.
const MIN_LINES: usize = 8;
const MIN_LINES_EACH: usize = 3;

/// Writing of the labels in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LabeledLines {
    /// fastText with one label per line.
    Single,
    /// fastText with several labels on some lines. They are written as JSON arrays.
    Several,
    /// TREC: the coarse label, and with the fine one after a colon.
    Trec,
    /// After the last `@`.
    AtEnd,
    /// A digit at the beginning.
    Digit,
    /// A tree with a digit at each phrase. The label is that of the whole sentence.
    Tree,
    /// A tag after each word.
    Tagged,
}

impl LabeledLines {
    const ALL: [Self; 7] =
        [Self::Single, Self::Several, Self::Trec, Self::AtEnd, Self::Digit, Self::Tree, Self::Tagged];

    /// Names of the columns. They are different for each writing.
    pub(crate) fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Single => &["text", "label"],
            Self::Several => &["text", "labels"],
            Self::Trec => &["text", "label", "fine_label"],
            Self::AtEnd => &["sentence", "label"],
            Self::Digit => &["sentence", "class"],
            Self::Tree => &["sentence", "sentiment"],
            Self::Tagged => &["words", "tags"],
        }
    }

    /// The writing of a file whose columns have these names.
    pub(crate) fn of_columns(columns: &[String]) -> Option<Self> {
        Self::ALL.into_iter().find(|lines| lines.columns() == columns)
    }

    /// The writing of a sample. None for other files. The last line of the sample may be cut.
    pub(crate) fn detect(sample: &str) -> Option<Self> {
        let whole = sample.rfind('\n').map_or(sample, |end| &sample[..end]);
        let lines: Vec<&str> = whole.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let is_marked = |line: &&str| {
            let mut words = line.split_whitespace();
            let is_label = |word: &str| word.starts_with(PREFIX);
            words.next().is_some_and(is_label) || words.next_back().is_some_and(is_label)
        };
        if !lines.is_empty() && lines.iter().all(is_marked) {
            let has_several = lines.iter().any(|line| fast_text(line).1.len() > 1);
            return Some(if has_several { Self::Several } else { Self::Single });
        }
        if !lines.is_empty() && lines.iter().all(|line| rooted_sentence(line).is_some()) {
            return Some(Self::Tree);
        }
        if are_tagged(&lines) {
            return Some(Self::Tagged);
        }
        [Self::Trec, Self::AtEnd, Self::Digit].into_iter().find(|writing| writing.fits(&lines))
    }

    /// Returns true if all lines have a label in this writing, and the labels repeat.
    fn fits(self, lines: &[&str]) -> bool {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for line in lines {
            let Some((_, label)) = self.split(line) else { return false };
            *counts.entry(label).or_default() += 1;
        }
        // The texts are not labels themselves: of a list of numbers, none comes again.
        lines.len() >= MIN_LINES && counts.len() > 1 && lines.len() >= MIN_LINES_EACH * counts.len()
    }

    /// The text and the label of a line.
    fn split(self, line: &str) -> Option<(&str, &str)> {
        let line = line.trim();
        let (text, label) = match self {
            Self::Single | Self::Several | Self::Tree | Self::Tagged => return None,
            Self::Trec => {
                let (label, text) = line.split_once(' ')?;
                let (coarse, fine) = label.split_once(':')?;
                let is_name = !coarse.is_empty() && coarse.bytes().all(|byte| byte.is_ascii_uppercase());
                let is_fine = !fine.is_empty() && fine.chars().all(char::is_alphanumeric);
                Some((text, label)).filter(|_| is_name && is_fine)?
            }
            Self::AtEnd => {
                let (text, label) = line.rsplit_once('@')?;
                Some((text, label)).filter(|_| !label.is_empty() && label.chars().all(char::is_alphabetic))?
            }
            Self::Digit => {
                let (label, text) = line.split_once(' ')?;
                Some((text, label)).filter(|_| label.len() == 1 && label.bytes().all(|byte| byte.is_ascii_digit()))?
            }
        };
        Some((text.trim(), label)).filter(|(text, _)| !text.is_empty())
    }
}

/// Reads lines with their labels.
pub(crate) struct LabeledLinesReader {
    /// Writing of the labels.
    pub writing: LabeledLines,
}

impl LabeledLinesReader {
    /// Reads the line at the beginning of `rest`. `is_end` is true if no more text will come.
    pub(crate) fn step(&mut self, rest: &str, is_end: bool, record: &mut Record) -> ReadStep {
        let mut line = Record::default();
        let used = match (TextReader { by_paragraph: false }).step(rest, is_end, &mut line) {
            ReadStep::Record(used) => used,
            other => return other,
        };
        let line = line.get(0);
        match self.writing {
            LabeledLines::Single | LabeledLines::Several => {
                let (text, labels) = fast_text(line);
                record.push_cell(&text);
                match labels.as_slice() {
                    _ if self.writing == LabeledLines::Several => record.push_cell(&json!(labels).to_string()),
                    [] => record.push_cell(""),
                    [label] => record.push_cell(label),
                    _ => return ReadStep::Invalid(used, "several labels, unlike the first lines".into()),
                }
            }
            LabeledLines::Tree => match rooted_sentence(line) {
                Some((sentence, label)) => {
                    record.push_cell(&sentence);
                    record.push_cell(label);
                }
                None => return ReadStep::Invalid(used, "no tree, unlike the first lines".into()),
            },
            LabeledLines::Tagged => match tagged_words(line) {
                Some((words, tags)) => {
                    record.push_cell(&json!(words).to_string());
                    record.push_cell(&json!(tags).to_string());
                }
                None => return ReadStep::Invalid(used, "a word without a tag, unlike the first lines".into()),
            },
            writing => match writing.split(line) {
                Some((text, label)) => {
                    record.push_cell(text);
                    if writing == LabeledLines::Trec {
                        record.push_cell(label.split(':').next().unwrap_or(label));
                    }
                    record.push_cell(label);
                }
                None => return ReadStep::Invalid(used, "no label, unlike the first lines".into()),
            },
        }
        ReadStep::Record(used)
    }
}

/// The words of a line, and the tag after the last slash of each. None if a word has none.
fn tagged_words(line: &str) -> Option<(Vec<&str>, Vec<&str>)> {
    let split = |word| str::rsplit_once(word, '/').filter(|(word, tag)| !word.is_empty() && !tag.is_empty());
    line.split_whitespace().map(split).collect()
}

/// Returns true if all words of the lines have a tag, the tags are few, and most lines have several.
fn are_tagged(lines: &[&str]) -> bool {
    let Some(lines) = lines.iter().map(|line| tagged_words(line)).collect::<Option<Vec<_>>>() else { return false };
    let words = lines.iter().map(|(words, _)| words.len()).sum::<usize>();
    let are_sentences = words >= MIN_LINES && words >= 3 * lines.len();
    let tags: HashSet<&str> = lines.into_iter().flat_map(|(_, tags)| tags).collect();
    // Dates and fractions have numbers after their slashes.
    let is_tag = |tag: &&str| tag.len() <= 12 && !tag.starts_with(|c: char| c.is_ascii_digit());
    are_sentences && tags.len() * MIN_LINES_EACH <= words && tags.iter().all(is_tag)
}

/// The words of a tree whose phrases have a digit each, and the digit of the whole sentence.
fn rooted_sentence(line: &str) -> Option<(String, &str)> {
    const BRACKETS: [(&str, &str); 2] = [("-LRB-", "("), ("-RRB-", ")")];
    let line = line.trim();
    let label = line.strip_prefix('(')?.get(..1)?;
    let mut words = Vec::new();
    let (mut depth, mut expects_digit) = (0_usize, false);
    let spaced = line.replace('(', " ( ").replace(')', " ) ");
    for (nth, part) in spaced.split_whitespace().enumerate() {
        // A second tree on the line, or words outside of it.
        if nth > 0 && depth == 0 {
            return None;
        }
        match part {
            _ if expects_digit => {
                if part.len() != 1 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
                    return None;
                }
                expects_digit = false;
            }
            "(" => {
                depth += 1;
                expects_digit = true;
            }
            ")" => depth = depth.checked_sub(1)?,
            word => {
                let bracket = BRACKETS.iter().find(|(name, _)| *name == word);
                words.push(bracket.map_or_else(|| word.replace("\\/", "/").replace("\\*", "*"), |it| it.1.to_owned()));
            }
        }
    }
    (depth == 0 && !words.is_empty()).then(|| (words.join(" "), label))
}

/// The text of a line of fastText and its labels.
fn fast_text(line: &str) -> (String, Vec<&str>) {
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
    fn labels_of_fasttext_are_words_with_a_prefix() {
        assert_eq!(fast_text("__label__a __label__b How much?\n"), ("How much?".into(), vec!["a", "b"]));
        assert_eq!(fast_text("__label__a , so good"), ("so good".into(), vec!["a"]));
        assert_eq!(LabeledLines::detect("__label__a x\n\n__label__b y\n"), Some(LabeledLines::Single));
        assert_eq!(LabeledLines::detect("x y __label__a\nz __label__b\n"), Some(LabeledLines::Single));
        assert_eq!(LabeledLines::detect("__label__a __label__b y\n__lab"), Some(LabeledLines::Several));
        assert_eq!(LabeledLines::detect("__label__a __label__b y\n"), Some(LabeledLines::Several));
        assert_eq!(LabeledLines::detect("a word\n__label__b y\n"), None);
    }

    #[test]
    fn other_writings_need_labels_that_repeat() {
        let file = |lines: [&str; 2]| {
            (0..6).map(|nth| lines.map(|line| format!("{line} {nth}\n")).concat()).collect::<String>()
        };
        assert_eq!(LabeledLines::detect(&file(["DESC:manner How", "ENTY:animal What"])), Some(LabeledLines::Trec));
        let bank = file(["", ""])
            .replace(['0', '1', '2'], "Sales rose .@positive")
            .replace(['3', '4', '5'], "They fell .@negative");
        assert_eq!(LabeledLines::detect(&bank), Some(LabeledLines::AtEnd));
        assert_eq!(LabeledLines::detect(&file(["0 so bad", "1 so good"])), Some(LabeledLines::Digit));
        for text in ["1 first\n2 second\n3 third\n4 x\n5 x\n6 x\n7 x\n8 x\n9 x\n", "NOTE:this is\n", "mail me @home\n"]
        {
            assert_eq!(LabeledLines::detect(text), None, "{text}");
        }
        assert_eq!(LabeledLines::detect(&file(["HTTP: a protocol", "NOTE:this is"])), None);
    }

    #[test]
    fn words_with_tags_are_sentences() {
        let file = "Ann/NNP left/VBD ./.\nBob/NNP and/or/CC Ann/NNP ran/VBD ./.\nAnn/NNP left/VBD Bob/NNP ./.\n";
        assert_eq!(LabeledLines::detect(file), Some(LabeledLines::Tagged));
        assert_eq!(tagged_words("and/or/CC ran/VBD"), Some((vec!["and/or", "ran"], vec!["CC", "VBD"])));
        for text in ["1/2 3/4 5/6 7/8 1/2 3/4 1/2 1/2 1/2\n", "a/b c/b\nd/b a/b\nc/b d/b\na/b a/b\n", "and/OR a word\n"]
        {
            assert_eq!(LabeledLines::detect(text), None, "{text}");
        }
    }

    #[test]
    fn trees_of_sentiment_are_sentences_with_the_label_of_the_root() {
        let tree = r"(4 (2 A) (3 (2 (2 -LRB-) (2 and\/or)) (3 good)))";
        assert_eq!(rooted_sentence(tree), Some(("A ( and/or good".into(), "4")));
        let file = "(3 (2 It) (4 (3 's) (4 lovely)))\n(1 (2 Not) (2 .))\n";
        assert_eq!(LabeledLines::detect(file), Some(LabeledLines::Tree));
        for line in ["(3 (2 It)", "(3 a) (2 b)", "(S (NP Ann) (VP left))", "(3)", "(3 a) b", "3 a"] {
            assert_eq!(rooted_sentence(line), None, "{line}");
        }
    }
}
