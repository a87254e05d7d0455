//! The report on the rows that train and validate.

use std::collections::HashSet;

use crate::dataset::collect::example::{Example, Role};
use crate::dataset::collect::examples::Examples;
use crate::dataset::collect::examples::{Repairs, Targets};
use crate::dataset::phrases::count;
use crate::dataset::prepare::dataset::Dataset;
use crate::dataset::prepare::duplicates::Repeats;
use crate::dataset::prepare::report::{ClassCount, DataReport, TaskFacts};
use crate::dataset::skipped::SkippedRow;
use crate::dataset::skipped::SkippedRows;
use crate::dataset::tag_scheme::are_bio;
use crate::diagnostic::Diagnostic;
use crate::limits::REPORTED_ROWS;

/// What a data set was made of.
pub(crate) struct Sides<'a> {
    pub own: &'a Examples,
    /// Rows that the file has and the data set has not.
    pub skipped: &'a SkippedRows,
    /// Training rows whose text is in the validation file too.
    pub across_split: u32,
}

/// The report on a data set.
pub(crate) fn report(dataset: &Dataset, sides: Sides, repeats: Repeats, warnings: Vec<Diagnostic>) -> DataReport {
    let Sides { own, skipped, across_split } = sides;
    let classes = classes(dataset);
    DataReport {
        mapping: own.mapping.clone(),
        rows_kept: rows_kept(dataset),
        rows_dropped: (own.skipped.rows + skipped.rows) as u32,
        dropped: first_of([&own.skipped.first, &skipped.first]),
        majority_ratio: majority_ratio(dataset, own, &classes),
        classes,
        duplicates: repeats.duplicates,
        contradictions: repeats.contradictions,
        across_split,
        repeated: repeats.texts,
        train_rows: dataset.train.len() as u32,
        validation_rows: dataset.validation.len() as u32,
        facts: facts(dataset, own),
        tokens: None,
        warnings,
    }
}

/// A report after further rows of the training file were left out, and those of another one: `dataset` is what stays.
pub(crate) fn without(report: &DataReport, dataset: &Dataset, skipped: &SkippedRows) -> DataReport {
    let (own, classes) = (dataset.own(), classes(dataset));
    DataReport {
        rows_kept: rows_kept(dataset),
        rows_dropped: report.rows_dropped + skipped.rows as u32,
        dropped: first_of([&report.dropped, &skipped.first]),
        majority_ratio: majority_ratio(dataset, own, &classes),
        classes,
        train_rows: dataset.train.len() as u32,
        validation_rows: dataset.validation.len() as u32,
        facts: facts(dataset, own),
        ..report.clone()
    }
}

fn rows_kept(dataset: &Dataset) -> u32 {
    (dataset.train.len() + dataset.validation.len()) as u32
}

/// Rows by their lines, as many as are told.
fn first_of(dropped: [&[SkippedRow]; 2]) -> Vec<SkippedRow> {
    let mut first = dropped.concat();
    first.sort_by_key(|row| row.line);
    first.truncate(REPORTED_ROWS);
    first
}

/// What always guessing the commonest class is right for.
fn majority_ratio(dataset: &Dataset, own: &Examples, classes: &[ClassCount]) -> Option<f64> {
    let majority = classes.first().filter(|_| matches!(own.targets, Targets::Classes(_)))?;
    Some(f64::from(majority.rows) / f64::from(rows_kept(dataset)))
}

/// Classes, labels or tags, commonest first.
fn classes(dataset: &Dataset) -> Vec<ClassCount> {
    let mut class_rows = vec![0u32; dataset.labels.len()];
    rows(dataset).flat_map(|row| dataset.row_labels(row)).for_each(|label| class_rows[label as usize] += 1);
    let mut classes: Vec<ClassCount> = dataset
        .labels
        .iter()
        .zip(&class_rows)
        .map(|(label, &rows)| ClassCount { label: label.clone(), rows })
        .collect();
    classes.sort_by_key(|class| std::cmp::Reverse(class.rows));
    classes
}

fn rows(dataset: &Dataset) -> impl Iterator<Item = u32> {
    dataset.train.iter().chain(&dataset.validation).copied()
}

fn facts(dataset: &Dataset, own: &Examples) -> TaskFacts {
    let Repairs { tags: repaired, widened, spans, answers } = &own.repairs;
    let rows = || rows(dataset).map(|row| dataset.example(row));
    match &own.targets {
        Targets::Classes(_) | Targets::None => TaskFacts::None,
        Targets::Labels(_) => {
            let counts = || rows().map(|row| if let Example::Labels { labels, .. } = row { labels.len() } else { 0 });
            TaskFacts::Labels {
                mean: counts().sum::<usize>() as f64 / counts().count().max(1) as f64,
                max: counts().max().unwrap_or_default() as u32,
                without: counts().filter(|&labels| labels == 0).count() as u32,
            }
        }
        Targets::Numbers(_) => numbers(rows().filter_map(|row| match row {
            Example::Number { value, .. } => Some(f64::from(value)),
            _ => None,
        })),
        Targets::Words(_) => {
            let are_bio = are_bio(&dataset.labels);
            let (mut words, mut entities) = (0, 0);
            for row in rows() {
                let Example::Tags { words: tagged, .. } = row else { continue };
                words += tagged.len() as u32;
                let begins = |tag: u32| dataset.labels[tag as usize].starts_with("B-");
                entities += tagged.iter().filter(|word| are_bio && begins(word.tag)).count() as u32;
            }
            let (dropped, first_dropped) = (spans.rows as u32, spans.first.clone());
            TaskFacts::Tags { words, entities, repaired: *repaired, widened: *widened, dropped, first_dropped }
        }
        Targets::Answers(_) => {
            let (mut contexts, mut without) = (HashSet::new(), 0);
            for row in rows() {
                let Example::Question { context, answers, .. } = row else { continue };
                contexts.insert(context);
                without += u32::from(answers.is_empty());
            }
            TaskFacts::Answers {
                contexts: contexts.len() as u32,
                without,
                in_bytes: answers.in_bytes,
                found_elsewhere: answers.elsewhere,
                lost: answers.lost,
            }
        }
        Targets::Turns(_) => {
            let (mut assistant, mut max) = (0, 0);
            for row in rows() {
                let Example::Chat(turns) = row else { continue };
                assistant += turns.iter().filter(|turn| turn.role == Role::Assistant).count() as u32;
                max = max.max(turns.len() as u32);
            }
            TaskFacts::Turns { assistant, max }
        }
    }
}

fn numbers(values: impl Iterator<Item = f64>) -> TaskFacts {
    let values: Vec<f64> = values.collect();
    let rows = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / rows;
    TaskFacts::Numbers {
        min: values.iter().copied().reduce(f64::min).unwrap_or_default(),
        max: values.iter().copied().reduce(f64::max).unwrap_or_default(),
        mean,
        deviation: (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / rows).sqrt(),
    }
}

/// Warns of what was put right while the rows were taken.
pub(crate) fn repairs(own: &Examples) -> Vec<Diagnostic> {
    let Repairs { tags, widened, spans, answers } = &own.repairs;
    let mut warnings = Vec::new();
    let mut warn = |n: usize, code: &str, what: String, done: &str, remedy: &str| {
        if n > 0 {
            warnings.push(Diagnostic::new(code, what).done(done).remedy(remedy));
        }
    };
    warn(
        *tags as usize,
        "data.repaired-tags",
        format!("{} with I- where no entity of its kind has begun.", count(*tags as usize, "tag")),
        "Each was read as the beginning of an entity, B-.",
        "Files in the older IOB1 scheme are written so: nothing need be done.",
    );
    warn(
        *widened as usize,
        "data.widened-spans",
        format!("{} that begin or end inside a word.", count(*widened as usize, "span")),
        "The whole words were taken.",
        "Check whether start and end are counted in characters.",
    );
    let first = spans.first.first().map(|row| format!(" The first, line {}: {}.", row.line, row.reason));
    warn(
        spans.rows,
        "data.left-out-spans",
        format!("{} cannot be used.{}", count(spans.rows, "span"), first.unwrap_or_default()),
        "Left out; the rows are kept.",
        "A word can have one tag only, and a span must stand in its text.",
    );
    warn(
        answers.in_bytes as usize,
        "data.byte-offsets",
        format!("The file counts bytes: {} at its start in bytes.", stand(answers.in_bytes)),
        "The places were counted in bytes.",
        "",
    );
    warn(
        answers.elsewhere as usize,
        "data.moved-answers",
        format!("{} by its text alone.", found(answers.elsewhere)),
        "Each stands once in its passage; that place was taken.",
        "",
    );
    warn(
        answers.lost as usize,
        "data.lost-answers",
        format!("{} not in the passage.", count(answers.lost as usize, "further answer")),
        "Left out; their questions have other answers.",
        "",
    );
    warnings
}

fn stand(answers: u32) -> String {
    if answers == 1 { "1 answer stands".into() } else { format!("{} stand each", count(answers as usize, "answer")) }
}

fn found(answers: u32) -> String {
    if answers == 1 {
        "1 answer was found".into()
    } else {
        format!("{} were each found", count(answers as usize, "answer"))
    }
}
