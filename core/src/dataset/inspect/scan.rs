//! The first pass over a file: what is in it, in memory that does not grow with the file.

use crate::dataset::formats::decode::{Decoder, check_is_text, encoding_from_mark};
use crate::dataset::formats::reader::{Row, Rows};
use crate::dataset::formats::record::Cells;
use crate::dataset::formats::text;
use crate::dataset::inspect::cell_kind::{Shape, shape};
use crate::dataset::inspect::columns::ColumnStats;
use crate::dataset::inspect::guess::guess;
use crate::dataset::inspect::sniff;
use crate::dataset::inspect::sniff::sniff;
use crate::dataset::layout::{Encoding, Format};
use crate::dataset::mapping::Mapping;
use crate::dataset::phrases::{count, excerpt, names, thousands};
use crate::dataset::skipped::SkippedRows;
use crate::dataset::source::SourceInfo;
use crate::diagnostic::Diagnostic;
use crate::limits::{MAX_CELL_BYTES, MAX_COLUMNS, PREVIEW_ROWS, SNIFF_BYTES};

/// What the person says of a file; the rest is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// How its text is written.
    pub encoding: Option<Encoding>,
    /// Whether the first line names the columns.
    pub has_header: Option<bool>,
}

/// Reads a file once, in chunks of any size, and tells what is in it.
pub struct Scanner {
    source: SourceInfo,
    hints: Hints,
    /// The beginning of the file, until there is enough to judge by.
    head: Vec<u8>,
    body: Option<BaseModel>,
}

struct BaseModel {
    decoder: Decoder,
    rows: Rows,
    text: String,
    found: Found,
}

/// What the rows have told so far.
#[derive(Default)]
struct Found {
    rows: u32,
    preview: Vec<Vec<String>>,
    stats: ColumnStats,
    skipped: SkippedRows,
    cut_cells: usize,
    open_quotes: usize,
    first_open_quote: u32,
    /// Whether all cells of the first row are nested JSON of no known shape.
    is_first_nested: bool,
}

impl Scanner {
    /// A scanner for a file of this name and size.
    pub fn new(name: &str, total_bytes: f64, hints: Hints) -> Self {
        let source = SourceInfo {
            name: name.to_owned(),
            bytes: total_bytes,
            format: Format::Delimited,
            encoding: Encoding::Utf8,
            delimiter: None,
            multiline: false,
            has_header: false,
            columns: Vec::new(),
            rows: 0,
            preview: Vec::new(),
            guess: Mapping::Corpus { text: 0 },
            why: String::new(),
            guesses: Vec::new(),
            warnings: Vec::new(),
        };
        Self { source, hints, head: Vec::new(), body: None }
    }

    /// Reads the next chunk.
    ///
    /// # Errors
    /// What shows that the file is no table that can be read; the scanner is of no use afterwards.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), Diagnostic> {
        if let Some(body) = &mut self.body {
            return body.push(chunk, false);
        }
        let (head, rest) = chunk.split_at(chunk.len().min(SNIFF_BYTES - self.head.len()));
        self.head.extend_from_slice(head);
        if self.head.len() < SNIFF_BYTES {
            return Ok(());
        }
        self.begin(false)?.push(rest, false)
    }

    /// Tells what was found.
    ///
    /// # Errors
    /// As [`Scanner::push`], and where there is nothing to learn from.
    pub fn finish(mut self) -> Result<SourceInfo, Diagnostic> {
        if self.body.is_none() {
            self.begin(true)?;
        }
        let Some(mut body) = self.body else { return Err(empty()) };
        body.decoder.finish()?;
        body.push(&[], true)?;
        let BaseModel { rows, found, .. } = body;
        let mut source = self.source;
        if matches!(source.format, Format::JsonLines | Format::JsonArray | Format::JsonColumns) {
            source.columns = rows.keys().to_vec();
        }
        found.check(&source)?;
        source.rows = found.rows;
        let guesses = guess(&source, &found.stats);
        if let Some((best, why)) = guesses.first() {
            (source.guess, source.why) = (best.clone(), why.clone());
        }
        source.guesses = guesses.into_iter().map(|(mapping, _)| mapping).collect();
        source.warnings.extend(found.warnings(source.format));
        source.preview = found.preview;
        for row in &mut source.preview {
            row.resize(source.columns.len(), String::new());
        }
        Ok(source)
    }

    /// Judges the file by its head and reads that.
    fn begin(&mut self, is_whole: bool) -> Result<&mut BaseModel, Diagnostic> {
        let head = std::mem::take(&mut self.head);
        check_is_text(&head)?;
        self.source.encoding = self.hints.encoding.unwrap_or_else(|| encoding_from_mark(&head));
        let mut decoder = Decoder::new(self.source.encoding);
        let mut text = String::new();
        decoder.push(&head, &mut text)?;
        if text.trim().is_empty() {
            return Err(empty());
        }
        let layout = sniff(&self.source.name, &text, is_whole, self.hints.has_header)?;
        self.source.format = layout.format;
        self.source.has_header = layout.has_header;
        self.source.columns = layout.columns;
        if let Some(dialect) = layout.dialect {
            self.source.delimiter = Some(char::from(dialect.delimiter));
            self.source.multiline = dialect.multiline;
        } else if layout.format == Format::Text {
            self.source.multiline = text::has_paragraphs(&text);
        }
        if !layout.repeated_names.is_empty() {
            let what = format!("More than one column is called {}.", names(&layout.repeated_names));
            self.source.warnings.push(Diagnostic::new("data.same-columns", what).done("They were numbered."));
        }
        let rows = Rows::new(&self.source);
        let body = self.body.insert(BaseModel { decoder, rows, text, found: Found::default() });
        body.read(false)?;
        Ok(body)
    }
}

impl BaseModel {
    fn push(&mut self, chunk: &[u8], is_end: bool) -> Result<(), Diagnostic> {
        self.text.clear();
        self.decoder.push(chunk, &mut self.text)?;
        self.read(is_end)
    }

    fn read(&mut self, is_end: bool) -> Result<(), Diagnostic> {
        let found = &mut self.found;
        self.rows.push(&self.text, is_end, &mut |row| {
            found.add(row);
            Ok(())
        })?;
        if self.rows.keys().len() > MAX_COLUMNS {
            let what = format!("The objects have more than {} different keys.", thousands(MAX_COLUMNS));
            return Err(Diagnostic::new("data.too-many-columns", what)
                .done("The file was not read.")
                .remedy("Give every object the same few keys, among them one for the text and one for the label."));
        }
        Ok(())
    }
}

impl Found {
    fn add(&mut self, row: Row) {
        let cells = match row.cells {
            Ok(cells) => cells,
            Err(reason) => return self.skipped.add(row.line, reason),
        };
        if self.rows == 0 {
            let is_nested =
                |cell: &str| cell.starts_with(['[', '{']) && shape(cell).is_none_or(|it| it == Shape::Plain);
            self.is_first_nested = cells.iter().all(is_nested);
        }
        self.rows += 1;
        self.stats.add(cells);
        self.cut_cells += cells.cut;
        if cells.has_open_quote {
            if self.open_quotes == 0 {
                self.first_open_quote = row.line;
            }
            self.open_quotes += 1;
        }
        if self.preview.len() < PREVIEW_ROWS {
            self.preview.push(preview(cells));
        }
    }

    /// Refuses what holds nothing to learn from.
    fn check(&self, source: &SourceInfo) -> Result<(), Diagnostic> {
        if source.format == Format::JsonLines && self.rows == 1 && self.is_first_nested {
            return Err(sniff::json_shape());
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
            .remedy("Compare that line with what your program should have written.")),
            None if source.has_header => {
                Err(Diagnostic::new("data.header-only", "The file names its columns and has no rows.")
                    .done("The file was not used.")
                    .remedy("Add rows. If its first line is one, say that there is no header."))
            }
            None => Err(empty()),
        }
    }

    fn warnings(&self, format: Format) -> Vec<Diagnostic> {
        let mut warnings = Vec::new();
        if let Some(row) = self.skipped.first.first() {
            let what = format!(
                "{} cannot be read. The first, line {}: {}.",
                count(self.skipped.rows, "row"),
                row.line,
                row.reason
            );
            warnings.push(
                Diagnostic::new("data.bad-rows", what)
                    .done(format!("Left out; {} kept.", count(self.rows as usize, "row")))
                    .remedy(match format {
                        Format::Delimited => "If texts hold the character between cells, put them in double quotes.",
                        Format::JsonLines => "Each line must be one JSON object.",
                        Format::JsonArray => "Each element of the array must be one JSON object.",
                        Format::JsonColumns => "Each member must be an array, and all of the same length.",
                        Format::Squad => "Each paragraph must have a context and qas, as SQuAD's files have.",
                        Format::Conll => "Each line must be a word and its tag, as many columns as the first has.",
                        Format::Text => "",
                    }),
            );
        }
        if self.open_quotes > 0 {
            let more = match self.open_quotes - 1 {
                0 => String::new(),
                more => format!(", and the same on {}", count(more, "more line")),
            };
            let what = format!("A quote opens on line {} and does not close{more}.", self.first_open_quote);
            warnings.push(
                Diagnostic::new("data.unclosed-quote", what)
                    .done("It was read as an ordinary character, and each line as a row.")
                    .remedy("Close the quote, or write it twice where it belongs to the text."),
            );
        }
        if self.cut_cells > 0 {
            let verb = if self.cut_cells == 1 { "is" } else { "are" };
            let what = format!("{} {verb} longer than {} MB.", count(self.cut_cells, "cell"), MAX_CELL_BYTES >> 20);
            warnings.push(Diagnostic::new("data.long-cells", what).done("Only the beginning was kept."));
        }
        warnings
    }
}

fn preview(cells: &Cells) -> Vec<String> {
    cells.iter().map(|cell| excerpt(cell, 200)).collect()
}

fn empty() -> Diagnostic {
    Diagnostic::new("data.empty", "The file is empty.")
        .done("Nothing was read.")
        .remedy("Choose a file with a text and a label in each row.")
}
