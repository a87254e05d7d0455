//! Encoding, header, delimiter and quoting set by the user.

use super::*;

fn with_delimiter(delimiter: char) -> Hints {
    Hints { delimiter: Some(Delimiter::Character(delimiter)), ..Hints::default() }
}

fn quoted(quoting: Quoting) -> Hints {
    Hints { quoting: Some(quoting), ..Hints::default() }
}

fn scan_with(file: &str, hints: Hints) -> Result<SourceInfo, Diagnostic> {
    scan_by(file.as_bytes(), 1 << 20, hints)
}

/// The first rows, after the columns.
fn table(file: &str, hints: Hints) -> Vec<String> {
    let source = scan_with(file, hints).unwrap();
    std::iter::once(&source.columns).chain(&source.preview).map(|row| row.join(" ~ ")).collect()
}

#[test]
fn the_delimiter_can_be_set() {
    let file = "text,a;label\nso, good;pos\nso, bad;neg\n";
    assert_eq!(table(file, Hints::default())[1], "so ~  good;pos");
    assert_eq!(table(file, with_delimiter(';')), ["text,a ~ label", "so, good ~ pos", "so, bad ~ neg"]);
    let caret = "text^label\nso good^pos\nso bad^neg\n";
    assert_eq!(table(caret, with_delimiter('^'))[1], "so good ~ pos");
    // What looks like running text, or like words with their tags, is a table if the user says so.
    assert_eq!(table("It rains: here.\nIt pours: there.\n", with_delimiter(':'))[1], "It rains ~  here.");
    assert_eq!(table("Anna B-PER\nleft O\n\nIt O\n", with_delimiter(' '))[1], "Anna ~ B-PER");
}

#[test]
fn collected_rows_follow_the_settings_in_chunks_of_any_size() {
    let file = "text^label\n'so^good'^pos\n'so\nbad'^neg\n'it''s \"fine\"'^pos\n";
    let hints = Hints { quoting: Some(Quoting::Single), ..with_delimiter('^') };
    for chunk in [1, 7, 1000] {
        let source = scan_by(file.as_bytes(), chunk, hints.clone()).unwrap();
        let rows = collect_by(file.as_bytes(), chunk, &source).unwrap();
        let texts: Vec<&str> = (0..rows.len()).map(|row| rows.text(row)).collect();
        assert_eq!(texts, ["so^good", "so\nbad", "it's \"fine\""], "by {chunk}");
    }
}

#[test]
fn lines_can_be_read_as_texts_without_cells() {
    let file = "text\none, two\nthree, four\nfive, six\n";
    let absent = Hints { delimiter: Some(Delimiter::Absent), ..Hints::default() };
    assert_eq!(table(file, absent.clone()), ["text", "text", "one, two", "three, four", "five, six"]);
    let named = Hints { has_header: Some(true), ..absent };
    assert_eq!(table(file, named.clone()), ["text", "one, two", "three, four", "five, six"]);
    let source = scan_with(file, named).unwrap();
    let mut collector = Collector::new(&source, Mapping::Corpus { text: 0 }).unwrap();
    collector.push(file.as_bytes()).unwrap();
    assert_eq!((source.rows, collector.finish().unwrap().text(0)), (3, "one, two"));
}

#[test]
fn the_quoting_can_be_set() {
    let file = "text\tlabel\n\"so good\"\tpos\n\"so bad\"\tneg\n";
    assert_eq!(table(file, Hints::default())[1], "so good ~ pos");
    assert_eq!(table(file, quoted(Quoting::Never))[1], "\"so good\" ~ pos");
    let single = "text,label\n'so, good',pos\n'so, bad',neg\n";
    assert_eq!(table(single, quoted(Quoting::Single))[1], "so, good ~ pos");
    let escaped = "text,label\n\"a \"\"b\"\"\",pos\n\"say \\\"hi\\\", now\",neg\n";
    assert_eq!(table(escaped, quoted(Quoting::Backslash))[2], "say \"hi\", now ~ neg");
}

#[test]
fn the_first_line_is_the_header_that_the_user_says_it_is() {
    let titled = "Reviews,\ntext,label\nso good,pos\nso bad,neg\nfine,pos\ndull,neg\n";
    let header = |has_header| Hints { has_header: Some(has_header), ..Hints::default() };
    assert_eq!(table(titled, Hints::default())[0], "text ~ label");
    assert_eq!(table(titled, header(true))[..2], ["Reviews ~ column 2", "text ~ label"]);
    assert_eq!(table(titled, header(false))[..2], ["column 1 ~ column 2", "Reviews ~ "]);
    assert_eq!(table("so good,1\nso bad,0\n", header(true)), ["so good ~ 1", "so bad ~ 0"]);
}

#[test]
fn settings_that_do_not_fit_are_refused_with_a_remedy() {
    for (file, hints, code) in [
        (GOOD, with_delimiter(';'), "data.delimiter"),
        (GOOD, with_delimiter('x'), "data.delimiter"),
        (GOOD, with_delimiter('é'), "data.delimiter"),
        (GOOD, with_delimiter('"'), "data.delimiter"),
        (GOOD, with_delimiter('\n'), "data.delimiter"),
        ("{\"text\":\"a\",\"label\":1}\n", with_delimiter(','), "data.json-delimiter"),
        (
            "text,label\nx,so good,pos\nx,so bad,neg\n",
            Hints { has_header: Some(true), ..Hints::default() },
            "data.header-width",
        ),
    ] {
        let diagnostic = scan_with(file, hints.clone()).unwrap_err();
        assert_eq!(diagnostic.code, code, "{file} {hints:?}");
        assert!(!diagnostic.done.is_empty() && !diagnostic.remedy.is_empty(), "{diagnostic}");
    }
    assert_eq!(scan_with(GOOD, Hints::default()).unwrap().rows, 4, "it can be undone");
}

#[test]
fn no_setting_panics_on_any_file() {
    let files = [
        GOOD,
        "é;ü\n\"a;b\n'c\\\";d\n",
        "\"",
        "'\n'",
        "\u{feff}a\n\n\nb",
        "{\"a\":1}\n",
        "[1, 2]\n",
        "Anna B-PER\n\nleft O\n",
        "__label__a x\n__label__b y\n",
        "sep=;\na;b\nc;d\n",
        "sentence_id,word,tag\n1,Anna,B-PER\n1,left,O\n2,It,O\n2,rained,O\n",
    ];
    let delimiters = [',', ';', '\t', ' ', '|', '\'', '\u{80}'].map(|it| Some(Delimiter::Character(it)));
    let quotings = [Quoting::Double, Quoting::Backslash, Quoting::Single, Quoting::Never].map(Some);
    for file in files {
        for delimiter in delimiters.into_iter().chain([None, Some(Delimiter::Absent)]) {
            for quoting in quotings.into_iter().chain([None]) {
                for has_header in [None, Some(true), Some(false)] {
                    let hints = Hints { has_header, delimiter, quoting, ..Hints::default() };
                    let Ok(source) = scan_by(file.as_bytes(), 3, hints) else { continue };
                    for offer in &source.offers {
                        let Ok(mut collector) = Collector::new(&source, offer.mapping.clone()) else { continue };
                        let rows = collector.push(file.as_bytes()).and_then(|()| collector.finish());
                        _ = rows.map(|rows| Dataset::new(Arc::new(rows), None, 0.5, 1).map(|_| ()));
                    }
                }
            }
        }
    }
}
