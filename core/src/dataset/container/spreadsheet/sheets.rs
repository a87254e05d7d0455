//! Opens a spreadsheet: finds its sheets, and begins to read one of them.

use std::cell::RefCell;
use std::rc::Rc;

use crate::dataset::container::pieces::Pieces;
use crate::dataset::container::spreadsheet::notes::Notes;
use crate::dataset::container::spreadsheet::ods::{OdsRows, sheet_names};
use crate::dataset::container::spreadsheet::row::{Row, SheetRows};
use crate::dataset::container::spreadsheet::sheet_pieces::SheetPieces;
use crate::dataset::container::spreadsheet::workbook::Workbook;
use crate::dataset::container::spreadsheet::xlsx::XlsxRows;
use crate::dataset::container::zip_files::ZipFiles;
use crate::dataset::source::{DataRole, PartKind, Parts};
use crate::diagnostic::Diagnostic;
use crate::phrases::names;

/// Number of sheets that are looked into for the first one with rows.
const MAX_EMPTY_SHEETS: usize = 20;
/// Number of rows by which a sheet is judged.
const LOOKED_AT_ROWS: usize = 20;
/// Parts of the names of sheets about the other sheets, without spaces.
const ABOUT: [&str; 11] = [
    "readme",
    "codebook",
    "instruction",
    "about",
    "legend",
    "dictionary",
    "metadata",
    "changelog",
    "coverpage",
    "lesmich",
    "hinweis",
];
/// Words in the names of sheets with training and with validation rows.
const TRAINING: [&str; 1] = ["train"];
const VALIDATION: [&str; 4] = ["valid", "dev", "eval", "test"];
/// Words in the name of a table with test rows.
const TEST: [&str; 1] = ["test"];

/// A spreadsheet, of which one sheet is read.
pub(crate) struct Spreadsheet {
    /// The rows of the sheet.
    pub pieces: Box<dyn Pieces>,
    /// The sheets.
    pub parts: Parts,
    /// Cells without a value.
    pub notes: Rc<RefCell<Notes>>,
}

/// Format of a spreadsheet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpreadsheetKind {
    /// Office Open XML.
    Xlsx,
    /// OpenDocument.
    Ods,
}

/// Content of a sheet.
enum SheetContent {
    Empty,
    /// A few cells below each other.
    Notes,
    Rows,
}

/// The sheets of a file, each of which can be read from its beginning.
struct Sheets {
    names: Vec<String>,
    /// None for OpenDocument.
    workbook: Option<Rc<Workbook>>,
}

impl Spreadsheet {
    /// Opens a spreadsheet, at the sheet called `sheet` or else at the likeliest one.
    ///
    /// # Errors
    /// `data.no-sheet`, `data.encrypted` and `data.damaged`.
    pub(crate) fn open(
        files: &mut ZipFiles,
        kind: SpreadsheetKind,
        role: DataRole,
        sheet: Option<&str>,
    ) -> Result<Self, Diagnostic> {
        let sheets = match kind {
            SpreadsheetKind::Xlsx => {
                let workbook = Workbook::open(files)?;
                let names = workbook.sheets.iter().map(|sheet| sheet.name.clone()).collect();
                Sheets { names, workbook: Some(Rc::new(workbook)) }
            }
            SpreadsheetKind::Ods => Sheets { names: sheet_names(files)?, workbook: None },
        };
        if sheets.names.is_empty() {
            let what = format!("{} has no sheet with cells.", names(&[&files.origin.file]));
            return Err(Diagnostic::new("data.no-sheet", what)
                .done("The file was not read.")
                .remedy("Charts have no rows: put the table into a sheet."));
        }
        let chosen = match sheet {
            Some(sheet) => sheets.named(files, sheet)?,
            None => sheets.likeliest(files, role)?,
        };
        let notes = Rc::<RefCell<Notes>>::default();
        let rows = sheets.rows(files, chosen, notes.clone())?;
        let pieces = Box::new(SheetPieces::new(rows, &sheets.names[chosen], notes.clone()));
        let parts = Parts { kind: PartKind::Sheet, names: sheets.names, chosen: chosen as u32 };
        Ok(Self { pieces, parts, notes })
    }
}

impl Sheets {
    fn rows(
        &self,
        files: &mut ZipFiles,
        sheet: usize,
        notes: Rc<RefCell<Notes>>,
    ) -> Result<Box<dyn SheetRows>, Diagnostic> {
        Ok(match &self.workbook {
            Some(workbook) => {
                let path = workbook.sheets.get(sheet).map(|sheet| sheet.path.clone()).unwrap_or_default();
                Box::new(XlsxRows::open(files, workbook.clone(), &path, notes)?)
            }
            None => Box::new(OdsRows::open(files, sheet, notes)?),
        })
    }

    /// Content of the first rows of a sheet.
    fn content(&self, files: &mut ZipFiles, sheet: usize) -> Result<SheetContent, Diagnostic> {
        let mut rows: Box<dyn SheetRows> = match &self.workbook {
            Some(workbook) => {
                let path = &workbook.sheets[sheet].path;
                Box::new(XlsxRows::without_spans(files, workbook.clone(), path, Rc::default())?)
            }
            None => Box::new(OdsRows::open(files, sheet, Rc::default())?),
        };
        let (mut row, mut filled, mut wide) = (Row::default(), 0, 0);
        while filled < LOOKED_AT_ROWS && rows.next_row(&mut row)? {
            filled += usize::from(!row.cells.is_empty());
            wide += usize::from(row.cells.len() > 1);
        }
        Ok(match (filled, wide) {
            (0, _) => SheetContent::Empty,
            // A single column may be running text, of which there is more.
            (_, 0 | 1) if filled < LOOKED_AT_ROWS => SheetContent::Notes,
            _ => SheetContent::Rows,
        })
    }

    fn named(&self, files: &ZipFiles, sheet: &str) -> Result<usize, Diagnostic> {
        self.names.iter().position(|name| name == sheet).ok_or_else(|| {
            let what = format!("{} has no sheet {}.", names(&[&files.origin.file]), names(&[sheet]));
            Diagnostic::new("data.no-sheet", what)
                .done("The file was not read.")
                .remedy(format!("Its sheets are {}.", names(&self.names)))
        })
    }

    /// The sheet whose name says that it is for the role, or else the first one with rows whose name does not say that it is
    /// about the others, or else the first one that is not empty.
    fn likeliest(&self, files: &mut ZipFiles, role: DataRole) -> Result<usize, Diagnostic> {
        let words: &[&str] = match role {
            DataRole::Train => &TRAINING,
            DataRole::Validation => &VALIDATION,
            DataRole::Test => &TEST,
        };
        let is_named = |name: &String| words.iter().any(|word| name.to_lowercase().contains(word));
        if let Some(sheet) = self.names.iter().position(is_named) {
            return Ok(sheet);
        }
        let is_about = |sheet: usize| {
            let name = self.names[sheet].to_lowercase().replace([' ', '_', '-'], "");
            ABOUT.iter().any(|word| name.contains(word))
        };
        let mut filled = Vec::new();
        for sheet in 0..self.names.len().min(MAX_EMPTY_SHEETS) {
            match self.content(files, sheet)? {
                SheetContent::Rows if !is_about(sheet) => return Ok(sheet),
                SheetContent::Empty => {}
                SheetContent::Rows | SheetContent::Notes => filled.push(sheet),
            }
        }
        Ok(filled.first().copied().unwrap_or_default())
    }
}
