//! Labeled spans of a text, converted to a tag per word.

use serde_json::Value;

use crate::dataset::collect::repairs::Repairs;
use crate::dataset::collect::tags::TaggedWords;
use crate::dataset::literal;
use crate::dataset::literal::whole_value;
use crate::dataset::phrases::names;
use crate::dataset::words::words;

/// A labeled span of the file, in characters.
#[derive(Debug, PartialEq)]
pub(crate) struct LabeledSpan {
    start: usize,
    end: usize,
    label: String,
}

/// Parses a list of spans: `[{"start", "end", "label"}]` or `[[start, end, label]]`. None if the cell is anything else.
pub(crate) fn parse(cell: &str) -> Option<Vec<LabeledSpan>> {
    let Some(Ok(Value::Array(values))) = literal::value(cell) else { return None };
    values.iter().map(span).collect()
}

fn span(value: &Value) -> Option<LabeledSpan> {
    let number = |value: &Value| whole_value(value).and_then(|number| usize::try_from(number).ok());
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
                get(["label", "type", "entity"]).or_else(|| parts.get("labels")?.as_array()?.first())?,
            )
        }
        _ => return None,
    };
    Some(LabeledSpan { start: number(start)?, end: number(end)?, label: label.as_str()?.trim().to_owned() })
}

/// The words of `text`, tagged `B-X`, `I-X` and `O`. A span that begins or ends inside a word is widened to the whole
/// word. Of two spans that share a word, the one that starts earlier wins, and of equal starts the longer one.
pub(crate) fn to_words(text: &str, mut spans: Vec<LabeledSpan>, line: u32, repairs: &mut Repairs) -> TaggedWords {
    let words = words(text);
    let mut tags: Vec<Option<String>> = vec![None; words.len()];
    // Byte offset of each character, and of the end of the text.
    let offsets: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    for span in spans {
        let mut skip = |why: &str| {
            let label = names(&[&span.label]);
            repairs.skipped_spans.add(line, format!("span {}–{} {label}: {why}", span.start, span.end));
        };
        let bytes = match (offsets.get(span.start), offsets.get(span.end)) {
            _ if span.label.is_empty() => {
                skip("it has no label");
                continue;
            }
            (Some(&start), Some(&end)) if start < end => start..end,
            (Some(_), Some(_)) => {
                skip("it does not end after its start");
                continue;
            }
            _ => {
                skip("it is outside the text");
                continue;
            }
        };
        let first = words.partition_point(|word| word.end <= bytes.start);
        let last = words.partition_point(|word| word.start < bytes.end);
        if first >= last {
            skip("it contains no word");
        } else if tags[first..last].iter().any(Option::is_some) {
            skip("it overlaps an earlier span");
        } else {
            repairs.widened_spans += u32::from(words[first].start < bytes.start || words[last - 1].end > bytes.end);
            for (nth, tag) in tags[first..last].iter_mut().enumerate() {
                *tag = Some(format!("{}-{}", if nth == 0 { "B" } else { "I" }, span.label));
            }
        }
    }
    words.into_iter().zip(tags.into_iter().map(|tag| tag.unwrap_or_else(|| "O".into()))).collect()
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
    fn spans_count_characters() {
        let (words, repairs) = tagged("Zoë’s café, Köln", r#"[{"start":12,"end":16,"label":"LOC"},[0,3,"PER"]]"#);
        assert_eq!(words, "Zoë/B-PER ’/O s/O café/O ,/O Köln/B-LOC");
        assert_eq!((repairs.widened_spans, repairs.skipped_spans.rows), (0, 0));
    }

    #[test]
    fn spans_that_cut_words_are_widened() {
        let (words, repairs) = tagged("in New York now", r#"[[4,9,"LOC"]]"#);
        assert_eq!(words, "in/O New/B-LOC York/I-LOC now/O");
        assert_eq!(repairs.widened_spans, 1);
        let (words, repairs) = tagged("in New York now", r#"[[2,12,"LOC"]]"#);
        assert_eq!((words.as_str(), repairs.widened_spans), ("in/O New/B-LOC York/I-LOC now/O", 0));
    }

    #[test]
    fn unusable_spans_are_skipped_with_a_reason() {
        let (words, repairs) = tagged("New York", r#"[[0,3,"A"],[0,8,"B"],[4,20,"C"],[3,3,"D"],[3,4,"E"]]"#);
        assert_eq!(words, "New/B-B York/I-B");
        let reasons: Vec<_> = repairs.skipped_spans.first.iter().map(|row| (row.line, row.reason.as_str())).collect();
        assert_eq!(
            reasons,
            [
                (7, "span 0–3 \"A\": it overlaps an earlier span"),
                (7, "span 3–4 \"E\": it contains no word"),
                (7, "span 3–3 \"D\": it does not end after its start"),
                (7, "span 4–20 \"C\": it is outside the text"),
            ]
        );
    }

    #[test]
    fn ideographs_are_single_words() {
        assert_eq!(tagged("我在北京。", r#"[[2,4,"LOC"]]"#).0, "我/O 在/O 北/B-LOC 京/I-LOC 。/O");
    }

    #[test]
    fn cells_without_spans_are_not_parsed() {
        assert_eq!(parse("[]"), Some(vec![]));
        let span = LabeledSpan { start: 3, end: 9, label: "LOC".into() };
        for cell in ["[(3, 9, 'LOC')]", "[{'start': 3.0, 'end': 9.0, 'label': 'LOC'}]", r#"[["3",9.0,"LOC"]]"#] {
            assert_eq!(parse(cell), Some(vec![LabeledSpan { label: span.label.clone(), ..span }]), "{cell}");
        }
        for cell in ["O O", "[\"O\"]", "[1,2]", "[{\"start\":1}]", "[[1,2]]", "[[-1,2,\"X\"]]"] {
            assert_eq!(parse(cell), None, "{cell}");
        }
    }
}
