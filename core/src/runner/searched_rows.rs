//! Rows of embeddings next to what a search by their vectors finds.

use crate::dataset::Dataset;
use crate::decimal::{fixed, short};
use crate::limits::PREVIEW_CHARS;
use crate::phrases::{excerpt, percent, thousands};
use crate::text::{Labels, Similarity};
use crate::train::{Decision, JudgedRow, SearchedRow, Session};

/// The validation rows of embeddings as they were found by the best weights. A row is wrong if another text comes before the
/// right one; of pairs with a rating, all are listed, by how far their order is wrong. Empty in other tasks.
pub(super) fn judged_by_search(session: &Session, dataset: &Dataset) -> Vec<JudgedRow> {
    let Labels::Similarity(similarity) = &session.data().validation.labels else { return Vec::new() };
    let names = &session.data().labels;
    let judged = |found: &SearchedRow| match *found {
        SearchedRow::Pair { row, cosine, place, rated_place } => {
            let Similarity::Scores(ratings) = similarity else { return None };
            let severity = f64::from((place - rated_place).abs());
            let above = |place: f32| format!("above {} of the pairs", percent(place.into()));
            let rating = short(ratings.get(row as usize).copied().unwrap_or_default().into());
            Some(JudgedRow {
                row,
                decisions: vec![Decision { actual: None, predicted: None, is_wrong: severity > 0.0, severity }],
                given: format!("{rating}, {}", above(rated_place)),
                predicted: format!("cosine {}, {}", fixed(cosine.into(), 3), above(place)),
                measure: String::new(),
            })
        }
        SearchedRow::Search { row, rank, cosine, wrong, wrong_cosine } => {
            let is_wrong = rank > 1;
            let other = wrong / similarity.texts_per_row() as u32;
            let class = |row: u32| match similarity {
                Similarity::Classes(classes) => classes.get(row as usize).copied(),
                _ => None,
            };
            let (actual, found) = (class(row), if is_wrong { class(other) } else { class(row) });
            let name = |class: Option<u32>| class.and_then(|class| names.get(class as usize).cloned());
            let other_text = text(dataset, other);
            let first = match name(actual) {
                Some(_) => format!("“{other_text}” comes first, with cosine {}", fixed(wrong_cosine.into(), 3)),
                None => format!("found with cosine {}", fixed(wrong_cosine.into(), 3)),
            };
            let right =
                format!("the right answer is on rank {}, with {}", thousands(rank as usize), fixed(cosine.into(), 3));
            Some(JudgedRow {
                row,
                decisions: vec![Decision {
                    actual,
                    predicted: found,
                    is_wrong,
                    // By how much the wrong answer is nearer than the right one.
                    severity: f64::from(wrong_cosine - cosine),
                }],
                given: name(actual).unwrap_or_else(|| text(dataset, row)),
                predicted: name(found)
                    .unwrap_or_else(|| if is_wrong { other_text.clone() } else { text(dataset, row) }),
                measure: if is_wrong { format!("{first}; {right}") } else { right },
            })
        }
    };
    session.searched().iter().filter_map(judged).collect()
}

/// The text of a validation row that can be found: its positive, or its only text.
fn text(dataset: &Dataset, row: u32) -> String {
    let number = dataset.validation.get(row as usize).copied().unwrap_or_default();
    excerpt(dataset.second_text(number).unwrap_or_else(|| dataset.text(number)), PREVIEW_CHARS)
}
