//! Rows as JSON arrays, one per line or all in one array: `["I loved it", "good"]`. The names of the columns may come first.

use crate::dataset::formats::json::{cells, element_len, parsed};

/// Number of rows by which columns are recognized.
const MAX_ROWS: usize = 50;

/// The first rows of a sample whose lines, or the elements of whose array, are nearly all arrays of as many simple values as the
/// first, texts among them. None for other samples.
pub(crate) fn rows(sample: &str, is_one_array: bool) -> Option<Vec<Vec<String>>> {
    let values = if is_one_array { elements(sample) } else { lines(sample) };
    let all: Vec<Vec<String>> = values.iter().filter_map(|value| cells(&parsed(value).ok()?)).collect();
    let width = all.first()?.len();
    let rows: Vec<Vec<String>> = all.into_iter().filter(|row| row.len() == width).collect();
    let has_text = rows.iter().flatten().any(|cell| cell.contains(' '));
    let are_most = rows.len() * 5 >= values.len() * 4 && (is_one_array || rows.len() > 1);
    (width > 1 && has_text && are_most).then_some(rows)
}

/// The first lines that are not empty. The last line of the sample may be cut.
fn lines(sample: &str) -> Vec<&str> {
    let whole = sample.rfind('\n').map_or(sample, |end| &sample[..end]);
    whole.lines().map(str::trim).filter(|line| !line.is_empty()).take(MAX_ROWS).collect()
}

/// The first whole elements of an array.
fn elements(sample: &str) -> Vec<&str> {
    let mut rest = sample.trim_start().strip_prefix('[').unwrap_or_default();
    let mut elements = Vec::new();
    while elements.len() < MAX_ROWS {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        let Some(len) = element_len(rest.as_bytes()).filter(|len| *len > 0) else { break };
        elements.push(&rest[..len]);
        rest = &rest[len..];
    }
    elements
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_of_simple_values_are_rows() {
        let row = |text: &str, label: &str| vec![text.to_owned(), label.to_owned()];
        let expected = Some(vec![row("so good", "1"), row("so bad", "")]);
        assert_eq!(rows("[\"so good\", 1]\n\n[\"so bad\", null]\n[\"cut", false), expected);
        assert_eq!(rows(" [[\"so good\", 1],\n [\"so bad\", null], [\"cut", true), expected);
        let mostly = format!("{}[\"so good\"]\n", "[\"so good\", 1]\n".repeat(4));
        assert_eq!(rows(&mostly, false), Some(vec![row("so good", "1"); 4]));
    }

    #[test]
    fn other_brackets_are_no_rows() {
        for sample in [
            "[\"so good\", 1]\n",
            "[\"so good\", 1]\n[\"so bad\"]\n",
            "[\"so good\", {\"a\": 1}]\n[\"so bad\", {}]\n",
            "[\"so good\"]\n[\"so bad\"]\n",
            "[\"so good\", 1]\nso bad\n",
            "[1, 2]\n[3, 4]\n",
        ] {
            assert_eq!(rows(sample, false), None, "{sample}");
        }
    }
}
