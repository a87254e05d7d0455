//! Results of the exported weights. Row texts and generated texts belong to the user and are not included.

use std::fmt::Write;

use crate::decimal;
use crate::export::ModelFolder;
use crate::export::card::{self, text};
use crate::metrics::{CalibrationError, ClassScores, Detail, Evaluation, Interval, SizeScores};
use crate::recipe::Task;
use crate::run::Baseline;

/// The scores on the test rows, if there are any, and on the validation rows with their details.
pub(crate) fn sections(folder: &ModelFolder) -> String {
    let ModelFolder { best, data, .. } = folder;
    let of_test = folder.test.map(|test| {
        let rows = data.test_rows;
        format!("On {rows} test rows, which were used for nothing else:\n\n{}\n", figures(test, None, "test"))
    });
    let (rows, step) = (data.validation_rows, best.step);
    let of_validation = format!("On {rows} validation rows, at step {step}:\n\n{}", tables(folder));
    let mut sections = of_test.unwrap_or_default() + &of_validation;
    if !best.intervals.is_empty() {
        sections += "\nThe intervals are 95 % confidence intervals by the percentile bootstrap over the rows.\n";
    }
    sections
}

/// The task's scores on the validation rows next to those of the baseline, followed by the details.
fn tables(folder: &ModelFolder) -> String {
    let mut tables = figures(folder.best, folder.baseline, "validation");
    // Writing to a String cannot fail.
    match &folder.best.detail {
        Detail::Classes { classes, .. } => {
            tables += &trust(folder);
            let what = if folder.recipe.task() == Task::TokenClassification { "tag" } else { "class" };
            tables += &class_table(classes, what, None);
        }
        Detail::Labels { labels, thresholds } => {
            tables += &class_table(labels, "label", Some(thresholds));
            tables += "\nA label is predicted when its probability reaches its threshold. Thresholds are tuned for F1 on the \
                validation rows; labels with few rows share one. The scores are cross-fitted: no row is scored by a threshold \
                that was tuned on it.\n";
        }
        Detail::Entities { kinds } => tables += &class_table(kinds, "entity", None),
        Detail::Answers { answerable, unanswerable, threshold } => {
            let _ = write!(tables, "\n{answerable} of the questions are answered by their passage, ");
            let _ = match threshold {
                Some(threshold) => writeln!(
                    tables,
                    "{unanswerable} are not. The model gives no answer when the score for that is more than {threshold:.4} \
                    above the score of the best span."
                ),
                None => writeln!(tables, "{unanswerable} are not."),
            };
        }
        Detail::Sizes { sizes } => tables += &size_table(folder.best, sizes),
        Detail::Numbers { .. } | Detail::Texts { .. } | Detail::None => {}
    }
    tables
}

fn figures(evaluation: &Evaluation, baseline: Option<&Baseline>, split: &str) -> String {
    let (mut head, mut rule) = ("| | this model |".to_owned(), "|---|---|".to_owned());
    if !evaluation.intervals.is_empty() {
        head += " 95 % interval |";
        rule += "---|";
    }
    if let Some(baseline) = baseline {
        head += &match &baseline.prediction {
            Some(label) => format!(" always \"{}\" |", text(label)),
            None => " before training |".to_owned(),
        };
        rule += "---|";
    }
    let mut table = format!("{head}\n{rule}\n");
    let interval = |metric| match evaluation.intervals.get(&metric) {
        Some(interval) => format!(" {} |", ends(interval)),
        None if evaluation.intervals.is_empty() => String::new(),
        None => " |".into(),
    };
    let base = |metric| match baseline {
        Some(baseline) => match baseline.scores.get(&metric) {
            Some(score) => format!(" {} |", decimal::score(*score, 4)),
            None => " |".into(),
        },
        None => String::new(),
    };
    for (metric, score) in card::figures(evaluation) {
        // Writing to a String cannot fail.
        let (name, score) = (card::name(metric, split), decimal::score(score, 4));
        let _ = writeln!(table, "| {name} | {score} |{}{}", interval(metric), base(metric));
    }
    table
}

fn ends(Interval { low, high }: &Interval) -> String {
    format!("{}–{}", decimal::score(*low, 4), decimal::score(*high, 4))
}

/// A score with its interval in parentheses, if it has one.
fn within(score: f64, interval: Option<&Interval>) -> String {
    let interval = interval.map(|interval| format!(" ({})", ends(interval))).unwrap_or_default();
    format!("{}{interval}", decimal::score(score, 4))
}

/// Temperature and threshold, and what they are for.
fn trust(folder: &ModelFolder) -> String {
    let Some(confidence) = &folder.best.confidence else { return String::new() };
    let mut words = String::new();
    if let Some(CalibrationError { before, after }) = confidence.calibration_error {
        let of_test = folder.test.and_then(|test| test.confidence.as_ref()?.calibration_error);
        let of_test = of_test
            .map(|CalibrationError { before, after }| format!(", and from {before:.4} to {after:.4} on the test rows"));
        words += &format!(
            "\nThe probabilities are calibrated by temperature scaling: divide the logits by {temperature:.4} before the \
            softmax (`hone.temperature` in config.json). On the validation rows, on which the temperature was tuned, the \
            expected calibration error (15 bins) falls from {before:.4} to {after:.4}{of_test}.\n",
            temperature = confidence.temperature,
            of_test = of_test.unwrap_or_default(),
        );
    }
    if confidence.unsure_below > 0.0 {
        let kept = confidence.at(confidence.unsure_below);
        let (coverage, accuracy) = kept.map_or((0.0, 0.0), |kept| (kept.coverage, kept.accuracy));
        words += &format!(
            "\nA prediction with a probability below {:.4} is unsure (`hone.unsure_below`): Hone gives it no label. On the \
            validation rows, {:.1} % are kept, with an accuracy of {accuracy:.4}.\n",
            confidence.unsure_below,
            100.0 * coverage,
        );
    }
    words
}

/// One line per size that the vectors can be cut to, and how that is done.
fn size_table(full: &Evaluation, sizes: &[SizeScores]) -> String {
    let names: Vec<&str> = full.scores.keys().map(|metric| metric.name()).collect();
    let mut table = format!("\n| numbers of a vector | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(names.len()));
    let rows = sizes.iter().map(|cut| (format!("first {}", cut.size), &cut.scores, &cut.intervals));
    for (name, scores, intervals) in [("all".to_owned(), &full.scores, &full.intervals)].into_iter().chain(rows) {
        let scores = full.scores.keys().map(|metric| {
            let score = scores.get(metric).copied();
            score.map_or(String::new(), |score| within(score, intervals.get(metric)))
        });
        // Writing to a String cannot fail.
        let _ = writeln!(table, "| {name} | {} |", scores.collect::<Vec<_>>().join(" | "));
    }
    if let Some(smallest) = sizes.last() {
        let size = smallest.size;
        let _ =
            writeln!(table, "\n`SentenceTransformer(folder, truncate_dim={size})` cuts the vectors to {size} numbers.");
    }
    table
}

/// One line per class, label or kind of entity.
fn class_table(classes: &[ClassScores], what: &str, thresholds: Option<&[f32]>) -> String {
    let (title, rule) = if thresholds.is_some() { (" threshold |", "---|") } else { ("", "") };
    let mut table = format!("\n| {what} | precision | recall | F1 | rows |{title}\n|---|---|---|---|---|{rule}\n");
    for (i, ClassScores { label, precision, recall, f1, support, intervals }) in classes.iter().enumerate() {
        let scores = [precision, recall, f1].into_iter().zip(intervals);
        let scores: Vec<String> = scores.map(|(score, interval)| within(*score, interval.as_ref())).collect();
        let threshold = thresholds.and_then(|all| all.get(i)).map(|from| format!(" {from:.4} |")).unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = writeln!(
            table,
            "| {name} | {scores} | {support} |{threshold}",
            name = text(label),
            scores = scores.join(" | ")
        );
    }
    table
}
