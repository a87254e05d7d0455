//! Each format with what goes wrong with files: a wrong ending, an end that is missing, dangerous names, a million columns.

use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::archives::{tar, zip};
use super::documents::{CHAPTERS, CONTAINER, MIMETYPE, PACKAGE, docx};
use super::packed::{gzip, scan_packed};
use super::sheets::{cell, xlsx, zip as zip_of};
use super::*;

const ODS: (&str, &str) = ("mimetype", "application/vnd.oasis.opendocument.spreadsheet");
const PAGE: &str = "<!DOCTYPE html><html><body><p>One paragraph.</p><p>Another one.</p></body></html>";

/// Code and text of the error about a table with too many columns.
const WIDE: (&str, &str) = ("data.too-many-columns", "The rows have more than 1,000 columns.");

fn ods(rows: &str) -> Vec<u8> {
    let content = format!(
        "<office:document-content><office:body><office:spreadsheet><table:table table:name=\"S\">{rows}</table:table>\
         </office:spreadsheet></office:body></office:document-content>"
    );
    zip_of(&[ODS, ("content.xml", &content)])
}

fn zstd(content: &[u8]) -> Vec<u8> {
    compress_to_vec(content, CompressionLevel::Fastest)
}

/// A whole file of each format, by its usual name.
fn whole() -> Vec<(&'static str, Vec<u8>)> {
    let row = |nth: usize, cells: [&str; 2]| {
        format!("<row>{}{}</row>", cell(&format!("A{nth}"), cells[0]), cell(&format!("B{nth}"), cells[1]))
    };
    let table = [["text", "label"], ["so good", "pos"], ["so bad", "neg"], ["fine", "pos"], ["dull", "neg"]];
    let sheet: String = table.iter().enumerate().map(|(nth, cells)| row(nth + 1, *cells)).collect();
    let ods_cell = |text: &str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
    };
    let ods_rows: String = table
        .iter()
        .map(|[text, label]| format!("<table:table-row>{}{}</table:table-row>", ods_cell(text), ods_cell(label)))
        .collect();
    let lines: String =
        table[1..].iter().map(|[text, label]| format!("{{\"text\": \"{text}\", \"label\": \"{label}\"}}\n")).collect();
    let book = zip_of(&[&[MIMETYPE, CONTAINER, PACKAGE], &CHAPTERS[..]].concat());
    vec![
        ("a.csv", GOOD.as_bytes().to_vec()),
        ("a.jsonl", lines.into_bytes()),
        ("a.xlsx", xlsx("", &format!("<sheetData>{sheet}</sheetData>"))),
        ("a.ods", ods(&ods_rows)),
        ("a.csv.gz", gzip(GOOD.as_bytes())),
        ("a.csv.zst", zstd(GOOD.as_bytes())),
        ("a.zip", zip(&[("a.csv", GOOD.as_bytes())])),
        ("a.tar.gz", gzip(&tar(&[("a.csv", GOOD.as_bytes())]))),
        (
            "a.docx",
            docx("<w:p><w:r><w:t>One paragraph.</w:t></w:r></w:p><w:p><w:r><w:t>Another one.</w:t></w:r></w:p>"),
        ),
        ("a.html", PAGE.as_bytes().to_vec()),
        ("a.epub", book),
    ]
}

fn refused(name: &str, bytes: &[u8]) -> Diagnostic {
    let diagnostic = scan_packed(name, bytes, &Hints::default()).unwrap_err();
    assert!(!diagnostic.done.is_empty() && !diagnostic.remedy.is_empty(), "{name}: {diagnostic}");
    diagnostic
}

#[test]
fn a_file_with_a_wrong_ending_is_read_by_its_content() {
    for (name, bytes) in whole() {
        let own = scan_packed(name, &bytes, &Hints::default()).unwrap();
        for (other, _) in whole().into_iter().chain([("a.parquet", Vec::new()), ("download", Vec::new())]) {
            match scan_packed(other, &bytes, &Hints::default()) {
                Ok(source) => assert_eq!((source.format, source.rows), (own.format, own.rows), "{name} as {other}"),
                // A web page of another name was sent in place of the data.
                Err(diagnostic) => assert_eq!((name, diagnostic.code.as_str()), ("a.html", "data.not-data"), "{other}"),
            }
        }
    }
}

#[test]
fn packed_files_without_their_end_are_refused() {
    for (name, bytes) in whole().into_iter().filter(|(name, _)| !["a.csv", "a.jsonl", "a.html"].contains(name)) {
        for kept in [4, bytes.len() / 4, bytes.len() / 2, bytes.len() - 20] {
            let code = refused(name, &bytes[..kept]).code;
            assert!(["data.truncated", "data.damaged"].contains(&code.as_str()), "{name} cut to {kept}: {code}");
        }
    }
    let lines = &whole()[1].1;
    let cut = scan_packed("a.jsonl", &lines[..lines.len() - 20], &Hints::default()).unwrap();
    assert!(cut.rows == 3 && cut.warnings[0].code == "data.bad-rows", "{:?}", cut.warnings);
}

#[test]
fn paths_out_of_an_archive_are_refused_in_the_forms_of_all_systems() {
    for path in ["../a.csv", "/a.csv", "..\\a.csv", "C:\\a.csv", "a/../../b.csv", "\\\\server\\a.csv"] {
        for archive in [zip(&[(path, GOOD.as_bytes())]), tar(&[(path, GOOD.as_bytes())])] {
            assert_eq!(refused("a.zip", &archive).code, "data.archive-path", "{path}");
        }
    }
}

#[test]
fn two_files_of_a_zip_with_one_path_are_refused() {
    let mut bytes = zip(&[("a.csv", GOOD.as_bytes()), ("b.csv", b"text,label\nother,pos\n")]);
    for at in 0..bytes.len() - 5 {
        if &bytes[at..at + 5] == b"b.csv" {
            bytes[at] = b'a';
        }
    }
    assert_eq!(refused("a.zip", &bytes).code, "data.same-paths");
}

#[test]
fn a_method_of_a_zip_that_is_not_read_is_named() {
    let mut bytes = zip(&[("a.csv", GOOD.as_bytes())]);
    for (signature, at) in [(b"PK\x03\x04", 8), (b"PK\x01\x02", 10)] {
        let header = bytes.windows(4).position(|window| window == signature).unwrap();
        bytes[header + at] = 12;
    }
    let diagnostic = refused("a.zip", &bytes);
    assert!(diagnostic.code == "data.compression" && diagnostic.what.contains("ip2"), "{diagnostic}");
}

#[test]
fn files_without_rows_are_refused_in_every_format() {
    let header = format!("<sheetData><row>{}{}</row></sheetData>", cell("A1", "text"), cell("B1", "label"));
    let formula = "<table:table-row><table:table-cell table:formula=\"of:=[.B1]\"/></table:table-row>";
    for (name, bytes, code) in [
        ("a.csv", b"text,label\n".to_vec(), "data.header-only"),
        ("a.jsonl", b"\n".to_vec(), "data.empty"),
        ("a.xlsx", xlsx("", "<sheetData/>"), "data.empty-sheet"),
        ("a.xlsx", xlsx("", &header), "data.header-only"),
        ("a.ods", ods(""), "data.empty-sheet"),
        ("a.ods", ods(formula), "data.formulas"),
        ("a.gz", gzip(b""), "data.empty"),
        ("a.zst", zstd(b""), "data.empty"),
        ("a.zip", zip(&[]), "data.no-table"),
        ("a.docx", docx(""), "data.empty"),
        ("a.html", b"<html></html>".to_vec(), "data.empty"),
        ("a.epub", zip_of(&[MIMETYPE, CONTAINER, ("OEBPS/a.opf", "<package/>")]), "data.no-rows"),
    ] {
        assert_eq!(refused(name, &bytes).code, code, "{name}");
    }
}

#[test]
fn a_million_columns_are_refused_or_cut_with_a_warning() {
    let many = 1_000_000;
    let line = "1,".repeat(many);
    for separator in [",", "\t"] {
        let table = line.replace(',', separator) + "\n";
        let diagnostic = refused("a.csv", table.repeat(2).as_bytes());
        assert_eq!((diagnostic.code.as_str(), diagnostic.what.as_str()), WIDE);
    }
    assert_eq!(refused("a.zip", &zip(&[("a.csv", line.as_bytes())])).code, WIDE.0);
    let members: String = (0..20_000).map(|nth| format!("\"{nth}\":1,")).collect();
    assert_eq!(refused("a.jsonl", format!("{{{members}\"text\":1}}\n").as_bytes()).code, WIDE.0);
    let cells = cell("A1", "x").replace(" r=\"A1\"", "").repeat(20_000);
    let wide =
        format!("<table:table-cell table:number-columns-repeated=\"{many}\"><text:p>x</text:p></table:table-cell>");
    for sheet in [
        xlsx("", &format!("<sheetData><row>{cells}</row><row>{cells}</row></sheetData>")),
        ods(&format!("<table:table-row>{wide}</table:table-row>").repeat(2)),
    ] {
        let source = scan_packed("a", &sheet, &Hints::default()).unwrap();
        let codes: Vec<&str> = source.warnings.iter().map(|warning| warning.code.as_str()).collect();
        assert_eq!((source.columns.len(), codes), (1_000, vec!["data.far-cells"]));
    }
}
