//! Reading bytes of every format and encoding.

use super::*;

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
        "{\n  \"text\": \"à la carte\",\n  \"label\": \"pos\"\n}\n{\n  \"label\": \"neg\",\n  \"text\": \"\\\"no\\\", he said\"\n}\n"
            .into(),
        "{\"text\":\"à la carte\",\"label\":\"pos\"}, {\"label\":\"neg\",\"text\":\"\\\"no\\\", he said\"}".into(),
    ];
    for file in files {
        let found: Vec<_> = rows(&file).into_iter().map(|(_, text, label)| (text, label)).collect();
        assert_eq!(found, expected.map(|(text, label)| (text.to_owned(), label.to_owned())));
    }
}

#[test]
fn tables_and_json_can_be_chunked_anywhere() {
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
fn every_other_format_can_be_chunked_anywhere() {
    let files = [
        squad(&[("é is a", &[("q", "a", 5), ("r", "", 0)]), ("b \"é\" c", &[("s", "c", 6)])]),
        "é O\nb B-X\n\t\r\n\nc I-X\n".into(),
        "First é.\n\n Second,\nand more.\n\n\n".into(),
        "{\"text\": [\"é\", \"b\"],\n\"label\":[1,2]}\n".into(),
    ];
    for file in files {
        let whole = scan(&file).unwrap();
        let rows = format!("{:?}", collect(&file).unwrap());
        for chunk in 1..file.len() {
            let (source, found) = by_chunks(file.as_bytes(), chunk);
            assert_eq!(source, whole, "chunks of {chunk}");
            assert_eq!(found, rows, "chunks of {chunk}");
        }
    }
}

#[test]
fn large_files_are_read_past_the_sniffed_head() {
    let line = "a text of some length,pos\nanother of the same,neg\n";
    let file = format!("text,label\n{}", line.repeat(2 * SNIFF_BYTES / line.len()));
    for chunk in [1 << 20, 1000] {
        assert_eq!(scan_by(file.as_bytes(), chunk, Hints::default()).unwrap().rows as usize, file.lines().count() - 1);
    }
    let broken = [file.as_bytes(), "café, à côté".as_bytes(), b"caf\xe9,pos\n"].concat();
    let diagnostic = scan(&broken).unwrap_err();
    assert!(diagnostic.what.starts_with(&format!("Line {} contains", file.lines().count() + 1)), "{}", diagnostic.what);
}

#[test]
fn rows_of_an_array_on_one_line_are_numbered() {
    let rows = (1..=6).map(|nth| match nth {
        4 => "{\"text\":\"no label\",\"label\":null}".to_owned(),
        _ => format!("{{\"text\":\"text {nth}\",\"label\":\"{}\"}}", nth % 2),
    });
    let rows: Vec<_> = rows.collect();
    for file in [format!("[{}]", rows.join(", ")), format!("[\n{}\n]\n", rows.join(","))] {
        assert_eq!(skipped(file), [(4, "no label".to_owned())]);
    }
    assert_eq!(skipped(format!("[\n{}\n]\n", rows.join(",\n")))[0].0, 5);
}

#[test]
fn lines_that_end_in_carriage_returns_are_read_in_every_format() {
    let files = [
        "text,label\r\"so\ngood\",pos\rso bad,neg\r",
        "text\tlabel\rso good\tpos\rso bad\tneg\r",
        "{\"text\":\"so good\",\"label\":\"pos\"}\r{\"text\":\"so bad\",\"label\":\"neg\"}\r",
    ];
    for file in files {
        let labels: Vec<_> = rows(file).into_iter().map(|(_, _, label)| label).collect();
        assert_eq!(labels, ["pos", "neg"], "{file}");
    }
    assert_eq!(scan("a first line\ra second one\ra third\r").unwrap().rows, 3);
}

#[test]
fn quoted_line_ends_after_the_sniffed_rows_stay_in_their_cells() {
    for delimiter in ["\t", ",", ";"] {
        let plain: String = (0..600).map(|nth| format!("plain text {nth}{delimiter}pos\n")).collect();
        let late = format!("\"first line\nsecond line\"{delimiter}neg\n");
        let file = format!("text{delimiter}label\n{plain}{late}{late}");
        let found = rows(&file);
        assert_eq!((found.len(), found[600].clone()), (602, row(602, "first line\nsecond line", "neg")));
        assert_eq!(scan(&file).unwrap().warnings, []);
    }
}

#[test]
fn lines_before_the_table_count_as_lines() {
    let file = "sep=;\ntext;label\nso good, really;pos\nno label;\nso bad, really;neg\n";
    assert_eq!(rows(file), [row(3, "so good, really", "pos"), row(5, "so bad, really", "neg")]);
    let file = "Reviews of 2024\n\ntext,label\nso good,pos\nso bad,neg\n";
    assert_eq!(rows(file), [row(4, "so good", "pos"), row(5, "so bad", "neg")]);
}

#[test]
fn an_encoding_is_detected_wherever_its_first_letter_is() {
    let line = "a text of some length,pos\nanother of the same,neg\n";
    let plain = format!("text,label\n{}", line.repeat(2 * SNIFF_BYTES / line.len()));
    for plain in ["text,label\n", &plain] {
        let file = [plain.as_bytes(), b"un caf\xe9 tr\xe8s bon,pos\nun caf\xe9 \xe0 c\xf4t\xe9,neg\n"].concat();
        for chunk in [1 << 20, 1000] {
            let source = scan_by(&file, chunk, Hints::default()).unwrap();
            let guessed = warning(&source.warnings, "data.guessed-encoding");
            assert_eq!(source.encoding, Encoding::WINDOWS_1252);
            assert!(guessed.what.contains("é très bon,pos"), "{guessed}");
            let rows = collect_by(&file, chunk, &source).unwrap();
            assert_eq!(rows.text(rows.len() - 1), "un café à côté");
        }
    }
}

#[test]
fn windows_1252_is_read_on_request() {
    let hints = Hints { encoding: Some(Encoding::WINDOWS_1252), ..Hints::default() };
    let source = scan_by(b"text,label\ncaf\xe9 \x80,pos\n", 7, hints).unwrap();
    assert_eq!(source.preview, [["café €", "pos"]]);
}

#[test]
fn an_unclosed_quote_loses_no_row_and_is_reported() {
    let file = "text,label\n\"open,pos\nb c,neg\n\"d, e\",pos\n";
    let source = scan(file).unwrap();
    let unclosed = warning(&source.warnings, "data.unclosed-quote");
    assert_eq!(unclosed.what, "The quote that opens on line 2 is never closed.");
    let ragged = collect("text,label\n\"open, x,pos\nb c,neg\n").unwrap();
    assert_eq!(ragged.skipped.first[0].reason, "3 cells instead of 2, and a quote that is never closed");
    assert_eq!(rows(file), [row(2, "\"open", "pos"), row(3, "b c", "neg"), row(4, "d, e", "pos")]);
}

#[test]
fn invalid_json_lines_are_skipped_with_line_and_reason() {
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
fn an_unclosed_json_array_keeps_the_rows_before() {
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

#[test]
fn deeply_nested_json_is_skipped() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let lines = format!("{{\"text\":{deep},\"label\":1}}\n{{\"text\":\"a b\",\"label\":1}}\n");
    assert_eq!(skipped(&lines), [(1, "nested too deeply".to_owned())]);
    let paragraph = r#"{"context":"a b","qas":[{"question":"q","answers":[]}]}"#;
    let questions = format!("[{{\"qas\":{deep},\"context\":\"\"}},{paragraph}]");
    assert_eq!(skipped(&questions), [(1, "nested too deeply".to_owned())]);
    let columns = scan(format!("{{\"a\":{deep},\"b\":[1]}}")).unwrap_err();
    assert!(columns.what.contains("nested too deeply"), "{columns}");
}

/// The second pass may read other bytes than the first, if the file has changed in between.
#[test]
fn a_file_that_changed_between_passes_does_not_panic() {
    let files =
        [GOOD, "[{\"text\":\"é\",\"label\":1}]", "{\"title\":\"é\",\"class\":1}\n", "é\u{a0}[", "\"", "", "[\"", "{"];
    for scanned in &files[..3] {
        let source = scan(scanned).unwrap();
        for read in files {
            let found = collect_by(read.as_bytes(), 1, &source);
            assert_eq!(found.is_ok(), read == *scanned, "{scanned} became {read}");
        }
    }
}

#[test]
fn script_tags_and_control_characters_are_text() {
    let file = "<script>alert(1)</script>,label\n<b>a</b>\u{1b}[31m\u{202e}b,<i>x</i>\nc d,y\n";
    let hints = Hints { has_header: Some(true), ..Hints::default() };
    let source = scan_by(file.as_bytes(), 9, hints).unwrap();
    assert_eq!(source.columns, ["<script>alert(1)</script>", "label"]);
    assert_eq!(source.preview[0], ["<b>a</b>\u{1b}[31m\u{202e}b", "<i>x</i>"]);
}
