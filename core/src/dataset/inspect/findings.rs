//! Statistics, preview and warnings gathered during the first pass.

use crate::dataset::formats::reader::{HEADER_AGAIN, ParsedRecord};
use crate::dataset::formats::record::Record;
use crate::dataset::inspect::cell_kind::{CellKind, cell_kind};
use crate::dataset::inspect::columns::ColumnStats;
use crate::dataset::inspect::sniff::json_shape;
use crate::dataset::layout::Format;
use crate::dataset::skipped::SkippedRows;
use crate::diagnostic::Diagnostic;
use crate::limits::{MAX_CELL_BYTES, PREVIEW_CHARS, PREVIEW_ROWS};
use crate::phrases::{count, excerpt};

/// Statistics of the records read so far.
#[derive(Default)]
pub(crate) struct Findings {
    /// Records that can be read.
    pub rows: u32,
    pub preview: Vec<Vec<String>>,
    pub stats: ColumnStats,
    skipped: SkippedRows,
    truncated_cells: usize,
    open_quotes: usize,
    first_open_quote: u32,
    /// True if every cell of the first row is nested JSON of no known kind.
    is_first_nested: bool,
}

impl Findings {
    /// No statistics yet. The user may have set the character between the labels of a cell.
    pub(crate) fn new(label_separator: Option<char>) -> Self {
        Self { stats: ColumnStats::new(label_separator), ..Self::default() }
    }

    pub(crate) fn add(&mut self, ParsedRecord { line, record }: ParsedRecord) {
        let record = match record {
            Ok(record) => record,
            Err(reason) => return self.skipped.add(line, reason),
        };
        if self.rows == 0 {
            let is_nested = |cell: &str| {
                cell.starts_with(['[', '{']) && cell_kind(cell).is_none_or(|kind| kind == CellKind::Nested)
            };
            self.is_first_nested = record.iter().all(is_nested);
        }
        self.rows += 1;
        self.stats.add(record);
        self.truncated_cells += record.truncated_cells;
        if record.has_open_quote {
            if self.open_quotes == 0 {
                self.first_open_quote = line;
            }
            self.open_quotes += 1;
        }
        if self.preview.len() < PREVIEW_ROWS {
            self.preview.push(preview(record));
        }
    }

    /// Rejects a file with nothing to train on.
    ///
    /// # Errors
    /// `data.json-shape`, `data.no-rows`, `data.header-only` and `data.empty`.
    pub(crate) fn check(&self, format: Format, has_header: bool) -> Result<(), Diagnostic> {
        if format == Format::JsonLines && self.rows == 1 && self.is_first_nested {
            return Err(json_shape());
        }
        if self.rows > 0 {
            return Ok(());
        }
        match self.skipped.first.first() {
            Some(row) => Err(Diagnostic::new(
                "data.no-rows",
                format!("No row could be read. Line {}: {}.", row.line, row.reason),
            )
            .done("The file was not used.")
            .remedy("Compare this line with the format that you meant to write.")),
            None if has_header => Err(Diagnostic::new("data.header-only", "The file has a header but no rows.")
                .done("The file was not used.")
                .remedy("Add rows. If the first line is a row, turn off the header.")),
            None => Err(empty_file()),
        }
    }

    pub(crate) fn warnings(&self, format: Format) -> Vec<Diagnostic> {
        let mut warnings = Vec::new();
        if let Some(row) = self.skipped.first.first() {
            let rows = count(self.skipped.rows, "row");
            let what = format!("{rows} could not be read. First, line {}: {}.", row.line, row.reason);
            let kept = count(self.rows as usize, "row");
            warnings.push(Diagnostic::new("data.bad-rows", what).done(format!("Skipped; {kept} kept.")).remedy(
                match format {
                    _ if row.reason == HEADER_AGAIN => "",
                    Format::Delimited => "If a text contains the delimiter, put the text in double quotes.",
                    Format::JsonLines => {
                        "Each line must be one JSON object, or each an array with as many cells as the first."
                    }
                    Format::JsonArray => "Each row must be a JSON object.",
                    Format::JsonColumns => "Each member must be an array, and all arrays must have the same length.",
                    Format::Squad => "Each paragraph must have a context and qas, as in SQuAD.",
                    Format::Conll => "Each line must have a word and a tag, and as many columns as the first line.",
                    Format::Text
                    | Format::Sheet
                    | Format::Folder
                    | Format::Document
                    | Format::Parquet
                    | Format::Translations => "",
                },
            ));
        }
        if self.open_quotes > 0 {
            let more = match self.open_quotes - 1 {
                0 => String::new(),
                more => format!(", and neither are those on {}", count(more, "other line")),
            };
            let what = format!("The quote that opens on line {} is never closed{more}.", self.first_open_quote);
            warnings.push(
                Diagnostic::new("data.unclosed-quote", what)
                    .done("It was read as an ordinary character, and each line as one row.")
                    .remedy("Close the quote, or double it if it is part of the text."),
            );
        }
        if self.truncated_cells > 0 {
            let verb = if self.truncated_cells == 1 { "is" } else { "are" };
            let cells = count(self.truncated_cells, "cell");
            let what = format!("{cells} {verb} longer than {} MB.", MAX_CELL_BYTES >> 20);
            warnings.push(Diagnostic::new("data.long-cells", what).done("Only the beginning was kept."));
        }
        warnings
    }
}

fn preview(record: &Record) -> Vec<String> {
    record.iter().map(|cell| excerpt(cell, PREVIEW_CHARS)).collect()
}

pub(crate) fn empty_file() -> Diagnostic {
    Diagnostic::new("data.empty", "The file is empty.")
        .done("Nothing was read.")
        .remedy("Choose a file with a text and a label in each row.")
}
