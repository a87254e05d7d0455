//! The rows of a sheet in an .xlsx file.

use std::cell::RefCell;
use std::rc::Rc;

use quick_xml::events::{BytesStart, Event};

use crate::dataset::container::spreadsheet::notes::Notes;
use crate::dataset::container::spreadsheet::number_format::{NumberKind, date_text, number_text};
use crate::dataset::container::spreadsheet::row::{Row, SheetRows, cell_of};
use crate::dataset::container::spreadsheet::workbook::{CellText, Workbook, each_event, unescaped};
use crate::dataset::container::xml::{Xml, attribute, push_text};
use crate::dataset::container::zip_files::ZipFiles;
use crate::diagnostic::Diagnostic;
use crate::limits::MAX_MERGED_CELLS;

/// Reads the rows of a sheet.
pub(crate) struct XlsxRows {
    xml: Xml,
    workbook: Rc<Workbook>,
    /// Cells that span rows: the first row, the column and the last row, in this order.
    spans: Vec<(u32, u32, u32)>,
    /// Number of spans whose first row has been read.
    begun: usize,
    row: u32,
    notes: Rc<RefCell<Notes>>,
}

/// A cell while it is read.
struct Cell {
    kind: String,
    style: usize,
    has_formula: bool,
    is_value: bool,
    value: String,
    inline: CellText,
}

impl XlsxRows {
    /// Begins to read a sheet of a workbook, after a look at its merged cells, which are listed at the end.
    ///
    /// # Errors
    /// `data.damaged`.
    pub(crate) fn open(
        files: &mut ZipFiles,
        workbook: Rc<Workbook>,
        path: &str,
        notes: Rc<RefCell<Notes>>,
    ) -> Result<Self, Diagnostic> {
        let mut rows = Self::without_spans(files, workbook, path, notes)?;
        let spans = &mut rows.spans;
        each_event(files, path, &mut |event| {
            if let Event::Start(element) = event
                && element.local_name().as_ref() == "mergeCell"
                && spans.len() < MAX_MERGED_CELLS
            {
                let range = attribute(element, "ref").unwrap_or_default();
                let corners = range.split_once(':').map(|(first, last)| (cell_of(first), cell_of(last)));
                if let Some((Some((column, first)), Some((_, last)))) = corners
                    && first < last
                {
                    spans.push((first, column, last));
                }
            }
            Ok(())
        })?;
        spans.sort_unstable();
        Ok(rows)
    }

    /// Begins to read a sheet as if it had no merged cells.
    ///
    /// # Errors
    /// `data.damaged`.
    pub(crate) fn without_spans(
        files: &mut ZipFiles,
        workbook: Rc<Workbook>,
        path: &str,
        notes: Rc<RefCell<Notes>>,
    ) -> Result<Self, Diagnostic> {
        let Some(index) = files.find(path) else {
            return Err(files.origin.damaged(path, &std::io::Error::from(std::io::ErrorKind::NotFound)));
        };
        let xml = Xml::new(files.stream(index)?, files.origin.clone(), path);
        Ok(Self { xml, workbook, spans: Vec::new(), begun: 0, row: 0, notes })
    }

    fn read_cells(&mut self, row: &mut Row) -> Result<(), Diagnostic> {
        let mut next_column = 0;
        let mut cell: Option<(u32, Cell)> = None;
        while let Some(event) = self.xml.next()? {
            match (&event, &mut cell) {
                (Event::Start(element), None) if element.local_name().as_ref() == "c" => {
                    let named = attribute(element, "r").and_then(|name| cell_of(&name));
                    let column = named.map_or(next_column, |(column, _)| column);
                    next_column = column.saturating_add(1);
                    cell = Some((column, Cell::new(element)));
                }
                (Event::End(element), Some((column, whole))) if element.local_name().as_ref() == "c" => {
                    let mut notes = self.notes.borrow_mut();
                    row.push(*column, &whole.text(&self.workbook, &mut notes, *column, row.number));
                    drop(notes);
                    cell = None;
                }
                (Event::End(element), None) if element.local_name().as_ref() == "row" => return Ok(()),
                (event, Some((_, cell))) => cell.take(event),
                _ => {}
            }
        }
        Ok(())
    }
}

impl SheetRows for XlsxRows {
    fn next_row(&mut self, row: &mut Row) -> Result<bool, Diagnostic> {
        let number = loop {
            match self.xml.next()? {
                None => return Ok(false),
                Some(Event::Start(element)) if element.local_name().as_ref() == "row" => {
                    let number = attribute(&element, "r").and_then(|number| number.trim().parse().ok());
                    break number.unwrap_or_else(|| self.row.saturating_add(1));
                }
                Some(Event::End(element)) if element.local_name().as_ref() == "sheetData" => return Ok(false),
                Some(_) => {}
            }
        };
        self.row = number;
        row.restart(number);
        self.read_cells(row)?;
        while let Some(&(first, column, last)) = self.spans.get(self.begun).filter(|(first, ..)| *first <= number) {
            self.begun += 1;
            if first == number {
                row.spans.push((column, last));
            }
        }
        Ok(true)
    }
}

impl Cell {
    fn new(element: &BytesStart) -> Self {
        let style = attribute(element, "s").and_then(|style| style.parse().ok()).unwrap_or_default();
        let kind = attribute(element, "t").unwrap_or_default().into_owned();
        Self { kind, style, has_formula: false, is_value: false, value: String::new(), inline: CellText::default() }
    }

    fn take(&mut self, event: &Event) {
        match event {
            Event::Start(element) if element.local_name().as_ref() == "v" => self.is_value = true,
            Event::End(element) if element.local_name().as_ref() == "v" => self.is_value = false,
            Event::Start(element) if element.local_name().as_ref() == "f" => self.has_formula = true,
            event if self.is_value => push_text(event, &mut self.value),
            event => self.inline.take(event),
        }
    }

    /// The text of the cell, as a CSV file would have it.
    fn text(&mut self, workbook: &Workbook, notes: &mut Notes, column: u32, row: u32) -> String {
        let value = self.value.as_str();
        match self.kind.as_str() {
            "s" => {
                value.trim().parse().ok().and_then(|index| workbook.strings.get(index)).unwrap_or_default().to_owned()
            }
            "inlineStr" => self.inline.finish(),
            "e" => {
                notes.errors.add(column, row, value);
                String::new()
            }
            _ if value.is_empty() => {
                if self.has_formula && self.kind != "str" {
                    notes.formulas.add(column, row, "");
                }
                String::new()
            }
            "b" => if value.trim() == "0" { "FALSE" } else { "TRUE" }.to_owned(),
            "str" => unescaped(value),
            "d" => value.trim().replacen('T', " ", 1),
            _ => {
                let kind = workbook.styles.get(self.style).copied().unwrap_or_default();
                let date = || date_text(value.trim().parse().ok()?, kind, workbook.epoch);
                let date = if kind == NumberKind::Number { None } else { date() };
                date.unwrap_or_else(|| number_text(value))
            }
        }
    }
}
