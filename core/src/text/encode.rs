//! Encodes the rows of a dataset, by task.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use crate::dataset::{Cut, Example};
use crate::diagnostic::Diagnostic;
use crate::recipe::Task;
use crate::text::batch::EncodedTexts;
use crate::text::chat::ChatTemplate;
use crate::text::conversation;
use crate::text::cut;
use crate::text::examples::{EncodedExamples, Labels, Reference, Relevance};
use crate::text::questions::Questions;
use crate::text::similarity::Similarity;
use crate::text::tokenizer::{Token, Tokenizer};

/// Encoded rows of a dataset, before they are cut to the length of a run.
#[derive(Clone, Debug)]
pub enum EncodedRows {
    /// Texts and pairs of texts with their labels.
    Texts(EncodedExamples),
    /// Questions with their passages.
    Questions(Questions),
    /// Prompts with completions, and conversations.
    Continuations(EncodedExamples),
    /// Running text.
    Corpus {
        /// Token ids of the whole corpus.
        ids: Vec<u32>,
        /// Number of passages in the dataset.
        pieces: usize,
    },
}

impl EncodedRows {
    /// No rows yet, for a dataset of `task`.
    pub fn new(task: Task) -> Self {
        let texts = |labels| Self::Texts(EncodedExamples { labels, ..EncodedExamples::default() });
        match task {
            Task::Classification => texts(Labels::Classes(Vec::new())),
            Task::MultiLabel => texts(Labels::MultiLabel(Vec::new())),
            Task::Regression => texts(Labels::Numbers(Vec::new())),
            Task::TokenClassification => texts(Labels::Tags(Vec::new())),
            // The first row determines the kind.
            Task::Embeddings => texts(Labels::Similarity(Similarity::Pairs { texts_per_row: 2 })),
            Task::Reranking => texts(Labels::Relevance(Relevance::default())),
            Task::QuestionAnswering => Self::Questions(Questions::default()),
            Task::Generation => {
                let labels = Labels::Continuations { target_ranges: Vec::new(), references: Vec::new() };
                Self::Continuations(EncodedExamples { labels, ..EncodedExamples::default() })
            }
        }
    }

    /// Number of rows; for a corpus, of passages.
    pub fn len(&self) -> usize {
        match self {
            Self::Texts(examples) | Self::Continuations(examples) => examples.rows(),
            Self::Questions(questions) => questions.len(),
            Self::Corpus { pieces, .. } => *pieces,
        }
    }

    /// Returns true if there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Approximate memory of the rows, in bytes: their tokens and the texts kept with them.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Texts(examples) => examples.texts.bytes(),
            Self::Continuations(examples) => {
                let text = |reference: &Reference| {
                    4 * reference.prompt.len() + reference.prompt_text.len() + reference.completion.len()
                };
                let references = match &examples.labels {
                    Labels::Continuations { references, .. } => references.as_slice(),
                    _ => &[],
                };
                examples.texts.bytes() + references.iter().map(text).sum::<usize>()
            }
            Self::Questions(questions) => questions.bytes(),
            Self::Corpus { ids, .. } => size_of_val(ids.as_slice()),
        }
    }

    /// Adds a row of a dataset with `labels` labels; returns its number of tokens. Prompts and conversations are formatted
    /// with the chat template `chat`, if there is one.
    ///
    /// # Errors
    /// When a text cannot be tokenized or formatted, or the row belongs to another task. The rows are then unchanged.
    pub fn push(
        &mut self,
        tokenizer: &Tokenizer,
        chat: Option<&ChatTemplate>,
        labels: usize,
        example: &Example,
    ) -> Result<usize, Diagnostic> {
        match (&mut *self, example) {
            (
                Self::Texts(EncodedExamples { texts, labels: Labels::Classes(classes) }),
                Example::Class { text, pair, class },
            ) => {
                let tokens = push_text(texts, tokenizer, text, *pair)?;
                classes.push(*class);
                Ok(tokens)
            }
            (
                Self::Texts(EncodedExamples { texts, labels: Labels::MultiLabel(flags) }),
                Example::Labels { text, pair, labels: held },
            ) => {
                let tokens = push_text(texts, tokenizer, text, *pair)?;
                flags.push((0..labels as u32).map(|label| held.contains(&label)).collect());
                Ok(tokens)
            }
            (
                Self::Texts(EncodedExamples { texts, labels: Labels::Numbers(numbers) }),
                Example::Number { text, pair, value },
            ) => {
                let tokens = push_text(texts, tokenizer, text, *pair)?;
                numbers.push(*value);
                Ok(tokens)
            }
            (
                Self::Texts(EncodedExamples { texts, labels: Labels::Relevance(relevance) }),
                Example::Number { text, pair, value },
            ) => {
                let tokens = push_text(texts, tokenizer, text, *pair)?;
                relevance.labels.push(*value);
                relevance.queries.push(query_key(text));
                Ok(tokens)
            }
            (Self::Texts(EncodedExamples { texts, labels: Labels::Tags(rows) }), Example::Tags { text, words }) => {
                let words: Vec<(Range<u32>, u32)> = words.iter().map(|word| (word.start..word.end, word.tag)).collect();
                let (ids, tags) = tagged(tokenizer, text, &words)?;
                texts.push(&ids);
                rows.push(tags.into());
                Ok(ids.len())
            }
            (Self::Texts(EncodedExamples { texts, labels: Labels::Similarity(similarity) }), example) => {
                push_similar(texts, similarity, tokenizer, example)
            }
            (Self::Questions(questions), Example::Question { question, context, answers }) => {
                questions.push(tokenizer, question, context, answers)
            }
            (Self::Continuations(examples), Example::Completion { prompt, completion }) => {
                push_turns(examples, conversation::completion(tokenizer, chat, prompt, completion)?)
            }
            (Self::Continuations(examples), Example::Chat(messages)) => {
                push_turns(examples, conversation::chat(tokenizer, chat, messages)?)
            }
            (Self::Continuations(examples), Example::Passage(_)) if examples.is_empty() => {
                *self = Self::Corpus { ids: Vec::new(), pieces: 0 };
                self.push(tokenizer, chat, labels, example)
            }
            (Self::Corpus { ids, pieces }, Example::Passage(text)) => {
                let new = tokenizer.tokenize(&format!("{text}\n"))?;
                ids.extend(new.iter().map(|piece| piece.id));
                *pieces += 1;
                Ok(new.len())
            }
            _ => Err(other_task()),
        }
    }

    /// Cuts the rows to at most `max_length` tokens each. Long passages are split into windows that share `overlap` tokens.
    ///
    /// # Errors
    /// When the tokens of a corpus cannot be decoded.
    pub fn cut(
        &self,
        tokenizer: &Tokenizer,
        max_length: usize,
        overlap: usize,
    ) -> Result<(EncodedExamples, Cut), Diagnostic> {
        Ok(match self {
            Self::Texts(examples) => cut::cut_texts(examples, tokenizer, max_length),
            Self::Questions(questions) => questions.windows(tokenizer, max_length, overlap),
            Self::Continuations(examples) => cut::cut_continuations(examples, tokenizer, max_length),
            Self::Corpus { ids, .. } => (cut::pack(ids, tokenizer, max_length)?, Cut::default()),
        })
    }
}

/// Adds the texts of a row of embeddings, each on its own; returns the number of tokens of the longest.
fn push_similar(
    texts: &mut EncodedTexts,
    similarity: &mut Similarity,
    tokenizer: &Tokenizer,
    example: &Example,
) -> Result<usize, Diagnostic> {
    let (row, kind) = match *example {
        Example::Pair { anchor, positive, negative: None } => {
            (vec![anchor, positive], Similarity::Pairs { texts_per_row: 2 })
        }
        Example::Pair { anchor, positive, negative: Some(negative) } => {
            (vec![anchor, positive, negative], Similarity::Pairs { texts_per_row: 3 })
        }
        Example::ScoredPair { text, pair, .. } => (vec![text, pair], Similarity::Scores(Vec::new())),
        Example::LabeledText { text, .. } => (vec![text], Similarity::Classes(Vec::new())),
        _ => return Err(other_task()),
    };
    let encoded = row.into_iter().map(|text| tokenizer.encode(text, usize::MAX)).collect::<Result<Vec<_>, _>>()?;
    if texts.is_empty() {
        *similarity = kind;
    } else if std::mem::discriminant(similarity) != std::mem::discriminant(&kind)
        || similarity.texts_per_row() != encoded.len()
    {
        return Err(other_task());
    }
    match (similarity, example) {
        (Similarity::Scores(scores), Example::ScoredPair { score, .. }) => scores.push(*score),
        (Similarity::Classes(classes), Example::LabeledText { class, .. }) => classes.push(*class),
        _ => {}
    }
    encoded.iter().for_each(|ids| texts.push(ids));
    Ok(encoded.iter().map(Vec::len).max().unwrap_or(0))
}

/// A hash that equal queries share.
fn query_key(query: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    query.hash(&mut hasher);
    hasher.finish()
}

fn other_task() -> Diagnostic {
    Diagnostic::new("data.mixed-tasks", "A row belongs to another task than the rows before it.")
}

/// Adds a text or a pair with its special tokens.
fn push_text(
    texts: &mut EncodedTexts,
    tokenizer: &Tokenizer,
    text: &str,
    pair: Option<&str>,
) -> Result<usize, Diagnostic> {
    let (ids, second) = match pair {
        None => {
            let ids = tokenizer.encode(text, usize::MAX)?;
            let len = ids.len();
            (ids, len)
        }
        Some(pair) => {
            let [first, second] = [text, pair].map(|text| tokenizer.tokenize(text));
            let ids = |tokens: Vec<Token>| tokens.into_iter().map(|token| token.id).collect::<Vec<u32>>();
            tokenizer.special_tokens().pair(&ids(first?), &ids(second?))
        }
    };
    texts.push_pair(&ids, second);
    Ok(ids.len())
}

/// Token ids, and for each tagged word the index of its first token and its tag.
pub(crate) type Tagged = (Vec<u32>, Vec<(u32, u32)>);

/// Encodes a text with special tokens, and finds the first token of each word. `words` are ranges of bytes with tags, in
/// order. Words without a token are omitted.
///
/// # Errors
/// When the text cannot be tokenized.
pub fn tagged(tokenizer: &Tokenizer, text: &str, words: &[(Range<u32>, u32)]) -> Result<Tagged, Diagnostic> {
    let pieces = tokenizer.tokenize(text)?;
    let special_tokens = tokenizer.special_tokens();
    let before = special_tokens.begin.len() as u32;
    let mut tags = Vec::new();
    let mut at = 0;
    for (bytes, tag) in words {
        while pieces.get(at).is_some_and(|piece| piece.bytes.end <= bytes.start) {
            at += 1;
        }
        if pieces.get(at).is_some_and(|piece| piece.bytes.start < bytes.end) {
            tags.push((before + at as u32, *tag));
        }
    }
    let ids: Vec<u32> = pieces.iter().map(|piece| piece.id).collect();
    Ok((special_tokens.single(&ids), tags))
}

/// Adds a prompt with its completion, or a conversation.
fn push_turns(examples: &mut EncodedExamples, turns: conversation::Turns) -> Result<usize, Diagnostic> {
    let tokens = turns.ids.len();
    examples.texts.push(&turns.ids);
    if let Labels::Continuations { target_ranges, references } = &mut examples.labels {
        let prompt = turns.target_ranges.last().map_or(0, |last| last.start as usize);
        references.push(Reference {
            row: references.len() as u32,
            prompt: turns.ids[..prompt].to_vec(),
            prompt_text: turns.prompt_text,
            completion: turns.completion,
        });
        target_ranges.push(turns.target_ranges.into());
    }
    Ok(tokens)
}
