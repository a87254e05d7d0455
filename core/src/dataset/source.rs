//! Result of the first pass over a file.

use serde::{Deserialize, Serialize};

use crate::dataset::layout::{Compression, Encoding, FileLayout, Format, Hints, Quirks};
use crate::dataset::mapping::Mapping;
use crate::diagnostic::Diagnostic;

/// The content of a file, once it is unpacked.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Content {
    /// Name by which the format is guessed: that of the file, without the extension of its compression.
    pub name: String,
    /// Compression of the file.
    pub compression: Option<Compression>,
    /// Facts known before its first bytes.
    pub kind: ContentKind,
    /// The parts of the file, one list for each level.
    pub parts: Vec<Parts>,
    /// True if the file also has rows for validation, in folders of their own.
    pub holds_validation: bool,
    /// True if the file also has rows for the test, apart from those for validation.
    pub holds_test: bool,
}

/// Facts about the content of a file that are known before its first bytes.
#[cfg_attr(not(feature = "engine"), expect(dead_code, reason = "only the engine unpacks files"))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ContentKind {
    /// Any text.
    #[default]
    Text,
    /// Rows of a spreadsheet, as `formats::sheet` reads them.
    Sheet,
    /// Rows of a text, its label or its spans, and its path, in the same form.
    Folder,
    /// Paragraphs of a document, in the same form.
    Document,
    /// Rows of a Parquet file, as lines of JSON.
    Parquet,
    /// Texts with their translations, as lines of JSON.
    Translations,
}

/// The parts of a file, of which one is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// Kind of the parts.
    pub kind: PartKind,
    /// Names of the parts.
    pub names: Vec<String>,
    /// Index of the part that is read.
    pub chosen: u32,
}

/// Kind of a file's parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// Tables in an archive.
    File,
    /// Sheets of a spreadsheet.
    Sheet,
    /// Lists of a JSON document, such as `train` and `test`.
    Split,
}

/// Result of the first pass over a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceInfo {
    /// File name.
    pub name: String,
    /// File size in bytes.
    pub bytes: f64,
    /// File format.
    pub format: Format,
    /// Compression, if the file is compressed.
    pub compression: Option<Compression>,
    /// The parts of which one was read, such as the sheets of a spreadsheet: one list for each level. Empty for most files.
    #[serde(default)]
    pub parts: Vec<Parts>,
    /// True if the file also has rows for validation, in folders of their own: then it is its own validation file.
    #[serde(default)]
    pub holds_validation: bool,
    /// True if the file also has rows for the test, apart from those for validation: then it is its own test file.
    #[serde(default)]
    pub holds_test: bool,
    /// Character encoding.
    pub encoding: Encoding,
    /// Character between cells, if the format has one: `,`, tab, `;` or `|`.
    pub delimiter: Option<char>,
    /// True if a record may span lines: a quoted cell in a table, a paragraph in running text.
    pub multiline: bool,
    /// True if the first line names the columns.
    pub has_header: bool,
    /// Line ends, quoting and first lines that differ from the usual.
    #[serde(default)]
    pub quirks: Quirks,
    /// Settings by which the file is read, where the user has chosen them.
    #[serde(default)]
    pub hints: Hints,
    /// Column names; `column 1`, `column 2` and so on if there is no header.
    pub columns: Vec<String>,
    /// Number of rows, excluding the header.
    pub rows: u32,
    /// The first rows, with cells cut to 200 characters.
    pub preview: Vec<Vec<String>>,
    /// An offer for each form of every task: first those that the file fits, the likeliest first.
    pub offers: Vec<TaskOffer>,
    /// Warnings to show before the user continues.
    pub warnings: Vec<Diagnostic>,
}

/// A task, with the columns to begin with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskOffer {
    /// The task and its columns.
    pub mapping: Mapping,
    /// True if the columns look like data for the task. Otherwise they are a start for setting them by hand.
    pub fits: bool,
    /// The reason if it fits: "Column `tags` has one tag for each word of `tokens`." Otherwise what the task needs: "a column
    /// of numbers".
    pub reason: String,
}

impl SourceInfo {
    /// The likeliest mapping.
    pub fn guess(&self) -> Mapping {
        self.offers.first().map_or(Mapping::Corpus { text: 0 }, |offer| offer.mapping.clone())
    }

    /// The mapping of the same form as `mapping`, if the file fits it.
    pub fn fitting(&self, mapping: &Mapping) -> Option<&Mapping> {
        let offer = self.offers.iter().find(|offer| offer.mapping.has_form_of(mapping))?;
        offer.fits.then_some(&offer.mapping)
    }

    /// The layout by which the file is read again.
    pub(crate) fn layout(&self) -> FileLayout {
        FileLayout {
            format: self.format,
            encoding: self.encoding,
            delimiter: self.delimiter,
            multiline: self.multiline,
            has_header: self.has_header,
            quirks: self.quirks.clone(),
            columns: self.columns.clone(),
        }
    }
}

/// Purpose of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataRole {
    /// The file with the training rows.
    Train,
    /// A separate file with validation rows.
    Validation,
    /// A separate file with test rows.
    Test,
}

impl DataRole {
    /// All roles.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];
}
