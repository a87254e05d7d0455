//! How many wrong labels `hone labels` finds: some labels are replaced by others, chosen at random.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::data::{self, Row, spread_over, write_csv};
use super::{SEEDS, mean_and_spread};
use crate::{fetch, paths, process};

/// Rows at most.
const ROWS: usize = 2_000;
/// Percentages of labels that are replaced.
const RATES: [usize; 2] = [5, 10];
/// The first row of a file is on line 2.
const FIRST_LINE: usize = 2;

/// Heading of the table in the page.
pub const HEADING: &str = "\n## Suspected labels\n";

/// Findings among the replaced labels.
struct Found {
    listed: usize,
    /// Part of the listed rows that were replaced.
    precision: f64,
    /// The same of the first rows of the list, as many as were replaced.
    surest: f64,
    /// Part of the replaced rows that are listed.
    recall: f64,
}

/// Searches for the replaced labels of each data set in `folder` and returns the table.
pub fn section(folder: &Path) -> Result<String> {
    let mut text = format!(
        "{HEADING}
Labels of training rows that were replaced by another label of the set, both chosen at random, and what `hone labels`
finds with MiniLM: mean of three draws ± standard deviation. Precision is the part of the listed rows whose
label was replaced; recall is the part of the replaced labels that are listed. The list begins with the surest ones: the
third score is the precision of its first rows, as many as were replaced. A row that was mislabeled before counts against
precision. At random, precision would be the part that was replaced.

| data | rows | labels replaced, % | rows listed | precision, % | recall, % | precision of the surest, % |
|---|---|---|---|---|---|---|
"
    );
    for (name, [rows, _]) in [("TREC-6", data::trec(folder, false)?), ("SNIPS, 4 intents", data::snips(folder)?)] {
        let rows = spread_over(rows, ROWS);
        for percent in RATES {
            let found = SEEDS.iter().map(|&seed| search(name, &rows, percent, seed)).collect::<Result<Vec<_>>>()?;
            let cell = |value: fn(&Found) -> f64, digits: usize| {
                let (mean, spread) = mean_and_spread(&found.iter().map(value).collect::<Vec<_>>());
                format!("{mean:.digits$} ± {spread:.digits$}")
            };
            let [listed, precision, recall, surest] = [
                cell(|found| found.listed as f64, 0),
                cell(|found| 100.0 * found.precision, 1),
                cell(|found| 100.0 * found.recall, 1),
                cell(|found| 100.0 * found.surest, 1),
            ];
            writeln!(text, "| {name} | {} | {percent} | {listed} | {precision} | {recall} | {surest} |", rows.len())?;
        }
    }
    Ok(text)
}

/// Replaces labels, and lists suspected ones unless that was done before.
fn search(name: &str, rows: &[Row], percent: usize, seed: u32) -> Result<Found> {
    let work = paths::target().join("experiments/labels");
    std::fs::create_dir_all(&work)?;
    let (noisy, replaced) = replace(rows, percent, seed);
    let file = work.join("rows.csv");
    write_csv(&file, &noisy)?;
    let out = work.join(format!("{}.csv", &fetch::hash(&file)?[..16]));
    if !out.exists() {
        process::step(&format!("{name}, {percent} %, seed {seed}"), || {
            let mut hone = process::command(paths::target().join("release/hone"));
            process::run(hone.arg("labels").arg("--data").arg(&file).arg("--out").arg(&out))
        })?;
    }
    let mut listed = Vec::new();
    for record in csv::Reader::from_path(&out)?.records() {
        let record = record?;
        let line: usize = record.get(0).context("no line")?.parse()?;
        let row = line.checked_sub(FIRST_LINE).context("a line before the first row")?;
        ensure!(record.get(2) == noisy.get(row).map(|row| row.label.as_str()), "line {line} is another row");
        listed.push(row);
    }
    let hits = |rows: &[usize]| rows.iter().filter(|row| replaced.contains(row)).count() as f64;
    let (found, total) = (hits(&listed), replaced.len());
    let surest = &listed[..listed.len().min(total)];
    Ok(Found {
        listed: listed.len(),
        precision: found / listed.len() as f64,
        surest: hits(surest) / surest.len() as f64,
        recall: found / total as f64,
    })
}

/// Replaces `percent` of the labels by other ones. Returns the rows, and the places of those that were replaced.
fn replace(rows: &[Row], percent: usize, seed: u32) -> (Vec<Row>, BTreeSet<usize>) {
    let labels: Vec<&str> = rows.iter().map(|row| row.label.as_str()).collect::<BTreeSet<_>>().into_iter().collect();
    let mut state = u64::from(seed);
    let mut draw = |below: usize| {
        // Lehmer's generator, modulo 2^31 - 1.
        state = state * 48_271 % 2_147_483_647;
        state as usize % below
    };
    // One line for each row: a suspected label is found again by its line.
    let of_line = |row: &Row| Row { text: row.text.replace('\n', " "), label: row.label.clone() };
    let mut noisy: Vec<Row> = rows.iter().map(of_line).collect();
    let mut replaced = BTreeSet::new();
    while labels.len() > 1 && replaced.len() < rows.len() * percent / 100 {
        let row = draw(rows.len());
        if replaced.insert(row) {
            let others: Vec<&&str> = labels.iter().filter(|label| **label != rows[row].label).collect();
            noisy[row].label = (*others[draw(others.len())]).to_owned();
        }
    }
    (noisy, replaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_labels_are_replaced_by_other_ones() {
        let rows: Vec<Row> =
            (0..200).map(|i| Row { text: format!("t{i}"), label: ["a", "b", "c"][i % 3].into() }).collect();
        let (noisy, replaced) = replace(&rows, 5, 1);
        assert_eq!(replaced.len(), 10);
        for (at, (new, old)) in noisy.iter().zip(&rows).enumerate() {
            assert_eq!(new.label != old.label, replaced.contains(&at));
            assert_eq!(new.text, old.text);
        }
        assert_ne!(replaced, replace(&rows, 5, 2).1, "another seed draws other rows");
    }
}
