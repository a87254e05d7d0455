//! A study: two or three short runs on the same rows that differ in one thing, and what came of it.

use hone_core::recipe::{Field, Recipe, RecipeSpec, UnfreezeUnit};

use crate::format;
use crate::plot::Picture;
use crate::state::recipe::{fields, opposite};
use crate::state::runs::compare::{loss_picture, score_picture};
use crate::state::runs::scores;
use crate::state::{Effect, Job, PastRun, State};

/// Most optimizer steps of each run.
const MAX_STEPS: u32 = 60;
/// Evaluations of each run.
const EVALUATIONS: u32 = 6;

/// Runs that differ in one thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Study {
    /// Its subject.
    pub title: String,
    /// The runs.
    pub jobs: Vec<Job>,
    /// Ids of those that have ended, in the same order.
    ids: Vec<u32>,
    /// Its stage.
    pub stage: StudyStage,
    /// True if the gap between the losses of its first run is shown.
    pub shows_gap: bool,
    /// Number of validation rows, once a run has ended.
    validation_rows: u32,
}

/// Stage of a study.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StudyStage {
    /// It waits for the user.
    Offered,
    /// Its runs are under way.
    Running,
    /// Its runs have ended.
    Ended,
}

/// Outcome of a run of a study.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The main score of the weights that were kept.
    pub score: f64,
    /// Step of those weights.
    pub best_step: u32,
    /// Steps that were taken.
    pub steps: u32,
    /// Training loss at the end, smoothed.
    pub training_loss: f64,
    /// Loss on the validation rows at the end.
    pub validation_loss: f64,
    /// Similarity of general sentences to those of the base model, from 0 to 1.
    pub similarity: f64,
}

impl Outcome {
    /// The outcome of a run.
    pub fn of(run: &PastRun) -> Self {
        Self {
            score: run.best.score(scores::shown(run.recipe.task, Some(&run.best))[0]),
            best_step: run.best.step,
            steps: run.steps,
            training_loss: run.loss.last().map_or(f64::NAN, |point| point.1),
            validation_loss: run.evaluations.last().map_or(f64::NAN, |evaluation| evaluation.loss),
            similarity: run.forgetting.map_or(f64::NAN, |forgetting| forgetting.agreement),
        }
    }
}

impl Study {
    /// A study that waits for the user.
    pub fn new(title: String, jobs: Vec<Job>) -> Self {
        Self { title, jobs, ids: Vec::new(), stage: StudyStage::Offered, shows_gap: false, validation_rows: 0 }
    }

    /// Outcome of the runs, in words: best scores, whether their intervals overlap, gaps and steps.
    pub fn sentence(&self, runs: &[&PastRun]) -> String {
        let (Some(first), true) = (runs.first(), runs.len() > 1) else { return String::new() };
        let metric = scores::shown(first.recipe.task, Some(&first.best))[0];
        let outcomes: Vec<Outcome> = runs.iter().map(|run| Outcome::of(run)).collect();
        let listed = |value: &dyn Fn(usize) -> String| {
            let named = self.jobs.iter().zip(0..runs.len()).map(|(job, nth)| format!("{} ({})", value(nth), job.name));
            named.collect::<Vec<_>>().join(", ")
        };
        let best = listed(&|nth| scores::of(&runs[nth].best, metric));
        let gaps = listed(&|nth| format::figure(outcomes[nth].validation_loss - outcomes[nth].training_loss));
        let steps = listed(&|nth| format::count(f64::from(outcomes[nth].best_step)));
        format!(
            "Best validation {}: {best}. {} Validation loss minus training loss at the end: {gaps}. Step of the best \
             weights: {steps}.",
            metric.name(),
            self.difference(runs),
        )
    }

    /// True if the intervals of the best and the worst run overlap. That is no test: both runs are scored on the same rows.
    fn difference(&self, runs: &[&PastRun]) -> String {
        let Some(first) = runs.first() else { return String::new() };
        let metric = scores::shown(first.recipe.task, Some(&first.best))[0];
        let sign = if metric.is_lower_better() { -1.0 } else { 1.0 };
        let score = |nth: &usize| sign * runs[*nth].best.score(metric);
        let by_score = |a: &usize, b: &usize| score(a).total_cmp(&score(b));
        let (Some(best), Some(worst)) = ((0..runs.len()).rev().max_by(by_score), (0..runs.len()).min_by(by_score))
        else {
            return String::new();
        };
        let interval = |nth: usize| runs[nth].best.intervals.get(&metric);
        let (Some(high), Some(low)) = (interval(best), interval(worst)) else { return String::new() };
        let rows = format::counted(self.validation_rows, "validation row", "validation rows");
        let [best_name, worst_name] = [best, worst].map(|nth| &self.jobs[nth].name);
        if high.low <= low.high && low.low <= high.high {
            let which = if runs.len() > 2 { " of the best and the worst run" } else { "" };
            format!("The 95 % intervals{which} overlap: {rows} may be too few to tell them apart.")
        } else {
            let by = format::figure((score(&best) - score(&worst)).abs());
            format!("{best_name} is better than {worst_name} by {by}, and their 95 % intervals do not overlap.")
        }
    }
}

impl State {
    /// The study of a field: its value in the form against another one. None if the other recipe does not fit the model.
    fn study_of(&self, field: &Field) -> Option<Study> {
        let own = self.filled_form();
        let other = opposite::opposite(field, &own);
        if self.facts().is_some_and(|facts| Recipe::new(other.clone(), &facts).is_err()) {
            return None;
        }
        let job = |recipe: &RecipeSpec| Job {
            name: format!("{} {}", field.label, fields::words(field, recipe)),
            recipe: RecipeSpec { model: self.recipe().model, ..self.shortened(recipe) },
        };
        Some(Study::new(field.label.to_owned(), vec![job(&own), job(&other)]))
    }

    /// Returns true if the button of a field can offer a study.
    pub fn can_study(&self, field: &Field) -> bool {
        !self.is_engaged() && self.facts().is_some() && self.data.is_ready() && self.study_of(field).is_some()
    }

    /// Offers the study of a field.
    pub fn offer_study(&mut self, field: &Field) {
        self.study = self.study_of(field);
    }

    /// A recipe with at most [`MAX_STEPS`] steps, evaluated several times. Stages of unfreezing shrink with the run.
    fn shortened(&self, recipe: &RecipeSpec) -> RecipeSpec {
        let total = self.planned_steps();
        let steps = total.min(MAX_STEPS);
        let mut short = RecipeSpec {
            eval_every_steps: Some((steps / EVALUATIONS).max(1)),
            early_stopping_patience: Some(0),
            ..recipe.clone()
        };
        if steps < total {
            short.max_steps = steps;
            if short.has_stages() && short.unfreeze_unit == UnfreezeUnit::Epochs {
                let epochs = f64::from(recipe.epochs.unwrap_or(1));
                let every = f64::from(steps) * short.unfreeze_every / epochs;
                (short.unfreeze_unit, short.unfreeze_every) = (UnfreezeUnit::Steps, every.round().max(1.0));
            }
        }
        short
    }

    /// The runs of the study, and their duration, in words.
    pub fn study_plan(&self) -> String {
        let Some(study) = self.study.as_ref().filter(|study| study.stage == StudyStage::Offered) else {
            return String::new();
        };
        let names: Vec<&str> = study.jobs.iter().map(|job| job.name.as_str()).collect();
        let count = study.jobs.len() as f64;
        let steps = study.jobs.first().map_or(0, |job| match job.recipe.max_steps {
            0 => self.planned_steps(),
            most => most,
        });
        let time = match self.estimate() {
            Some(Ok(estimate)) => {
                let share = f64::from(steps) / f64::from(estimate.steps.max(1));
                format!(", about {} in all", format::about(count * share.min(1.0) * estimate.seconds))
            }
            _ => String::new(),
        };
        let loss = if self.run.has_weights {
            " The model of the last run is replaced: keep it or download it first."
        } else {
            ""
        };
        format!(
            "Runs on the same rows, from the same seed, that differ in nothing else: {}. {} each{time}.{loss}",
            names.join(" against "),
            format::counted(steps, "step", "steps"),
        )
    }

    /// Starts the runs of the study.
    pub fn run_study(&mut self) -> Vec<Effect> {
        let Some(study) = &self.study else { return Vec::new() };
        let effects = self.start_all(study.jobs.clone());
        if let Some(study) = self.study.as_mut().filter(|_| !effects.is_empty()) {
            (study.ids, study.stage) = (Vec::new(), StudyStage::Running);
        }
        effects
    }

    /// A run has ended: it may be one of the study's.
    pub(in crate::state) fn note_study_run(&mut self) {
        let Some(study) = self.study.as_mut().filter(|study| study.stage == StudyStage::Running) else { return };
        study.ids.extend(self.run.past_id);
        study.validation_rows = self.run.plan.as_ref().map_or(0, |plan| plan.validation_rows);
        if self.queue.waiting() == 0 {
            study.stage = StudyStage::Ended;
        }
    }

    /// The runs that the study waits for will not come.
    pub(in crate::state) fn end_study(&mut self) {
        if let Some(study) = self.study.as_mut().filter(|study| study.stage == StudyStage::Running) {
            study.stage = StudyStage::Ended;
        }
    }

    /// The runs of the study that have ended.
    pub fn study_runs(&self) -> Vec<&PastRun> {
        let ids = self.study.as_ref().map_or(&[][..], |study| &study.ids);
        ids.iter().filter_map(|id| self.history.run(*id)).collect()
    }

    /// The main score of the study's runs.
    pub fn study_score_picture(&self) -> Picture {
        score_picture(&self.study_runs())
    }

    /// The loss of the study's runs.
    pub fn study_loss_picture(&self) -> Picture {
        loss_picture(&self.study_runs())
    }

    /// Outcome of the study's runs, once all have ended.
    pub fn study_sentence(&self) -> String {
        match &self.study {
            Some(study) if study.stage == StudyStage::Ended => study.sentence(&self.study_runs()),
            _ => String::new(),
        }
    }
}
