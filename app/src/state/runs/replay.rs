//! Replay of early stopping over the evaluations of a run: where another patience would have ended it. Nothing is trained.

use hone_core::metrics::Evaluation;
use hone_core::recipe::{Schedule, UnfreezeUnit, Unfreezing};
use hone_core::run::{EarlyStop, EndReason};

use crate::format;
use crate::plot::{Frame, Picture, Scale, Series, Shape, round_up};
use crate::state::runs::charts::step_ends;
use crate::state::runs::scores;
use crate::state::{Run, State};

/// Number of positions of the slider for the minimum change.
pub const MIN_DELTA_STOPS: u32 = 20;

/// Values that the user tries; the recipe's own until then.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Replay {
    /// Patience, in evaluations.
    pub patience: Option<u32>,
    /// Minimum change, in steps of the slider.
    pub min_delta: Option<u32>,
}

/// Outcome that early stopping would have had.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Outcome {
    /// Index of the evaluation after which the run would have ended; none if it would have gone on.
    end: Option<usize>,
    /// Index of the evaluation whose weights would have been kept.
    best: usize,
}

impl Run {
    /// Returns true if there are evaluations to replay.
    pub fn can_replay(&self) -> bool {
        self.summary().is_some() && self.trained_evaluations().len() > 1
    }

    /// Evaluations after a step that has changed the weights, as the engine counts them.
    fn trained_evaluations(&self) -> Vec<&Evaluation> {
        let first = self.steps.iter().find(|step| step.taken && step.lr > 0.0).map_or(u32::MAX, |step| step.step);
        self.evaluations.iter().filter(|evaluation| evaluation.step >= first).collect()
    }

    /// Returns true if the minimum change decides about more than the end of the run: about the next stage of unfreezing,
    /// or about the learning rate. With another one, the run itself would have been another.
    pub fn min_delta_has_other_effects(&self) -> bool {
        let recipe = self.plan.as_ref().map(|plan| &plan.recipe);
        recipe.is_some_and(|recipe| {
            let has_stages = matches!(recipe.unfreezing, Unfreezing::Gradual | Unfreezing::ChainThaw);
            (has_stages && recipe.unfreeze_unit == UnfreezeUnit::Stall) || recipe.schedule == Schedule::Plateau
        })
    }

    fn replay(&self, patience: u32, min_delta: f64) -> Option<Outcome> {
        let recipe = &self.plan.as_ref()?.recipe;
        let mut early_stop = EarlyStop::new(scores::deciding(recipe), min_delta, patience);
        let mut best = None;
        for (nth, evaluation) in self.trained_evaluations().into_iter().enumerate() {
            if early_stop.observe(evaluation).is_best {
                best = Some(nth);
            }
            if early_stop.should_stop() {
                return Some(Outcome { end: Some(nth), best: best? });
            }
        }
        Some(Outcome { end: None, best: best? })
    }
}

impl State {
    /// Most patience that makes a difference: the number of evaluations.
    pub fn replay_most_patience(&self) -> u32 {
        self.run.trained_evaluations().len() as u32
    }

    /// Patience of the replay.
    pub fn replay_patience(&self) -> u32 {
        let own = self.run.plan.as_ref().and_then(|plan| plan.recipe.early_stopping_patience).unwrap_or_default();
        self.replay.patience.unwrap_or(own).min(self.replay_most_patience())
    }

    /// Minimum change of the replay.
    pub fn replay_min_delta(&self) -> f64 {
        let own = self.run.plan.as_ref().map_or(0.0, |plan| plan.recipe.early_stopping_min_delta);
        self.replay.min_delta.map_or(own, |stop| f64::from(stop) * self.min_delta_step())
    }

    /// Distance of two positions of the slider: a round number, so that all of them reach over the scores.
    fn min_delta_step(&self) -> f64 {
        let (low, high) = self.score_range();
        round_up((high - low) / f64::from(MIN_DELTA_STOPS))
    }

    fn score_range(&self) -> (f64, f64) {
        let scores = self.replay_points().into_iter().map(|point| point.1).filter(|score| score.is_finite());
        scores.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), score| (low.min(score), high.max(score)))
    }

    /// Step and deciding score of each evaluation.
    fn replay_points(&self) -> Vec<(f64, f64)> {
        let Some(plan) = &self.run.plan else { return Vec::new() };
        let metric = scores::deciding(&plan.recipe);
        let evaluations = self.run.trained_evaluations().into_iter();
        evaluations.map(|evaluation| (f64::from(evaluation.step), evaluation.score(metric))).collect()
    }

    /// The deciding score over the run, with a line where the run would have ended and a dot at the weights that would
    /// have been kept.
    pub fn replay_picture(&self) -> Picture {
        let points = self.replay_points();
        let total = self.run.steps.last().map_or(1.0, |step| f64::from(step.step));
        let (frame, ticks) = Frame::fitting(total, points.iter().map(|point| point.1), Scale::Linear);
        let outcome = self.run.replay(self.replay_patience(), self.replay_min_delta());
        let end: Vec<(f64, f64)> = match outcome.and_then(|outcome| points.get(outcome.end?)) {
            Some((step, _)) => vec![(*step, frame.y_min), (*step, frame.y_max)],
            None => Vec::new(),
        };
        let best = outcome.and_then(|outcome| points.get(outcome.best)).copied();
        let name = self.run.plan.as_ref().map_or("", |plan| scores::deciding(&plan.recipe).name());
        let shapes = vec![
            Shape::new("validation", frame.line(&points)),
            Shape::new("validation dots", frame.dots(&points)),
            Shape::new("limit", frame.line(&end)),
            Shape::new("best", frame.dots(best.as_slice())),
        ];
        let series = vec![Series::new(name.to_owned(), "validation".into(), &points)];
        let summary = self.replay_words();
        Picture { shapes, series, frame, ticks, ends: step_ends(total), summary }
    }

    /// Outcome that early stopping would have had, in words.
    pub fn replay_words(&self) -> String {
        let evaluations = self.run.trained_evaluations();
        let (Some(plan), Some(summary)) = (&self.run.plan, self.run.summary()) else { return String::new() };
        let patience = self.replay_patience();
        let Some(Outcome { end, best }) = self.run.replay(patience, self.replay_min_delta()) else {
            return "No evaluation has a score.".into();
        };
        let metric = scores::deciding(&plan.recipe);
        let score = format!("{} {}", metric.name(), scores::of(evaluations[best], metric));
        let step = |evaluation: &Evaluation| format::count(f64::from(evaluation.step));
        let kept = step(evaluations[best]);
        let with = match patience {
            0 => "Without early stopping".to_owned(),
            _ => format!("With a patience of {patience}"),
        };
        match end {
            Some(end) if evaluations[end].step < summary.steps => {
                let share = format::percent(f64::from(evaluations[end].step) / f64::from(summary.steps.max(1)));
                let actual = scores::of(&summary.best, metric);
                let instead = if summary.best.step == evaluations[best].step {
                    ", as the run did".to_owned()
                } else {
                    format!(" instead of {actual}")
                };
                format!(
                    "{with}, the run would have ended at step {}, after {share} of its steps, and kept the weights of step {kept}: {score}{instead}.",
                    step(evaluations[end]),
                )
            }
            Some(_) => format!(
                "{with}, the run would have ended at its last step, and kept the weights of step {kept}: {score}."
            ),
            None if summary.reason == EndReason::EarlyStopped => format!(
                "{with}, the run would have gone on; what would have come after step {} is not known. Best until then, at step {kept}: {score}.",
                format::count(f64::from(summary.steps)),
            ),
            None if patience == 0 => {
                format!("{with}, the run does all its steps and keeps the weights of step {kept}: {score}.")
            }
            None => format!(
                "{with}, early stopping would not have ended the run. It keeps the weights of step {kept}: {score}."
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use hone_core::recipe::{Metric, RecipeSpec};
    use hone_core::run::{RunSummary, StepMetrics};

    use super::*;
    use crate::state::Phase;
    use crate::state::runs::charts::tests::plan;

    /// A run with an evaluation every ten steps, which turned at the third.
    fn state(reason: EndReason) -> State {
        let evaluation = |(score, nth): (f64, u32)| Evaluation {
            step: 10 * nth,
            loss: 1.0,
            scores: [(Metric::Accuracy, score)].into(),
            ..Evaluation::default()
        };
        let evaluations: Vec<Evaluation> =
            [0.5, 0.6, 0.8, 0.79, 0.78, 0.9].into_iter().zip(1..).map(evaluation).collect();
        let step = |step| StepMetrics { step, epoch: 0.5, loss: 1.0, grad_norm: 1.0, lr: 1e-4, tokens: 9, taken: true };
        let best = evaluations[5].clone();
        let summary = RunSummary {
            reason,
            steps: 60,
            best,
            test: None,
            baseline: None,
            forgetting: None,
            seconds: 1.0,
            verdict: None,
            advice: None,
        };
        let recipe = RecipeSpec {
            metric_for_best_model: Some(Metric::Accuracy),
            early_stopping_patience: Some(5),
            ..RecipeSpec::default()
        };
        let run = Run {
            phase: Phase::Finished(Box::new(summary)),
            steps: (1..=60).map(step).collect(),
            evaluations,
            plan: Some(hone_core::run::RunPlan { recipe, ..plan() }),
            ..Run::default()
        };
        State { run, ..State::default() }
    }

    #[test]
    fn a_replay_says_where_another_patience_would_have_ended_the_run() {
        let mut state = state(EndReason::Completed);
        assert_eq!((state.replay_patience(), state.replay_min_delta()), (5, 0.0));
        assert_eq!(
            state.replay_words(),
            "With a patience of 5, early stopping would not have ended the run. It keeps the weights of step 60: accuracy 0.900."
        );
        state.replay.patience = Some(2);
        assert_eq!(
            state.replay_words().replace('\u{a0}', " "),
            "With a patience of 2, the run would have ended at step 50, after 83 % of its steps, and kept the weights of step 30: \
             accuracy 0.800 instead of 0.900."
        );
        assert!(!state.replay_picture().shapes[2].path.is_empty(), "a line where it would have ended");
        state.replay.patience = Some(0);
        assert!(state.replay_words().starts_with("Without early stopping"), "{}", state.replay_words());
        assert!(state.replay_picture().shapes[2].path.is_empty());
    }

    #[test]
    fn a_larger_minimum_change_ends_the_run_earlier() {
        let mut state = state(EndReason::Completed);
        state.replay = Replay { patience: Some(2), min_delta: Some(MIN_DELTA_STOPS) };
        assert!(state.replay_min_delta() >= 0.4, "the slider reaches over all scores");
        assert!(state.replay_words().contains("ended at step 30"), "{}", state.replay_words());
        assert!(state.replay_words().contains("kept the weights of step 30"), "the best is kept, by however little");
    }

    #[test]
    fn what_comes_after_an_early_end_is_not_invented() {
        let mut state = state(EndReason::EarlyStopped);
        state.replay.patience = Some(6);
        assert!(
            state.replay_words().contains("what would have come after step 60 is not known"),
            "{}",
            state.replay_words()
        );
    }

    #[test]
    fn evaluations_before_anything_was_learned_do_not_count() {
        let mut state = state(EndReason::Completed);
        for step in &mut state.run.steps[..25] {
            step.lr = 0.0;
        }
        assert_eq!(state.replay_most_patience(), 4);
        assert!(state.run.can_replay());
        state.run.evaluations.truncate(3);
        assert!(!state.run.can_replay());
    }
}
