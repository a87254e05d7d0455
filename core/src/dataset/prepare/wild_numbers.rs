//! Numbers to predict that are far from all others.

use crate::dataset::collect::example::Example;
use crate::dataset::prepare::dataset::Dataset;
use crate::diagnostic::Diagnostic;
use crate::phrases::count;

/// Interquartile ranges from the nearest quartile beyond which a number is wild. Prices and counts, whose logarithms have a
/// bell curve, have a few beyond ten.
const MAX_RANGES: f64 = 100.0;
/// Lines that are named.
const NAMED: usize = 3;

/// Warns of numbers of the training file that are so far from the others that the error would consist of them alone.
pub(crate) fn wild_numbers(dataset: &Dataset) -> Option<Diagnostic> {
    let value = |row: u32| match dataset.example(row) {
        Example::Number { value, .. } | Example::ScoredPair { score: value, .. } => Some((row, value)),
        _ => None,
    };
    let numbers: Vec<(u32, f32)> =
        dataset.rows().filter(|row| dataset.is_from_train_file(*row)).filter_map(value).collect();
    let mut sorted: Vec<f32> = numbers.iter().map(|(_, value)| *value).collect();
    sorted.sort_by(f32::total_cmp);
    let (low, high) = middle(&sorted)?;
    let reach = MAX_RANGES * (f64::from(high) - f64::from(low));
    let is_wild = |value: f32| f64::from(value) < f64::from(low) - reach || f64::from(value) > f64::from(high) + reach;
    let mut wild: Vec<(u32, f32)> = numbers
        .into_iter()
        .filter(|(_, value)| is_wild(*value))
        .map(|(row, value)| (dataset.line(row), value))
        .collect();
    wild.sort_by_key(|(line, _)| *line);
    if wild.is_empty() {
        return None;
    }
    let named =
        wild.iter().take(NAMED).map(|(line, value)| format!("{} on line {line}", shown(*value))).collect::<Vec<_>>();
    let more = match wild.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let (is, was) = if wild.len() == 1 { ("is", "It was") } else { ("are", "They were") };
    let what = format!("{} {is} far from all others: {}{more}.", count(wild.len(), "number"), named.join(", "));
    let done = format!(
        "{was} kept. Most numbers are between {} and {}, and a number like that can ruin the training.",
        shown(low),
        shown(high)
    );
    Some(
        Diagnostic::new("data.wild-numbers", what)
            .done(done)
            .remedy("Repair the cell, or drop the row. If it is right, learn the logarithm of the numbers."),
    )
}

/// The quartiles of sorted numbers, or if these are the same, the first wider percentiles that differ. None if nearly all
/// numbers are the same.
fn middle(sorted: &[f32]) -> Option<(f32, f32)> {
    let last = sorted.len().checked_sub(1)?;
    let at = |ratio: f64| sorted.get((ratio * last as f64).round() as usize).copied();
    [0.25, 0.1, 0.05].into_iter().find_map(|ratio| {
        let (low, high) = (at(ratio)?, at(1.0 - ratio)?);
        (low < high).then_some((low, high))
    })
}

/// A number with the digits that it has in 32 bits, and a power of ten if it is very large or small.
fn shown(value: f32) -> String {
    format!("{value:?}").trim_end_matches(".0").to_owned()
}
