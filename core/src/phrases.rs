//! Helpers for messages that the user reads.

#[cfg(feature = "engine")]
use crate::decimal::fixed;

/// A number with its noun: "1 row", "1,240 rows".
pub(crate) fn count(n: usize, thing: &str) -> String {
    format!("{} {thing}{}", thousands(n), if n == 1 { "" } else { "s" })
}

/// A number of rows with its verb: "1 row was", "2 rows were".
pub(crate) fn rows_were(rows: usize) -> String {
    format!("{} {}", count(rows, "row"), if rows == 1 { "was" } else { "were" })
}

/// A number with thousands separators: "1,240".
pub(crate) fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The first `chars` characters, with an ellipsis if the text is longer.
pub(crate) fn excerpt(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The first few names, quoted: `"a", "b" and 3 more`.
pub(crate) fn names<S: AsRef<str>>(all: &[S]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<String> = all.iter().take(SHOWN).map(|name| format!("\"{}\"", excerpt(name.as_ref(), 60))).collect();
    match all.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {} more", shown.join(", "), thousands(more)),
    }
}

/// Percent with a decimal near the ends, as the page writes them.
#[cfg(feature = "engine")]
pub(crate) fn percent(ratio: f64) -> String {
    let percent = 100.0 * ratio;
    let is_near_an_end = (percent > 0.0 && percent < 1.0) || (percent > 99.0 && percent < 100.0);
    fixed(percent, u32::from(is_near_an_end)) + "\u{a0}%"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_plurals_and_separators() {
        assert_eq!(count(1, "row"), "1 row");
        assert_eq!(count(0, "row"), "0 rows");
        assert_eq!(count(1_234_567, "row"), "1,234,567 rows");
        assert_eq!(thousands(100), "100");
    }

    #[test]
    fn excerpts_count_characters_not_bytes() {
        assert_eq!(excerpt("äöü", 3), "äöü");
        assert_eq!(excerpt("äöü", 2), "äö…");
    }
}
