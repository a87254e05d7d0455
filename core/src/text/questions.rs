//! Questions and passages, and the windows in which long passages are read.

use std::ops::Range;

use crate::dataset::Cut;
use crate::diagnostic::Diagnostic;
use crate::text::batch::EncodedTexts;
use crate::text::examples::{EncodedExamples, Labels, Question, Window};
use crate::text::tokenizer::{Token, Tokenizer};

/// A question may take 1 / `QUESTION_PART` of a window.
const QUESTION_PART: usize = 2;

/// Questions and their passages, without special tokens.
#[derive(Clone, Debug, Default)]
pub struct Questions {
    questions: EncodedTexts,
    passages: EncodedTexts,
    /// For each token of all passages, its range of bytes in the passage.
    bytes: Vec<Range<u32>>,
    /// For each passage, the index of its first token in `bytes`.
    starts: Vec<usize>,
    /// Range of bytes of the first answer in each passage.
    answers: Vec<Option<Range<u32>>>,
    details: Vec<Question>,
}

impl Questions {
    /// Number of questions.
    pub(crate) fn len(&self) -> usize {
        self.details.len()
    }

    /// Memory of the questions, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let texts = self.questions.bytes() + self.passages.bytes();
        let contexts = self.details.iter().map(|details| details.context.len()).sum::<usize>();
        texts + size_of_val(self.bytes.as_slice()) + contexts
    }

    /// Adds a question; returns its number of tokens. `answers` are ranges of bytes in `context`.
    ///
    /// # Errors
    /// When a text cannot be tokenized.
    pub(crate) fn push(
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
        self.details.push(Question { row: self.details.len() as u32, context: context.to_owned(), answers: gold });
        Ok(question.len() + passage.len() + tokenizer.special_tokens().pair_tokens())
    }

    /// Splits every passage into windows of at most `max_length` tokens with the question, which share `overlap` tokens. A
    /// question whose answer is in no window is skipped: it would teach that there is no answer.
    pub(crate) fn windows(&self, tokenizer: &Tokenizer, max_length: usize, overlap: usize) -> (EncodedExamples, Cut) {
        let frame = tokenizer.special_tokens();
        let (mut texts, mut windows, mut questions) = (EncodedTexts::default(), Vec::new(), Vec::new());
        let mut report = Cut::default();
        let free = max_length.saturating_sub(frame.pair_tokens()).max(2);
        for (i, details) in self.details.iter().enumerate() {
            let whole = self.questions.get(i);
            let question = &whole[..whole.len().min(free / QUESTION_PART)];
            let (passage, bytes) = (self.passages.get(i), &self.bytes[self.starts[i]..]);
            let room = free - question.len();
            let parts = windows_of(passage.len(), room, overlap.min(room / 2));
            let answer = self.answers[i].as_ref().and_then(|answer| tokens_of(answer, &bytes[..passage.len()]));
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
                let answer_in_part = answer.clone().filter(|answer| is_in(&part, answer));
                let index = |token: usize| (first + token - part.start) as u32;
                windows.push(Window {
                    question: questions.len() as u32,
                    answer: answer_in_part.map_or((0, 0), |answer| (index(answer.start), index(answer.end - 1))),
                    first: first as u32,
                    bytes: bytes[part].into(),
                });
            }
            questions.push(details.clone());
        }
        (EncodedExamples { texts, labels: Labels::Spans { windows, questions } }, report)
    }
}

/// Splits `tokens` tokens into parts of at most `room`, each of which shares `overlap` tokens with the one before. There is
/// at least one part.
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

/// The tokens that overlap an answer.
fn tokens_of(answer: &Range<u32>, bytes: &[Range<u32>]) -> Option<Range<usize>> {
    let first = bytes.iter().position(|token| token.end > answer.start)?;
    let last = bytes.iter().rposition(|token| token.start < answer.end)?;
    (first <= last).then_some(first..last + 1)
}
