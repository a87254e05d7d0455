//! The learning rate finder: a range test on this model and this data.

use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::Command;
use hone_core::run::{LrFinderPoint, LrFinderResult};

use crate::format;
use crate::plot::{Frame, Picture, Shape, round_up};
use crate::state::runs::trials::Trials;
use crate::state::{Effect, State, Topic};

/// A range test and its progress.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finder {
    /// The steps so far.
    pub points: Vec<LrFinderPoint>,
    /// Total number of steps, if the loss does not diverge first.
    pub total: u32,
    /// Stage of the test.
    pub stage: FinderStage,
    /// Trials of three rates.
    pub trials: Trials,
}

/// The stage of a range test.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum FinderStage {
    /// None was requested.
    #[default]
    Idle,
    /// The test is running.
    Trying,
    /// The test was asked to stop.
    Stopping,
    /// The test has finished.
    Found(LrFinderResult),
    /// The test could not be started or finished.
    Failed(Diagnostic),
}

impl Finder {
    /// Returns true while the worker runs the test.
    pub fn is_active(&self) -> bool {
        matches!(self.stage, FinderStage::Trying | FinderStage::Stopping) || self.trials.is_active
    }

    /// The result.
    pub fn finding(&self) -> Option<&LrFinderResult> {
        match &self.stage {
            FinderStage::Found(finding) => Some(finding),
            _ => None,
        }
    }

    /// The smoothed loss over the learning rate, on a logarithmic axis, with the suggestions marked.
    pub fn picture(&self) -> Picture {
        let logged = |pick: fn(&LrFinderPoint) -> f64| {
            let points = self.points.iter().filter(|point| point.lr > 0.0);
            points.map(|point| (point.lr.log10(), pick(point))).collect::<Vec<_>>()
        };
        let (raw, smoothed) = (logged(|point| point.loss), logged(|point| point.smooth));
        let (x_min, x_max) = match (smoothed.first(), smoothed.last()) {
            (Some(first), Some(last)) if last.0 > first.0 => (first.0, last.0),
            _ => (-6.0, 0.0),
        };
        // The divergence at the end would flatten the valley that matters.
        let top = smoothed.first().map_or(1.0, |first| 1.2 * first.1);
        let frame = Frame { x_min, x_max, ..Frame::from_zero(x_max, round_up(top)) };
        let at = |rate: Option<f64>| {
            let point = self.points.iter().find(|point| Some(point.lr) == rate);
            let nearest = |rate: f64| {
                let distance = |point: &&LrFinderPoint| (point.lr.log10() - rate.log10()).abs();
                self.points.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)))
            };
            let point = point.or_else(|| rate.and_then(nearest));
            point.map(|point| (point.lr.log10(), point.smooth)).into_iter().collect::<Vec<_>>()
        };
        let finding = self.finding();
        let steepest = at(finding.and_then(|finding| finding.steepest));
        let valley = at(finding.and_then(|finding| finding.valley));
        let shapes = vec![
            Shape::new("raw", frame.line(&raw)),
            Shape::new("smooth", frame.line(&smoothed)),
            Shape::new("validation dots", frame.dots(&steepest)),
            Shape::new("best", frame.dots(&valley)),
        ];
        let summary = match (self.points.last(), finding) {
            (Some(_), Some(finding)) => format!(
                "Loss over learning rate. Valley {}, steepest {}.",
                finding.valley.map_or("not found".into(), format::rate),
                finding.steepest.map_or("not found".into(), format::rate),
            ),
            (Some(last), None) => format!("Loss {} at rate {}.", format::score(last.smooth), format::rate(last.lr)),
            (None, _) => "No learning rate has been tried yet.".into(),
        };
        let ends = [x_min, x_max].map(|exponent| format!("rate {}", format::rate(10f64.powf(exponent))));
        Picture { shapes, series: Vec::new(), frame, ticks: frame.even_ticks(), ends, summary }
    }
}

impl State {
    /// Starts the learning rate finder with the recipe of the form.
    pub fn find_rate(&mut self) -> Vec<Effect> {
        if self.blocker().is_some() || self.is_engaged() {
            return Vec::new();
        }
        let recipe = self.filled(self.recipe());
        self.finder = Finder { stage: FinderStage::Trying, ..Finder::default() };
        let mut effects = self.cancel_estimate();
        effects.push(self.request(Topic::LrFinder, Command::FindRate { recipe }));
        effects
    }

    /// Stops the range test; the steps so far are evaluated.
    pub fn stop_finder(&mut self) -> Vec<Effect> {
        self.finder.stage = FinderStage::Stopping;
        vec![self.send(Command::Stop)]
    }

    /// Sets the peak learning rate.
    pub fn take_rate(&mut self, rate: f64) {
        self.form.recipe.learning_rate = Some(format::two_digits(rate));
        self.form.clear_error("learning_rate");
    }
}
