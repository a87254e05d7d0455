//! Three learning rates for some steps each: a tenth of the peak, the peak, and ten times the peak.

use hone_core::protocol::Command;

use crate::format;
use crate::plot::{Frame, Picture, Scale, Series, Shape, smooth};
use crate::state::runs::charts::step_ends;
use crate::state::{Effect, State, Topic};

/// Steps of a trial.
const STEPS: usize = 24;
/// Losses at either end of a trial whose means are compared.
const END: usize = 5;
/// Share of the greatest fall of the loss below which a rate crawls.
const CRAWLS: f64 = 0.4;
/// The loss has risen if it is this many times the first one.
const RISEN: f64 = 1.1;

/// Trials of learning rates.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trials {
    /// The rates, the smallest first.
    pub rates: Vec<f64>,
    /// Losses of the steps at each rate; one that is not finite ended the trial.
    pub losses: Vec<Vec<f64>>,
    /// True while the worker tries them.
    pub is_active: bool,
}

impl Trials {
    /// Takes the loss of a step.
    pub fn on_step(&mut self, nth: u32, loss: Option<f64>) {
        if let Some(losses) = self.losses.get_mut(nth as usize) {
            losses.push(loss.unwrap_or(f64::NAN));
        }
    }

    /// Number of steps so far, and in all.
    pub fn progress(&self) -> (usize, usize) {
        (self.losses.iter().map(Vec::len).sum(), STEPS * self.rates.len())
    }

    /// Class and name of each rate's line.
    pub fn names(&self) -> Vec<(String, String)> {
        let name = |(nth, rate): (usize, &f64)| (format!("series-{nth}"), format::rate(*rate));
        self.rates.iter().enumerate().map(name).collect()
    }

    /// The smoothed losses over the steps.
    pub fn picture(&self) -> Picture {
        let points = |losses: &Vec<f64>| {
            let points: Vec<(f64, f64)> = losses.iter().zip(1..).map(|(loss, step)| (f64::from(step), *loss)).collect();
            smooth(&points)
        };
        let lines: Vec<Vec<(f64, f64)>> = self.losses.iter().map(points).collect();
        let first = lines.iter().flatten().map(|point| point.1).next().unwrap_or(1.0);
        // A rate that breaks leaves the picture at its top, or the others would be flat.
        let shown = lines.iter().flatten().map(|point| point.1.min(2.0 * first));
        let (frame, ticks) = Frame::fitting(STEPS as f64, shown, Scale::Linear);
        let shapes = lines.iter().enumerate().map(|(nth, line)| Shape::new(format!("series-{nth}"), frame.line(line)));
        let series = lines.iter().zip(self.names()).map(|(line, (class, name))| Series::new(name, class, line));
        let (shapes, series) = (shapes.collect(), series.collect());
        Picture { shapes, series, frame, ticks, ends: step_ends(STEPS as f64), summary: self.words() }
    }

    /// Effect of each rate, in words; empty until all have been tried.
    pub fn words(&self) -> String {
        if self.is_active || self.losses.iter().any(Vec::is_empty) || self.rates.is_empty() {
            return String::new();
        }
        let falls: Vec<f64> = self.losses.iter().map(|losses| fall(losses)).collect();
        let greatest = falls.iter().copied().fold(0.0, f64::max);
        let word = |nth: usize| {
            let losses = &self.losses[nth];
            let (first, last) = ends(losses);
            let verb = match falls[nth] {
                _ if losses.iter().any(|loss| !loss.is_finite()) => "breaks",
                _ if last > RISEN * first => "breaks",
                fall if fall > 0.0 && fall >= CRAWLS * greatest => "learns",
                // A fall of the whole that is small at a high rate comes from jumping about.
                _ if falls[..nth].iter().any(|fall| *fall >= CRAWLS * greatest) => "does not settle",
                _ => "crawls",
            };
            let to = if last.is_finite() { format::figure(last) } else { "no number".into() };
            format!("{} {verb}: loss from {} to {to}", format::rate(self.rates[nth]), format::figure(first))
        };
        let words: Vec<String> = (0..self.rates.len()).map(word).collect();
        format!("{}. {STEPS} steps say whether a rate learns, not how well it ends.", words.join(". "))
    }
}

/// Means of the first and the last losses.
fn ends(losses: &[f64]) -> (f64, f64) {
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len().max(1) as f64;
    let count = END.min(losses.len());
    // The first step alone: a high rate has broken the model after a few.
    (losses.first().copied().unwrap_or(f64::NAN), mean(&losses[losses.len() - count..]))
}

fn fall(losses: &[f64]) -> f64 {
    let (first, last) = ends(losses);
    if last.is_finite() { first - last } else { f64::NEG_INFINITY }
}

impl State {
    /// Tries a tenth of the peak, the peak, and ten times the peak.
    pub fn try_rates(&mut self) -> Vec<Effect> {
        if self.blocker().is_some() || self.is_engaged() {
            return Vec::new();
        }
        let recipe = self.filled(self.recipe());
        let rates: Vec<f64> = [0.1, 1.0, 10.0].map(|factor| format::two_digits(factor * self.planned_peak())).into();
        self.finder.trials = Trials { losses: vec![Vec::new(); rates.len()], rates: rates.clone(), is_active: true };
        let mut effects = self.cancel_estimate();
        effects.push(self.request(Topic::LrFinder, Command::TryRates { recipe, rates }));
        effects
    }

    /// Stops the trials.
    pub fn stop_trials(&mut self) -> Vec<Effect> {
        vec![self.send(Command::Stop)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trials(losses: [&[f64]; 3]) -> Trials {
        let losses = losses.map(<[f64]>::to_vec).into();
        Trials { rates: vec![1e-5, 1e-4, 1e-3], losses, is_active: false }
    }

    #[test]
    fn a_rate_crawls_learns_or_breaks() {
        let words = trials([&[0.7, 0.69, 0.69], &[0.7, 0.5, 0.3], &[0.7, 2.0, f64::NAN]]).words();
        assert!(
            words.starts_with("1e-5 crawls: loss from 0.700 to 0.693. 1e-4 learns: loss from 0.700 to 0.500. "),
            "{words}"
        );
        assert!(words.contains("1e-3 breaks: loss from 0.700 to no number. 24 steps"), "{words}");
        let words = trials([&[0.7, 0.6, 0.5], &[0.7, 0.5, 0.3], &[0.7, 0.72, 0.68]]).words();
        assert!(words.contains("1e-5 learns") && words.contains("1e-3 does not settle"), "{words}");
    }

    #[test]
    fn a_loss_that_breaks_does_not_flatten_the_others() {
        let picture = trials([&[0.7, 0.69], &[0.7, 0.5], &[0.7, 900.0]]).picture();
        assert!(picture.frame.y_max <= 2.0, "{:?}", picture.frame);
        assert_eq!(picture.series.len(), 3);
    }
}
