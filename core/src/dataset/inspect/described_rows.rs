//! Rows below a header that belong to it: survey tools describe the columns there, and Markdown draws a line.

use crate::diagnostic::Diagnostic;
use crate::phrases::{count, excerpt};

/// Beginning of the cells by which Qualtrics recognizes a column when the file is imported again.
const IMPORT_ID: &str = "{\"ImportId\"";
/// Cells below a question in SurveyMonkey's files, next to the options that can be ticked.
const RESPONSES: [&str; 2] = ["Response", "Open-Ended Response"];
/// Names of the first columns of SurveyMonkey's files.
const RESPONDENT_IDS: [&str; 2] = ["Respondent ID", "RespondentID"];

/// The number of rows below the header that belong to it: two in the files of Qualtrics, with the questions and the ids of
/// the columns; one in those of SurveyMonkey, with the options of each question, and one with a line in Markdown.
pub(crate) fn described_rows(rows: &[Vec<String>]) -> usize {
    let is_import_ids =
        |row: &Vec<String>| !row.is_empty() && row.iter().all(|cell| cell.trim().starts_with(IMPORT_ID));
    if let Some(at) = rows.iter().take(3).position(is_import_ids) {
        return at;
    }
    match rows {
        [header, options, ..] => {
            let is_survey = header.first().is_some_and(|name| RESPONDENT_IDS.contains(&name.trim()));
            let has_response = options.iter().any(|cell| RESPONSES.contains(&cell.trim()));
            let is_described = is_survey && has_response && options.first().is_some_and(|cell| cell.trim().is_empty());
            usize::from(is_described || is_line(options))
        }
        _ => 0,
    }
}

/// Returns true if a row is the line below the header of a table in Markdown: `| --- | :---: |`.
fn is_line(row: &[String]) -> bool {
    let is_dashes =
        |cell: &str| cell.trim_matches(':').len() > 1 && cell.trim_matches(':').bytes().all(|it| it == b'-');
    let mut cells = row.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).peekable();
    cells.peek().is_some() && cells.all(is_dashes)
}

/// Says that these rows were skipped.
pub(crate) fn described_warning(rows: &[Vec<String>]) -> Diagnostic {
    let first = rows.iter().flatten().map(|cell| cell.trim()).find(|cell| !cell.is_empty()).unwrap_or_default();
    let verb = if rows.len() == 1 { "belongs" } else { "belong" };
    let rows = count(rows.len(), "row");
    let what = format!("{rows} below the header {verb} to it. First: “{}”.", excerpt(first, 60));
    Diagnostic::new("data.described-columns", what)
        .done("Skipped.")
        .remedy("To read them as rows, say that there is no header.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&[&str]]) -> usize {
        described_rows(&rows.iter().map(|row| row.iter().map(|it| it.to_string()).collect()).collect::<Vec<_>>())
    }

    #[test]
    fn rows_that_describe_the_columns_are_counted() {
        let ids = [r#"{"ImportId":"startDate"}"#, r#"{"ImportId":"QID1_TEXT"}"#];
        assert_eq!(rows(&[&["StartDate", "Q1"], &["Start Date", "How was it?"], &ids, &["2024-01-02", "good"]]), 2);
        assert_eq!(rows(&[&["StartDate", "Q1"], &ids, &["2024-01-02", "good"]]), 1);
        assert_eq!(rows(&[&["Respondent ID", "How was it?"], &["", "Open-Ended Response"], &["1", "good"]]), 1);
        assert_eq!(rows(&[&["Respondent ID", "How was it?"], &["1", "Response"], &["2", "good"]]), 0);
        assert_eq!(rows(&[&["text", "label"], &["so good", "Response"]]), 0);
        assert_eq!(rows(&[&["", "text", "label", ""], &["", ":---", "-----", ""], &["", "so good", "pos", ""]]), 1);
        assert_eq!(rows(&[&["text", "label"], &["--", "pos"], &["", ""]]), 0);
        assert_eq!(rows(&[&["text"]]), 0);
    }
}
