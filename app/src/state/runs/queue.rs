//! Waiting runs: several seeds of a recipe, or a small sweep.

use std::collections::VecDeque;

use hone_core::recipe::{Field, Number, RecipeSpec, Unit};

use crate::state::recipe::fields;
use crate::state::{Effect, State};

/// Maximum number of runs of a sweep; more would take all night and belong on another machine.
const MAX_RUNS: usize = 24;

/// A run to be started.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Its recipe.
    pub recipe: RecipeSpec,
    /// Its name.
    pub name: String,
}

/// Waiting runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Queue {
    waiting: VecDeque<Job>,
    total: usize,
}

impl Queue {
    /// Replaces the waiting jobs.
    pub fn fill(&mut self, jobs: Vec<Job>) {
        (self.total, self.waiting) = (jobs.len(), jobs.into());
    }

    /// Takes out the next job.
    pub fn next(&mut self) -> Option<Job> {
        let next = self.waiting.pop_front();
        if next.is_none() {
            self.total = 0;
        }
        next
    }

    /// Drops the waiting jobs, and returns their number.
    pub fn clear(&mut self) -> usize {
        self.total = 0;
        std::mem::take(&mut self.waiting).len()
    }

    /// The number of the current run and the total, if there are several.
    pub fn position(&self) -> Option<(usize, usize)> {
        (self.total > 1).then(|| (self.total - self.waiting.len(), self.total))
    }

    /// Number of waiting runs.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

/// A field of a sweep.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// Its name in the recipe; empty if no field is selected.
    pub field: String,
    /// The values, as typed: `1e-4, 3e-4`.
    pub values: String,
}

/// Jobs with `runs` consecutive seeds, starting at the recipe's.
pub fn seeds(recipe: &RecipeSpec, runs: u32) -> Vec<Job> {
    let job = |seed| Job { recipe: RecipeSpec { seed, ..recipe.clone() }, name: format!("seed {seed}") };
    (0..runs).map(|run| job(recipe.seed.wrapping_add(run))).collect()
}

/// Jobs for every combination of the values of the axes.
///
/// # Errors
/// If a value is invalid, a field is used twice or has no effect, or there are too many runs.
pub fn sweep(recipe: &RecipeSpec, axes: &[Axis]) -> Result<Vec<Job>, String> {
    let mut jobs = vec![Job { recipe: recipe.clone(), name: String::new() }];
    let mut used = Vec::new();
    for axis in axes.iter().filter(|axis| !axis.field.is_empty()) {
        let field = sweepable(recipe).find(|(field, _)| field.name == axis.field);
        let (field, number) = field.ok_or_else(|| format!("{} has no effect in this recipe.", axis.field))?;
        if used.contains(&field.name) {
            return Err(format!("{} is selected twice.", field.label));
        }
        used.push(field.name);
        let values = values(&axis.values);
        if values.is_empty() {
            return Err(format!("Write the values of {}, such as “1, 2, 4”.", field.label));
        }
        let mut combined = Vec::new();
        for job in &jobs {
            for value in &values {
                let mut recipe = job.recipe.clone();
                let fits = fields::parse_into(number, value, &mut recipe);
                fits.map_err(|error| format!("{}, “{value}”: {error}", field.label))?;
                let unit = if number.unit == Unit::Percent { " %" } else { "" };
                let name = format!("{} {}{unit}", field.label, fields::shown(number, &recipe));
                let name = if job.name.is_empty() { name } else { format!("{}, {name}", job.name) };
                combined.push(Job { recipe, name });
            }
        }
        jobs = combined;
        if jobs.len() > MAX_RUNS {
            return Err(format!("This makes {} runs; at most {MAX_RUNS} are allowed at a time.", jobs.len()));
        }
    }
    if used.is_empty() { Err("Choose a field first.".into()) } else { Ok(jobs) }
}

/// The numeric fields that have an effect in a recipe.
pub fn sweepable(recipe: &RecipeSpec) -> impl Iterator<Item = (&'static Field, &'static Number)> {
    fields::numbers().filter(|(field, _)| (field.applies)(recipe))
}

/// Splits values at commas, or at semicolons if there are any: commas are then decimal.
fn values(typed: &str) -> Vec<&str> {
    let comma = if typed.contains(';') { ';' } else { ',' };
    typed.split(comma).map(str::trim).filter(|value| !value.is_empty()).collect()
}

impl State {
    /// Runs the recipe of the form with several seeds.
    pub fn start_seeds(&mut self, runs: u32) -> Vec<Effect> {
        self.start_all(seeds(&self.recipe(), runs))
    }

    /// The runs of the sweep.
    pub fn sweep_jobs(&self) -> Result<Vec<Job>, String> {
        sweep(&self.recipe(), &self.axes)
    }

    /// Starts the sweep.
    pub fn start_sweep(&mut self) -> Vec<Effect> {
        self.sweep_jobs().map_or_else(|_| Vec::new(), |jobs| self.start_all(jobs))
    }

    /// Starts a queue of jobs.
    pub(in crate::state) fn start_all(&mut self, jobs: Vec<Job>) -> Vec<Effect> {
        if self.blocker().is_some() || self.is_engaged() {
            return Vec::new();
        }
        self.queue.fill(jobs);
        self.next_run()
    }

    /// Drops the waiting runs; the current one continues.
    pub fn drop_waiting(&mut self) -> Vec<Effect> {
        self.queue.clear();
        Vec::new()
    }

    /// Begins the next waiting run, if there is one.
    pub fn next_run(&mut self) -> Vec<Effect> {
        self.queue.next().map_or_else(Vec::new, |job| self.begin(job))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(field: &str, values: &str) -> Axis {
        Axis { field: field.into(), values: values.into() }
    }

    #[test]
    fn seeds_count_up_from_that_of_the_recipe() {
        let jobs = seeds(&RecipeSpec::default(), 3);
        assert_eq!(jobs.iter().map(|job| job.recipe.seed).collect::<Vec<_>>(), [42, 43, 44]);
        assert_eq!(jobs[1].name, "seed 43");
    }

    #[test]
    fn a_sweep_makes_every_combination() {
        let axes = [axis("learning_rate", "1e-4, 3e-4"), axis("dropout", "0; 12,5")];
        let jobs = sweep(&RecipeSpec::default(), &axes).unwrap();
        let made: Vec<_> = jobs.iter().map(|job| (job.recipe.learning_rate, job.recipe.dropout)).collect();
        let (low, high) = (Some(1e-4), Some(3e-4));
        assert_eq!(made, [(low, 0.0), (low, 0.125), (high, 0.0), (high, 0.125)]);
        assert_eq!(jobs[1].name, "Peak learning rate 1e-4, Dropout 12.5 %");
        assert_eq!(sweep(&RecipeSpec::default(), &[axis("epochs", "1"), Axis::default()]).unwrap().len(), 1);
    }

    #[test]
    fn invalid_sweeps_are_refused_with_the_reason() {
        let many = "1,2,3,4,5,6,7,8";
        for (axes, words) in [
            (vec![], "Choose a field"),
            (vec![axis("epochs", "1, two")], "“two”"),
            (vec![axis("epochs", " , ")], "Write the values"),
            (vec![axis("epochs", "1"), axis("epochs", "2")], "twice"),
            (vec![axis("cycles", "1")], "no effect"),
            (vec![axis("epochs", many), axis("batch_size", many)], "64 runs"),
        ] {
            let error = sweep(&RecipeSpec::default(), &axes).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn a_queue_reports_its_position_until_it_is_empty() {
        let mut queue = Queue::default();
        assert_eq!((queue.position(), queue.next()), (None, None));
        queue.fill(seeds(&RecipeSpec::default(), 2));
        assert!(queue.next().is_some());
        assert_eq!((queue.position(), queue.waiting()), (Some((1, 2)), 1));
        assert!(queue.next().is_some());
        assert_eq!(queue.position(), Some((2, 2)));
        assert_eq!((queue.next(), queue.position()), (None, None));
        queue.fill(seeds(&RecipeSpec::default(), 3));
        queue.next();
        assert_eq!((queue.clear(), queue.position()), (2, None));
    }
}
