//! Words with a tag each: BIO made consistent.
//!
//! Entities are written as in the CoNLL-2003 shared task and its descendants: `B-X` begins one, `I-X` goes on with it,
//! `O` is outside. IOB1 (`B-` only between neighbors) and BIOES or BILOU (`S-` or `U-` alone, `E-` or `L-` last) become
//! the same.

use std::collections::HashMap;
use std::ops::Range;

use crate::dataset::collect::example::Word;
use crate::dataset::collect::examples::Lists;
use crate::dataset::collect::labels::{LabelNames, sort_naturally};
use crate::dataset::collect::row_error::RowError;
use crate::dataset::tag_scheme::{BioTag, parse};

/// The words of a text where they stand in it, each with its tag.
pub(crate) type Tagged = Vec<(Range<usize>, String)>;

/// The text of words, joined by spaces, and their tags. Both are JSON arrays, or both stand apart by spaces.
pub(crate) fn pair_up(words: &str, tags: &str) -> Result<(String, Tagged), RowError> {
    let arrays = json_words(words).zip(json_words(tags));
    let plain = |cell: &str| cell.split(' ').map(str::to_owned).filter(|word| !word.is_empty()).collect::<Vec<_>>();
    let (words, tags) = arrays.unwrap_or_else(|| (plain(words), plain(tags)));
    if words.len() != tags.len() {
        return Err(format!("{} words and {} tags", words.len(), tags.len()).into());
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

/// The elements of a JSON array of strings or numbers.
fn json_words(cell: &str) -> Option<Vec<String>> {
    let values: Vec<serde_json::Value> = serde_json::from_str(cell).ok()?;
    let word = |value| match value {
        serde_json::Value::String(word) => Some(word),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    values.into_iter().map(word).collect()
}

/// Turns all tags into `O`, `B-X` and `I-X`, where all are of such a scheme; others are put into natural order. Returns
/// how many were changed because nothing of their entity stands before.
pub(crate) fn make_consistent(names: &mut LabelNames, rows: &mut Lists<Word>) -> u32 {
    let old: Vec<String> = names.all.iter().map(|name| name.name.clone()).collect();
    let Some(tags) = old.iter().map(|tag| parse(tag)).collect::<Option<Vec<BioTag>>>() else {
        put_in_order(old, names, rows);
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
    rows.each_mut(|words| {
        let mut before = BioTag::Outside;
        for word in words {
            let tag = tags[word.tag as usize];
            word.tag = match tag {
                BioTag::Outside => 0,
                BioTag::Begin(kind) => begin_of[kind],
                BioTag::Inside(kind) if matches!(before, BioTag::Begin(it) | BioTag::Inside(it) if it == kind) => {
                    begin_of[kind] + 1
                }
                BioTag::Inside(kind) => {
                    repaired += 1;
                    begin_of[kind]
                }
            };
            before = tag;
        }
    });
    let pairs = kinds.iter().flat_map(|(_, kind)| [format!("B-{kind}"), format!("I-{kind}")]);
    let all = std::iter::once("O".to_owned()).chain(pairs);
    *names = LabelNames::known(all);
    repaired
}

fn put_in_order(tags: Vec<String>, names: &mut LabelNames, rows: &mut Lists<Word>) {
    let mut order: Vec<(usize, String)> = tags.into_iter().enumerate().collect();
    sort_naturally(&mut order);
    let mut place = vec![0; order.len()];
    for (new, (old, _)) in (0..).zip(&order) {
        place[*old] = new;
    }
    rows.each_mut(|words| words.iter_mut().for_each(|word| word.tag = place[word.tag as usize]));
    *names = LabelNames::known(order.into_iter().map(|(_, tag)| tag));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tags after they were made consistent, and how many were changed.
    fn consistent(sentences: &[&str]) -> (Vec<String>, u32) {
        let (mut names, mut rows) = (LabelNames::default(), Lists::default());
        for sentence in sentences {
            let id = |tag| names.id(tag).unwrap_or_else(|_| panic!("{tag}"));
            let tags: Vec<u32> = sentence.split(' ').map(id).collect();
            rows.push(tags.into_iter().map(|tag| Word { start: 0, end: 0, tag }));
        }
        let repaired = make_consistent(&mut names, &mut rows);
        let name = |word: &Word| names.all[word.tag as usize].name.as_str();
        let row = |row| rows.get(row).iter().map(name).collect::<Vec<_>>().join(" ");
        ((0..sentences.len()).map(row).collect(), repaired)
    }

    #[test]
    fn an_entity_begins_with_b() {
        let (tags, repaired) = consistent(&["I-X I-X O I-X", "B-X I-Y I-Y", "O I-X", "B-X B-X I-X"]);
        assert_eq!(tags, ["B-X I-X O B-X", "B-X B-Y I-Y", "O B-X", "B-X B-X I-X"]);
        assert_eq!(repaired, 4);
    }

    #[test]
    fn bioes_and_bilou_become_bio() {
        assert_eq!(consistent(&["S-X B-X E-X U-Y B-Y L-Y"]), (vec!["B-X B-X I-X B-Y B-Y I-Y".into()], 0));
    }

    #[test]
    fn other_tags_stay_as_they_are() {
        assert_eq!(consistent(&["VERB B-X NOUN"]), (vec!["VERB B-X NOUN".into()], 0));
    }

    #[test]
    fn labels_stand_in_pairs_after_o() {
        let (mut names, mut rows) = (LabelNames::default(), Lists::default());
        for tag in ["I-b", "B-a10", "B-a2"] {
            assert!(names.id(tag).is_ok());
        }
        make_consistent(&mut names, &mut rows);
        let all: Vec<_> = names.all.iter().map(|name| name.name.as_str()).collect();
        assert_eq!(all, ["O", "B-a2", "I-a2", "B-a10", "I-a10", "B-b", "I-b"]);
    }

    #[test]
    fn words_and_tags_are_counted() {
        let paired = |words, tags| match pair_up(words, tags) {
            Ok((text, tagged)) => Ok((text, tagged.len())),
            Err(RowError::Row(reason)) => Err(reason),
            Err(RowError::File(diagnostic)) => panic!("{diagnostic}"),
        };
        assert_eq!(paired("a  b", "O O"), Ok(("a b".into(), 2)));
        assert_eq!(paired("[ ]", "O O"), Ok(("[ ]".into(), 2)));
        assert_eq!(paired(r#"["New York","is"]"#, "[1, 0]"), Ok(("New York is".into(), 2)));
        assert_eq!(paired("a b c", "O O"), Err("3 words and 2 tags".into()));
        assert_eq!(paired(r#"["a","b"]"#, r#"["O",""]"#), Err("word 2 has no tag".into()));
    }
}
