//! The data for the charts of a run.

use hone_core::metrics::{Detail, ScatterPoint};

use crate::format;
use crate::plot::{Frame, Picture, Shape, round_up, smooth};
use crate::state::{Run, State};

impl Run {
    /// Training and validation loss over the steps.
    pub fn loss_picture(&self) -> Picture {
        let total = self.position().map_or(1, |(_, total)| total);
        let train: Vec<(f64, f64)> = self.steps.iter().map(|step| (f64::from(step.step), step.loss)).collect();
        let validation: Vec<(f64, f64)> =
            self.evaluations.iter().map(|evaluation| (f64::from(evaluation.step), evaluation.loss)).collect();
        let smoothed = smooth(&train);
        let highest = train.iter().chain(&validation).map(|point| point.1).filter(|loss| loss.is_finite());
        let frame = Frame::from_zero(f64::from(total), round_up(highest.fold(0.0, f64::max)));
        let best = self.best.and_then(|best| validation.get(best)).copied();
        let dots = frame.dots(&validation);
        let shapes = vec![
            Shape::new("raw", frame.line(&train)),
            Shape::new("smooth", frame.line(&smoothed)),
            Shape::new("validation", frame.line(&validation)),
            Shape::new("validation dots", dots),
            Shape::new("best", frame.dots(best.as_slice())),
        ];
        let last = |points: &[(f64, f64)]| points.last().map_or("none yet".into(), |point| format::score(point.1));
        let summary = format!("Training loss {}, validation loss {}.", last(&smoothed), last(&validation));
        Picture { shapes, frame, ends: step_ends(f64::from(total)), summary }
    }

    /// Learning rate over the steps, with a dot at the current step.
    pub fn rate_picture(&self) -> Picture {
        let curve: Vec<(f64, f64)> =
            self.plan.iter().flat_map(|plan| &plan.lr_curve).map(|point| (f64::from(point.step), point.lr)).collect();
        let now = self.steps.last().map(|step| (f64::from(step.step), step.lr));
        let mut picture = rate_picture(&curve);
        picture.shapes.push(Shape::new("best", picture.frame.dots(now.as_slice())));
        picture.summary = match now {
            Some((_, rate)) => format!("Learning rate {} now.", format::rate(rate)),
            None => "Learning rate over the run.".into(),
        };
        picture
    }
}

impl Run {
    /// Predicted over true numbers, with the line of perfect predictions.
    pub fn scatter_picture(&self) -> Picture {
        let points: &[ScatterPoint] = match self.summary().map(|summary| &summary.best.detail) {
            Some(Detail::Numbers { points }) => points,
            _ => &[],
        };
        let points: Vec<(f64, f64)> = points
            .iter()
            .map(|point| (f64::from(point.actual), f64::from(point.predicted)))
            .filter(|(x, y)| (x + y).is_finite())
            .collect();
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for (x, y) in &points {
            (low, high) = (low.min(*x).min(*y), high.max(*x).max(*y));
        }
        if low >= high || points.is_empty() {
            (low, high) = (0.0, 1.0);
        }
        // The ticks of the axes should be round numbers.
        let mut interval = round_up((high - low) / 4.0);
        low = (low / interval).floor() * interval;
        while low + 4.0 * interval < high {
            interval = round_up(interval * 1.01);
            low = (low / interval).floor() * interval;
        }
        high = low + 4.0 * interval;
        let frame = Frame { x_min: low, x_max: high, y_min: low, y_max: high };
        let shapes = vec![
            Shape::new("raw", frame.line(&[(low, low), (high, high)])),
            Shape::new("validation dots", frame.dots(&points)),
        ];
        let ends = [low, high].map(format::rate);
        let summary = format!("{} predictions over the true numbers, from {} to {}.", points.len(), ends[0], ends[1]);
        Picture { shapes, frame, ends, summary }
    }
}

impl State {
    /// Learning rate over the planned run.
    pub fn planned_picture(&self) -> Picture {
        let mut picture = rate_picture(&self.planned_curve());
        let (steps, peak) = (self.planned_steps(), self.planned_peak());
        picture.summary = format!("Learning rate over {steps} steps, at most {}.", format::rate(peak));
        picture
    }
}

fn rate_picture(curve: &[(f64, f64)]) -> Picture {
    let highest = curve.iter().map(|point| point.1).fold(0.0, f64::max);
    let total = curve.last().map_or(1.0, |point| point.0);
    let frame = Frame::from_zero(total, round_up(highest));
    let shapes = vec![Shape::new("smooth", frame.line(curve))];
    Picture { shapes, frame, ends: step_ends(total), summary: String::new() }
}

/// Labels of the ends of an axis of optimizer steps.
pub fn step_ends(total: f64) -> [String; 2] {
    ["0".into(), format!("step {}", format::count(total))]
}

#[cfg(test)]
mod tests {
    use hone_core::metrics::Evaluation;
    use hone_core::run::{EndReason, RunSummary};

    use super::*;
    use crate::state::Phase;

    #[test]
    fn both_axes_of_a_scatter_plot_share_a_range_with_round_ticks() {
        let points = [(0.1, 0.3), (4.9, 5.2), (1.0, f32::INFINITY)];
        let points = points.map(|(actual, predicted)| ScatterPoint { actual, predicted }).into();
        let best = Evaluation { detail: Detail::Numbers { points }, ..Evaluation::default() };
        let (reason, baseline, forgetting, verdict, advice) = (EndReason::Completed, None, None, None, None);
        let summary =
            RunSummary { reason, steps: 1, best, test: None, baseline, forgetting, seconds: 1.0, verdict, advice };
        let run = Run { phase: Phase::Finished(Box::new(summary)), ..Run::default() };
        let picture = run.scatter_picture();
        assert_eq!(picture.frame, Frame { x_min: 0.0, x_max: 8.0, y_min: 0.0, y_max: 8.0 });
        assert!(picture.summary.starts_with("2 predictions"), "{}", picture.summary);
        assert_eq!(Run::default().scatter_picture().frame.x_max, 1.0);
    }
}
