//! A spreadsheet of one sheet, in Office Open XML (ECMA-376, part 1, 18).

use std::io::{self, ErrorKind, Write};

use serde_json::Value;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

/// Largest numbers of rows, columns, and characters of a cell (Microsoft, "Excel specifications and limits").
const MAX_ROWS: usize = 1 << 20;
const MAX_COLUMNS: usize = 1 << 14;
const MAX_CHARACTERS: usize = 32_767;

const DECLARATION: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const TYPES: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/// A spreadsheet that is written row by row. Texts stay texts, also those that look like numbers or formulas.
pub(crate) struct Workbook<W: Write> {
    zip: ZipWriter<StreamWriter<W>>,
    rows: usize,
}

impl<W: Write> Workbook<W> {
    /// Begins the file.
    ///
    /// # Errors
    /// If `out` fails.
    pub(crate) fn new(out: W) -> io::Result<Self> {
        let mut zip = ZipWriter::new_stream(out);
        for (path, content) in parts() {
            begin(&mut zip, path)?;
            write!(zip, "{DECLARATION}{content}")?;
        }
        begin(&mut zip, "xl/worksheets/sheet1.xml")?;
        write!(zip, r#"{DECLARATION}<worksheet xmlns="{MAIN}"><sheetData>"#)?;
        Ok(Self { zip, rows: 0 })
    }

    /// Writes a row.
    ///
    /// # Errors
    /// If `out` fails, or the row does not fit into a spreadsheet.
    pub(crate) fn row(&mut self, cells: &[Value]) -> io::Result<()> {
        self.rows += 1;
        check_size(self.rows, cells.len())?;
        let mut row = String::from("<row>");
        for cell in cells {
            match cell {
                Value::Null => row.push_str("<c/>"),
                Value::Number(number) => row += &format!("<c><v>{number}</v></c>"),
                Value::String(text) => self.push_text(&mut row, text)?,
                other => self.push_text(&mut row, &other.to_string())?,
            }
        }
        row.push_str("</row>");
        self.zip.write_all(row.as_bytes())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// If `out` fails.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.zip.write_all(b"</sheetData></worksheet>")?;
        Ok(self.zip.finish()?.into_inner())
    }

    fn push_text(&self, row: &mut String, text: &str) -> io::Result<()> {
        check_text(self.rows, text)?;
        row.push_str(r#"<c t="inlineStr"><is><t xml:space="preserve">"#);
        escape(text, row);
        row.push_str("</t></is></c>");
        Ok(())
    }
}

/// Checks that rows fit below a header.
///
/// # Errors
/// `InvalidData` if they do not.
pub(crate) fn check(rows: &[Vec<String>]) -> io::Result<()> {
    check_size(rows.len() + 1, rows.iter().map(Vec::len).max().unwrap_or_default())?;
    let mut cells = (2..).zip(rows).flat_map(|(number, row)| row.iter().map(move |cell| (number, cell)));
    cells.try_for_each(|(number, cell)| check_text(number, cell))
}

fn check_size(rows: usize, columns: usize) -> io::Result<()> {
    if rows <= MAX_ROWS && columns <= MAX_COLUMNS {
        return Ok(());
    }
    Err(too_large(format!("a spreadsheet has at most {MAX_ROWS} rows and {MAX_COLUMNS} columns")))
}

/// Checks the length of a text in this row, from 1.
fn check_text(row: usize, text: &str) -> io::Result<()> {
    // Excel counts characters in UTF-16.
    let characters = text.encode_utf16().count();
    if characters <= MAX_CHARACTERS {
        return Ok(());
    }
    Err(too_large(format!("row {row} has a cell of {characters} characters, a spreadsheet's at most {MAX_CHARACTERS}")))
}

fn too_large(what: String) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

fn begin<W: Write>(zip: &mut ZipWriter<StreamWriter<W>>, path: &str) -> io::Result<()> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    // Large sheets have more than 4 GB before they are compressed.
    Ok(zip.start_file(path, options.large_file(path.contains("sheet1")))?)
}

/// All files but the sheet.
fn parts() -> [(&'static str, String); 4] {
    [
        (
            "[Content_Types].xml",
            format!(
                r#"<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="{TYPES}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="{TYPES}.worksheet+xml"/></Types>"#
            ),
        ),
        ("_rels/.rels", relation("officeDocument", "xl/workbook.xml")),
        (
            "xl/workbook.xml",
            format!(
                r#"<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets><sheet name="Rows" sheetId="1" r:id="rId1"/></sheets></workbook>"#
            ),
        ),
        ("xl/_rels/workbook.xml.rels", relation("worksheet", "worksheets/sheet1.xml")),
    ]
}

fn relation(kind: &str, target: &str) -> String {
    format!(
        r#"<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{RELATIONS}/{kind}" Target="{target}"/></Relationships>"#
    )
}

/// Adds a text to XML. Characters that XML cannot contain become `_xHHHH_`, as does an underscore that would be read as such an
/// escape (ECMA-376, part 1, 22.4.2.4).
fn escape(text: &str, out: &mut String) {
    for (at, character) in text.char_indices() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '_' if is_escape(&text.as_bytes()[at..]) => out.push_str("_x005F_"),
            '\t' | '\n' => out.push(character),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => *out += &format!("_x{:04X}_", u32::from(character)),
            _ => out.push(character),
        }
    }
}

fn is_escape(text: &[u8]) -> bool {
    matches!(text, [b'_', b'x', digits @ .., ] if digits.len() >= 5 && digits[4] == b'_' && digits[..4].iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::dataset::{CellReader, DataReader, DataRole, Hints};

    /// Cells of a spreadsheet, as Hone reads it.
    fn read(bytes: &[u8]) -> Vec<Vec<String>> {
        let open = || DataReader::open("a.xlsx", io::Cursor::new(bytes.to_vec()), DataRole::Train, &Hints::default());
        let mut reader = open().unwrap();
        let mut scanner = reader.scanner(Hints::default());
        while let Some(piece) = reader.next_piece().unwrap() {
            scanner.push(piece).unwrap();
        }
        let source = reader.finish(scanner).unwrap();
        let (mut reader, mut cells) = (open().unwrap(), CellReader::new(&source));
        while let Some(piece) = reader.next_piece().unwrap() {
            cells.push(piece).unwrap();
        }
        let cells = cells.finish().unwrap();
        std::iter::once(cells.columns).chain(cells.rows).collect()
    }

    fn written(rows: &[[Value; 3]]) -> io::Result<Vec<u8>> {
        let mut workbook = Workbook::new(Vec::new())?;
        rows.iter().try_for_each(|row| workbook.row(row))?;
        workbook.finish()
    }

    #[test]
    fn a_spreadsheet_is_read_back_cell_by_cell() {
        let odd = "<a> & \"b\"\r\u{b} _x0041_ _x 日本 =1+1";
        let rows = [
            [json!("text"), json!("label"), json!("probability")],
            [json!(odd), json!("007"), json!(0.25)],
            [json!(" two\nlines "), Value::Null, json!(1e-6)],
        ];
        let read = read(&written(&rows).unwrap());
        assert_eq!(read[0], ["text", "label", "probability"]);
        // A line that ends with a carriage return alone is read as any other.
        assert_eq!(read[1], [&*odd.replace('\r', "\n"), "007", "0.25"]);
        assert_eq!(read[2], [" two\nlines ", "", "0.000001"]);
    }

    #[test]
    fn a_cell_that_is_too_long_is_refused() {
        let rows = |length| [[json!("é".repeat(length)), json!(1), json!(2)]];
        assert!(written(&rows(MAX_CHARACTERS)).is_ok());
        let error = written(&rows(MAX_CHARACTERS + 1)).unwrap_err().to_string();
        assert!(error.contains("row 1 has a cell of 32768 characters"), "{error}");
        let rows = [vec!["a".to_owned()], vec!["é".repeat(MAX_CHARACTERS + 1)]];
        assert!(check(&rows).unwrap_err().to_string().contains("row 3 has a cell"));
        assert!(check(&rows[..1]).is_ok());
    }
}
