//! The maps of a run: vectors of validation texts over its evaluations, and the training dynamics of its validation rows.

use crate::dataset::Dataset;
use crate::decimal::{fixed, trimmed};
use crate::limits::PREVIEW_CHARS;
use crate::metrics::{PrincipalComponents, centered, nearest_label_agreement};
use crate::phrases::{count, excerpt, percent, thousands};
use crate::run::{MapFrame, MapPoint, RowMap, RunMaps, WrongRow};
use crate::runner::row_kinds::RowKinds;
use crate::runner::wrong_rows::{judged, shown};
use crate::text::Labels;
use crate::train::{JudgedRow, Session, VectorFrame};

/// Least number of texts that make a map.
const MIN_TEXTS: usize = 4;
/// Most rows on the map of training dynamics, and how many of them are the hardest.
const MAX_ROWS: usize = 300;
const HARDEST_ROWS: usize = 100;
/// Most rows that are listed below it.
const NAMED_ROWS: usize = 10;
/// The hard corner: what is right was never likely.
const HARD_CONFIDENCE: f64 = 0.25;
const HARD_VARIABILITY: f64 = 0.15;

/// Probability that a run gave to the right answer of a validation row.
#[derive(Clone, Debug, PartialEq)]
pub struct RowDynamics {
    /// The row with what is right and its prediction by the weights that were kept.
    pub row: WrongRow,
    /// Index of its kind.
    pub class: u32,
    /// Mean probability of what is right, over the evaluations.
    pub confidence: f64,
    /// Standard deviation of that probability.
    pub variability: f64,
    /// True if what is right was never likely. Always false for generated texts, since other texts are as good.
    pub is_hard: bool,
}

/// The maps of a run; without points where the task has none: vectors need a text that is pooled or read as a question,
/// dynamics something right of which the model can be sure.
pub fn run_maps(session: &Session, dataset: &Dataset) -> RunMaps {
    let rows = MapRows::new(session, dataset);
    let (vectors, mut dynamics) = (vector_map(&rows), dynamics_map(&rows));
    if vectors.points.is_empty() && dynamics.points.is_empty() && dynamics.note.is_empty() {
        dynamics.note = "There is no map of these rows: they are running text, or too few.".into();
    }
    RunMaps { vectors, dynamics }
}

/// The training dynamics of all validation rows, the least probable first. Empty for embeddings, numbers and running text.
pub fn row_dynamics(session: &Session, dataset: &Dataset) -> Vec<RowDynamics> {
    MapRows::new(session, dataset).dynamics()
}

/// The validation rows of a run. A row of question answering is a question.
struct MapRows<'a> {
    session: &'a Session,
    dataset: &'a Dataset,
    /// The rows next to their predictions; empty for embeddings and running text.
    judged: Vec<JudgedRow>,
    kinds: RowKinds,
}

impl<'a> MapRows<'a> {
    fn new(session: &'a Session, dataset: &'a Dataset) -> Self {
        // A row of embeddings has no answer of its own on a map.
        let has_answers = !matches!(session.data().validation.labels, Labels::Similarity(_));
        let judged = if has_answers { judged(session, dataset) } else { Vec::new() };
        let kinds = RowKinds::new(session.data(), &judged);
        Self { session, dataset, judged, kinds }
    }

    fn dynamics(&self) -> Vec<RowDynamics> {
        let dynamics = self.session.trace().dynamics();
        let of_row = |row: usize| {
            let (confidence, variability) = (dynamics.confidence(row), dynamics.variability(row));
            let measure = format!("confidence {}, variability {}", percent(confidence), fixed(variability, 2));
            let is_hard = self.has_hard_corner() && confidence < HARD_CONFIDENCE && variability < HARD_VARIABILITY;
            RowDynamics { row: self.shown(row, measure), class: self.kinds.of(row), confidence, variability, is_hard }
        };
        let is_running_text = self.judged.is_empty();
        let mut rows: Vec<RowDynamics> = (0..dynamics.rows()).filter(|_| !is_running_text).map(of_row).collect();
        rows.sort_by(|a, b| a.confidence.total_cmp(&b.confidence));
        rows
    }

    fn has_hard_corner(&self) -> bool {
        !matches!(self.session.data().validation.labels, Labels::Continuations { .. })
    }

    /// The row that a recorded text belongs to.
    fn of_text(&self, text: u32) -> usize {
        match &self.session.data().validation.labels {
            Labels::Similarity(similarity) => text as usize / similarity.texts_per_row(),
            Labels::Spans { windows, .. } => windows[text as usize].question as usize,
            _ => text as usize,
        }
    }

    fn shown(&self, row: usize, measure: String) -> WrongRow {
        let judged = self.judged.get(row).cloned().unwrap_or_else(|| JudgedRow {
            row: row as u32,
            decisions: Vec::new(),
            given: self.kinds.name(row),
            predicted: String::new(),
            measure: String::new(),
        });
        WrongRow { measure, ..shown(self.dataset, self.session, &judged) }
    }
}

fn vector_map(rows: &MapRows) -> RowMap {
    let trace = rows.session.trace();
    let (texts, frames) = (trace.texts(), trace.frames());
    let (Some(first), Some(last)) = (frames.first(), frames.last()) else { return RowMap::default() };
    if texts.len() < MIN_TEXTS || frames.len() < 2 {
        return RowMap::default();
    }
    let of_texts: Vec<usize> = texts.iter().map(|&text| rows.of_text(text)).collect();
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
    let classes: Vec<u32> = of_texts.iter().map(|&row| rows.kinds.of(row)).collect();
    let has_kinds = rows.kinds.legend.len() > 1;
    let agreement = |frame: &VectorFrame| has_kinds.then(|| nearest_label_agreement(&frame.vectors, hidden, &classes));
    let before = agreement(first);
    let of_frame = |(frame, places): (&VectorFrame, &Vec<[f64; 2]>)| {
        let (name, alike) = (name(frame.step), rows.kinds.alike);
        let words = match (agreement(frame), before) {
            (Some(now), Some(before)) if frame.step > first.step => format!(
                "At {name}, the nearest other text {alike} for {} of these texts; {}, for {}.",
                percent(now),
                self::name(first.step),
                percent(before),
            ),
            (Some(now), _) => {
                format!("{}, the nearest other text {alike} for {} of these texts.", capital(&name), percent(now))
            }
            _ => format!("The vectors {}.", at(frame.step)),
        };
        let x = places.iter().map(|place| percent_of(place[0])).collect();
        let y = places.iter().map(|place| percent_of(-place[1])).collect();
        MapFrame { name, words, x, y }
    };
    let (what, vector) = match rows.session.data().validation.labels {
        Labels::Spans { .. } => {
            ("question", "the vector of its first token, from which the head reads whether the passage has an answer,")
        }
        Labels::Similarity(_) => ("validation text", "its vector"),
        _ => ("validation text", "its vector, from which the head predicts,"),
    };
    let note = format!(
        "{}. Each is placed by {vector} along the first two principal components (PCA): the two directions in which the \
         vectors {} and {} differ most, each around their own mean. These directions hold {} of the variance, so texts may be \
         farther apart than they look. The axes are the same at every step.",
        count(texts.len(), what),
        name(first.step),
        at(last.step),
        percent(components.explained.iter().sum()),
    );
    RowMap {
        points: of_texts
            .iter()
            .zip(&classes)
            .map(|(&row, &class)| point(rows.shown(row, String::new()), class))
            .collect(),
        legend: rows.kinds.legend.clone(),
        frames: frames.iter().zip(&places).map(of_frame).collect(),
        axes: "across: first component · up: second component".into(),
        note,
        ..RowMap::default()
    }
}

fn dynamics_map(map_rows: &MapRows) -> RowMap {
    let rows = map_rows.dynamics();
    let evaluations = map_rows.session.trace().dynamics().evaluations() as usize;
    let Some(confidence) = confidence(map_rows) else { return RowMap::default() };
    if rows.is_empty() || evaluations < 2 {
        let note = "Confidence and variability need at least two evaluations: evaluate more often, or train longer.";
        return RowMap { note: note.into(), ..RowMap::default() };
    }
    let has_corner = map_rows.has_hard_corner();
    let total = rows.len();
    let hard = rows.iter().filter(|row| row.is_hard).count();
    let axes = if has_corner { Axes::WHOLE } else { Axes::around(&rows) };
    let (words, reading) = if has_corner {
        let words = format!(
            "{} of {} in the hard corner at the bottom left, below {} confidence and {} variability.",
            if hard == 0 { "None".to_owned() } else { thousands(hard) },
            if total == 1 { "1 row is".to_owned() } else { format!("{} rows are", thousands(total)) },
            percent(HARD_CONFIDENCE),
            fixed(HARD_VARIABILITY, 2),
        );
        let reading = "In the hard corner, the model never found likely what is given: often it is wrong, and sometimes the row \
                       is just rare or hard";
        (words, reading)
    } else {
        let words = format!(
            "Confidence goes from {} to {}. The rows with the lowest are listed: their texts were expected the least.",
            percent(axes.confidence[0]),
            percent(axes.confidence[1]),
        );
        (
            words,
            "At the bottom are texts that the model never came to expect: wrong or odd ones, and those for which much else would be as good",
        )
    };
    let note = format!(
        "Confidence is the mean {confidence} over {}; variability is its standard deviation. {reading} (Swayamdipta et al. 2020, \
         “Dataset Cartography”, arXiv:2009.10795). These are the validation rows, which each evaluation judges anyway; \
         training rows would cost another pass.{}",
        count(evaluations, "evaluation"),
        if map_rows.kinds.are_labels { " Suspected labels cover those." } else { "" },
    );
    let kept = spread(rows, MAX_ROWS, HARDEST_ROWS);
    let listed = kept.iter().take(NAMED_ROWS).take_while(|row| !has_corner || row.is_hard).count() as u32;
    let x = kept.iter().map(|row| axes.x(row.variability)).collect();
    let y = kept.iter().map(|row| axes.y(row.confidence)).collect();
    let corner = || format!("M0 {}H{}V100", axes.y(HARD_CONFIDENCE), axes.x(HARD_VARIABILITY));
    RowMap {
        points: kept.into_iter().map(|RowDynamics { row, class, .. }| point(row, class)).collect(),
        legend: map_rows.kinds.legend.clone(),
        frames: vec![MapFrame { name: String::new(), words, x, y }],
        listed,
        guide: if has_corner { corner() } else { String::new() },
        axes: axes.words(),
        note,
    }
}

/// The probability whose mean is the confidence of a row; none if the task has none.
fn confidence(rows: &MapRows) -> Option<&'static str> {
    Some(match &rows.session.data().validation.labels {
        Labels::Classes(_) => "probability of a row's given label",
        Labels::MultiLabel(_) => "probability of the right decision about a row's least likely label",
        Labels::Tags(_) => "probability of the right tag of a row's least likely word",
        Labels::Relevance(_) => "closeness of a passage's score to its label (1 minus their difference)",
        Labels::Spans { .. } => {
            "probability that an answer starts and ends where it should, or that a passage has none,"
        }
        Labels::Continuations { .. } if !rows.judged.is_empty() => {
            "probability of a token of the right text (the geometric mean over its tokens: 1 / perplexity)"
        }
        Labels::Continuations { .. } | Labels::Numbers(_) | Labels::Similarity(_) => return None,
    })
}

/// The part of confidence and variability that the map shows.
struct Axes {
    variability: f64,
    confidence: [f64; 2],
}

impl Axes {
    /// All that is possible.
    const WHOLE: Self = Self { variability: 0.5, confidence: [0.0, 1.0] };

    /// Bound of these rows, up to the next percent.
    fn around(rows: &[RowDynamics]) -> Self {
        let most = rows.iter().map(|row| row.variability).fold(0.0, f64::max);
        let ends = |ends: [f64; 2], row: &RowDynamics| [ends[0].min(row.confidence), ends[1].max(row.confidence)];
        let [low, high] = rows.iter().fold([1.0, 0.0], ends);
        let up = |value: f64| (100.0 * value).floor() / 100.0 + 0.01;
        let high = up(high).min(1.0);
        Self { variability: up(most), confidence: [((100.0 * low).floor() / 100.0).min(high - 0.01), high] }
    }

    fn x(&self, variability: f64) -> f32 {
        (100.0 * variability / self.variability) as f32
    }

    fn y(&self, confidence: f64) -> f32 {
        let [low, high] = self.confidence;
        (100.0 * (high - confidence) / (high - low)) as f32
    }

    fn words(&self) -> String {
        let [low, high] = self.confidence.map(percent);
        format!("across: variability, 0 to {} · up: confidence, {low} to {high}", trimmed(self.variability, 2))
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
