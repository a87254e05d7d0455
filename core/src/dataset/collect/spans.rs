//! Labeled spans of a text, converted to a tag per word.

use serde_json::Value;

use crate::dataset::cell::SPAN_LABELS;
use crate::dataset::collect::offsets::OffsetUnit;
use crate::dataset::collect::repairs::Repairs;
use crate::dataset::collect::tags::TaggedWords;
use crate::dataset::literal;
use crate::dataset::literal::whole_value;
use crate::dataset::words::words;
use crate::diagnostic::Diagnostic;
use crate::phrases::{count, names, thousands};

/// A labeled span of the file, in characters or another unit.
#[derive(Clone, Debug, PartialEq)]
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
            [start, end, label] => (number(start)?, number(end)?, label),
            _ => return None,
        },
        Value::Object(parts) => {
            let get = |names: [&str; 3]| names.iter().find_map(|name| parts.get(*name));
            let start = number(get(["start", "start_offset", "begin"]).or_else(|| parts.get("offset"))?)?;
            let end = match (get(["end", "end_offset", "stop"]), parts.get("length")) {
                (Some(end), _) => number(end)?,
                (None, length) => start.checked_add(number(length?)?)?,
            };
            let label = SPAN_LABELS.iter().find_map(|name| parts.get(*name))?;
            (start, end, label.as_array().map_or(Some(label), |labels| labels.first())?)
        }
        _ => return None,
    };
    Some(LabeledSpan { start, end, label: label.as_str()?.trim().to_owned() })
}

/// The words of `text`, tagged `B-X`, `I-X` and `O`. A span that begins or ends inside a word is widened to the whole
/// word. Of two spans that share a word, the one that starts earlier wins, and of equal starts the longer one.
pub(crate) fn to_words(
    text: &str,
    mut spans: Vec<LabeledSpan>,
    unit: OffsetUnit,
    line: u32,
    repairs: &mut Repairs,
) -> TaggedWords {
    let words = words(text);
    let mut tags: Vec<Option<String>> = vec![None; words.len()];
    let offsets = unit.positions(text);
    let position = |offset: usize| offsets.get(offset).copied().flatten();
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    for span in spans {
        let mut skip = |why: &str| {
            let label = names(&[&span.label]);
            repairs.skipped_spans.add(line, format!("span {}–{} {label}: {why}", span.start, span.end));
        };
        let bytes = match (position(span.start), position(span.end)) {
            _ if span.label.is_empty() => {
                skip("it has no label");
                continue;
            }
            (Some(start), Some(end)) if start < end => start..end,
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

/// Spans of texts with characters beyond ASCII, in which the units differ. What the file counts is known only after the
/// last row.
#[derive(Debug, Default)]
pub(crate) struct OpenSpans {
    pub rows: Vec<(usize, Vec<LabeledSpan>)>,
    spans: usize,
    /// Number of spans that begin and end with a word, by unit in the order of [`OffsetUnit::ALL`].
    fitting: [usize; 3],
}

impl OpenSpans {
    /// Keeps the spans of a row, if the units differ in its text.
    pub(crate) fn add(&mut self, row: usize, text: &str, spans: &[LabeledSpan]) {
        if text.is_ascii() {
            return;
        }
        let words = words(text);
        self.spans += spans.len();
        for (unit, fitting) in OffsetUnit::ALL.into_iter().zip(&mut self.fitting) {
            let positions = unit.positions(text);
            let position = |offset: usize| positions.get(offset).copied().flatten();
            let fits = |span: &&LabeledSpan| match (position(span.start), position(span.end)) {
                (Some(start), Some(end)) => {
                    start < end
                        && words.binary_search_by_key(&start, |word| word.start).is_ok()
                        && words.binary_search_by_key(&end, |word| word.end).is_ok()
                }
                _ => false,
            };
            *fitting += spans.iter().filter(fits).count();
        }
        self.rows.push((row, spans.to_vec()));
    }

    /// The unit in which the spans fit, by default characters, and a warning if it is another one. A few spans may be
    /// wrong in any unit.
    pub(crate) fn unit(&self) -> (OffsetUnit, Option<Diagnostic>) {
        let mut best = (OffsetUnit::Characters, self.fitting[0]);
        for (unit, fitting) in OffsetUnit::ALL.into_iter().zip(self.fitting) {
            if fitting > best.1 {
                best = (unit, fitting);
            }
        }
        let (unit, fitting) = best;
        if unit == OffsetUnit::Characters || fitting * 10 < self.spans * 9 {
            return (OffsetUnit::Characters, None);
        }
        let what = format!("The spans count {}, not characters.", unit.name());
        let done = format!(
            "They were read so: {} of {} begin and end with a word, against {} in characters.",
            thousands(fitting),
            count(self.spans, "span"),
            thousands(self.fitting[0])
        );
        (unit, Some(Diagnostic::new("data.span-offsets", what).done(done)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(text: &str, spans: &str) -> (String, Repairs) {
        let mut repairs = Repairs::default();
        let words = to_words(text, parse(spans).unwrap(), OffsetUnit::Characters, 7, &mut repairs);
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
