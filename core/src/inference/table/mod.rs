//! Tables with predictions, as files.

#[cfg(feature = "engine")]
mod workbook;
#[cfg(feature = "engine")]
mod writer;

use serde::{Deserialize, Serialize};

#[cfg(feature = "engine")]
pub use writer::TableWriter;

/// Format of a file of predictions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableFormat {
    /// Comma-separated values, quoted as in RFC 4180.
    #[default]
    Csv,
    /// A JSON object on each line.
    JsonLines,
    /// A spreadsheet for Excel and LibreOffice, of one sheet.
    Xlsx,
}

impl TableFormat {
    /// All formats.
    pub const ALL: [Self; 3] = [Self::Csv, Self::JsonLines, Self::Xlsx];

    /// Ending of the file's name.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
            Self::Xlsx => "xlsx",
        }
    }

    /// Name of the format, for a person.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::JsonLines => "JSON Lines",
            Self::Xlsx => "Excel (.xlsx)",
        }
    }

    /// Media type of the file.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::JsonLines => "application/jsonl",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// Checks that the rows fit into a file of this format, before they are predicted.
    ///
    /// # Errors
    /// `InvalidData` if they do not fit into a spreadsheet.
    #[cfg(feature = "engine")]
    pub fn check(self, rows: &[Vec<String>]) -> std::io::Result<()> {
        if self == Self::Xlsx { workbook::check(rows) } else { Ok(()) }
    }

    /// The format of a file with this ending; CSV if it is none of a table.
    pub fn of_ending(ending: &str) -> Self {
        let is_its = |format: &Self| format.ending().eq_ignore_ascii_case(ending);
        Self::ALL.into_iter().find(is_its).unwrap_or_default()
    }
}
