//! Compares the settings that Hone chooses with the best of a grid of epochs and learning rates.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use hone_core::recipe::{Defaults, Family, ModelFacts, Pooling, Preset, RecipeSpec, RowFacts};
use serde_json::{Value, json};

use super::data::{self, Row, split, spread_over};
use super::grid::{SEEDS, Search, Settings, Stage};
use super::{mean_and_spread, run_hone, tasks};
use crate::paths;

/// Training rows; the last is all.
const SIZES: [usize; 4] = [100, 300, 1_000, usize::MAX];
const TEST_ROWS: usize = 500;
/// Presets besides the default, and the middle of their grid of learning rates.
const PRESETS: [(&str, Preset, f64); 4] = [
    ("Quick", Preset::Quick, 1e-3),
    ("Adapter", Preset::Adapter, 8e-4),
    ("Balanced", Preset::Balanced, 4e-4),
    ("Few examples", Preset::FewExamples, 2e-4),
];
/// Middle of the grid of learning rates where all layers are trained.
const MIDDLE: f64 = 2e-4;

/// Heading of the table in the page.
pub const HEADING: &str = "\n## Defaults\n";

/// Extent of the search.
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
    name: String,
    /// The score that is compared, its name in Hone's result, and its name in the table.
    score: [&'static str; 2],
    /// Fields of the recipe besides those that are compared.
    recipe: Value,
    /// Hone's choice.
    chosen: Defaults,
    /// Middle of the grid of learning rates.
    middle: f64,
    files: [PathBuf; 2],
    work: PathBuf,
    rows: usize,
    /// Training rows times the length of a row, for the order of the runs.
    cost: f64,
}

/// Settings and steps of a run.
#[derive(Clone, Copy, PartialEq)]
struct Run {
    epochs: u32,
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
        let mut searched = Searched { problem, search: Search::default(), runs: BTreeMap::new() };
        searched.add_earlier_runs()?;
        all.push(searched);
    }
    let begin = Instant::now();
    let is_in_time = || extent.limit.is_none_or(|limit| begin.elapsed() < limit);
    // The cheapest run of the earliest stage, over all problems.
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

impl Searched {
    /// Adds all runs that were made before.
    fn add_earlier_runs(&mut self) -> Result<()> {
        for settings in Settings::all() {
            for seed in SEEDS {
                if let Some((run, score)) = self.problem.run(settings, seed, false)? {
                    self.search.add(settings, seed, score);
                    self.runs.insert(settings, run);
                }
            }
        }
        Ok(())
    }
}

impl Problem {
    /// Runs the settings and returns the score; `None` if the run was not made before and must not be made now.
    fn run(&self, settings: Settings, seed: u32, may_run: bool) -> Result<Option<(Run, f64)>> {
        let mut recipe = self.recipe.clone();
        let Defaults { epochs, learning_rate, batch_size, warmup_ratio, .. } = self.chosen;
        let (epochs, rate) = settings.point(self.middle).unwrap_or((epochs, learning_rate));
        for (field, value) in [
            ("seed", json!(seed)),
            ("epochs", json!(epochs)),
            ("learning_rate", json!(rate)),
            ("batch_size", json!(batch_size)),
            ("warmup_ratio", json!(warmup_ratio)),
            ("early_stopping_patience", json!(0)),
            // Beyond the last epoch: scored once, at the end.
            ("eval_every_epochs", json!(100)),
        ] {
            recipe[field] = value;
        }
        let what = format!("{}, {} rows, {epochs} epochs at {rate:e}, seed {seed}", self.name, self.rows);
        let Some(out) = run_hone(&recipe, &self.files, &self.work, &what, may_run)? else { return Ok(None) };
        let result: Value = serde_json::from_slice(&fs::read(out.join("result.json"))?)?;
        let number = |value: &Value, at: &str| value.pointer(at).and_then(Value::as_f64).context(format!("no {at}"));
        let run = Run { epochs, rate, steps: number(&result, "/steps")? };
        Ok(Some((run, 100.0 * number(&result, &format!("/best/scores/{}", self.score[0]))?)))
    }
}

fn problems(folder: &Path) -> Result<Vec<Problem>> {
    let accuracy = ["accuracy", "accuracy"];
    let micro_f1 = ["micro_f1", "micro-F1"];
    let lines = |rows: [Vec<Row>; 2]| {
        rows.map(|rows| rows.into_iter().map(|row| json!({ "text": row.text, "label": row.label })).collect())
    };
    let classification = || json!({ "task": "classification" });
    let sentences = || data::sentiment(folder);
    let [five_labels, tagged, questions] =
        tasks::rows(folder, ["multi_label", "token_classification", "question_answering"])?;
    let mut found = Vec::new();
    for (name, score, recipe, rows) in [
        ("TREC-50", accuracy, classification(), lines(data::trec(folder, true)?)),
        ("TREC-6", accuracy, classification(), lines(data::trec(folder, false)?)),
        ("Sentiment", accuracy, classification(), lines(split(sentences()?, TEST_ROWS))),
        ("SNIPS", accuracy, classification(), lines(data::snips(folder)?)),
        ("SMS", ["macro_f1", "macro-F1"], classification(), lines(split(data::sms(folder)?, TEST_ROWS))),
        (
            "28 labels",
            micro_f1,
            json!({ "task": "multi_label" }),
            split(data::many_labels(&sentences()?, 28), TEST_ROWS),
        ),
        ("5 labels", micro_f1, json!({ "task": "multi_label" }), five_labels),
        ("WNUT17", ["f1", "entity F1"], json!({ "task": "token_classification", "max_length": 64 }), tagged),
        (
            "XQuAD",
            ["f1", "F1"],
            json!({ "task": "question_answering", "max_length": 256, "doc_stride": 64 }),
            questions,
        ),
    ] {
        let [train, test] = rows;
        let set = Set { name, score, recipe, train, test: spread_over(test, TEST_ROWS) };
        found.extend(set.problems(name.to_owned(), Preset::Full, MIDDLE)?);
        if ["TREC-50", "TREC-6", "Sentiment"].contains(&name) {
            for (preset, kind, middle) in PRESETS {
                found.extend(set.problems(format!("{name}, {preset}"), kind, middle)?);
            }
        }
    }
    Ok(found)
}

/// A data set.
struct Set {
    name: &'static str,
    score: [&'static str; 2],
    recipe: Value,
    train: Vec<Value>,
    test: Vec<Value>,
}

impl Set {
    /// The problems of the data set for a preset, one for each number of training rows.
    fn problems(&self, name: String, preset: Preset, middle: f64) -> Result<Vec<Problem>> {
        let work = paths::target().join("experiments/defaults").join(self.name);
        fs::create_dir_all(&work)?;
        let plain: RecipeSpec = serde_json::from_value(self.recipe.clone())?;
        let spec = preset.recipe(&plain);
        let mut found = Vec::new();
        let smaller = SIZES.into_iter().filter(|&size| size < self.train.len());
        for size in smaller.chain([self.train.len()]) {
            let rows = spread_over(self.train.clone(), size);
            let files = [work.join(format!("train-{size}.jsonl")), work.join("test.jsonl")];
            data::write_jsonl(&files[0], &rows)?;
            data::write_jsonl(&files[1], &self.test)?;
            let chosen = Defaults::new(&spec, &facts(size, classes(&rows)));
            let cost = rows.iter().map(|row| row.to_string().len() as f64).sum();
            let (name, work, recipe) = (name.clone(), work.clone(), fields(&spec, &self.recipe)?);
            found.push(Problem { name, score: self.score, recipe, chosen, middle, files, work, rows: size, cost });
        }
        Ok(found)
    }
}

/// The fields of a recipe that differ from the default, and those of `own`.
fn fields(spec: &RecipeSpec, own: &Value) -> Result<Value> {
    let [Value::Object(mut fields), default] = [spec, &RecipeSpec::default()].map(|spec| json!(spec)) else {
        bail!("a recipe is an object")
    };
    fields.retain(|name, value| *value != default[name.as_str()] || own.get(name).is_some());
    Ok(fields.into())
}

/// Facts about MiniLM and data.
fn facts(rows: usize, classes: usize) -> ModelFacts {
    ModelFacts {
        family: Family::Bert,
        parameters: 22.7e6,
        layers: 6,
        hidden: 384,
        has_pooler: true,
        max_positions: 512,
        pooling: Pooling::Mean,
        data: RowFacts { rows: rows as u32, classes: classes as u32, ..RowFacts::default() },
    }
}

/// Number of classes, labels or tags of rows as they are written.
fn classes(rows: &[Value]) -> usize {
    let tags = |row: &Value| row["tags"].as_array().cloned().unwrap_or_default();
    let labels = |row: &Value| row.get("label").cloned();
    let distinct: BTreeSet<String> =
        rows.iter().flat_map(|row| tags(row).into_iter().chain(labels(row))).map(|label| label.to_string()).collect();
    // The columns of several labels, besides the text.
    let columns = rows.first().and_then(Value::as_object).map_or(0, |row| row.len() - 1);
    if distinct.is_empty() && rows.first().is_some_and(|row| row.get("text").is_some()) {
        columns
    } else {
        distinct.len()
    }
}

fn table(all: &[Searched]) -> Result<String> {
    let mut page = INTRODUCTION.to_owned();
    writeln!(page, "| data | rows | score, % | default | best of the grid | difference | steps | points |")?;
    writeln!(page, "|---|---|---|---|---|---|---|---|")?;
    for Searched { problem, search, runs } in all {
        let (Some(best), Some(default)) = (search.best(), runs.get(&Settings::Chosen)) else { continue };
        // A single point may be the default itself.
        let Some(point) = runs.get(&best).filter(|_| search.points() > 1) else { continue };
        let cell = |settings, run: &Run| {
            let scores = search.scores(settings);
            let (mean, spread) = mean_and_spread(&scores);
            let spread = if scores.len() > 1 { format!(" ± {spread:.1}") } else { String::new() };
            (mean, format!("{mean:.1}{spread} ({} × {:e})", run.epochs, run.rate))
        };
        let ((ours, default_cell), (theirs, best_cell)) = (cell(Settings::Chosen, default), cell(best, point));
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
    let complete = all.iter().filter(|searched| searched.search.next().is_none()).count();
    writeln!(
        page,
        "\nThe search has come to its end for {complete} of {} numbers of rows, presets included.",
        all.len()
    )?;
    Ok(page)
}

const INTRODUCTION: &str = "
## Defaults

The epochs and the learning rate that Hone chooses by itself, next to the best point of a grid of epochs (2, 3, 5, 8, 12,
20, 30) and five learning rates (5e-5 to 8e-4 where all layers are trained, otherwise as many around a higher one), with
batches of 8: MiniLM, embeddings frozen, all layers trained unless a preset is named. The search runs a coarse grid (3, 8
and 20 epochs at two rates), then the neighbors of the best point until none is better, then the two best points and the
default with two more seeds. \"points\" is the number of points that were run, \"steps\" the steps of the default as a
multiple of those of the best point, and the brackets hold epochs × learning rate. Every run is scored once, after its
last step, on test rows that it never saw; the best point was chosen on the same rows, so its score is flattered. A figure
without a deviation is from one seed. Data for which the default or the grid was not run, or only one point of it, are
left out.

";
