//! The range test of Smith (2017, "Cyclical learning rates"): the rate rises from step to step until the loss explodes;
//! a good rate lies well below that.

use crate::diagnostic::Diagnostic;
use crate::recipe::{RecipeSpec, Unfreezing};
use crate::run::{LrFinderPoint, LrFinderResult};
use crate::train::{Progress, Session};

/// Rate of the first step.
const FIRST: f64 = 1e-6;
/// Rate of the last step.
const LAST: f64 = 1.0;
/// Steps from the first rate to the last, both counted.
pub const STEPS: u32 = 100;
/// How much of the smoothed loss comes from the steps before.
const SMOOTHING: f64 = 0.98;
/// The loss has exploded when it is so many times the best.
const EXPLODED: f64 = 4.0;

/// A range test under way. It trains a copy: the model it was begun with is never touched.
pub struct LrFinder {
    session: Session,
    points: Vec<LrFinderPoint>,
    mean: f64,
    diverged: bool,
}

impl LrFinder {
    /// The recipe that is tested with: all that will ever learn in the run learns from the beginning.
    pub fn recipe(recipe: &RecipeSpec) -> RecipeSpec {
        match recipe.unfreezing {
            Unfreezing::Gradual if !recipe.unfreeze_order.is_empty() => {
                RecipeSpec { unfreeze_order: vec![recipe.unfreeze_order.concat()], ..recipe.clone() }
            }
            Unfreezing::Gradual | Unfreezing::ChainThaw => RecipeSpec { unfreezing: Unfreezing::All, ..recipe.clone() },
            _ => recipe.clone(),
        }
    }

    /// Begins a test with a session that has not begun, made of [`LrFinder::recipe`].
    pub fn new(session: Session) -> Self {
        Self { session, points: Vec::new(), mean: 0.0, diverged: false }
    }

    /// Does a batch, and gives a point where that completes a step. After the last one the test
    /// [`is_over`](Self::is_over).
    ///
    /// # Errors
    /// When the device fails.
    pub async fn advance(&mut self) -> Result<Option<LrFinderPoint>, Diagnostic> {
        let step = self.points.len() as u32;
        let lr = FIRST * (LAST / FIRST).powf(f64::from(step) / f64::from(STEPS - 1));
        self.session.test_rate = Some(lr);
        let Progress::Step(metrics) = self.session.advance().await? else { return Ok(None) };
        if !metrics.taken {
            self.diverged = true;
            return Ok(None);
        }
        self.mean = SMOOTHING * self.mean + (1.0 - SMOOTHING) * metrics.loss;
        let smooth = self.mean / (1.0 - SMOOTHING.powi(step as i32 + 1));
        let point = LrFinderPoint { lr, loss: metrics.loss, smooth };
        let best = self.points.iter().map(|point| point.smooth).fold(f64::INFINITY, f64::min);
        self.diverged = smooth > EXPLODED * best;
        self.points.push(point);
        Ok(Some(point))
    }

    /// Whether the loss has exploded or the highest rate is reached.
    pub fn is_over(&self) -> bool {
        self.diverged || self.points.len() as u32 >= STEPS
    }

    /// The session that is trained: a copy.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// What was found.
    pub fn finish(self) -> LrFinderResult {
        let (steepest, valley) = suggestions(&self.points);
        LrFinderResult { points: self.points, steepest, valley, diverged: self.diverged }
    }
}

/// Rates that a range test suggests: where the smoothed loss falls fastest over the logarithm of the rate, and half way
/// into the longest fall (the two suggestions that fastai's `lr_find` made known as *steep* and *valley*).
pub fn suggestions(points: &[LrFinderPoint]) -> (Option<f64>, Option<f64>) {
    let slope = |pair: &[LrFinderPoint]| (pair[1].smooth - pair[0].smooth) / (pair[1].lr.ln() - pair[0].lr.ln());
    let falls = points.windows(2).map(|pair| (pair[0].lr, slope(pair))).filter(|(_, slope)| *slope < 0.0);
    let steepest = falls.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(lr, _)| lr);
    (steepest, valley(points))
}

/// The rate half way along the stretch of points that the longest strictly falling subsequence of the smoothed losses
/// spans; it may skip points.
fn valley(points: &[LrFinderPoint]) -> Option<f64> {
    // Length and first point of the longest fall that ends at each point.
    let mut falls: Vec<(usize, usize)> = Vec::with_capacity(points.len());
    for (i, point) in points.iter().enumerate() {
        let longest = (0..i).filter(|&j| points[j].smooth > point.smooth).map(|j| (falls[j].0, j)).max_by_key(
            // Of equally long falls the first is extended.
            |&(length, j)| (length, std::cmp::Reverse(j)),
        );
        falls.push(longest.map_or((1, i), |(length, j)| (length + 1, falls[j].1)));
    }
    let end = (0..falls.len()).max_by_key(|&i| (falls[i].0, std::cmp::Reverse(i)))?;
    let (length, start) = falls[end];
    let span = end - start;
    (length > 1).then(|| points[start + span / 3 + span / 6].lr)
}
