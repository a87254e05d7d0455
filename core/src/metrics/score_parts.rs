//! What the scores of rows are computed from, row by row, so that any selection of the rows can be scored.

use crate::metrics::bleu::BleuCounts;
use crate::metrics::chrf::ChrfCounts;
use crate::metrics::class_scores::{CountedRows, ratio};
use crate::metrics::generation::perplexity;
use crate::metrics::regression::evaluate_regression;
use crate::metrics::reranking::average_precision;
use crate::metrics::retrieval::RankedResults;
use crate::metrics::{classes, entities, multilabel};
use crate::recipe::Metric;

/// Parts from which the scores of each row are computed. A row is a text, a question, or whatever else is predicted as one.
#[derive(Clone, Debug)]
pub enum ScoreParts {
    /// Classes of rows, or of the words of each row.
    Classes(CountedRows),
    /// Entities of texts.
    Entities {
        /// Counts by type of entity.
        rows: CountedRows,
        /// Words with the right tag, and all words, of each text.
        words: Vec<[u32; 2]>,
    },
    /// Labels of texts.
    MultiLabel {
        /// Counts by label.
        rows: CountedRows,
        /// True for the texts whose labels are all right.
        is_right: Vec<bool>,
    },
    /// Numbers.
    Numbers {
        /// The true number of each row.
        actual: Vec<f32>,
        /// The predicted number of each row.
        predicted: Vec<f32>,
    },
    /// Exact match and F1 of each question.
    Answers(Vec<[f64; 2]>),
    /// Recall@1, recall@10, reciprocal rank and NDCG@10 of each query.
    Queries(Vec<[f64; 4]>),
    /// Reciprocal rank and NDCG@10 of each query whose passages were ranked.
    Ranked(Vec<[f64; 2]>),
    /// Passages in one ranking.
    Relevance {
        /// Fit of each passage.
        actual: Vec<f32>,
        /// The score of each passage.
        predicted: Vec<f32>,
    },
    /// Generated texts.
    Texts(Vec<TextParts>),
    /// The loss of each row: its sum over the decisions, and their number.
    Losses {
        /// Sum and weight of each row.
        rows: Vec<[f64; 2]>,
        /// True if the decisions are tokens, whose loss is also given as perplexity.
        are_tokens: bool,
    },
}

/// Parts of the scores of a generated text.
#[derive(Clone, Copy, Debug)]
pub struct TextParts {
    bleu: BleuCounts,
    chrf: ChrfCounts,
    is_right: bool,
}

impl TextParts {
    /// Parts of a text with one reference.
    pub fn new(generated: &str, reference: &str) -> Self {
        Self {
            bleu: BleuCounts::new(generated, reference),
            chrf: ChrfCounts::new(generated, reference),
            is_right: generated.trim() == reference.trim(),
        }
    }
}

impl ScoreParts {
    /// Parts of the scores of `classes` classes: the true and the predicted class of each row, or of each of its words.
    pub fn of_classes(classes: usize, actual: &[Vec<u32>], predicted: &[Vec<u32>]) -> Self {
        let row = |(actual, predicted): (&Vec<u32>, &Vec<u32>)| classes::row_counts(actual, predicted);
        Self::Classes(CountedRows { classes, rows: actual.iter().zip(predicted).map(row).collect() })
    }

    /// Parts of the scores of entities, from the true and the predicted tags of each text.
    pub fn of_entities(actual: &[Vec<&str>], predicted: &[Vec<&str>]) -> Self {
        let words = actual.iter().zip(predicted).map(|(actual, predicted)| {
            let right = actual.iter().zip(predicted).filter(|(actual, predicted)| actual == predicted).count();
            [right as u32, actual.len() as u32]
        });
        Self::Entities { words: words.collect(), rows: entities::counted_rows(actual, predicted) }
    }

    /// Parts of the scores of `labels` labels, `[texts, labels]` in row-major order.
    pub fn of_labels(labels: usize, predicted: &[bool], actual: &[bool]) -> Self {
        let columns = labels.max(1);
        let texts = || predicted.chunks(columns).zip(actual.chunks(columns));
        let rows = texts().map(|(predicted, actual)| multilabel::row_counts(predicted, actual)).collect();
        let is_right = texts().map(|(predicted, actual)| predicted == actual).collect();
        Self::MultiLabel { rows: CountedRows { classes: labels, rows }, is_right }
    }

    /// Parts of the scores of a search.
    pub fn of_queries(queries: &[RankedResults]) -> Self {
        Self::Queries(queries.iter().map(RankedResults::scores).collect())
    }

    /// Precision, recall and F1 of each class over the rows with these indices, which may repeat; nothing for scores without
    /// classes.
    pub(super) fn class_scores(&self, drawn: &[u32]) -> Vec<[f64; 3]> {
        let rows = match self {
            Self::Classes(rows) | Self::Entities { rows, .. } | Self::MultiLabel { rows, .. } => rows,
            _ => return Vec::new(),
        };
        rows.summed(drawn).into_iter().map(|counts| [counts.precision(), counts.recall(), counts.f1()]).collect()
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Classes(rows) | Self::Entities { rows, .. } | Self::MultiLabel { rows, .. } => rows.rows.len(),
            Self::Numbers { actual, .. } => actual.len(),
            Self::Answers(rows) => rows.len(),
            Self::Queries(rows) => rows.len(),
            Self::Ranked(rows) => rows.len(),
            Self::Relevance { actual, .. } => actual.len(),
            Self::Texts(rows) => rows.len(),
            Self::Losses { rows, .. } => rows.len(),
        }
    }

    /// Work of scoring a row, relative to that of drawing it. Rank correlations sort the rows.
    pub(super) fn work_per_row(&self) -> usize {
        if matches!(self, Self::Numbers { .. } | Self::Relevance { .. }) { 10 } else { 1 }
    }

    /// Returns true if there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The scores of the rows with these indices, which may repeat.
    pub fn scores(&self, drawn: &[u32]) -> Vec<(Metric, f64)> {
        match self {
            Self::Classes(rows) => classes::figures(&rows.summed(drawn)).to_vec(),
            Self::Entities { rows, words } => {
                let [right, all] = sums(words, drawn, |words| words.map(f64::from));
                let mut scores = entities::figures(&rows.summed(drawn)).to_vec();
                scores.push((Metric::Accuracy, right / all));
                scores
            }
            Self::MultiLabel { rows, is_right } => {
                let [right] = sums(is_right, drawn, |&is_right| [f64::from(is_right)]);
                let mut scores = multilabel::figures(&rows.summed(drawn)).to_vec();
                scores.push((Metric::Accuracy, right / drawn.len() as f64));
                scores
            }
            Self::Numbers { actual, predicted } => numbers(actual, predicted, drawn),
            Self::Answers(rows) => {
                let [exact_match, f1] = sums(rows, drawn, |&row| row).map(|sum| sum / drawn.len() as f64);
                vec![(Metric::F1, f1), (Metric::ExactMatch, exact_match)]
            }
            Self::Queries(rows) => {
                let metrics = [Metric::RecallAt1, Metric::RecallAt10, Metric::MrrAt10, Metric::NdcgAt10];
                let means = sums(rows, drawn, |&row| row).map(|sum| sum / drawn.len() as f64);
                metrics.into_iter().zip(means).collect()
            }
            Self::Ranked(rows) => {
                let [rank, ndcg] = sums(rows, drawn, |&row| row).map(|sum| sum / drawn.len() as f64);
                vec![(Metric::MrrAt10, rank), (Metric::NdcgAt10, ndcg)]
            }
            Self::Relevance { actual, predicted } => {
                let [actual, predicted] = [actual, predicted].map(|values| of_drawn(values, drawn));
                let found = average_precision(&actual, &predicted);
                found.map(|found| (Metric::AveragePrecision, found)).into_iter().collect()
            }
            Self::Texts(rows) => texts(rows, drawn),
            Self::Losses { rows, are_tokens } => {
                let [sum, weight] = sums(rows, drawn, |&row| row);
                let loss = sum / weight;
                let perplexity = perplexity(loss).filter(|_| *are_tokens);
                [(Metric::Loss, loss)].into_iter().chain(perplexity.map(|it| (Metric::Perplexity, it))).collect()
            }
        }
    }
}

/// Sums over the drawn rows.
fn sums<T, const N: usize>(rows: &[T], drawn: &[u32], values: impl Fn(&T) -> [f64; N]) -> [f64; N] {
    let mut sums = [0.0; N];
    for &row in drawn {
        sums.iter_mut().zip(values(&rows[row as usize])).for_each(|(sum, value)| *sum += value);
    }
    sums
}

fn of_drawn(values: &[f32], drawn: &[u32]) -> Vec<f32> {
    drawn.iter().map(|&row| values[row as usize]).collect()
}

fn numbers(actual: &[f32], predicted: &[f32], drawn: &[u32]) -> Vec<(Metric, f64)> {
    let [actual, predicted] = [actual, predicted].map(|values| of_drawn(values, drawn));
    let Some(found) = evaluate_regression(&actual, &predicted) else { return Vec::new() };
    let correlations = [(Metric::Pearson, found.pearson), (Metric::Spearman, found.spearman)];
    let errors = [(Metric::Rmse, found.rmse), (Metric::Mae, found.mae)];
    errors.into_iter().chain(correlations.into_iter().filter_map(|(metric, r)| Some((metric, r?)))).collect()
}

fn texts(rows: &[TextParts], drawn: &[u32]) -> Vec<(Metric, f64)> {
    let (mut bleu, mut chrf, mut right) = (BleuCounts::default(), ChrfCounts::default(), 0);
    for &row in drawn {
        let row = &rows[row as usize];
        bleu.add(row.bleu);
        chrf.add(row.chrf);
        right += u32::from(row.is_right);
    }
    let exact_match = ratio(right, drawn.len() as u32);
    vec![(Metric::Bleu, bleu.bleu().score), (Metric::Chrf, chrf.chrf()), (Metric::ExactMatch, exact_match)]
}
