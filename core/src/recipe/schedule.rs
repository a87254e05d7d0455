//! The learning rate over the steps of a run.

use std::f64::consts::PI;

use crate::recipe::choices::Schedule;
use crate::recipe::defaults::WARMUP_RATIO;
use crate::recipe::fields::RecipeSpec;

/// Learning rate over the steps of a run.
///
/// `warmup_steps` apply to every schedule but the slanted triangle, which has its own rise; in one cycle they are the
/// rise.
#[derive(Clone, Debug, PartialEq)]
pub struct LrCurve {
    shape: Shape,
    peak: f64,
    final_ratio: f64,
    warmup_steps: u32,
    total_steps: u32,
}

/// Shape of the curve with its own numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    Constant,
    Linear,
    Cosine,
    CosineRestarts { cycles: f64 },
    Polynomial { power: f64 },
    InverseSqrt,
    OneCycle { start_ratio: f64 },
    SlantedTriangular { cut_frac: f64, ratio: f64 },
}

impl LrCurve {
    /// The curve of a recipe over `total_steps` steps with the given peak. A plateau schedule is constant here: its cuts
    /// depend on the scores of the run.
    pub fn new(recipe: &RecipeSpec, peak: f64, total_steps: u32) -> Self {
        let shape = match recipe.schedule {
            Schedule::Constant | Schedule::Plateau => Shape::Constant,
            Schedule::Linear => Shape::Linear,
            Schedule::Cosine => Shape::Cosine,
            Schedule::CosineRestarts => Shape::CosineRestarts { cycles: f64::from(recipe.cycles) },
            Schedule::Polynomial => Shape::Polynomial { power: recipe.power },
            Schedule::InverseSqrt => Shape::InverseSqrt,
            Schedule::OneCycle => Shape::OneCycle { start_ratio: recipe.lr_start_ratio },
            Schedule::SlantedTriangular => Shape::SlantedTriangular { cut_frac: recipe.cut_frac, ratio: recipe.ratio },
        };
        let warmup = (recipe.warmup_ratio.unwrap_or(WARMUP_RATIO) * f64::from(total_steps)).ceil() as u32;
        // A warmup starts at rate 0: at least the last step must be past it, or a run of one step would learn nothing.
        let warmup_steps = recipe.warmup_steps.unwrap_or(warmup).min(total_steps.saturating_sub(1));
        Self { shape, peak, final_ratio: recipe.lr_final_ratio, warmup_steps, total_steps }
    }

    /// Learning rate of a step, counted from 0; the first step of a warmup has rate 0.
    ///
    /// Sources: constant, linear, cosine, restarts, polynomial and inverse square root as the schedules of
    /// transformers (`get_*_schedule_with_warmup`); one cycle as `torch.optim.lr_scheduler.OneCycleLR` with two cosine
    /// phases (Smith, Topin 2017); the slanted triangle of ULMFiT (Howard, Ruder 2018, section 3.2).
    pub fn lr(&self, step: u32) -> f64 {
        self.peak * self.factor(step).max(0.0)
    }

    fn factor(&self, step: u32) -> f64 {
        let (t, total, warmup) = (f64::from(step), f64::from(self.total_steps), f64::from(self.warmup_steps));
        match self.shape {
            Shape::OneCycle { start_ratio } => return self.one_cycle(t, start_ratio),
            Shape::SlantedTriangular { cut_frac, ratio } => return slanted_triangular(t, total, cut_frac, ratio),
            _ if step < self.warmup_steps => return t / warmup.max(1.0),
            _ => {}
        }
        let progress = ((t - warmup) / (total - warmup).max(1.0)).min(1.0);
        let falling = match self.shape {
            Shape::Linear => 1.0 - progress,
            Shape::Cosine => half_cosine(progress),
            Shape::CosineRestarts { .. } if progress >= 1.0 => 0.0,
            Shape::CosineRestarts { cycles } => half_cosine((cycles * progress).fract()),
            Shape::Polynomial { power } => (1.0 - progress).powf(power),
            Shape::InverseSqrt => {
                // Without warmup, the time scale of the decay is 10,000 steps, as in transformers.
                let scale = if self.warmup_steps == 0 { 10_000.0 } else { warmup };
                return (scale / (t + scale - warmup)).sqrt();
            }
            _ => return 1.0,
        };
        self.final_ratio + (1.0 - self.final_ratio) * falling
    }

    fn one_cycle(&self, t: f64, start_ratio: f64) -> f64 {
        let anneal = |from: f64, to: f64, progress: f64| to + (from - to) * half_cosine(progress);
        let (top, end) = (f64::from(self.warmup_steps) - 1.0, f64::from(self.total_steps) - 1.0);
        if t <= top {
            return if top > 0.0 { anneal(start_ratio, 1.0, t / top) } else { 1.0 };
        }
        let top = top.max(0.0);
        anneal(1.0, self.final_ratio, ((t - top) / (end - top).max(1.0)).min(1.0))
    }
}

/// Half a cosine, from 1 to 0: `(1 + cos(π · progress)) / 2` for a progress from 0 to 1. By its Taylor series around the
/// middle, because `f64::cos` takes any angle, and with that 3 KB of the page's wasm.
fn half_cosine(progress: f64) -> f64 {
    let x = PI * (0.5 - progress);
    let (mut sine, mut term) = (x, x);
    for n in 1..=10 {
        term *= -x * x / f64::from(2 * n * (2 * n + 1));
        sine += term;
    }
    (0.5 * (1.0 + sine)).clamp(0.0, 1.0)
}

fn slanted_triangular(t: f64, total: f64, cut_frac: f64, ratio: f64) -> f64 {
    let cut = (total * cut_frac).floor();
    // A run too short for a rise starts at the peak.
    let fall = if cut > 0.0 { cut * (1.0 / cut_frac - 1.0) } else { total };
    let p = if t < cut { t / cut } else { 1.0 - (t - cut) / fall };
    (1.0 + p.max(0.0) * (ratio - 1.0)) / ratio
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_rises_over_the_warmup_and_falls_to_zero() {
        let curve = LrCurve::new(&RecipeSpec { warmup_ratio: Some(0.3), ..RecipeSpec::default() }, 4.0, 6);
        let rates: Vec<f64> = (0..=6).map(|step| curve.lr(step)).collect();
        assert_eq!(rates, [0.0, 2.0, 4.0, 3.0, 2.0, 1.0, 0.0]);
    }

    #[test]
    fn half_a_cosine_is_that_of_the_standard_library() {
        for nth in 0..=100 {
            let progress = f64::from(nth) / 100.0;
            assert!((half_cosine(progress) - 0.5 * (1.0 + (PI * progress).cos())).abs() < 1e-15, "{progress}");
        }
        assert_eq!([0.0, 0.5, 1.0].map(half_cosine), [1.0, 0.5, 0.0]);
    }

    #[test]
    fn every_run_has_a_step_that_learns() {
        for schedule in Schedule::ALL {
            for total in [1, 2, 3, 10] {
                for (warmup_ratio, warmup_steps) in [(0.0, None), (0.1, None), (1.0, None), (0.0, Some(50))] {
                    let recipe = RecipeSpec {
                        schedule,
                        warmup_ratio: Some(warmup_ratio),
                        warmup_steps,
                        ..RecipeSpec::default()
                    };
                    let curve = LrCurve::new(&recipe, 1.0, total);
                    let learns = (0..total).any(|step| curve.lr(step) > 0.0);
                    assert!(learns, "{schedule:?} of {total} steps, warmup {warmup_ratio} {warmup_steps:?}");
                }
            }
        }
        assert_eq!(LrCurve::new(&RecipeSpec::default(), 1.0, 1).lr(0), 1.0);
    }

    #[test]
    fn every_schedule_stays_between_zero_and_its_peak_in_short_runs() {
        for schedule in Schedule::ALL {
            for total in [1, 2, 3, 10] {
                for warmup_ratio in [0.0, 0.1, 0.9] {
                    let recipe = RecipeSpec { schedule, warmup_ratio: Some(warmup_ratio), ..RecipeSpec::default() };
                    let curve = LrCurve::new(&recipe, 1.0, total);
                    for step in 0..=total {
                        let lr = curve.lr(step);
                        assert!((0.0..=1.0).contains(&lr), "{schedule:?} of {total} steps, step {step}: {lr}");
                    }
                }
            }
        }
    }
}
