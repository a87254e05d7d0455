//! Compressed files, whole and damaged.

use std::io::{Cursor, Write};

use flate2::Compression as Level;
use flate2::write::GzEncoder;

use super::*;

/// The source and the examples of a file that is unpacked while it is read.
fn unpack(name: &str, bytes: &[u8]) -> Result<(SourceInfo, Examples), Diagnostic> {
    unpack_by(name, bytes, Hints::default())
}

/// The result of a scan alone.
pub(super) fn scan_packed(name: &str, bytes: &[u8], hints: &Hints) -> Result<SourceInfo, Diagnostic> {
    let mut reader = DataReader::open(name, Cursor::new(bytes.to_vec()), DataRole::Train, hints)?;
    let mut scanner = reader.scanner(hints.clone());
    while let Some(piece) = reader.next_piece()? {
        scanner.push(piece)?;
    }
    reader.finish(scanner)
}

fn unpack_by(name: &str, bytes: &[u8], hints: Hints) -> Result<(SourceInfo, Examples), Diagnostic> {
    let source = scan_packed(name, bytes, &hints)?;
    let mut collector = Collector::new(&source, source.guess())?;
    let mut reader = DataReader::open(name, Cursor::new(bytes.to_vec()), DataRole::Train, &hints)?;
    while let Some(piece) = reader.next_piece()? {
        collector.push(piece)?;
    }
    assert_eq!(reader.read_bytes(), bytes.len() as f64, "progress ends at the size of the file");
    Ok((source, collector.finish()?))
}

fn error(name: &str, bytes: &[u8]) -> Diagnostic {
    unpack(name, bytes).unwrap_err()
}

pub(super) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Level::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_file_is_unpacked_whatever_its_name() {
    for name in ["table.csv.gz", "table.csv", "download"] {
        let (source, rows) = unpack(name, &gzip(GOOD.as_bytes())).unwrap();
        let found = (source.name.as_str(), source.compression, source.format, source.columns.len(), rows.len());
        assert_eq!(found, (name, Some(Compression::Gzip), Format::Delimited, 2, 4));
    }
    let (source, _) = unpack("table.csv.gz", GOOD.as_bytes()).unwrap();
    assert_eq!((source.compression, source.rows), (None, 4));
}

#[test]
fn the_content_is_recognized_by_the_name_without_the_compression() {
    let prose = "First, a line.\nThen, another.\nNo comma here.\n";
    let format = |name| unpack(name, &gzip(prose.as_bytes())).map(|(source, _)| source.format);
    assert_eq!((format("a.txt.gz"), format("a.csv.gz")), (Ok(Format::Text), Ok(Format::Delimited)));
}

#[test]
fn cut_files_are_refused_with_a_remedy() {
    let whole = gzip(GOOD.as_bytes());
    for len in 20..whole.len() {
        let diagnostic = error("a.csv.gz", &whole[..len]);
        assert_eq!(diagnostic.code, "data.truncated", "{len}: {diagnostic}");
        assert!(diagnostic.what.contains("\"a.csv.gz\" is cut off"), "{diagnostic}");
        assert!(diagnostic.remedy.contains("gzip -t"), "{diagnostic}");
    }
}

#[test]
fn a_changed_byte_is_never_read_as_other_rows() {
    let whole = gzip(GOOD.as_bytes());
    let rows = |bytes: &[u8]| unpack("a.csv.gz", bytes).map(|(_, rows)| format!("{rows:?}"));
    let expected = rows(&whole).unwrap();
    for at in 3..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        match rows(&damaged) {
            Ok(rows) => assert_eq!(rows, expected, "byte {at}"),
            Err(diagnostic) => assert!(["data.damaged", "data.truncated"].contains(&diagnostic.code.as_str())),
        }
    }
}

#[test]
fn bombs_are_refused_by_their_ratio() {
    let bomb = gzip(&vec![b'a'; 8 << 20]).repeat(4);
    let diagnostic = error("bomb.csv.gz", &bomb);
    assert_eq!(diagnostic.code, "data.unpacks-to-too-much");
    assert!(diagnostic.what.contains("more than 250 times its size (gzip)"), "{diagnostic}");
    let diagnostic = error("bomb.zst", &letters_as_zstd(200));
    assert!(diagnostic.what.contains("more than 250 times its size (Zstandard)"), "{diagnostic}");
}

/// A frame of `blocks` times 128 KB of one letter, each block in 4 bytes.
fn letters_as_zstd(blocks: usize) -> Vec<u8> {
    let mut bytes = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x38];
    for block in 0..blocks {
        let header = (128 << 10) << 3 | 1 << 1 | u32::from(block + 1 == blocks);
        bytes.extend(&header.to_le_bytes()[..3]);
        bytes.push(b'a');
    }
    bytes
}

#[test]
fn a_window_that_asks_for_gigabytes_is_refused() {
    // The window's exponent is 31 + 10.
    let diagnostic = error("a.csv.zst", &[0x28, 0xb5, 0x2f, 0xfd, 0, 0xf8, 1, 0, 0]);
    assert_eq!(diagnostic.code, "data.compression");
    assert!(diagnostic.remedy.contains("--long"), "{diagnostic}");
}

#[test]
fn what_is_inside_must_be_text_too() {
    for (content, what) in [
        (&b"\x89PNG\r\n\x1a\n"[..], "image"),
        (b"BZh91AY&SY", "bzip2"),
        (&gzip(GOOD.as_bytes()), "gzip"),
        (b"PK\x03\x04", "zip"),
    ] {
        let diagnostic = error("a.csv.gz", &gzip(content));
        assert!(diagnostic.code == "data.not-text" && diagnostic.what.contains(what), "{diagnostic}");
    }
    assert!(error("a", &gzip(&gzip(b"x"))).remedy.contains("compressed twice"));
    assert_eq!(error("a.csv.gz", &gzip(b"")).code, "data.empty");
    assert_eq!(error("a.csv.gz", &gzip(b"text,label\n\xe9t\xc3\xa9\xc3\xa9,1\n")).code, "data.not-utf8");
}

#[test]
fn compressed_files_that_hone_does_not_unpack_are_named_with_a_remedy() {
    for (bytes, remedy) in [
        (&b"BZh91AY&SY"[..], "bunzip2"),
        (b"\xfd7zXZ\0", "unxz"),
        (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
        (b"Rar!\x1a\x07\x01", "7-Zip"),
    ] {
        let diagnostic = error("a.csv.bz2", bytes);
        assert!(diagnostic.remedy.contains(remedy), "{diagnostic}");
    }
}
