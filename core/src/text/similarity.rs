//! Labels of embeddings: which of the encoded texts are similar.

use std::collections::HashMap;

use crate::recipe::{RecipeSpec, TripletDistance};
use crate::text::batch::EncodedTexts;

/// Similarities between encoded texts. Each text of a row is encoded on its own.
#[derive(Clone, Debug, PartialEq)]
pub enum Similarity {
    /// Rows of an anchor and its positive, and for triplets a negative.
    Pairs {
        /// Number of texts in each row: 2, or 3 with a negative.
        texts_per_row: usize,
    },
    /// Rows of an anchor, its positive and its negative, which are compared with each other alone.
    Triplets {
        /// Distance of two texts.
        distance: TripletDistance,
        /// Margin by which the negative has to be farther from the anchor.
        margin: f64,
    },
    /// Rows of two texts, each with the score of its pair.
    Scores(Vec<f32>),
    /// Index of each text's class: texts of one class are similar.
    Classes(Vec<u32>),
}

impl Similarity {
    /// Number of encoded texts that a row of the dataset has.
    pub fn texts_per_row(&self) -> usize {
        match self {
            Self::Pairs { texts_per_row } => *texts_per_row,
            Self::Triplets { .. } => 3,
            Self::Scores(_) => 2,
            Self::Classes(_) => 1,
        }
    }

    /// Follows the loss of a recipe: with the triplet loss, the rows of a batch are not compared with each other.
    pub(crate) fn follow(&mut self, recipe: &RecipeSpec) {
        if recipe.has_triplet_loss() && *self == (Self::Pairs { texts_per_row: 3 }) {
            *self = Self::Triplets { distance: recipe.triplet_distance, margin: recipe.triplet_margin };
        }
    }

    /// Number of texts that a row has in a training batch: a text with a class comes with another one of its class.
    pub fn texts_per_step(&self) -> usize {
        self.texts_per_row().max(2)
    }
}

impl EncodedTexts {
    /// For each text, a number that equal texts share.
    pub fn identities(&self) -> Vec<u32> {
        let mut known = HashMap::new();
        (0..self.len())
            .map(|text| {
                let next = known.len() as u32;
                *known.entry(self.get(text)).or_insert(next)
            })
            .collect()
    }
}
