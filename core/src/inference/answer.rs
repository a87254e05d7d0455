//! Answers to queries.

use serde::{Deserialize, Serialize};

use crate::metrics::argmax;

/// A model's answer to a [`Query`](crate::inference::Query).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Probability of each class.
    Classes {
        /// Probabilities, in the order of the labels.
        probabilities: Vec<f32>,
        /// Probability below which no class is predicted; 0 for never.
        unsure_below: f32,
    },
    /// Probability of each label.
    Labels {
        /// Probabilities, in the order of the labels.
        probabilities: Vec<f32>,
        /// Probability from which each label is predicted.
        thresholds: Vec<f32>,
    },
    /// A number.
    Number {
        /// The number; none if it is not finite.
        value: Option<f32>,
    },
    /// Entities in the text, in its order.
    Entities {
        /// The entities, labeled with their types.
        entities: Vec<TextSpan>,
    },
    /// Spans of the passage that may be the answer, best first.
    Spans {
        /// The spans, without labels.
        spans: Vec<TextSpan>,
        /// Probability that the passage has no answer.
        no_answer: f32,
        /// True if the model predicts "no answer": its score is above the threshold tuned on the validation rows.
        is_unanswerable: bool,
    },
    /// A generated text.
    Generated {
        /// The text so far.
        text: String,
        /// True once the text is complete.
        is_over: bool,
    },
    /// Vector of a text.
    Vector {
        /// Its values, of length 1 together.
        values: Vec<f32>,
    },
    /// The nearest of several texts, or the passages by their relevance to a query.
    Nearest {
        /// The best first.
        hits: Vec<Hit>,
    },
}

/// A text that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// The text.
    pub text: String,
    /// Embeddings: cosine of its vector and that of the query, from -1 to 1. Rerankers: relevance, from 0 to 1.
    pub score: f32,
}

impl Answer {
    /// Indices of the predicted labels: the most probable class, the first in a tie, unless it is unsure; or the labels whose
    /// probability reaches their threshold; none for other answers.
    pub fn labels(&self) -> Vec<usize> {
        match self {
            Self::Classes { probabilities, unsure_below } => {
                let best = argmax(probabilities);
                let is_sure = probabilities.get(best).is_some_and(|probability| probability >= unsure_below);
                is_sure.then_some(best).into_iter().collect()
            }
            Self::Labels { probabilities, thresholds } => {
                let labels = probabilities.iter().zip(thresholds).enumerate();
                labels
                    .filter(|(_, (probability, threshold))| probability >= threshold)
                    .map(|(label, _)| label)
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    /// Returns true if a class is not predicted because its probability is too low.
    pub fn is_unsure(&self) -> bool {
        matches!(self, Self::Classes { probabilities, .. } if !probabilities.is_empty()) && self.labels().is_empty()
    }
}

/// A labeled part of a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextSpan {
    /// Start, in bytes.
    pub start: u32,
    /// End, in bytes, exclusive.
    pub end: u32,
    /// Type of the entity; empty for an answer.
    pub label: String,
    /// Probability of the label or answer.
    pub score: f32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_below_the_threshold_is_not_predicted() {
        let of = |probabilities: &[f32], unsure_below| {
            let answer = Answer::Classes { probabilities: probabilities.to_vec(), unsure_below };
            (answer.labels(), answer.is_unsure())
        };
        assert_eq!(of(&[0.25, 0.75], 0.0), (vec![1], false));
        assert_eq!(of(&[0.25, 0.75], 0.75), (vec![1], false));
        assert_eq!(of(&[0.25, 0.75], 0.76), (vec![], true));
        assert_eq!(of(&[], 0.5), (vec![], false), "there is nothing to be unsure about");
    }
}
