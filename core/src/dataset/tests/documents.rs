//! Word documents, web pages and books made by hand.

use std::io::{Cursor, Write};

use zip::write::{SimpleFileOptions, ZipWriter};

use super::packed::{gzip, scan_packed};
use super::*;

const TYPES: (&str, &str) = ("[Content_Types].xml", "<Types/>");
pub(super) const MIMETYPE: (&str, &str) = ("mimetype", "application/epub+zip");
pub(super) const CONTAINER: (&str, &str) = (
    "META-INF/container.xml",
    "<container><rootfiles><rootfile full-path=\"OEBPS/a.opf\" media-type=\"application/oebps-package+xml\"/></rootfiles></container>",
);
pub(super) const PACKAGE: (&str, &str) = (
    "OEBPS/a.opf",
    "<package><manifest><item id=\"b\" href=\"text/b%20c.xhtml\" media-type=\"application/xhtml+xml\"/>\
     <item id=\"a\" href=\"../a.xhtml\" media-type=\"application/xhtml+xml\"/>\
     <item id=\"i\" href=\"i.png\" media-type=\"image/png\"/></manifest>\
     <spine><itemref idref=\"a\"/><itemref idref=\"i\"/><itemref idref=\"b\"/></spine></package>",
);
pub(super) const CHAPTERS: [(&str, &str); 2] = [
    ("OEBPS/text/b c.xhtml", "<html><body><p>The second chapter.</p></body></html>"),
    (
        "a.xhtml",
        "<?xml version=\"1.0\"?><html><head><title>No</title></head><body><h1>One</h1><p>caf&#233;</p></body></html>",
    ),
];

fn zip(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in parts {
        zip.start_file(*path, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

pub(super) fn docx(body: &str) -> Vec<u8> {
    let document = format!("<w:document><w:body>{body}</w:body></w:document>");
    zip(&[TYPES, ("word/document.xml", &document)])
}

fn read(name: &str, bytes: &[u8]) -> Result<Vec<String>, Diagnostic> {
    let source = scan_packed(name, bytes, &Hints::default())?;
    assert_eq!((source.format, source.columns.as_slice()), (Format::Document, &["text".to_owned()][..]));
    assert_eq!(source.guess(), Mapping::Corpus { text: 0 });
    assert!(source.offers.iter().all(|offer| !offer.fits || matches!(offer.mapping, Mapping::Corpus { .. })));
    Ok(source.preview.into_iter().flatten().collect())
}

fn code(name: &str, bytes: &[u8]) -> String {
    read(name, bytes).unwrap_err().code
}

#[test]
fn paragraphs_of_a_word_document_are_rows() {
    let body = "<w:p><w:r><w:t xml:space=\"preserve\">One </w:t></w:r><w:r><w:t>text &amp; more</w:t><w:br/><w:t>line</w:t></w:r></w:p>\
                <w:p/><w:tbl><w:tr><w:tc><w:p><w:r><w:t>cell</w:t></w:r></w:p></w:tc></w:tr></w:tbl>\
                <w:p><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:r><w:instrText>PAGE</w:instrText></w:r>\
                <mc:AlternateContent><mc:Choice><w:t>box</w:t></mc:Choice><mc:Fallback><w:t>box</w:t></mc:Fallback></mc:AlternateContent></w:p>";
    assert_eq!(read("a.docx", &docx(body)).unwrap(), ["One text & more\nline", "cell", "box"]);
    assert_eq!(read("download", &docx(body)).unwrap().len(), 3);
    // In an archive too.
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("a.docx", SimpleFileOptions::default()).unwrap();
    archive.write_all(&docx(body)).unwrap();
    assert_eq!(read("a.zip", &archive.finish().unwrap().into_inner()).unwrap().len(), 3);
}

#[test]
fn paragraphs_of_a_web_page_are_rows_if_it_is_called_one() {
    let page = "<!doctype html><meta charset=\"windows-1252\"><p>caf\u{e9}, one<p>Two";
    let latin: Vec<u8> = page.chars().map(|c| c as u8).collect();
    for (name, bytes) in [("a.html", latin.clone()), ("A.HTM", latin.clone()), ("a.html.gz", gzip(&latin))] {
        assert_eq!(read(name, &bytes).unwrap(), ["café, one", "Two"], "{name}");
    }
    assert_eq!(read("a.html", "<html><p>\u{e9}t\u{e9}".as_bytes()).unwrap(), ["été"]);
    // A page in place of a download.
    assert_eq!(scan_packed("a.csv", &latin, &Hints::default()).unwrap_err().code, "data.not-data");
    assert_eq!(code("a.html", b"<html><script>x</script></html>"), "data.empty");
}

#[test]
fn chapters_of_a_book_are_read_in_their_order() {
    let book = zip(&[&[MIMETYPE, CONTAINER, PACKAGE], &CHAPTERS[..]].concat());
    assert_eq!(read("a.epub", &book).unwrap(), ["One", "café", "The second chapter."]);
}

#[test]
fn documents_that_cannot_be_read_are_refused() {
    let whole = docx("<w:p><w:r><w:t>text</w:t></w:r></w:p>");
    assert_eq!(code("a.docx", &docx("<w:p><w:t>no end")), "data.damaged");
    assert_eq!(code("a.docx", &docx("")), "data.empty");
    assert_eq!(code("a.docx", &whole[..whole.len() - 40]), "data.damaged");
    assert_eq!(code("a.docx", &docx(&" ".repeat(20 << 20))), "data.unpacks-to-too-much");
    let chapter = |content: &str| zip(&[MIMETYPE, CONTAINER, PACKAGE, ("a.xhtml", content)]);
    assert_eq!(code("a.epub", &chapter(&" ".repeat(20 << 20))), "data.unpacks-to-too-much");
    assert_eq!(code("a.epub", &chapter("<p>One, and no other.")), "data.damaged");
    assert_eq!(code("a.epub", &zip(&[MIMETYPE])), "data.damaged");
    assert_eq!(code("a.epub", &zip(&[MIMETYPE, CONTAINER, ("OEBPS/a.opf", "<package/>")])), "data.no-rows");
    let lock = ("META-INF/encryption.xml", "<encryption><CipherReference URI=\"a.xhtml\"/></encryption>");
    let locked = zip(&[&[MIMETYPE, CONTAINER, PACKAGE, lock], &CHAPTERS[..]].concat());
    assert_eq!(code("a.epub", &locked), "data.encrypted");
    let pdf = scan_packed("a.pdf", b"%PDF-1.7\n", &Hints::default()).unwrap_err();
    assert!(pdf.what.contains("PDF") && pdf.remedy.contains("plain text"), "{pdf}");
}
