//! Tests of the whole path from bytes to a dataset, with good and bad files of every kind.

mod alignment;
#[cfg(feature = "engine")]
mod archives;
#[cfg(feature = "engine")]
mod bad_input;
mod benchmarks;
mod collect;
mod corpus;
mod dialects;
#[cfg(feature = "engine")]
mod documents;
mod embeddings;
mod formats;
mod hints;
mod inspect;
mod label_forms;
#[cfg(feature = "engine")]
mod packed;
mod pool;
mod prepare;
mod reranking;
mod shapes;
#[cfg(feature = "engine")]
mod sheets;
#[cfg(feature = "engine")]
mod tool_files;

use std::sync::Arc;

use crate::dataset::*;
use crate::diagnostic::Diagnostic;
use crate::limits::{MAX_CELL_BYTES, MAX_LABEL_CHARS, SNIFF_BYTES};
use crate::recipe::Task;

const GOOD: &str = "text,label\nso good,pos\nso bad,neg\nfine,pos\ndull,neg\n";

fn scan_by(bytes: &[u8], chunk: usize, hints: Hints) -> Result<SourceInfo, Diagnostic> {
    let mut scanner = Scanner::new("file", bytes.len() as f64, hints);
    for part in bytes.chunks(chunk) {
        scanner.push(part)?;
    }
    scanner.finish()
}

fn scan(bytes: impl AsRef<[u8]>) -> Result<SourceInfo, Diagnostic> {
    scan_by(bytes.as_ref(), 1 << 20, Hints::default())
}

fn collect_by(bytes: &[u8], chunk: usize, source: &SourceInfo) -> Result<Examples, Diagnostic> {
    let mut collector = Collector::new(source, source.guess())?;
    for part in bytes.chunks(chunk) {
        collector.push(part)?;
    }
    collector.finish()
}

fn collect(bytes: impl AsRef<[u8]>) -> Result<Examples, Diagnostic> {
    collect_by(bytes.as_ref(), 1 << 20, &scan(&bytes)?)
}

fn dataset(bytes: impl AsRef<[u8]>) -> Result<(Dataset, DataReport), Diagnostic> {
    Dataset::new(Arc::new(collect(bytes)?), None, 0.5, 42)
}

/// The examples of a file under a mapping other than the guessed one.
fn collect_mapped(bytes: impl AsRef<[u8]>, mapping: Mapping) -> Result<Examples, Diagnostic> {
    let mut collector = Collector::new(&scan(&bytes)?, mapping)?;
    collector.push(bytes.as_ref())?;
    collector.finish()
}

/// The data set of a file under a mapping other than the guessed one.
fn mapped(bytes: &str, mapping: Mapping) -> Result<(Dataset, DataReport), Diagnostic> {
    Dataset::new(Arc::new(collect_mapped(bytes, mapping)?), None, 0.5, 42)
}

/// The source, and the examples in debug form, of a file that is read in chunks of one size.
fn by_chunks(bytes: &[u8], chunk: usize) -> (SourceInfo, String) {
    let source = scan_by(bytes, chunk, Hints::default()).unwrap();
    let rows = collect_by(bytes, chunk, &source).unwrap();
    (source, format!("{rows:?}"))
}

/// A mapping of a text to its label.
fn class(text: u32, label: u32) -> Mapping {
    Mapping::Classification { text, pair: None, label }
}

fn label_name(rows: &Examples, row: usize) -> String {
    rows.label_names[rows.label_ids(row)[0] as usize].name.clone()
}

/// Line, text and label of each row.
fn rows(bytes: impl AsRef<[u8]>) -> Vec<(u32, String, String)> {
    let rows = collect(bytes).unwrap();
    (0..rows.len()).map(|row| (rows.line(row), rows.text(row).into(), label_name(&rows, row))).collect()
}

fn row(line: u32, text: &str, label: &str) -> (u32, String, String) {
    (line, text.into(), label.into())
}

/// Lines and reasons of the rows that are skipped.
fn skipped(bytes: impl AsRef<[u8]>) -> Vec<(u32, String)> {
    collect(bytes).unwrap().skipped.first.into_iter().map(|row| (row.line, row.reason)).collect()
}

/// All examples of a data set, in the order of the file.
fn examples(dataset: &Dataset) -> Vec<Example<'_>> {
    let mut rows = [dataset.train.as_slice(), &dataset.validation].concat();
    rows.sort_unstable();
    rows.into_iter().map(|row| dataset.example(row)).collect()
}

fn warning<'a>(warnings: &'a [Diagnostic], code: &str) -> &'a Diagnostic {
    warnings.iter().find(|warning| warning.code == code).unwrap_or_else(|| panic!("no {code} in {warnings:?}"))
}

/// A passage with its questions, each with its answer and the answer's start. An empty answer is none.
type Paragraph<'a> = (&'a str, &'a [(&'a str, &'a str, i64)]);

/// SQuAD's JSON with these paragraphs.
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
