//! What a search by the vectors of an evaluation found for each row, to show the rows that embeddings get wrong. The vectors
//! themselves are not kept.

use serde::{Deserialize, Serialize};

use crate::text::{EncodedExamples, Labels, Similarity};
use crate::train::eval::predict::Prediction;
use crate::train::eval::similarity::{Compared, Corpus};

/// A validation row of embeddings, as the search found it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchedRow {
    /// A text that is searched for.
    Search {
        /// Index of its row.
        row: u32,
        /// Rank of the first right answer, from 1.
        rank: u32,
        /// Cosine of the two.
        cosine: f32,
        /// Index of the encoded text that is the first wrong answer.
        wrong: u32,
        /// Cosine of the text and the wrong answer.
        wrong_cosine: f32,
    },
    /// A pair whose similarity was rated.
    Pair {
        /// Index of its row.
        row: u32,
        /// Cosine of the two texts.
        cosine: f32,
        /// Part of the rows with a lower cosine.
        place: f32,
        /// Part of the rows with a lower rating.
        rated_place: f32,
    },
}

/// Findings for the rows of `examples` by their vectors: for at most some texts, spread evenly over all, as the scores
/// have it. Empty in other tasks than embeddings.
pub(in crate::train) fn searched_rows(examples: &EncodedExamples, predictions: &[Prediction]) -> Vec<SearchedRow> {
    let Labels::Similarity(similarity) = &examples.labels else { return Vec::new() };
    let compared = Compared::new(examples, predictions);
    if let Similarity::Scores(ratings) = similarity {
        let cosines = compared.pair_cosines();
        let places = places(&cosines).into_iter().zip(places(ratings));
        let pair = |((row, cosine), (place, rated_place))| SearchedRow::Pair { row, cosine, place, rated_place };
        return (0..).zip(cosines).zip(places).map(pair).collect();
    }
    let corpus = compared.corpus(similarity);
    corpus.queries().filter_map(|query| searched(&compared, &corpus, query, similarity.texts_per_row())).collect()
}

fn searched(compared: &Compared, corpus: &Corpus, query: usize, texts_per_row: usize) -> Option<SearchedRow> {
    let ranked = |is_right: bool| {
        let texts = corpus.candidates(query).filter(move |&text| corpus.is_right(query, text) == is_right);
        texts.map(|text| (compared.cosine(query, text), text))
    };
    // As in the scores: of equal cosines, the first text goes first.
    let goes_before = |a: (f32, usize), b: (f32, usize)| a.0 > b.0 || (a.0 == b.0 && a.1 < b.1);
    let first = |best: (f32, usize), other| if goes_before(other, best) { other } else { best };
    let (cosine, right) = ranked(true).reduce(first)?;
    let (wrong_cosine, wrong) = ranked(false).reduce(first)?;
    let before = ranked(false).filter(|&other| goes_before(other, (cosine, right))).count();
    let (row, wrong) = ((query / texts_per_row) as u32, wrong as u32);
    Some(SearchedRow::Search { row, rank: before as u32 + 1, cosine, wrong, wrong_cosine })
}

/// For each value, the part of all values that are lower.
fn places(values: &[f32]) -> Vec<f32> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    let place = |value: &f32| sorted.partition_point(|other| other < value) as f32 / values.len() as f32;
    values.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::EncodedTexts;

    /// Vectors in the plane, at these angles in degrees.
    fn vectors(angles: &[f32]) -> Vec<Prediction> {
        let vector = |angle: &f32| Prediction::Vector(vec![angle.to_radians().cos(), angle.to_radians().sin()]);
        angles.iter().map(vector).collect()
    }

    fn examples(texts: u32, similarity: Similarity) -> EncodedExamples {
        let mut encoded = EncodedTexts::default();
        (0..texts).for_each(|text| encoded.push(&[1, 10 + text, 2]));
        EncodedExamples { texts: encoded, labels: Labels::Similarity(similarity) }
    }

    #[test]
    fn a_pair_is_found_by_its_rank_and_the_first_wrong_text_is_named() {
        // Anchors at 0, 90 and 180 degrees; positives at 60, 80 and 190.
        let found = searched_rows(
            &examples(6, Similarity::Pairs { texts_per_row: 2 }),
            &vectors(&[0.0, 60.0, 90.0, 80.0, 180.0, 190.0]),
        );
        let ranks: Vec<(u32, u32, u32)> = found
            .iter()
            .map(|row| match row {
                SearchedRow::Search { row, rank, wrong, .. } => (*row, *rank, *wrong),
                SearchedRow::Pair { .. } => panic!("{row:?}"),
            })
            .collect();
        assert_eq!(ranks, [(0, 1, 3), (1, 1, 1), (2, 1, 3)]);
        let turned = searched_rows(
            &examples(6, Similarity::Pairs { texts_per_row: 2 }),
            &vectors(&[0.0, 90.0, 90.0, 10.0, 180.0, 20.0]),
        );
        let SearchedRow::Search { rank, cosine, wrong, wrong_cosine, .. } = turned[0].clone() else { panic!() };
        assert_eq!((rank, wrong), (3, 3));
        assert!(cosine.abs() < 1e-6 && (wrong_cosine - 10f32.to_radians().cos()).abs() < 1e-6);
    }

    #[test]
    fn labeled_texts_look_for_one_of_their_label() {
        let labeled = Similarity::Classes(vec![0, 0, 1, 1]);
        let found = searched_rows(&examples(4, labeled), &vectors(&[0.0, 50.0, 40.0, 105.0]));
        let ranks: Vec<u32> =
            found.iter().map(|row| if let SearchedRow::Search { rank, .. } = row { *rank } else { 0 }).collect();
        assert_eq!(ranks, [2, 2, 3, 2]);
    }

    #[test]
    fn rated_pairs_are_compared_by_their_order() {
        let found = searched_rows(
            &examples(6, Similarity::Scores(vec![5.0, 1.0, 3.0])),
            &vectors(&[0.0, 80.0, 0.0, 10.0, 0.0, 45.0]),
        );
        let third = 1.0 / 3.0;
        let places: Vec<(f32, f32)> =
            found
                .iter()
                .map(|row| {
                    if let SearchedRow::Pair { place, rated_place, .. } = row {
                        (*place, *rated_place)
                    } else {
                        panic!()
                    }
                })
                .collect();
        assert_eq!(places, [(0.0, 2.0 * third), (2.0 * third, 0.0), (third, third)]);
    }
}
