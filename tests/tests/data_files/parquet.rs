//! Parquet files of pyarrow and polars.

use std::fs;
use std::io::{Cursor, Read};

use flate2::read::GzDecoder;
use hone_core::dataset::{CellReader, Cells, DataRole, Format, Hints, Mapping, SourceInfo};
use hone_core::diagnostic::Diagnostic;
use hone_core::limits::MAX_COLUMNS;
use hone_tests::data_reader::open_data;
use hone_tests::golden;

use crate::{expected, read, rows};

fn bytes(name: &str) -> Vec<u8> {
    fs::read(golden(&format!("data_files/{name}"))).unwrap()
}

fn scanned(bytes: Vec<u8>) -> Result<(SourceInfo, Cells), Diagnostic> {
    let open = || open_data("a.parquet", Cursor::new(bytes.clone()), DataRole::Train, &Hints::default());
    let mut reader = open()?;
    let mut scanner = reader.scanner(Hints::default());
    while let Some(piece) = reader.next_piece()? {
        scanner.push(piece)?;
    }
    let source = reader.finish(scanner)?;
    let mut cells = CellReader::new(&source);
    let mut reader = open()?;
    while let Some(piece) = reader.next_piece()? {
        cells.push(piece)?;
    }
    Ok((source, cells.finish()?))
}

#[test]
fn parquet_of_every_codec_is_read() {
    for name in ["table", "none", "gzip", "lz4", "polars", "version2"] {
        let (source, examples) = read(&format!("{name}.parquet")).unwrap();
        assert_eq!((source.format, source.columns.join(" ")), (Format::Parquet, "text label".into()), "{name}");
        assert_eq!((source.rows as usize, rows(examples)), (expected().len(), expected()), "{name}");
    }
}

#[test]
fn cells_of_a_parquet_file_are_read_as_a_csv_file_would_have_them() {
    let (source, cells) = scanned(bytes("typed.parquet")).unwrap();
    let cell = |name: &str| {
        let column = cells.columns.iter().position(|column| column == name).expect(name);
        cells.rows[0][column].as_str()
    };
    for (name, value) in [
        ("text", "plain"),
        ("label", "good"),
        ("day", "2024-03-05"),
        ("millis", "2024-03-05 14:30:00.12"),
        ("micros", "2024-03-05 14:30:00.12"),
        ("nanos", "2024-03-05 14:30:00.12"),
        ("time", "14:30:00"),
        ("clock", "14:30:00.000005"),
        ("price", "-12.30"),
        ("flag", "true"),
        ("small", "-1"),
        ("large", "18446744073709551615"),
        ("half", "0.5"),
        ("single", "0.1"),
        ("double", "1e+300"),
        ("list", "[1,null,3]"),
        ("nested", "[[\"a\"],[]]"),
        ("struct.a", "1"),
        ("struct.b.c", "x"),
        ("map", "{\"k\":1}"),
        ("id", "12345678-1234-5678-1234-567812345678"),
        ("image.path", "a.png"),
    ] {
        assert_eq!(cell(name).replace(' ', ""), value.replace(' ', ""), "{name}");
    }
    assert_eq!((cells.columns.len(), source.rows), (22, 2), "{:?}", cells.columns);
    assert!(cells.rows[1].iter().all(String::is_empty), "{:?}", cells.rows[1]);
    let warning = source.warnings.iter().find(|warning| warning.code == "data.binary-columns").unwrap();
    assert!(warning.what.contains("\"a.parquet\" has binary data") && warning.what.contains("bytes, image, images"));
}

#[test]
fn labels_of_the_datasets_library_are_read_by_their_names() {
    let (source, examples) = read("labeled.parquet").unwrap();
    assert_eq!(source.columns, ["text", "label", "ner_tags", "tokens"]);
    assert_eq!(source.preview[0][1..3], ["pos", "[\"O\",\"B-PER\",\"O\",\"B-PER\"]"]);
    if let Mapping::Classification { text, label, .. } = source.guess() {
        assert_eq!((text, label, rows(examples)), (0, 1, expected()));
    }
    let tags = |mapping: &Mapping| matches!(mapping, Mapping::TokenClassification { .. });
    assert!(source.offers.iter().any(|offer| offer.fits && tags(&offer.mapping)), "{:?}", source.offers);
}

#[test]
fn conversations_are_lists_of_structs() {
    let (source, examples) = read("chat.parquet").unwrap();
    assert!(matches!(source.guess(), Mapping::Chat { .. }), "{:?}", source.guess());
    assert_eq!(examples.len(), expected().len());
}

#[test]
fn parquet_that_cannot_be_read_is_refused_by_its_kind() {
    let code = |bytes: Vec<u8>| scanned(bytes).unwrap_err();
    for (name, expected, hint) in [
        ("zero.parquet", "data.no-rows", "no rows"),
        ("bytes.parquet", "data.binary", "image"),
        ("brotli.parquet", "data.compression", "Brotli"),
        ("encrypted.parquet", "data.encrypted", "encrypted"),
        ("encrypted_column.parquet", "data.damaged", "cannot be read"),
    ] {
        let error = code(bytes(name));
        assert_eq!((error.code.as_str(), error.what.contains(hint)), (expected, true), "{name}: {error}");
        assert!(error.what.starts_with("\"a.parquet\" ") && !error.remedy.is_empty(), "{error}");
    }
    let mut wide = Vec::new();
    GzDecoder::new(Cursor::new(bytes("wide.parquet.gz"))).read_to_end(&mut wide).unwrap();
    assert_eq!(code(wide).code, "data.too-many-columns");
    assert_eq!(hone_tables::MAX_COLUMNS, MAX_COLUMNS);
    let whole = bytes("table.parquet");
    for end in [5, 12, whole.len() / 2, whole.len() - 1] {
        assert_eq!(code(whole[..end].to_vec()).code, "data.truncated", "{end}");
    }
}

#[test]
fn packed_parquet_is_refused_with_the_remedy() {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for name in ["a.parquet", "b.parquet"] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, &bytes("table.parquet")).unwrap();
    }
    let error = scanned(zip.finish().unwrap().into_inner()).unwrap_err();
    assert!(error.remedy.contains("choose the Parquet file"), "{error}");
    let error = scanned(bytes("wide.parquet.gz")).unwrap_err();
    assert!(error.what.contains("Parquet") && error.remedy.contains("Unpack it"), "{error}");
}

#[test]
fn no_flipped_byte_does_more_than_refuse_the_file() {
    for name in ["table.parquet", "polars.parquet"] {
        let whole = bytes(name);
        let mut refused = 0;
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0xff;
            if let Err(error) = scanned(damaged) {
                refused += 1;
                assert!(!error.what.is_empty() && !error.remedy.is_empty(), "{name}, byte {at}: {error}");
            }
        }
        assert!(refused > 100, "{name}: {refused}");
    }
}

#[test]
fn a_text_that_begins_like_parquet_is_no_parquet() {
    let (source, _) = scanned(b"PARENT,label\nso good,pos\nso bad,neg\n".to_vec()).unwrap();
    assert_eq!(source.format, Format::Delimited);
}
