//! The range test: which learning rate suits this model and these data.

use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::Command;
use hone_core::run::{LrFinderPoint, LrFinderResult};

use crate::state::runs::plot::{Frame, Picture, Shape, round_up};
use crate::state::{Effect, State, Topic, format};

/// A range test and how far it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finder {
    /// Its steps so far.
    pub points: Vec<LrFinderPoint>,
    /// Steps in all, if the loss holds so long.
    pub total: u32,
    /// How it stands.
    pub stage: FinderStage,
}

/// How a range test stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum FinderStage {
    /// Nobody asked for one.
    #[default]
    Idle,
    /// Under way.
    Trying,
    /// Asked to end.
    Stopping,
    /// Over.
    Found(LrFinderResult),
    /// It cannot be made or finished.
    Failed(Diagnostic),
}

impl Finder {
    /// Whether the worker is at it.
    pub fn is_active(&self) -> bool {
        matches!(self.stage, FinderStage::Trying | FinderStage::Stopping)
    }

    /// What it found.
    pub fn finding(&self) -> Option<&LrFinderResult> {
        match &self.stage {
            FinderStage::Found(finding) => Some(finding),
            _ => None,
        }
    }

    /// The smoothed loss over the rate, whose axis is logarithmic, with the suggestions marked.
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
        // The explosion at the end would flatten the valley that matters.
        let top = smoothed.first().map_or(1.0, |first| 1.2 * first.1);
        let frame = Frame { x_min, x_max, y_min: 0.0, y_max: round_up(top) };
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
            (None, _) => "No rate has been tried yet.".into(),
        };
        let ends = [x_min, x_max].map(|exponent| format!("rate {}", format::rate(10f64.powf(exponent))));
        Picture { shapes, frame, ends, summary }
    }
}

impl State {
    /// Looks for a learning rate with the recipe of the form.
    pub fn find_rate(&mut self) -> Vec<Effect> {
        if self.blocker().is_some() || self.is_engaged() {
            return Vec::new();
        }
        let recipe = self.recipe();
        self.finder = Finder { stage: FinderStage::Trying, ..Finder::default() };
        let mut effects = self.cancel_estimate();
        effects.push(self.request(Topic::LrFinder, Command::FindRate { recipe }));
        effects
    }

    /// Ends the range test; what it has seen so far is judged.
    pub fn stop_finder(&mut self) -> Vec<Effect> {
        self.finder.stage = FinderStage::Stopping;
        vec![self.send(Command::Stop)]
    }

    /// Takes a rate as the highest.
    pub fn take_rate(&mut self, rate: f64) {
        self.form.recipe.learning_rate = Some(format::two_digits(rate));
        self.form.errors.remove("learning_rate");
    }
}
