//! The first pass: layout, preview and guessed task.

use super::*;

#[test]
fn the_preview_shows_the_first_rows_cut() {
    let source = scan(format!("{GOOD}{},pos\n", "é".repeat(300))).unwrap();
    assert_eq!((source.columns.join(" "), source.rows, source.has_header), ("text label".into(), 5, true));
    assert_eq!(source.preview[0], ["so good", "pos"]);
    assert_eq!(source.preview[4][0].chars().count(), 201);
    assert_eq!(source.guess(), class(0, 1));
}

#[test]
fn files_without_rows_are_rejected_with_a_reason() {
    for (bytes, code) in [
        (&b""[..], "data.empty"),
        (b"\xef\xbb\xbf\r\n \n", "data.empty"),
        (b"text,label\n", "data.header-only"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "data.not-text"),
        (b"PK\x03\x04\x14\0\x06\0", "data.not-text"),
        (b"text,label\na\0b,pos\n", "data.zero-byte"),
        (b"te\0xt,label\na,pos\n", "data.zero-byte"),
        (
            "text,label\ncafé à la crème,pos\ncaf\u{e9}".as_bytes().split_last().map_or(&[][..], |(_, cut)| cut),
            "data.not-utf8",
        ),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "data.not-data"),
        (b"a,b\nc d,e,1\nc d,f,2\n", "data.header-width"),
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
fn the_header_can_be_set_by_the_user() {
    let hints = Hints { has_header: Some(false), ..Hints::default() };
    let source = scan_by(GOOD.as_bytes(), 100, hints).unwrap();
    assert_eq!((source.columns.join(", "), source.rows), ("column 1, column 2".into(), 5));
}

fn guesses(name: &str, file: &str) -> Vec<Mapping> {
    let mut scanner = Scanner::new(name, 0.0, Hints::default());
    scanner
        .push(file.as_bytes())
        .and_then(|()| scanner.finish())
        .unwrap()
        .offers
        .into_iter()
        .filter(|offer| offer.fits)
        .map(|offer| offer.mapping)
        .collect()
}

fn best(file: &str) -> Mapping {
    guesses("file", file).swap_remove(0)
}

#[test]
fn the_task_is_guessed_from_names_and_contents() {
    let class = |text, pair, label| Mapping::Classification { text, pair, label };
    let completion = |prompt: &str, completion| Mapping::Completion { prompt: prompt.into(), completion };
    let labels = |labels: &[u32]| Mapping::MultiLabel { text: 0, pair: None, labels: labels.to_vec() };
    for (file, mapping) in [
        ("text,label\nso good,1\nso bad,0\n", class(0, None, 1)),
        ("text,label,checked\nso good,1,0\nso bad,0,0\n", class(0, None, 1)),
        ("text,stars\nso good,4\nso bad,1\nvery good,5\nquite bad,2\n", class(0, None, 1)),
        ("premise,hypothesis,label\nit is so,it is,yes\nit is so,no it is not,no\n", class(0, Some(1), 2)),
        ("question1,question2,is_duplicate\nwhy is it,why so,1\nwhy is it,who is it,0\n", class(0, Some(1), 2)),
        ("text,toxic,rude\nso good,0,0\nso bad,1,0\n", labels(&[1, 2])),
        ("text,genres\nso good,a|b\nso bad,b\n", labels(&[1])),
        ("{\"text\":\"so good\",\"labels\":[\"a\",\"b\"]}\n{\"text\":\"so bad\",\"labels\":[]}\n", labels(&[1])),
        (
            "sentence1,sentence2,score\nit is so,it is,4.5\nit is so,so it is,0.5\n",
            Mapping::Regression { text: 0, pair: Some(1), number: 2 },
        ),
        ("review,rating\nso very good,4.5\nso bad,0.5\n", Mapping::Regression { text: 0, pair: None, number: 1 }),
        (
            "{\"tokens\":[\"a\",\"b\"],\"pos_tags\":[1,2],\"ner_tags\":[0,3]}\n{\"tokens\":[\"c\"],\"pos_tags\":[1],\"ner_tags\":[0]}\n",
            Mapping::TokenClassification { text: 0, tags: 2 },
        ),
        ("words,tags\na b c,O B-X O\nd e,O O\n", Mapping::TokenClassification { text: 0, tags: 1 }),
        (
            "{\"text\":\"in Rome\",\"entities\":[[3,7,\"LOC\"]]}\n{\"text\":\"in it\",\"entities\":[]}\n",
            Mapping::TokenClassification { text: 0, tags: 1 },
        ),
        (
            "{\"question\":\"q\",\"context\":\"c\",\"answers\":{\"text\":[\"c\"],\"answer_start\":[0]}}\n",
            Mapping::QuestionAnswering { question: 0, context: 1, answer: 2, start: None },
        ),
        (
            "question,context,answer,start\nwho is it,it is me,me,6\nwho was it,it was me,me,7\n",
            Mapping::QuestionAnswering { question: 0, context: 1, answer: 2, start: Some(3) },
        ),
        ("{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}\n", Mapping::Chat { messages: 0 }),
        ("{\"id\":1,\"conversations\":[{\"from\":\"human\",\"value\":\"a\"}]}\n", Mapping::Chat { messages: 1 }),
        (
            "{\"instruction\":\"do it\",\"input\":\"\",\"output\":\"done\"}\n",
            completion("### Instruction:\n{instruction}\n\n### Input:\n{input}\n\n### Response:\n", 2),
        ),
        ("{\"prompt\":\"a\",\"completion\":\"b\"}\n", completion("{prompt}\n", 1)),
        (
            "fra,eng\nil fait beau,it is fine\nil pleut bien,it rains well\n",
            completion("Translate from French to English.\n{fra}\n", 1),
        ),
        ("text,labels\nso good,\"['a', 'b']\"\nso bad,['b']\n", labels(&[1])),
        (
            "tokens,ner_tags\n\"['a', 'b']\",\"['O', 'B-X']\"\n\"['c', 'd']\",\"['O', 'O']\"\n",
            Mapping::TokenClassification { text: 0, tags: 1 },
        ),
        ("tokens,ner_tags\n['a' 'b'],[0 1]\n['c' 'd'],[0 0]\n", Mapping::TokenClassification { text: 0, tags: 1 }),
        (
            "{\"text\":\"a b\",\"tags\":[\"O\",\"B-X\"]}\n{\"text\":\"b c.\",\"tags\":[\"O\",\"O\",\"O\"]}\n",
            Mapping::TokenClassification { text: 0, tags: 1 },
        ),
        ("{\"text\":\"a b\",\"tags\":[\"x\",\"y\"]}\n{\"text\":\"b c d\",\"tags\":[\"y\"]}\n", labels(&[1])),
        (
            "question,context,answers\nwho is it,it is me,\"{'text': ['me'], 'answer_start': [6]}\"\n",
            Mapping::QuestionAnswering { question: 0, context: 1, answer: 2, start: None },
        ),
        ("{'text': 'so good', 'label': 1}\n{'text': \"it's bad\", 'label': 0}\n", class(0, None, 1)),
        (
            "text;score\nso good;4,5\nso bad;1,5\nvery good;4,0\n",
            Mapping::Regression { text: 0, pair: None, number: 1 },
        ),
        ("text;labels\nso good;4,5\nso bad;1,5\nvery good;4\n", labels(&[1])),
        ("text,price\nso good,\"$1,200.50\"\nso bad,$3.25\n", Mapping::Regression { text: 0, pair: None, number: 1 }),
        ("{\"text\":\"a b\"}\n{\"text\":\"b c\"}\n", Mapping::Corpus { text: 0 }),
        ("some words\nand more\n", Mapping::Corpus { text: 0 }),
    ] {
        assert_eq!(best(file), mapping, "{file}");
    }
}

#[test]
fn each_task_is_offered_once_with_the_likeliest_first() {
    let found = guesses("file", "text,label\nso good,1.5\nso bad,0.5\n");
    let expected = [
        Mapping::Regression { text: 0, pair: None, number: 1 },
        Mapping::Classification { text: 0, pair: None, label: 1 },
        Mapping::Completion { prompt: "{text}\n".into(), completion: 1 },
        Mapping::Corpus { text: 0 },
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_conll_file_without_entities_is_recognized_by_its_name() {
    let found = guesses("a.conll", "a DT\nb NN\n\nc NN\n");
    assert_eq!(found[0], Mapping::TokenClassification { text: 0, tags: 1 });
}

#[test]
fn an_index_column_is_never_a_target() {
    let index_first = |header: &str, ids: [&str; 4]| {
        let texts = ["good food", "bad food", "nice food", "poor food"];
        let rows = ids.iter().zip(texts).zip([7, 2, 8, 3]).map(|((id, text), n)| format!("{id},{text},{n}\n"));
        guesses("file", &format!("{header}\n{}", rows.collect::<String>()))
    };
    for (header, ids) in [
        (",text,valence", ["0", "1", "2", "3"]),
        ("row,text,valence", ["1", "2", "3", "4"]),
        ("Unnamed: 0,text,valence", ["17", "4", "90", "33"]),
        (",text,valence", ["17", "4", "90", "33"]),
        ("id,text,valence", ["17", "4", "90", "33"]),
        ("Unnamed: 0,text,valence", ["0.0", "1.0", "2.0", "3.0"]),
    ] {
        let found = index_first(header, ids);
        let number = found.iter().find(|mapping| mapping.task() == Task::Regression);
        assert_eq!(number, Some(&Mapping::Regression { text: 1, pair: None, number: 2 }), "{header}");
        assert!(found.contains(&class(1, 2)), "{header}: {found:?}");
    }
}

fn offers(file: &str) -> Vec<TaskOffer> {
    scan(file).unwrap().offers
}

#[test]
fn every_task_is_offered_with_what_it_needs() {
    for file in [
        GOOD,
        "some words\nand more\n",
        "{\"a\":\"x y\",\"b\":[1,2]}\n{\"a\":\"z\",\"b\":[3]}\n",
        ",,\n1,2,3\n",
        "Anna B-PER\nleft O\n\n",
    ] {
        let offers = offers(file);
        for task in Task::ALL {
            assert!(offers.iter().any(|offer| offer.mapping.task() == task), "{file}: {task:?}");
        }
        let fits: Vec<bool> = offers.iter().map(|offer| offer.fits).collect();
        assert!(fits.is_sorted_by(|before, after| before >= after), "{file}: the fitting ones come first");
        for (nth, offer) in offers.iter().enumerate() {
            assert!(!offer.reason.is_empty(), "{offer:?}");
            assert!(offers[..nth].iter().all(|other| !other.mapping.has_form_of(&offer.mapping)), "{offer:?} twice");
        }
    }
    let tags = offers(GOOD).into_iter().find(|offer| offer.mapping.task() == Task::TokenClassification).unwrap();
    assert_eq!((tags.fits, tags.reason.as_str()), (false, "a column of tags, one for each word"));
}

#[test]
fn columns_to_begin_with_are_different_where_there_are_enough() {
    let wide = "id,text,label,note\n1,so good,pos,a\n2,so bad,neg,b\n3,fine,pos,c\n";
    for offer in offers(wide) {
        assert!(offer.mapping.check(&scan(wide).unwrap().columns).is_ok(), "{offer:?}");
    }
    let narrow = offers(GOOD).into_iter().find(|offer| offer.mapping.task() == Task::QuestionAnswering).unwrap();
    let diagnostic = collect_mapped(GOOD, narrow.mapping).unwrap_err();
    assert_eq!(diagnostic.what, "This task needs 3 columns, and the file has only 2 columns.");
    assert!(diagnostic.remedy.starts_with("Choose another task"), "{diagnostic}");
}

#[test]
fn columns_that_do_not_fit_are_refused_with_the_row_and_the_remedy() {
    for (mapping, row) in [
        (Mapping::Regression { text: 0, pair: None, number: 1 }, "Line 2: \"pos\" is not a number."),
        (Mapping::TokenClassification { text: 0, tags: 1 }, "Line 2: 2 words and 1 tag."),
        (Mapping::QuestionAnswering { question: 0, context: 1, answer: 2, start: None }, "Line 2: "),
        (Mapping::Chat { messages: 0 }, "Line 2: "),
        (Mapping::MultiLabel { text: 0, pair: None, labels: vec![1, 2] }, "Line 2: \"pos\" is neither 0 nor 1."),
    ] {
        let file = "text,label,note\nso good,pos,a b\nso bad,neg,c d\nquite fine,pos,e f\nso dull,neg,g h\n";
        let diagnostic = collect_mapped(file, mapping.clone()).unwrap_err();
        assert!(diagnostic.what.contains(row), "{mapping:?}: {diagnostic}");
        assert!(diagnostic.remedy.contains("another task"), "{mapping:?}: {diagnostic}");
    }
}

/// 60 rows with one of these label cells after another.
fn labeled(name: &str, cells: &[&str]) -> String {
    let row = |nth: usize| format!("this is text number {nth},\"{}\"\n", cells[nth % cells.len()].replace('"', "\"\""));
    format!("text,{name}\n{}", (0..60).map(row).collect::<String>())
}

#[test]
fn labels_of_which_few_cells_have_several_are_several_labels() {
    let labels = Mapping::MultiLabel { text: 0, pair: None, labels: vec![1] };
    for cells in [
        &["27", "3", "14", "27", "3", "3,27"][..],
        &["joy", "anger", "joy", "calm", "anger", "calm", "joy, anger"],
        &["['joy']", "['anger']", "['joy']", "['calm']", "['joy', 'anger']"],
        &["[\"joy\"]", "[\"anger\"]", "[\"joy\", \"anger\"]"],
        &["good", "bad", "good", "bad", "good", "bad", "good|rare"],
        &["good", "bad", "mild", "good", "bad", "mild", "good;mild"],
        &["scab", "rust", "scab", "rust", "scab rust", "rust complex"],
    ] {
        let file = labeled("labels", cells);
        assert_eq!(best(&file), labels, "{cells:?}");
        let report = mapped(&file, labels.clone()).unwrap().1;
        assert!(matches!(report.facts, TaskFacts::Labels { max: 2, .. }), "{cells:?}: {:?}", report.facts);
    }
}

#[test]
fn a_column_of_another_name_is_a_class_first_and_several_labels_at_choice() {
    for cells in [&["scab", "rust", "scab rust", "rust complex"][..], &["good", "bad", "good", "bad", "good|rare"]] {
        let found = guesses("file", &labeled("label", cells));
        assert_eq!(found[0], class(0, 1), "{cells:?}");
        assert!(found.iter().any(|mapping| mapping.task() == Task::MultiLabel), "{cells:?}");
    }
    let found = guesses("file", &labeled("label", &["very good", "good", "very bad", "bad"]));
    assert!(found.iter().all(|mapping| mapping.task() != Task::MultiLabel));
}

#[test]
fn single_labels_can_be_collected_as_several_by_hand() {
    let labels = Mapping::MultiLabel { text: 0, pair: None, labels: vec![1] };
    let (dataset, _) = mapped(&labeled("label", &["very good", "bad", "so so"]), labels).unwrap();
    assert_eq!(dataset.labels, ["bad", "so so", "very good"]);
}

#[test]
fn labels_separated_by_spaces_are_told() {
    let labels = Mapping::MultiLabel { text: 0, pair: None, labels: vec![1] };
    let (_, report) = mapped(&labeled("labels", &["scab", "rust", "scab rust"]), labels).unwrap();
    let found = warning(&report.warnings, "data.labels-by-spaces");
    assert_eq!(found.done, "Read as 2 labels: \"scab\", \"rust\".");
}

#[test]
fn rows_that_mostly_do_not_fit_are_told() {
    let numbers = Mapping::Regression { text: 0, pair: None, number: 1 };
    let (_, report) = mapped(&labeled("score", &["1", "none yet", "2", "no", "-"]), numbers).unwrap();
    let found = warning(&report.warnings, "data.mostly-skipped");
    assert_eq!(found.what, "36 of 60 rows cannot be used.");
    assert_eq!(found.done, "Skipped. First, line 3: \"none yet\" is not a number.");
}
