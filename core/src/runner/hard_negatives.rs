//! The search for hard negatives: for each pair of an anchor and its positive, the text most like the anchor that is probably
//! not right for it. The rules are those of sentence-transformers' `mine_hard_negatives`.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use burn::tensor::{Device, Tensor, TensorData};

use crate::dataset::{Dataset, Example};
use crate::device_to_host::device_to_host;
use crate::diagnostic::Diagnostic;
use crate::pretrained::Pretrained;
use crate::recipe::Task;
use crate::runner::text_vectors::{TextVectors, max_tokens, push_text};
use crate::text::EncodedRows;

/// Most cosines that exist at a time: 16 MB of them, however many texts there are.
const MAX_COSINES: usize = 1 << 22;
/// Most anchors of a block.
const MAX_BLOCK: usize = 1 << 10;
/// Part of the time that the vectors take.
const VECTORS_RATIO: f64 = 0.9;

/// Pairs, as indices of different texts.
#[derive(Debug, Default)]
struct TextPairs {
    /// The different anchors, as indices of texts.
    anchors: Vec<u32>,
    /// The different positives: the texts that are searched.
    positives: Vec<u32>,
    /// The positives of each anchor, as indices in `positives`.
    positives_of: Vec<Vec<u32>>,
    /// For each pair of the data, its anchor and its positive, as indices in `anchors` and `positives`.
    rows: Vec<(u32, u32)>,
}

/// A search under way.
#[derive(Debug)]
pub struct HardNegatives {
    /// The different texts.
    texts: Vec<String>,
    pairs: TextPairs,
    vectors: TextVectors,
    /// Part of the positive's cosine by which a negative's has to be lower.
    relative_margin: f32,
    search: Option<Search>,
}

/// The comparison of the anchors with the positives.
#[derive(Debug)]
struct Search {
    anchors: Tensor<2>,
    positives: Tensor<2>,
    /// The negative of each anchor that is done.
    negatives: Vec<Option<u32>>,
}

/// A pair with its negative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Triplet {
    /// The anchor.
    pub anchor: String,
    /// Its positive.
    pub positive: String,
    /// Its negative.
    pub negative: String,
}

impl HardNegatives {
    /// Begins to search for negatives of the pairs of a dataset, by the vectors of the loaded model. A negative's cosine with
    /// the anchor is lower than that of the anchor's least similar positive by `relative_margin` times that cosine.
    ///
    /// # Errors
    /// `negatives.pairs` if the data are no pairs without negatives, or if not even an empty text can be encoded.
    pub fn new(
        dataset: &Dataset,
        model: &Pretrained,
        device: &Device,
        relative_margin: f64,
    ) -> Result<Self, Diagnostic> {
        let (mut texts, mut anchors, mut positives) = (Distinct::default(), Distinct::default(), Distinct::default());
        let (mut pairs, mut known) = (TextPairs::default(), HashSet::new());
        for row in dataset.rows() {
            let Example::Pair { anchor, positive, negative: None } = dataset.example(row) else {
                let what = "Negatives are found for pairs of an anchor and a positive.";
                return Err(Diagnostic::new("negatives.pairs", what)
                    .done("Nothing was written.")
                    .remedy("Choose the columns of both, and none of negatives."));
            };
            let anchor = anchors.index(texts.index(anchor.to_owned()));
            let positive = positives.index(texts.index(positive.to_owned()));
            pairs.positives_of.resize(anchors.all.len(), Vec::new());
            if known.insert((anchor, positive)) {
                pairs.positives_of[anchor as usize].push(positive);
            }
            pairs.rows.push((anchor, positive));
        }
        (pairs.anchors, pairs.positives) = (anchors.all, positives.all);
        let mut rows = EncodedRows::new(Task::Classification);
        for text in &texts.all {
            push_text(&mut rows, model, text, None)?;
        }
        let max_length = max_tokens(model);
        let (encoded, _) = rows.cut(&model.tokenizer, max_length, 0)?;
        let pad = model.tokenizer.pad_id();
        let base = model.base.clone();
        let vectors = TextVectors::of_base(encoded.texts, max_length, base, model.pooling, pad, device);
        let relative_margin = relative_margin as f32;
        Ok(Self { texts: texts.all, pairs, vectors, relative_margin, search: None })
    }

    /// Computes the vectors of the next batch, or compares the next anchors. Returns the fraction that is done.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn advance(&mut self) -> Result<f64, Diagnostic> {
        if self.vectors.advance().await? {
            return Ok(VECTORS_RATIO * self.vectors.fraction());
        }
        let mut search = match self.search.take() {
            Some(search) => search,
            None => {
                let device = self.vectors.device();
                let hidden = self.vectors.vectors().len() / self.texts.len().max(1);
                let of = |texts: &[u32]| {
                    let row = |&text: &u32| &self.vectors.vectors()[text as usize * hidden..][..hidden];
                    let values: Vec<f32> = texts.iter().flat_map(row).copied().collect();
                    Tensor::from_data(TensorData::new(values, [texts.len(), hidden]), device)
                };
                let (anchors, positives) = (of(&self.pairs.anchors), of(&self.pairs.positives));
                Search { anchors, positives, negatives: Vec::new() }
            }
        };
        search.advance(&self.pairs, self.relative_margin).await?;
        let done = search.negatives.len() as f64 / self.pairs.anchors.len().max(1) as f64;
        self.search = Some(search);
        Ok(VECTORS_RATIO + (1.0 - VECTORS_RATIO) * done)
    }

    /// Returns true once all anchors are done.
    pub fn is_over(&self) -> bool {
        self.search.as_ref().is_some_and(|search| search.negatives.len() == self.pairs.anchors.len())
    }

    /// The pairs that have a negative, training rows first, and the number of those without.
    pub fn finish(self) -> (Vec<Triplet>, usize) {
        let Self { texts, pairs, search, .. } = self;
        let negatives = search.map(|search| search.negatives).unwrap_or_default();
        let text = |indices: &[u32], at: u32| texts[indices[at as usize] as usize].clone();
        let triplet = |&(anchor, positive): &(u32, u32)| {
            let negative = negatives.get(anchor as usize).copied().flatten()?;
            Some(Triplet {
                anchor: text(&pairs.anchors, anchor),
                positive: text(&pairs.positives, positive),
                negative: text(&pairs.positives, negative),
            })
        };
        let triplets: Vec<Triplet> = pairs.rows.iter().filter_map(triplet).collect();
        let without = pairs.rows.len() - triplets.len();
        (triplets, without)
    }
}

impl Search {
    /// Compares the next anchors with all positives.
    async fn advance(&mut self, pairs: &TextPairs, relative_margin: f32) -> Result<(), Diagnostic> {
        let ([total, _], [candidates, _]) = (self.anchors.dims(), self.positives.dims());
        let done = self.negatives.len();
        let block = (MAX_COSINES / candidates.max(1)).clamp(1, MAX_BLOCK).min(total - done);
        let anchors = self.anchors.clone().narrow(0, done, block);
        let cosines = device_to_host(anchors.matmul(self.positives.clone().transpose())).await?;
        let rows = cosines.chunks(candidates.max(1)).zip(&pairs.positives_of[done..]);
        self.negatives.extend(rows.map(|(cosines, positives)| hard_negative(cosines, positives, relative_margin)));
        Ok(())
    }
}

/// The candidate most like an anchor that is none of its `positives`, and less like it than each of them by `relative_margin`
/// times the lowest of their cosines. `cosines` are those of the anchor with all candidates.
pub fn hard_negative(cosines: &[f32], positives: &[u32], relative_margin: f32) -> Option<u32> {
    let lowest = positives.iter().map(|&at| cosines[at as usize]).fold(f32::INFINITY, f32::min);
    let highest = lowest - lowest.abs() * relative_margin;
    let mut is_positive = vec![false; cosines.len()];
    positives.iter().for_each(|&at| is_positive[at as usize] = true);
    let candidates = (0..).zip(cosines).filter(|&(at, &cosine)| cosine <= highest && !is_positive[at as usize]);
    candidates.max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(at, _)| at)
}

/// Different values, each with its index.
#[derive(Default)]
struct Distinct<T> {
    all: Vec<T>,
    known: HashMap<T, u32>,
}

impl<T: Clone + Eq + Hash> Distinct<T> {
    fn index(&mut self, value: T) -> u32 {
        let next = self.all.len() as u32;
        let index = *self.known.entry(value.clone()).or_insert(next);
        if index == next {
            self.all.push(value);
        }
        index
    }
}
