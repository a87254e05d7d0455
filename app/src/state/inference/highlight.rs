//! A text split into marked and unmarked pieces.

use std::ops::Range;

use hone_core::inference::TextSpan;

use crate::format;

/// A piece of a text, with every character made visible.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Its text.
    pub text: String,
    /// Its label; `None` for unmarked pieces.
    pub label: Option<String>,
}

/// Splits a text at the given spans. A span that overlaps an earlier one, is empty or lies outside the text is skipped.
pub fn pieces(text: &str, spans: &[TextSpan]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut push = |text: &str, label: Option<&String>| {
        if !text.is_empty() {
            pieces.push(Piece { text: format::lines(text), label: label.map(|label| format::visible(label)) });
        }
    };
    let range = |span: &TextSpan| span.start as usize..span.end as usize;
    let mut at = 0;
    // There are few spans: searching for the next one each time is less code than sorting them.
    while let Some(span) = spans.iter().filter(|span| is_valid(text, range(span), at)).min_by_key(|span| span.start) {
        let Range { start, end } = range(span);
        push(&text[at..start], None);
        push(&text[start..end], Some(&span.label));
        at = end;
    }
    push(&text[at..], None);
    pieces
}

/// Returns true if a range of bytes covers some of the text, at or after `at`.
fn is_valid(text: &str, range: Range<usize>, at: usize) -> bool {
    range.start >= at && text.get(range).is_some_and(|marked| !marked.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_marked_in_order_and_impossible_ones_skipped() {
        let span = |start, end, label: &str| TextSpan { start, end, label: label.into(), score: 1.0 };
        // "ö" is two bytes: a span that cuts it is impossible.
        let spans = [span(9, 12, "LOC"), span(0, 4, "PER"), span(3, 6, "X"), span(7, 8, "X"), span(10, 90, "X")];
        let words: Vec<_> =
            pieces("Anna, ö Rom\n", &spans).into_iter().map(|piece| (piece.text, piece.label)).collect();
        let piece = |text: &str, label: Option<&str>| (text.to_owned(), label.map(str::to_owned));
        let expected = [piece("Anna", Some("PER")), piece(", ö ", None), piece("Rom", Some("LOC")), piece("\n", None)];
        assert_eq!(words, expected);
    }
}
