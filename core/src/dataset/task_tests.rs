//! From bytes to examples, for each task: what good files give, and what bad ones say.

use std::sync::Arc;

use crate::dataset::tests::{by_chunks, collect, dataset, real_files, scan, warning};
use crate::dataset::*;
use crate::diagnostic::Diagnostic;
use crate::recipe::Task;

/// Reasons for which rows are left out, with their lines.
fn skipped(bytes: impl AsRef<[u8]>) -> Vec<(u32, String)> {
    collect(bytes).unwrap().skipped.first.into_iter().map(|row| (row.line, row.reason)).collect()
}

fn mapped(bytes: &str, mapping: Mapping) -> Result<(Dataset, DataReport), Diagnostic> {
    let mut collector = Collector::new(&scan(bytes)?, mapping)?;
    collector.push(bytes.as_bytes())?;
    Dataset::new(Arc::new(collector.finish()?), None, 0.5, 42)
}

/// All examples of a data set, in the order of the file.
fn examples(dataset: &Dataset) -> Vec<Example<'_>> {
    let mut rows = [dataset.train.as_slice(), &dataset.validation].concat();
    rows.sort_unstable();
    rows.into_iter().map(|row| dataset.example(row)).collect()
}

/// A passage with its questions: id, answer and where it begins; an empty answer is none.
type Paragraph<'a> = (&'a str, &'a [(&'a str, &'a str, i64)]);

fn squad(paragraphs: &[Paragraph]) -> String {
    let paragraph = |(context, questions): &Paragraph| {
        let question = |&(question, answer, start): &(&str, &str, i64)| {
            let answers = if answer.is_empty() {
                serde_json::json!([])
            } else {
                serde_json::json!([{"text": answer, "answer_start": start}])
            };
            serde_json::json!({"id": question, "question": question, "answers": answers})
        };
        serde_json::json!({"context": context, "qas": questions.iter().map(question).collect::<Vec<_>>()})
    };
    serde_json::json!({"data": [{"paragraphs": paragraphs.iter().map(paragraph).collect::<Vec<_>>()}]}).to_string()
}

#[test]
fn questions_find_their_answers_in_bytes() {
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
    assert_eq!(report.facts, TaskFacts::Answers { contexts: 2, without: 1, in_bytes: 1, found_elsewhere: 1, lost: 0 });
    assert!(warning(&report.warnings, "data.byte-offsets").what.contains("bytes"));
    assert!(warning(&report.warnings, "data.moved-answers").what.starts_with("1 answer"));
    assert_eq!((dataset.task, report.train_rows, report.validation_rows), (Task::QuestionAnswering, 2, 2));
}

#[test]
fn a_passage_stands_on_one_side() {
    let contexts: Vec<String> = (0..10).map(|i| format!("passage {i}")).collect();
    let paragraphs: Vec<Paragraph> =
        contexts.iter().map(|context| (context.as_str(), &[("q", "passage", 0), ("r", "passage", 0)][..])).collect();
    let one = dataset(squad(&paragraphs[..1])).unwrap_err();
    assert_eq!(one.code, "data.no-validation");
    assert!(one.done.contains("one passage"), "{one}");
    let (dataset, _) = dataset(squad(&paragraphs)).unwrap();
    let context = |&row: &u32| match dataset.example(row) {
        Example::Question { context, .. } => context.to_owned(),
        other => panic!("{other:?}"),
    };
    let learned: Vec<String> = dataset.train.iter().map(context).collect();
    assert_eq!(learned.len(), 10);
    assert!(dataset.validation.iter().map(context).all(|context| !learned.contains(&context)));
}

#[test]
fn questions_that_cannot_be_used_are_named() {
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
fn hostile_depth_is_refused_and_no_more() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let lines = format!("{{\"text\":{deep},\"label\":1}}\n{{\"text\":\"a b\",\"label\":1}}\n");
    assert_eq!(skipped(&lines), [(1, "nested too deeply".to_owned())]);
    let paragraph = r#"{"context":"a b","qas":[{"question":"q","answers":[]}]}"#;
    let questions = format!("[{{\"qas\":{deep},\"context\":\"\"}},{paragraph}]");
    assert_eq!(skipped(&questions), [(1, "nested too deeply".to_owned())]);
    let columns = scan(format!("{{\"a\":{deep},\"b\":[1]}}")).unwrap_err();
    assert!(columns.what.contains("nested too deeply"), "{columns}");
}

#[test]
fn chunks_may_end_anywhere_in_every_format() {
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
fn sentences_with_tags_become_words() {
    let (dataset, report) = dataset("In O\nNew I-LOC\nYork I-LOC\n\t\nhe O\n\nsaw O\n").unwrap();
    assert_eq!(dataset.labels, ["O", "B-LOC", "I-LOC"]);
    let Example::Tags { text, words } = examples(&dataset).swap_remove(0) else { panic!("no tags") };
    let word = |start, end, tag| Word { start, end, tag };
    assert_eq!((text, words), ("In New York", vec![word(0, 2, 0), word(3, 6, 1), word(7, 11, 2)]));
    assert_eq!(warning(&report.warnings, "data.repaired-tags").code, "data.repaired-tags");
    let TaskFacts::Tags { words: 5, entities: 1, repaired: 1, .. } = report.facts else { panic!("{:?}", report.facts) };
}

#[test]
fn words_and_tags_of_different_number_are_left_out() {
    let file = "words,tags\na b,O B-X\na b c,O O\nd e,O O\n";
    assert_eq!(skipped(file), [(3, "3 words and 2 tags".to_owned())]);
    let all_outside = dataset("words,tags\na b,O O\nc d,O O\n").unwrap_err();
    assert_eq!(all_outside.code, "data.one-class");
}

#[test]
fn spans_become_tags_and_those_left_out_are_reported() {
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
fn labels_are_read_from_lists_and_from_flags() {
    let labels = |example| match example {
        Example::Labels { labels, .. } => labels,
        other => panic!("{other:?}"),
    };
    let (listed, report) = dataset("text,genres\none text,\"b, ,a\"\ntwo texts,\nthree texts,b\n").unwrap();
    assert_eq!(listed.labels, ["a", "b"]);
    assert_eq!(examples(&listed).into_iter().map(labels).collect::<Vec<_>>(), [vec![0, 1], vec![], vec![1]]);
    assert_eq!(report.facts, TaskFacts::Labels { mean: 1.0, max: 2, without: 1 });
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
fn numbers_that_are_none_are_left_out() {
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
fn pairs_have_two_texts_and_repeat_only_as_pairs() {
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
fn a_prompt_is_filled_and_its_texts_are_trimmed() {
    let file = "fra,eng\n il pleut , it rains \nil fait beau,it is fine\n,it is not\nil neige,\n";
    let (dataset, report) = dataset(file).unwrap();
    let Example::Completion { prompt, completion } = examples(&dataset).swap_remove(0) else { panic!("no prompt") };
    assert_eq!((prompt, completion), ("Translate from French to English.\nil pleut\n", "it rains"));
    let reasons: Vec<_> = report.dropped.iter().map(|row| (row.line, row.reason.as_str())).collect();
    assert_eq!(reasons, [(4, "no prompt"), (5, "no completion")]);
}

#[test]
fn running_text_keeps_its_line_ends() {
    let (dataset, _) = dataset("A:\nto be\n\nB:\n  or not\n\nA:\nto be\n").unwrap();
    assert_eq!(examples(&dataset), ["A:\nto be", "B:\n  or not", "A:\nto be"].map(Example::Passage));
    assert_eq!(dataset.text(1), "B:\n  or not");
}

#[test]
fn a_validation_file_serves_every_task() {
    let own = Arc::new(collect("a O\nb B-X\n\nc O\n\nd O\n").unwrap());
    let other = Arc::new(collect("e I-X\nf O\n\nc O\n\ng B-Y\nh O\n").unwrap());
    let (dataset, report) = Dataset::new(own.clone(), Some(other), 0.0, 42).unwrap();
    assert_eq!((report.train_rows, report.validation_rows, report.across_split), (2, 2, 1));
    let Example::Tags { words, .. } = dataset.example(dataset.validation[0]) else { panic!("no tags") };
    assert_eq!(words.iter().map(|word| word.tag).collect::<Vec<_>>(), [1, 0]);
    assert!(warning(&report.warnings, "data.unlearned-labels").what.contains("B-Y"));
    let text = Arc::new(collect("some text\nand more\n").unwrap());
    assert_eq!(Dataset::new(own, Some(text), 0.0, 42).unwrap_err().code, "data.other-task");
}

#[test]
fn real_files_of_every_task_are_read_whole() {
    let Some(folder) = real_files() else { return };
    for (file, format, task, rows) in [
        ("xquad/xquad.en.json", Format::Squad, Task::QuestionAnswering, 1190),
        ("wnut17/wnut17train.conll", Format::Conll, Task::TokenClassification, 3394),
        ("wnut17/emerging.dev.conll", Format::Conll, Task::TokenClassification, 1009),
        ("wnut17/emerging.test.annotated", Format::Conll, Task::TokenClassification, 1287),
        ("instruct/instruction-data.json", Format::JsonArray, Task::Generation, 1100),
        ("text/tinyshakespeare.txt", Format::Text, Task::Generation, 7222),
    ] {
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let source = scan(&bytes).unwrap();
        assert_eq!((source.format, source.guess.task(), source.rows), (format, task, rows), "{file}");
        let (_, report) = dataset(&bytes).unwrap();
        assert_eq!((report.rows_kept, report.rows_dropped), (rows, 0), "{file}: {:?}", report.dropped);
    }
}

#[test]
fn real_answers_and_entities_are_all_found() {
    let Some(folder) = real_files() else { return };
    let read = |file: &str| std::fs::read(folder.join(file)).unwrap();
    let (_, report) = dataset(read("xquad/xquad.en.json")).unwrap();
    assert_eq!(
        report.facts,
        TaskFacts::Answers { contexts: 240, without: 0, in_bytes: 0, found_elsewhere: 0, lost: 0 }
    );
    let (tagged, report) = dataset(read("wnut17/wnut17train.conll")).unwrap();
    assert_eq!(tagged.labels.len(), 13);
    let TaskFacts::Tags { words, entities, repaired, .. } = report.facts else { panic!("{:?}", report.facts) };
    assert_eq!((words, entities, repaired), (62_730, 1975, 0));
}

#[test]
fn real_parallel_lines_become_a_translation() {
    let Some(folder) = real_files() else { return };
    let names = ["tatoeba.fra-eng.fra", "tatoeba.fra-eng.eng"];
    let [french, english] = names.map(|name| std::fs::read(folder.join("tatoeba").join(name)).unwrap());
    let rows = align(names[0], &french, names[1], &english).unwrap();
    let (dataset, report) = dataset(&rows).unwrap();
    assert_eq!((report.rows_kept, report.rows_dropped), (1000, 0));
    let Example::Completion { prompt, completion } = examples(&dataset).swap_remove(1) else { panic!("no prompt") };
    let expected = ("Translate from French to English.\nNous sommes de votre avis.\n", "We agree with you.");
    assert_eq!((prompt, completion), expected);
}
