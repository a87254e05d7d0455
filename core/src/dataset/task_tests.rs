//! From bytes to examples, for each task: what good files give, and what bad ones say.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::tests::{by_chunks, collect, dataset, scan, warning};
use super::*;
use crate::recipe::Task;

/// Reasons for which rows are left out, with their lines.
fn left_out(bytes: impl AsRef<[u8]>) -> Vec<(u32, String)> {
    collect(bytes).unwrap().left_out.first.into_iter().map(|row| (row.line, row.reason)).collect()
}

fn mapped(bytes: &str, mapping: Mapping) -> Result<(Dataset, DataReport), Problem> {
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
