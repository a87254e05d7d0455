//! Archives made by hand: odd ones, broken ones and dangerous ones.

use std::io::{Cursor, Write};

use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::packed::{gzip, scan_packed};
use super::*;

fn zip_by(method: CompressionMethod, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        zip.start_file(*path, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

pub(super) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    zip_by(CompressionMethod::Deflated, files)
}

pub(super) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (path, content) in files {
        bytes.extend(tar_header(path, content.len() as u64));
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(TAR_BLOCK), 0);
    }
    bytes.resize(bytes.len() + TAR_END, 0);
    bytes
}

fn read(bytes: &[u8]) -> Result<SourceInfo, Diagnostic> {
    scan_packed("file.zip", bytes, &Hints::default())
}

fn error(bytes: &[u8]) -> Diagnostic {
    read(bytes).unwrap_err()
}

#[test]
fn a_single_table_is_opened_from_any_archive() {
    let files = [("a/reviews.csv", GOOD.as_bytes())];
    for bytes in [zip(&files), zip_by(CompressionMethod::Stored, &files), tar(&files), gzip(&tar(&files))] {
        let source = read(&bytes).unwrap();
        assert_eq!((source.rows, source.parts[0].names.as_slice()), (4, &["a/reviews.csv".to_owned()][..]));
    }
}

#[test]
fn the_numbered_files_of_a_table_are_joined_if_their_columns_are_the_same() {
    let rows = |files: &[(&str, &[u8])]| {
        let read = [zip(files), tar(files)].map(|bytes| {
            let source = read(&bytes).unwrap();
            let codes: Vec<String> = source.warnings.iter().map(|warning| warning.code.clone()).collect();
            (source.rows, source.columns, codes.contains(&"data.joined-tables".to_owned()), codes)
        });
        assert_eq!(read[0], read[1]);
        let [(rows, columns, is_joined, codes), _] = read;
        assert!(is_joined != codes.contains(&"data.one-of-tables".to_owned()), "{codes:?}");
        (rows, columns.join(","), is_joined)
    };
    let (good, more): (&[u8], &[u8]) = (GOOD.as_bytes(), b"\xef\xbb\xbftext,label\r\nfair,pos\r\nlong,neg");
    let [packed, packed_more] = [gzip(good), gzip(more)];
    let lines: &[u8] = b"{\"text\": \"so good\", \"label\": \"pos\"}\n{\"text\": \"so bad\", \"label\": \"neg\"}";
    for (files, expected) in [
        (&[("train-1.csv", more), ("train-0.csv", good)][..], (6, "text,label", true)),
        (&[("train-1.csv.gz", &packed_more), ("train-0.csv.gz", &packed)], (6, "text,label", true)),
        (&[("a-00000-of-00002.csv", good), ("a-00001-of-00002.csv", b"fair,pos\n")], (5, "text,label", true)),
        (&[("train/1.jsonl", lines), ("train/2.jsonl", lines)], (4, "text,label", true)),
        (&[("train-0.csv", good), ("train-1.csv", b"label,text\npos,fair\n")], (4, "text,label", false)),
        (&[("train-0.csv", good), ("train-1.csv", b"id,text,label\n1,fair,pos\n")], (4, "text,label", false)),
        (&[("train-0.csv", good), ("train-1.csv", b"")], (4, "text,label", false)),
        (&[("train-0.csv", good), ("train-2.csv", good)], (4, "text,label", false)),
    ] {
        let (rows, columns, is_joined) = rows(files);
        assert_eq!((rows, columns.as_str(), is_joined), expected, "{}", files[1].0);
    }
}

#[test]
fn dangerous_and_ambiguous_paths_are_refused() {
    for (path, code) in [("../a.csv", "data.archive-path"), ("/a.csv", "data.archive-path")] {
        assert_eq!(error(&zip(&[(path, GOOD.as_bytes())])).code, code);
        assert_eq!(error(&tar(&[(path, GOOD.as_bytes())])).code, code);
    }
    let twice = tar(&[("a.csv", GOOD.as_bytes()), ("a.csv", b"text,label\nother,pos\n")]);
    let diagnostic = error(&twice);
    assert!(diagnostic.code == "data.same-paths" && diagnostic.what.contains("\"a.csv\""), "{diagnostic}");
}

#[test]
fn archives_within_archives_are_refused_with_a_remedy() {
    let inner = zip(&[("a.csv", GOOD.as_bytes())]);
    for bytes in
        [zip(&[("inner.zip", &inner)]), tar(&[("inner.zip", &inner)]), gzip(&tar(&[("b.tar.gz", &gzip(b"x"))]))]
    {
        assert!(error(&bytes).remedy.contains("archive that is inside"), "{}", error(&bytes));
    }
    assert!(error(&zip(&[("table.csv", &inner)])).what.contains("archive within an archive"));
    assert_eq!(error(&gzip(&inner)).code, "data.not-text");
}

#[test]
fn a_table_in_an_archive_is_checked_like_any_other() {
    assert_eq!(error(&zip(&[("a.csv", b"\x89PNG\r\n\x1a\n")])).code, "data.not-text");
    assert_eq!(error(&zip(&[("a.csv", b"")])).code, "data.empty");
    assert_eq!(error(&zip(&[("a.csv", b"\xd0\xcf\x11\xe0")])).code, "data.not-text");
}

#[test]
fn damaged_archives_are_refused_by_the_part_that_is_damaged() {
    let files = [("a.csv", GOOD.as_bytes())];
    let mut changed = zip_by(CompressionMethod::Stored, &files);
    let at = changed.windows(4).position(|window| window == b"good").unwrap();
    changed[at] = b'f';
    let diagnostic = error(&changed);
    assert!(diagnostic.code == "data.damaged" && diagnostic.what.contains("a.csv"), "{diagnostic}");
    let whole = tar(&files);
    assert_eq!(error(&whole[..TAR_BLOCK + 10]).code, "data.damaged");
    assert_eq!(read(&whole[..TAR_BLOCK + GOOD.len()]).unwrap().rows, 4, "padding and end may be missing");
    let mut second = tar(&[files[0], ("b.csv", b"x")]);
    second[2 * TAR_BLOCK] = b'!';
    assert_eq!(error(&second).code, "data.damaged");
}

#[test]
fn encrypted_files_are_named() {
    let mut bytes = zip(&[("a.csv", GOOD.as_bytes())]);
    // The flag is in both headers of the file.
    for (signature, at) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let header = bytes.windows(4).position(|window| window == signature).unwrap();
        bytes[header + at] |= 1;
    }
    let diagnostic = error(&bytes);
    assert!(diagnostic.code == "data.encrypted" && diagnostic.remedy.contains("password"), "{diagnostic}");
}

#[test]
fn bombs_in_archives_are_refused() {
    let letters = vec![b'a'; 20 << 20];
    for bytes in [zip(&[("a.csv", &letters)]), gzip(&tar(&[("a.csv", &letters)]))] {
        assert_eq!(error(&bytes).code, "data.unpacks-to-too-much");
    }
    assert_eq!(error(&zip(&[("a.csv", &gzip(&letters))])).code, "data.unpacks-to-too-much");
    // A tar archive that says that a file has 8 GB.
    assert_eq!(error(&tar_header("a.csv", 8 << 30)).code, "data.damaged");
}

#[test]
fn a_long_run_of_one_label_is_still_a_label() {
    let files: Vec<(String, Vec<u8>)> = ["neg", "pos"]
        .into_iter()
        .flat_map(|label| {
            (0..600).map(move |nth| (format!("{label}/{nth}.txt"), format!("{label} text {nth}").into_bytes()))
        })
        .collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (path.as_str(), text.as_slice())).collect();
    for bytes in [tar(&files), zip(&files)] {
        let source = read(&bytes).unwrap();
        assert_eq!((source.guess(), source.rows), (class(0, 1), 1_200));
        assert!(source.offers[0].fits);
    }
}
