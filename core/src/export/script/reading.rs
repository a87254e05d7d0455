//! How Python reads the file of the rows.

use serde_json::json;

use crate::dataset::{Compression, Encoding, Format, Mapping, Quoting, Records};
use crate::diagnostic::Diagnostic;
use crate::phrases::names;

/// The reader of a file, in the words of the template.
pub(super) struct Reading {
    /// Name of the format.
    pub format: &'static str,
    /// True if the file is compressed with gzip.
    pub is_gzip: bool,
    /// Name of the encoding in Python.
    pub encoding: String,
    /// Arguments of `csv.reader` after the file.
    pub dialect: String,
    /// Lines before the table.
    pub skipped_lines: u32,
    /// True if the first row names the columns.
    pub has_header: bool,
    /// Names of the columns.
    pub columns: Vec<String>,
}

impl Reading {
    /// The reader of a file with these records, of which `mapping` uses some columns.
    ///
    /// # Errors
    /// `script.format` if the script has no reader for it.
    pub(super) fn of(records: &Records, mapping: &Mapping) -> Result<Self, Diagnostic> {
        let refused = |what: &str| {
            Err(Diagnostic::new("script.format", format!("train.py cannot read {what}."))
                .done("No script was written.")
                .remedy("Save the rows as CSV or JSON lines and open that file. Nothing else has to change."))
        };
        let Some(layout) = &records.layout else { return refused("this file") };
        if records.is_part {
            return refused("a part of a file, such as a sheet or a file in an archive");
        }
        if layout.quirks.described_rows > 0 {
            return refused("a table whose header has several rows");
        }
        if layout.quirks.rows_are_arrays {
            return refused("JSON whose rows are arrays");
        }
        let converted = mapping.converted(&layout.quirks, &layout.columns);
        if !converted.is_empty() {
            return refused(&format!("what Hone makes of these objects: {}", names(&converted)));
        }
        if layout.quirks.joins_messages {
            return refused("a table with a message in each row");
        }
        if records.compression == Some(Compression::Zstd) {
            return refused("a file compressed with Zstandard");
        }
        let format = match layout.format {
            Format::Delimited => "table",
            Format::JsonLines => "json_lines",
            Format::JsonArray => "json_array",
            Format::Squad => "squad",
            Format::Conll if layout.delimiter.is_none() => "conll",
            Format::Text if layout.columns.len() == 1 && layout.multiline => "paragraphs",
            Format::Text if layout.columns.len() == 1 => "lines",
            Format::Conll => return refused("a table with one word per row"),
            Format::JsonColumns => return refused("a JSON object with an array for each column"),
            Format::Text => return refused("lines with labels"),
            Format::Sheet => return refused("a spreadsheet"),
            Format::Folder => return refused("texts in files of their own"),
            Format::Document => return refused("a document"),
            Format::Parquet => return refused("Parquet"),
            Format::Translations => return refused("translations"),
        };
        let quotes = match layout.quirks.quoting {
            Quoting::Double => r#"quotechar='"'"#,
            Quoting::Backslash => r#"quotechar='"', doublequote=False, escapechar="\\""#,
            Quoting::Single => r#"quotechar="'""#,
            Quoting::Never => "quoting=csv.QUOTE_NONE",
        };
        Ok(Self {
            format,
            is_gzip: records.compression == Some(Compression::Gzip),
            encoding: python_name(layout.encoding),
            dialect: format!("delimiter={}, {quotes}", json!(layout.delimiter.unwrap_or(','))),
            skipped_lines: layout.quirks.skipped_lines,
            has_header: layout.has_header,
            columns: layout.columns.clone(),
        })
    }
}

/// Python's name of an encoding.
fn python_name(encoding: Encoding) -> String {
    match encoding.name() {
        "UTF-8" => "utf-8-sig",
        "UTF-16LE" | "UTF-16BE" => "utf-16",
        "IBM866" => "cp866",
        "ISO-8859-8-I" => "iso-8859-8",
        "Shift_JIS" => "cp932",
        "EUC-KR" => "cp949",
        "macintosh" => "mac-roman",
        "x-mac-cyrillic" => "mac-cyrillic",
        "windows-874" => "cp874",
        other => other,
    }
    .to_owned()
}
