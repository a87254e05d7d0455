//! From bytes to a split: what each kind of file gives, and what each kind of bad file says.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::dataset::*;
use crate::diagnostic::Diagnostic;
use crate::limits::{MAX_CELL_BYTES, MAX_LABEL_CHARS, SNIFF_BYTES};

const GOOD: &str = "text,label\nso good,pos\nso bad,neg\nfine,pos\ndull,neg\n";

fn scan_by(bytes: &[u8], chunk: usize, hints: Hints) -> Result<SourceInfo, Diagnostic> {
    let mut scanner = Scanner::new("file", bytes.len() as f64, hints);
    for part in bytes.chunks(chunk) {
        scanner.push(part)?;
    }
    scanner.finish()
}

pub(super) fn scan(bytes: impl AsRef<[u8]>) -> Result<SourceInfo, Diagnostic> {
    scan_by(bytes.as_ref(), 1 << 20, Hints::default())
}

fn collect_by(bytes: &[u8], chunk: usize, source: &SourceInfo) -> Result<Examples, Diagnostic> {
    let mut collector = Collector::new(source, source.guess.clone())?;
    for part in bytes.chunks(chunk) {
        collector.push(part)?;
    }
    collector.finish()
}

pub(super) fn collect(bytes: impl AsRef<[u8]>) -> Result<Examples, Diagnostic> {
    collect_by(bytes.as_ref(), 1 << 20, &scan(&bytes)?)
}

pub(super) fn dataset(bytes: impl AsRef<[u8]>) -> Result<(Dataset, DataReport), Diagnostic> {
    Dataset::new(Arc::new(collect(bytes)?), None, 0.5, 42)
}

/// What chunks of a size give: the source, and the rows as they are held.
pub(super) fn by_chunks(bytes: &[u8], chunk: usize) -> (SourceInfo, String) {
    let source = scan_by(bytes, chunk, Hints::default()).unwrap();
    let rows = collect_by(bytes, chunk, &source).unwrap();
    (source, format!("{rows:?}"))
}

/// The plain mapping of a text and its label.
fn class(text: u32, label: u32) -> Mapping {
    Mapping::Classification { text, pair: None, label }
}

fn label_name(rows: &Examples, row: usize) -> String {
    rows.label_names[rows.label_ids(row)[0] as usize].name.clone()
}

fn rows(bytes: impl AsRef<[u8]>) -> Vec<(u32, String, String)> {
    let rows = collect(bytes).unwrap();
    (0..rows.len()).map(|row| (rows.line(row), rows.text(row).into(), label_name(&rows, row))).collect()
}

fn row(line: u32, text: &str, label: &str) -> (u32, String, String) {
    (line, text.into(), label.into())
}

pub(super) fn warning<'a>(warnings: &'a [Diagnostic], code: &str) -> &'a Diagnostic {
    warnings.iter().find(|warning| warning.code == code).unwrap_or_else(|| panic!("no {code} in {warnings:?}"))
}

#[test]
fn every_format_and_encoding_gives_the_same_rows() {
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let expected = [("à la carte", "pos"), ("\"no\", he said", "neg")];
    let csv = "text,label\nà la carte,pos\n\"\"\"no\"\", he said\",neg\n";
    let files = [
        csv.into(),
        csv.replace('\n', "\r\n").into_bytes(),
        [b"\xef\xbb\xbf", csv.as_bytes()].concat(),
        utf16(&format!("\u{feff}{csv}")),
        "text\tlabel\nà la carte\tpos\n\"\"\"no\"\", he said\"\tneg".into(),
        "{\"text\":\"à la carte\",\"label\":\"pos\"}\n{\"label\":\"neg\",\"text\":\"\\\"no\\\", he said\"}".into(),
        "[ {\"text\":\"à la carte\",\n\"label\":\"pos\"}, {\"label\":\"neg\",\"text\":\"\\\"no\\\", he said\"} ]\n"
            .into(),
    ];
    for file in files {
        let found: Vec<_> = rows(&file).into_iter().map(|(_, text, label)| (text, label)).collect();
        assert_eq!(found, expected.map(|(text, label)| (text.to_owned(), label.to_owned())));
    }
}

#[test]
fn chunks_may_end_anywhere() {
    let files = [
        "text,label\r\n\"two\r\nlines, é\",\"a\"\r\n\"open,b\r\nc,d,e\r\n\r\nlast,f",
        "ham\tsee you\nspam\t\"you\" won €\nham\t\"bye\n",
        "{\"text\":\"x\",\"label\":1}\n\nbad\n{\"text\":\"é\",\"label\":2}",
        "[\n{\"text\":\"x]\\\"\",\"label\":1},\n7,{\"text\":\"é\",\"label\":2,\"more\":[{}]}\n] ",
    ];
    for file in files.map(str::as_bytes) {
        let whole = scan(file).unwrap();
        let whole_rows = collect(file).unwrap();
        for chunk in 1..file.len() {
            assert_eq!(scan_by(file, chunk, Hints::default()).unwrap(), whole, "chunks of {chunk}");
            let found = collect_by(file, chunk, &whole).unwrap();
            assert_eq!(format!("{found:?}"), format!("{whole_rows:?}"), "chunks of {chunk}");
        }
    }
}

#[test]
fn what_follows_the_head_of_a_large_file_is_read_the_same_way() {
    let line = "a text of some length,pos\nanother of the same,neg\n";
    let file = format!("text,label\n{}", line.repeat(2 * SNIFF_BYTES / line.len()));
    for chunk in [1 << 20, 1000] {
        assert_eq!(scan_by(file.as_bytes(), chunk, Hints::default()).unwrap().rows as usize, file.lines().count() - 1);
    }
    let broken = [file.as_bytes(), b"caf\xe9,pos\n"].concat();
    let diagnostic = scan(&broken).unwrap_err();
    assert!(diagnostic.what.starts_with(&format!("Line {} holds", file.lines().count() + 1)), "{}", diagnostic.what);
}

#[test]
fn the_preview_shows_the_first_rows_shortened() {
    let source = scan(format!("{GOOD}{},pos\n", "é".repeat(300))).unwrap();
    assert_eq!((source.columns.join(" "), source.rows, source.has_header), ("text label".into(), 5, true));
    assert_eq!(source.preview[0], ["so good", "pos"]);
    assert_eq!(source.preview[4][0].chars().count(), 201);
    assert_eq!(source.guess, class(0, 1));
}

#[test]
fn files_that_are_no_table_say_what_they_are() {
    for (bytes, code) in [
        (&b""[..], "data.empty"),
        (b"\xef\xbb\xbf\r\n \n", "data.empty"),
        (b"text,label\n", "data.header-only"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "data.not-text"),
        (b"PK\x03\x04\x14\0\x06\0", "data.not-text"),
        (b"text,label\na\0b,pos\n", "data.zero-byte"),
        (b"t\0,\0l\0\n\0", "data.zero-byte"),
        (b"text,label\ncaf\xe9,pos\n", "data.not-utf8"),
        (b"{\"text\":[\"a\",\"b\"],\"label\":[1]}\n", "data.no-rows"),
        (b"{\n  \"data\": [\n    {}\n  ]\n}\n", "data.json-shape"),
        (b"[{\"text\": \"a\", \"label\": ]", "data.no-rows"),
        (b"[\n]", "data.json-shape"),
    ] {
        let diagnostic = scan(bytes).unwrap_err();
        assert_eq!(diagnostic.code, code, "{}", String::from_utf8_lossy(bytes));
        assert!(!diagnostic.done.is_empty() && !diagnostic.remedy.is_empty(), "{diagnostic}");
    }
}

#[test]
fn windows_1252_is_read_when_the_person_says_so() {
    let hints = Hints { encoding: Some(Encoding::Windows1252), has_header: None };
    let source = scan_by(b"text,label\ncaf\xe9 \x80,pos\n", 7, hints).unwrap();
    assert_eq!(source.preview, [["café €", "pos"]]);
}

#[test]
fn the_person_decides_on_the_header() {
    let hints = Hints { encoding: None, has_header: Some(false) };
    let source = scan_by(GOOD.as_bytes(), 100, hints).unwrap();
    assert_eq!((source.columns.join(", "), source.rows), ("column 1, column 2".into(), 5));
}

#[test]
fn ragged_rows_are_left_out_with_line_and_reason() {
    let file = "text,label\na b,pos\none, two,neg\n\nalone\nc d,neg\n";
    let source = scan(file).unwrap();
    let bad = warning(&source.warnings, "data.bad-rows");
    assert_eq!(bad.what, "2 rows could not be read. First, line 3: 3 cells instead of 2.");
    assert_eq!(rows(file), [row(2, "a b", "pos"), row(6, "c d", "neg")]);
    assert_eq!(collect(file).unwrap().skipped.first[1], SkippedRow { line: 5, reason: "1 cell instead of 2".into() });
}

#[test]
fn an_unclosed_quote_costs_no_row_and_is_named() {
    let file = "text,label\n\"open,pos\nb c,neg\n\"d, e\",pos\n";
    let source = scan(file).unwrap();
    let unclosed = warning(&source.warnings, "data.unclosed-quote");
    assert_eq!(unclosed.what, "The quote that opens on line 2 is never closed.");
    let ragged = collect("text,label\n\"open, x,pos\nb c,neg\n").unwrap();
    assert_eq!(ragged.skipped.first[0].reason, "3 cells instead of 2, and a quote that is never closed");
    assert_eq!(rows(file), [row(2, "\"open", "pos"), row(3, "b c", "neg"), row(4, "d, e", "pos")]);
}

#[test]
fn a_bad_json_line_is_left_out_with_line_and_reason() {
    let file =
        "{\"text\":\"a b\",\"label\":\"x\"}\n{\"text\": oops}\n[1]\n{\"text\":\n{\"text\":\"c d\",\"label\":\"y\"}\n";
    let labeled = collect(file).unwrap();
    let reasons: Vec<_> = labeled.skipped.first.iter().map(|row| format!("{}: {}", row.line, row.reason)).collect();
    assert_eq!(
        reasons,
        ["2: not valid JSON at character 10", "3: not a JSON object", "4: the JSON ends in the middle"]
    );
    assert_eq!(labeled.len(), 2);
}

#[test]
fn an_array_that_does_not_end_keeps_what_came_before() {
    let labeled = collect("[{\"text\":\"a b\",\"label\":\"x\"},\n{\"text\":\"c").unwrap();
    assert_eq!((labeled.len(), labeled.skipped.first[0].line), (1, 2));
}

#[test]
fn a_ten_megabyte_cell_is_cut() {
    let long = "long text\n".repeat(1 << 20);
    let in_json = serde_json::json!({ "text": long, "label": "pos" });
    for file in [
        format!("text,label\n\"{long}\",pos\nshort,neg\n"),
        format!("{in_json}\n{{\"text\":\"short\",\"label\":\"neg\"}}\n"),
    ] {
        let source = scan(&file).unwrap();
        assert_eq!(warning(&source.warnings, "data.long-cells").what, "1 cell is longer than 1 MB.");
        let labeled = collect_by(file.as_bytes(), 1 << 20, &source).unwrap();
        assert_eq!((labeled.text(0).len() > MAX_CELL_BYTES - 10, labeled.text(1)), (true, "short"));
        assert!(labeled.text(0).len() <= MAX_CELL_BYTES);
    }
}

/// The second pass may meet other bytes than the first, if the file has changed in between.
#[test]
fn a_file_that_changed_is_no_disaster() {
    let files =
        [GOOD, "[{\"text\":\"é\",\"label\":1}]", "{\"text\":\"é\",\"label\":1}\n", "é\u{a0}[", "\"", "", "[\"", "{"];
    for scanned in &files[..3] {
        let source = scan(scanned).unwrap();
        for read in files {
            let found = collect_by(read.as_bytes(), 1, &source);
            assert_eq!(found.is_ok(), read == *scanned, "{scanned} became {read}");
        }
    }
}

#[test]
fn missing_cells_are_left_out_with_their_reason() {
    let file = format!("text,label\na b,pos\n,neg\n  ,\nc d,\ne f,neg\ng,{}\n", "x".repeat(MAX_LABEL_CHARS + 1));
    let mut source = scan(&file).unwrap();
    source.guess = class(0, 1);
    let skipped = collect_by(file.as_bytes(), 100, &source).unwrap().skipped;
    let reasons: Vec<_> = skipped.first.into_iter().map(|row| (row.line, row.reason)).collect();
    let expected =
        [(3, "no text"), (4, "no text and no label"), (5, "no label"), (7, "the label has more than 200 characters")];
    assert_eq!(reasons, expected.map(|(line, reason)| (line, reason.to_owned())));
    assert_eq!(collect("text,label\na b,\nc d,\n").unwrap_err().code, "data.no-rows");
}

#[test]
fn script_tags_and_control_characters_are_text() {
    let file = "<script>alert(1)</script>,label\n<b>a</b>\u{1b}[31m\u{202e}b,<i>x</i>\nc d,y\n";
    let hints = Hints { encoding: None, has_header: Some(true) };
    let source = scan_by(file.as_bytes(), 9, hints).unwrap();
    assert_eq!(source.columns, ["<script>alert(1)</script>", "label"]);
    assert_eq!(source.preview[0], ["<b>a</b>\u{1b}[31m\u{202e}b", "<i>x</i>"]);
}

#[test]
fn a_mapping_names_two_columns_of_the_file() {
    let source = scan(GOOD).unwrap();
    for (text, label) in [(0, 0), (0, 2), (9, 1)] {
        assert_eq!(Collector::new(&source, class(text, label)).err().unwrap().code, "data.mapping");
    }
}

#[test]
fn a_split_keeps_every_class_on_both_sides() {
    let (dataset, report) = dataset(GOOD).unwrap();
    assert_eq!(dataset.labels, ["neg", "pos"]);
    assert_eq!((report.train_rows, report.validation_rows, report.majority_ratio), (2, 2, Some(0.5)));
    for side in [&dataset.train, &dataset.validation] {
        assert_eq!(side.iter().map(|&row| dataset.label(row)).sum::<u32>(), 1);
    }
    let row = dataset.train[0];
    let line = dataset.line(row) as usize;
    let expected = format!("{},{}", dataset.text(row), dataset.labels[dataset.label(row) as usize]);
    assert_eq!(GOOD.lines().nth(line - 1), Some(expected.as_str()));
}

#[test]
fn labels_that_cannot_be_learned_say_why() {
    let many = |label: fn(usize) -> String| {
        (0..1000).fold("text,label\n".to_owned(), |file, i| format!("{file}words in number {i},{}\n", label(i)))
    };
    for (file, code, names) in [
        ("text,label\na b,x\nc d,x\n".to_owned(), "data.one-class", "\"x\""),
        ("text,label\na b,x\nc d,x\ne f,y\n".to_owned(), "data.too-few-rows", "Only 1 label has at least 2 rows."),
        ("text,label\na b,x\nc d,y\ne f,z\n".to_owned(), "data.too-few-rows", "No label has at least 2 rows."),
        (many(|i| format!("n{i}")), "data.too-many-classes", "1,000"),
        (many(|i| format!("{}.5", i)), "data.regression", "1,000"),
    ] {
        let diagnostic = dataset(file).unwrap_err();
        assert_eq!(diagnostic.code, code);
        assert!(diagnostic.what.contains(names), "{diagnostic}");
    }
}

#[test]
fn a_class_with_one_row_is_left_out_by_name() {
    let (dataset, report) = dataset(format!("{GOOD}alone,other\n")).unwrap();
    assert_eq!(dataset.labels, ["neg", "pos"]);
    assert!(warning(&report.warnings, "data.single-row").what.contains("\"other\""));
    assert_eq!(report.dropped, [SkippedRow { line: 6, reason: "the only row with its label".into() }]);
    assert_eq!((report.rows_kept, report.rows_dropped), (4, 1));
}

#[test]
fn labels_alike_are_named_and_spaces_around_them_taken_away() {
    let (_, report) = dataset("text,label\na b,spam\nc d,spam \ne f,Spam\ng h,Spam\ni j,ham\nk l,ham\n").unwrap();
    let alike = warning(&report.warnings, "data.alike-labels");
    assert_eq!(alike.what, "These labels differ only in case or spaces: \"spam\" (2 rows), \"Spam\" (2 rows).");
    assert!(warning(&report.warnings, "data.padded-labels").what.starts_with("1 row has spaces"));
    let classes: Vec<_> = report.classes.iter().map(|class| (class.label.as_str(), class.rows)).collect();
    assert_eq!(classes, [("Spam", 2), ("ham", 2), ("spam", 2)]);
}

#[test]
fn equal_texts_stand_on_one_side() {
    let mut file = "text,label\n".to_owned();
    for i in 0..20 {
        file += &format!("the text {},{}\n", i / 2, ["x", "y"][i / 10]);
    }
    file += "the text 0,y\n";
    let (dataset, report) = dataset(file).unwrap();
    assert_eq!((report.duplicates, report.contradictions, report.across_split), (10, 1, 0));
    assert_eq!(report.repeated[0].lines, [2, 3, 22]);
    assert_eq!(report.repeated[0].labels, ["x", "y"]);
    for &row in &dataset.validation {
        assert!(dataset.train.iter().all(|&other| dataset.text(other) != dataset.text(row)));
    }
}

#[test]
fn without_two_texts_a_class_is_learned_unchecked() {
    let file = "text,label\na b,x\na b,x\nc d,y\ne f,y\n";
    let (_, report) = dataset(file).unwrap();
    assert!(warning(&report.warnings, "data.unchecked-labels").what.contains("\"x\""));
    assert_eq!((report.train_rows, report.validation_rows), (3, 1));
    assert_eq!(dataset("text,label\na b,x\na b,x\na b,y\na b,y\n").unwrap_err().code, "data.no-validation");
}

#[test]
fn a_second_file_validates() {
    let own = Arc::new(collect(format!("{GOOD}once,rare\n")).unwrap());
    let other = collect("text,label\nso bad,neg\nnew,pos\nodd,unknown\nlost,\n").unwrap();
    let (dataset, report) = Dataset::new(own.clone(), Some(Arc::new(other)), 0.0, 42).unwrap();
    assert_eq!(dataset.labels, ["neg", "pos", "rare"]);
    assert_eq!((report.train_rows, report.validation_rows, report.across_split), (4, 2, 1));
    assert_eq!(report.repeated[0].lines, [3]);
    let validation: Vec<_> =
        dataset.validation.iter().map(|&row| (dataset.line(row), dataset.text(row), dataset.label(row))).collect();
    assert_eq!(validation, [(2, "so bad", 0), (3, "new", 1)]);
    for code in ["data.unlearned-labels", "data.validation-rows", "data.unchecked-labels"] {
        warning(&report.warnings, code);
    }
    let strange = Arc::new(collect("text,label\na b,1\nc d,2\n").unwrap());
    assert_eq!(Dataset::new(own.clone(), Some(strange), 0.0, 42).unwrap_err().code, "data.no-validation");
    assert_eq!(Dataset::new(own.clone(), Some(own), 0.0, 42).unwrap_err().code, "data.no-training");
}

/// A folder of real files, where it is at hand.
pub(super) fn real_files() -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let found = above.map(|folder| folder.join("shared/data")).find(|folder| folder.exists());
    if found.is_none() {
        println!("skipped: the folder shared/data is not there");
    }
    found
}

/// Real files, where they are at hand: rows, labels and columns.
#[test]
fn real_files_are_read_whole() {
    let Some(folder) = real_files() else { return };
    for (file, rows, mapping) in [
        ("sms-spam/sms.tsv", 5574, class(1, 0)),
        ("sentiment-labelled/amazon_cells_labelled.txt", 1000, class(0, 1)),
        ("sentiment-labelled/imdb_labelled.txt", 1000, class(0, 1)),
        ("sentiment-labelled/yelp_labelled.txt", 1000, class(0, 1)),
    ] {
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let source = scan(&bytes).unwrap();
        assert_eq!((source.rows, source.guess, source.has_header), (rows, mapping, false), "{file}");
        assert_eq!(source.warnings, [], "{file}");
        let (dataset, report) = dataset(&bytes).unwrap();
        assert_eq!((dataset.labels.len(), report.rows_kept, report.rows_dropped), (2, rows, 0), "{file}");
    }
    for (file, code) in [("trec6/train.txt", "data.not-utf8"), ("snips/train_GetWeather.json", "data.json-shape")] {
        assert_eq!(scan(std::fs::read(folder.join(file)).unwrap()).map_err(|it| it.code), Err(code.into()), "{file}");
    }
    let instructions = scan(std::fs::read(folder.join("instruct/instruction-data.json")).unwrap()).unwrap();
    assert_eq!((instructions.rows, instructions.columns.len()), (1100, 3));
}
