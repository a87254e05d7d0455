//! Scores of the tasks other than classification, compared with PyTorch on the same rows and recipe.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::data::write_jsonl;
use super::{mean_and_spread, result_of};
use crate::{paths, process};

/// Written by tests/python/reference_tasks.py, which also writes the rows.
const REFERENCE: &str = "tests/golden/reference_tasks.json";

/// A task and the scores that are compared.
struct Task {
    name: &'static str,
    title: &'static str,
    /// Each score: its name in the table, in Hone's result and in the reference, and the factor to multiply it with.
    scores: &'static [(&'static str, &'static str, &'static str, f64)],
    /// A row of the reference as a line of a file that Hone reads.
    line: fn(&Value) -> Value,
    /// Number of runs, each with its own seed.
    runs: u32,
    /// Fields of the recipe that differ from the reference's.
    recipe: fn() -> Value,
}

const TASKS: [Task; 4] = [
    Task {
        name: "question_answering",
        title: "Answers in a passage: XQuAD in English, by paragraph",
        scores: &[("exact match, %", "exact_match", "exact", 100.0), ("F1, %", "f1", "f1", 100.0)],
        line: |row| {
            let answer = &row["answers"][0];
            let (question, context) = (&row["question"], &row["context"]);
            json!({ "question": question, "context": context, "answer": answer["text"], "start": answer["start"] })
        },
        runs: 1,
        recipe: || json!({ "max_length": 256, "doc_stride": 64, "epochs": 3, "eval_every_epochs": 3 }),
    },
    Task {
        name: "token_classification",
        title: "Entities: WNUT17, 1,000 sentences of its training file",
        scores: &[("entity F1, %", "f1", "entity_f1", 100.0)],
        line: |row| json!({ "tokens": row["words"], "tags": row["tags"] }),
        runs: 3,
        recipe: || json!({ "max_length": 128, "epochs": 3, "eval_every_epochs": 3 }),
    },
    Task {
        name: "multi_label",
        title: "Several labels: sentences of reviews by the words in them",
        scores: &[("micro-F1, %", "micro_f1", "micro_f1", 100.0), ("macro-F1, %", "macro_f1", "macro_f1", 100.0)],
        line: |row| {
            let flags = row["label"].as_array().map(Vec::as_slice).unwrap_or_default();
            let mut line = json!({ "text": row["text"] });
            flags.iter().enumerate().for_each(|(i, flag)| line[format!("label {}", i + 1)] = flag.clone());
            line
        },
        runs: 3,
        recipe: || json!({ "max_length": 64, "epochs": 3, "eval_every_epochs": 3 }),
    },
    Task {
        name: "regression",
        title: "A number: how many of ten words are long",
        scores: &[
            ("RMSE", "rmse", "rmse", 1.0),
            ("Pearson", "pearson", "pearson", 1.0),
            ("Spearman", "spearman", "spearman", 1.0),
        ],
        line: |row| json!({ "text": row["text"], "score": row["label"] }),
        runs: 3,
        recipe: || json!({ "max_length": 64, "epochs": 3, "eval_every_epochs": 3 }),
    },
];

/// Folder of the rows and runs, with the rows in it. Requires the Python environment, which generates the rows.
fn work(data: &Path) -> Result<PathBuf> {
    let work = paths::target().join("experiments").join("tasks");
    fs::create_dir_all(&work)?;
    process::step("The rows of the tasks", || {
        let mut rows = process::command(paths::reference_python());
        rows.arg(paths::root().join("tests/python/reference_tasks.py")).arg("--rows-only").arg(&work);
        process::run(rows.env("HONE_DATA", data))
    })?;
    Ok(work)
}

/// Training and validation rows of each task, as lines of files that Hone reads.
pub fn rows<const N: usize>(data: &Path, names: [&str; N]) -> Result<[[Vec<Value>; 2]; N]> {
    let work = work(data)?;
    let mut found = [const { [const { Vec::new() }; 2] }; N];
    for (name, rows) in names.into_iter().zip(&mut found) {
        let task = TASKS.iter().find(|task| task.name == name).with_context(|| format!("no task {name}"))?;
        *rows = [lines(task, "train", &work)?, lines(task, "validation", &work)?];
    }
    Ok(found)
}

fn lines(task: &Task, part: &str, work: &Path) -> Result<Vec<Value>> {
    let rows: Value = serde_json::from_slice(&fs::read(work.join(format!("{}.json", task.name)))?)?;
    let rows = rows[part].as_array().with_context(|| format!("no rows of {part}"))?;
    Ok(rows.iter().map(task.line).collect())
}

/// Runs the tasks and adds their table to the page.
pub fn add(page: &mut String, data: &Path) -> Result<()> {
    let work = work(data)?;
    let reference: Value = serde_json::from_slice(&fs::read(paths::root().join(REFERENCE))?)?;
    page.push_str(INTRODUCTION);
    writeln!(page, "| task | rows | score | Hone | PyTorch |\n|---|---|---|---|---|")?;
    for task in &TASKS {
        let results = (1..=task.runs).map(|seed| result(task, seed, &work)).collect::<Result<Vec<_>>>()?;
        let [expected, rows] = ["mean_of_last", "rows"].map(|key| &reference[task.name][key]);
        let rows = format!("{} + {}", rows["train"], rows["validation"]);
        for (number, (title, ours, theirs, factor)) in task.scores.iter().enumerate() {
            let of = |result: &Value| Some(factor * result.pointer(&format!("/best/scores/{ours}"))?.as_f64()?);
            let values = results.iter().map(of).collect::<Option<Vec<_>>>().with_context(|| format!("no {ours}"))?;
            let (mean, spread) = mean_and_spread(&values);
            let theirs = factor * expected[theirs].as_f64().with_context(|| format!("no {theirs}"))?;
            let digits = if *factor > 1.0 { 1 } else { 3 };
            let spread = if task.runs > 1 { format!(" ± {spread:.digits$}") } else { String::new() };
            let (name, rows) = if number == 0 { (task.title, rows.as_str()) } else { ("", "") };
            writeln!(page, "| {name} | {rows} | {title} | {mean:.digits$}{spread} | {theirs:.digits$} |")?;
        }
    }
    Ok(())
}

const INTRODUCTION: &str = "
## The other tasks

MiniLM, three epochs with batches of 8 at a learning rate of 1e-4, embeddings frozen; all else as by default. It is scored
after the last step, on rows that played no part in choosing anything. Figures with a deviation are the mean of
three seeds; the others, and those of PyTorch (`tests/python/reference_tasks.py`), are from one. The labels and the
numbers of two of the tasks are derived from real sentences by a rule, so that the correct answer is known. Hone tunes a
threshold for each label on the rows that it is scored on, whereas PyTorch predicts labels from a probability of 0.5 on.
MiniLM was never trained on questions with answers: use these figures for comparison only.

";

fn result(task: &Task, seed: u32, work: &Path) -> Result<Value> {
    let part = |part: &str| -> Result<PathBuf> {
        let path = work.join(format!("{}.{part}.jsonl", task.name));
        write_jsonl(&path, &lines(task, part, work)?)?;
        Ok(path)
    };
    let mut recipe = (task.recipe)();
    for (field, value) in [
        ("task", json!(task.name)),
        ("early_stopping_patience", json!(0)),
        ("seed", json!(seed)),
        ("learning_rate", json!(1e-4)),
    ] {
        recipe[field] = value;
    }
    result_of(&recipe, &[part("train")?, part("validation")?], work, &format!("{}, seed {seed}", task.name))
}
