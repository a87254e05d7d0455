//! Measures each technique against a plain baseline: real data, several seeds, the same number of steps.
//! Writes docs/experiments.md.

mod data;
mod defaults;
mod few_labels;
mod few_labels_curve;
mod grid;
mod label_errors;
mod tasks;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::{fetch, paths, process, setup};
use data::{split, spread_over, write_csv};
use defaults::Extent;

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

/// Scores of one run.
struct Score {
    accuracy: f64,
    macro_f1: f64,
    seconds: f64,
    cosine: f64,
    agreement: f64,
}

const PAGE: &str = "docs/experiments.md";

/// A part of the page that can be made alone.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Defaults,
    Labels,
    Pool,
}

/// Measures what the arguments name, on the data in a folder: everything, or with `--defaults`, `--labels` or `--pool` only
/// that part, which then replaces the one in the page. `--coarse`, `--minutes N` and `--set NAME` bound the search for the
/// best defaults. Runs that were made before are not repeated.
pub fn run(arguments: &[String]) -> Result<()> {
    let mut extent = Extent::default();
    let (mut folder, mut only) = (None, None);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--defaults" => only = Some(Part::Defaults),
            "--labels" => only = Some(Part::Labels),
            "--pool" => only = Some(Part::Pool),
            "--coarse" => extent.is_coarse = true,
            "--minutes" => {
                let minutes = rest.next().and_then(|minutes| minutes.parse::<u64>().ok());
                extent.limit = Some(Duration::from_secs(60 * minutes.context("--minutes takes a number")?));
            }
            "--set" => extent.name = rest.next().context("--set takes part of a data set's name")?.clone(),
            flag if flag.starts_with("--") => bail!("experiments has no option {flag}"),
            path => folder = Some(Path::new(path)),
        }
    }
    let folder = folder.context("experiments takes the folder of the data")?;
    setup::run()?;
    process::step("Building the program hone", || {
        let mut cargo = process::command("cargo");
        process::run(cargo.args(["build", "--release", "--package", "hone-cli"]))
    })?;
    let path = paths::root().join(PAGE);
    let mut page = if only.is_some() { fs::read_to_string(&path).context(PAGE)? } else { techniques(folder)? };
    if only.is_none_or(|part| part == Part::Labels) {
        page = with_section(&page, label_errors::HEADING, &label_errors::section(folder)?);
    }
    if only.is_none_or(|part| part == Part::Pool) {
        page = with_section(&page, few_labels::HEADING, &few_labels::section(folder)?);
    }
    if only.is_none_or(|part| part == Part::Defaults) {
        page = with_section(&page, defaults::HEADING, &defaults::section(folder, &extent)?);
    }
    fs::write(path, page).context(PAGE)
}

/// The page with a section replaced, or added before the last one.
fn with_section(page: &str, heading: &str, section: &str) -> String {
    let last = page.find(HOW_HEADING).unwrap_or(page.len());
    let begin = page.find(heading).unwrap_or(last);
    let after = begin + heading.len().min(last - begin);
    let end = page[after..last].find(NEXT_HEADING).map_or(last, |at| after + at);
    format!("{}{}{}", &page[..begin], section, &page[end..])
}

/// Runs every method with every seed on two data sets, and the other tasks.
fn techniques(folder: &Path) -> Result<String> {
    let mut page = INTRODUCTION.to_owned();
    let trec = data::trec(folder, false)?;
    let sentences = spread_over(data::sentiment(folder)?, TRAIN_ROWS + TEST_ROWS);
    for (name, source, [train, test]) in [
        ("TREC-6", "Questions by the kind of answer they ask for (Li and Roth 2002), six classes", trec),
        (
            "Sentiment",
            "Sentences of reviews, positive or negative (Kotzias et al. 2015), two classes",
            split(sentences, TEST_ROWS),
        ),
    ] {
        let (train, test) = (spread_over(train, TRAIN_ROWS), spread_over(test, TEST_ROWS));
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
    Ok(page)
}

const INTRODUCTION: &str = "\
# Experiments

The effect of the techniques, measured with MiniLM (22.7 M parameters, mean pooling) on the CPU backend. Every run
has two epochs with batches of 8 and is scored once, after its last step, on test rows that played no part in choosing
anything. Figures are the mean of three seeds ± standard deviation. The seed determines the initial head, the order of
the rows and the dropout masks.
";

/// Beginning of every section.
const NEXT_HEADING: &str = "\n## ";
const HOW_HEADING: &str = "\n## How this page was made\n";

const HOW: &str = "
## How this page was made

`cargo xtask experiments FOLDER`, where FOLDER contains `trec6/`, `sentiment-labelled/`, `sms-spam/`, `snips/`, `xquad/`
and `wnut17/`. `--labels` makes only the table of suspected labels, `--pool` that of few labels, `--defaults` that of
defaults; a search that was broken off, or bounded by `--minutes`, `--coarse` or `--set`, goes on where it stopped. Each
learning rate of the techniques was chosen among up to three with a single run on rows of the same files (for sentiment, some
of these are also test rows here). So no method was tuned well, and the smaller differences may change sign with better rates, or with other or more data. Seconds were measured
on a busy machine with two cores: compare them only roughly. Forgetting is measured on 200 general sentences: the mean
cosine similarity of each sentence's embeddings before and after, and the correlation of the similarities between all
pairs of sentences.
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
    let result = result_of(&recipe, files, work, &format!("{}, seed {seed}", method.name))?;
    let number = |pointer: &str| result.pointer(pointer).and_then(Value::as_f64).context(format!("no {pointer}"));
    Ok(Score {
        accuracy: number("/best/scores/accuracy")?,
        macro_f1: number("/best/scores/macro_f1")?,
        seconds: number("/seconds")?,
        cosine: number("/forgetting/cosine")?,
        agreement: number("/forgetting/agreement")?,
    })
}

/// Returns the folder of a run with events.jsonl and result.json, reusing that of an earlier run with the same recipe and
/// rows. `None` if there is no earlier run and none may be made.
fn run_hone(
    recipe: &Value,
    [train, test]: &[PathBuf; 2],
    work: &Path,
    what: &str,
    may_run: bool,
) -> Result<Option<PathBuf>> {
    // Sorted, because the same fields may have been set in another order.
    let fields: BTreeMap<_, _> = recipe.as_object().into_iter().flatten().collect();
    let fields = serde_json::to_string(&fields)?;
    let key = fetch::hash_of(&format!("{fields} {} {}", fetch::hash(train)?, fetch::hash(test)?));
    let out = work.join(&key[..16]);
    if out.join("result.json").exists() {
        return Ok(Some(out));
    }
    if !may_run {
        return Ok(None);
    }
    process::step(what, || {
        let path = work.join("recipe.json");
        fs::write(&path, recipe.to_string())?;
        let mut hone = process::command(paths::target().join("release/hone"));
        hone.arg("train").arg(path).arg("--data").arg(train).arg("--validation").arg(test);
        process::run(hone.arg("--out").arg(&out).arg("--scores-only"))
    })?;
    Ok(Some(out))
}

/// result.json of a run.
fn result_of(recipe: &Value, files: &[PathBuf; 2], work: &Path, what: &str) -> Result<Value> {
    let out = run_hone(recipe, files, work, what, true)?.context("no run")?;
    Ok(serde_json::from_slice(&fs::read(out.join("result.json"))?)?)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_is_that_of_a_sample() {
        assert_eq!(mean_and_spread(&[1.0, 2.0, 3.0]), (2.0, 1.0));
    }

    #[test]
    fn a_section_is_added_before_the_last_one_or_replaced_where_it_is() {
        let page = format!("# Experiments\n{HOW_HEADING}End.\n");
        let heading = "\n## Defaults\n";
        let added = with_section(&page, heading, "\n## Defaults\n\none\n");
        assert_eq!(added, format!("# Experiments\n\n## Defaults\n\none\n{HOW_HEADING}End.\n"));
        let both = with_section(&added, "\n## Labels\n", "\n## Labels\n\nfew\n");
        assert_eq!(both, format!("# Experiments\n\n## Defaults\n\none\n\n## Labels\n\nfew\n{HOW_HEADING}End.\n"));
        assert_eq!(with_section(&both, heading, "\n## Defaults\n\ntwo\n"), both.replace("one", "two"));
    }
}
