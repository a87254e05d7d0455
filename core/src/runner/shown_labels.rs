//! The labels of a row, in words.

use crate::dataset::{Dataset, Example, Word};
use crate::decimal::short;
use crate::phrases::excerpt;

/// Number of tagged words that are named.
const NAMED_WORDS: usize = 8;
/// Number of characters that are shown before and after a word.
const CONTEXT_CHARS: usize = 80;

/// The label of a row, its labels, number or tagged words; empty if it has none.
pub(super) fn shown_labels(dataset: &Dataset, row: u32) -> String {
    match dataset.example(row) {
        Example::Number { value, .. } | Example::ScoredPair { score: value, .. } => short(value.into()),
        Example::Tags { text, words } => {
            let is_tagged = |word: &&Word| dataset.labels.get(word.tag as usize).is_none_or(|tag| tag != "O");
            let tagged: Vec<&Word> = words.iter().filter(is_tagged).collect();
            let named = tagged.iter().take(NAMED_WORDS).map(|word| {
                let tag = dataset.labels.get(word.tag as usize).map(String::as_str).unwrap_or_default();
                format!("{} {tag}", text.get(word.start as usize..word.end as usize).unwrap_or_default())
            });
            let rest = tagged.len().saturating_sub(NAMED_WORDS);
            named.chain((rest > 0).then(|| format!("{rest} more"))).collect::<Vec<_>>().join(", ")
        }
        _ => joined(&label_names(dataset, &dataset.row_labels(row))),
    }
}

/// The names of labels.
pub(super) fn label_names(dataset: &Dataset, labels: &[u32]) -> Vec<String> {
    labels.iter().filter_map(|&label| dataset.labels.get(label as usize).cloned()).collect()
}

/// Several labels as a list.
pub(super) fn joined(names: &[String]) -> String {
    names.join(", ")
}

/// The words of a row whose first tokens have these tags; none if words without a token have no tag, because then the words
/// cannot be distinguished.
pub(super) fn aligned_words<'a>(dataset: &'a Dataset, row: u32, tags: &[(u32, u32)]) -> Option<(&'a str, Vec<Word>)> {
    let Example::Tags { text, mut words } = dataset.example(row) else { return None };
    let is_known = words.len() >= tags.len() && words.iter().zip(tags).all(|(word, (_, tag))| word.tag == *tag);
    words.truncate(tags.len());
    is_known.then_some((text, words))
}

/// A word with the text around it.
pub(super) fn context(text: &str, word: &Word) -> String {
    let (start, end) = (word.start as usize, word.end as usize);
    let (before, after) = (text.get(..start).unwrap_or_default(), text.get(start..).unwrap_or_default());
    let cut = before.char_indices().rev().nth(CONTEXT_CHARS).map(|(at, _)| at);
    let begin = cut.map_or(before.to_owned(), |at| format!("…{}", &before[at..]));
    format!("{begin}{}", excerpt(after, end.saturating_sub(start) + CONTEXT_CHARS))
}
