//! The learning rate range test (Smith 2017, "Cyclical learning rates for training neural networks", section 3.3). The
//! rate grows exponentially until the loss diverges; a good rate is well below that.

use crate::diagnostic::Diagnostic;
use crate::recipe::{RecipeSpec, Unfreezing};
use crate::run::{LrFinderPoint, LrFinderResult};
use crate::train::session::Session;
use crate::train::session::progress::Progress;

/// Learning rate of the first step.
const FIRST: f64 = 1e-6;
/// Learning rate of the last step.
const LAST: f64 = 1.0;
/// Steps from the first rate to the last, inclusive.
pub const STEPS: u32 = 100;
/// Decay rate of the smoothed loss.
const SMOOTHING: f64 = 0.98;
/// The loss has diverged when it is this many times its minimum.
const DIVERGED_RATIO: f64 = 4.0;

/// A range test in progress. It trains a copy of the model.
pub struct LrFinder {
    session: Session,
    points: Vec<LrFinderPoint>,
    loss_average: f64,
    diverged: bool,
}

impl LrFinder {
    /// The recipe to test with: every group that the run unfreezes at some time is trainable from the start.
    pub fn recipe(recipe: &RecipeSpec) -> RecipeSpec {
        match recipe.unfreezing {
            Unfreezing::Gradual if !recipe.unfreeze_order.is_empty() => {
                RecipeSpec { unfreeze_order: vec![recipe.unfreeze_order.concat()], ..recipe.clone() }
            }
            Unfreezing::Gradual | Unfreezing::ChainThaw => RecipeSpec { unfreezing: Unfreezing::All, ..recipe.clone() },
            _ => recipe.clone(),
        }
    }

    /// Starts a test with a fresh session of [`LrFinder::recipe`].
    pub fn new(session: Session) -> Self {
        Self { session: session.for_dry_run(), points: Vec::new(), loss_average: 0.0, diverged: false }
    }

    /// Runs a batch. Returns a point when that completes a step.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn advance(&mut self) -> Result<Option<LrFinderPoint>, Diagnostic> {
        let step = self.points.len() as u32;
        let lr = FIRST * (LAST / FIRST).powf(f64::from(step) / f64::from(STEPS - 1));
        self.session.set_dry_run_lr(lr);
        let Progress::Step(metrics) = self.session.advance().await? else { return Ok(None) };
        if !metrics.taken {
            self.diverged = true;
            return Ok(None);
        }
        self.loss_average = SMOOTHING * self.loss_average + (1.0 - SMOOTHING) * metrics.loss;
        let smooth = self.loss_average / (1.0 - SMOOTHING.powi(step as i32 + 1));
        let point = LrFinderPoint { lr, loss: metrics.loss, smooth };
        let best = self.points.iter().map(|point| point.smooth).fold(f64::INFINITY, f64::min);
        self.diverged = smooth > DIVERGED_RATIO * best;
        self.points.push(point);
        Ok(Some(point))
    }

    /// Returns true once the loss has diverged or the highest rate is reached.
    pub fn is_over(&self) -> bool {
        self.diverged || self.points.len() as u32 >= STEPS
    }

    /// The session that trains the copy.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Result of the test.
    pub fn finish(self) -> LrFinderResult {
        let LrSuggestions { steepest, valley } = suggestions(&self.points);
        LrFinderResult { points: self.points, steepest, valley, diverged: self.diverged }
    }
}

/// Learning rates that a range test suggests, as fastai's `lr_find` with `steep` and `valley`. None if the loss never
/// falls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LrSuggestions {
    /// Rate at which the smoothed loss falls fastest over the logarithm of the rate.
    pub steepest: Option<f64>,
    /// Rate halfway into the longest fall of the smoothed loss.
    pub valley: Option<f64>,
}

/// Suggests learning rates from the points of a range test.
pub fn suggestions(points: &[LrFinderPoint]) -> LrSuggestions {
    let slope = |pair: &[LrFinderPoint]| (pair[1].smooth - pair[0].smooth) / (pair[1].lr.ln() - pair[0].lr.ln());
    let falls = points.windows(2).map(|pair| (pair[0].lr, slope(pair))).filter(|(_, slope)| *slope < 0.0);
    let steepest = falls.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(lr, _)| lr);
    LrSuggestions { steepest, valley: valley(points) }
}

/// Rate halfway through the points spanned by the longest strictly decreasing subsequence of the smoothed losses.
fn valley(points: &[LrFinderPoint]) -> Option<f64> {
    // Length and first point of the longest decreasing subsequence that ends at each point.
    let mut falls: Vec<(usize, usize)> = Vec::with_capacity(points.len());
    for (i, point) in points.iter().enumerate() {
        let longest = (0..i).filter(|&j| points[j].smooth > point.smooth).map(|j| (falls[j].0, j)).max_by_key(
            // In a tie, the first is extended.
            |&(length, j)| (length, std::cmp::Reverse(j)),
        );
        falls.push(longest.map_or((1, i), |(length, j)| (length + 1, falls[j].1)));
    }
    let end = (0..falls.len()).max_by_key(|&i| (falls[i].0, std::cmp::Reverse(i)))?;
    let (length, start) = falls[end];
    let span = end - start;
    (length > 1).then(|| points[start + span / 3 + span / 6].lr)
}
