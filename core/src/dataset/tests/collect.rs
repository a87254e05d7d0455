//! The second pass: examples of every task, and the rows that are skipped.

use super::*;

#[test]
fn ragged_rows_are_skipped_with_line_and_reason() {
    let file = "text,label\na b,pos\none, two,neg\n\nalone\nc d,neg\n";
    let source = scan(file).unwrap();
    let bad = warning(&source.warnings, "data.bad-rows");
    assert_eq!(bad.what, "2 rows could not be read. First, line 3: 3 cells instead of 2.");
    assert_eq!(rows(file), [row(2, "a b", "pos"), row(6, "c d", "neg")]);
    assert_eq!(collect(file).unwrap().skipped.first[1], SkippedRow { line: 5, reason: "1 cell instead of 2".into() });
}

#[test]
fn rows_with_missing_cells_are_skipped_with_a_reason() {
    let file = format!("text,label\na b,pos\n,neg\n  ,\nc d,\ne f,neg\ng,{}\n", "x".repeat(MAX_LABEL_CHARS + 1));
    let mut source = scan(&file).unwrap();
    source.offers[0].mapping = class(0, 1);
    let skipped = collect_by(file.as_bytes(), 100, &source).unwrap().skipped;
    let reasons: Vec<_> = skipped.first.into_iter().map(|row| (row.line, row.reason)).collect();
    let expected =
        [(3, "no text"), (4, "no text and no label"), (5, "no label"), (7, "the label has more than 200 characters")];
    assert_eq!(reasons, expected.map(|(line, reason)| (line, reason.to_owned())));
    assert_eq!(collect("text,label\na b,\nc d,\n").unwrap_err().code, "data.no-rows");
}

#[test]
fn a_mapping_must_fit_the_file() {
    let source = scan(GOOD).unwrap();
    for (text, label) in [(0, 0), (0, 2), (9, 1)] {
        assert_eq!(Collector::new(&source, class(text, label)).err().unwrap().code, "data.mapping");
    }
}

#[test]
fn labels_are_read_from_lists_and_flags() {
    let labels = |example| match example {
        Example::Labels { labels, .. } => labels,
        other => panic!("{other:?}"),
    };
    let (listed, report) = dataset("text,genres\none text,\"b, ,a\"\ntwo texts,\nthree texts,b\n").unwrap();
    assert_eq!(listed.labels, ["a", "b"]);
    assert_eq!(examples(&listed).into_iter().map(labels).collect::<Vec<_>>(), [vec![0, 1], vec![], vec![1]]);
    assert_eq!(report.facts, TaskFacts::Labels { mean: 1.0, max: 2, unlabeled: 1 });
    assert_eq!((report.classes[0].label.as_str(), report.classes[0].rows), ("b", 2));
    assert_eq!(warning(&report.warnings, "data.rare-labels").code, "data.rare-labels");

    let flags = "text,rude,kind\none text,1,0\ntwo texts,0,1\nthree texts,0,0\nfour texts,maybe,0\nfive texts,,0\n";
    let mapping = Mapping::MultiLabel { text: 0, pair: None, labels: vec![1, 2] };
    let (flagged, report) = mapped(flags, mapping.clone()).unwrap();
    assert_eq!(flagged.labels, ["rude", "kind"]);
    assert_eq!(examples(&flagged).into_iter().map(labels).collect::<Vec<_>>(), [vec![0], vec![1], vec![]]);
    let reasons: Vec<_> = report.dropped.iter().map(|row| (row.line, row.reason.as_str())).collect();
    assert_eq!(reasons, [(5, "\"maybe\" is neither 0 nor 1"), (6, "no value for label 1")]);
    let none = mapped("text,rude,kind\none text,0,0\ntwo texts,0,0\n", mapping).unwrap_err();
    assert_eq!(none.code, "data.no-labels");
}

#[test]
fn rows_without_a_finite_number_are_skipped() {
    let file = "text,score\none text,1.5\ntwo texts,-2.5\nthree texts,much\nfour texts,inf\nfive texts,\nsix,\"3,5\"\n";
    let (dataset, report) = mapped(file, Mapping::Regression { text: 0, pair: None, number: 1 }).unwrap();
    let value = |example| match example {
        Example::Number { value, .. } => value,
        other => panic!("{other:?}"),
    };
    assert_eq!(examples(&dataset).into_iter().map(value).collect::<Vec<_>>(), [1.5, -2.5]);
    assert_eq!(report.facts, TaskFacts::Numbers { min: -2.5, max: 1.5, mean: -0.5, deviation: 2.0 });
    let reasons: Vec<_> = report.dropped.iter().map(|row| (row.line, row.reason.as_str())).collect();
    let expected = [
        (4, "\"much\" is not a number"),
        (5, "\"inf\" is not a number"),
        (6, "no number"),
        (7, "\"3,5\" is not a number"),
    ];
    assert_eq!(reasons, expected);
}

#[test]
fn pairs_are_duplicates_only_if_both_texts_are_equal() {
    let file = "premise,hypothesis,label\nit is,so it is,yes\nit is,it is not,no\nit was,so it was,yes\n\
        it was,it was not,no\nit was,,no\n";
    let (dataset, report) = dataset(file).unwrap();
    let Example::Class { text, pair, class } = examples(&dataset).swap_remove(1) else { panic!("no class") };
    assert_eq!((text, pair, class), ("it is", Some("it is not"), 0));
    let second = |row: &u32| dataset.second_text(*row) == Some("it is not");
    assert!(dataset.train.iter().chain(&dataset.validation).any(second));
    assert_eq!((report.duplicates, report.contradictions), (0, 0));
    assert_eq!(report.dropped, [SkippedRow { line: 6, reason: "no second text".into() }]);
}

#[test]
fn conll_sentences_become_tagged_words() {
    let (dataset, report) = dataset("In O\nNew I-LOC\nYork I-LOC\n\t\nhe O\n\nsaw O\n").unwrap();
    assert_eq!(dataset.labels, ["O", "B-LOC", "I-LOC"]);
    let Example::Tags { text, words } = examples(&dataset).swap_remove(0) else { panic!("no tags") };
    let word = |start, end, tag| Word { start, end, tag };
    assert_eq!((text, words), ("In New York", vec![word(0, 2, 0), word(3, 6, 1), word(7, 11, 2)]));
    assert_eq!(warning(&report.warnings, "data.repaired-tags").code, "data.repaired-tags");
    let TaskFacts::Tags { words: 5, entities: 1, repaired: 1, .. } = report.facts else { panic!("{:?}", report.facts) };
}

#[test]
fn rows_with_unequal_words_and_tags_are_skipped() {
    let file = "words,tags\na b,O B-X\na b c,O O\nd e,O O\n";
    assert_eq!(skipped(file), [(3, "3 words and 2 tags".to_owned())]);
    let all_outside = dataset("words,tags\na b,O O\nc d,O O\n").unwrap_err();
    assert_eq!(all_outside.code, "data.one-class");
}

#[test]
fn spans_become_tags_and_skipped_spans_are_reported() {
    let file = "{\"text\":\"in New York\",\"spans\":[{\"start\":3,\"end\":9,\"label\":\"LOC\"},[4,6,\"X\"]]}\n\
        {\"text\":\"no more\",\"spans\":[]}\n";
    let (dataset, report) = dataset(file).unwrap();
    assert_eq!(dataset.labels, ["O", "B-LOC", "I-LOC"]);
    let TaskFacts::Tags { entities, widened, dropped, first_dropped, .. } = &report.facts else { panic!() };
    assert_eq!((*entities, *widened, *dropped), (1, 1, 1));
    assert_eq!(first_dropped[0].line, 1);
    assert!(warning(&report.warnings, "data.left-out-spans").what.contains("overlaps"));
}

#[test]
fn answers_become_byte_ranges() {
    let file = squad(&[("é is a", &[("q", "a", 5), ("r", "", 0)]), ("b é c", &[("s", "c", 5), ("t", "é", 9)])]);
    let (dataset, report) = dataset(&file).unwrap();
    let answers = |example| match example {
        Example::Question { question, context, answers } => {
            (question, answers.into_iter().map(|answer| (answer.start, &context[answer])).collect::<Vec<_>>())
        }
        other => panic!("{other:?}"),
    };
    let found: Vec<_> = examples(&dataset).into_iter().map(answers).collect();
    let expected = [("q", vec![(6, "a")]), ("r", vec![]), ("s", vec![(5, "c")]), ("t", vec![(2, "é")])];
    assert_eq!(found, expected);
    assert_eq!(
        report.facts,
        TaskFacts::Answers { contexts: 2, unanswerable: 1, byte_offsets: 1, found_by_text: 1, not_found: 0 }
    );
    assert!(warning(&report.warnings, "data.byte-offsets").what.contains("bytes"));
    assert!(warning(&report.warnings, "data.moved-answers").what.starts_with("1 answer"));
    assert_eq!((dataset.task, report.train_rows, report.validation_rows), (Task::QuestionAnswering, 2, 2));
}

#[test]
fn unusable_questions_are_skipped_by_id() {
    let file = squad(&[
        ("a b a", &[("ok", "b", 2), ("gone", "x", 0), ("two", "a", 1), (" ", "b", 2)]),
        (" ", &[("blank", "", 0)]),
    ]);
    let reasons: Vec<String> = skipped(&file).into_iter().map(|(_, reason)| reason).collect();
    assert_eq!(
        reasons,
        [
            "question gone: the answer \"x\" is not in the passage",
            "question two: the answer \"a\" is not at 1 and occurs more than once",
            "question  : no question",
            "question blank: no passage",
        ]
    );
}

#[test]
fn conversations_keep_their_turns() {
    let turns = |turns: &str| format!("{{\"messages\":[{turns}]}}\n");
    let user = r#"{"role":"user","content":"hé"}"#;
    let both = format!(r#"{user},{{"role":"assistant","content":" ho "}}"#);
    let other = both.replace("hé", "hi");
    let file = [turns(&both), turns(user), turns(&other)].concat();
    assert_eq!(skipped(&file), [(2, "no turn of the assistant".to_owned())]);
    let (dataset, report) = dataset(&file).unwrap();
    let Example::Chat(messages) = examples(&dataset).swap_remove(0) else { panic!("no chat") };
    let message = |role, content| Message { role, content };
    assert_eq!(messages, [message(Role::User, "hé"), message(Role::Assistant, "ho")]);
    assert_eq!(report.facts, TaskFacts::Turns { assistant: 2, max: 2 });
    assert_eq!((dataset.task, report.majority_ratio), (Task::Generation, None));
}

#[test]
fn prompts_are_filled_with_trimmed_cells() {
    let file = "fra,eng\n il pleut , it rains \nil fait beau,it is fine\n,it is not\nil neige,\n";
    let (dataset, report) = dataset(file).unwrap();
    let Example::Completion { prompt, completion } = examples(&dataset).swap_remove(0) else { panic!("no prompt") };
    assert_eq!((prompt, completion), ("Translate from French to English.\nil pleut\n", "it rains"));
    let reasons: Vec<_> = report.dropped.iter().map(|row| (row.line, row.reason.as_str())).collect();
    assert_eq!(reasons, [(4, "no prompt"), (5, "no completion")]);
}

#[test]
fn running_text_keeps_its_line_breaks() {
    let (dataset, _) = dataset("A:\nto be\n\nB:\n  or not\n\nA:\nto be\n").unwrap();
    assert_eq!(examples(&dataset), ["A:\nto be", "B:\n  or not", "A:\nto be"].map(Example::Passage));
    assert_eq!(dataset.text(1), "B:\n  or not");
}

#[test]
fn labels_whose_rows_are_all_skipped_are_named() {
    let (dataset, report) = dataset("text,label\na b,x\nc d,x\ne f,y\ng h,y\n,z\n,z\n").unwrap();
    assert_eq!(dataset.labels, ["x", "y"]);
    let lost = warning(&report.warnings, "data.lost-targets");
    assert_eq!(lost.what, "No row with the label \"z\" can be used. First, line 6: no text.");
    assert!(lost.done.starts_with("2 rows were skipped"), "{lost}");
}

#[test]
fn whole_floats_are_starts_of_answers() {
    let file = "question,context,answer,answer_start\nwho left?,Anna left,Anna,0.0\nwho fell?,Rome fell,,\n";
    let rows = collect(file).unwrap();
    assert_eq!((rows.len(), rows.skipped.rows), (2, 0));
}

#[test]
fn questions_whose_answers_are_all_lost_are_named() {
    let file =
        "question,context,answer,answer_start\nwho left?,Anna left,Anna,x\nwho fell?,Rome fell,,\nwho?,It fell,,\n";
    let (_, report) = dataset(file).unwrap();
    let lost = warning(&report.warnings, "data.lost-targets");
    assert!(lost.what.starts_with("No row with an answer can be used. First, line 2: the start"), "{lost}");
}

#[test]
fn nan_in_json_is_an_empty_cell() {
    let file = "{\"text\":\"a b\",\"label\":\"x\",\"weight\":0.5}\n{\"text\":\"c d\",\"label\":\"y\",\"weight\":NaN}\n\
        {\"text\":\"e f\",\"label\":\"y\",\"weight\":-Infinity}\n";
    assert_eq!(rows(file), [row(1, "a b", "x"), row(2, "c d", "y"), row(3, "e f", "y")]);
    let columns = "{\"text\":[\"a b\",\"c d\"],\"label\":[\"x\",\"y\"],\"weight\":[NaN,1]}";
    assert_eq!(collect(columns).unwrap().len(), 2);
    let array = format!("[{}]", file.trim().replace('\n', ","));
    assert_eq!(collect(array).unwrap().len(), 3);
}

#[test]
fn errors_count_the_rows_that_were_skipped_before() {
    let error = dataset("text,label\na b,x\nc d,x\n,y\n,y\n").unwrap_err();
    assert_eq!(error.code, "data.one-class");
    assert!(error.done.contains("2 rows were skipped before. First, line 4: no text."), "{error}");
}

#[test]
fn sparse_flags_are_read_with_blanks_as_zeros() {
    let file = "text,toxic,rude,threat\na b,,1,1\nc d,1,,\ne f,,,\ng h,1,1,\n";
    let (dataset, report) = dataset(file).unwrap();
    assert_eq!((dataset.task, report.rows_kept, report.rows_dropped), (Task::MultiLabel, 4, 0));
    assert_eq!(dataset.row_labels(0), [1, 2]);
    let blanks = warning(&report.warnings, "data.blank-flags");
    assert_eq!(blanks.what, "4 rows have blanks among the labels.");
    let nan = scan("text,toxic,rude\na b,1.0,nan\nc d,nan,1.0\ne f,nan,nan\n").unwrap();
    assert_eq!(nan.guess(), Mapping::MultiLabel { text: 0, pair: None, labels: vec![1, 2] });
    let ticks = scan("text,toxic,rude\na b,x,\nc d,,x\ne f,,\n").unwrap();
    assert_eq!(ticks.guess(), Mapping::MultiLabel { text: 0, pair: None, labels: vec![1, 2] });
}

#[test]
fn decimal_commas_currencies_and_thousands_are_numbers() {
    let numbers = |file: &str| {
        let mapping = Mapping::Regression { text: 0, pair: None, number: 1 };
        let (dataset, report) = mapped(file, mapping).unwrap();
        let value = |example| match example {
            Example::Number { value, .. } => value,
            other => panic!("{other:?}"),
        };
        let codes: Vec<String> = report.warnings.iter().map(|warning| warning.code.clone()).collect();
        (examples(&dataset).into_iter().map(value).collect::<Vec<_>>(), codes.join(" "))
    };
    let found = |values: &[f32], codes: &str| (values.to_vec(), codes.to_owned());
    assert_eq!(numbers("text;score\na b;4,5\nc d;1.200,25\n"), found(&[4.5, 1200.25], "data.decimal-comma"));
    assert_eq!(numbers("text;score\na b;4,5\nc d;1,125\ne f;3\n"), found(&[4.5, 1.125, 3.0], "data.decimal-comma"));
    assert_eq!(numbers("text;score\na b;$1,200.50\nc d;$3,000\n"), found(&[1200.5, 3000.0], "data.units"));
    assert_eq!(numbers("text;score\na b;1,200\nc d;3,000\n"), found(&[1200.0, 3000.0], "data.ambiguous-numbers"));
    assert_eq!(numbers("text;score\na b;45%\nc d;7 %\n"), found(&[45.0, 7.0], "data.units"));
    assert_eq!(numbers("text;score\na b;1.5\nc d;2,5\ne f;3.5\n"), found(&[1.5, 3.5], ""));
}

#[test]
fn labels_that_are_equal_are_joined_with_a_warning() {
    let file = "{\"text\":\"a b\",\"label\":1}\n{\"text\":\"c d\",\"label\":0.0}\n{\"text\":\"e f\",\"label\":\"1\"}\n\
        {\"text\":\"g h\",\"label\":0}\n{\"text\":\"i j\",\"label\":1.0}\n";
    let (dataset, report) = mapped(file, class(0, 1)).unwrap();
    assert_eq!(dataset.labels, ["0", "1"]);
    assert_eq!(
        warning(&report.warnings, "data.joined-labels").what,
        "One label is written in several ways: \"1\", \"1.0\"."
    );
    let accents = "text,label\na b,caf\u{e9}\nc d,cafe\u{301}\ne f,\u{feff}tea\ng h,te\u{200b}a\n";
    assert_eq!(mapped(accents, class(0, 1)).unwrap().0.labels, ["café", "tea"]);
}

#[test]
fn equal_tags_and_listed_labels_are_joined() {
    let (dataset, _) = mapped(
        "text,labels\na b,1|2\nc d,1.0\ne f,2|1|1.0\n",
        Mapping::MultiLabel { text: 0, pair: None, labels: vec![1] },
    )
    .unwrap();
    assert_eq!(dataset.labels, ["1", "2"]);
    assert_eq!(dataset.row_labels(2), [0, 1]);
}

#[test]
fn spans_in_utf16_or_bytes_are_recognized() {
    let words = |file: &str| {
        let (dataset, report) = dataset(file).unwrap();
        let Example::Tags { text, words } = examples(&dataset).swap_remove(0) else { panic!("no tags") };
        let tagged = words.iter().map(|word| {
            format!("{}/{}", &text[word.start as usize..word.end as usize], dataset.labels[word.tag as usize])
        });
        let unit = report.warnings.iter().find(|warning| warning.code == "data.span-offsets");
        (tagged.collect::<Vec<_>>().join(" "), unit.map(|warning| warning.what.clone()))
    };
    let file = |text: &str, spans: &str| {
        format!("{{\"text\":\"{text}\",\"spans\":{spans}}}\n{{\"text\":\"no one came\",\"spans\":[]}}\n")
    };
    let expected = "😀/O Anna/B-PER Berg/I-PER left/O";
    let unit = |unit: &str| Some(format!("The spans count {unit}, not characters."));
    for (span, warning) in [("[2,11", None), ("[3,12", unit("UTF-16 code units")), ("[5,14", unit("bytes"))] {
        let found = words(&file("😀 Anna Berg left", &format!("[{span},\"PER\"]]")));
        assert_eq!(found, (expected.to_owned(), warning), "{span}");
    }
    let accents = words(&file("é Anna left", "[[3,7,\"PER\"]]"));
    assert_eq!(accents, ("é/O Anna/B-PER left/O".to_owned(), unit("bytes")));
}
