//! The report on a data set.

use std::collections::HashSet;

use crate::dataset::collect::example::{Example, Role};
use crate::dataset::collect::lost_targets::LostTargets;
use crate::dataset::collect::repairs::Repairs;
use crate::dataset::prepare::dataset::Dataset;
use crate::dataset::prepare::duplicates::Duplicates;
use crate::dataset::prepare::language::other_languages;
use crate::dataset::prepare::report::{ClassCount, DataReport, TaskFacts};
use crate::dataset::skipped::{SkippedRow, SkippedRows};
use crate::dataset::tag_scheme::are_bio;
use crate::diagnostic::Diagnostic;
use crate::limits::REPORTED_ROWS;
use crate::phrases::{count, names, rows_were};
use crate::recipe::Task;

/// Rows of the training file that are not in the data set.
pub(crate) struct Exclusions<'a> {
    /// Rows whose labels cannot be learned.
    pub skipped: &'a SkippedRows,
    /// Rows whose text is also in the validation or test file.
    pub across_split: u32,
}

/// The report on a new data set.
pub(crate) fn report(
    dataset: &Dataset,
    excluded: Exclusions,
    duplicates: Duplicates,
    warnings: Vec<Diagnostic>,
) -> DataReport {
    let file = &dataset.train_file.examples;
    let classes = class_counts(dataset);
    DataReport {
        mapping: file.mapping.clone(),
        rows_kept: rows_kept(dataset),
        rows_dropped: (file.skipped.rows + excluded.skipped.rows) as u32,
        unlabeled: file.pool.total as u32,
        dropped: first_by_line([&file.skipped.first, &excluded.skipped.first]),
        majority_ratio: majority_ratio(dataset, &classes),
        classes,
        duplicates: duplicates.duplicates,
        contradictions: duplicates.contradictions,
        across_split: excluded.across_split,
        repeated: duplicates.texts,
        train_rows: dataset.train.len() as u32,
        validation_rows: dataset.validation.len() as u32,
        test_rows: dataset.test.len() as u32,
        left_out: Vec::new(),
        facts: facts(dataset),
        other_languages: other_languages(file),
        tokens: None,
        warnings,
    }
}

/// Updates a report after more rows were excluded. `dataset` is what remains, `skipped` are the excluded rows of the
/// training file.
pub(crate) fn update(report: &DataReport, dataset: &Dataset, skipped: &SkippedRows) -> DataReport {
    let classes = class_counts(dataset);
    DataReport {
        rows_kept: rows_kept(dataset),
        rows_dropped: report.rows_dropped + skipped.rows as u32,
        dropped: first_by_line([&report.dropped, &skipped.first]),
        majority_ratio: majority_ratio(dataset, &classes),
        classes,
        train_rows: dataset.train.len() as u32,
        validation_rows: dataset.validation.len() as u32,
        test_rows: dataset.test.len() as u32,
        facts: facts(dataset),
        ..report.clone()
    }
}

fn rows_kept(dataset: &Dataset) -> u32 {
    (dataset.train.len() + dataset.validation.len() + dataset.test.len()) as u32
}

/// The first skipped rows by line, as many as a report lists.
fn first_by_line(skipped: [&[SkippedRow]; 2]) -> Vec<SkippedRow> {
    let mut first = skipped.concat();
    first.sort_by_key(|row| row.line);
    first.truncate(REPORTED_ROWS);
    first
}

/// Accuracy of always predicting the most frequent class. None for tasks other than single-label classification.
fn majority_ratio(dataset: &Dataset, classes: &[ClassCount]) -> Option<f64> {
    let majority = classes.first().filter(|_| dataset.task == Task::Classification)?;
    Some(f64::from(majority.rows) / f64::from(rows_kept(dataset)))
}

/// Rows of each class or label, or words of each tag; most frequent first.
fn class_counts(dataset: &Dataset) -> Vec<ClassCount> {
    let mut rows = vec![0u32; dataset.labels.len()];
    dataset.rows().flat_map(|row| dataset.row_labels(row)).for_each(|label| rows[label as usize] += 1);
    let counts = dataset.labels.iter().zip(rows).map(|(label, rows)| ClassCount { label: label.clone(), rows });
    let mut counts: Vec<ClassCount> = counts.collect();
    counts.sort_by_key(|class| std::cmp::Reverse(class.rows));
    counts
}

/// Figures of the task, over all rows of the data set.
fn facts(dataset: &Dataset) -> TaskFacts {
    let repairs = &dataset.train_file.examples.repairs;
    let examples = || dataset.rows().map(|row| dataset.example(row));
    match dataset.task {
        Task::Classification => TaskFacts::None,
        Task::MultiLabel => label_facts(examples()),
        Task::Regression | Task::Reranking => number_facts(examples()),
        Task::TokenClassification => tag_facts(examples(), &dataset.labels, repairs),
        Task::QuestionAnswering => answer_facts(examples(), repairs),
        Task::Generation => chat_facts(examples()),
        Task::Embeddings => number_facts(examples()),
    }
}

fn label_facts<'a>(examples: impl Iterator<Item = Example<'a>>) -> TaskFacts {
    let (mut rows, mut sum, mut max, mut unlabeled) = (0usize, 0, 0, 0);
    for example in examples {
        let Example::Labels { labels, .. } = example else { continue };
        rows += 1;
        sum += labels.len();
        max = max.max(labels.len());
        unlabeled += u32::from(labels.is_empty());
    }
    TaskFacts::Labels { mean: sum as f64 / rows.max(1) as f64, max: max as u32, unlabeled }
}

fn number_facts<'a>(examples: impl Iterator<Item = Example<'a>>) -> TaskFacts {
    let value = |example| match example {
        Example::Number { value, .. } | Example::ScoredPair { score: value, .. } => Some(f64::from(value)),
        _ => None,
    };
    let values: Vec<f64> = examples.filter_map(value).collect();
    if values.is_empty() {
        return TaskFacts::None;
    }
    let rows = values.len() as f64;
    let mean = values.iter().sum::<f64>() / rows;
    TaskFacts::Numbers {
        min: values.iter().copied().reduce(f64::min).unwrap_or_default(),
        max: values.iter().copied().reduce(f64::max).unwrap_or_default(),
        mean,
        deviation: (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / rows).sqrt(),
    }
}

fn tag_facts<'a>(examples: impl Iterator<Item = Example<'a>>, labels: &[String], repairs: &Repairs) -> TaskFacts {
    let are_bio = are_bio(labels);
    let begins_entity = |tag: u32| are_bio && labels.get(tag as usize).is_some_and(|label| label.starts_with("B-"));
    let (mut words, mut entities) = (0, 0);
    for example in examples {
        let Example::Tags { words: tagged, .. } = example else { continue };
        words += tagged.len() as u32;
        entities += tagged.iter().filter(|word| begins_entity(word.tag)).count() as u32;
    }
    TaskFacts::Tags {
        words,
        entities,
        repaired: repairs.tags,
        widened: repairs.widened_spans,
        dropped: repairs.skipped_spans.rows as u32,
        first_dropped: first_by_line([&repairs.skipped_spans.first, &[]]),
    }
}

fn answer_facts<'a>(examples: impl Iterator<Item = Example<'a>>, repairs: &Repairs) -> TaskFacts {
    let (mut contexts, mut unanswerable) = (HashSet::new(), 0);
    for example in examples {
        let Example::Question { context, answers, .. } = example else { continue };
        contexts.insert(context);
        unanswerable += u32::from(answers.is_empty());
    }
    TaskFacts::Answers {
        contexts: contexts.len() as u32,
        unanswerable,
        byte_offsets: repairs.answers.byte_offsets,
        found_by_text: repairs.answers.found_by_text,
        not_found: repairs.answers.not_found,
    }
}

/// Figures of conversations; no figures for completions and running text.
fn chat_facts<'a>(examples: impl Iterator<Item = Example<'a>>) -> TaskFacts {
    let (mut assistant, mut max) = (0, 0);
    for example in examples {
        let Example::Chat(turns) = example else { return TaskFacts::None };
        assistant += turns.iter().filter(|turn| turn.role == Role::Assistant).count() as u32;
        max = max.max(turns.len() as u32);
    }
    TaskFacts::Turns { assistant, max }
}

/// Warns of labels, or of answers as such, that no row has because all rows with them were skipped.
fn lost_warning(lost: &LostTargets) -> Option<Diagnostic> {
    let (target, rows) = lost.by_target.first()?;
    let first = rows.first.first()?;
    let labels: Vec<&str> = lost.by_target.iter().map(|(label, _)| label.as_str()).collect();
    let all: usize = lost.by_target.iter().map(|(_, rows)| rows.rows).sum();
    let which = match labels.as_slice() {
        ["answer"] if target == "answer" => "an answer".to_owned(),
        [_] => format!("the label {}", names(&labels)),
        _ => format!("the labels {}", names(&labels)),
    };
    let what = format!("No row with {which} can be used. First, line {}: {}.", first.line, first.reason);
    Some(
        Diagnostic::new("data.lost-targets", what)
            .done(format!("{} skipped: the model learns only from the other rows.", rows_were(all)))
            .remedy("Check the columns, and repair these rows in the file."),
    )
}

/// Warns of everything that was repaired while the rows were collected.
pub(crate) fn repair_warnings(repairs: &Repairs) -> Vec<Diagnostic> {
    let Repairs { tags, widened_spans, skipped_spans, answers, joined_labels, warnings, lost_targets } = repairs;
    let mut warnings = warnings.clone();
    for spellings in joined_labels {
        let what = format!("One label is written in several ways: {}.", names(spellings));
        let done = "These spellings mean the same and were read as one label.";
        warnings.push(Diagnostic::new("data.joined-labels", what).done(done));
    }
    warnings.extend(lost_warning(lost_targets));
    let mut warn = |n: u32, code: &str, what: String, done: &str, remedy: &str| {
        if n > 0 {
            warnings.push(Diagnostic::new(code, what).done(done).remedy(remedy));
        }
    };
    let counted = |n: u32, thing: &str, one: &str, many: &str| {
        format!("{} {}", count(n as usize, thing), if n == 1 { one } else { many })
    };
    warn(
        *tags,
        "data.repaired-tags",
        format!("{} where no entity of its kind has begun.", count(*tags as usize, "I- tag")),
        "Each was read as the beginning of an entity, B-.",
        "Files in the older IOB1 scheme are written this way. In that case, all is well.",
    );
    warn(
        *widened_spans,
        "data.widened-spans",
        format!("{} inside a word.", counted(*widened_spans, "span", "begins or ends", "begin or end")),
        "They were widened to whole words.",
        "Check whether start and end count characters.",
    );
    let first = skipped_spans.first.first().map(|row| format!(" First, line {}: {}.", row.line, row.reason));
    warn(
        skipped_spans.rows as u32,
        "data.left-out-spans",
        format!("{} could not be used.{}", count(skipped_spans.rows, "span"), first.unwrap_or_default()),
        "Left out. The rows were kept.",
        "A word can have only one tag, and a span must lie within its text.",
    );
    warn(
        answers.byte_offsets,
        "data.byte-offsets",
        format!("{} in bytes, not in characters.", counted(answers.byte_offsets, "answer start", "counts", "count")),
        "They were read as byte offsets.",
        "",
    );
    warn(
        answers.utf16_offsets,
        "data.utf16-offsets",
        format!(
            "{} in UTF-16 code units, not in characters.",
            counted(answers.utf16_offsets, "answer start", "counts", "count")
        ),
        "They were read as UTF-16 offsets.",
        "",
    );
    warn(
        answers.found_by_text,
        "data.moved-answers",
        format!("{} without a start, or not at it.", counted(answers.found_by_text, "answer", "is", "are")),
        "Each was found by its text, which occurs only once in its passage.",
        "",
    );
    warn(
        answers.not_found,
        "data.lost-answers",
        format!("{} not in the passage.", counted(answers.not_found, "answer", "is", "are")),
        "Left out. Their questions have other answers.",
        "",
    );
    warnings
}
