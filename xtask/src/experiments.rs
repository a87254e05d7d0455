//! Measures each technique against a plain baseline: real data, several seeds, the same number of steps.
//! Writes docs/experiments.md.

mod tasks;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::{fetch, paths, process, setup};

const SEEDS: [u32; 3] = [1, 2, 3];
const TRAIN_ROWS: usize = 600;
const TEST_ROWS: usize = 500;

/// A fine-tuning method, given by the recipe fields that differ from the default.
struct Method {
    name: &'static str,
    recipe: fn() -> Value,
}

/// The first is the baseline. Each learning rate was chosen among up to three with a single run.
const METHODS: [Method; 5] = [
    Method { name: "Full, linear decay", recipe: || json!({ "learning_rate": 1e-4 }) },
    Method { name: "Gradual unfreezing alone", recipe: || gradual(json!({ "learning_rate": 2e-4 })) },
    Method {
        name: "Gradual, discriminative rates, slanted triangle",
        recipe: || gradual(json!({ "learning_rate": 5e-4, "layer_decay": 0.8, "schedule": "slanted_triangular" })),
    },
    Method { name: "Head only", recipe: || json!({ "learning_rate": 1e-2, "unfreezing": "head" }) },
    Method { name: "LoRA, rank 8", recipe: || json!({ "learning_rate": 1e-3, "adapter": "lora" }) },
];

/// A row of a data set.
struct Row {
    text: String,
    label: String,
}

/// Scores of one run.
struct Score {
    accuracy: f64,
    macro_f1: f64,
    seconds: f64,
    cosine: f64,
    agreement: f64,
}

/// Runs every method with every seed on every dataset found in `folder`; runs that were made before are not repeated.
pub fn run(folder: &Path) -> Result<()> {
    setup::run()?;
    process::step("Building the program hone", || {
        let mut cargo = process::command("cargo");
        process::run(cargo.args(["build", "--release", "--package", "hone-cli"]))
    })?;
    let mut page = INTRODUCTION.to_owned();
    for (name, source, [train, test]) in [
        ("TREC-6", "Questions by the kind of answer they ask for (Li and Roth 2002), six classes", trec(folder)?),
        (
            "Sentiment",
            "Sentences of reviews, positive or negative (Kotzias et al. 2015), two classes",
            sentiment(folder)?,
        ),
    ] {
        let work = paths::target().join("experiments").join(name);
        fs::create_dir_all(&work)?;
        let files = [work.join("train.csv"), work.join("test.csv")];
        write_csv(&files[0], &train)?;
        write_csv(&files[1], &test)?;
        let mut results = Vec::new();
        for method in &METHODS {
            let scores = SEEDS.iter().map(|&seed| score(method, seed, &files, &work)).collect::<Result<Vec<_>>>()?;
            results.push((method.name, scores));
        }
        write!(page, "\n## {name}\n\n{source}; {} training rows, {} test rows.\n\n", train.len(), test.len())?;
        table(&mut page, &results)?;
        findings(&mut page, &results)?;
    }
    tasks::add(&mut page, folder)?;
    page += HOW;
    fs::write(paths::root().join("docs/experiments.md"), page).context("docs/experiments.md")
}

const INTRODUCTION: &str = "\
# Experiments

The effect of the techniques, measured with MiniLM (22.7 M parameters, mean pooling) on the CPU backend. Every run
has two epochs with batches of 8 and is scored once, after its last step, on test rows that played no part in choosing
anything. Figures are the mean of three seeds ± standard deviation. The seed determines the initial head, the order of
the rows and the dropout masks.
";

const HOW: &str = "
## How this page was made

`cargo xtask experiments FOLDER`, where FOLDER contains `trec6/`, `sentiment-labelled/`, `xquad/` and `wnut17/`. Each
learning rate was chosen among up to three with a single run on rows of the same files (for sentiment, some of these are
also test rows here). So no method was tuned well, and the smaller differences may change sign with better rates, or
with other or more data. Seconds were measured on a busy machine with two cores: compare them only roughly. Forgetting
is measured on 200 general sentences: the mean cosine similarity of each sentence's embeddings before and after, and the
correlation of the similarities between all pairs of sentences.
";

fn gradual(mut recipe: Value) -> Value {
    // All seven stages are over after the first of the two epochs.
    for (field, value) in
        [("unfreezing", json!("gradual")), ("unfreeze_unit", json!("epochs")), ("unfreeze_every", json!(0.166))]
    {
        recipe[field] = value;
    }
    recipe
}

fn score(method: &Method, seed: u32, files: &[PathBuf; 2], work: &Path) -> Result<Score> {
    let mut recipe = (method.recipe)();
    for (field, value) in [("epochs", 2), ("eval_every_epochs", 2), ("early_stopping_patience", 0), ("seed", seed)] {
        recipe[field] = json!(value);
    }
    let result = run_hone(&recipe, files, work, &format!("{}, seed {seed}", method.name))?;
    let number = |pointer: &str| result.pointer(pointer).and_then(Value::as_f64).context(format!("no {pointer}"));
    Ok(Score {
        accuracy: number("/best/scores/accuracy")?,
        macro_f1: number("/best/scores/macro_f1")?,
        seconds: number("/seconds")?,
        cosine: number("/forgetting/cosine")?,
        agreement: number("/forgetting/agreement")?,
    })
}

/// Returns result.json of a run, reusing an earlier run of the same recipe and rows.
fn run_hone(recipe: &Value, [train, test]: &[PathBuf; 2], work: &Path, what: &str) -> Result<Value> {
    let key = fetch::hash_of(&format!("{recipe} {} {}", fetch::hash(train)?, fetch::hash(test)?));
    let out = work.join(&key[..16]);
    let result = out.join("result.json");
    if !result.exists() {
        process::step(what, || {
            let path = work.join("recipe.json");
            fs::write(&path, recipe.to_string())?;
            let mut hone = process::command(paths::target().join("release/hone"));
            hone.arg("train").arg(path).arg("--data").arg(train).arg("--validation").arg(test);
            process::run(hone.arg("--out").arg(&out).arg("--scores-only"))
        })?;
    }
    Ok(serde_json::from_slice(&fs::read(result)?)?)
}

type Results = [(&'static str, Vec<Score>)];

fn table(page: &mut String, results: &Results) -> Result<()> {
    writeln!(page, "| method | accuracy, % | macro-F1, % | seconds | cosine to before | similarities kept |")?;
    writeln!(page, "|---|---|---|---|---|---|")?;
    for (name, scores) in results {
        let cell = |value: fn(&Score) -> f64, factor: f64, digits: usize| {
            let (mean, spread) = mean_and_spread(&scores.iter().map(|score| factor * value(score)).collect::<Vec<_>>());
            format!("{mean:.digits$} ± {spread:.digits$}")
        };
        writeln!(
            page,
            "| {name} | {} | {} | {} | {} | {} |",
            cell(|score| score.accuracy, 100.0, 1),
            cell(|score| score.macro_f1, 100.0, 1),
            cell(|score| score.seconds, 1.0, 0),
            cell(|score| score.cosine, 1.0, 3),
            cell(|score| score.agreement, 1.0, 3),
        )?;
    }
    Ok(())
}

/// For each method, writes whether it differs from the baseline by more than chance.
fn findings(page: &mut String, results: &Results) -> Result<()> {
    let accuracies = |scores: &[Score]| scores.iter().map(|score| 100.0 * score.accuracy).collect::<Vec<_>>();
    let Some(((baseline, plain), others)) = results.split_first() else { bail!("there are no results") };
    writeln!(page, "\nAgainst \"{baseline}\", in points of accuracy:\n")?;
    let (base_mean, base_spread) = mean_and_spread(&accuracies(plain));
    for (name, scores) in others {
        let (mean, spread) = mean_and_spread(&accuracies(scores));
        let gain = mean - base_mean;
        // Standard error of a difference of two means.
        let error = ((spread.powi(2) + base_spread.powi(2)) / SEEDS.len() as f64).sqrt();
        let verdict = match gain {
            gain if gain.abs() <= 2.0 * error => "no difference that three seeds can show",
            gain if gain > 0.0 => "better",
            _ => "worse",
        };
        writeln!(page, "- {name}: {gain:+.1} (standard error {error:.1}): {verdict}.")?;
    }
    Ok(())
}

fn mean_and_spread(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
    (mean, variance.sqrt())
}

fn trec(folder: &Path) -> Result<[Vec<Row>; 2]> {
    let rows = |name: &str| -> Result<Vec<Row>> {
        let path = folder.join("trec6").join(name);
        // Latin-1: each byte is a character.
        let text: String =
            fs::read(&path).with_context(|| path.display().to_string())?.iter().map(|&b| b as char).collect();
        let row = |line: &str| {
            let (label, text) = line.split_once(' ')?;
            Some(Row { text: text.to_owned(), label: label.split(':').next()?.to_owned() })
        };
        Ok(text.lines().filter_map(row).collect())
    };
    let train = spread_over(rows("train.txt")?, TRAIN_ROWS);
    Ok([train, spread_over(rows("test.txt")?, TEST_ROWS)])
}

fn sentiment(folder: &Path) -> Result<[Vec<Row>; 2]> {
    let mut rows = Vec::new();
    for name in ["amazon_cells", "imdb", "yelp"] {
        let path = folder.join("sentiment-labelled").join(format!("{name}_labelled.txt"));
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        rows.extend(text.split('\n').filter_map(|line| {
            let (text, label) = line.rsplit_once('\t')?;
            Some(Row { text: text.trim().to_owned(), label: label.trim().to_owned() })
        }));
    }
    let mut rows = spread_over(rows, TRAIN_ROWS + TEST_ROWS);
    let is_test = |index: usize| {
        index * TEST_ROWS / (TRAIN_ROWS + TEST_ROWS) != (index + 1) * TEST_ROWS / (TRAIN_ROWS + TEST_ROWS)
    };
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for (index, row) in rows.drain(..).enumerate() {
        if is_test(index) { test.push(row) } else { train.push(row) }
    }
    Ok([train, test])
}

/// `count` rows at even distances.
fn spread_over(rows: Vec<Row>, count: usize) -> Vec<Row> {
    let total = rows.len();
    let is_taken = |index: usize| index * count / total != (index + 1) * count / total;
    rows.into_iter().enumerate().filter(|&(index, _)| count >= total || is_taken(index)).map(|(_, row)| row).collect()
}

fn write_csv(path: &Path, rows: &[Row]) -> Result<()> {
    let mut csv = csv::Writer::from_path(path)?;
    csv.write_record(["text", "label"])?;
    rows.iter().try_for_each(|row| csv.write_record([&row.text, &row.label]))?;
    Ok(csv.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_taken_at_even_distances() {
        let rows = |count: usize| (0..count).map(|i| Row { text: i.to_string(), label: String::new() }).collect();
        let taken: Vec<String> = spread_over(rows(10), 5).into_iter().map(|row| row.text).collect();
        assert_eq!(taken, ["1", "3", "5", "7", "9"]);
        assert_eq!(spread_over(rows(3), 5).len(), 3);
    }

    #[test]
    fn the_spread_is_that_of_a_sample() {
        assert_eq!(mean_and_spread(&[1.0, 2.0, 3.0]), (2.0, 1.0));
    }
}
