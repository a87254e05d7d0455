//! Cuts encoded rows to the maximum length of a run.

use crate::dataset::Cut;
use crate::diagnostic::Diagnostic;
use crate::text::batch::EncodedTexts;
use crate::text::examples::{EncodedExamples, Labels, Reference};
use crate::text::tokenizer::Tokenizer;

/// Number of rows of a corpus from which a model generates.
const CORPUS_REFERENCES: usize = 64;
/// Length of the prompt in such a row, in tokens.
const CORPUS_PROMPT: usize = 16;

/// Cuts texts and pairs of texts at the end. Tags beyond the cut are dropped.
pub(crate) fn cut_texts(
    examples: &EncodedExamples,
    tokenizer: &Tokenizer,
    max_length: usize,
) -> (EncodedExamples, Cut) {
    let special_tokens = tokenizer.special_tokens();
    let mut cut = EncodedExamples { labels: examples.labels.clone(), ..EncodedExamples::default() };
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
            let (ids, second) = special_tokens.cut_pair(ids, second, max_length);
            cut.texts.push_pair(&ids, second);
        }
    }
    if let Labels::Tags(rows) = &mut cut.labels {
        // Tokens from the cut on are special tokens, or gone.
        for (row, tags) in rows.iter_mut().enumerate() {
            let end = cut.texts.tokens(row).saturating_sub(special_tokens.end.len()) as u32;
            *tags = tags.iter().copied().filter(|&(at, _)| at < end).collect();
        }
    }
    (cut, Cut { shortened, skipped: 0 })
}

/// Cuts the beginning of the prompt of long rows. Rows whose last target is too long are skipped.
pub(crate) fn cut_continuations(
    examples: &EncodedExamples,
    tokenizer: &Tokenizer,
    max_length: usize,
) -> (EncodedExamples, Cut) {
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
        // At least one token must precede the targets: the first one is predicted from it.
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

/// Packs running text into rows of `max_length` tokens, all of which are targets except for the first.
///
/// # Errors
/// When a prompt or its completion cannot be decoded.
pub(crate) fn pack(ids: &[u32], tokenizer: &Tokenizer, max_length: usize) -> Result<EncodedExamples, Diagnostic> {
    let begin = &tokenizer.special_tokens().begin;
    let (mut texts, mut target_ranges, mut references) = (EncodedTexts::default(), Vec::new(), Vec::new());
    for window in ids.chunks(max_length.saturating_sub(begin.len()).max(2)).filter(|window| window.len() > 1) {
        let row = [begin, window].concat();
        texts.push(&row);
        target_ranges.push(std::iter::once(1..row.len() as u32).collect());
        if references.len() < CORPUS_REFERENCES {
            let (prompt, rest) = row.split_at(CORPUS_PROMPT.min(row.len() / 2).max(1));
            references.push(Reference {
                row: references.len() as u32,
                prompt: prompt.to_vec(),
                prompt_text: tokenizer.decode(prompt)?,
                completion: tokenizer.decode(rest)?.trim().into(),
            });
        }
    }
    Ok(EncodedExamples { texts, labels: Labels::Continuations { target_ranges, references } })
}
