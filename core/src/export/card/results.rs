//! Results of the exported weights. Row texts and generated texts belong to the user and are not included.

use std::fmt::Write;

use crate::export::ModelFolder;
use crate::export::card::text;
use crate::metrics::{ClassScores, Detail};
use crate::recipe::{Metric, Task};

/// The task's scores next to those of the baseline, followed by the details.
pub(crate) fn tables(folder: &ModelFolder) -> String {
    let mut tables = figures(folder);
    // Writing to a String cannot fail.
    match &folder.best.detail {
        Detail::Classes { classes, .. } => {
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
        Detail::Numbers { .. } | Detail::Texts { .. } | Detail::None => {}
    }
    tables
}

fn figures(folder: &ModelFolder) -> String {
    let ModelFolder { best, baseline, .. } = folder;
    let mut table = match baseline {
        Some(baseline) => format!("| | this model | always \"{}\" |\n|---|---|---|\n", text(&baseline.label)),
        None => "| | this model |\n|---|---|\n".into(),
    };
    let base = |metric| match baseline {
        Some(baseline) => match baseline.scores.get(&metric) {
            Some(score) => format!(" {score:.4} |"),
            None => " |".into(),
        },
        None => String::new(),
    };
    let figures = best.scores.iter().map(|(&metric, &score)| (metric, score));
    for (metric, score) in figures.chain([(Metric::Loss, best.loss)]) {
        // Writing to a String cannot fail.
        let _ = writeln!(table, "| {} | {score:.4} |{}", metric.name(), base(metric));
    }
    table
}

/// One line per class, label or kind of entity.
fn class_table(classes: &[ClassScores], what: &str, thresholds: Option<&[f32]>) -> String {
    let (title, rule) = if thresholds.is_some() { (" threshold |", "---|") } else { ("", "") };
    let mut table = format!("\n| {what} | precision | recall | F1 | rows |{title}\n|---|---|---|---|---|{rule}\n");
    for (i, ClassScores { label, precision, recall, f1, support }) in classes.iter().enumerate() {
        let threshold = thresholds.and_then(|all| all.get(i)).map(|from| format!(" {from:.4} |")).unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = writeln!(
            table,
            "| {name} | {precision:.4} | {recall:.4} | {f1:.4} | {support} |{threshold}",
            name = text(label)
        );
    }
    table
}
