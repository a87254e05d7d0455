//! The nearest training rows of validation rows, by the vectors of the tuned model.
//!
//! The vector is that which the head of the task reads. Heads that read every token have none: there, it is the mean of the
//! last hidden states over the tokens that the model reads before it answers: the text, the question with the window of its
//! passage that contains the answer, or the prompt without its completion. Rows of embeddings are compared by the text that is
//! searched for, or the first one of a rated pair.

use crate::dataset::Dataset;
use crate::diagnostic::Diagnostic;
use crate::limits::{MAX_REVIEWED_ROWS, PREVIEW_CHARS};
use crate::phrases::{count, excerpt, thousands};
use crate::recipe::Pooling;
use crate::rng::{Rng, Stream};
use crate::run::NearestRow;
use crate::runner::shown_labels::shown_labels;
use crate::runner::text_vectors::TextVectors;
use crate::text::{EncodedExamples, EncodedTexts, Labels, Reference, Similarity};
use crate::train::Session;

/// Number of training rows that are named for each row.
const NEAREST: usize = 5;

/// Vectors of the training and validation rows of a run, as its head pools them.
#[derive(Debug)]
pub(super) struct NearestRows {
    /// The training rows that are compared.
    train: Vec<ReadText>,
    /// Number of all training rows.
    all: usize,
    /// The validation rows that are compared, the first ones.
    validation: Vec<ReadText>,
    vectors: TextVectors,
    is_over: bool,
}

/// The encoded text that a row is compared by.
#[derive(Clone, Copy, Debug)]
struct ReadText {
    /// The row, as an index on its side of the data set.
    row: u32,
    /// The text, as an index among the encoded ones.
    text: u32,
    /// Number of its first tokens that are read.
    tokens: usize,
}

impl NearestRows {
    /// Begins to compare the rows of a run.
    pub(super) fn new(session: &Session) -> Self {
        let data = session.data();
        let mut train = read_texts(&data.train);
        let all = train.len();
        if all > MAX_REVIEWED_ROWS {
            Rng::new(0, Stream::Folds, 0).shuffle(&mut train);
            train.truncate(MAX_REVIEWED_ROWS);
            train.sort_unstable_by_key(|read| read.row);
        }
        let mut validation = read_texts(&data.validation);
        validation.truncate(MAX_REVIEWED_ROWS);
        let mut texts = EncodedTexts::default();
        for (side, reads) in [(&data.train.texts, &train), (&data.validation.texts, &validation)] {
            for read in reads {
                let (ids, second) = (side.get(read.text as usize), side.second(read.text as usize));
                texts.push_pair(&ids[..read.tokens.min(ids.len())], second.min(read.tokens));
            }
        }
        let model = session.model();
        let pooling = model.pooling().unwrap_or(Pooling::Mean);
        let max_length = session.recipe().max_length();
        let base = model.base.clone();
        let vectors = TextVectors::of_base(texts, max_length, base, pooling, data.pad, session.device());
        Self { train, all, validation, vectors, is_over: false }
    }

    /// Computes the vectors of the next batch. Returns the fraction that is done.
    ///
    /// # Errors
    /// If the device fails.
    pub(super) async fn advance(&mut self) -> Result<f64, Diagnostic> {
        self.is_over = !self.vectors.advance().await?;
        Ok(self.fraction())
    }

    /// The fraction that is done.
    pub(super) fn fraction(&self) -> f64 {
        self.vectors.fraction()
    }

    /// Returns true once all vectors are known.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// The nearest training rows of a validation row, given as an index on its side, nearest first; empty if they are not
    /// known.
    pub(super) fn of(&self, session: &Session, dataset: &Dataset, row: u32) -> Vec<NearestRow> {
        let known = self.validation.binary_search_by_key(&row, |read| read.row).ok().filter(|_| self.is_over);
        let Some(at) = known else { return Vec::new() };
        let vectors = self.vectors.vectors();
        let hidden = vectors.len() / (self.train.len() + self.validation.len());
        let own = &vectors[(self.train.len() + at) * hidden..][..hidden];
        let cosine = |other: &[f32]| own.iter().zip(other).map(|(a, b)| a * b).sum::<f32>();
        let mut nearest: Vec<(ReadText, f32)> =
            self.train.iter().zip(vectors.chunks(hidden)).map(|(&read, other)| (read, cosine(other))).collect();
        nearest.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        let named = |(read, cosine)| named(&session.data().train.labels, dataset, read, cosine);
        nearest.into_iter().take(NEAREST).filter_map(named).collect()
    }

    /// Text by which the rows are compared, or the event that they wait for, in words.
    pub(super) fn sentence(&self) -> String {
        if !self.is_over {
            return "Their nearest training rows appear once the tuned model has read all rows.".to_owned();
        }
        let among = match self.train.len() {
            drawn if drawn < self.all => format!("{} of {}, drawn at random", thousands(drawn), thousands(self.all)),
            all => count(all, "training row"),
        };
        format!("Nearest training rows by the vectors of the tuned model, among {among}.")
    }
}

/// The texts of one side that its rows are compared by, in the order of the rows.
fn read_texts(side: &EncodedExamples) -> Vec<ReadText> {
    let whole = |row: u32, text: u32| ReadText { row, text, tokens: side.texts.tokens(text as usize) };
    match &side.labels {
        Labels::Similarity(similarity) => {
            let texts = (0..side.len() as u32).step_by(similarity.texts_per_row());
            (0..).zip(texts).map(|(row, text)| whole(row, text)).collect()
        }
        Labels::Spans { windows, questions } => {
            let mut reads: Vec<ReadText> = Vec::with_capacity(questions.len());
            let mut last = None;
            for (text, window) in (0..).zip(windows) {
                // The windows of a question follow each other; the first one counts if none contains the answer.
                let is_first = last.replace(window.question) != Some(window.question);
                if is_first {
                    reads.extend(questions.get(window.question as usize).map(|question| whole(question.row, text)));
                } else if window.answer != (0, 0)
                    && let Some(read) = reads.last_mut()
                    && windows[read.text as usize].answer == (0, 0)
                {
                    *read = whole(read.row, text);
                }
            }
            reads
        }
        Labels::Continuations { references, .. } => {
            let read = |(text, reference): (u32, &Reference)| {
                let whole = whole(reference.row, text);
                let prompt = reference.prompt.len();
                ReadText { tokens: if prompt == 0 { whole.tokens } else { prompt }, ..whole }
            };
            (0..).zip(references).map(read).collect()
        }
        Labels::Classes(_) | Labels::MultiLabel(_) | Labels::Numbers(_) | Labels::Relevance(_) | Labels::Tags(_) => {
            (0..side.len() as u32).map(|row| whole(row, row)).collect()
        }
    }
}

/// A training row for display. The texts of a conversation are the user's last turn and the answer to it. The
/// positive of an anchor is its label.
fn named(labels: &Labels, dataset: &Dataset, ReadText { row, text, .. }: ReadText, cosine: f32) -> Option<NearestRow> {
    let number = *dataset.train.get(row as usize)?;
    let line = dataset.line(number);
    if let Labels::Continuations { references, .. } = labels {
        let Reference { prompt_text, completion, .. } = references.get(text as usize)?;
        let label = excerpt(completion, PREVIEW_CHARS);
        return Some(NearestRow { line, text: prompt_text.clone(), pair: None, label, cosine });
    }
    let shown_text = dataset.text(number).to_owned();
    let pair = dataset.second_text(number).map(str::to_owned);
    if let Labels::Similarity(Similarity::Pairs { .. } | Similarity::Triplets { .. }) = labels {
        let label = excerpt(&pair.unwrap_or_default(), PREVIEW_CHARS);
        return Some(NearestRow { line, text: shown_text, pair: None, label, cosine });
    }
    let label = match labels {
        Labels::Spans { windows, questions } => {
            questions.get(windows.get(text as usize)?.question as usize)?.shown_answers()
        }
        _ => shown_labels(dataset, number),
    };
    Some(NearestRow { line, text: shown_text, pair, label, cosine })
}
