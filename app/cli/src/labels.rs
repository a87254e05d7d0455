//! `hone labels`.

use std::path::Path;

use hone_core::diagnostic::Diagnostic;
use hone_core::inference::rounded;
use hone_core::run::{SuspectedLabel, SuspectedLabels, TextIssues};
use hone_core::runner::LabelReview;
use serde_json::{Value, json};

use crate::arguments::LabelsArguments;
use crate::progress::{progress_bar, report};
use crate::{data, model, pool, table_file, train};

/// Columns of the file.
const COLUMNS: [&str; 8] =
    ["line", "side", "label", "likely_label", "label_probability", "likely_probability", "score", "text"];
/// Columns of the file with near duplicates and outliers.
const TEXT_COLUMNS: [&str; 7] = ["group", "finding", "line", "side", "label", "text", "second_text"];

/// Finds rows whose label is probably wrong, or those to be labeled next, and writes them to a file.
pub async fn labels(arguments: &LabelsArguments) -> Result<(), Diagnostic> {
    let device = train::device(arguments.device);
    let model = model::load(arguments.model.as_deref(), "", &device)?;
    if let Some(rows) = arguments.pool {
        return pool::list(arguments, rows, &model.pretrained, &device).await;
    }
    if let Some(labels) = arguments.learning_curve {
        return pool::curve(arguments, labels, &model.pretrained, &device).await;
    }
    let mut data = arguments.data.load_to_review(arguments.task)?;
    while data.rows.encode_next(&model.pretrained)? {}
    for note in data::notes(&data.warnings, data.rows.report()) {
        eprintln!("warning: {note}");
    }
    let mut review = LabelReview::new(&data.rows, &model.pretrained, &device)?;
    let bar = progress_bar();
    while !review.is_over() {
        report(&bar, review.advance().await?);
    }
    bar.finish_and_clear();
    let found = review.finish(usize::MAX, usize::MAX);
    write(&found, &arguments.out)?;
    println!("{}", described(&found, &arguments.out));
    if let Some(out) = &arguments.texts {
        write_texts(&found.texts, out)?;
    }
    println!("{}", found.texts.sentence);
    Ok(())
}

/// The result in words; empty if there are no labels to check.
fn described(found: &SuspectedLabels, out: &Path) -> String {
    if found.sentence.is_empty() {
        return String::new();
    }
    format!("{} See {}, and check each before you change it.", found.sentence, out.display())
}

fn write(found: &SuspectedLabels, out: &Path) -> Result<(), Diagnostic> {
    let has_pairs = found.rows.iter().any(|it| it.row.pair.is_some());
    let has_words = found.rows.iter().any(|it| it.row.word.is_some());
    let more = [has_pairs.then_some("second_text"), has_words.then_some("word")];
    let columns: Vec<&str> = COLUMNS.into_iter().chain(more.into_iter().flatten()).collect();
    let row = |it: &SuspectedLabel| {
        let second = has_pairs.then(|| json!(it.row.pair));
        // Words are counted from 1, as lines are.
        let word = has_words.then(|| json!(it.row.word.map(|word| word + 1)));
        cells(it).into_iter().chain(second).chain(word).collect()
    };
    table_file::write(out, &columns, found.rows.iter().map(row))
}

/// Writes near duplicates and outliers; the rows of a group have its number.
fn write_texts(texts: &TextIssues, out: &Path) -> Result<(), Diagnostic> {
    let rows = (1..).zip(&texts.groups).flat_map(|(number, group)| {
        group.rows.iter().map(move |row| {
            vec![
                json!(number),
                json!(group.finding),
                json!(row.line),
                json!(side(row.is_validation)),
                json!(row.given),
                json!(row.text),
                json!(row.pair),
            ]
        })
    });
    table_file::write(out, &TEXT_COLUMNS, rows)
}

fn side(is_validation: bool) -> &'static str {
    if is_validation { "validation" } else { "training" }
}

fn cells(SuspectedLabel { row, given_probability, likely_probability, score, .. }: &SuspectedLabel) -> [Value; 8] {
    [
        json!(row.line),
        json!(side(row.is_validation)),
        json!(row.given),
        json!(row.likely.as_ref().map(|likely| likely.join(", "))),
        rounded(*given_probability),
        rounded(*likely_probability),
        rounded(*score),
        json!(row.text),
    ]
}

#[cfg(test)]
mod tests {
    use std::fs;

    use hone_core::run::{LabeledRow, TextGroup};

    use super::*;

    fn labeled(line: u32, is_validation: bool) -> LabeledRow {
        LabeledRow {
            line,
            word: None,
            is_in_train_file: true,
            is_validation,
            text: "No, never.".into(),
            pair: None,
            given: "good".into(),
            likely: Some(vec!["bad".into()]),
        }
    }

    fn suspected(row: LabeledRow) -> SuspectedLabel {
        SuspectedLabel {
            row,
            finding: String::new(),
            given_probability: 0.125,
            likely_probability: 0.875,
            score: 0.125,
        }
    }

    fn written(found: &SuspectedLabels, name: &str) -> String {
        let out = std::env::temp_dir().join(format!("hone-cli-{}-{name}.csv", std::process::id()));
        write(found, &out).unwrap();
        let written = fs::read_to_string(&out).unwrap();
        fs::remove_file(&out).unwrap();
        written
    }

    #[test]
    fn suspects_are_written_with_line_and_both_labels() {
        let rows = vec![suspected(labeled(6, true))];
        let found = SuspectedLabels { rows, total: 1, sentence: "1 label may be wrong.".into(), ..Default::default() };
        let expected = "6,validation,good,bad,0.125,0.875,0.125,\"No, never.\"\n";
        assert_eq!(written(&found, "suspects"), format!("{}\n{expected}", COLUMNS.join(",")));
        assert!(described(&found, Path::new("a.csv")).starts_with("1 label may be wrong. See a.csv"));
    }

    #[test]
    fn a_suspected_tag_is_written_with_the_number_of_its_word() {
        let rows = vec![suspected(LabeledRow { word: Some(2), ..labeled(6, false) })];
        let found = SuspectedLabels { rows, total: 1, ..Default::default() };
        let expected = "6,training,good,bad,0.125,0.875,0.125,\"No, never.\",3\n";
        assert_eq!(written(&found, "tags"), format!("{},word\n{expected}", COLUMNS.join(",")));
        assert!(described(&found, Path::new("a.csv")).is_empty());
    }

    #[test]
    fn near_duplicates_are_written_by_group() {
        let group = TextGroup { finding: "Nearly the same".into(), rows: vec![labeled(3, false), labeled(9, true)] };
        let out = std::env::temp_dir().join(format!("hone-cli-{}-texts.csv", std::process::id()));
        write_texts(&TextIssues { groups: vec![group], sentence: String::new() }, &out).unwrap();
        let written = fs::read_to_string(&out).unwrap();
        fs::remove_file(&out).unwrap();
        let row = |line: u32, side: &str| format!("1,Nearly the same,{line},{side},good,\"No, never.\",\n");
        let expected = format!("{}{}", row(3, "training"), row(9, "validation"));
        assert_eq!(written, format!("{}\n{expected}", TEXT_COLUMNS.join(",")));
    }
}
