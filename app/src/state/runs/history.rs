//! Finished runs, kept between visits.

use hone_core::metrics::{ClassScores, Detail, Evaluation};
use hone_core::recipe::{Metric, RecipeSpec};
use hone_core::run::{Baseline, EndReason, Forgetting, RunRecord};
use serde::{Deserialize, Serialize};

use crate::plot::{smooth, thin};
use crate::state::runs::scores;
use crate::state::{Effect, Run, State};

/// Maximum number of runs kept; the oldest are dropped.
const MAX_RUNS: usize = 50;
/// Maximum number of points kept of a curve.
const MAX_POINTS: usize = 150;

/// A finished run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PastRun {
    /// Id, never reused.
    pub id: u32,
    /// Name, which the user can change.
    pub name: String,
    /// The recipe, with all automatic values filled in.
    pub recipe: RecipeSpec,
    /// Name of the training file.
    pub data: String,
    /// Number of training rows.
    pub train_rows: u32,
    /// The reason why it ended.
    pub reason: EndReason,
    /// Number of optimizer steps.
    pub steps: u32,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Scores of the weights that were kept, including those of each label.
    pub best: Evaluation,
    /// Scores of always predicting the most frequent label.
    pub baseline: Option<Baseline>,
    /// The measurement of forgetting, if there is one.
    pub forgetting: Option<Forgetting>,
    /// All evaluations, without labels and rows.
    pub evaluations: Vec<Evaluation>,
    /// Smoothed training loss over the steps.
    pub loss: Vec<(f64, f64)>,
    /// True if it is selected for comparison.
    #[serde(skip)]
    pub is_ticked: bool,
}

impl PastRun {
    /// Scores of each class, label or entity type.
    pub fn classes(&self) -> &[ClassScores] {
        match &self.best.detail {
            Detail::Classes { classes, .. } => classes,
            Detail::Labels { labels, .. } => labels,
            Detail::Entities { kinds } => kinds,
            _ => &[],
        }
    }
}

/// The part of the details that is stored: tables, but no text from the rows.
fn kept(detail: &Detail) -> Detail {
    match detail.clone() {
        Detail::Classes { classes, .. } => Detail::Classes { classes, confusion: Vec::new() },
        Detail::Labels { labels, .. } => Detail::Labels { labels, thresholds: Vec::new() },
        Detail::Texts { .. } | Detail::Numbers { .. } => Detail::None,
        detail => detail,
    }
}

/// Drops scores that are not finite: JSON cannot represent them, and the run could not be read again.
fn finite(mut evaluation: Evaluation) -> Evaluation {
    evaluation.scores.retain(|_, score| score.is_finite());
    evaluation
}

/// Returns true if JSON can represent all values.
fn is_finite(forgetting: &Forgetting) -> bool {
    let (before, after) = forgetting.perplexity.map_or((0.0, 0.0), |change| (change.before, change.after));
    [forgetting.cosine, forgetting.agreement, before, after].iter().all(|figure| figure.is_finite())
}

/// The finished runs, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The runs, in the order in which they ended.
    pub runs: Vec<PastRun>,
}

impl History {
    /// Adds a run that has just ended, or updates it if it was trained further. Returns its id.
    pub fn keep(&mut self, run: &Run) -> Option<u32> {
        let (plan, summary) = (run.plan.as_ref()?, run.summary()?);
        let earlier = run.past_id.and_then(|id| self.runs.iter().position(|past| past.id == id));
        let id = earlier.map_or_else(|| self.next_id(), |index| self.runs[index].id);
        let steps: Vec<(f64, f64)> = run.steps.iter().map(|step| (f64::from(step.step), step.loss)).collect();
        let slim = |evaluation: &Evaluation| finite(Evaluation { detail: Detail::None, ..evaluation.clone() });
        let past = PastRun {
            id,
            name: earlier.map_or_else(|| run.name.clone(), |index| self.runs[index].name.clone()),
            recipe: plan.recipe.clone(),
            data: run.data.clone(),
            train_rows: plan.train_rows,
            reason: summary.reason,
            steps: summary.steps,
            seconds: summary.seconds,
            best: finite(Evaluation { detail: kept(&summary.best.detail), confidence: None, ..summary.best.clone() }),
            baseline: summary.baseline.clone(),
            forgetting: summary.forgetting.filter(is_finite),
            evaluations: run.evaluations.iter().filter(|one| one.loss.is_finite()).map(slim).collect(),
            loss: thin(&smooth(&steps), MAX_POINTS).collect(),
            is_ticked: earlier.is_some_and(|index| self.runs[index].is_ticked),
        };
        match earlier {
            Some(index) => self.runs[index] = past,
            None => self.runs.push(past),
        }
        let surplus = self.runs.len().saturating_sub(MAX_RUNS);
        self.runs.drain(..surplus);
        Some(id)
    }

    /// The id of the next run.
    pub fn next_id(&self) -> u32 {
        self.runs.iter().map(|run| run.id).max().unwrap_or(0).saturating_add(1)
    }

    /// A run by its id.
    pub fn run(&self, id: u32) -> Option<&PastRun> {
        self.runs.iter().find(|run| run.id == id)
    }

    /// The id of the run that a saved run is, if it had ended.
    pub fn id_of(&self, record: &RunRecord) -> Option<u32> {
        let is_it = |past: &&PastRun| past.steps == record.step && past.recipe == record.plan.recipe;
        self.runs.iter().rev().find(is_it).map(|past| past.id)
    }

    /// Renames a run; an empty name is ignored.
    pub fn rename(&mut self, id: u32, name: &str) {
        if let (Some(run), false) = (self.runs.iter_mut().find(|run| run.id == id), name.trim().is_empty()) {
            run.name = name.trim().to_owned();
        }
    }

    /// Deletes a run.
    pub fn delete(&mut self, id: u32) {
        self.runs.retain(|run| run.id != id);
    }

    /// Selects a run for comparison, or deselects it.
    pub fn tick(&mut self, id: u32, is_ticked: bool) {
        if let Some(run) = self.runs.iter_mut().find(|run| run.id == id) {
            run.is_ticked = is_ticked;
        }
    }

    /// The metrics shown for these runs: the two main ones of each task.
    pub fn metrics<'a>(runs: impl IntoIterator<Item = &'a PastRun>) -> Vec<Metric> {
        let mut metrics = Vec::new();
        for run in runs {
            let shown = scores::shown(run.recipe.task, Some(&run.best)).iter().take(2);
            metrics.extend(shown.filter(|metric| !metrics.contains(*metric)).copied().collect::<Vec<_>>());
        }
        metrics
    }

    /// The runs selected for comparison.
    pub fn ticked(&self) -> Vec<&PastRun> {
        self.runs.iter().filter(|run| run.is_ticked).collect()
    }

    /// The index of a run among the compared ones, which determines its color and dash.
    pub fn series(&self, id: u32) -> Option<usize> {
        self.ticked().iter().position(|run| run.id == id)
    }

    /// Restores stored runs: the newest, each id only once.
    pub fn restored(kept: Vec<PastRun>) -> Self {
        let surplus = kept.len().saturating_sub(MAX_RUNS);
        let mut runs: Vec<PastRun> = Vec::new();
        for run in kept.into_iter().skip(surplus) {
            // Runs with the same id would be indistinguishable.
            if runs.iter().all(|other| other.id != run.id) {
                runs.push(run);
            }
        }
        Self { runs }
    }
}

impl State {
    /// Renames a run of the history.
    pub fn rename_run(&mut self, id: u32, name: &str) -> Vec<Effect> {
        self.history.rename(id, name);
        vec![Effect::StoreRuns]
    }

    /// Deletes a run of the history.
    pub fn delete_run(&mut self, id: u32) -> Vec<Effect> {
        self.history.delete(id);
        vec![Effect::StoreRuns]
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A run with a given score.
    pub fn past(id: u32, recipe: RecipeSpec, macro_f1: f64) -> PastRun {
        let evaluation = |step, loss| Evaluation {
            step,
            epoch: 1.0,
            loss,
            scores: [(Metric::MacroF1, macro_f1), (Metric::Accuracy, macro_f1)].into(),
            intervals: [].into(),
            confidence: None,
            detail: Detail::None,
        };
        PastRun {
            id,
            name: format!("Run {id}"),
            recipe,
            data: "reviews.csv".into(),
            train_rows: 90,
            reason: EndReason::Completed,
            steps: 20,
            seconds: 10.0,
            best: evaluation(20, 0.4),
            baseline: None,
            forgetting: None,
            evaluations: vec![evaluation(10, 0.6), evaluation(20, 0.4)],
            loss: vec![(1.0, 0.7), (20.0, 0.3)],
            is_ticked: false,
        }
    }

    #[test]
    fn runs_round_trip_through_json() {
        let recipe =
            RecipeSpec { lr_per_group: [(hone_core::recipe::ParamGroup::Head, 0.1)].into(), ..RecipeSpec::default() };
        let run = past(1, recipe, 0.8);
        let json = serde_json::to_string(&run).unwrap();
        assert_eq!(serde_json::from_str::<PastRun>(&json).unwrap(), run);
        let strange = json.replace("\"epochs\"", "\"epocs\"");
        assert!(serde_json::from_str::<PastRun>(&strange).is_err());
    }

    #[test]
    fn only_the_newest_runs_are_kept_and_each_id_once() {
        let runs: Vec<PastRun> = (0..60).map(|id| past(id, RecipeSpec::default(), 0.5)).collect();
        let read = History::restored(runs.clone());
        assert_eq!((read.runs.len(), read.runs[0].id, read.next_id()), (MAX_RUNS, 10, 60));
        let twice = vec![runs[1].clone(), runs[1].clone(), runs[2].clone()];
        assert_eq!(History::restored(twice).runs, runs[1..3]);
    }

    #[test]
    fn runs_are_renamed_selected_and_deleted_by_id() {
        let mut history =
            History { runs: vec![past(1, RecipeSpec::default(), 0.5), past(2, RecipeSpec::default(), 0.6)] };
        history.rename(2, "  best so far ");
        history.rename(2, "   ");
        assert_eq!(history.runs[1].name, "best so far");
        history.tick(2, true);
        assert_eq!((history.series(1), history.series(2)), (None, Some(0)));
        history.delete(1);
        assert_eq!(history.runs.len(), 1);
    }
}
