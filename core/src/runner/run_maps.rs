//! The maps of a run: vectors of validation texts over its evaluations, and the training dynamics of its validation rows.

use crate::dataset::Dataset;
use crate::dataset::phrases::{count, excerpt, thousands};
use crate::decimal::fixed;
use crate::limits::PREVIEW_CHARS;
use crate::metrics::{PrincipalComponents, centered, nearest_label_agreement};
use crate::recipe::Task;
use crate::run::{MapFrame, MapPoint, RowMap, RunMaps, WrongRow};
use crate::text::{Labels, Similarity};
use crate::train::{Session, VectorFrame};

/// Least number of texts that make a map.
const MIN_TEXTS: usize = 4;
/// Most rows on the map of training dynamics, and how many of them are the hardest.
const MAX_ROWS: usize = 300;
const HARDEST_ROWS: usize = 100;
/// Most rows that are listed below it.
const LISTED_ROWS: usize = 10;
/// The hard corner: the given label was never likely.
const HARD_CONFIDENCE: f64 = 0.25;
const HARD_VARIABILITY: f64 = 0.15;

/// How sure a run was of the label of a validation row.
#[derive(Clone, Debug, PartialEq)]
pub struct RowDynamics {
    /// The row with its label and its prediction by the weights that were kept.
    pub row: WrongRow,
    /// Index of its label.
    pub class: u32,
    /// Mean probability of its label over the evaluations.
    pub confidence: f64,
    /// Standard deviation of that probability.
    pub variability: f64,
}

impl RowDynamics {
    /// Returns true if the label was never likely.
    pub fn is_hard(&self) -> bool {
        self.confidence < HARD_CONFIDENCE && self.variability < HARD_VARIABILITY
    }
}

/// The maps of a run; without points where the task has none: vectors need one text or pair in each row, dynamics one label.
pub fn run_maps(session: &Session, dataset: &Dataset) -> RunMaps {
    RunMaps { vectors: vector_map(session, dataset), dynamics: dynamics_map(session, dataset) }
}

/// The training dynamics of all validation rows, the least probable label first. Empty in other tasks than single-label
/// classification.
pub fn row_dynamics(session: &Session, dataset: &Dataset) -> Vec<RowDynamics> {
    let dynamics = session.trace().dynamics();
    let of_row = |row: usize| {
        let (confidence, variability) = (dynamics.confidence(row), dynamics.variability(row));
        let measure = format!("confidence {}, variability {}", percent(confidence), fixed(variability, 2));
        let class = class_of(session, row);
        RowDynamics { row: shown(session, dataset, row, measure), class: class.unwrap_or(0), confidence, variability }
    };
    let mut rows: Vec<RowDynamics> = (0..dynamics.rows()).map(of_row).collect();
    rows.sort_by(|a, b| a.confidence.total_cmp(&b.confidence));
    rows
}

fn vector_map(session: &Session, dataset: &Dataset) -> RowMap {
    let (trace, validation) = (session.trace(), &session.data().validation);
    let (texts, frames) = (trace.texts(), trace.frames());
    let (Some(first), Some(last)) = (frames.first(), frames.last()) else { return RowMap::default() };
    if texts.len() < MIN_TEXTS || frames.len() < 2 {
        return RowMap::default();
    }
    let per_row = match &validation.labels {
        Labels::Similarity(similarity) => similarity.texts_per_row(),
        _ => 1,
    };
    let rows: Vec<usize> = texts.iter().map(|&text| text as usize / per_row).collect();
    let hidden = last.vectors.len() / texts.len();
    // Each around its own mean: otherwise the first component would be the way that all texts went together.
    let around_mean = |frame: &VectorFrame| centered(&frame.vectors, hidden);
    let components = PrincipalComponents::of(&[around_mean(first), around_mean(last)].concat(), hidden);
    let places: Vec<Vec<[f64; 2]>> = frames
        .iter()
        .map(|frame| around_mean(frame).chunks_exact(hidden).map(|vector| components.place(vector)).collect())
        .collect();
    let farthest = places.iter().flatten().flatten().fold(f64::MIN_POSITIVE, |most, place| most.max(place.abs()));
    let percent_of = |place: f64| (50.0 + 50.0 * place / farthest) as f32;
    let classes: Option<Vec<u32>> = rows.iter().map(|&row| class_of(session, row)).collect();
    let agreement = |frame: &VectorFrame| Some(nearest_label_agreement(&frame.vectors, hidden, classes.as_deref()?));
    let before = agreement(first);
    let of_frame = |(frame, places): (&VectorFrame, &Vec<[f64; 2]>)| {
        let name = name(frame.step);
        let words = match (agreement(frame), before) {
            (Some(now), Some(before)) if frame.step > first.step => format!(
                "At {name}, the nearest other text has the same label for {} of these texts; {}, for {}.",
                percent(now),
                self::name(first.step),
                percent(before),
            ),
            (Some(now), _) => {
                format!(
                    "{}, the nearest other text has the same label for {} of these texts.",
                    capital(&name),
                    percent(now)
                )
            }
            _ => format!("The vectors {name}."),
        };
        let x = places.iter().map(|place| percent_of(place[0])).collect();
        let y = places.iter().map(|place| percent_of(-place[1])).collect();
        MapFrame { name, words, x, y }
    };
    let point = |&row: &usize| point(shown(session, dataset, row, String::new()), class_of(session, row).unwrap_or(0));
    let note = format!(
        "{}. A text's place is its vector, which the head reads, along the first two principal components (PCA): the two \
         directions in which the vectors {} and {} differ most, each around their mean. They hold {} of the variance, so \
         that texts may be farther apart than they look. The axes are the same at every step.",
        count(texts.len(), "validation text"),
        name(first.step),
        at(last.step),
        percent(components.explained.iter().sum()),
    );
    RowMap {
        points: rows.iter().map(point).collect(),
        frames: frames.iter().zip(&places).map(of_frame).collect(),
        axes: "across: first component · up: second component".into(),
        note,
        ..RowMap::default()
    }
}

fn dynamics_map(session: &Session, dataset: &Dataset) -> RowMap {
    let rows = row_dynamics(session, dataset);
    let evaluations = session.trace().dynamics().evaluations() as usize;
    if rows.is_empty() || evaluations < 2 {
        let is_short = !rows.is_empty() || matches!(session.data().validation.labels, Labels::Classes(_));
        let note = "Confidence and variability need two evaluations at least: evaluate more often, or train longer.";
        return RowMap { note: if is_short { note.into() } else { String::new() }, ..RowMap::default() };
    }
    let total = rows.len();
    let hard = rows.iter().filter(|row| row.is_hard()).count();
    let words = format!(
        "{} of {} in the hard corner at the bottom left, below {} confidence and {} variability.",
        if hard == 0 { "None".to_owned() } else { thousands(hard) },
        if total == 1 { "1 row is".to_owned() } else { format!("{} rows are", thousands(total)) },
        percent(HARD_CONFIDENCE),
        fixed(HARD_VARIABILITY, 2),
    );
    let note = format!(
        "Confidence is the mean probability of a row's own label over {}, variability its standard deviation. In the hard \
         corner the model disagreed with the label all along: many of these labels are wrong, other rows are just rare or \
         hard (Swayamdipta et al. 2020, “Dataset Cartography”, arXiv:2009.10795). These are the validation rows, which each \
         evaluation judges anyway; training rows would cost another pass. For them, there are suspected labels.",
        count(evaluations, "evaluation"),
    );
    let kept = spread(rows, MAX_ROWS, HARDEST_ROWS);
    let listed = kept.iter().take(LISTED_ROWS).take_while(|row| row.is_hard()).count() as u32;
    let x = kept.iter().map(|row| (200.0 * row.variability) as f32).collect();
    let y = kept.iter().map(|row| (100.0 - 100.0 * row.confidence) as f32).collect();
    let (top, right) = (100.0 - 100.0 * HARD_CONFIDENCE, 200.0 * HARD_VARIABILITY);
    RowMap {
        points: kept.into_iter().map(|RowDynamics { row, class, .. }| point(row, class)).collect(),
        frames: vec![MapFrame { name: String::new(), words, x, y }],
        listed,
        guide: format!("M0 {top}H{right}V100"),
        axes: "across: variability, 0 to 0.5 · up: confidence, 0 to 100 %".into(),
        note,
    }
}

/// At most `most` rows: the `first` ones, and others at equal distances.
fn spread<T>(mut rows: Vec<T>, most: usize, first: usize) -> Vec<T> {
    if rows.len() > most {
        let rest = rows.split_off(first);
        let (total, wanted) = (rest.len(), most - first);
        let is_kept = |(nth, _): &(usize, T)| nth * wanted / total != (nth + 1) * wanted / total;
        rows.extend(rest.into_iter().enumerate().filter(is_kept).map(|(_, row)| row));
    }
    rows
}

/// A point with so much of its text as is shown.
fn point(row: WrongRow, class: u32) -> MapPoint {
    let (text, pair) = (excerpt(&row.text, PREVIEW_CHARS), row.pair.map(|text| excerpt(&text, PREVIEW_CHARS)));
    MapPoint { row: WrongRow { text, pair, ..row }, class }
}

/// Index of the label of a validation row.
fn class_of(session: &Session, row: usize) -> Option<u32> {
    match &session.data().validation.labels {
        Labels::Classes(classes) | Labels::Similarity(Similarity::Classes(classes)) => classes.get(row).copied(),
        _ => None,
    }
}

fn shown(session: &Session, dataset: &Dataset, row: usize, measure: String) -> WrongRow {
    let number = dataset.validation.get(row).copied().unwrap_or_default();
    let label = |class: Option<u32>| class.and_then(|class| session.data().labels.get(class as usize).cloned());
    let best = session.best().filter(|_| session.recipe().task() == Task::Classification);
    let predicted = best.and_then(|(_, predictions)| predictions.get(row)).map(|prediction| prediction.class());
    WrongRow {
        line: dataset.line(number),
        is_in_train_file: dataset.is_from_train_file(number),
        text: dataset.text(number).to_owned(),
        pair: dataset.second_text(number).map(str::to_owned),
        given: label(class_of(session, row)).unwrap_or_default(),
        likely: label(predicted).map(|label| vec![label]),
        predicted: label(predicted).unwrap_or_default(),
        measure,
        nearest: Vec::new(),
    }
}

fn name(step: u32) -> String {
    if step == 0 { "before training".into() } else { format!("step {}", thousands(step as usize)) }
}

fn at(step: u32) -> String {
    if step == 0 { name(step) } else { format!("at {}", name(step)) }
}

fn capital(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn percent(ratio: f64) -> String {
    format!("{} %", fixed(100.0 * ratio, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_rows_the_hardest_stay_and_the_others_are_spread() {
        let kept = spread((0..1_000).collect::<Vec<u32>>(), 300, 100);
        assert_eq!((kept.len(), kept[99], *kept.last().unwrap()), (300, 99, 999));
        assert!(kept[100..].windows(2).all(|pair| matches!(pair[1] - pair[0], 4 | 5)), "{kept:?}");
        assert_eq!(spread(vec![1, 2], 300, 100), [1, 2]);
    }
}
