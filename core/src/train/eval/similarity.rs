//! Scores of embeddings: the order of similarities, or the results of searching for each text.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::metrics::{
    Detail, Evaluation, RankedResults, ScoreParts, SizeScores, TOP, evaluate_regression, evaluate_retrieval,
};
use crate::recipe::{Metric, Recipe, TripletDistance};
use crate::text::{EncodedExamples, Similarity};
use crate::train::eval::predict::Prediction;
use crate::train::similarity_targets::SCALE;

/// Most texts that are searched for, spread evenly over all: each is compared with every other text.
const MAX_QUERIES: usize = 1_000;

/// The vectors of the texts of rows.
pub(super) struct Compared<'a> {
    vectors: Vec<Cow<'a, [f32]>>,
    /// For each text, a number that equal texts share.
    identities: Vec<u32>,
    rows: usize,
}

/// The texts that are searched for, and those among which they are.
pub(super) struct Corpus<'a> {
    queries: Vec<usize>,
    texts: Vec<usize>,
    right: Right<'a>,
}

/// The right answers.
enum Right<'a> {
    /// Texts of the same class.
    Classes(&'a [u32]),
    /// The positives of each anchor, as the numbers that equal texts share.
    Positives { identities: &'a [u32], of_anchors: HashMap<u32, BTreeSet<u32>> },
}

impl Corpus<'_> {
    /// The texts that are searched for: at most some, spread evenly over all.
    pub(super) fn queries(&self) -> impl Iterator<Item = usize> {
        let step = self.queries.len().div_ceil(MAX_QUERIES).max(1);
        self.queries.iter().step_by(step).copied()
    }

    /// The texts that can be found for a query.
    pub(super) fn candidates(&self, query: usize) -> impl Iterator<Item = usize> {
        let is_itself = move |text: usize| text == query && matches!(self.right, Right::Classes(_));
        self.texts.iter().copied().filter(move |&text| !is_itself(text))
    }

    /// Returns true if a text is a right answer.
    pub(super) fn is_right(&self, query: usize, text: usize) -> bool {
        match &self.right {
            Right::Classes(classes) => classes[query] == classes[text],
            Right::Positives { identities, of_anchors } => {
                of_anchors.get(&identities[query]).is_some_and(|right| right.contains(&identities[text]))
            }
        }
    }
}

/// Scores and loss of the vectors of all texts, and of the vectors cut to the sizes of the recipe. The loss is that of batches
/// of rows in their order.
pub(in crate::train) fn similarity_scores(
    examples: &EncodedExamples,
    similarity: &Similarity,
    predictions: &[Prediction],
    recipe: &Recipe,
) -> Evaluation {
    let compared = Compared::new(examples, predictions);
    let mut loss = compared.loss(similarity, recipe.batch_size());
    let full = compared.vectors.first().map_or(0, |vector| vector.len());
    let mut smaller: Vec<u32> = recipe.spec().matryoshka_dims.clone();
    smaller.retain(|&size| (size as usize) < full);
    smaller.sort_unstable_by_key(|&size| std::cmp::Reverse(size));
    let of_size = |size| {
        let cut = compared.cut(size as usize);
        loss += cut.loss(similarity, recipe.batch_size());
        SizeScores { size, scores: cut.scores(similarity), intervals: BTreeMap::new() }
    };
    let sizes: Vec<SizeScores> = smaller.into_iter().map(of_size).collect();
    let detail = if sizes.is_empty() { Detail::None } else { Detail::Sizes { sizes } };
    Evaluation { scores: compared.scores(similarity), loss, detail, ..Evaluation::default() }
}

/// Parts from which the scores of whole vectors, or of their first `size` numbers, are computed, row by row or query by query.
pub(in crate::train) fn similarity_parts(
    examples: &EncodedExamples,
    similarity: &Similarity,
    predictions: &[Prediction],
    size: Option<u32>,
) -> ScoreParts {
    let whole = Compared::new(examples, predictions);
    let compared = size.map_or(whole, |size| Compared::new(examples, predictions).cut(size as usize));
    match similarity {
        Similarity::Scores(actual) => {
            ScoreParts::Numbers { actual: actual.clone(), predicted: compared.pair_cosines() }
        }
        Similarity::Pairs { .. } | Similarity::Triplets { .. } | Similarity::Classes(_) => {
            ScoreParts::of_queries(&compared.results(similarity))
        }
    }
}

impl<'a> Compared<'a> {
    pub(super) fn new(examples: &EncodedExamples, predictions: &'a [Prediction]) -> Self {
        Self {
            vectors: predictions.iter().map(|prediction| Cow::Borrowed(prediction.vector())).collect(),
            identities: examples.texts.identities(),
            rows: examples.rows(),
        }
    }

    /// The first `size` numbers of each vector, divided by their length.
    fn cut(&self, size: usize) -> Self {
        let cut = |vector: &Cow<[f32]>| {
            let first = &vector[..size.min(vector.len())];
            let length = first.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
            Cow::Owned(first.iter().map(|value| value / length).collect())
        };
        Self { vectors: self.vectors.iter().map(cut).collect(), identities: self.identities.clone(), rows: self.rows }
    }

    fn scores(&self, similarity: &Similarity) -> BTreeMap<Metric, f64> {
        if let Similarity::Scores(actual) = similarity {
            let spearman = evaluate_regression(actual, &self.pair_cosines()).and_then(|found| found.spearman);
            return spearman.map(|spearman| (Metric::Spearman, spearman)).into_iter().collect();
        }
        let Some(found) = evaluate_retrieval(&self.results(similarity)) else { return BTreeMap::new() };
        [
            (Metric::RecallAt1, found.recall_at_1),
            (Metric::RecallAt10, found.recall_at_10),
            (Metric::MrrAt10, found.mrr_at_10),
            (Metric::NdcgAt10, found.ndcg_at_10),
        ]
        .into()
    }

    /// Mean loss of the rows, in batches in their order.
    fn loss(&self, similarity: &Similarity, batch_size: usize) -> f64 {
        let order: Vec<usize> = (0..self.rows).collect();
        let sum: f64 = order.chunks(batch_size.max(2)).map(|rows| self.batch_loss(similarity, rows)).sum();
        sum / self.rows.max(1) as f64
    }

    pub(super) fn cosine(&self, a: usize, b: usize) -> f32 {
        self.vectors[a].iter().zip(self.vectors[b].iter()).map(|(a, b)| a * b).sum()
    }

    /// Cosines of the two texts of each row.
    pub(super) fn pair_cosines(&self) -> Vec<f32> {
        (0..self.rows).map(|row| self.cosine(2 * row, 2 * row + 1)).collect()
    }

    /// Each anchor is searched for among the positives, or each text among all others.
    pub(super) fn corpus<'b>(&'b self, similarity: &'b Similarity) -> Corpus<'b> {
        let identities = &self.identities;
        if let Similarity::Classes(classes) = similarity {
            let texts = distinct(0..self.rows, identities);
            return Corpus { queries: texts.clone(), texts, right: Right::Classes(classes) };
        }
        let texts_per_row = similarity.texts_per_row();
        let column = |column: usize| (0..self.rows).map(move |row| row * texts_per_row + column);
        let mut of_anchors: HashMap<u32, BTreeSet<u32>> = HashMap::new();
        for (anchor, positive) in column(0).zip(column(1)) {
            of_anchors.entry(identities[anchor]).or_default().insert(identities[positive]);
        }
        let [queries, texts] = [column(0), column(1)].map(|texts| distinct(texts, identities));
        Corpus { queries, texts, right: Right::Positives { identities, of_anchors } }
    }

    /// The results of the searches. Queries without a right answer are left out.
    fn results(&self, similarity: &Similarity) -> Vec<RankedResults> {
        let corpus = self.corpus(similarity);
        let results = |query: usize| {
            let relevant = corpus.candidates(query).filter(|&text| corpus.is_right(query, text)).count();
            let mut ranked: Vec<(f32, usize)> =
                corpus.candidates(query).map(|text| (self.cosine(query, text), text)).collect();
            let best_first = |a: &(f32, usize), b: &(f32, usize)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
            if ranked.len() > TOP {
                ranked.select_nth_unstable_by(TOP, best_first);
                ranked.truncate(TOP);
            }
            ranked.sort_by(best_first);
            let hits = ranked.into_iter().map(|(_, text)| corpus.is_right(query, text)).collect();
            (relevant > 0).then_some(RankedResults { hits, relevant })
        };
        corpus.queries().filter_map(results).collect()
    }

    /// Sum of the losses of `rows`, as those of a training batch.
    fn batch_loss(&self, similarity: &Similarity, rows: &[usize]) -> f64 {
        match similarity {
            Similarity::Scores(actual) => {
                let cosine = |row: usize| self.cosine(2 * row, 2 * row + 1);
                order_loss(rows, |row| (actual[row], cosine(row))) * rows.len() as f64
            }
            Similarity::Pairs { texts_per_row } => {
                let positive = |row: usize| row * texts_per_row + 1;
                let texts = |row: usize| positive(row)..(row + 1) * texts_per_row;
                let candidates: Vec<usize> = rows.iter().copied().flat_map(texts).collect();
                let of_row = |&row: &usize| {
                    let (anchor, right) = (row * texts_per_row, positive(row));
                    let wrong = candidates.iter().filter(|&&text| self.identities[text] != self.identities[right]);
                    in_batch_loss(self.cosine(anchor, right), wrong.map(|&text| self.cosine(anchor, text)))
                };
                rows.iter().map(of_row).sum()
            }
            Similarity::Triplets { distance, margin } => {
                let distance = |a: usize, b: usize| match distance {
                    TripletDistance::Cosine => 1.0 - f64::from(self.cosine(a, b)),
                    TripletDistance::Euclidean => (2.0 - 2.0 * f64::from(self.cosine(a, b))).max(0.0).sqrt(),
                };
                let of_row = |row: &usize| {
                    let [anchor, positive, negative] = [0, 1, 2].map(|column| 3 * row + column);
                    (distance(anchor, positive) - distance(anchor, negative) + margin).max(0.0)
                };
                rows.iter().map(of_row).sum()
            }
            Similarity::Classes(classes) => {
                let partners: Vec<usize> = rows.iter().map(|&row| partner(row, classes)).collect();
                let of_row = |(&row, &partner): (&usize, &usize)| {
                    let wrong = partners.iter().filter(|&&text| classes[text] != classes[row]);
                    in_batch_loss(self.cosine(row, partner), wrong.map(|&text| self.cosine(row, text)))
                };
                rows.iter().zip(&partners).map(of_row).sum()
            }
        }
    }
}

/// The first text of each identity.
fn distinct(texts: impl Iterator<Item = usize>, identities: &[u32]) -> Vec<usize> {
    let mut known = BTreeSet::new();
    texts.filter(|&text| known.insert(identities[text])).collect()
}

/// The next text of the same class, from the first again after the last; the text itself if it is the only one.
fn partner(text: usize, classes: &[u32]) -> usize {
    let others = (text + 1..classes.len()).chain(0..text);
    others.into_iter().find(|&other| classes[other] == classes[text]).unwrap_or(text)
}

/// −log of the softmax of the right answer's scaled cosine among it and the wrong ones.
fn in_batch_loss(right: f32, wrong: impl Iterator<Item = f32>) -> f64 {
    log_sum_exp(wrong.map(|cosine| SCALE * f64::from(cosine - right)))
}

/// log(1 + Σ exp(s · (cos j − cos i))) over all pairs i of `rows` that have a higher score than a pair j. `pair` returns the
/// score and the cosine of a pair.
fn order_loss(rows: &[usize], pair: impl Fn(usize) -> (f32, f32)) -> f64 {
    let pairs: Vec<(f32, f32)> = rows.iter().map(|&row| pair(row)).collect();
    let all = pairs.iter().flat_map(|higher| pairs.iter().map(move |lower| (higher, lower)));
    let ordered = all.filter(|(higher, lower)| higher.0 > lower.0);
    log_sum_exp(ordered.map(|(higher, lower)| SCALE * f64::from(lower.1 - higher.1)))
}

/// log(1 + Σ exp(x)).
fn log_sum_exp(exponents: impl Iterator<Item = f64>) -> f64 {
    let exponents: Vec<f64> = std::iter::once(0.0).chain(exponents).collect();
    let largest = exponents.iter().copied().fold(0.0, f64::max);
    largest + exponents.iter().map(|exponent| (exponent - largest).exp()).sum::<f64>().ln()
}
