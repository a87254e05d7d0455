//! The rows of a sheet in an .ods file.

use std::cell::RefCell;
use std::rc::Rc;

use quick_xml::events::{BytesStart, Event};

use crate::dataset::container::spreadsheet::notes::Notes;
use crate::dataset::container::spreadsheet::number_format::number_text;
use crate::dataset::container::spreadsheet::row::{Row, SheetRows};
use crate::dataset::container::spreadsheet::workbook::each_event;
use crate::dataset::container::xml::{Xml, attribute, push_text};
use crate::dataset::container::zip_files::ZipFiles;
use crate::diagnostic::Diagnostic;
use crate::limits::{MAX_COLUMNS, MAX_SHEETS};

/// The part with all sheets.
const CONTENT: &str = "content.xml";

/// Names of the sheets.
///
/// # Errors
/// `data.damaged`.
pub(crate) fn sheet_names(files: &mut ZipFiles) -> Result<Vec<String>, Diagnostic> {
    let (mut names, mut depth) = (Vec::new(), 0);
    each_event(files, CONTENT, &mut |event| {
        match event {
            Event::Start(element) if element.local_name().as_ref() == "table" => {
                if depth == 0 && names.len() < MAX_SHEETS {
                    names.push(attribute(element, "name").unwrap_or_default().into_owned());
                }
                depth += 1;
            }
            Event::End(element) if element.local_name().as_ref() == "table" => depth -= 1,
            _ => {}
        }
        Ok(())
    })?;
    Ok(names)
}

/// Reads the rows of a sheet.
pub(crate) struct OdsRows {
    xml: Xml,
    row: u32,
    /// Times that the last row is repeated.
    repeats: u32,
    notes: Rc<RefCell<Notes>>,
}

/// A cell while it is read.
struct Cell {
    kind: String,
    /// Value of the attribute that belongs to the kind.
    value: Option<String>,
    text: String,
    paragraphs: u32,
    /// Depth of elements within which there is no text of the cell, such as a comment.
    ignored: u32,
    repeats: u32,
    rows: u32,
    is_error: bool,
    has_formula: bool,
}

impl OdsRows {
    /// Begins to read a sheet by its index.
    ///
    /// # Errors
    /// `data.damaged`.
    pub(crate) fn open(files: &mut ZipFiles, sheet: usize, notes: Rc<RefCell<Notes>>) -> Result<Self, Diagnostic> {
        let Some(index) = files.find(CONTENT) else {
            return Err(files.origin.damaged(CONTENT, &std::io::Error::from(std::io::ErrorKind::NotFound)));
        };
        let mut xml = Xml::new(files.stream(index)?, files.origin.clone(), CONTENT);
        let (mut nth, mut depth) = (0, 0);
        while let Some(event) = xml.next()? {
            match event {
                Event::Start(element) if element.local_name().as_ref() == "table" => {
                    if depth == 0 && nth == sheet {
                        break;
                    }
                    nth += usize::from(depth == 0);
                    depth += 1;
                }
                Event::End(element) if element.local_name().as_ref() == "table" => depth -= 1,
                _ => {}
            }
        }
        Ok(Self { xml, row: 0, repeats: 0, notes })
    }

    fn read_cells(&mut self, row: &mut Row) -> Result<(), Diagnostic> {
        let (mut column, mut depth) = (0_u32, 0);
        let mut cell: Option<Cell> = None;
        while let Some(event) = self.xml.next()? {
            match (&event, &mut cell) {
                (Event::Start(element), None) => match element.local_name().as_ref() {
                    "table-cell" => cell = Some(Cell::new(element)),
                    // It belongs to the cell above or to its left.
                    "covered-table-cell" => {
                        column = column.saturating_add(repeated(element, "number-columns-repeated"));
                        depth += 1;
                    }
                    _ => depth += 1,
                },
                (Event::End(element), None) if depth == 0 && element.local_name().as_ref() == "table-row" => {
                    return Ok(());
                }
                (Event::End(_), None) => depth -= 1,
                (Event::End(element), Some(whole))
                    if whole.ignored == 0 && element.local_name().as_ref() == "table-cell" =>
                {
                    let text = whole.text(&mut self.notes.borrow_mut(), column, row.number);
                    if !text.trim().is_empty() {
                        // One more than is read, so that it counts as too far.
                        for nth in 0..whole.repeats.min(MAX_COLUMNS as u32 + 1) {
                            row.push(column.saturating_add(nth), &text);
                        }
                        if whole.rows > 1 {
                            row.spans.push((column, row.number.saturating_add(whole.rows - 1)));
                        }
                    }
                    column = column.saturating_add(whole.repeats);
                    cell = None;
                }
                (event, Some(cell)) => cell.take(event),
                _ => {}
            }
        }
        Ok(())
    }
}

impl SheetRows for OdsRows {
    fn next_row(&mut self, row: &mut Row) -> Result<bool, Diagnostic> {
        if self.repeats > 0 && !row.cells.is_empty() {
            self.repeats -= 1;
            self.row = self.row.saturating_add(1);
            row.number = self.row;
            row.spans.clear();
            return Ok(true);
        }
        // Empty rows are repeated to the end of the sheet.
        self.row = self.row.saturating_add(std::mem::take(&mut self.repeats));
        let repeats = loop {
            match self.xml.next()? {
                None => return Ok(false),
                Some(Event::Start(element)) if element.local_name().as_ref() == "table-row" => {
                    break repeated(&element, "number-rows-repeated");
                }
                Some(Event::End(element)) if element.local_name().as_ref() == "table" => return Ok(false),
                Some(_) => {}
            }
        };
        self.row = self.row.saturating_add(1);
        self.repeats = repeats - 1;
        row.restart(self.row);
        self.read_cells(row)?;
        Ok(true)
    }
}

/// The number of times that an element counts.
fn repeated(element: &BytesStart, name: &str) -> u32 {
    attribute(element, name).and_then(|times| times.parse().ok()).unwrap_or(1).max(1)
}

impl Cell {
    fn new(element: &BytesStart) -> Self {
        let mut cell = Self {
            kind: String::new(),
            value: None,
            text: String::new(),
            paragraphs: 0,
            ignored: 0,
            repeats: repeated(element, "number-columns-repeated"),
            rows: repeated(element, "number-rows-spanned"),
            is_error: false,
            has_formula: attribute(element, "formula").is_some(),
        };
        let mut attributes = element.attributes();
        for attribute in attributes.with_checks(false).flatten() {
            // The type is there twice, in two namespaces. Only the second one knows errors.
            if attribute.key.local_name().as_ref() == "value-type" {
                if attribute.value == "error" {
                    cell.is_error = true;
                } else {
                    cell.kind = attribute.value.into_owned();
                }
            }
        }
        let name = match cell.kind.as_str() {
            "date" => "date-value",
            "time" => "time-value",
            "boolean" => "boolean-value",
            "string" => "string-value",
            _ => "value",
        };
        cell.value = attribute(element, name).map(|value| value.into_owned());
        cell
    }

    fn take(&mut self, event: &Event) {
        match event {
            Event::Start(element) => match element.local_name().as_ref() {
                _ if self.ignored > 0 => self.ignored += 1,
                "annotation" | "ruby-text" | "table" => self.ignored = 1,
                "p" => {
                    if self.paragraphs > 0 {
                        self.text.push('\n');
                    }
                    self.paragraphs += 1;
                }
                "s" => self.text.extend(std::iter::repeat_n(' ', repeated(element, "c").min(1_000) as usize)),
                "tab" => self.text.push('\t'),
                "line-break" => self.text.push('\n'),
                _ => {}
            },
            Event::End(_) => self.ignored = self.ignored.saturating_sub(1),
            event if self.ignored == 0 && self.paragraphs > 0 => {
                let mut text = String::new();
                push_text(event, &mut text);
                // White space that counts is in elements of its own.
                for c in text.chars() {
                    let is_space = c.is_ascii_whitespace();
                    if !is_space {
                        self.text.push(c);
                    } else if !self.text.ends_with(|last: char| last.is_ascii_whitespace()) {
                        self.text.push(' ');
                    }
                }
            }
            _ => {}
        }
    }

    /// The text of the cell, as a CSV file would have it.
    fn text(&mut self, notes: &mut Notes, column: u32, row: u32) -> String {
        let text = std::mem::take(&mut self.text);
        if self.is_error {
            notes.errors.add(column, row, &text);
            return String::new();
        }
        match (self.kind.as_str(), self.value.take()) {
            ("string", Some(value)) if text.is_empty() => value,
            ("string", _) => text,
            ("boolean", Some(value)) => value.to_uppercase(),
            ("date", Some(value)) => value.replacen('T', " ", 1),
            ("time", Some(value)) => time_text(&value).unwrap_or(text),
            (_, Some(value)) => number_text(&value),
            (_, None) if text.is_empty() && self.has_formula => {
                notes.formulas.add(column, row, "");
                text
            }
            (_, None) => text,
        }
    }
}

/// `PT14H30M00S` as `14:30:00`.
fn time_text(value: &str) -> Option<String> {
    let (hours, rest) = value.strip_prefix("PT")?.split_once('H')?;
    let (minutes, rest) = rest.split_once('M')?;
    let seconds = rest.strip_suffix('S')?;
    let seconds = seconds.split(['.', ',']).next()?;
    let numbers: Option<Vec<u32>> = [hours, minutes, seconds].iter().map(|part| part.parse().ok()).collect();
    let numbers = numbers?;
    let [hours, minutes, seconds] = numbers[..] else { return None };
    Some(format!("{hours:02}:{minutes:02}:{seconds:02}"))
}
