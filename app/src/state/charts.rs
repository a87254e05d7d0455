//! What the charts of a run show.

use super::plot::{Frame, Picture, Shape, round_up, smooth};
use super::show;
use super::{Run, State};

impl Run {
    /// Training and validation loss over the steps.
    pub fn loss_picture(&self) -> Picture {
        let total = self.position().map_or(1, |(_, total)| total);
        let train: Vec<(f64, f64)> = self.steps.iter().map(|step| (f64::from(step.step), step.loss)).collect();
        let validation: Vec<(f64, f64)> =
            self.evaluations.iter().map(|evaluation| (f64::from(evaluation.step), evaluation.loss)).collect();
        let smoothed = smooth(&train);
        let highest = train.iter().chain(&validation).map(|point| point.1).filter(|loss| loss.is_finite());
        let frame = Frame { x_max: f64::from(total), y_max: round_up(highest.fold(0.0, f64::max)) };
        let best = self.best.and_then(|best| validation.get(best)).copied();
        let dots = frame.dots(&validation);
        let shapes = vec![
            Shape { class: "raw", path: frame.line(&train) },
            Shape { class: "smooth", path: frame.line(&smoothed) },
            Shape { class: "validation", path: frame.line(&validation) },
            Shape { class: "validation dots", path: dots },
            Shape { class: "best", path: frame.dots(best.as_slice()) },
        ];
        let last = |points: &[(f64, f64)]| points.last().map_or("none yet".into(), |point| show::score(point.1));
        let summary = format!("Training loss {}, validation loss {}.", last(&smoothed), last(&validation));
        Picture { shapes, frame, summary }
    }

    /// Learning rate over the steps, with a mark where the run is.
    pub fn rate_picture(&self) -> Picture {
        let curve: Vec<(f64, f64)> =
            self.plan.iter().flat_map(|plan| &plan.lr_curve).map(|&(step, rate)| (f64::from(step), rate)).collect();
        let now = self.steps.last().map(|step| (f64::from(step.step), step.lr));
        let mut picture = rate_picture(&curve);
        picture.shapes.push(Shape { class: "best", path: picture.frame.dots(now.as_slice()) });
        if let Some((_, rate)) = now {
            picture.summary = format!("Learning rate {} now.", show::rate(rate));
        }
        picture
    }
}

impl State {
    /// Learning rate over the run that the form describes.
    pub fn planned_picture(&self) -> Picture {
        let mut picture = rate_picture(&self.planned_curve());
        picture.summary = match self.form.recipe.lr_peak {
            Some(peak) => format!("Learning rate over {} steps, at most {}.", self.planned_steps(), show::rate(peak)),
            None => format!("Learning rate over {} steps, as a share of its highest.", self.planned_steps()),
        };
        picture
    }
}

fn rate_picture(curve: &[(f64, f64)]) -> Picture {
    let highest = curve.iter().map(|point| point.1).fold(0.0, f64::max);
    let frame = Frame { x_max: curve.last().map_or(1.0, |point| point.0), y_max: round_up(highest) };
    Picture { shapes: vec![Shape { class: "smooth", path: frame.line(curve) }], frame, summary: String::new() }
}
