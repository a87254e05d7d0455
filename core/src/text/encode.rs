//! From rows of a data set to a model's tokens, and from those to what fits a run's length.

use std::ops::Range;

use crate::dataset::{Cut, Example};
use crate::diagnostic::Diagnostic;
use crate::recipe::Task;
use crate::text::batch::EncodedTexts;
use crate::text::chat::ChatTemplate;
use crate::text::conversation;
use crate::text::examples::{EncodedExamples, Labels, Question, Reference, Window};
use crate::text::tokenizer::{Token, Tokenizer};

/// A question may take this part of a window: half.
const QUESTION_PART: usize = 2;
/// Rows of a corpus that a model is asked to write on.
const CORPUS_REFERENCES: usize = 64;
/// Tokens of a corpus that it is then given.
const CORPUS_PROMPT: usize = 16;

/// Rows of a data set in a model's tokens, not cut yet.
#[derive(Clone, Debug)]
pub enum EncodedRows {
    /// Texts and pairs of texts, with their answers.
    Texts(EncodedExamples),
    /// Questions and their passages.
    Questions(Questions),
    /// Prompts with their completions, and conversations.
    Continuations(EncodedExamples),
    /// Running text.
    Corpus {
        /// All of it.
        ids: Vec<u32>,
        /// Pieces that it came in.
        pieces: usize,
    },
}

/// Questions and their passages, without special tokens.
#[derive(Clone, Debug, Default)]
pub struct Questions {
    questions: EncodedTexts,
    passages: EncodedTexts,
    /// Of each token of all passages: its bytes.
    bytes: Vec<Range<u32>>,
    /// Of each passage: index of its first token in `bytes`.
    starts: Vec<usize>,
    /// Where the first answer stands.
    answers: Vec<Option<Range<u32>>>,
    details: Vec<Question>,
}

impl EncodedRows {
    /// No rows yet, of a data set for `task`.
    pub fn new(task: Task) -> Self {
        let texts = |labels| Self::Texts(EncodedExamples { labels, ..EncodedExamples::default() });
        match task {
            Task::Classification => texts(Labels::Classes(Vec::new())),
            Task::MultiLabel => texts(Labels::MultiLabel(Vec::new())),
            Task::Regression => texts(Labels::Numbers(Vec::new())),
            Task::TokenClassification => texts(Labels::Tags(Vec::new())),
            Task::QuestionAnswering => Self::Questions(Questions::default()),
            Task::Generation => {
                let labels = Labels::Continuations { target_ranges: Vec::new(), references: Vec::new() };
                Self::Continuations(EncodedExamples { labels, ..EncodedExamples::default() })
            }
        }
    }

    /// Number of rows; of a corpus, of its pieces.
    pub fn len(&self) -> usize {
        match self {
            Self::Texts(examples) | Self::Continuations(examples) => examples.len(),
            Self::Questions(questions) => questions.details.len(),
            Self::Corpus { pieces, .. } => *pieces,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that the rows take, about: their tokens, and the texts that are kept beside them.
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
            Self::Questions(questions) => {
                let texts = questions.questions.bytes() + questions.passages.bytes();
                let contexts = questions.details.iter().map(|details| details.context.len()).sum::<usize>();
                texts + size_of_val(questions.bytes.as_slice()) + contexts
            }
            Self::Corpus { ids, .. } => size_of_val(ids.as_slice()),
        }
    }

    /// Adds a row with `labels` labels to choose from, and says how many tokens it has. Prompts and conversations are
    /// put into the model's own form by `chat`, where it has one.
    ///
    /// # Errors
    /// When the tokenizer or the template cannot take a text; the rows are then as before.
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
            (Self::Texts(EncodedExamples { texts, labels: Labels::Tags(rows) }), Example::Tags { text, words }) => {
                let words: Vec<(Range<u32>, u32)> = words.iter().map(|word| (word.start..word.end, word.tag)).collect();
                let (ids, tags) = tagged(tokenizer, text, &words)?;
                texts.push(&ids);
                rows.push(tags.into());
                Ok(ids.len())
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
            _ => Err(Diagnostic::new("data.mixed-tasks", "A row belongs to another task than the rows before it.")),
        }
    }

    /// The rows as a run learns from them: at most `max_length` tokens each. Long passages are read in windows that have
    /// `overlap` tokens in common.
    ///
    /// # Errors
    /// When written text cannot be made of tokens.
    pub fn cut(
        &self,
        tokenizer: &Tokenizer,
        max_length: usize,
        overlap: usize,
    ) -> Result<(EncodedExamples, Cut), Diagnostic> {
        Ok(match self {
            Self::Texts(examples) => cut_texts(examples, tokenizer, max_length),
            Self::Questions(questions) => questions.windows(tokenizer, max_length, overlap),
            Self::Continuations(examples) => cut_continuations(examples, tokenizer, max_length),
            Self::Corpus { ids, .. } => (packed(ids, tokenizer, max_length)?, Cut::default()),
        })
    }
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

/// Tokens, and of the words among them the first token and the word's tag.
pub(crate) type Tagged = (Vec<u32>, Vec<(u32, u32)>);

/// A text with its special tokens, and the words of which a token begins. `words` are in order: their bytes and tags.
///
/// # Errors
/// When the text cannot be put into tokens.
pub fn tagged(tokenizer: &Tokenizer, text: &str, words: &[(Range<u32>, u32)]) -> Result<Tagged, Diagnostic> {
    let pieces = tokenizer.tokenize(text)?;
    let frame = tokenizer.special_tokens();
    let before = frame.begin.len() as u32;
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
    Ok((frame.single(&ids), tags))
}

fn cut_texts(examples: &EncodedExamples, tokenizer: &Tokenizer, max_length: usize) -> (EncodedExamples, Cut) {
    let (mut cut, frame) =
        (EncodedExamples { labels: examples.labels.clone(), ..EncodedExamples::default() }, tokenizer.special_tokens());
    let mut shortened = 0;
    for row in 0..examples.len() {
        let (ids, second) = (examples.texts.get(row), examples.texts.second(row));
        if ids.len() <= max_length {
            cut.texts.push_pair(ids, second);
            continue;
        }
        shortened += 1;
        if second == ids.len() {
            let mut ids = ids.to_vec();
            tokenizer.cut(&mut ids, max_length);
            cut.texts.push(&ids);
        } else {
            let (ids, second) = frame.cut_pair(ids, second, max_length);
            cut.texts.push_pair(&ids, second);
        }
    }
    if let Labels::Tags(rows) = &mut cut.labels {
        // What stands behind the cut is a special token now, or nothing.
        for (row, tags) in rows.iter_mut().enumerate() {
            let end = cut.texts.tokens(row).saturating_sub(frame.end.len()) as u32;
            *tags = tags.iter().copied().filter(|&(at, _)| at < end).collect();
        }
    }
    (cut, Cut { shortened, skipped: 0 })
}

impl Questions {
    fn push(
        &mut self,
        tokenizer: &Tokenizer,
        question: &str,
        context: &str,
        answers: &[Range<usize>],
    ) -> Result<usize, Diagnostic> {
        let ids = |tokens: &[Token]| tokens.iter().map(|token| token.id).collect::<Vec<u32>>();
        let (question, passage) = (tokenizer.tokenize(question)?, tokenizer.tokenize(context)?);
        self.questions.push(&ids(&question));
        self.passages.push(&ids(&passage));
        self.starts.push(self.bytes.len());
        self.bytes.extend(passage.iter().map(|piece| piece.bytes.clone()));
        self.answers.push(answers.first().map(|answer| answer.start as u32..answer.end as u32));
        let mut gold: Vec<String> =
            answers.iter().filter_map(|answer| context.get(answer.clone())).map(str::to_owned).collect();
        gold.dedup();
        self.details.push(Question { context: context.to_owned(), answers: gold });
        Ok(question.len() + passage.len() + tokenizer.special_tokens().pair_tokens())
    }

    /// Every passage in windows. A question whose answer is in none of them is left out: it would teach that there is no
    /// answer.
    fn windows(&self, tokenizer: &Tokenizer, max_length: usize, overlap: usize) -> (EncodedExamples, Cut) {
        let frame = tokenizer.special_tokens();
        let (mut texts, mut windows, mut questions) = (EncodedTexts::default(), Vec::new(), Vec::new());
        let mut report = Cut::default();
        let own = max_length.saturating_sub(frame.pair_tokens()).max(2);
        for (index, details) in self.details.iter().enumerate() {
            let whole = self.questions.get(index);
            let question = &whole[..whole.len().min(own / QUESTION_PART)];
            let (passage, bytes) = (self.passages.get(index), &self.bytes[self.starts[index]..]);
            let room = own - question.len();
            let parts = windows_of(passage.len(), room, overlap.min(room / 2));
            let answer = self.answers[index].as_ref().and_then(|answer| tokens_of(answer, &bytes[..passage.len()]));
            let is_in =
                |part: &Range<usize>, answer: &Range<usize>| part.start <= answer.start && answer.end <= part.end;
            let is_found = answer.as_ref().is_some_and(|answer| parts.iter().any(|part| is_in(part, answer)));
            if !details.answers.is_empty() && !is_found {
                report.skipped += 1;
                continue;
            }
            report.shortened += u32::from(question.len() < whole.len());
            for part in parts {
                let (ids, first) = frame.pair(question, &passage[part.clone()]);
                texts.push_pair(&ids, first);
                let shown = answer.clone().filter(|answer| is_in(&part, answer));
                let place = |token: usize| (first + token - part.start) as u32;
                windows.push(Window {
                    question: questions.len() as u32,
                    answer: shown.map_or((0, 0), |answer| (place(answer.start), place(answer.end - 1))),
                    first: first as u32,
                    bytes: bytes[part].into(),
                });
            }
            questions.push(details.clone());
        }
        (EncodedExamples { texts, labels: Labels::Spans { windows, questions } }, report)
    }
}

/// Parts of at most `room` of so many tokens, each with `overlap` in common with the one before it; at least one.
fn windows_of(tokens: usize, room: usize, overlap: usize) -> Vec<Range<usize>> {
    let (mut parts, mut from) = (Vec::new(), 0);
    loop {
        let to = (from + room).min(tokens);
        parts.push(from..to);
        if to == tokens {
            return parts;
        }
        from = to - overlap;
    }
}

/// The tokens that an answer touches.
fn tokens_of(answer: &Range<u32>, bytes: &[Range<u32>]) -> Option<Range<usize>> {
    let first = bytes.iter().position(|token| token.end > answer.start)?;
    let last = bytes.iter().rposition(|token| token.start < answer.end)?;
    (first <= last).then_some(first..last + 1)
}

fn push_turns(examples: &mut EncodedExamples, turns: conversation::Turns) -> Result<usize, Diagnostic> {
    let tokens = turns.ids.len();
    examples.texts.push(&turns.ids);
    if let Labels::Continuations { target_ranges, references } = &mut examples.labels {
        let prompt = turns.target_ranges.last().map_or(0, |last| last.start as usize);
        references.push(Reference {
            prompt: turns.ids[..prompt].to_vec(),
            prompt_text: turns.prompt_text,
            completion: turns.completion,
        });
        target_ranges.push(turns.target_ranges.into());
    }
    Ok(tokens)
}

/// Long rows lose the beginning of their prompt, never a part of what is learned last.
fn cut_continuations(examples: &EncodedExamples, tokenizer: &Tokenizer, max_length: usize) -> (EncodedExamples, Cut) {
    let (mut texts, mut report, begin) =
        (EncodedTexts::default(), Cut::default(), tokenizer.special_tokens().begin.len());
    let (mut kept_ranges, mut kept_references) = (Vec::new(), Vec::new());
    let Labels::Continuations { target_ranges, references } = &examples.labels else {
        return (EncodedExamples::default(), report);
    };
    for (row, (target_ranges, reference)) in target_ranges.iter().zip(references).enumerate() {
        let ids = examples.texts.get(row);
        let excess = ids.len().saturating_sub(max_length);
        let prompt = reference.prompt.len();
        // At least one token stays before what is learned: it is token_log_probs from there.
        if excess > prompt.saturating_sub(begin.max(1)) {
            report.skipped += 1;
            continue;
        }
        report.shortened += u32::from(excess > 0);
        let shortened = |ids: &[u32]| [&ids[..begin.min(ids.len())], &ids[(begin + excess).min(ids.len())..]].concat();
        texts.push(&shortened(ids));
        let moved = |at: u32| at.saturating_sub(excess as u32).max(begin.max(1) as u32);
        let ranges =
            target_ranges.iter().map(|range| moved(range.start)..moved(range.end)).filter(|range| !range.is_empty());
        kept_ranges.push(ranges.collect());
        kept_references.push(Reference { prompt: shortened(&reference.prompt), ..reference.clone() });
    }
    let labels = Labels::Continuations { target_ranges: kept_ranges, references: kept_references };
    (EncodedExamples { texts, labels }, report)
}

/// Running text in windows of `max_length` tokens, every token of which is learned but the first.
fn packed(ids: &[u32], tokenizer: &Tokenizer, max_length: usize) -> Result<EncodedExamples, Diagnostic> {
    let begin = &tokenizer.special_tokens().begin;
    let (mut texts, mut target_ranges, mut references) = (EncodedTexts::default(), Vec::new(), Vec::new());
    for window in ids.chunks(max_length.saturating_sub(begin.len()).max(2)).filter(|window| window.len() > 1) {
        let row = [begin, window].concat();
        texts.push(&row);
        target_ranges.push(std::iter::once(1..row.len() as u32).collect());
        if references.len() < CORPUS_REFERENCES {
            let (prompt, rest) = row.split_at(CORPUS_PROMPT.min(row.len() / 2).max(1));
            references.push(Reference {
                prompt: prompt.to_vec(),
                prompt_text: tokenizer.decode(prompt)?,
                completion: tokenizer.decode(rest)?.trim().into(),
            });
        }
    }
    Ok(EncodedExamples { texts, labels: Labels::Continuations { target_ranges, references } })
}
