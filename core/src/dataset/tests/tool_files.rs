//! Files of labeling, translation and chat tools, read as these tools mean them.

use std::io::Cursor;

use super::*;

/// The source and the examples of a file, read for a role.
fn open_as(name: &str, bytes: &[u8], role: DataRole, hints: &Hints) -> Result<(SourceInfo, Examples), Diagnostic> {
    let open = || DataReader::open(name, Cursor::new(bytes.to_vec()), role, hints);
    let mut reader = open()?;
    let mut scanner = reader.scanner(hints.clone());
    while let Some(piece) = reader.next_piece()? {
        scanner.push(piece)?;
    }
    let source = reader.finish(scanner)?;
    let mut collector = Collector::new(&source, source.guess())?;
    let mut reader = open()?;
    while let Some(piece) = reader.next_piece()? {
        collector.push(piece)?;
    }
    Ok((source, collector.finish()?))
}

fn open(name: &str, text: &str) -> Result<(SourceInfo, Examples), Diagnostic> {
    open_as(name, text.as_bytes(), DataRole::Train, &Hints::default())
}

const SPLITS: &str = r#"{"oos_val":[["odd","oos"]],"val":[["v one","a"],["v two","b"]],
    "train":[["one","a"],["two","b"],["three","a"],["four","b"]],"test":[["t one","a"],["t two","b"]]}"#;

#[test]
fn a_document_with_lists_for_training_and_test_is_read_by_its_split() {
    let texts = |role, hints: &Hints| {
        let (source, rows) = open_as("data_full.json", SPLITS.as_bytes(), role, hints).unwrap();
        assert_eq!((source.format, source.holds_validation, source.holds_test), (Format::JsonArray, true, true));
        assert_eq!(warning(&source.warnings, "data.other-split").done.split(';').next(), Some("Not read"));
        (0..rows.len())
            .map(|row| format!("{}={}", rows.text(row), label_name(&rows, row)))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let none = Hints::default();
    assert_eq!(texts(DataRole::Train, &none), "one=a two=b three=a four=b");
    assert_eq!(texts(DataRole::Validation, &none), "v one=a v two=b");
    assert_eq!(texts(DataRole::Test, &none), "t one=a t two=b");
    let chosen = Hints { member: Some("test".into()), ..Hints::default() };
    assert_eq!(texts(DataRole::Train, &chosen), "t one=a t two=b");
    let missing = Hints { member: Some("dev".into()), ..Hints::default() };
    let error = open_as("data_full.json", SPLITS.as_bytes(), DataRole::Train, &missing).unwrap_err();
    assert_eq!(error.code, "data.no-member");
}

#[test]
fn labels_that_are_no_members_of_the_objects_are_corrected_in_a_table() {
    let file = |row: &dyn Fn(usize) -> String| (0..8).map(|nth| row(nth) + "\n").collect::<String>();
    let form = |text: &str| {
        let (source, _) = open("rows.jsonl", text).unwrap();
        (source.corrected_form(&source.guess()), source.quirks.converted)
    };
    let label = |nth: usize| ["good", "bad"][nth % 2];
    let nested = file(&|nth| format!(r#"{{"text":"it was {nth}","meta":{{"label":"{}"}}}}"#, label(nth)));
    assert_eq!(form(&nested), (CorrectedForm::Same, vec![]));
    let chosen = file(&|nth| format!(r#"{{"text":"it was {nth}","label":{{"choices":["{}"]}}}}"#, label(nth)));
    assert_eq!(form(&chosen), (CorrectedForm::Csv, vec!["label".to_owned()]));
}

#[test]
fn other_objects_with_a_list_are_read_as_before() {
    let lines = "{\"train\":[1,2],\"label\":\"a\"}\n{\"train\":[3],\"label\":\"b\"}\n";
    assert_eq!(open("a.jsonl", lines).unwrap().0.format, Format::JsonLines);
    let pandas = r#"{"train":["one","two"],"test":["a","b"]}"#;
    assert_eq!(open("a.json", pandas).unwrap().0.format, Format::JsonColumns);
}

#[test]
fn rows_of_label_studio_that_were_annotated_without_a_span_have_no_entities() {
    let span = r#""[{""start"":0,""end"":4,""text"":""Anna"",""labels"":[""PER""]}]""#;
    let table = format!("annotation_id,label,text\n1,{span},Anna left\n2,,Nobody left\n,,Not yet\n3,{span},Anna ate\n");
    let rows = collect(&table).unwrap();
    let texts: Vec<&str> = (0..rows.len()).map(|row| rows.text(row)).collect();
    assert_eq!(texts, ["Anna left", "Nobody left", "Anna ate"]);
    assert!(rows.label_ids(1).iter().all(|&id| rows.label_names[id as usize].name == "O"));
    assert_eq!(skipped(&table), [(4, "no tags".into())]);
}

#[test]
fn trees_of_messages_are_conversations() {
    let line = r#"{"message_tree_id":"1","tree_state":"ready","prompt":{"text":"Hi","role":"prompter","replies":[
        {"text":"Bad","role":"assistant","rank":1,"replies":[]},{"text":"Hello","role":"assistant","rank":0,"replies":[]}]}}"#;
    let rows = collect(line.replace('\n', "") + "\n").unwrap();
    assert!(matches!(rows.mapping, Mapping::Chat { .. }), "{:?}", rows.mapping);
    assert_eq!(rows.text(0), "HiHello");
}

#[test]
fn tables_of_messages_are_conversations_whatever_their_form() {
    let rows =
        [["a", "", "prompter", "Hi", ""], ["b", "a", "assistant", "Bad", "1"], ["c", "a", "assistant", "Hello", "0"]];
    let object = |[id, parent, role, text, rank]: [&str; 5]| {
        let parent = if parent.is_empty() { "null".to_owned() } else { format!("\"{parent}\"") };
        let rank = if rank.is_empty() { "null" } else { rank };
        format!(
            r#"{{"message_id":"{id}","parent_id":{parent},"text":"{text}","role":"{role}","rank":{rank},"deleted":false}}"#
        )
    };
    let objects = rows.map(object);
    let csv = rows.map(|row| row.join(",") + "\n").concat();
    for file in
        [objects.join("\n"), format!("[{}]", objects.join(",")), format!("message_id,parent_id,role,text,rank\n{csv}")]
    {
        let source = scan(&file).unwrap();
        assert_eq!((source.columns.join(" "), source.rows), ("messages".into(), 1), "{file}");
        assert!(warning(&source.warnings, "data.other-branches").what.starts_with("1 message in"));
        let rows = collect(&file).unwrap();
        assert!(matches!(rows.mapping, Mapping::Chat { .. }), "{:?}", rows.mapping);
        assert_eq!((rows.text(0), rows.len()), ("HiHello", 1));
    }
}

#[test]
fn trees_of_sentiment_are_classes() {
    let file = "(3 (2 It) (4 (3 's) (4 lovely)))\n(1 (2 Not) (2 good))\n(1 (2 So) (1 bad))\n(3 (3 fun) (2 .))\n";
    assert_eq!(
        rows(file),
        [row(1, "It 's lovely", "3"), row(2, "Not good", "1"), row(3, "So bad", "1"), row(4, "fun .", "3")]
    );
}

fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        zip.start_file(*path, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn tar(files: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (path, content) in files {
        bytes.extend(tar_header(path, content.len() as u64));
        bytes.extend_from_slice(content.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(TAR_BLOCK), 0);
    }
    bytes.resize(bytes.len() + TAR_END, 0);
    bytes
}

#[test]
fn texts_with_annotations_of_brat_are_entities() {
    let files = [
        ("c/annotation.conf", "[entities]"),
        ("c/a.ann", "T1\tPer 0 4\tAnna\nT2\tPer 0 4;10 14\tAnna left\nR1\tin Arg1:T1 Arg2:T2\n"),
        ("c/a.txt", "Anna met no one.\nIt rained.\n"),
        ("c/b.txt", "Zoë saw Rome.\n"),
        ("c/b.ann", "T1\tLoc 8 12\tRome\nT2\tPer 0 3\tZoë\n"),
    ];
    for bytes in [zip(&files), tar(&files)] {
        let (source, rows) = open_as("brat.zip", &bytes, DataRole::Train, &Hints::default()).unwrap();
        assert_eq!((source.format, source.columns.join(" ")), (Format::Folder, "text label file".into()));
        let tags = |row| {
            let tags: Vec<&str> =
                rows.label_ids(row).iter().map(|&id| rows.label_names[id as usize].name.as_str()).collect();
            format!("{} {}", rows.text(row), tags.join(" "))
        };
        let expected = ["Anna met no one. B-Per O O O O", "It rained. O O O", "Zoë saw Rome. B-Per O B-Loc O"];
        assert_eq!((0..rows.len()).map(tags).collect::<Vec<_>>(), expected);
        let what = "The annotations also have 1 entity in several pieces, 1 relation, event, attribute or note.";
        assert_eq!(warning(&source.warnings, "data.unread-annotations").what, what);
    }
}

#[test]
fn questions_with_choices_are_completed_by_the_right_one() {
    let row = |nth: usize| {
        let key = ["A", "B"][nth % 2];
        format!(
            r#"{{"id":"{nth}","question":"Which is {nth}?","choices":{{"label":["A","B"],"text":["a red one","a blue one"]}},"answerKey":"{key}"}}"#
        )
    };
    let rows = collect((0..20).map(|nth| row(nth) + "\n").collect::<String>()).unwrap();
    assert!(matches!(rows.mapping, Mapping::Completion { .. }), "{:?}", rows.mapping);
    assert_eq!(rows.text(1).trim_end(), "Which is 1?\nA. a red one\nB. a blue one");
    assert_eq!(rows.second_text(1), Some("a blue one"));
}

#[test]
fn texts_that_doccano_lists_are_completions() {
    let row = |nth: u32| {
        format!(r#"{{"id":{nth},"text":"Es regnet, Tag {nth}.","label":["It rains, on day {nth}.","Rain"]}}"#)
    };
    let rows = collect((0..12).map(|nth| row(nth) + "\n").collect::<String>()).unwrap();
    assert_eq!((rows.text(3).trim_end(), rows.second_text(3)), ("Es regnet, Tag 3.", Some("It rains, on day 3.")));
    let class = |nth: u32| format!(r#"{{"id":{nth},"text":"Es regnet am Tag {nth}.","label":["not so good"]}}"#);
    let rows = collect((0..12).map(|nth| class(nth) + "\n").collect::<String>()).unwrap();
    assert!(!matches!(rows.mapping, Mapping::Completion { .. }), "{:?}", rows.mapping);
}

#[test]
fn translations_of_qt_are_pairs() {
    let file = r#"<?xml version="1.0" encoding="utf-8"?><!DOCTYPE TS><TS version="2.1" language="de_DE"><context><name>Main</name>
        <message><source>Open &amp; read</source><translation>Öffnen</translation></message>
        <message><source>Shut</source><translation type="unfinished"></translation></message>
        <message><source>Old</source><translation type="vanished">Alt</translation></message>
        <message numerus="yes"><source>%n files</source><translation><numerusform>%n Datei</numerusform><numerusform>%n Dateien</numerusform></translation></message>
        </context></TS>"#;
    let (source, pairs) = translations("app_de.ts", file);
    let prompt = "Translate from English to German.\n";
    assert_eq!(pairs, [format!("{prompt}Open & read\n => Öffnen"), format!("{prompt}%n files\n => %n Dateien")]);
    assert!(warning(&source.warnings, "data.untranslated").what.starts_with("1 text without a translation"));
}

fn translations(name: &str, text: &str) -> (SourceInfo, Vec<String>) {
    let (source, rows) = open(name, text).unwrap();
    assert_eq!(source.format, Format::Translations);
    let pair = |row| format!("{} => {}", rows.text(row), rows.second_text(row).unwrap_or_default());
    (source, (0..rows.len()).map(pair).collect())
}

#[test]
fn translation_memories_are_pairs_of_the_first_two_languages() {
    let unit = |en: &str, de: &str| {
        format!(
            "<tu><tuv xml:lang=\"en-US\"><seg>{en}</seg></tuv><tuv xml:lang=\"de\"><seg>{de}</seg></tuv><tuv xml:lang=\"fr\"><seg>x</seg></tuv></tu>"
        )
    };
    let memory = format!(
        "<?xml version=\"1.0\"?>\n<tmx version=\"1.4\"><header srclang=\"de\"/><body>{}{}</body></tmx>",
        unit("Good", "Gut"),
        unit("Bad", "Schlecht")
    );
    let (source, pairs) = translations("memory.xml", &memory);
    let prompt = "Translate from German to English.\n";
    assert_eq!(pairs, [format!("{prompt}Gut\n => Good"), format!("{prompt}Schlecht\n => Bad")]);
    assert!(warning(&source.warnings, "data.several-languages").what.contains("\"de\", \"en-US\", \"fr\""));
}

#[test]
fn utf16_memories_and_catalogs_are_decoded() {
    let memory = "<?xml version=\"1.0\" encoding=\"utf-16\"?><tmx><body><tu><tuv xml:lang=\"en\"><seg>Tea</seg></tuv><tuv xml:lang=\"fr\"><seg>Thé</seg></tuv></tu></body></tmx>";
    let bytes: Vec<u8> = "\u{feff}".encode_utf16().chain(memory.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let (_, rows) = open_as("a.tmx", &bytes, DataRole::Train, &Hints::default()).unwrap();
    assert_eq!(rows.second_text(0), Some("Thé"));
}

#[test]
fn catalogs_name_the_language_of_the_translations() {
    let catalog = "msgid \"\"\nmsgstr \"\"\n\"Language: de\\n\"\n\nmsgid \"Open\"\nmsgstr \"Öffnen\"\n\nmsgid \"Shut\"\nmsgstr \"\"\n";
    let (source, pairs) = translations("de.po", catalog);
    assert_eq!(pairs, ["Translate to German.\nOpen\n => Öffnen"]);
    assert!(warning(&source.warnings, "data.untranslated").what.starts_with("1 text without a translation"));
    let unnamed = "msgid \"Open\"\nmsgstr \"Öffnen\"\n";
    assert_eq!(translations("a.po", unnamed).1, ["Translate.\nOpen\n => Öffnen"]);
}

#[test]
fn xliff_without_translations_is_refused() {
    let file = "<xliff version=\"1.2\"><file source-language=\"en\" target-language=\"fr\"><body><trans-unit id=\"1\"><source>Hi</source></trans-unit></body></file></xliff>";
    assert_eq!(open("a.xlf", file).unwrap_err().code, "data.no-translations");
    assert_eq!(open("a.xlf", "<xliff><file>").unwrap_err().code, "data.damaged");
}

#[test]
fn archives_of_two_languages_have_parallel_lines() {
    let files = [
        ("README", "x"),
        ("Books.de-en.de", "Gut\nSchlecht\n"),
        ("Books.de-en.en", "Good\nBad\n"),
        ("Books.de-en.xml", "<x/>"),
    ];
    for bytes in [zip(&files), tar(&files)] {
        let (source, rows) = open_as("de-en.txt.zip", &bytes, DataRole::Train, &Hints::default()).unwrap();
        assert_eq!(source.columns, ["de", "en"]);
        assert_eq!(rows.text(1), "Translate from German to English.\nSchlecht\n");
        assert_eq!(rows.second_text(1), Some("Bad"));
    }
}

#[test]
fn questions_in_other_forms_than_squad_are_answered_in_their_passages() {
    let story = |nth: u32| {
        format!(
            r#"{{"source":"x","story":"Anna left on day {nth}.","questions":[{{"input_text":"Who?"}},{{"input_text":"When?"}}],
            "answers":[{{"span_start":0,"span_text":"Anna","input_text":"Anna"}},{{"span_start":9,"span_text":" on day {nth}","input_text":"then"}}]}}"#
        )
    };
    let file = format!("{{\"version\":\"1\",\"data\":[{},{}]}}", story(1), story(2));
    assert_eq!(collect(&file).unwrap().len(), 4);
    let (data, _) = dataset(&file).unwrap();
    let all = examples(&data);
    let Example::Question { question, context, answers } = &all[3] else { panic!("{:?}", all[3]) };
    assert_eq!((*question, &context[answers[0].clone()]), ("When?", "on day 2"));
}

#[test]
fn percentages_are_numbers() {
    let file = |name: &str| {
        let rows: String = (0..20).map(|nth| format!("a text of number {nth},{}%\n", nth * 7 % 100)).collect();
        collect(format!("text,{name}\n{rows}")).unwrap()
    };
    for name in ["score", "agreement"] {
        assert!(matches!(file(name).mapping, Mapping::Regression { number: 1, .. }), "{name}");
    }
}

#[test]
fn ids_are_no_texts_where_the_texts_are_nested() {
    let row = |nth: u32| {
        format!(
            r#"{{"answerKey":"{}","id":"1afa02df02c908a558b4036e8024{nth:04}","question":{{"stem":"a","choices":[{{"label":"A","text":"b"}}]}}}}"#,
            ["A", "B"][nth as usize % 2]
        )
    };
    let error = scan((0..20).map(|nth| row(nth) + "\n").collect::<String>()).unwrap_err();
    assert_eq!(error.code, "data.only-nested");
    assert!(error.what.contains("\"question\""), "{error}");
}

#[test]
fn a_column_named_like_a_label_goes_before_two_columns_of_0_and_1() {
    let rows: String = (0..12)
        .map(|nth| format!("a text of number {nth},{},{},{}\n", ["good", "bad", "so"][nth % 3], nth % 2, nth / 6))
        .collect();
    let label = |name: &str| collect(format!("text,{name},useful,funny\n{rows}")).unwrap().mapping;
    assert_eq!(label("airline_sentiment"), class(0, 1));
    assert!(matches!(label("kind"), Mapping::MultiLabel { .. }));
}

#[test]
fn words_with_plain_tags_are_sentences() {
    let file = "Paul\tperson-actor\nleft\tO\n\nShe\tO\nsaw\tO\nRome\tlocation\n\nNo\tO\n";
    let rows = collect(file).unwrap();
    assert!(matches!(rows.mapping, Mapping::TokenClassification { .. }), "{:?}", rows.mapping);
    assert_eq!((rows.len(), rows.text(1)), (3, "She saw Rome"));
}

#[test]
fn tokens_of_ubiai_are_spans() {
    let row = |text: &str| {
        format!(
            r#"{{"documentName":"d","document":"{text}","tokens":[{{"text":"Anna","start":0,"end":4,"token_start":0,"token_end":0,"entityLabel":"PER"}}],"relations":[]}}"#
        )
    };
    let rows = collect(format!("[{},{}]", row("Anna left"), row("Anna ate"))).unwrap();
    assert_eq!(rows.label_names[rows.label_ids(0)[0] as usize].name, "B-PER");
}

#[test]
fn splits_may_be_columns() {
    let file =
        r#"{"train":{"text":["one","two","three"],"label":["a","b","a"]},"test":{"text":["four"],"label":["b"]}}"#;
    let (source, rows) = open("a.json", file).unwrap();
    assert_eq!((source.holds_validation, rows.len(), rows.text(2)), (true, 3, "three"));
}

#[test]
fn a_summary_completes_its_text_whatever_the_order_of_the_columns() {
    let row = |nth: u32| format!(r#"{{"id":"{nth}","summary":"Ann is in.","dialogue":"Ann: I am in {nth}."}}"#);
    let mapping = scan((0..9).map(|nth| row(nth) + "\n").collect::<String>()).unwrap().guess();
    assert_eq!(mapping, Mapping::Completion { prompt: "{dialogue}\n".into(), completion: 1 });
}

#[test]
fn labels_that_doccano_joins_are_several() {
    let rows: String = (0..20)
        .map(|nth| format!("{nth},a text of number {nth},{}\n", ["sports", "tech", "sports#tech", "music"][nth % 4]))
        .collect();
    let rows = collect(format!("id,data,label\n{rows}")).unwrap();
    assert!(matches!(rows.mapping, Mapping::MultiLabel { .. }), "{:?}", rows.mapping);
    assert_eq!((rows.label_names.len(), rows.label_ids(2).len()), (3, 2));
}

#[test]
fn of_several_texts_the_one_that_is_read_is_named() {
    let files = [("a.txt", "One line.\nTwo.\n"), ("b.txt", "A longer text.\nAnd more of it.\n"), ("c.txt", "x\ny\n")];
    let (source, _) = open_as("texts.zip", &zip(&files), DataRole::Train, &Hints::default()).unwrap();
    let found = warning(&source.warnings, "data.one-of-texts");
    assert_eq!((found.what.as_str(), found.done.as_str()), ("\"texts.zip\" has 3 texts.", "Only \"b.txt\" was read."));
}
