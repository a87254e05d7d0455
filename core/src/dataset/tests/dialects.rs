//! Files in the dialects of other programs, each with the reading that its user expects.

use super::*;

/// A table with these lines of text and target, after its header.
fn table(header: &str, rows: &[(&str, &str)]) -> String {
    rows.iter().fold(format!("{header}\n"), |file, (text, label)| format!("{file}{text},{label}\n"))
}

/// Many rows from one template, in which `{}` is replaced with the number of the row.
fn many(header: &str, row: &str) -> String {
    (0..20).fold(format!("{header}\n"), |file, nth| format!("{file}{}\n", row.replace("{}", &nth.to_string())))
}

fn guess(file: &str) -> Mapping {
    scan(file).unwrap().guess()
}

fn labels_of(file: &str) -> Vec<String> {
    let mut names: Vec<String> = dataset(file).unwrap().0.labels;
    names.sort();
    names
}

#[test]
fn a_column_that_a_program_wrote_is_no_text_next_to_one_of_words() {
    for (header, row) in [
        ("url,title,label", "https://example.com/a-very-long-slug/{}.html,so good {},x"),
        ("Timestamp,What was it?,label", "2024/03/01 10:22:{} AM GMT+1,it was {},x"),
        ("html,text,label", "<p class='long'>so good {} and more</p>,so good {},x"),
        ("uuid,note,label", "4d7a2146-14ab-2935-c943-f9e0ff6{},it was {},x"),
    ] {
        assert_eq!(guess(&many(header, row)), class(1, 2), "{header}");
    }
}

#[test]
fn labels_that_never_repeat_are_no_classes_if_another_task_fits() {
    let pair = |prompt: &str, completion| Mapping::Completion { prompt: format!("{{{prompt}}}\n"), completion };
    assert_eq!(
        guess(&many("1000\tI was there.\t7\tIch war dort.", "1{}\tI am here {}.\t2{}\tIch bin hier {}.")),
        pair("column 2", 3)
    );
    let number = Mapping::Regression { text: 0, pair: None, number: 1 };
    assert_eq!(guess(&many("text,price", "so good {},\"{}.200,50 €\"")), number);
    assert_eq!(guess(&many("text,toxicity", "so good {},0.{}5")), number);
    assert_eq!(guess(&many("Unnamed: 0,review", "{},so good {}")), Mapping::Corpus { text: 1 });
    assert_eq!(guess(&many("text,name", "so good {},n{}")), class(0, 1));
}

#[test]
fn pairs_are_found_by_their_names() {
    for header in ["context,hypothesis,label", "#1 String,#2 String,Quality", "Sentence A,Sentence B,same"] {
        let file = many(header, "so it is {},it is {},x") + "so it was,it was,y\n";
        assert_eq!(guess(&file), Mapping::Classification { text: 0, pair: Some(1), label: 2 }, "{header}");
    }
    let three = many("comment 1,comment 2,comment 3,label", "so good {},so bad {},so so {},x");
    assert!(!guess(&three).has_pairs());
    let yes_or_no = many("question,passage,answer", "is it {},it is {},true") + "is it,it was,false\n";
    assert_eq!(guess(&yes_or_no), Mapping::Classification { text: 0, pair: Some(1), label: 2 });
}

#[test]
fn preferences_are_learned_with_their_question() {
    let row = "{\"system\":\"be brief\",\"question\":\"what is it\",\"chosen\":\"it is me\",\"rejected\":\"no\"}\n";
    let prompt = "{system}\n\n{question}\n".to_owned();
    assert_eq!(guess(row), Mapping::Completion { prompt, completion: 2 });
}

#[test]
fn answers_that_people_disliked_are_skipped() {
    let row = |text: &str, label: bool| {
        format!("{{\"prompt\":\"{text}\",\"completion\":\"it is {text}\",\"label\":{label}}}\n")
    };
    let file = row("a b", true) + &row("c d", false) + &row("e f", true);
    assert_eq!(collect(&file).unwrap().len(), 2);
    assert_eq!(skipped(&file), [(2, "the annotator's answer is \"reject\"".to_owned())]);
}

#[test]
fn json_of_an_unknown_form_is_never_a_text() {
    let unknown = scan("{\"tree\":[{\"a\":[1]}]}\n{\"tree\":[{\"a\":[2]}]}\n").unwrap_err();
    assert_eq!(unknown.code, "data.only-nested");
    assert!(unknown.what.contains("\"tree\"") && !unknown.remedy.is_empty(), "{unknown}");
    let numbered = "{\"id\":7,\"paragraphs\":[{\"sentences\":[{\"tokens\":[1]}]}]}\n";
    assert_eq!(scan(numbered.repeat(3)).unwrap_err().code, "data.only-nested");
    let beside = "{\"text\":\"so good\",\"projects\":{\"x\":[{\"y\":1}]}}\n";
    let source = scan(beside.repeat(3)).unwrap();
    assert_eq!(source.guess(), Mapping::Corpus { text: 0 });
    assert!(warning(&source.warnings, "data.nested-cells").what.contains("\"projects\""));
}

#[test]
fn a_header_that_comes_again_is_skipped() {
    let file = format!("{GOOD}{}", GOOD.replace("so ", "very "));
    assert_eq!(rows(&file).len(), 8);
    assert_eq!(skipped(&file), [(6, "the header again".to_owned())]);
}

#[test]
fn totals_and_names_of_groups_are_no_rows() {
    let file = "text,,labels,\nid,text,funny,sad\n7,so good,1,0\n3,so bad,0,1\n";
    assert_eq!(scan(file).unwrap().columns, ["id", "text", "funny", "sad"]);
    assert_eq!(scan(",text,label\nd1,review,O\nd2,is good,O\n").unwrap().columns, ["column 1", "text", "label"]);
    let prices = table("text,price", &[("so good", "1.5"), ("so bad", "2.5"), ("Total", "4")]);
    assert_eq!(skipped(&prices), [(4, "a total, not a row".to_owned())]);
}

#[test]
fn cells_between_spaces_and_in_single_quotes_are_read() {
    let r = "\"text\" \"label\"\n\"1\" \"so \\\"good\\\"\" \"pos\"\n\"2\" \"so bad\" \"neg\"\n";
    assert_eq!(scan(r).unwrap().columns, ["column 1", "text", "label"]);
    assert_eq!(rows(r)[0], row(2, "so \"good\"", "pos"));
    let single = "text,label\n'so good, it''s so',pos\n'so bad, really',neg\n";
    assert_eq!(rows(single), [row(2, "so good, it's so", "pos"), row(3, "so bad, really", "neg")]);
    let words = table("text,label", &[("'tis so", "pos"), ("it is 'so' bad", "neg"), ("the dogs' food", "neg")]);
    assert_eq!(rows(&words)[0], row(2, "'tis so", "pos"));
}

#[test]
fn names_are_never_moved_over_the_wrong_columns() {
    for file in [many("id,text,score", "{},so good {},{},5"), many("text,label", "so good {}, and more,x")] {
        assert_eq!(scan(&file).unwrap_err().code, "data.header-width", "{file}");
    }
    let quoted = scan_by(many("\"text,label\"", "\"\"\"so good {}\"\",x\"").as_bytes(), 99, Hints::default());
    assert!(quoted.is_ok_and(|source| source.columns.len() == 1), "without an ending in .csv");
    let mut scanner = Scanner::new("a.csv", 99.0, Hints::default());
    scanner.push(many("\"text,label\"", "\"\"\"so good {}\"\",x\"").as_bytes()).unwrap();
    assert_eq!(scanner.finish().unwrap_err().code, "data.quoted-rows");
}

#[test]
fn lists_with_a_zero_or_one_for_each_label_are_labels_by_place() {
    let row = |text: &str, labels: &str| format!("{{\"text\":\"so very, very {text}\",\"labels\":{labels}}}\n");
    let file = row("a", "[1.0,0.0,1.0]") + &row("b", "[0.0,0.0,1.0]") + &row("c", "[1.0,0.0,0.0]");
    let (dataset, report) = dataset(&file).unwrap();
    assert_eq!(dataset.labels, ["0", "2"]);
    assert!(warning(&report.warnings, "data.one-hot-lists").done.contains("place"));
    let two = row("a", "[1.0,0.0]") + &row("b", "[0.0,1.0]") + &row("c", "[1.0,0.0]");
    assert_eq!(collect(&two).unwrap().label_ids(0), [0]);
    assert_eq!(labels_of(&(row("a", "[1,0]") + &row("b", "[0]") + &row("c", "[1]"))), ["0", "1"]);
}

#[test]
fn lists_of_labels_are_read_in_every_writing() {
    for (labels, other) in [
        ("\"[{'id': 18, 'name': 'drama'}, {'id': 35, 'name': 'crime'}]\"", "\"[{'id': 18, 'name': 'drama'}]\""),
        ("\"{\"\"choices\"\":[\"\"drama\"\",\"\"crime\"\"]}\"", "drama"),
        ("\"drama\ncrime\"", "drama"),
    ] {
        let file =
            table("text,genres", &[("so good", labels), ("so bad", other), ("so so", other), ("very bad", labels)]);
        assert!(matches!(guess(&file), Mapping::MultiLabel { .. }), "{labels}");
        assert_eq!(labels_of(&file), ["crime", "drama"], "{labels}");
    }
}

#[test]
fn yes_and_no_are_flags_in_other_languages_too() {
    for [yes, no] in [["ja", "nein"], ["Y", "N"], ["WAHR", "FALSCH"], ["oui", "non"], ["是", "否"]] {
        let file = table(
            "text,funny,sad,angry",
            &[
                ("so good", &format!("{yes},{no},{no}")),
                ("so bad", &format!("{no},{yes},{no}")),
                ("so so", &format!("{no},{no},{yes}")),
            ],
        );
        assert_eq!(guess(&file), Mapping::MultiLabel { text: 0, pair: None, labels: vec![1, 2, 3] }, "{yes}");
    }
}

#[test]
fn labels_in_full_width_are_reported() {
    let file =
        table("text,label", &[("so good", "spam"), ("so bad", "ｓｐａｍ"), ("a b", "spam"), ("c d", "ｓｐａｍ")]);
    let (_, report) = dataset(&file).unwrap();
    assert!(warning(&report.warnings, "data.alike-labels").what.contains("in the width of their letters"));
}

#[test]
fn prices_of_japan_are_numbers_in_its_encodings() {
    let file = "名前,価格\n良い 商品,\"\\1,000\"\n悪い 商品,\"\\2,500\"\n別の 商品,\"￥3,000\"\n";
    let number = Mapping::Regression { text: 0, pair: None, number: 1 };
    let (_, report) = mapped(file, number).unwrap();
    assert!(matches!(report.facts, TaskFacts::Numbers { min: 1000.0, max: 3000.0, .. }), "{:?}", report.facts);
    assert!(warning(&report.warnings, "data.units").what.contains("\"¥\""));
}

#[test]
fn choices_that_an_annotator_accepted_are_the_labels() {
    let row = |text: &str, label: &str| {
        format!(
            "{{\"text\":\"{text}\",\"options\":[{{\"id\":\"x\"}}],\"accept\":[\"{label}\"],\"answer\":\"accept\",\"_task_hash\":1}}\n"
        )
    };
    let file = row("so good", "pos") + &row("so bad", "neg") + &row("very good", "pos") + &row("very bad", "neg");
    assert_eq!(labels_of(&file), ["neg", "pos"]);
}

#[test]
fn lists_of_passages_give_the_first_of_each() {
    let row = "{\"query\":\"what\",\"pos\":[\"so it is\",\"b\"],\"neg\":[\"no way\"]}\n";
    let source = scan(row).unwrap();
    assert_eq!(source.columns, ["query", "pos[0]", "neg[0]"]);
    assert_eq!(source.guess(), Mapping::Pairs { anchor: 0, positive: 1, negative: Some(2) });
}

#[test]
fn conversations_have_many_forms() {
    for row in [
        r#"{"contents":[{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"b"}]}]}"#,
        r#"{"conversation":[{"input":"a","output":"b"}]}"#,
        r#"{"messages":[{"role":"system","content":""},{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}"#,
        r#"{"dialogue":[{"speaker":"user","text":"a"},{"speaker":"bot","text":"b"}]}"#,
    ] {
        let rows = collect(format!("{row}\n{row}\n")).unwrap();
        let Example::Chat(turns) = rows.example(0, |class| class) else { panic!("{row}") };
        let turns: Vec<_> = turns.iter().map(|turn| (turn.role, turn.content)).collect();
        assert_eq!(turns, [(Role::User, "a"), (Role::Assistant, "b")], "{row}");
    }
}

#[test]
fn spans_may_have_a_length_and_other_names_for_their_label() {
    for spans in [
        r#"[{"offset":0,"length":4,"category":"PER"}]"#,
        r#"[{"start":0,"end":4,"tag":"PER"}]"#,
        r#"[{"start_offset":0,"end_offset":4,"labels":["PER"]}]"#,
    ] {
        let file = format!("{{\"text\":\"Anna left\",\"spans\":{spans}}}\n{{\"text\":\"He left\",\"spans\":[]}}\n");
        assert_eq!(labels_of(&file), ["B-PER", "I-PER", "O"], "{spans}");
    }
    let words = "{\"tokens\":[\"Anna\",\"left\"],\"ner\":[[0,0,\"PER\"]]}\n";
    let error = collect(words.repeat(2)).unwrap_err();
    assert!(error.what.contains("the tags are spans of a text, but the words are a list"), "{error}");
}

#[test]
fn one_word_a_row_needs_no_english_names() {
    for file in [
        "Satz;Wort;Tag\n1;Anna;B-PER\n1;ging;O\n2;Sie;O\n2;blieb;O\n3;Es;O\n3;regnet;O\n",
        "doc_id,token_id,text,label\nd1,0,Anna,B-PER\nd1,1,ging,O\nd2,0,Sie,O\nd2,1,blieb,O\nd3,0,Es,O\nd3,1,regnet,O\n",
        "word,tag\nAnna,B-PER\nging,O\n,\nSie,O\nblieb,O\n,\nEs,O\nregnet,O\n",
    ] {
        let source = scan(file).unwrap();
        assert_eq!((source.format, source.rows), (Format::Conll, 3), "{file}");
        assert_eq!(source.preview[0][..2], ["Anna ging", "B-PER O"], "{file}");
    }
}

#[test]
fn documents_of_json_are_read_as_their_rows() {
    let split = r#"{"columns":["text","label"],"index":[0,1],"data":[["so good","pos"],["so bad","neg"]]}"#;
    let by_column =
        "{\n \"text\": {\"0\": \"so good\", \"1\": \"so bad\"},\n \"label\": {\"0\": \"pos\", \"1\": \"neg\"}\n}";
    let wrapped = r#"{"version":"1","data":[{"text":"so good","label":"pos"},{"text":"so bad","label":"neg"}]}"#;
    for file in [split, by_column, wrapped] {
        assert_eq!(rows(file), [row(1, "so good", "pos"), row(2, "so bad", "neg")], "{file}");
    }
    let notes =
        "// exported today\n{\"text\":\"so good\",\"label\":\"pos\"}\n{\"text\":\"so bad\",\"label\":\"neg\"}\n";
    assert_eq!(rows(notes).len(), 2);
    let one =
        scan("{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"}]}\n")
            .unwrap();
    assert_eq!(one.format, Format::JsonLines, "one row with its turns");
}

#[test]
fn tags_may_be_separated_by_commas_next_to_a_text() {
    for (text, tags) in [("Anna left", "\"B-PER,O\""), ("Anna left", "\"B-PER, O\""), ("Anna|left", "B-PER|O")] {
        let file = table("sentence,tags", &[(text, tags), ("so it", &tags.replace("B-PER", "O")), ("it was", "O O")]);
        let source = scan(&file).unwrap();
        assert_eq!(source.guess(), Mapping::TokenClassification { text: 0, tags: 1 }, "{tags}");
        assert_eq!(labels_of(&file), ["B-PER", "I-PER", "O"], "{tags}");
    }
    let moods = table("text,labels", &[("so good", "\"joy,awe\""), ("so bad", "\"awe,joy\""), ("so so", "joy")]);
    assert!(matches!(guess(&moods), Mapping::MultiLabel { .. }));
}

#[test]
fn lines_with_labels_are_no_running_text() {
    let file =
        |lines: [&str; 2]| (0..5).map(|nth| lines.map(|line| line.replace("{}", &nth.to_string())).concat()).collect();
    for (lines, labels) in [
        (["DESC:manner How is {} ?\n", "HUM:ind Who is {} ?\n"], ["DESC", "HUM"]),
        (["so good {} __label__pos\n", "so bad {} __label__neg\n"], ["neg", "pos"]),
        (["Sales {} rose .@positive\n", "They {} fell .@negative\n"], ["negative", "positive"]),
        (["1 so good {}\n", "0 so bad {}\n"], ["0", "1"]),
    ] {
        let file: String = file(lines);
        assert_eq!(labels_of(&file), labels, "{file}");
    }
    let numbered: String = (1..20).map(|nth| format!("{nth} so it was {nth}\n")).collect();
    assert_eq!(guess(&numbered), Mapping::Corpus { text: 0 });
}

#[test]
fn annotations_of_more_tools_are_read() {
    for row in [
        r#"{"content":"Anna left","annotation":[{"label":["PER"],"points":[{"start":0,"end":3,"text":"Anna"}]}],"extras":null}"#,
        r#"{"text":"Anna left","label":{"PER":{"Anna":[[0,3]]}}}"#,
        r#"{"data_row":{"row_data":"Anna left"},"projects":{"p":{"labels":[{"annotations":{"objects":[{"name":"PER","location":{"start":0,"end":3}}]}}]}}}"#,
    ] {
        let file = format!("{row}\n{}\n", row.replace("Anna", "Bert"));
        assert_eq!(labels_of(&file), ["B-PER", "I-PER", "O"], "{row}");
    }
}

#[test]
fn formats_of_other_programs_are_refused_by_name() {
    for (file, what) in [
        ("@RELATION sms\n@ATTRIBUTE text STRING\n@DATA\n'so good',ham\n", "Weka"),
        ("CREATE TABLE `t` (`text` text);\nINSERT INTO `t` VALUES ('so good');\n", "SQL"),
        ("#FORMAT=WebAnno TSV 3.2\n\n#Text=Anna left\n1-1\t0-4\tAnna\tPER\t\n", "WebAnno"),
        ("T1\tPER 0 4\tAnna\nT2\tLOC 10 14\tRome\n", "brat"),
        ("version: \"3.1\"\nnlu:\n- intent: greet\n", "Rasa"),
    ] {
        let error = scan(file).unwrap_err();
        assert_eq!(error.code, "data.not-data", "{file}");
        assert!(error.what.contains(what) && !error.remedy.is_empty(), "{error}");
    }
}

#[test]
fn formats_that_would_pass_for_running_text_are_refused_by_their_endings() {
    for (name, file, what) in [
        ("rows.yaml", "- text: so good\n  label: pos\n- text: so bad\n  label: neg\n", "YAML"),
        ("data.YML", "- text: so good\n  label: pos\n", "YAML"),
        ("Localizable.strings", "/* Title */\n\"open\" = \"Öffnen\";\n", "app's texts"),
        ("messages.properties", "open=Öffnen\nclose=Schließen\n", "program's texts"),
    ] {
        let mut scanner = Scanner::new(name, 99.0, Hints::default());
        let error = scanner.push(file.as_bytes()).and_then(|()| scanner.finish()).unwrap_err();
        assert_eq!(error.code, "data.not-data", "{name}");
        assert!(error.what.contains(what) && !error.remedy.is_empty(), "{error}");
    }
}
