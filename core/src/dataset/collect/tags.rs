//! Tagged words, with BIO made consistent.
//!
//! Entities are tagged as in the CoNLL-2003 shared task and its descendants: `B-X` begins an entity, `I-X` continues it,
//! and `O` is outside. IOB1 (`B-` only between adjacent entities), BIOES and BILOU (`S-` or `U-` for a single word, `E-`
//! or `L-` for the last) are converted to that scheme.

use std::collections::HashMap;
use std::ops::Range;

use serde_json::Value;

use crate::dataset::collect::example::Word;
use crate::dataset::collect::labels::LabelNames;
use crate::dataset::collect::lists::Lists;
use crate::dataset::collect::natural_order::sort_naturally;
use crate::dataset::collect::row_error::RowError;
use crate::dataset::literal;
use crate::dataset::literal::whole;
use crate::dataset::tag_scheme::{BioTag, parse, separator_of};
use crate::dataset::words::words;
use crate::phrases::count;

/// Words of a text as byte ranges, each with its tag.
pub(crate) type TaggedWords = Vec<(Range<usize>, String)>;

/// Joins words with spaces and pairs them with their tags. Each cell is a list, or is separated by spaces. A text with a
/// list of tags may also be split as BERT's tokenizer does it, with each punctuation mark as a word.
pub(crate) fn pair_up(words: &str, tags: &str) -> Result<(String, TaggedWords), RowError> {
    let word_list = listed_words(words)?;
    let split = |cell: &str| cell.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let has_bare_tags = listed_words(tags)?.is_none() && in_brackets(tags).is_some();
    let bare_words = in_brackets(words).filter(|_| has_bare_tags).map(bare_list);
    let separator = tag_separator(tags);
    let by_separator = separator.filter(|&it| words.contains(it)).map(|it| separated(words, it));
    let tags = tag_list(tags)?;
    // A bar is no punctuation, but a comma is.
    let (before, after) = match separator {
        Some('|' | '\t') => (by_separator, None),
        _ => (None, by_separator),
    };
    let readings = [word_list, bare_words, before, Some(split(words)), after, Some(bert_words(words))];
    let mut readings: Vec<Vec<String>> = readings.into_iter().flatten().collect();
    let best = readings.iter().position(|words| words.len() == tags.len()).unwrap_or_default();
    let words = readings.swap_remove(best);
    if words.len() != tags.len() {
        return Err(format!("{} and {}", count(words.len(), "word"), count(tags.len(), "tag")).into());
    }
    let mut text = String::new();
    let mut tagged = Vec::with_capacity(words.len());
    for (word, tag) in words.into_iter().zip(tags) {
        if tag.trim().is_empty() {
            return Err(format!("word {} has no tag", tagged.len() + 1).into());
        }
        if !tagged.is_empty() {
            text.push(' ');
        }
        let start = text.len();
        text.push_str(&word);
        tagged.push((start..text.len(), tag));
    }
    Ok((text, tagged))
}

/// The tags in a cell.
///
/// # Errors
/// If the cell is a list that was shortened.
pub(crate) fn tag_list(tags: &str) -> Result<Vec<String>, RowError> {
    let split = || tags.split_whitespace().map(str::to_owned).collect();
    let by_separator = tag_separator(tags).map(|separator| separated(tags, separator));
    Ok(listed_words(tags)?.or_else(|| in_brackets(tags).map(bare_list)).or(by_separator).unwrap_or_else(split))
}

/// Separator of the tags in a cell that is no list and has other separators than spaces.
fn tag_separator(tags: &str) -> Option<char> {
    separator_of(tags).filter(|_| !tags.trim_start().starts_with('['))
}

fn separated(cell: &str, separator: char) -> Vec<String> {
    cell.split(separator).map(|part| part.trim().to_owned()).collect()
}

/// Elements of a list of texts or numbers. None for anything else.
fn listed_words(cell: &str) -> Result<Option<Vec<String>>, RowError> {
    let Some(value) = literal::value(cell) else { return Ok(None) };
    let Value::Array(values) = value? else { return Ok(None) };
    let word = |value| match value {
        Value::String(word) => Some(word),
        Value::Number(number) => Some(whole(&number).map_or_else(|| number.to_string(), |whole| whole.to_string())),
        _ => None,
    };
    Ok(values.into_iter().map(word).collect())
}

/// The text between the brackets of a list whose elements have no quotes: `[O, B-PER]`.
fn in_brackets(cell: &str) -> Option<&str> {
    cell.trim().strip_prefix('[')?.strip_suffix(']').filter(|inside| inside.contains(", "))
}

fn bare_list(inside: &str) -> Vec<String> {
    inside.split(", ").map(|word| word.trim().to_owned()).collect()
}

fn bert_words(text: &str) -> Vec<String> {
    words(text).into_iter().map(|range| text[range].to_owned()).collect()
}

/// Converts the tags to `O`, `B-X` and `I-X` if all of them follow such a scheme; otherwise only sorts them. Returns the
/// number of `I-X` that became `B-X` because no entity X precedes them.
pub(crate) fn make_consistent(names: &mut LabelNames, rows: &mut Lists<Word>) -> u32 {
    let old: Vec<String> = names.all.iter().map(|name| name.name.clone()).collect();
    let Some(tags) = old.iter().map(|tag| parse(tag)).collect::<Option<Vec<BioTag>>>() else {
        sort_tags(old, names, rows);
        return 0;
    };
    let mut kinds: Vec<(usize, String)> = Vec::new();
    for tag in &tags {
        if let BioTag::Begin(kind) | BioTag::Inside(kind) = tag
            && kinds.iter().all(|(_, known)| known != kind)
        {
            kinds.push((kinds.len(), kind.to_string()));
        }
    }
    sort_naturally(&mut kinds);
    let begin_of: HashMap<&str, u32> = (0..).zip(&kinds).map(|(i, (_, kind))| (kind.as_str(), 1 + 2 * i)).collect();
    let mut repaired = 0;
    rows.for_each_mut(|words| {
        let mut previous = BioTag::Outside;
        for word in words {
            let tag = tags[word.tag as usize];
            word.tag = match tag {
                BioTag::Outside => 0,
                BioTag::Begin(kind) => begin_of[kind],
                BioTag::Inside(kind) if matches!(previous, BioTag::Begin(it) | BioTag::Inside(it) if it == kind) => {
                    begin_of[kind] + 1
                }
                BioTag::Inside(kind) => {
                    repaired += 1;
                    begin_of[kind]
                }
            };
            previous = tag;
        }
    });
    let pairs = kinds.iter().flat_map(|(_, kind)| [format!("B-{kind}"), format!("I-{kind}")]);
    let all = std::iter::once("O".to_owned()).chain(pairs);
    *names = LabelNames::from_names(all);
    repaired
}

fn sort_tags(tags: Vec<String>, names: &mut LabelNames, rows: &mut Lists<Word>) {
    let mut order: Vec<(usize, String)> = tags.into_iter().enumerate().collect();
    sort_naturally(&mut order);
    let mut new_id = vec![0; order.len()];
    for (new, (old, _)) in (0..).zip(&order) {
        new_id[*old] = new;
    }
    rows.for_each_mut(|words| words.iter_mut().for_each(|word| word.tag = new_id[word.tag as usize]));
    *names = LabelNames::from_names(order.into_iter().map(|(_, tag)| tag));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tags after they were made consistent, and the number of repairs.
    fn consistent(sentences: &[&str]) -> (Vec<String>, u32) {
        let (mut names, mut rows) = (LabelNames::default(), Lists::default());
        for sentence in sentences {
            let id = |tag| names.id_of(tag).unwrap_or_else(|_| panic!("{tag}"));
            let tags: Vec<u32> = sentence.split(' ').map(id).collect();
            rows.push(tags.into_iter().map(|tag| Word { start: 0, end: 0, tag }));
        }
        let repaired = make_consistent(&mut names, &mut rows);
        let name = |word: &Word| names.all[word.tag as usize].name.as_str();
        let row = |row| rows.get(row).iter().map(name).collect::<Vec<_>>().join(" ");
        ((0..sentences.len()).map(row).collect(), repaired)
    }

    #[test]
    fn an_entity_starts_with_b() {
        let (tags, repaired) = consistent(&["I-X I-X O I-X", "B-X I-Y I-Y", "O I-X", "B-X B-X I-X"]);
        assert_eq!(tags, ["B-X I-X O B-X", "B-X B-Y I-Y", "O B-X", "B-X B-X I-X"]);
        assert_eq!(repaired, 4);
    }

    #[test]
    fn bioes_and_bilou_become_bio() {
        assert_eq!(consistent(&["S-X B-X E-X U-Y B-Y L-Y"]), (vec!["B-X B-X I-X B-Y B-Y I-Y".into()], 0));
    }

    #[test]
    fn tags_of_other_schemes_are_kept() {
        assert_eq!(consistent(&["VERB B-X NOUN"]), (vec!["VERB B-X NOUN".into()], 0));
    }

    #[test]
    fn labels_are_sorted_in_pairs_after_o() {
        let (mut names, mut rows) = (LabelNames::default(), Lists::default());
        for tag in ["I-b", "B-a10", "B-a2"] {
            assert!(names.id_of(tag).is_ok());
        }
        make_consistent(&mut names, &mut rows);
        let all: Vec<_> = names.all.iter().map(|name| name.name.as_str()).collect();
        assert_eq!(all, ["O", "B-a2", "I-a2", "B-a10", "I-a10", "B-b", "I-b"]);
    }

    #[test]
    fn words_and_tags_must_match_in_number() {
        let paired = |words, tags| match pair_up(words, tags) {
            Ok((text, tagged)) => Ok((text, tagged.len())),
            Err(RowError::Skip(reason)) => Err(reason),
            Err(error) => panic!("{error:?}"),
        };
        assert_eq!(paired("a  b", "O O"), Ok(("a b".into(), 2)));
        assert_eq!(paired("[ ]", "O O"), Ok(("[ ]".into(), 2)));
        assert_eq!(paired(r#"["New York","is"]"#, "[1, 0]"), Ok(("New York is".into(), 2)));
        assert_eq!(paired("['New York' 'is']", "[1. 0.]"), Ok(("New York is".into(), 2)));
        assert_eq!(paired("Anna left", r#"["B-PER", "O"]"#), Ok(("Anna left".into(), 2)));
        assert_eq!(paired("Anna left.", "['B-PER', 'O', 'O']"), Ok(("Anna left .".into(), 3)));
        assert_eq!(paired("['Anna', 'left']", "B-PER O"), Ok(("Anna left".into(), 2)));
        assert_eq!(paired("[Anna, left]", "[B-PER, O]"), Ok(("Anna left".into(), 2)));
        assert_eq!(paired("Anna left", "B-PER,O"), Ok(("Anna left".into(), 2)));
        assert_eq!(paired("Anna left", "B-PER, O"), Ok(("Anna left".into(), 2)));
        assert_eq!(paired("New York|left", "B-LOC|O"), Ok(("New York left".into(), 2)));
        assert_eq!(paired("Anna,left", "B-PER,O"), Ok(("Anna left".into(), 2)));
        assert_eq!(paired("Anna, hi", "B-PER,O"), Ok(("Anna, hi".into(), 2)));
        assert_eq!(paired("a b c", "O,O"), Err("3 words and 2 tags".into()));
        assert_eq!(paired("Anna", "['O', 'O']"), Err("1 word and 2 tags".into()));
        assert_eq!(paired("a b", "[0 1 ... 3]"), Err("numpy shortened the list to … when it was printed".into()));
        assert_eq!(paired("a b c", "O O"), Err("3 words and 2 tags".into()));
        assert_eq!(paired(r#"["a","b"]"#, r#"["O",""]"#), Err("word 2 has no tag".into()));
    }
}
