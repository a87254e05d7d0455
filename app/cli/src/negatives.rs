//! `hone negatives`.

use hone_core::diagnostic::Diagnostic;
use hone_core::recipe::Task;
use hone_core::runner::{HardNegatives, Triplet};
use serde_json::json;

use crate::arguments::NegativesArguments;
use crate::progress::{progress_bar, report};
use crate::{data, model, table_file, train};

/// Columns of the file, which Hone recognizes as triplets.
const COLUMNS: [&str; 3] = ["anchor", "positive", "negative"];

/// Finds a hard negative for each pair of the data, and writes the triplets to a file.
pub async fn negatives(arguments: &NegativesArguments) -> Result<(), Diagnostic> {
    let device = train::device(arguments.device);
    let model = model::load(arguments.model.as_deref(), "", &device)?;
    let data = arguments.data.load_to_review(Some(Task::Embeddings))?;
    for note in data::notes(&data.warnings, data.rows.report()) {
        eprintln!("warning: {note}");
    }
    let mut search = HardNegatives::new(data.rows.dataset(), &model.pretrained, &device, arguments.margin)?;
    let bar = progress_bar();
    while !search.is_over() {
        report(&bar, search.advance().await?);
    }
    bar.finish_and_clear();
    let (triplets, without) = search.finish();
    let found = triplets.len();
    let row = |Triplet { anchor, positive, negative }| vec![json!(anchor), json!(positive), json!(negative)];
    table_file::write(&arguments.out, &COLUMNS, triplets.into_iter().map(row))?;
    let left_out = match without {
        0 => String::new(),
        without => format!(" {without} pairs without one are left out: no other text is less similar by the margin."),
    };
    println!("{found} pairs have a negative.{left_out} See {}.", arguments.out.display());
    Ok(())
}
