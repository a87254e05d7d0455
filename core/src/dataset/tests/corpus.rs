//! Files in the layouts of well-known data sets, from tests/corpus.

use super::*;

fn corpus(name: &str) -> Vec<u8> {
    std::fs::read(format!("../tests/corpus/{name}")).unwrap()
}

#[test]
fn tables_without_a_header_keep_their_first_row() {
    for (file, rows, mapping) in [("messages.tsv", 14, class(1, 0)), ("reviews.txt", 12, class(0, 1))] {
        let bytes = corpus(file);
        let source = scan(&bytes).unwrap();
        assert_eq!((source.rows, source.guess(), source.has_header), (rows, mapping, false), "{file}");
        assert_eq!((source.format, source.delimiter), (Format::Delimited, Some('\t')), "{file}");
        assert_eq!(source.warnings, [], "{file}");
        let (dataset, report) = dataset(&bytes).unwrap();
        assert_eq!((dataset.labels.len(), report.rows_kept, report.rows_dropped), (2, rows, 0), "{file}");
    }
}

#[test]
fn stray_quotes_and_unicode_line_separators_stay_in_their_rows() {
    let messages = rows(corpus("messages.tsv"));
    assert_eq!(messages[4], row(5, "I said \"maybe", "ham"));
    assert_eq!(messages[7], row(8, "\"", "ham"));
    let reviews = rows(corpus("reviews.txt"));
    assert_eq!(reviews[2], row(3, "Great sound,\u{85}great price.", "1"));
    assert_eq!(reviews[5], row(6, "I would not go back\u{2028}ever.", "0"));
}

#[test]
fn latin_1_is_detected_and_nested_json_is_rejected() {
    assert_eq!(scan(corpus("intents.json")).unwrap_err().code, "data.only-nested");
    let source = scan(corpus("questions.txt")).unwrap();
    assert_eq!(source.encoding, Encoding::WINDOWS_1252);
    assert!(warning(&source.warnings, "data.guessed-encoding").what.contains("café named after Balzac"));
    assert!(source.preview[2][0].ends_with("Which city has a café named after Balzac ?"));
}

#[test]
fn files_of_every_format_fit_their_task() {
    for (file, format, task, rows) in [
        ("passages.json", Format::Squad, Task::QuestionAnswering, 8),
        ("entities.conll", Format::Conll, Task::TokenClassification, 8),
        ("instructions.json", Format::JsonArray, Task::Generation, 8),
        ("play.txt", Format::Text, Task::Generation, 5),
    ] {
        let bytes = corpus(file);
        let source = scan(&bytes).unwrap();
        assert_eq!((source.format, source.guess().task(), source.rows), (format, task, rows), "{file}");
        let (_, report) = dataset(&bytes).unwrap();
        assert_eq!((report.rows_kept, report.rows_dropped), (rows, 0), "{file}: {:?}", report.dropped);
    }
}

#[test]
fn instructions_get_a_prompt_without_empty_inputs() {
    let (dataset, _) = dataset(corpus("instructions.json")).unwrap();
    let prompts: Vec<_> = examples(&dataset)
        .into_iter()
        .map(|example| match example {
            Example::Completion { prompt, .. } => prompt,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(prompts[0], "### Instruction:\nName the opposite of the word.\n\n### Input:\nwarm\n\n### Response:\n");
    assert_eq!(prompts[1], "### Instruction:\nList three fruits.\n\n### Response:\n");
}

#[test]
fn every_answer_and_entity_is_found() {
    let (_, report) = dataset(corpus("passages.json")).unwrap();
    assert_eq!(
        report.facts,
        TaskFacts::Answers { contexts: 3, unanswerable: 0, byte_offsets: 0, found_by_text: 0, not_found: 0 }
    );
    let (tagged, report) = dataset(corpus("entities.conll")).unwrap();
    assert_eq!(tagged.labels.len(), 13);
    let TaskFacts::Tags { words, entities, repaired, .. } = report.facts else { panic!("{:?}", report.facts) };
    assert_eq!((words, entities, repaired), (52, 8, 0));
}

#[test]
fn parallel_lines_become_a_translation() {
    let names = ["sentences.fra", "sentences.eng"];
    let [french, english] = names.map(corpus);
    let rows = align(names[0], &french, names[1], &english).unwrap();
    let (dataset, report) = dataset(&rows).unwrap();
    assert_eq!((report.rows_kept, report.rows_dropped), (10, 0));
    let Example::Completion { prompt, completion } = examples(&dataset).swap_remove(1) else { panic!("no prompt") };
    let expected = ("Translate from French to English.\nOù est la gare ?\n", "Where is the station?");
    assert_eq!((prompt, completion), expected);
}
