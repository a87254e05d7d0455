//! A text in pieces, with the parts that a model marks.

use hone_core::inference::TextSpan;

use crate::state::format;

/// A piece of a text, all characters visible.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// The piece.
    pub text: String,
    /// What it is marked as; none between the marks.
    pub mark: Option<String>,
}

/// The text with the spans marked, each by its label. A span that overlaps an earlier one, or does not stand in the text,
/// is left out.
pub fn pieces(text: &str, spans: &[TextSpan]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut push = |text: &str, mark: Option<&String>| {
        if !text.is_empty() {
            pieces.push(Piece { text: format::lines(text), mark: mark.map(|label| format::visible(label)) });
        }
    };
    let place = |span: &TextSpan| (span.start as usize, span.end as usize);
    let mut at = 0;
    // There are few: looking for the next one each time is less code than sorting them.
    while let Some(span) = spans.iter().filter(|span| stands(text, place(span), at)).min_by_key(|span| span.start) {
        let (start, end) = place(span);
        push(&text[at..start], None);
        push(&text[start..end], Some(&span.label));
        at = end;
    }
    push(&text[at..], None);
    pieces
}

/// Whether a place holds something of the text, at or after `at`.
fn stands(text: &str, (start, end): (usize, usize), at: usize) -> bool {
    start >= at && text.get(start..end).is_some_and(|marked| !marked.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_marked_in_order_and_impossible_ones_left_out() {
        let span = |start, end, label: &str| TextSpan { start, end, label: label.into(), score: 1.0 };
        // "ö" is two bytes: a span that cuts it is impossible.
        let spans = [span(9, 12, "LOC"), span(0, 4, "PER"), span(3, 6, "X"), span(7, 8, "X"), span(10, 90, "X")];
        let words: Vec<_> = pieces("Anna, ö Rom\n", &spans).into_iter().map(|piece| (piece.text, piece.mark)).collect();
        let piece = |text: &str, mark: Option<&str>| (text.to_owned(), mark.map(str::to_owned));
        let expected = [piece("Anna", Some("PER")), piece(", ö ", None), piece("Rom", Some("LOC")), piece("\n", None)];
        assert_eq!(words, expected);
    }
}
