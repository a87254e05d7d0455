//! The kinds of validation rows that a map tells apart by letter and color.

use crate::decimal::short;
use crate::text::{Labels, Similarity};
use crate::train::{Decision, JudgedRow, TrainingData};

/// A kind for each validation row: its label, where rows have one.
#[derive(Debug, Default)]
pub(super) struct RowKinds {
    /// The names of those that occur; empty if rows have none.
    pub legend: Vec<String>,
    /// The common part of the nearest text of the same kind, in words.
    pub alike: &'static str,
    /// True if they are the labels of the task.
    pub are_labels: bool,
    /// Index of each row's kind.
    of_rows: Vec<u32>,
}

impl RowKinds {
    /// The kinds of the validation rows, some of which follow from how the rows were `judged`.
    pub(super) fn new(data: &TrainingData, judged: &[JudgedRow]) -> Self {
        Self::all(data, judged).occurring()
    }

    /// These kinds without those that no row is of.
    fn occurring(self) -> Self {
        let mut occurring = self.of_rows.clone();
        occurring.sort_unstable();
        occurring.dedup();
        let of_row = |kind: &u32| occurring.partition_point(|it| it < kind) as u32;
        Self {
            legend: occurring.iter().filter_map(|&kind| self.legend.get(kind as usize).cloned()).collect(),
            of_rows: self.of_rows.iter().map(of_row).collect(),
            ..self
        }
    }

    fn all(data: &TrainingData, judged: &[JudgedRow]) -> Self {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let alike = "is of the same kind";
        match &data.validation.labels {
            Labels::Classes(classes) | Labels::Similarity(Similarity::Classes(classes)) => Self {
                legend: data.labels.clone(),
                alike: "has the same label",
                are_labels: true,
                of_rows: classes.clone(),
            },
            Labels::MultiLabel(flags) => {
                let labels = data.labels.len() as u32;
                let of_row = |flags: &[bool]| {
                    let mut held = (0..).zip(flags).filter(|(_, has)| **has).map(|(label, _)| label);
                    match (held.next(), held.next()) {
                        (None, _) => labels,
                        (Some(only), None) => only,
                        _ => labels + 1,
                    }
                };
                let others = names(&["no label", "several labels"]);
                let legend = data.labels.iter().cloned().chain::<Vec<String>>(others).collect();
                Self { legend, alike, are_labels: true, of_rows: flags.iter().map(|flags| of_row(flags)).collect() }
            }
            Labels::Numbers(numbers) => {
                let (borders, legend) = thirds(numbers);
                let of_row = |number: &f32| borders.iter().filter(|border| number >= border).count() as u32;
                Self { legend, alike, are_labels: false, of_rows: numbers.iter().map(of_row).collect() }
            }
            Labels::Relevance(relevance) => Self {
                legend: names(&["fits", "does not fit"]),
                alike,
                are_labels: false,
                of_rows: relevance.labels.iter().map(|&label| u32::from(label < 0.5)).collect(),
            },
            Labels::Spans { questions, .. } if questions.iter().any(|question| question.answers.is_empty()) => Self {
                legend: names(&["has an answer", "has no answer"]),
                alike,
                are_labels: false,
                of_rows: questions.iter().map(|question| u32::from(question.answers.is_empty())).collect(),
            },
            Labels::Tags(_) | Labels::Spans { .. } => {
                let is_wrong = |row: &JudgedRow| row.decisions.iter().any(|Decision { is_wrong, .. }| *is_wrong);
                Self {
                    legend: names(&["right", "wrong"]),
                    alike,
                    are_labels: matches!(data.validation.labels, Labels::Tags(_)),
                    of_rows: judged.iter().map(|row| u32::from(is_wrong(row))).collect(),
                }
            }
            Labels::Continuations { .. } | Labels::Similarity(_) => Self::default(),
        }
    }

    /// Index of a row's kind; 0 if rows have none.
    pub(super) fn of(&self, row: usize) -> u32 {
        self.of_rows.get(row).copied().unwrap_or_default()
    }

    /// Name of a row's kind; empty if rows have none.
    pub(super) fn name(&self, row: usize) -> String {
        self.legend.get(self.of(row) as usize).cloned().unwrap_or_default()
    }
}

/// The numbers that begin the second and the last third of the rows, and the names of the parts. There are fewer parts if too
/// many rows have the same number: those with the lowest one and the others, if that one is in two thirds of the rows.
fn thirds(numbers: &[f32]) -> (Vec<f32>, Vec<String>) {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f32::total_cmp);
    let is_above_lowest = |border: &f32| sorted.first().is_some_and(|lowest| border > lowest);
    let border = |part: usize| sorted.get(part * sorted.len() / 3).copied();
    let mut borders: Vec<f32> = [1, 2].into_iter().filter_map(border).filter(is_above_lowest).collect();
    borders.dedup();
    if borders.is_empty() {
        borders.extend(sorted.iter().copied().find(is_above_lowest));
    }
    let shown: Vec<String> = borders.iter().map(|&border| short(border.into())).collect();
    let name = |part: usize| match (part.checked_sub(1).and_then(|at| shown.get(at)), shown.get(part)) {
        (None, Some(high)) => format!("below {high}"),
        (Some(low), Some(high)) => format!("from {low}, below {high}"),
        (Some(low), None) => format!("from {low}"),
        (None, None) => String::new(),
    };
    let parts = if borders.is_empty() { 0 } else { borders.len() + 1 };
    (borders, (0..parts).map(name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_that_no_row_is_of_are_not_named() {
        let legend = ["a", "b", "c", "no label", "several labels"].map(str::to_owned).to_vec();
        let kinds = RowKinds { legend, of_rows: vec![2, 0, 3, 0], ..RowKinds::default() }.occurring();
        assert_eq!((kinds.legend.join(" ").as_str(), kinds.of_rows.as_slice()), ("a c no label", &[1, 0, 2, 0][..]));
        let names: Vec<String> = (0..4).map(|row| kinds.name(row)).collect();
        assert_eq!(names, ["c", "a", "no label", "a"]);
        assert_eq!(RowKinds::default().occurring().name(0), "");
    }

    #[test]
    fn numbers_are_told_apart_by_thirds_of_the_rows() {
        let of = |numbers: &[f32]| thirds(numbers).1.join(" | ");
        assert_eq!(of(&[1.0, 5.0, 2.0, 4.0, 3.0, 6.0]), "below 3 | from 3, below 5 | from 5");
        assert_eq!(of(&[0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]), "below 1 | from 1");
        assert_eq!(of(&[0.0, 0.0, 0.0, 0.0, 1.0, 3.0]), "below 1 | from 1");
        assert_eq!(of(&[2.0; 5]), "");
        assert_eq!(of(&[]), "");
    }
}
