//! Overfitting on purpose: a run on few rows, some of them with a wrong label, and the same run with each of three remedies.

use hone_core::recipe::{Metric, Recipe, RecipeSpec, Schedule, Task, Unfreezing};

use crate::format;
use crate::plot::{Frame, Picture, Scale, Series, Shape};
use crate::state::runs::charts::step_ends;
use crate::state::{Job, PastRun, State, Study};

/// Training rows of each run.
const ROWS: u32 = 60;
/// Optimizer steps of each run, and from one evaluation to the next.
const STEPS: u32 = 60;
const EVALUATE_EVERY: u32 = 6;

impl State {
    /// Returns true if the rows have one label each, of which some can be flipped.
    pub fn takes_overfit(&self) -> bool {
        self.data.is_ready() && self.form.recipe.task == Task::Classification
    }

    /// The study that overfits on purpose. None if its recipes do not fit the model.
    fn overfit_study(&self, flipped_percent: u32) -> Option<Study> {
        let own = self.filled_form();
        let none = RecipeSpec {
            task: own.task,
            model: self.recipe().model,
            pooling: own.pooling,
            seed: own.seed,
            max_length: own.max_length,
            max_train_samples: ROWS,
            label_noise: f64::from(flipped_percent) / 100.0,
            batch_size: Some(16),
            // High and without an end, so that the rows are soon known by heart.
            learning_rate: Some(5e-4),
            schedule: Schedule::Constant,
            unfreezing: Unfreezing::Last,
            dropout: 0.0,
            attention_dropout: 0.0,
            head_dropout: 0.0,
            weight_decay: 0.0,
            epochs: Some(STEPS),
            max_steps: STEPS,
            eval_every_steps: Some(EVALUATE_EVERY),
            metric_for_best_model: Some(Metric::Loss),
            early_stopping_patience: Some(0),
            ..RecipeSpec::default()
        };
        let dropout = RecipeSpec { dropout: 0.4, attention_dropout: 0.4, head_dropout: 0.4, ..none.clone() };
        let decay = RecipeSpec { weight_decay: 1.0, ..none.clone() };
        let stopping = RecipeSpec { early_stopping_patience: Some(2), ..none.clone() };
        let facts = self.facts()?;
        let runs =
            [("no remedy", none), ("dropout 40 %", dropout), ("weight decay 1", decay), ("early stopping", stopping)];
        let fit = runs.iter().all(|(_, recipe)| Recipe::new(recipe.clone(), &facts).is_ok());
        let jobs = runs.map(|(name, recipe)| Job { name: name.to_owned(), recipe });
        let title = format!("overfit on purpose, {ROWS} rows, {flipped_percent} % of their labels wrong");
        let mut study = Study::new(title, jobs.into());
        study.shows_gap = true;
        fit.then_some(study)
    }

    /// Returns true if it can be offered.
    pub fn can_overfit(&self) -> bool {
        self.takes_overfit() && !self.is_engaged() && self.overfit_study(0).is_some()
    }

    /// Offers it, with this share of the training labels flipped.
    pub fn offer_overfit(&mut self, flipped_percent: u32) {
        self.study = self.overfit_study(flipped_percent);
    }

    /// The first run of a study that shows the gap between its losses.
    fn gap_run(&self) -> Option<&PastRun> {
        self.study.as_ref().filter(|study| study.shows_gap)?;
        self.study_runs().into_iter().next()
    }

    /// Both losses of the first run, the gap between them, and the turning point of the validation loss. Empty in other studies.
    pub fn gap_picture(&self) -> Picture {
        let run = self.gap_run();
        let training = run.map_or(&[][..], |run| &run.loss);
        let validation: Vec<(f64, f64)> = run.into_iter().flat_map(validation_losses).collect();
        let first = validation.first().map_or(0.0, |point| point.0);
        let losses = training.iter().chain(&validation).map(|point| point.1);
        let (frame, ticks) = Frame::fitting(run.map_or(1.0, |run| f64::from(run.steps)), losses, Scale::Linear);
        let back = training.iter().rev().filter(|point| point.0 >= first);
        let around: Vec<(f64, f64)> = validation.iter().chain(back).copied().collect();
        let shapes = vec![
            Shape::new("gap", frame.line(&around)),
            Shape::new("smooth", frame.line(training)),
            Shape::new("validation", frame.line(&validation)),
            Shape::new("validation dots", frame.dots(&validation)),
            Shape::new("best", frame.dots(run.and_then(turning_point).as_slice())),
        ];
        let series = vec![
            Series::labeled("training", "smooth", training),
            Series::labeled("validation", "validation", &validation),
        ];
        Picture { shapes, series, frame, ticks, ends: step_ends(frame.x_max), summary: self.gap_words() }
    }

    /// Meaning of the gap, in words; empty in other studies.
    pub fn gap_words(&self) -> String {
        self.gap_run().map(gap_words).unwrap_or_default()
    }
}

fn validation_losses(run: &PastRun) -> impl Iterator<Item = (f64, f64)> {
    run.evaluations.iter().map(|evaluation| (f64::from(evaluation.step), evaluation.loss))
}

/// Step and value of the lowest validation loss.
fn turning_point(run: &PastRun) -> Option<(f64, f64)> {
    validation_losses(run).filter(|point| point.1.is_finite()).min_by(|a, b| a.1.total_cmp(&b.1))
}

fn gap_words(run: &PastRun) -> String {
    let (Some(turn), Some(end), Some(training)) = (turning_point(run), validation_losses(run).last(), run.loss.last())
    else {
        return String::new();
    };
    let (at, lowest, last) = (format::count(turn.0), format::figure(turn.1), format::figure(end.1));
    if turn.0 >= end.0 {
        return format!(
            "Without a remedy, validation loss was still falling at the end: {last} at step {at}. It does not overfit yet; \
             flip more labels."
        );
    }
    format!(
        "Without a remedy, validation loss turned at step {at}: it was lowest there, {lowest}, and {last} at the end, while \
         training loss went on to {}. The shaded gap at the end is {}.",
        format::figure(training.1),
        format::figure(end.1 - training.1),
    )
}
