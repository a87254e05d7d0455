//! Prompts: text with the names of columns in braces.

use crate::dataset::formats::record::Record;
use crate::dataset::phrases::names;
use crate::diagnostic::Diagnostic;

/// A prompt's template, its columns found.
#[derive(Debug)]
pub(super) struct Template {
    /// Apart by blank lines.
    paragraphs: Vec<Vec<Piece>>,
}

#[derive(Debug)]
enum Piece {
    Text(String),
    Column(u32),
}

impl Template {
    /// Reads a template; a brace that is meant is written twice.
    ///
    /// # Errors
    /// `data.template` where a brace does not close, a column does not exist, or none is named.
    pub(super) fn parse(template: &str, columns: &[String]) -> Result<Self, Diagnostic> {
        let mut paragraphs = Vec::new();
        for paragraph in template.split("\n\n") {
            paragraphs.push(pieces(paragraph, columns)?);
        }
        let parsed = Self { paragraphs };
        if parsed.columns().is_empty() {
            return Err(refused("The prompt names no column, so that it would be the same for every row.", columns));
        }
        Ok(parsed)
    }

    /// Indices of the columns that are named, each once.
    pub(super) fn columns(&self) -> Vec<u32> {
        let mut columns = Vec::new();
        for piece in self.paragraphs.iter().flatten() {
            if let Piece::Column(column) = piece
                && !columns.contains(column)
            {
                columns.push(*column);
            }
        }
        columns
    }

    /// The prompt of a row; none where all columns are empty.
    pub(super) fn fill(&self, record: &Record) -> Option<String> {
        let cell = |piece: &Piece| match piece {
            Piece::Column(column) => Some(record.get(*column as usize).trim().to_owned()),
            Piece::Text(_) => None,
        };
        let mut prompt = String::new();
        let (mut is_first, mut has_filled) = (true, false);
        for paragraph in &self.paragraphs {
            let mut columns = paragraph.iter().filter_map(cell).peekable();
            let has_columns = columns.peek().is_some();
            let is_filled = columns.any(|cell| !cell.is_empty());
            if has_columns && !is_filled {
                continue;
            }
            has_filled |= is_filled;
            if !std::mem::take(&mut is_first) {
                prompt.push_str("\n\n");
            }
            for piece in paragraph {
                match piece {
                    Piece::Text(text) => prompt.push_str(text),
                    Piece::Column(column) => prompt.push_str(record.get(*column as usize).trim()),
                }
            }
        }
        has_filled.then_some(prompt)
    }
}

fn pieces(paragraph: &str, columns: &[String]) -> Result<Vec<Piece>, Diagnostic> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = paragraph;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            text.push_str(brace);
            rest = after;
            continue;
        }
        let Some((name, after)) = rest.split_once('}').filter(|_| brace == "{") else {
            return Err(refused(format!("A brace in the prompt stands alone, before “{}”.", start(rest)), columns));
        };
        let Some(column) = columns.iter().position(|column| column == name) else {
            return Err(refused(
                format!("The prompt names a column that does not exist, {}.", names(&[name])),
                columns,
            ));
        };
        pieces.push(Piece::Text(std::mem::take(&mut text)));
        pieces.push(Piece::Column(column as u32));
        rest = after;
    }
    text.push_str(rest);
    pieces.push(Piece::Text(text));
    Ok(pieces)
}

/// The beginning of a text, to find a place by.
fn start(text: &str) -> String {
    crate::dataset::phrases::excerpt(text.trim(), 20)
}

fn refused(what: impl Into<String>, columns: &[String]) -> Diagnostic {
    Diagnostic::new("data.template", what).done("The file was not read again.").remedy(format!(
        "Write columns' names in braces, and a brace that is meant twice. The columns are {}.",
        names(columns)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(template: &str, cells: &[&str]) -> Option<String> {
        let columns = ["a".to_owned(), "b c".to_owned()];
        Template::parse(template, &columns).unwrap().fill(&Record::from_cells(cells))
    }

    #[test]
    fn cells_stand_where_their_columns_are_named() {
        assert_eq!(fill("{{{a}}}: {b c}\n", &[" x ", "{a}"]).as_deref(), Some("{x}: {a}\n"));
        assert_eq!(fill("{a}", &["", "y"]), None);
    }

    #[test]
    fn a_paragraph_without_its_cells_is_left_out() {
        let template = "Do this:\n{a}\n\nInput:\n{b c}\n\nAnswer:\n";
        assert_eq!(fill(template, &["x", "y"]).as_deref(), Some("Do this:\nx\n\nInput:\ny\n\nAnswer:\n"));
        assert_eq!(fill(template, &["x", " "]).as_deref(), Some("Do this:\nx\n\nAnswer:\n"));
        assert_eq!(fill("{a}\n\n{b c}", &["", "y"]).as_deref(), Some("y"));
    }

    #[test]
    fn a_bad_brace_is_named_with_its_place() {
        let columns = ["a".to_owned()];
        for (template, what) in [("{a} {oops", "oops"), ("{a} } x", "x"), ("{A}", "\"A\"")] {
            let diagnostic = Template::parse(template, &columns).unwrap_err();
            assert!(diagnostic.what.contains(what) && diagnostic.remedy.contains("\"a\""), "{diagnostic}");
        }
    }
}
