//! The layout of a file: its encoding, its format and its columns.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Character encoding of a file, by its name in the WHATWG Encoding Standard, such as `windows-1252`. The page knows only
/// the names; the engine decodes by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding(&'static str);

/// Names of the encodings of the standard, except those that decode nothing.
const ENCODINGS: [&str; 38] = [
    "UTF-8",
    "UTF-16LE",
    "UTF-16BE",
    "Big5",
    "EUC-JP",
    "EUC-KR",
    "GBK",
    "IBM866",
    "ISO-2022-JP",
    "ISO-8859-10",
    "ISO-8859-13",
    "ISO-8859-14",
    "ISO-8859-15",
    "ISO-8859-16",
    "ISO-8859-2",
    "ISO-8859-3",
    "ISO-8859-4",
    "ISO-8859-5",
    "ISO-8859-6",
    "ISO-8859-7",
    "ISO-8859-8",
    "ISO-8859-8-I",
    "KOI8-R",
    "KOI8-U",
    "Shift_JIS",
    "gb18030",
    "macintosh",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
    "windows-874",
    "x-mac-cyrillic",
];

impl Encoding {
    /// UTF-8, with or without a byte order mark.
    pub const UTF_8: Self = Self("UTF-8");
    /// UTF-16, little-endian.
    pub const UTF_16_LE: Self = Self("UTF-16LE");
    /// UTF-16, big-endian.
    pub const UTF_16_BE: Self = Self("UTF-16BE");
    /// Windows-1252, a superset of Latin-1.
    pub const WINDOWS_1252: Self = Self("windows-1252");

    /// The encoding with this name. Upper and lower case are the same.
    pub fn from_name(name: &str) -> Option<Self> {
        ENCODINGS.into_iter().find(|known| known.eq_ignore_ascii_case(name)).map(Self)
    }

    /// Its name in the standard.
    pub fn name(self) -> &'static str {
        self.0
    }
}

impl Serialize for Encoding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Encoding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| D::Error::custom(format!("\"{name}\" is not an encoding")))
    }
}

/// Compression of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// gzip, one or more members.
    Gzip,
    /// Zstandard, one or more frames.
    Zstd,
}

impl Compression {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "Zstandard",
        }
    }
}

/// File format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Cells separated by a delimiter and quoted with `"`: CSV, TSV and their relatives.
    Delimited,
    /// One JSON object per line.
    JsonLines,
    /// One JSON array of objects, or such objects one after another, not one per line.
    JsonArray,
    /// One JSON document that is read as a whole: an object of arrays, one per column, or one that holds all rows.
    JsonColumns,
    /// SQuAD's JSON: paragraphs with their questions (v1.1 and v2).
    Squad,
    /// One word per line with its tag: CoNLL files, in which a blank line ends a sentence; and with a delimiter, tables
    /// with a column for the sentence.
    Conll,
    /// Running text: one paragraph or line per row. With several columns, lines with their labels, such as
    /// fastText's.
    Text,
    /// Rows of a spreadsheet.
    Sheet,
    /// Texts in files of their own: their labels are the names of their folders, or annotations in files next to them.
    Folder,
    /// Paragraphs of a Word document, a web page or a book.
    Document,
    /// Rows of a Parquet file.
    Parquet,
    /// Texts with their translations: TMX, XLIFF or gettext's PO.
    Translations,
}

/// Quoting of a table's cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quoting {
    /// Cells may be in `"`. A quote inside a quoted cell is doubled.
    #[default]
    Double,
    /// Cells may be in `"`. A quote inside a quoted cell follows a backslash, as MySQL and Spark write it.
    Backslash,
    /// Cells may be in `'`. A quote inside a quoted cell is doubled.
    Single,
    /// Quotes are part of the text.
    Never,
}

impl Quoting {
    /// The byte that opens and closes a quoted cell.
    pub(crate) fn mark(self) -> Option<u8> {
        match self {
            Self::Double | Self::Backslash => Some(b'"'),
            Self::Single => Some(b'\''),
            Self::Never => None,
        }
    }
}

/// Separation of a line's cells, as the user sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delimiter {
    /// This ASCII character is between the cells.
    Character(char),
    /// There are no cells: each line is a text.
    Absent,
}

impl Delimiter {
    /// The character as a byte. None if it cannot separate cells: letters, digits, quotes, line ends, and anything but ASCII.
    pub fn byte(self) -> Option<u8> {
        let Self::Character(character) = self else { return None };
        let is_ordinary = character.is_ascii() && !character.is_ascii_alphanumeric();
        u8::try_from(character).ok().filter(|byte| is_ordinary && !b"\"'\r\n\0".contains(byte))
    }
}

/// Properties of a file that the user set. Everything else is detected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hints {
    /// Character encoding.
    pub encoding: Option<Encoding>,
    /// True if the first line names the columns.
    pub has_header: Option<bool>,
    /// Separation of the cells.
    pub delimiter: Option<Delimiter>,
    /// Quoting of the cells.
    pub quoting: Option<Quoting>,
    /// Character between the labels of a cell that lists them.
    pub label_separator: Option<char>,
    /// Path of the file to read, if the file is an archive.
    pub member: Option<String>,
    /// Name of the sheet to read, if the file is a spreadsheet.
    pub sheet: Option<String>,
}

impl Hints {
    /// These hints, and where they set nothing, those of `other`.
    pub fn or(self, other: &Self) -> Self {
        Self {
            encoding: self.encoding.or(other.encoding),
            has_header: self.has_header.or(other.has_header),
            delimiter: self.delimiter.or(other.delimiter),
            quoting: self.quoting.or(other.quoting),
            label_separator: self.label_separator.or(other.label_separator),
            member: self.member.or_else(|| other.member.clone()),
            sheet: self.sheet.or_else(|| other.sheet.clone()),
        }
    }

    /// The hints that apply to another file of the same kind: all but the part of this one.
    pub fn for_other_file(&self) -> Self {
        Self { member: None, sheet: None, ..self.clone() }
    }
}

/// Line ends, quoting and first lines that differ from the usual.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quirks {
    /// True if a line ends in a carriage return alone, as on old Macs.
    pub ends_in_cr: bool,
    /// Quoting of a table's cells.
    pub quoting: Quoting,
    /// Number of lines before the table, such as `sep=;` or a title.
    pub skipped_lines: u32,
    /// Number of rows below the header that belong to it, as survey tools write them.
    pub described_rows: u32,
    /// True if rows are numbered instead of lines, because several rows are on one line.
    pub numbers_rows: bool,
    /// True if each row is a message, and the rows are joined to conversations.
    pub joins_messages: bool,
    /// True if each row of JSON is an array of cells.
    pub rows_are_arrays: bool,
    /// Columns that Hone makes of the members of JSON objects, which other programs do not find in the file.
    pub converted: Vec<String>,
}

/// Everything needed to read a file's records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileLayout {
    pub format: Format,
    pub encoding: Encoding,
    /// Character between cells, if the format has one.
    pub delimiter: Option<char>,
    /// True if a record may span lines: a quoted cell in a table, a paragraph in running text.
    pub multiline: bool,
    pub has_header: bool,
    pub quirks: Quirks,
    /// Column names. Empty if the objects' keys are not known yet.
    pub columns: Vec<String>,
}
