//! `hone labels --pool` and `--learning-curve`.

use burn::tensor::Device;
use hone_core::diagnostic::Diagnostic;
use hone_core::inference::rounded;
use hone_core::pretrained::Pretrained;
use hone_core::recipe::RecipeSpec;
use hone_core::run::RecipeFile;
use hone_core::run::{CurvePoint, RowToLabel};
use hone_core::runner::{Labeler, LearningCurve};
use serde_json::{Value, json};

use crate::arguments::LabelsArguments;
use crate::progress::{progress_bar, report};
use crate::table_file;

/// Columns of the rows to be labeled.
const POOL_COLUMNS: [&str; 5] = ["line", "likely_label", "probability", "margin", "text"];
/// Columns of a learning curve.
const CURVE_COLUMNS: [&str; 5] = ["rows", "seed", "labels", "accuracy", "changed"];

/// Writes the rows to be labeled next.
pub async fn list(
    arguments: &LabelsArguments,
    rows: usize,
    model: &Pretrained,
    device: &Device,
) -> Result<(), Diagnostic> {
    let (examples, dataset) = arguments.data.pool(&RecipeSpec::default())?;
    let mut labeler = Labeler::new(&examples, dataset.as_deref())?;
    let bar = progress_bar();
    while !labeler.is_ready() {
        report(&bar, labeler.advance(model, device).await?);
    }
    bar.finish_and_clear();
    let first = labeler.first(rows).await?;
    let has_pairs = first.iter().any(|it| it.row.pair.is_some());
    let columns: Vec<&str> = POOL_COLUMNS.into_iter().chain(has_pairs.then_some("second_text")).collect();
    let row = |it: &RowToLabel| {
        let second = has_pairs.then(|| json!(it.row.pair));
        cells(it).into_iter().chain(second).collect()
    };
    table_file::write(&arguments.out, &columns, first.iter().map(row))?;
    let how = match first.first() {
        Some(RowToLabel { likely: None, .. }) | None => "drawn at random, because few labels are known",
        _ => "those first on which a head hesitates most",
    };
    println!("{} rows to label, {how}: see {}.", first.len(), arguments.out.display());
    Ok(())
}

/// Writes a learning curve.
pub async fn curve(
    arguments: &LabelsArguments,
    labels: usize,
    model: &Pretrained,
    device: &Device,
) -> Result<(), Diagnostic> {
    let data = arguments.data.load(&RecipeFile::default())?;
    let mut curve = LearningCurve::new(data.rows.dataset(), labels, model, device)?;
    let bar = progress_bar();
    while !curve.is_over() {
        report(&bar, curve.advance().await?);
    }
    bar.finish_and_clear();
    let row = |CurvePoint { seed, is_chosen, labels, accuracy, changed }: CurvePoint| {
        let rows = if is_chosen { "chosen" } else { "random" };
        vec![json!(rows), json!(seed), json!(labels), json!(accuracy), json!(changed)]
    };
    table_file::write(&arguments.out, &CURVE_COLUMNS, curve.finish().into_iter().map(row))?;
    println!("The learning curve is in {}.", arguments.out.display());
    Ok(())
}

fn cells(RowToLabel { row, likely, margin }: &RowToLabel) -> [Value; 5] {
    let (label, probability) = likely.clone().unzip();
    let (probability, margin) = (probability.map(rounded), margin.map(|margin| rounded(margin as f32)));
    [json!(row.line), json!(label), json!(probability), json!(margin), json!(row.text)]
}

#[cfg(test)]
mod tests {
    use hone_core::dataset::PoolRow;

    use super::*;

    #[test]
    fn a_row_to_label_has_its_line_and_the_suggested_label() {
        let row = PoolRow { line: 6, text: "No, never.".into(), pair: None };
        let suggested = RowToLabel { row, likely: Some(("bad".into(), 0.5)), margin: Some(0.125) };
        assert_eq!(cells(&suggested), [json!(6), json!("bad"), json!(0.5), json!(0.125), json!("No, never.")]);
        let random = RowToLabel { likely: None, margin: None, ..suggested };
        assert_eq!(cells(&random)[1..4], [Value::Null, Value::Null, Value::Null]);
    }
}
