//! Compares the settings that Hone chooses with the best of a grid of epochs and learning rates.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::data::{self, Row, split, spread_over};
use super::grid::{Search, Settings, Stage};
use super::{mean_and_spread, run_hone, tasks};
use crate::{fetch, paths};

/// Training rows; the last is all.
const SIZES: [usize; 4] = [100, 300, 1_000, usize::MAX];
const TEST_ROWS: usize = 500;
/// The rule that chooses the defaults: when it changes, they are measured again.
const RULE: &str = "core/src/recipe/defaults.rs";

/// Heading of the table in the page.
pub const HEADING: &str = "\n## Defaults\n";

/// How much of the search to run.
#[derive(Clone, Debug, Default)]
pub struct Extent {
    /// Only the coarse grid.
    pub is_coarse: bool,
    /// Time after which no further run is begun.
    pub limit: Option<Duration>,
    /// Only data sets whose name contains this.
    pub name: String,
}

/// A data set with a number of training rows.
struct Problem {
    name: &'static str,
    task: &'static str,
    /// The score that is compared, its name in Hone's result, and its name in the table.
    score: [&'static str; 2],
    /// Fields of the recipe besides those that are compared.
    recipe: Value,
    files: [PathBuf; 2],
    work: PathBuf,
    rows: usize,
    /// Training rows times the length of a row, for the order of the runs.
    cost: f64,
}

/// Settings and steps of a run.
#[derive(Clone, Copy, PartialEq)]
struct Run {
    epochs: f64,
    rate: f64,
    steps: f64,
}

struct Searched {
    problem: Problem,
    search: Search,
    runs: BTreeMap<Settings, Run>,
}

/// Runs the search on every data set in `folder` and returns the table.
pub fn section(folder: &Path, extent: &Extent) -> Result<String> {
    let mut all = Vec::new();
    for problem in problems(folder)? {
        all.push(Searched { problem, search: Search::default(), runs: BTreeMap::new() });
    }
    let begin = Instant::now();
    let is_in_time = || extent.limit.is_none_or(|limit| begin.elapsed() < limit);
    // The cheapest run of the earliest stage, over all problems. Runs that were made before cost nothing.
    while let Some((searched, next)) = all
        .iter_mut()
        .filter(|searched| searched.problem.name.contains(&extent.name))
        .filter_map(|searched| searched.search.next().map(|next| (searched, next)))
        .filter(|(_, next)| !extent.is_coarse || next.stage == Stage::Coarse)
        .min_by(|(a, next), (b, other)| {
            let cost = |problem: &Problem, epochs: u32| problem.cost * f64::from(epochs);
            let order = next.stage.cmp(&other.stage);
            order.then(cost(&a.problem, next.epochs).total_cmp(&cost(&b.problem, other.epochs)))
        })
    {
        let found = searched.problem.run(next.settings, next.seed, is_in_time())?;
        let Some((run, score)) = found else { break };
        searched.search.add(next.settings, next.seed, score);
        searched.runs.insert(next.settings, run);
    }
    table(&all)
}

impl Problem {
    /// Runs the settings and returns the score; `None` if the run was not made before and must not be made now.
    fn run(&self, settings: Settings, seed: u32, may_run: bool) -> Result<Option<(Run, f64)>> {
        let mut recipe = self.recipe.clone();
        let fields = [("task", json!(self.task)), ("seed", json!(seed)), ("early_stopping_patience", json!(0))];
        // Beyond the last epoch: scored once, at the end.
        for (field, value) in fields.into_iter().chain([("eval_every_epochs", json!(100))]) {
            recipe[field] = value;
        }
        for (field, value) in settings.recipe().as_object().into_iter().flatten() {
            recipe[field] = value.clone();
        }
        let rule = match settings {
            Settings::Default => fetch::hash(&paths::root().join(RULE))?,
            Settings::Point { .. } => String::new(),
        };
        let what = format!("{}, {} rows, {settings:?}, seed {seed}", self.name, self.rows);
        let Some(out) = run_hone(&recipe, &self.files, &self.work, &rule, &what, may_run)? else { return Ok(None) };
        let result: Value = serde_json::from_slice(&fs::read(out.join("result.json"))?)?;
        let events = fs::read_to_string(out.join("events.jsonl"))?;
        let started: Value = serde_json::from_str(events.lines().next().unwrap_or_default())?;
        let number = |value: &Value, at: &str| value.pointer(at).and_then(Value::as_f64).context(format!("no {at}"));
        let run = Run {
            epochs: number(&started, "/started/plan/recipe/epochs")?,
            rate: number(&started, "/started/plan/recipe/learning_rate")?,
            steps: number(&result, "/steps")?,
        };
        Ok(Some((run, 100.0 * number(&result, &format!("/best/scores/{}", self.score[0]))?)))
    }
}

fn problems(folder: &Path) -> Result<Vec<Problem>> {
    let mut found = Vec::new();
    let mut add_csv = |name, score, [train, test]: [Vec<Row>; 2]| -> Result<()> {
        let lines = |rows: Vec<Row>| rows.into_iter().map(|row| json!({ "text": row.text, "label": row.label }));
        let rows = [lines(train).collect(), lines(spread_over(test, TEST_ROWS)).collect()];
        found.extend(sizes(name, "classification", score, json!({}), rows)?);
        Ok(())
    };
    let accuracy = ["accuracy", "accuracy"];
    add_csv("TREC-50", accuracy, data::trec(folder, true)?)?;
    add_csv("TREC-6", accuracy, data::trec(folder, false)?)?;
    add_csv("Sentiment", accuracy, split(data::sentiment(folder)?, TEST_ROWS))?;
    add_csv("SNIPS", accuracy, data::snips(folder)?)?;
    add_csv("SMS", ["macro_f1", "macro-F1"], split(data::sms(folder)?, TEST_ROWS))?;
    let many = split(data::many_labels(&data::sentiment(folder)?, 28), TEST_ROWS);
    found.extend(sizes("28 labels", "multi_label", ["micro_f1", "micro-F1"], json!({}), many)?);
    for (name, task, score, recipe) in [
        ("5 labels", "multi_label", ["micro_f1", "micro-F1"], json!({})),
        ("WNUT17", "token_classification", ["f1", "entity F1"], json!({ "max_length": 64 })),
        ("XQuAD", "question_answering", ["f1", "F1"], json!({ "max_length": 256, "doc_stride": 64 })),
    ] {
        let [train, test] = tasks::rows(folder, task)?;
        found.extend(sizes(name, task, score, recipe, [train, spread_over(test, TEST_ROWS)])?);
    }
    Ok(found)
}

/// The problems of a data set, one for each number of training rows.
fn sizes(
    name: &'static str,
    task: &'static str,
    score: [&'static str; 2],
    recipe: Value,
    [train, test]: [Vec<Value>; 2],
) -> Result<Vec<Problem>> {
    let work = paths::target().join("experiments/defaults").join(name);
    fs::create_dir_all(&work)?;
    let files = |size: usize| [work.join(format!("train-{size}.jsonl")), work.join("test.jsonl")];
    let mut found = Vec::new();
    let smaller = SIZES.into_iter().filter(|&size| size < train.len());
    for size in smaller.chain([train.len()]) {
        let rows = spread_over(train.clone(), size);
        let files = files(size);
        data::write_jsonl(&files[0], &rows)?;
        data::write_jsonl(&files[1], &test)?;
        let cost = rows.iter().map(|row| row.to_string().len() as f64).sum();
        let (recipe, work) = (recipe.clone(), work.clone());
        found.push(Problem { name, task, score, recipe, files, work, rows: size, cost });
    }
    Ok(found)
}

fn table(all: &[Searched]) -> Result<String> {
    let mut page = INTRODUCTION.to_owned();
    writeln!(page, "| data | rows | score, % | default | best of the grid | difference | steps | points |")?;
    writeln!(page, "|---|---|---|---|---|---|---|---|")?;
    for Searched { problem, search, runs } in all {
        let (Some(best), Some(default)) = (search.best(), runs.get(&Settings::Default)) else { continue };
        let Some(point) = runs.get(&best) else { continue };
        let cell = |settings, run: &Run| {
            let scores = search.scores(settings);
            let (mean, spread) = mean_and_spread(&scores);
            let spread = if scores.len() > 1 { format!(" ± {spread:.1}") } else { String::new() };
            (mean, format!("{mean:.1}{spread} ({} × {:e})", run.epochs, run.rate))
        };
        let ((ours, default_cell), (theirs, best_cell)) = (cell(Settings::Default, default), cell(best, point));
        let ratio = default.steps / point.steps;
        writeln!(
            page,
            "| {} | {} | {} | {default_cell} | {best_cell} | {:+.1} | {ratio:.1} | {} |",
            problem.name,
            problem.rows,
            problem.score[1],
            ours - theirs,
            search.points(),
        )?;
    }
    Ok(page)
}

const INTRODUCTION: &str = "
## Defaults

The settings that Hone chooses by itself, beside the best point of a grid of epochs (2, 3, 5, 8, 12, 20, 30) and learning
rates (5e-5, 1e-4, 2e-4, 4e-4, 8e-4) with batches of 8: MiniLM, all layers trained, embeddings frozen. The search runs a
coarse grid (3, 8 and 20 epochs at 1e-4 and 4e-4), then the neighbors of the best point until none is better, then the two
best points and the default with two more seeds. \"points\" is the number of points that were run, \"steps\" the steps of
the default as a multiple of those of the best point, and the brackets hold epochs × learning rate. Every run is scored
once, after its last step, on test rows that it never saw; the grid's best point was chosen on the same rows, so its score
is flattered. A figure without a deviation is from one seed. Rows without both are left out: their runs were not made.

";
