//! Files that other programs wrote are read as the rows that were put into them.

mod parquet;

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use hone_core::dataset::{Collector, Compression, DataRole, Dataset, Examples, Format, Hints, Mapping, SourceInfo};
use hone_core::diagnostic::Diagnostic;
use hone_tests::data_reader::open_data;
use hone_tests::{golden, json, samples};

fn read(name: &str) -> Result<(SourceInfo, Examples), Diagnostic> {
    read_by(name, Hints::default())
}

fn read_by(name: &str, hints: Hints) -> Result<(SourceInfo, Examples), Diagnostic> {
    read_as(name, DataRole::Train, hints)
}

fn read_as(name: &str, role: DataRole, hints: Hints) -> Result<(SourceInfo, Examples), Diagnostic> {
    read_file(&golden(&format!("data_files/{name}")), role, hints)
}

fn read_file(path: &Path, role: DataRole, hints: Hints) -> Result<(SourceInfo, Examples), Diagnostic> {
    let name = &path.to_string_lossy();
    let file = || BufReader::new(File::open(path).expect(name));
    let mut reader = open_data(name, file(), role, &hints)?;
    let mut scanner = reader.scanner(hints.clone());
    while let Some(piece) = reader.next_piece()? {
        scanner.push(piece)?;
    }
    let source = reader.finish(scanner)?;
    let mut collector = Collector::new(&source, source.guess())?;
    let mut reader = open_data(name, file(), role, &hints)?;
    while let Some(piece) = reader.next_piece()? {
        collector.push(piece)?;
    }
    Ok((source, collector.finish()?))
}

/// Text and label of each row.
fn rows(examples: Examples) -> Vec<[String; 2]> {
    let (dataset, _) = Dataset::new(Arc::new(examples), None, 0.25, 7).unwrap();
    let mut rows = [dataset.train.as_slice(), &dataset.validation].concat();
    rows.sort_unstable();
    let row = |row| [dataset.text(row).to_owned(), dataset.labels[dataset.label(row) as usize].clone()];
    rows.into_iter().map(row).collect()
}

fn expected() -> Vec<[String; 2]> {
    serde_json::from_value(json("data_files.json")["rows"].clone()).unwrap()
}

/// The preview of a sheet.
fn preview(name: &str, sheet: Option<&str>) -> (SourceInfo, Vec<Vec<String>>) {
    let hints = Hints { sheet: sheet.map(str::to_owned), ..Hints::default() };
    let (source, _) = read_by(name, hints).unwrap();
    let preview = source.preview.clone();
    (source, preview)
}

#[test]
fn of_the_samples_only_that_of_languages_needs_a_multilingual_model() {
    for (name, is_multilingual) in [
        ("film-reviews", false),
        ("messages", false),
        ("questions", false),
        ("definitions", false),
        ("languages", true),
    ] {
        let path = samples().join(format!("{name}.csv"));
        let (_, examples) = read_file(&path, DataRole::Train, Hints::default()).unwrap();
        let (_, report) = Dataset::new(Arc::new(examples), None, 0.25, 7).unwrap();
        assert_eq!(report.other_languages.is_some(), is_multilingual, "{name}: {:?}", report.other_languages);
    }
}

#[test]
fn spreadsheets_of_openpyxl_and_odfpy_are_read() {
    for name in ["table.xlsx", "write_only.xlsx", "table.ods"] {
        let (source, examples) = read(name).unwrap();
        assert_eq!(
            (source.format, source.columns),
            (Format::Sheet, vec!["text".to_owned(), "label".to_owned()]),
            "{name}"
        );
        assert_eq!(rows(examples), expected(), "{name}");
    }
}

#[test]
fn cells_of_an_xlsx_file_are_read_as_a_csv_file_would_have_them() {
    let (source, rows) = preview("odd.xlsx", None);
    assert_eq!(source.parts[0].names, ["Empty", "Odd cells", "Other", "Hidden"]);
    assert_eq!(source.parts[0].chosen, 1);
    assert_eq!(source.columns[..8], ["text", "label", "number", "day", "moment", "time", "flag", "percent"]);
    let first = ["plain", "merged", "3", "2024-03-05", "2024-03-05 14:30:00", "14:30:00", "TRUE", "0.25"];
    assert_eq!(rows[0][..8], first);
    assert_eq!(rows[1][..3], ["rich bold text", "merged", "0.1"]);
    assert_eq!(rows[2][..3], ["  spaces & <tags>  ", "merged", "1e+300"]);
    assert_eq!(rows[3][..3], ["after a gap", "bad", ""]);
    assert_eq!(rows[4][..3], ["two\nlinesA", "bad", ""]);
    let codes: Vec<&str> = source.warnings.iter().map(|warning| warning.code.as_str()).collect();
    assert_eq!(codes, ["data.title-lines", "data.error-cells", "data.formulas", "data.far-cells"]);
    assert!(source.warnings[1].what.contains("C21, #N/A"), "{}", source.warnings[1]);
    assert!(source.warnings[2].what.contains("C20"), "{}", source.warnings[2]);
    assert!(source.warnings[3].what.contains("XFD21"), "{}", source.warnings[3]);
}

#[test]
fn cells_of_an_ods_file_are_read_as_a_csv_file_would_have_them() {
    let (source, rows) = preview("odd.ods", None);
    assert_eq!((source.parts[0].names.join(" "), source.parts[0].chosen), ("Empty Odd cells Other".into(), 1));
    assert_eq!(rows[0], ["plain", "merged", "3", "2024-03-05", "2024-03-05 14:30:00", "36:05:00", "TRUE"]);
    assert_eq!(rows[1][..3], ["two  spaces\nand two lines", "merged", "0.5"]);
    assert_eq!((rows[2][..3].join("|"), rows.len()), ("repeated|bad|".into(), 4), "{rows:?}");
    assert!(source.warnings.iter().any(|warning| warning.code == "data.formulas"), "{:?}", source.warnings);
}

#[test]
fn rows_that_cannot_be_used_are_named_by_their_row_in_the_sheet() {
    let mapping = Mapping::Classification { text: 0, pair: None, label: 2 };
    for (name, line) in [("odd.xlsx", 20), ("odd.ods", 18)] {
        let hints = Hints::default();
        let (source, _) = read(name).unwrap();
        let mut collector = Collector::new(&source, mapping.clone()).unwrap();
        let file = File::open(golden(&format!("data_files/{name}"))).unwrap();
        let mut reader = open_data(name, file, DataRole::Train, &hints).unwrap();
        while let Some(piece) = reader.next_piece().unwrap() {
            collector.push(piece).unwrap();
        }
        let examples = collector.finish().unwrap();
        // No label is there twice.
        let error = Dataset::new(Arc::new(examples), None, 0.5, 7).err().unwrap();
        assert!(error.done.contains(&format!("line {line}: no label")), "{name}: {error}");
    }
}

#[test]
fn dates_since_1904_are_those_of_the_calendar() {
    let (_, rows) = preview("year1904.xlsx", None);
    assert_eq!(rows[3], ["text number 4", "2024-03-04"]);
}

#[test]
fn a_sheet_can_be_chosen_by_name() {
    let (source, rows) = preview("odd.xlsx", Some("Other"));
    assert_eq!((source.parts[0].chosen, rows), (2, vec![vec!["a".to_owned(), "b".to_owned()]]));
    let error = |sheet: &str| read_by("odd.xlsx", Hints { sheet: Some(sheet.into()), ..Hints::default() }).unwrap_err();
    assert!(error("Nope").remedy.contains("\"Odd cells\""), "{}", error("Nope"));
    assert_eq!(error("Empty").code, "data.empty-sheet");
}

#[test]
fn compressed_files_of_python_are_read() {
    for (name, compression) in [
        ("table.csv.gz", Compression::Gzip),
        ("members.csv.gz", Compression::Gzip),
        ("table.jsonl.zst", Compression::Zstd),
        ("frames.csv.zst", Compression::Zstd),
    ] {
        let (source, examples) = read(name).unwrap();
        assert_eq!(source.compression, Some(compression), "{name}");
        assert_eq!(rows(examples), expected(), "{name}");
    }
}

#[test]
fn folders_in_archives_are_labels_and_their_parents_the_split() {
    for name in ["folders.zip", "folders.tar.gz", "folders.tar.zst"] {
        let (source, examples) = read(name).unwrap();
        assert_eq!((source.format, source.rows, source.holds_validation), (Format::Folder, 10, true), "{name}");
        assert_eq!(source.guess(), Mapping::Classification { text: 0, pair: None, label: 1 }, "{name}");
        let warnings: Vec<&str> = source.warnings.iter().map(|warning| warning.code.as_str()).collect();
        assert_eq!(warnings, ["data.unlabeled-folder", "data.not-texts"], "{name}");
        let mut found = rows(examples);
        found.sort();
        let has = |text: &str, label: &str| found.contains(&[text.to_owned(), label.to_owned()]);
        assert!(has("A neg review for train, number 0.\nIn two lines.", "neg"), "{name}: {found:?}");
        assert!(has("Très bien, un café très agréable à côté.", "pos") && has("A long name.", "neg"), "{name}");
        let (source, examples) = read_as(name, DataRole::Validation, Hints::default()).unwrap();
        assert_eq!((source.rows, rows(examples)[0][0].contains("for test")), (8, true), "{name}");
    }
}

#[test]
fn one_table_of_an_archive_is_read_and_others_can_be_chosen() {
    for name in ["tables.zip", "tables.tgz"] {
        let half = expected().len() / 2;
        let (source, examples) = read(name).unwrap();
        let paths = ["archive/train.csv", "archive/test.csv", "archive/book.xlsx", "archive/packed.csv.gz"];
        assert_eq!((source.parts[0].names.as_slice(), source.parts[0].chosen), (&paths.map(str::to_owned)[..], 0));
        assert_eq!(rows(examples), expected()[..half], "{name}");
        let (source, examples) = read_as(name, DataRole::Validation, Hints::default()).unwrap();
        assert_eq!((source.parts[0].chosen, rows(examples)), (1, expected()[half..].to_vec()), "{name}");
        for (member, format, lists) in [(2, Format::Sheet, 2), (3, Format::Delimited, 1)] {
            let hints = Hints { member: Some(paths[member].into()), ..Hints::default() };
            let (source, examples) = read_by(name, hints).unwrap();
            assert_eq!(
                (source.format, source.parts.len(), rows(examples)),
                (format, lists, expected()),
                "{name} {member}"
            );
        }
        let error = read_by(name, Hints { member: Some("no.csv".into()), ..Hints::default() }).unwrap_err();
        assert!(error.code == "data.no-member" && error.remedy.contains("archive/train.csv"), "{error}");
    }
}
