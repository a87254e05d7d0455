//! Spreadsheets made by hand: odd ones, broken ones, and those made to fill the memory.

use std::io::{Cursor, Write};

use zip::write::{SimpleFileOptions, ZipWriter};

use super::packed::scan_packed;
use super::*;

const TYPES: (&str, &str) = ("[Content_Types].xml", "<Types/>");
const WORKBOOK: (&str, &str) =
    ("xl/workbook.xml", "<workbook><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>");
const RELATIONSHIPS: (&str, &str) = (
    "xl/_rels/workbook.xml.rels",
    "<Relationships><Relationship Id=\"r1\" Type=\"x/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"r2\" \
     Type=\"x/sharedStrings\" Target=\"/xl/sharedStrings.xml\"/></Relationships>",
);

pub(super) fn zip(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in parts {
        zip.start_file(*path, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A workbook with one sheet.
pub(super) fn xlsx(strings: &str, rows: &str) -> Vec<u8> {
    let strings = format!("<sst>{strings}</sst>");
    let sheet = format!("<worksheet>{rows}</worksheet>");
    let parts = [("xl/sharedStrings.xml", strings.as_str()), ("xl/worksheets/sheet1.xml", &sheet)];
    zip(&[&[TYPES, WORKBOOK, RELATIONSHIPS], &parts[..]].concat())
}

fn read(bytes: &[u8]) -> Result<SourceInfo, Diagnostic> {
    let hints = Hints { has_header: Some(false), ..Hints::default() };
    scan_packed("file", bytes, &hints)
}

/// The rows of a sheet without a header.
fn preview(strings: &str, rows: &str) -> Vec<Vec<String>> {
    read(&xlsx(strings, &format!("<sheetData>{rows}</sheetData>"))).unwrap().preview
}

fn error(bytes: &[u8]) -> Diagnostic {
    read(bytes).unwrap_err()
}

/// A cell with a text of its own.
pub(super) fn cell(name: &str, text: &str) -> String {
    format!("<c r=\"{name}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
}

#[test]
fn texts_are_joined_from_their_runs_without_phonetic_hints() {
    let strings = "<si><r><t>東</t></r><r><rPr/><t xml:space=\"preserve\"> 京</t></r><rPh><t>トウ</t></rPh></si>\
                   <si><t>a &amp; b&#x41;<![CDATA[<c>]]></t></si><si/>";
    let rows = "<row><c t=\"s\"><v>0</v></c><c t=\"s\"><v>1</v></c></row><row><c t=\"s\"><v>2</v></c>\
                <c t=\"s\"><v>99</v></c><c t=\"str\"><f>x</f><v>y_x000A_z</v></c></row>";
    assert_eq!(preview(strings, rows), [["東 京", "a & bA<c>", ""], ["", "", "y\nz"]]);
}

#[test]
fn cells_and_rows_without_names_follow_each_other() {
    let rows =
        "<row><c><v>1</v></c><c r=\"C1\"><v>2</v></c><c><v>3</v></c></row><row r=\"3\"><c t=\"b\"><v>0</v></c></row>";
    assert_eq!(preview("", rows), [["1", "", "2", "3"], ["FALSE", "", "", ""]]);
}

#[test]
fn merged_cells_fill_the_rows_below_that_have_cells() {
    let rows: String =
        (1..=6).map(|row| format!("<row r=\"{row}\">{}</row>", cell(&format!("A{row}"), &format!("t{row}")))).collect();
    let rows = rows.replacen("</row>", &format!("{}</row>", cell("B1", "x")), 1);
    let merged = "<mergeCells><mergeCell ref=\"B1:C3\"/><mergeCell ref=\"D1:E1\"/><mergeCell ref=\"A5:A1048576\"/>\
                  <mergeCell ref=\"?\"/></mergeCells>";
    let source = read(&xlsx("", &format!("<sheetData>{rows}</sheetData>{merged}"))).unwrap();
    let labels: Vec<&str> = source.preview.iter().map(|row| row[1].as_str()).collect();
    assert_eq!((labels.as_slice(), source.rows), (&["x", "x", "x", "", "", ""][..], 6));
}

#[test]
fn one_far_cell_asks_for_no_rectangle() {
    let rows = format!(
        "<row r=\"1\">{}</row><row r=\"1048576\">{}{}</row>",
        cell("A1", "a"),
        cell("B1048576", "b"),
        cell("XFD1048576", "c")
    );
    let source = read(&xlsx("", &format!("<sheetData>{rows}</sheetData>"))).unwrap();
    assert_eq!((source.rows, source.columns.len()), (2, 1));
    assert_eq!(warning(&source.warnings, "data.far-cells").what, "1 cell beyond column 1000 (first: XFD1048576).");
}

#[test]
fn rows_out_of_order_are_refused() {
    for row in ["1", "0", "1048577", "4000000000"] {
        let rows = format!("<sheetData><row r=\"1\">{0}</row><row r=\"{row}\">{0}</row></sheetData>", cell("A1", "a"));
        assert_eq!(error(&xlsx("", &rows)).code, "data.damaged", "{row}");
    }
}

#[test]
fn broken_xml_is_damage() {
    for rows in [
        "<sheetData><row>",
        "<sheetData></row>",
        "<sheetData><row r=\"1\"><c><v>1</c></row></sheetData>",
        "&",
        "<sheetData><",
    ] {
        let diagnostic = error(&xlsx("", rows));
        assert_eq!(diagnostic.code, "data.damaged", "{rows}");
        assert!(diagnostic.what.contains("xl/worksheets/sheet1.xml"), "{diagnostic}");
    }
    assert_eq!(error(&xlsx("", &"<a>".repeat(1000))).code, "data.damaged");
    let mut whole = xlsx("", "<sheetData/>");
    whole.truncate(whole.len() - 30);
    assert!(error(&whole).remedy.contains("end of the file"));
}

#[test]
fn entities_of_a_document_type_are_not_expanded() {
    let laughs = "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>";
    let rows = format!("{laughs}<worksheet><sheetData><row>{}</row></sheetData></worksheet>", cell("A1", "x&b;y"));
    let bytes = zip(&[TYPES, WORKBOOK, RELATIONSHIPS, ("xl/worksheets/sheet1.xml", &rows)]);
    assert_eq!(read(&bytes).unwrap().preview, [["xy"]]);
}

#[test]
fn a_sheet_about_the_others_is_not_read_first() {
    let opened = |name: &str, first: &str, second: &str| {
        let sheets = format!("<sheet name=\"{name}\" r:id=\"r1\"/><sheet name=\"Data\" r:id=\"r2\"/>");
        let workbook = format!("<workbook><sheets>{sheets}</sheets></workbook>");
        let relationship =
            |id: u32| format!("<Relationship Id=\"r{id}\" Type=\"x/worksheet\" Target=\"worksheets/sheet{id}.xml\"/>");
        let relationships = format!("<Relationships>{}{}</Relationships>", relationship(1), relationship(2));
        let sheet = |rows: &str| format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
        let bytes = zip(&[
            TYPES,
            ("xl/workbook.xml", &workbook),
            ("xl/_rels/workbook.xml.rels", &relationships),
            ("xl/worksheets/sheet1.xml", &sheet(first)),
            ("xl/worksheets/sheet2.xml", &sheet(second)),
        ]);
        read(&bytes).unwrap().preview[0].join(" ")
    };
    let row = |first: &str, second: &str| format!("<row>{}{}</row>", cell("A1", first), cell("B1", second));
    let table = row("so good", "pos") + &row("so bad", "neg");
    let notes = format!("<row>{}</row><row>{}</row>", cell("A1", "Please read"), cell("A1", "this"));
    assert_eq!(opened("S", &notes, &table), "so good pos");
    assert_eq!(opened("Read me", &(row("Version", "1.2") + &row("Author", "Anna")), &table), "so good pos");
    assert_eq!(opened("S", &table, &table.replace("so", "very")), "so good pos");
    assert_eq!(opened("S", &notes, ""), "Please read", "there is nothing else");
    let lines: String = (0..30).map(|nth| format!("<row>{}</row>", cell("A1", &format!("so it was {nth}")))).collect();
    assert_eq!(opened("S", &lines, &table), "so it was 0", "running text");
}

#[test]
fn a_sheet_that_unpacks_to_too_much_is_refused() {
    let blank = " ".repeat(20 << 20);
    assert_eq!(error(&xlsx("", &format!("<sheetData>{blank}</sheetData>"))).code, "data.unpacks-to-too-much");
    // A single text has its own limit.
    let noise: String =
        (0..34_u32 << 20).map(|nth| char::from(b'a' + (nth.wrapping_mul(2_654_435_761) >> 27) as u8 % 26)).collect();
    assert_eq!(error(&xlsx("", &format!("<sheetData>{noise}</sheetData>"))).code, "data.damaged");
}

#[test]
fn a_sheet_of_formulas_without_values_is_refused_with_a_remedy() {
    let diagnostic = error(&xlsx("", "<sheetData><row><c r=\"A1\"><f>B1</f></c></row></sheetData>"));
    assert_eq!(diagnostic.code, "data.formulas");
    assert!(diagnostic.what.contains("first: A1") && diagnostic.remedy.contains("LibreOffice"), "{diagnostic}");
    assert_eq!(error(&xlsx("", "<sheetData/>")).code, "data.empty-sheet");
    assert_eq!(error(&zip(&[TYPES, ("xl/workbook.xml", "<workbook/>")])).code, "data.no-sheet");
}

#[test]
fn other_office_files_are_named_with_a_remedy() {
    for (parts, what) in [
        (&[TYPES, ("xl/workbook.bin", "")][..], "binary workbook"),
        (&[TYPES, ("ppt/presentation.xml", "")], "presentation"),
        (&[("Index/Document.iwa", "")], "Numbers"),
        (&[("mimetype", "application/vnd.oasis.opendocument.text")], "text document"),
    ] {
        let diagnostic = error(&zip(parts));
        assert!(diagnostic.code == "data.not-text" && diagnostic.what.contains(what), "{diagnostic}");
        assert!(!diagnostic.remedy.is_empty());
    }
    assert_eq!(error(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0").code, "data.no-table");
}

#[test]
fn passwords_are_named_as_the_reason() {
    let ods = zip(&[
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", "\u{1}"),
        ("META-INF/manifest.xml", "<manifest:encryption-data/>"),
    ]);
    assert_eq!(error(&ods).code, "data.encrypted");
    for (entry, code, what) in [
        ("EncryptedPackage", "data.encrypted", "password"),
        ("Workbook", "data.not-text", ".xls"),
        ("WordDocument", "data.not-text", ".doc"),
        ("Other", "data.not-text", "old office file"),
    ] {
        // The directory is in sector 0, after the header.
        let mut bytes = vec![0; 1024];
        bytes[..8].copy_from_slice(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
        bytes[30] = 9;
        let name: Vec<u8> = entry.encode_utf16().flat_map(u16::to_le_bytes).collect();
        bytes[512..512 + name.len()].copy_from_slice(&name);
        let diagnostic = error(&bytes);
        assert!(diagnostic.code == code && diagnostic.what.contains(what), "{diagnostic}");
    }
    assert_eq!(error(b"\xd0\xcf\x11\xe0").code, "data.not-text");
}
