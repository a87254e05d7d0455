//! Comparison of runs: overlaid curves, a table of differences, and the spread across seeds.

use hone_core::recipe::{ClassWeights, FIELDS, FieldKind, LoraTarget, Metric, RecipeSpec};

use crate::format;
use crate::plot::{Frame, Picture, Scale, Series, Shape, round_up};
use crate::state::recipe::{fields, unfreeze_order};
use crate::state::runs::charts::step_ends;
use crate::state::runs::scores;
use crate::state::{History, PastRun};

/// Number of distinguishable line styles; further runs reuse them.
pub const SERIES: usize = 8;

/// Runs of one recipe on the same data with different seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedGroup {
    /// Name of the first run.
    pub name: String,
    /// Number of runs.
    pub runs: usize,
    /// Mean and standard deviation of the main metrics.
    pub scores: Vec<(Metric, (f64, f64))>,
}

/// A row of the table of differences: the name of a field and its value in each run.
pub type Difference = (String, Vec<String>);

impl History {
    /// The metric for the comparison: the main one of the first run's task.
    pub fn compared(&self) -> Metric {
        main_metric(&self.ticked())
    }

    /// The main metric on the validation rows of the compared runs.
    pub fn score_picture(&self) -> Picture {
        score_picture(&self.ticked())
    }

    /// Validation loss of the compared runs, with their training loss as thin lines.
    pub fn loss_picture(&self) -> Picture {
        loss_picture(&self.ticked())
    }

    /// The fields in which the compared runs differ, with the value of each run.
    pub fn differences(&self) -> Vec<Difference> {
        let runs = self.ticked();
        let mut lines: Vec<Difference> = Vec::new();
        let mut line = |name: &str, words: &dyn Fn(&PastRun) -> String| {
            let values: Vec<String> = runs.iter().map(|run| words(run)).collect();
            if values.iter().any(|value| *value != values[0]) {
                lines.push((name.to_owned(), values));
            }
        };
        line("Data", &|run| format!("{} ({} rows)", run.data, run.train_rows));
        line("Model", &|run| run.recipe.model.clone());
        for field in FIELDS {
            match (&field.kind, field.name) {
                (FieldKind::Custom(_), "lr_per_group") => line(field.label, &|run| rates(&run.recipe)),
                (FieldKind::Custom(_), "unfreeze_order") => {
                    line(field.label, &|run| unfreeze_order::write(&run.recipe.unfreeze_order));
                }
                (FieldKind::Custom(_), "target_modules") => line(field.label, &|run| targets(&run.recipe)),
                _ => line(field.label, &|run| fields::words(field, &run.recipe)),
            }
        }
        line("Custom class weights", &|run| weights(&run.recipe));
        lines
    }

    /// Recipes that ran with several seeds, newest first.
    pub fn seed_groups(&self) -> Vec<SeedGroup> {
        let mut groups: Vec<Vec<&PastRun>> = Vec::new();
        for run in self.runs.iter().rev() {
            match groups.iter_mut().find(|group| is_same_but_seed(group[0], run)) {
                Some(group) => group.push(run),
                None => groups.push(vec![run]),
            }
        }
        let several = groups.into_iter().filter(|group| group.len() > 1);
        several
            .map(|group| SeedGroup {
                name: group.last().map_or_else(String::new, |run| run.name.clone()),
                runs: group.len(),
                scores: Self::metrics([group[0]])
                    .into_iter()
                    .map(|metric| (metric, spread(group.iter().map(|run| run.best.score(metric)))))
                    .collect(),
            })
            .collect()
    }
}

/// The main metric of runs: that of the first one's task.
fn main_metric(runs: &[&PastRun]) -> Metric {
    runs.first().map_or(Metric::Accuracy, |run| scores::shown(run.recipe.task, Some(&run.best))[0])
}

/// The main metric of runs on their validation rows.
pub fn score_picture(runs: &[&PastRun]) -> Picture {
    let metric = main_metric(runs);
    let (mut lowest, mut highest) = (1.0f64, 0.0f64);
    for score in runs.iter().flat_map(|run| &run.evaluations).map(|one| one.score(metric)) {
        // NaN leaves both unchanged.
        (lowest, highest) = (lowest.min(score), highest.max(score));
    }
    let x_max = longest(runs);
    let frame = if highest <= 1.0 && !metric.is_lower_better() {
        Frame { y_min: (lowest * 10.0).floor() / 10.0, ..Frame::from_zero(x_max, 1.0) }
    } else {
        Frame::from_zero(x_max, round_up(highest))
    };
    let best = |run: &&PastRun| format!("{} {}", format::visible(&run.name), scores::of(&run.best, metric));
    let runs_words = runs.iter().map(best).collect::<Vec<_>>().join(", ");
    let summary = format!("Best {}: {runs_words}.", metric.name());
    let shapes = runs.iter().zip(0..).flat_map(|(run, series)| curve(&frame, &points(run, metric), series));
    let series = series(runs, metric);
    let ticks = frame.even_ticks();
    Picture { shapes: shapes.collect(), series, frame, ticks, ends: step_ends(frame.x_max), summary }
}

/// Validation loss of runs, with their training loss as thin lines.
pub fn loss_picture(runs: &[&PastRun]) -> Picture {
    let losses = runs.iter().flat_map(|run| {
        let validation = run.evaluations.iter().map(|evaluation| evaluation.loss);
        validation.chain(run.loss.iter().map(|point| point.1))
    });
    let (frame, ticks) = Frame::fitting(longest(runs), losses, Scale::Linear);
    let last = |run: &&PastRun| format!("{} {}", format::visible(&run.name), format::score(run.best.loss));
    let summary = format!("Validation loss: {}.", runs.iter().map(last).collect::<Vec<_>>().join(", "));
    let shapes = runs.iter().zip(0..).flat_map(|(run, series)| {
        let thin = Shape::new(format!("series-{} thin", series % SERIES), frame.line(&run.loss));
        [thin].into_iter().chain(curve(&frame, &points(run, Metric::Loss), series))
    });
    let series = series(runs, Metric::Loss);
    Picture { shapes: shapes.collect(), series, frame, ticks, ends: step_ends(frame.x_max), summary }
}

fn longest(runs: &[&PastRun]) -> f64 {
    runs.iter().map(|run| f64::from(run.steps)).fold(1.0, f64::max)
}

fn points(run: &PastRun, metric: Metric) -> Vec<(f64, f64)> {
    run.evaluations.iter().map(|evaluation| (f64::from(evaluation.step), evaluation.score(metric))).collect()
}

/// Values under the cursor: a metric of each run.
fn series(runs: &[&PastRun], metric: Metric) -> Vec<Series> {
    let series = |(run, nth): (&&PastRun, usize)| {
        Series::new(format::visible(&run.name), format!("series-{}", nth % SERIES), &points(run, metric))
    };
    runs.iter().zip(0..).map(series).collect()
}

fn curve(frame: &Frame, points: &[(f64, f64)], series: usize) -> [Shape; 2] {
    let class = format!("series-{}", series % SERIES);
    [Shape::new(class.clone(), frame.line(points)), Shape::new(format!("{class} dots"), frame.dots(points))]
}

fn is_same_but_seed(a: &PastRun, b: &PastRun) -> bool {
    let unseeded = |run: &PastRun| RecipeSpec { seed: 0, ..run.recipe.clone() };
    (&a.data, a.train_rows, unseeded(a)) == (&b.data, b.train_rows, unseeded(b))
}

/// Mean and sample standard deviation (with n - 1).
fn spread(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n.max(1.0);
    let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    (mean, variance.sqrt())
}

fn rates(recipe: &RecipeSpec) -> String {
    listed(
        recipe
            .lr_per_group
            .iter()
            .map(|(group, rate)| format!("{} {}", format::param_group(*group), format::rate(*rate))),
    )
}

fn weights(recipe: &RecipeSpec) -> String {
    match &recipe.class_weights {
        ClassWeights::Given(weights) => {
            listed(weights.iter().map(|(label, weight)| format!("{label} {}", format::rate(*weight))))
        }
        _ => String::new(),
    }
}

fn targets(recipe: &RecipeSpec) -> String {
    if !recipe.has_adapter() {
        String::new()
    } else if recipe.target_modules == LoraTarget::ALL {
        "all linear layers".into()
    } else {
        listed(recipe.target_modules.iter().map(|target| target.label().to_owned()))
    }
}

fn listed(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::runs::history::tests::past;

    fn ticked(runs: Vec<PastRun>) -> History {
        History { runs: runs.into_iter().map(|run| PastRun { is_ticked: true, ..run }).collect() }
    }

    #[test]
    fn only_differences_are_listed() {
        let other = RecipeSpec { learning_rate: Some(3e-4), epochs: Some(5), ..RecipeSpec::default() };
        let history = ticked(vec![past(1, RecipeSpec::default(), 0.8), past(2, other, 0.9)]);
        let differences = history.differences();
        let names: Vec<&str> = differences.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Peak learning rate", "Epochs"]);
        assert_eq!(differences[0].1, ["automatic", "3e-4"]);
    }

    #[test]
    fn curves_share_one_frame_in_the_order_of_selection() {
        let history = ticked(vec![past(1, RecipeSpec::default(), 0.8), past(2, RecipeSpec::default(), 0.9)]);
        let picture = history.score_picture();
        assert_eq!(picture.frame.y_min, 0.8);
        assert_eq!(picture.shapes[2].class, "series-1");
        assert!(picture.summary.contains("Run 2 0.900"), "{}", picture.summary);
        assert!(history.loss_picture().shapes.iter().any(|shape| shape.class == "series-1 thin"));
        assert!(History::default().score_picture().shapes.is_empty());
    }

    #[test]
    fn seeds_of_one_recipe_are_summarized_by_mean_and_deviation() {
        let seeded = |seed| RecipeSpec { seed, ..RecipeSpec::default() };
        let other = RecipeSpec { epochs: Some(9), ..RecipeSpec::default() };
        let runs = vec![past(1, seeded(1), 0.8), past(2, seeded(2), 0.9), past(3, other, 0.5)];
        let groups = History { runs }.seed_groups();
        assert_eq!((groups.len(), groups[0].runs, groups[0].name.as_str()), (1, 2, "Run 1"));
        let (metric, (mean, deviation)) = groups[0].scores[1];
        assert_eq!(metric, Metric::MacroF1);
        assert!((mean - 0.85).abs() < 1e-12 && (deviation - 0.005f64.sqrt()).abs() < 1e-12, "{groups:?}");
    }
}
