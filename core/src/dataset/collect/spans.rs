//! Spans of a text, as tags of its words.

use std::ops::Range;

use serde_json::Value;

use crate::dataset::collect::examples::Repairs;
use crate::dataset::collect::tags::Tagged;
use crate::dataset::phrases::names;

/// A span as it stands in the file, counted in characters.
#[derive(Debug, PartialEq)]
pub(crate) struct Span {
    start: usize,
    end: usize,
    label: String,
}

/// The spans of a cell: `[{"start", "end", "label"}]` or `[[start, end, label]]`. None where the cell is no such list.
pub(crate) fn parse(cell: &str) -> Option<Vec<Span>> {
    let values: Vec<Value> = serde_json::from_str(cell).ok()?;
    values.iter().map(span).collect()
}

fn span(value: &Value) -> Option<Span> {
    let number = |value: &Value| value.as_u64().map(|number| number as usize);
    let (start, end, label) = match value {
        Value::Array(parts) => match parts.as_slice() {
            [start, end, label] => (start, end, label),
            _ => return None,
        },
        Value::Object(parts) => {
            let get = |names: [&str; 3]| names.iter().find_map(|name| parts.get(*name));
            (
                get(["start", "start_offset", "begin"])?,
                get(["end", "end_offset", "stop"])?,
                get(["label", "type", "entity"])?,
            )
        }
        _ => return None,
    };
    Some(Span { start: number(start)?, end: number(end)?, label: label.as_str()?.trim().to_owned() })
}

/// The words of a text with `B-X`, `I-X` and `O` as the spans say. A span that begins or ends inside a word takes the
/// whole word; of two that meet in a word, the earlier one stays, and of equal starts the longer.
pub(crate) fn to_words(text: &str, mut spans: Vec<Span>, line: u32, repairs: &mut Repairs) -> Tagged {
    let words = words(text);
    let mut tags: Vec<Option<String>> = vec![None; words.len()];
    // Bytes at which characters begin, and the end of the text.
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    for span in spans {
        let mut leave_out = |why: &str| {
            repairs.spans.add(line, format!("span {}–{} {}: {why}", span.start, span.end, names(&[&span.label])));
        };
        let bytes = match (places.get(span.start), places.get(span.end)) {
            _ if span.label.is_empty() => {
                leave_out("it has no label");
                continue;
            }
            (Some(&start), Some(&end)) if start < end => start..end,
            (Some(_), Some(_)) => {
                leave_out("it ends before it begins");
                continue;
            }
            _ => {
                leave_out("it stands outside the text");
                continue;
            }
        };
        let first = words.partition_point(|word| word.end <= bytes.start);
        let last = words.partition_point(|word| word.start < bytes.end);
        if first >= last {
            leave_out("it holds no word");
        } else if tags[first..last].iter().any(Option::is_some) {
            leave_out("it overlaps an earlier one");
        } else {
            repairs.widened += u32::from(words[first].start < bytes.start || words[last - 1].end > bytes.end);
            for (nth, tag) in tags[first..last].iter_mut().enumerate() {
                *tag = Some(format!("{}-{}", if nth == 0 { "B" } else { "I" }, span.label));
            }
        }
    }
    words.into_iter().zip(tags.into_iter().map(|tag| tag.unwrap_or_else(|| "O".into()))).collect()
}

/// Words as BERT's basic tokenizer has them: apart by white space; punctuation marks and ideographs stand alone.
pub fn words(text: &str) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut is_open = false;
    for (start, letter) in text.char_indices() {
        let end = start + letter.len_utf8();
        if letter.is_whitespace() {
            is_open = false;
        } else if stands_alone(letter) {
            words.push(start..end);
            is_open = false;
        } else if let Some(word) = words.last_mut().filter(|_| is_open) {
            word.end = end;
        } else {
            words.push(start..end);
            is_open = true;
        }
    }
    words
}

/// Whether a character is a word of its own: ASCII and the common Unicode punctuation, and the ideographs of Chinese,
/// Japanese and Korean.
fn stands_alone(letter: char) -> bool {
    letter.is_ascii_punctuation()
        || matches!(letter, '¡' | '§' | '«' | '¶' | '·' | '»' | '¿')
        || matches!(letter, '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{3001}'..='\u{3003}')
        || matches!(letter, '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301f}' | '\u{ff01}'..='\u{ff0f}')
        || matches!(letter, '\u{ff1a}'..='\u{ff20}' | '\u{ff3b}'..='\u{ff3d}' | '\u{ff5f}'..='\u{ff65}')
        || matches!(letter, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
        || matches!(letter, '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(text: &str, spans: &str) -> (String, Repairs) {
        let mut repairs = Repairs::default();
        let words = to_words(text, parse(spans).unwrap(), 7, &mut repairs);
        let words: Vec<_> = words.into_iter().map(|(range, tag)| format!("{}/{tag}", &text[range])).collect();
        (words.join(" "), repairs)
    }

    #[test]
    fn spans_are_counted_in_characters() {
        let (words, repairs) = tagged("Zoë’s café, Köln", r#"[{"start":12,"end":16,"label":"LOC"},[0,3,"PER"]]"#);
        assert_eq!(words, "Zoë/B-PER ’/O s/O café/O ,/O Köln/B-LOC");
        assert_eq!((repairs.widened, repairs.spans.rows), (0, 0));
    }

    #[test]
    fn a_span_that_cuts_words_takes_them_whole() {
        let (words, repairs) = tagged("in New York now", r#"[[4,9,"LOC"]]"#);
        assert_eq!(words, "in/O New/B-LOC York/I-LOC now/O");
        assert_eq!(repairs.widened, 1);
        let (words, repairs) = tagged("in New York now", r#"[[2,12,"LOC"]]"#);
        assert_eq!((words.as_str(), repairs.widened), ("in/O New/B-LOC York/I-LOC now/O", 0));
    }

    #[test]
    fn spans_that_cannot_be_are_left_out_with_their_reason() {
        let (words, repairs) = tagged("New York", r#"[[0,3,"A"],[0,8,"B"],[4,20,"C"],[3,3,"D"],[3,4,"E"]]"#);
        assert_eq!(words, "New/B-B York/I-B");
        let reasons: Vec<_> = repairs.spans.first.iter().map(|row| (row.line, row.reason.as_str())).collect();
        assert_eq!(
            reasons,
            [
                (7, "span 0–3 \"A\": it overlaps an earlier one"),
                (7, "span 3–4 \"E\": it holds no word"),
                (7, "span 3–3 \"D\": it ends before it begins"),
                (7, "span 4–20 \"C\": it stands outside the text"),
            ]
        );
    }

    #[test]
    fn ideographs_are_words() {
        assert_eq!(tagged("我在北京。", r#"[[2,4,"LOC"]]"#).0, "我/O 在/O 北/B-LOC 京/I-LOC 。/O");
    }

    #[test]
    fn what_is_no_list_of_spans_is_told_apart() {
        assert_eq!(parse("[]"), Some(vec![]));
        for cell in ["O O", "[\"O\"]", "[1,2]", "[{\"start\":1}]", "[[1,2]]", "[[-1,2,\"X\"]]"] {
            assert_eq!(parse(cell), None, "{cell}");
        }
    }
}
