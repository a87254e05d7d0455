//! Prompt templates: text with column names in braces.

use crate::dataset::formats::record::Record;
use crate::diagnostic::Diagnostic;
use crate::phrases::{excerpt, names};

/// A parsed template.
#[derive(Debug)]
pub(crate) struct Template {
    /// The parts of the template between blank lines.
    paragraphs: Vec<Vec<Fragment>>,
}

#[derive(Debug)]
enum Fragment {
    Text(String),
    Column(u32),
}

/// A template with one column and a line break.
pub(crate) fn of_column(name: &str) -> String {
    format!("{{{name}}}\n")
}

impl Template {
    /// Parses a template. A literal brace is doubled.
    ///
    /// # Errors
    /// `data.template` if a brace has no partner, a column does not exist, or the template names no column.
    pub(crate) fn parse(template: &str, columns: &[String]) -> Result<Self, Diagnostic> {
        let mut paragraphs = Vec::new();
        for paragraph in template.split("\n\n") {
            paragraphs.push(fragments(paragraph, columns)?);
        }
        let parsed = Self { paragraphs };
        if parsed.columns().is_empty() {
            return Err(invalid("The prompt contains no column, so it would be the same for every row.", columns));
        }
        Ok(parsed)
    }

    /// Indices of the columns in the template, without duplicates.
    pub(crate) fn columns(&self) -> Vec<u32> {
        let mut columns = Vec::new();
        for fragment in self.paragraphs.iter().flatten() {
            if let Fragment::Column(column) = fragment
                && !columns.contains(column)
            {
                columns.push(*column);
            }
        }
        columns
    }

    /// The prompt for a record. None if all its columns are empty. A paragraph whose columns are all empty is left out.
    pub(crate) fn fill(&self, record: &Record) -> Option<String> {
        let cell = |fragment: &Fragment| match fragment {
            Fragment::Column(column) => Some(record.get(*column as usize).trim().to_owned()),
            Fragment::Text(_) => None,
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
            for fragment in paragraph {
                match fragment {
                    Fragment::Text(text) => prompt.push_str(text),
                    Fragment::Column(column) => prompt.push_str(record.get(*column as usize).trim()),
                }
            }
        }
        has_filled.then_some(prompt)
    }
}

fn fragments(paragraph: &str, columns: &[String]) -> Result<Vec<Fragment>, Diagnostic> {
    let mut fragments = Vec::new();
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
            return Err(invalid(
                format!("A brace in the prompt has no partner, before “{}”.", excerpt(rest.trim(), 20)),
                columns,
            ));
        };
        let Some(column) = columns.iter().position(|column| column == name) else {
            return Err(invalid(format!("The prompt contains an unknown column, {}.", names(&[name])), columns));
        };
        fragments.push(Fragment::Text(std::mem::take(&mut text)));
        fragments.push(Fragment::Column(column as u32));
        rest = after;
    }
    text.push_str(rest);
    fragments.push(Fragment::Text(text));
    Ok(fragments)
}

fn invalid(what: impl Into<String>, columns: &[String]) -> Diagnostic {
    Diagnostic::new("data.template", what).done("The file was not read again.").remedy(format!(
        "Write column names in braces, and double a literal brace. The columns are {}.",
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
    fn cells_replace_column_names() {
        assert_eq!(fill("{{{a}}}: {b c}\n", &[" x ", "{a}"]).as_deref(), Some("{x}: {a}\n"));
        assert_eq!(fill("{a}", &["", "y"]), None);
    }

    #[test]
    fn paragraphs_without_filled_cells_are_left_out() {
        let template = "Do this:\n{a}\n\nInput:\n{b c}\n\nAnswer:\n";
        assert_eq!(fill(template, &["x", "y"]).as_deref(), Some("Do this:\nx\n\nInput:\ny\n\nAnswer:\n"));
        assert_eq!(fill(template, &["x", " "]).as_deref(), Some("Do this:\nx\n\nAnswer:\n"));
        assert_eq!(fill("{a}\n\n{b c}", &["", "y"]).as_deref(), Some("y"));
    }

    #[test]
    fn template_errors_show_the_place_and_the_columns() {
        let columns = ["a".to_owned()];
        for (template, what) in [("{a} {oops", "oops"), ("{a} } x", "x"), ("{A}", "\"A\"")] {
            let diagnostic = Template::parse(template, &columns).unwrap_err();
            assert!(diagnostic.what.contains(what) && diagnostic.remedy.contains("\"a\""), "{diagnostic}");
        }
    }
}
