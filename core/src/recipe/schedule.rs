//! How the learning rate changes over a run.

use std::f64::consts::PI;

use crate::recipe::{RecipeSpec, ScheduleKind};

/// Learning rate over the steps of a run.
///
/// `warmup_steps` apply to every schedule but the slanted triangle, which rises by itself; in one cycle they are the
/// rising part.
#[derive(Clone, Debug, PartialEq)]
pub struct LrCurve {
    schedule: Schedule,
    peak: f64,
    final_share: f64,
    warmup_steps: u32,
    total_steps: u32,
}

/// A schedule with the numbers that belong to it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Schedule {
    Constant,
    Linear,
    Cosine,
    CosineRestarts { cycles: f64 },
    Polynomial { power: f64 },
    InverseSqrt,
    OneCycle { start_share: f64 },
    SlantedTriangular { cut_frac: f64, ratio: f64 },
}

impl LrCurve {
    /// The curve of a recipe over `total_steps` steps with the highest rate `peak`. A plateau schedule is constant
    /// here: what it takes away depends on the run.
    pub fn new(recipe: &RecipeSpec, peak: f64, total_steps: u32) -> Self {
        let schedule = match recipe.schedule {
            ScheduleKind::Constant | ScheduleKind::Plateau => Schedule::Constant,
            ScheduleKind::Linear => Schedule::Linear,
            ScheduleKind::Cosine => Schedule::Cosine,
            ScheduleKind::CosineRestarts => Schedule::CosineRestarts { cycles: f64::from(recipe.cycles) },
            ScheduleKind::Polynomial => Schedule::Polynomial { power: recipe.power },
            ScheduleKind::InverseSqrt => Schedule::InverseSqrt,
            ScheduleKind::OneCycle => Schedule::OneCycle { start_share: recipe.lr_start_ratio },
            ScheduleKind::SlantedTriangular => {
                Schedule::SlantedTriangular { cut_frac: recipe.cut_frac, ratio: recipe.ratio }
            }
        };
        let share = (recipe.warmup_ratio * f64::from(total_steps)).ceil() as u32;
        let warmup_steps = recipe.warmup_steps.unwrap_or(share).min(total_steps);
        Self { schedule, peak, final_share: recipe.lr_final_ratio, warmup_steps, total_steps }
    }

    /// The rate of a step, which counts from 0; the first step of a warm-up has rate 0.
    ///
    /// Sources: constant, linear, cosine, restarts, polynomial and inverse square root as the schedules of
    /// transformers (`get_*_schedule_with_warmup`); one cycle as `torch.optim.lr_scheduler.OneCycleLR` with two cosine
    /// phases (Smith, Topin 2017); the slanted triangle of ULMFiT (Howard, Ruder 2018, section 3.2).
    pub fn lr(&self, step: u32) -> f64 {
        self.peak * self.factor(step).max(0.0)
    }

    fn factor(&self, step: u32) -> f64 {
        let (t, total, warmup) = (f64::from(step), f64::from(self.total_steps), f64::from(self.warmup_steps));
        match self.schedule {
            Schedule::OneCycle { start_share } => return self.one_cycle(t, start_share),
            Schedule::SlantedTriangular { cut_frac, ratio } => return slanted_triangular(t, total, cut_frac, ratio),
            _ if step < self.warmup_steps => return t / warmup.max(1.0),
            _ => {}
        }
        let progress = ((t - warmup) / (total - warmup).max(1.0)).min(1.0);
        let falling = match self.schedule {
            Schedule::Linear => 1.0 - progress,
            Schedule::Cosine => 0.5 * (1.0 + (PI * progress).cos()),
            Schedule::CosineRestarts { .. } if progress >= 1.0 => 0.0,
            Schedule::CosineRestarts { cycles } => 0.5 * (1.0 + (PI * (cycles * progress).fract()).cos()),
            Schedule::Polynomial { power } => (1.0 - progress).powf(power),
            Schedule::InverseSqrt => {
                // Without a warm-up the decay has a time scale of its own.
                let scale = if self.warmup_steps == 0 { 10_000.0 } else { warmup };
                return (scale / (t + scale - warmup)).sqrt();
            }
            _ => return 1.0,
        };
        self.final_share + (1.0 - self.final_share) * falling
    }

    fn one_cycle(&self, t: f64, start_share: f64) -> f64 {
        let anneal = |from: f64, to: f64, progress: f64| to + (from - to) / 2.0 * (1.0 + (PI * progress).cos());
        let (top, end) = (f64::from(self.warmup_steps) - 1.0, f64::from(self.total_steps) - 1.0);
        if t <= top {
            return if top > 0.0 { anneal(start_share, 1.0, t / top) } else { 1.0 };
        }
        let top = top.max(0.0);
        anneal(1.0, self.final_share, ((t - top) / (end - top).max(1.0)).min(1.0))
    }
}

fn slanted_triangular(t: f64, total: f64, cut_frac: f64, ratio: f64) -> f64 {
    let cut = (total * cut_frac).floor();
    // A run too short for a rise begins at the top.
    let fall = if cut > 0.0 { cut * (1.0 / cut_frac - 1.0) } else { total };
    let p = if t < cut { t / cut } else { 1.0 - (t - cut) / fall };
    (1.0 + p.max(0.0) * (ratio - 1.0)) / ratio
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_rises_over_the_warm_up_and_falls_to_nothing() {
        let curve = LrCurve::new(&RecipeSpec { warmup_ratio: 0.3, ..RecipeSpec::default() }, 4.0, 6);
        let rates: Vec<f64> = (0..=6).map(|step| curve.lr(step)).collect();
        assert_eq!(rates, [0.0, 2.0, 4.0, 3.0, 2.0, 1.0, 0.0]);
    }

    #[test]
    fn no_schedule_leaves_its_bounds_however_short_the_run() {
        for schedule in ScheduleKind::ALL {
            for total in [1, 2, 3, 10] {
                for warmup_ratio in [0.0, 0.1, 0.9] {
                    let recipe = RecipeSpec { schedule, warmup_ratio, ..RecipeSpec::default() };
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
