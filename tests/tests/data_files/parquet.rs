//! Parquet files of pyarrow and polars.

use std::fs;
use std::io::{Cursor, Read, Write};

use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use hone_core::dataset::{
    CellReader, Cells, DataRole, Format, Hints, Mapping, SourceInfo, TAR_BLOCK, TAR_END, tar_header,
};
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

/// A zip with these files.
fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A tar archive with these files, compressed with gzip.
fn tarred(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = Vec::new();
    for (name, bytes) in files {
        tar.extend(tar_header(name, bytes.len() as u64));
        tar.extend(*bytes);
        tar.resize(tar.len().next_multiple_of(TAR_BLOCK), 0);
    }
    tar.resize(tar.len() + TAR_END, 0);
    gzip(&tar)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn packed_parquet_is_read_like_the_file_itself() {
    let table = bytes("table.parquet");
    let (plain, cells) = scanned(table.clone()).unwrap();
    let files: &[(&str, &[u8])] = &[("README.md", b"# about"), ("data/table.parquet", &table)];
    for (name, packed) in [("zip", zipped(files)), ("tar.gz", tarred(files)), ("parquet.gz", gzip(&table))] {
        let (source, found) = scanned(packed).unwrap();
        assert_eq!((source.format, source.rows, &source.columns), (plain.format, plain.rows, &plain.columns), "{name}");
        assert_eq!((&found.rows, &source.preview), (&cells.rows, &plain.preview), "{name}");
    }
}

#[test]
fn one_of_the_parquet_files_of_an_archive_is_chosen_and_their_names_are_the_split() {
    let [train, dev] = ["table.parquet", "polars.parquet"].map(bytes);
    let files: &[(&str, &[u8])] = &[
        ("data/validation-00000-of-00001.parquet", &dev),
        ("data/train-00000-of-00002.parquet", &train),
        ("data/train-00001-of-00002.parquet", &train),
        ("data/test-00000-of-00001.parquet", &dev),
    ];
    for (name, packed) in [("a.zip", zipped(files)), ("a.tar.gz", tarred(files))] {
        let open = |role, member: Option<&str>| {
            let hints = Hints { member: member.map(str::to_owned), ..Hints::default() };
            let mut reader = open_data(name, Cursor::new(packed.clone()), role, &hints).unwrap();
            let mut scanner = reader.scanner(hints);
            while let Some(piece) = reader.next_piece().unwrap() {
                scanner.push(piece).unwrap();
            }
            reader.finish(scanner).unwrap()
        };
        let source = open(DataRole::Train, None);
        assert_eq!((source.parts[0].names.len(), source.parts[0].chosen), (4, 1));
        assert_eq!((source.holds_validation, source.holds_test), (true, true), "{name}");
        let codes: Vec<&str> = source.warnings.iter().map(|warning| warning.code.as_str()).collect();
        assert!(codes.contains(&"data.joined-tables"), "{codes:?}");
        let by_shard = open(DataRole::Train, Some("data/train-00001-of-00002.parquet"));
        assert_eq!((source.rows, by_shard.parts[0].chosen), (2 * by_shard.rows, 2));
        let chosen = |role| open(role, None).parts[0].chosen;
        assert_eq!((chosen(DataRole::Validation), chosen(DataRole::Test)), (0, 3));
        let by_hand = open(DataRole::Train, Some("data/test-00000-of-00001.parquet"));
        assert_eq!((by_hand.parts[0].chosen, by_hand.holds_validation, by_hand.holds_test), (3, false, false));
    }
}

#[test]
fn parquet_files_with_other_columns_are_not_joined() {
    let [first, second] = ["table.parquet", "typed.parquet"].map(bytes);
    let files: &[(&str, &[u8])] = &[("train-0.parquet", &first), ("train-1.parquet", &second)];
    let error = scanned(zipped(files)).unwrap_err();
    assert_eq!(error.code, "data.other-columns", "{error}");
    assert!(error.what.starts_with("File 2 of") && error.remedy.contains("Choose one of them"), "{error}");
}

#[test]
fn packed_parquet_that_cannot_be_read_is_refused_by_its_own_name() {
    let table = bytes("table.parquet");
    let refused = |name: &str, file: &[u8]| scanned(zipped(&[(name, file)])).unwrap_err();
    for (file, code) in [
        (table[..table.len() - 1].to_vec(), "data.truncated"),
        (bytes("zero.parquet"), "data.no-rows"),
        (bytes("encrypted.parquet"), "data.encrypted"),
        (bytes("brotli.parquet"), "data.compression"),
    ] {
        let error = refused("inner.parquet", &file);
        assert_eq!(error.code, code, "{error}");
        assert!(error.what.starts_with("\"inner.parquet\" ") && !error.remedy.is_empty(), "{error}");
    }
    assert_eq!(scanned(bytes("wide.parquet.gz")).unwrap_err().code, "data.too-many-columns");
    let mut damaged = zipped(&[("inner.parquet", &table)]);
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xff;
    let error = scanned(damaged).unwrap_err();
    assert_eq!(error.code, "data.damaged", "{error}");
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
