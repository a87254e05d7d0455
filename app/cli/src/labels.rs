//! `hone labels`.

use std::path::Path;

use hone_core::diagnostic::Diagnostic;
use hone_core::inference::rounded;
use hone_core::recipe::RecipeSpec;
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
    let (device, _) = train::device(arguments.device);
    let model = model::load(arguments.model.as_deref(), "", &device)?;
    if let Some(rows) = arguments.pool {
        return pool::list(arguments, rows, &model.pretrained, &device).await;
    }
    if let Some(labels) = arguments.learning_curve {
        return pool::curve(arguments, labels, &model.pretrained, &device).await;
    }
    let mut data = arguments.data.load(&RecipeSpec::default())?;
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

/// The result in words.
fn described(found: &SuspectedLabels, out: &Path) -> String {
    let SuspectedLabels { total, looked_at, all, accuracy, .. } = *found;
    let rows =
        if looked_at < all { format!("{looked_at} of {all} rows, drawn at random") } else { format!("{all} rows") };
    format!(
        "{total} labels are probably wrong, of {rows}: see {}. They were judged by heads that agree with {:.1} % of the labels. \
         Check each before you change it.",
        out.display(),
        100.0 * accuracy
    )
}

fn write(found: &SuspectedLabels, out: &Path) -> Result<(), Diagnostic> {
    let has_pairs = found.rows.iter().any(|row| row.pair.is_some());
    let columns: Vec<&str> = COLUMNS.into_iter().chain(has_pairs.then_some("second_text")).collect();
    let row = |row: &SuspectedLabel| {
        let second = has_pairs.then(|| json!(row.pair));
        cells(row).into_iter().chain(second).collect()
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

fn cells(row: &SuspectedLabel) -> [Value; 8] {
    [
        json!(row.line),
        json!(side(row.is_validation)),
        json!(row.given),
        json!(row.likely),
        rounded(row.given_probability),
        rounded(row.likely_probability),
        rounded(row.score),
        json!(row.text),
    ]
}

#[cfg(test)]
mod tests {
    use std::fs;

    use hone_core::run::{GroupedRow, TextGroup};

    use super::*;

    #[test]
    fn suspects_are_written_with_line_and_both_labels() {
        let row = SuspectedLabel {
            line: 6,
            is_in_train_file: true,
            is_validation: true,
            text: "No, never.".into(),
            pair: None,
            given: "good".into(),
            likely: "bad".into(),
            given_probability: 0.125,
            likely_probability: 0.875,
            score: 0.125,
        };
        let (rows, texts) = (vec![row], TextIssues::default());
        let found = SuspectedLabels { rows, total: 1, looked_at: 20, all: 40, estimate: 1, accuracy: 0.9, texts };
        let out = std::env::temp_dir().join(format!("hone-cli-{}-suspects.csv", std::process::id()));
        write(&found, &out).unwrap();
        let written = fs::read_to_string(&out).unwrap();
        fs::remove_file(&out).unwrap();
        let expected = "6,validation,good,bad,0.125,0.875,0.125,\"No, never.\"\n";
        assert_eq!(written, format!("{}\n{expected}", COLUMNS.join(",")));
        assert!(described(&found, &out).starts_with("1 labels are probably wrong, of 20 of 40 rows"));
    }

    #[test]
    fn near_duplicates_are_written_by_group() {
        let row = |line, is_validation| GroupedRow {
            line,
            is_in_train_file: true,
            is_validation,
            text: "so good".into(),
            pair: None,
            given: "good".into(),
            likely: "good".into(),
        };
        let group = TextGroup { finding: "Nearly the same".into(), rows: vec![row(3, false), row(9, true)] };
        let out = std::env::temp_dir().join(format!("hone-cli-{}-texts.csv", std::process::id()));
        write_texts(&TextIssues { groups: vec![group], sentence: String::new() }, &out).unwrap();
        let written = fs::read_to_string(&out).unwrap();
        fs::remove_file(&out).unwrap();
        let expected = "1,Nearly the same,3,training,good,so good,\n1,Nearly the same,9,validation,good,so good,\n";
        assert_eq!(written, format!("{}\n{expected}", TEXT_COLUMNS.join(",")));
    }
}
