//! Scores of predictions, each equal to the reference implementation that its documentation names.
//!
//! Ratios are from 0 to 1. BLEU and chrF are from 0 to 100, as they are usually reported. Lists of rows are parallel.

mod active_learning;
mod argmax;
mod bleu;
mod bootstrap;
mod calibration;
mod chrf;
mod class_scores;
mod classes;
mod confidence;
mod entities;
mod evaluation;
mod generation;
mod interval;
mod label_issues;
mod label_set_issues;
mod label_thresholds;
mod multilabel;
mod neighbors;
mod ngrams;
mod principal_components;
mod regression;
mod reranking;
mod retrieval;
mod score_parts;
mod squad;
mod training_dynamics;
mod words;

pub use active_learning::{RANDOM_LABELS, SETTLING_LABELS, Stability, informativeness, margin, most_informative};
pub use argmax::argmax;
pub use bleu::{Bleu, bleu};
pub use bootstrap::{class_intervals, class_intervals_of, intervals, intervals_of};
pub use calibration::{confidence, with_temperature};
pub use chrf::chrf;
pub use class_scores::{ClassScores, CountedRows};
pub use classes::evaluate;
pub use confidence::{CalibrationError, Confidence, CoveragePoint, ReliabilityBin};
pub use entities::{Entity, EntityScores, are_entity_tags, entities, evaluate_entities, tag_runs};
pub use evaluation::{Detail, Evaluation, ScatterPoint, SizeScores, TextSample};
pub use generation::{exact_match, perplexity};
pub use interval::Interval;
pub use label_issues::{LabelProbabilities, LabelQuality};
pub use label_set_issues::{LabelSetProbabilities, self_confidence};
pub use label_thresholds::{cross_fitted_labels, label_thresholds, predicted_labels};
pub use multilabel::{MultilabelScores, evaluate_multilabel};
pub use neighbors::{DuplicatePair, NEIGHBORS, Neighbors, Outlier, nearest_label_agreement};
pub use principal_components::{PrincipalComponents, centered};
pub use regression::{RegressionScores, evaluate_regression};
pub use reranking::{average_precision, query_ranks};
pub use retrieval::{RankedResults, RetrievalScores, TOP, evaluate_retrieval};
pub use score_parts::{ScoreParts, TextParts};
pub use squad::{
    AnswerScores, BestThreshold, BestThresholds, QuestionPrediction, SquadScores, answer_scores,
    best_answer_thresholds, evaluate_answers, normalize_answer,
};
pub use training_dynamics::TrainingDynamics;
