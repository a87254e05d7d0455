//! `hone labels`.

use std::path::Path;

use burn::tensor::Device;
use hone_core::diagnostic::Diagnostic;
<<<<<<< HEAD
use hone_core::inference::rounded;
=======
use hone_core::inference::{TableFormat, TableWriter, rounded};
use hone_core::pretrained::Pretrained;
>>>>>>> af15b36 (Keep rows without a label as a pool, list those that teach most, and measure learning curves)
use hone_core::recipe::RecipeSpec;
use hone_core::run::{CurvePoint, RowToLabel, SuspectedLabel, SuspectedLabels};
use hone_core::runner::{LabelReview, Labeler, LearningCurve};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::arguments::LabelsArguments;
use crate::{data, model, table_file, train};

/// Columns of the file.
const COLUMNS: [&str; 8] =
    ["line", "side", "label", "likely_label", "label_probability", "likely_probability", "score", "text"];
/// Steps of the progress bar.
const STEPS: u64 = 1_000;

/// Columns of the rows to be labeled.
const POOL_COLUMNS: [&str; 5] = ["line", "likely_label", "probability", "margin", "text"];
/// Columns of a learning curve.
const CURVE_COLUMNS: [&str; 5] = ["rows", "seed", "labels", "accuracy", "changed"];

/// Finds rows whose label is probably wrong, or those to be labeled next, and writes them to a file.
pub async fn labels(arguments: &LabelsArguments) -> Result<(), Diagnostic> {
    let (device, _) = train::device(arguments.device);
    let model = model::load(arguments.model.as_deref(), "", &device)?;
    if let Some(rows) = arguments.pool {
        return pool(arguments, rows, &model.pretrained, &device).await;
    }
    if let Some(labels) = arguments.learning_curve {
        return curve(arguments, labels, &model.pretrained, &device).await;
    }
    let mut data = arguments.data.load(&RecipeSpec::default())?;
    while data.rows.encode_next(&model.pretrained)? {}
    for note in data::notes(&data.warnings, data.rows.report()) {
        eprintln!("warning: {note}");
    }
    let mut review = LabelReview::new(&data.rows, &model.pretrained, &device)?;
    let bar = progress_bar();
    while !review.is_over() {
        bar.set_position((review.advance().await? * STEPS as f64) as u64);
    }
    bar.finish_and_clear();
    let found = review.finish(usize::MAX);
    write(&found, &arguments.out)?;
    println!("{}", described(&found, &arguments.out));
    Ok(())
}

/// Writes the rows to be labeled next.
async fn pool(arguments: &LabelsArguments, rows: usize, model: &Pretrained, device: &Device) -> Result<(), Diagnostic> {
    let (examples, dataset) = arguments.data.pool(&RecipeSpec::default())?;
    let mut labeler = Labeler::new(&examples, dataset.as_deref())?;
    let bar = progress_bar();
    while !labeler.is_ready() {
        bar.set_position((labeler.advance(model, device).await? * STEPS as f64) as u64);
    }
    bar.finish_and_clear();
    let first = labeler.first(rows).await?;
    let cells = |RowToLabel { row, likely, margin }: &RowToLabel| {
        let (label, probability) = likely.clone().unzip();
        let margin = margin.map(|margin| rounded(margin as f32));
        let probability = probability.map(rounded);
        [json!(row.line), json!(label), json!(probability), json!(margin), json!(row.text)].to_vec()
    };
    write_table(
        &first.iter().map(|it| (cells(it), it.row.pair.as_deref())).collect::<Vec<_>>(),
        &POOL_COLUMNS,
        &arguments.out,
    )?;
    let how = match first.first() {
        Some(RowToLabel { likely: None, .. }) => "drawn at random, because fewer than two labels have rows",
        _ => "those first that teach most",
    };
    println!("{} rows to label, {how}: see {}.", first.len(), arguments.out.display());
    Ok(())
}

/// Writes a learning curve.
async fn curve(
    arguments: &LabelsArguments,
    labels: usize,
    model: &Pretrained,
    device: &Device,
) -> Result<(), Diagnostic> {
    let data = arguments.data.load(&RecipeSpec::default())?;
    let mut curve = LearningCurve::new(data.rows.dataset(), labels, model, device)?;
    let bar = progress_bar();
    while !curve.is_over() {
        bar.set_position((curve.advance().await? * STEPS as f64) as u64);
    }
    bar.finish_and_clear();
    let cells = |point: CurvePoint| {
        let CurvePoint { seed, is_chosen, labels, accuracy, changed } = point;
        let rows = if is_chosen { "chosen" } else { "random" };
        (vec![json!(rows), json!(seed), json!(labels), json!(accuracy), json!(changed)], None)
    };
    let points: Vec<_> = curve.finish().into_iter().map(cells).collect();
    write_table(&points, &CURVE_COLUMNS, &arguments.out)?;
    println!("The learning curve is in {}.", arguments.out.display());
    Ok(())
}

fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new(STEPS);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {percent} % · {eta} left") {
        bar.set_style(style);
    }
    bar
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
<<<<<<< HEAD
    let has_pairs = found.rows.iter().any(|row| row.pair.is_some());
    let columns: Vec<&str> = COLUMNS.into_iter().chain(has_pairs.then_some("second_text")).collect();
    let row = |row: &SuspectedLabel| {
        let second = has_pairs.then(|| json!(row.pair));
        cells(row).into_iter().chain(second).collect()
    };
    table_file::write(out, &columns, found.rows.iter().map(row))
=======
    let rows: Vec<_> = found.rows.iter().map(|row| (cells(row).to_vec(), row.pair.as_deref())).collect();
    write_table(&rows, &COLUMNS, out)
}

/// Writes rows of cells, each with the second text of a pair.
fn write_table(rows: &[(Vec<Value>, Option<&str>)], columns: &[&str], out: &Path) -> Result<(), Diagnostic> {
    let format = TableFormat::of_ending(&out.extension().unwrap_or_default().to_string_lossy());
    let has_pairs = rows.iter().any(|(_, pair)| pair.is_some());
    let columns = columns.iter().copied().chain(has_pairs.then_some("second_text")).map(str::to_owned).collect();
    let failed = |error| train::not_written(out, error);
    let mut writer = TableWriter::new(Vec::new(), format, columns).map_err(failed)?;
    for (cells, pair) in rows {
        let second = has_pairs.then(|| json!(pair));
        writer.row(&cells.iter().cloned().chain(second).collect::<Vec<_>>()).map_err(failed)?;
    }
    fs::write(out, writer.finish().map_err(failed)?).map_err(failed)
>>>>>>> af15b36 (Keep rows without a label as a pool, list those that teach most, and measure learning curves)
}

fn cells(row: &SuspectedLabel) -> [Value; 8] {
    [
        json!(row.line),
        json!(if row.is_validation { "validation" } else { "training" }),
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
        let found = SuspectedLabels { rows: vec![row], total: 1, looked_at: 20, all: 40, estimate: 1, accuracy: 0.9 };
        let out = std::env::temp_dir().join(format!("hone-cli-{}-suspects.csv", std::process::id()));
        write(&found, &out).unwrap();
        let written = fs::read_to_string(&out).unwrap();
        fs::remove_file(&out).unwrap();
        let expected = "6,validation,good,bad,0.125,0.875,0.125,\"No, never.\"\n";
        assert_eq!(written, format!("{}\n{expected}", COLUMNS.join(",")));
        assert!(described(&found, &out).starts_with("1 labels are probably wrong, of 20 of 40 rows"));
    }
}
