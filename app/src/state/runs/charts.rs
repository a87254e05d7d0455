//! The data for the charts of a run.

use hone_core::decimal::shortest;
use hone_core::metrics::{Detail, Evaluation, ScatterPoint};
use hone_core::recipe::Metric;

use crate::format;
use crate::plot::{Frame, Picture, Scale, Series, Shape, round_up, smooth};
use crate::state::{Run, State};

impl Run {
    /// Training and validation loss over the steps.
    pub fn loss_picture(&self, scale: Scale) -> Picture {
        let train: Vec<(f64, f64)> = self.steps.iter().map(|step| (f64::from(step.step), step.loss)).collect();
        let validation: Vec<(f64, f64)> =
            self.evaluations.iter().map(|evaluation| (f64::from(evaluation.step), evaluation.loss)).collect();
        let smoothed = smooth(&train);
        let losses = train.iter().chain(&validation).map(|point| point.1);
        let (frame, ticks) = Frame::fitting(self.total_steps(), losses, scale);
        let best = self.best.and_then(|best| validation.get(best)).copied();
        let dots = frame.dots(&validation);
        let shapes = vec![
            Shape::new("raw", frame.line(&train)),
            Shape::new("smooth", frame.line(&smoothed)),
            Shape::new("validation", frame.line(&validation)),
            Shape::new("validation dots", dots),
            Shape::new("best", frame.dots(best.as_slice())),
        ];
        let series = vec![
            Series::labeled("training", "smooth", &smoothed),
            Series::labeled("validation", "validation", &validation),
        ];
        let summary = trend(&smoothed, &validation);
        Picture { shapes, series, frame, ticks, ends: step_ends(frame.x_max), summary }
    }

    /// Norm of the gradient over the steps, before clipping, with the norm that it is clipped to.
    pub fn gradient_picture(&self, scale: Scale) -> Picture {
        let norms: Vec<(f64, f64)> = self.steps.iter().map(|step| (f64::from(step.step), step.grad_norm)).collect();
        let smoothed = smooth(&norms);
        let clip = self.plan.as_ref().map_or(0.0, |plan| plan.recipe.max_grad_norm);
        let highest = norms.iter().copied().filter(|(_, norm)| norm.is_finite()).max_by(|a, b| a.1.total_cmp(&b.1));
        let is_clipped = clip > 0.0 && highest.is_some_and(|(_, norm)| norm > clip);
        let limit: Vec<(f64, f64)> =
            [0.0, self.total_steps()].into_iter().map(|step| (step, clip)).filter(|_| is_clipped).collect();
        let values = norms.iter().chain(&limit).map(|point| point.1);
        let (frame, ticks) = Frame::fitting(self.total_steps(), values, scale);
        let shapes = vec![
            Shape::new("raw", frame.line(&norms)),
            Shape::new("smooth", frame.line(&smoothed)),
            Shape::new("validation", frame.line(&limit)),
        ];
        let series = vec![Series::new("gradient norm".into(), "smooth".into(), &norms)];
        let clipped = norms.iter().filter(|(_, norm)| *norm > clip).count() as u32;
        let clipping = if is_clipped {
            let steps = format::counted(clipped, "step was", "steps were");
            format!(" {steps} clipped to {} (dashed).", format::rate(clip))
        } else {
            String::new()
        };
        let summary = match highest {
            Some((step, norm)) => {
                format!("Gradient norm at most {}, at step {}.{clipping}", format::figure(norm), format::count(step))
            }
            None => "No step has been taken yet.".into(),
        };
        Picture { shapes, series, frame, ticks, ends: step_ends(frame.x_max), summary }
    }

    fn total_steps(&self) -> f64 {
        f64::from(self.position().map_or(1, |(_, total)| total))
    }

    /// The curves as CSV: a line for each optimizer step, with the scores of the evaluation after it.
    pub fn curves_csv(&self) -> String {
        let metrics: Vec<Metric> =
            self.evaluations.first().map(|first| first.scores.keys().copied().collect()).unwrap_or_default();
        let names = metrics
            .iter()
            .map(|metric| format!(",validation_{}", metric.name().to_ascii_lowercase().replace(['-', ' '], "_")));
        let mut csv = format!(
            "step,epoch,training_loss,learning_rate,gradient_norm,validation_loss{}\n",
            names.collect::<String>()
        );
        let mut evaluations = self.evaluations.iter().peekable();
        // An empty cell is what pandas reads as missing.
        let cell = |value: f64| if value.is_finite() { format!(",{}", shortest(value)) } else { ",".to_owned() };
        let scores = |evaluation: Option<&Evaluation>| {
            let loss = cell(evaluation.map_or(f64::NAN, |evaluation| evaluation.loss));
            let scores = metrics.iter().map(|metric| {
                cell(evaluation.and_then(|evaluation| evaluation.scores.get(metric)).copied().unwrap_or(f64::NAN))
            });
            loss + &scores.collect::<String>()
        };
        for step in &self.steps {
            // An evaluation before the first step, or after one that was sent again.
            while evaluations.next_if(|evaluation| evaluation.step < step.step).is_some() {}
            let evaluation = evaluations.next_if(|evaluation| evaluation.step == step.step);
            let numbers = [step.epoch, step.loss, step.lr, step.grad_norm].map(cell).concat();
            csv.push_str(&format!("{}{numbers}{}\n", step.step, scores(evaluation)));
        }
        csv
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
        let frame = Frame { x_min: low, x_max: high, y_min: low, y_max: high, scale: Scale::Linear };
        let shapes = vec![
            Shape::new("raw", frame.line(&[(low, low), (high, high)])),
            Shape::new("validation dots", frame.dots(&points)),
        ];
        let ends = [low, high].map(format::rate);
        let summary = format!("{} predictions over the true numbers, from {} to {}.", points.len(), ends[0], ends[1]);
        Picture { shapes, series: Vec::new(), frame, ticks: frame.even_ticks(), ends, summary }
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
    let series = vec![Series::new("learning rate".into(), "smooth".into(), curve)];
    Picture { shapes, series, frame, ticks: frame.even_ticks(), ends: step_ends(total), summary: String::new() }
}

/// A sentence that tells how the smoothed training loss and the validation loss have gone.
fn trend(train: &[(f64, f64)], validation: &[(f64, f64)]) -> String {
    let (Some(first), Some(last)) = (train.first(), train.last()) else { return "No step has been taken yet.".into() };
    let [from, to] = [first, last].map(|point| format::figure(point.1));
    let training = match last.1 / first.1 {
        ratio if ratio < 0.98 => format!("Training loss fell from {from} to {to}"),
        ratio if ratio > 1.02 => format!("Training loss rose from {from} to {to}"),
        _ => format!("Training loss stayed near {to}"),
    };
    let finite = || validation.iter().filter(|(_, loss)| loss.is_finite());
    let lowest = finite().min_by(|a, b| a.1.total_cmp(&b.1));
    let (Some(lowest), Some(latest)) = (lowest, finite().next_back()) else { return format!("{training}.") };
    let (loss, step) = (format::figure(lowest.1), format::count(lowest.0));
    if finite().nth(1).is_none() {
        return format!("{training}; validation was {loss} at step {step}.");
    }
    let since = match latest.1 / lowest.1 {
        _ if latest.0 <= lowest.0 => format!("the last evaluation, at step {step}"),
        ratio if ratio > 1.02 => format!("step {step} and has risen to {} since", format::figure(latest.1)),
        _ => format!("step {step} and has stayed near it since"),
    };
    format!("{training}; validation was lowest, {loss}, at {since}.")
}

/// Labels of the ends of an axis of optimizer steps.
pub fn step_ends(total: f64) -> [String; 2] {
    ["0".into(), format!("step {}", format::count(total))]
}

#[cfg(test)]
pub mod tests {
    use hone_core::dataset::Cuts;
    use hone_core::recipe::RecipeSpec;
    use hone_core::run::{EndReason, RunPlan, RunSummary, StepMetrics};
    use hone_core::usage::PromptForm;

    use super::*;
    use crate::state::Phase;

    /// A plan of two steps.
    pub fn plan() -> RunPlan {
        RunPlan {
            recipe: RecipeSpec::default(),
            labels: Vec::new(),
            train_rows: 0,
            validation_rows: 0,
            test_rows: 0,
            total_steps: 2,
            steps_per_epoch: 1,
            max_length: 64,
            cuts: Cuts::default(),
            form: PromptForm::default(),
            trainable_parameters: 0.0,
            lr_curve: Vec::new(),
            param_groups: Vec::new(),
            baseline: None,
        }
    }

    fn losses(points: &[f64]) -> Vec<(f64, f64)> {
        (1..).map(|nth: u32| f64::from(10 * nth)).zip(points.iter().copied()).collect()
    }

    #[test]
    fn the_trend_of_a_loss_is_told_in_a_sentence() {
        let trend_of = |train: &[f64], validation: &[f64]| trend(&losses(train), &losses(validation));
        assert_eq!(trend_of(&[], &[]), "No step has been taken yet.");
        assert_eq!(trend_of(&[1.79, 0.31], &[]), "Training loss fell from 1.790 to 0.310.");
        assert_eq!(trend_of(&[0.7, 0.7], &[0.7]), "Training loss stayed near 0.700; validation was 0.700 at step 10.");
        let turned = "Training loss fell from 1.790 to 0.310; validation was lowest, 0.420, at step 20 and has risen to 0.600 since.";
        assert_eq!(trend_of(&[1.79, 0.31], &[0.9, 0.42, f64::NAN, 0.6]), turned);
        assert!(trend_of(&[1.0, 2.0], &[0.9, 0.5, 0.502]).ends_with(
            "rose from 1.000 to 2.000; validation was lowest, 0.500, at step 20 and has stayed near it since."
        ));
        assert!(trend_of(&[1.0, 0.5], &[0.9, 0.5]).ends_with("was lowest, 0.500, at the last evaluation, at step 20."));
    }

    #[test]
    fn the_curves_are_a_table_with_the_scores_at_their_steps() {
        let step =
            |step, loss| StepMetrics { step, epoch: 0.5, loss, grad_norm: 2.0, lr: 1e-4, tokens: 9, taken: true };
        let scores = [(Metric::Accuracy, 0.75)].into();
        let evaluations = vec![Evaluation { step: 2, loss: 0.4, scores, ..Evaluation::default() }];
        let run = Run { steps: vec![step(1, 0.5), step(2, f64::NAN)], evaluations, ..Run::default() };
        let lines: Vec<String> = run.curves_csv().lines().map(String::from).collect();
        assert_eq!(
            lines[0],
            "step,epoch,training_loss,learning_rate,gradient_norm,validation_loss,validation_accuracy"
        );
        assert_eq!(lines[1..], ["1,0.5,0.5,0.0001,2,,", "2,0.5,,0.0001,2,0.4,0.75"]);
    }

    #[test]
    fn the_gradient_norm_says_how_often_it_was_clipped() {
        let step =
            |step, grad_norm| StepMetrics { step, epoch: 0.5, loss: 1.0, grad_norm, lr: 1e-4, tokens: 9, taken: true };
        let mut run = Run { steps: vec![step(1, 4.5), step(2, 0.5)], ..Run::default() };
        assert_eq!(run.gradient_picture(Scale::Log).summary, "Gradient norm at most 4.500, at step 1.");
        run.plan = Some(RunPlan { recipe: RecipeSpec { max_grad_norm: 1.0, ..RecipeSpec::default() }, ..plan() });
        let picture = run.gradient_picture(Scale::Linear);
        assert_eq!(picture.summary, "Gradient norm at most 4.500, at step 1. 1 step was clipped to 1 (dashed).");
        assert!(!picture.shapes[2].path.is_empty());
    }

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
        assert_eq!(picture.frame, Frame { x_min: 0.0, x_max: 8.0, y_min: 0.0, y_max: 8.0, scale: Scale::Linear });
        assert!(picture.summary.starts_with("2 predictions"), "{}", picture.summary);
        assert_eq!(Run::default().scatter_picture().frame.x_max, 1.0);
    }
}
