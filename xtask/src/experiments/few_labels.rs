//! Accuracy by the number of labels: rows in the order in which the page asks for them, against a random order.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::data::{self, Row, write_csv};
use super::{few_labels_curve, mean_and_spread};
use crate::{fetch, paths, process};

/// Labels at most.
const LABELS: usize = 150;
/// Numbers of labels in the table.
const SHOWN: [u32; 8] = [20, 30, 40, 50, 70, 100, 120, 150];

/// Heading of the table in the page.
pub const HEADING: &str = "\n## Few labels\n";

/// Accuracies in percent by number of labels, for each random beginning.
type Curve = BTreeMap<u32, Vec<f64>>;

/// Measures the two orders on TREC's questions in `folder`, draws the curves, and returns the section with the table.
pub fn section(folder: &Path) -> Result<String> {
    let section = table(&measured(data::trec(folder, false)?)?)?;
    let file = paths::root().join("docs").join(few_labels_curve::FILE);
    std::fs::write(file, few_labels_curve::picture(&section)?)?;
    Ok(section)
}

/// Measures the curves, unless that was done before: for chosen rows, and for random ones.
fn measured([train, test]: [Vec<Row>; 2]) -> Result<[Curve; 2]> {
    let work = paths::target().join("experiments/few-labels");
    std::fs::create_dir_all(&work)?;
    let [train_file, test_file] = ["train.csv", "test.csv"].map(|name| work.join(name));
    write_csv(&train_file, &train)?;
    write_csv(&test_file, &test)?;
    let out = work.join(format!("{}-{LABELS}.csv", &fetch::hash(&train_file)?[..16]));
    if !out.exists() {
        process::step("Few labels of TREC-6", || {
            let mut hone = process::command(paths::target().join("release/hone"));
            hone.arg("labels").arg("--data").arg(&train_file).arg("--test").arg(&test_file);
            process::run(hone.arg("--learning-curve").arg(LABELS.to_string()).arg("--out").arg(&out))
        })?;
    }
    read(csv::Reader::from_path(&out)?)
}

fn read(mut file: csv::Reader<impl std::io::Read>) -> Result<[Curve; 2]> {
    let mut curves = [Curve::new(), Curve::new()];
    for record in file.records() {
        let record = record?;
        let cell = |column: usize| record.get(column).context("a cell is missing");
        let curve = &mut curves[usize::from(cell(0)? == "random")];
        curve.entry(cell(2)?.parse()?).or_default().push(100.0 * cell(3)?.parse::<f64>()?);
    }
    Ok(curves)
}

fn table([chosen, random]: &[Curve; 2]) -> Result<String> {
    let mut text = format!(
        "{HEADING}
Accuracy on TREC-6's 500 test questions of a head on MiniLM's vectors, by the number of labeled questions: those first that
*Few labels* asks for, against a random order. Both begin with the same 20 random rows, and the head learns again after each
label. Figures are the mean of five beginnings ± standard deviation, and for the difference its standard error, in points.

| labels | page's order, % | random order, % | difference |
|---|---|---|---|
"
    );
    for labels in SHOWN {
        let [ours, theirs] = [chosen, random].map(|curve| curve.get(&labels));
        let (ours, theirs) = ours.zip(theirs).with_context(|| format!("{labels} labels were not measured"))?;
        let ([mean, error], [(a, da), (b, db)]) =
            (difference(ours, theirs)?, [ours, theirs].map(|values| mean_and_spread(values)));
        writeln!(text, "| {labels} | {a:.1} ± {da:.1} | {b:.1} ± {db:.1} | {mean:+.1} ± {error:.1} |")?;
    }
    let image = few_labels_curve::image(&text)?;
    writeln!(text, "\n{image}\n\n{}", finding(chosen, random)?)?;
    Ok(text)
}

/// Mean difference of two orders with the same beginnings, and its standard error.
fn difference(ours: &[f64], theirs: &[f64]) -> Result<[f64; 2]> {
    ensure!(ours.len() == theirs.len(), "the orders have other beginnings");
    let differences: Vec<f64> = ours.iter().zip(theirs).map(|(a, b)| a - b).collect();
    let (mean, spread) = mean_and_spread(&differences);
    Ok([mean, spread / (differences.len() as f64).sqrt()])
}

/// True if the order helps by more than chance, over all numbers of labels after the beginning.
fn finding(chosen: &Curve, random: &Curve) -> Result<String> {
    let beginnings = chosen.values().next().map_or(0, Vec::len);
    let of_beginning = |curve: &Curve, nth: usize| {
        let values: Vec<f64> = curve.values().skip(1).filter_map(|values| values.get(nth).copied()).collect();
        mean_and_spread(&values).0
    };
    let areas = |curve: &Curve| (0..beginnings).map(|nth| of_beginning(curve, nth)).collect::<Vec<_>>();
    let [mean, error] = difference(&areas(chosen), &areas(random))?;
    let verdict = match mean {
        mean if mean.abs() <= 2.0 * error => "no difference that five beginnings can show",
        mean if mean > 0.0 => "the page's order is better",
        _ => "the random order is better",
    };
    Ok(format!("Over all numbers of labels beyond 20: {mean:+.1} ± {error:.1} points: {verdict}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Curves of five beginnings: chosen rows are better by `gain`, give or take a point.
    fn curves(gain: f64) -> [Curve; 2] {
        let mut file = String::from("rows,seed,labels,accuracy,changed\n");
        for (seed, labels) in (1..=5).flat_map(|seed| SHOWN.map(|labels| (seed, labels))) {
            let random = 0.4 + f64::from(labels) / 500.0 + f64::from(seed) / 50.0;
            let gain = if labels == SHOWN[0] { 0.0 } else { gain + f64::from(seed - 3) / 100.0 };
            file += &format!("chosen,{seed},{labels},{},0\nrandom,{seed},{labels},{random},\n", random + gain);
        }
        read(csv::Reader::from_reader(file.as_bytes())).unwrap()
    }

    #[test]
    fn a_difference_within_chance_is_called_that() {
        let text = table(&curves(0.0)).unwrap();
        assert!(text.contains("| 20 | 50.0 ± 3.2 | 50.0 ± 3.2 | +0.0 ± 0.0 |"), "{text}");
        assert!(text.ends_with("+0.0 ± 0.7 points: no difference that five beginnings can show.\n"), "{text}");
        assert!(table(&curves(0.1)).unwrap().ends_with("+10.0 ± 0.7 points: the page's order is better.\n"));
        assert!(table(&curves(-0.1)).unwrap().ends_with("-10.0 ± 0.7 points: the random order is better.\n"));
    }
}
