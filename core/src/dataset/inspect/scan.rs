//! The first pass over a file. Its memory use does not grow with the file.

use crate::dataset::formats::decode::{Decoder, ends_in_cr};
use crate::dataset::formats::detect::{Detected, detect};
use crate::dataset::formats::json::has_rows_on_one_line;
use crate::dataset::formats::not_text::{check_ending, check_is_text};
use crate::dataset::formats::reader::RecordReader;
use crate::dataset::formats::{text, threads};
use crate::dataset::inspect::findings::{Findings, empty_file};
use crate::dataset::inspect::offers::offers;
use crate::dataset::inspect::sniff::{Sniffed, sniff};
use crate::dataset::inspect::table::sheet_table;
use crate::dataset::inspect::unused::{only_nested, takes_ids_for_texts, unused_columns};
use crate::dataset::layout::{Encoding, FileLayout, Format, Hints, Quirks};
use crate::dataset::source::{Content, ContentKind, SourceInfo};
use crate::diagnostic::Diagnostic;
use crate::limits::{MAX_COLUMNS, SNIFF_BYTES};
use crate::phrases::{count, excerpt, thousands};

/// Reads a file once, in chunks of any size, and reports what it contains.
pub struct Scanner {
    name: String,
    content: Content,
    bytes: f64,
    hints: Hints,
    state: ScanState,
}

enum ScanState {
    /// The beginning of the file, until there is enough of it to detect the layout.
    Head(Vec<u8>),
    Reading(Box<RecordScan>),
}

impl Scanner {
    /// A scanner for a file with this name and size.
    pub fn new(name: &str, total_bytes: f64, hints: Hints) -> Self {
        let content = Content { name: name.to_owned(), ..Content::default() };
        Self::of_content(name, content, total_bytes, hints)
    }

    /// A scanner for the content of a file that is unpacked while it is read.
    pub(crate) fn of_content(name: &str, content: Content, total_bytes: f64, hints: Hints) -> Self {
        Self { name: name.to_owned(), content, bytes: total_bytes, hints, state: ScanState::Head(Vec::new()) }
    }

    /// Reads the next chunk.
    ///
    /// # Errors
    /// The reason why the file cannot be read. The scanner cannot be used afterwards.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), Diagnostic> {
        let (head, rest) = match &mut self.state {
            ScanState::Reading(scan) => return scan.push(chunk, false),
            ScanState::Head(head) => {
                let (missing, rest) = chunk.split_at(chunk.len().min(SNIFF_BYTES - head.len()));
                head.extend_from_slice(missing);
                if head.len() < SNIFF_BYTES {
                    return Ok(());
                }
                (std::mem::take(head), rest)
            }
        };
        let mut scan = RecordScan::begin(&self.content, &head, false, &self.hints)?;
        scan.push(rest, false)?;
        self.state = ScanState::Reading(Box::new(scan));
        Ok(())
    }

    /// Returns what was found.
    ///
    /// # Errors
    /// As [`Scanner::push`], and if there is nothing to train on.
    pub fn finish(self) -> Result<SourceInfo, Diagnostic> {
        let mut scan = match self.state {
            ScanState::Head(head) => RecordScan::begin(&self.content, &head, true, &self.hints)?,
            ScanState::Reading(scan) => *scan,
        };
        scan.push(&[], true)?;
        let RecordScan { mut layout, reader, findings, mut warnings, .. } = scan;
        let is_json = matches!(
            layout.format,
            Format::JsonLines | Format::JsonArray | Format::JsonColumns | Format::Parquet | Format::Translations
        );
        let columns = if layout.quirks.joins_messages {
            vec![threads::COLUMN.to_owned()]
        } else if is_json {
            reader.keys().to_vec()
        } else {
            layout.columns
        };
        layout.quirks.converted = reader.converted().to_vec();
        warnings.extend(other_branches(reader.unused_messages()));
        findings.check(layout.format, layout.has_header)?;
        let offers = offers(layout.format, &columns, &findings.stats);
        let takes_ids = |mapping| takes_ids_for_texts(&columns, mapping, &findings.stats);
        let has_no_texts = offers.first().is_none_or(|offer| !offer.fits || takes_ids(&offer.mapping));
        if let Some(error) = only_nested(&columns, &findings.stats).filter(|_| has_no_texts) {
            return Err(error);
        }
        warnings.extend(findings.warnings(layout.format));
        if let Some(offer) = offers.first() {
            warnings.extend(unused_columns(&columns, &offer.mapping, &findings.stats));
        }
        let mut preview = findings.preview;
        preview.iter_mut().for_each(|row| row.resize(columns.len(), String::new()));
        Ok(SourceInfo {
            name: self.name,
            bytes: self.bytes,
            format: layout.format,
            compression: self.content.compression,
            parts: self.content.parts,
            holds_validation: self.content.holds_validation,
            holds_test: self.content.holds_test,
            encoding: layout.encoding,
            delimiter: layout.delimiter,
            multiline: layout.multiline,
            has_header: layout.has_header,
            quirks: layout.quirks,
            hints: self.hints,
            columns,
            rows: findings.rows,
            preview,
            offers,
            warnings,
        })
    }
}

/// The scan of a file whose layout is known.
struct RecordScan {
    layout: FileLayout,
    decoder: Decoder,
    /// Bytes from the first one on that is not ASCII, until there are enough of them to detect the encoding. None once it
    /// is known.
    undecided: Option<Vec<u8>>,
    reader: RecordReader,
    text: String,
    findings: Findings,
    /// Warnings about the layout.
    warnings: Vec<Diagnostic>,
}

impl RecordScan {
    /// Detects the layout from the head of the file, and reads the head.
    fn begin(content: &Content, head: &[u8], is_whole: bool, hints: &Hints) -> Result<Self, Diagnostic> {
        let is_text = content.kind == ContentKind::Text;
        if is_text {
            check_is_text(head)?;
            check_ending(&content.name)?;
        }
        let detected = match hints.encoding {
            // What Hone itself wrote is UTF-8.
            _ if !is_text => Detected { encoding: Encoding::UTF_8, is_guess: false },
            Some(encoding) => Detected { encoding, is_guess: false },
            None => detect(head, is_whole),
        };
        let encoding = detected.encoding;
        let is_undecided = is_text && hints.encoding.is_none() && !is_whole && head.is_ascii() && !detected.is_guess;
        let mut decoder = Decoder::new(encoding, false);
        let mut text = String::new();
        decoder.push(head, &mut text)?;
        let ends_in_cr = is_text && ends_in_cr(&text);
        if ends_in_cr {
            decoder = Decoder::new(encoding, true);
            text.clear();
            decoder.push(head, &mut text)?;
        }
        if text.trim().is_empty() {
            return Err(empty_file());
        }
        let sniffed = match content.kind {
            ContentKind::Text => sniff(&content.name, &text, is_whole, hints)?,
            ContentKind::Folder => Sniffed::folder(),
            ContentKind::Document => Sniffed::document(),
            ContentKind::Parquet => Sniffed::objects(Format::Parquet),
            ContentKind::Translations => Sniffed::objects(Format::Translations),
            ContentKind::Sheet => Sniffed::sheet(sheet_table(&text, is_whole, hints.has_header)?),
        };
        let mut layout = FileLayout {
            format: sniffed.format,
            encoding,
            delimiter: sniffed
                .dialect
                .filter(|_| sniffed.format != Format::Sheet)
                .map(|dialect| char::from(dialect.delimiter)),
            multiline: match sniffed.dialect {
                Some(dialect) => dialect.multiline,
                None => sniffed.format == Format::Text && sniffed.is_running_text() && text::has_paragraphs(&text),
            },
            has_header: sniffed.has_header,
            quirks: Quirks {
                ends_in_cr,
                quoting: sniffed.dialect.map(|dialect| dialect.quoting).unwrap_or_default(),
                skipped_lines: sniffed.skipped_lines,
                described_rows: sniffed.described_rows,
                numbers_rows: match sniffed.format {
                    Format::JsonArray => has_rows_on_one_line(&text),
                    other => other == Format::JsonColumns,
                },
                joins_messages: false,
                converted: Vec::new(),
                // The keys of objects are not known yet.
                rows_are_arrays: matches!(sniffed.format, Format::JsonLines | Format::JsonArray)
                    && !sniffed.columns.is_empty(),
            },
            columns: sniffed.columns,
        };
        let mut warnings = sniffed.warnings;
        if detected.is_guess {
            warnings.push(guess_warning(encoding, &text, 0));
        }
        layout.quirks.joins_messages = has_messages(&layout, &text);
        let reader = RecordReader::new(layout.clone());
        let undecided = is_undecided.then(Vec::new);
        let findings = Findings::new(hints.label_separator);
        let mut scan = Self { layout, decoder, undecided, reader, text, findings, warnings };
        scan.read(false)?;
        Ok(scan)
    }

    fn push(&mut self, chunk: &[u8], is_end: bool) -> Result<(), Diagnostic> {
        let Some(undecided) = &mut self.undecided else { return self.decode(chunk, is_end) };
        let is_ascii_so_far = undecided.is_empty();
        let ascii =
            if is_ascii_so_far { chunk.iter().position(|byte| !byte.is_ascii()).unwrap_or(chunk.len()) } else { 0 };
        let (chunk, rest) = chunk.split_at(ascii);
        undecided.extend_from_slice(rest);
        if undecided.is_empty() || (undecided.len() < SNIFF_BYTES && !is_end) {
            return self.decode(chunk, is_end);
        }
        let rest = std::mem::take(undecided);
        self.undecided = None;
        self.decode(chunk, false)?;
        let Detected { encoding, is_guess } = detect(&rest, is_end);
        self.layout.encoding = encoding;
        self.decoder.switch_to(encoding);
        let line = self.decoder.lines();
        self.decode(&rest, is_end)?;
        if is_guess {
            self.warnings.push(guess_warning(encoding, &self.text, line));
        }
        Ok(())
    }

    fn decode(&mut self, chunk: &[u8], is_end: bool) -> Result<(), Diagnostic> {
        self.text.clear();
        self.decoder.push(chunk, &mut self.text)?;
        if is_end {
            self.decoder.finish()?;
        }
        self.read(is_end)
    }

    /// Reads the records that `text` completes.
    fn read(&mut self, is_end: bool) -> Result<(), Diagnostic> {
        let findings = &mut self.findings;
        self.reader.push(&self.text, is_end, &mut |record| {
            findings.add(record);
            Ok(())
        })?;
        if self.reader.keys().len() > MAX_COLUMNS {
            let what = format!("The objects have more than {} different keys.", thousands(MAX_COLUMNS));
            return Err(Diagnostic::new("data.too-many-columns", what)
                .done("The file was not read.")
                .remedy("Give every object the same few keys, including one for the text and one for the label."));
        }
        Ok(())
    }
}

/// Returns true if each row of a file is a message that belongs to a conversation. `sample` is its beginning.
fn has_messages(layout: &FileLayout, sample: &str) -> bool {
    if !layout.columns.is_empty() || !sample.contains("\"parent_id\"") {
        return layout.has_header && threads::are_messages(&layout.columns);
    }
    let mut reader = RecordReader::new(layout.clone());
    // The first object is enough.
    let _ = reader.push(sample, false, &mut |_| Err(empty_file()));
    threads::are_messages(reader.keys())
}

/// Warning about messages that are in none of the conversations.
fn other_branches(messages: usize) -> Option<Diagnostic> {
    let what = format!("{} in other branches of the conversations.", count(messages, "message"));
    let done =
        "Not read. Where a message has several answers, each conversation goes on with the best-ranked or first one.";
    (messages > 0).then(|| Diagnostic::new("data.other-branches", what).done(done))
}

/// Warning about a guessed encoding, with a line of the file as it reads. `lines` is the number of lines before `text`.
fn guess_warning(encoding: Encoding, text: &str, lines: usize) -> Diagnostic {
    const SHOWN: usize = 30;
    let (nth, line) = text
        .lines()
        .enumerate()
        .find(|(_, line)| !line.is_ascii())
        .or_else(|| text.lines().enumerate().find(|(_, line)| !line.trim().is_empty()))
        .unwrap_or_default();
    let special = line.chars().position(|c| !c.is_ascii()).unwrap_or_default();
    let skipped = special.saturating_sub(SHOWN);
    let shown: String = line.chars().skip(skipped).collect();
    let shown = format!("{}{}", if skipped > 0 { "…" } else { "" }, excerpt(shown.trim(), 2 * SHOWN));
    let why = match encoding {
        Encoding::UTF_16_LE | Encoding::UTF_16_BE => "The file has no byte order mark",
        _ => "The file is not UTF-8",
    };
    let line = thousands(lines + nth + 1);
    let name = encoding.name();
    Diagnostic::new("data.guessed-encoding", format!("{why}; it looks like {name}. Line {line} reads “{shown}”."))
        .done("It was read that way.")
        .remedy("If the letters are wrong, choose another encoding.")
}
