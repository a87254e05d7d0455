//! Encoding rows as tokens and cutting them to a maximum length.

mod conversations;
mod tokens;
mod windows;

use std::ops::Range;

use hone_core::dataset::{
    Collector, Cut, DataReport, Dataset, Example, Hints, Mapping, Message, Role, Scanner, TaskFacts, Word,
};
use hone_core::diagnostic::Diagnostic;
use hone_core::recipe::Task;
use hone_core::text::{ChatTemplate, EncodedExamples, EncodedRows, Labels, RowEncoder, Token, Tokenizer, conversation};
use hone_core::usage::PromptForm;
use hone_tests::{minilm, stories, word_tokenizer};
use serde_json::json;

/// Words with ids from 4. "ab" and "abab" consist of several pieces.
const WORDS: [&str; 10] = ["a", "##b", "##a", "c", "d", "e", "f", "x", "y", "z"];

/// Ids of a text, which may name special tokens.
fn ids(tokenizer: &Tokenizer, text: &str) -> Vec<u32> {
    tokenizer.tokenize(text).unwrap().into_iter().map(|piece| piece.id).collect()
}

fn row(examples: &EncodedExamples, row: usize) -> &[u32] {
    examples.texts.get(row)
}

fn encoded(tokenizer: &Tokenizer, task: Task, rows: &[Example]) -> EncodedRows {
    let mut encoded = EncodedRows::new(task);
    for row in rows {
        encoded.push(tokenizer, None, 3, row).unwrap();
    }
    encoded
}

#[test]
fn long_prompts_lose_their_start_and_never_the_completion() {
    for is_framed in [false, true] {
        let tokenizer = word_tokenizer(&WORDS, is_framed);
        let row = |prompt, completion| Example::Completion { prompt, completion };
        let rows = encoded(
            &tokenizer,
            Task::Generation,
            &[
                row("a c d", "x y"),
                row("a c d e f a c d e f", "x y z"),
                row("a", "x y z x y z x y z"),
                row("a c d e f", "x y z x y z"),
            ],
        );
        let (examples, cut) = rows.cut(&tokenizer, 8, 0).unwrap();
        assert_eq!((cut.shortened, cut.skipped), (2, 1), "a completion longer than the maximum length is skipped");
        let Labels::Continuations { target_ranges, references } = &examples.labels else { panic!("continuations") };
        assert_eq!(references.iter().map(|reference| reference.row).collect::<Vec<_>>(), [0, 1, 3]);
        let expected = if is_framed {
            ["[CLS] a c d x y [SEP]", "[CLS] d e f x y z [SEP]", "[CLS] x y z x y z [SEP]"]
        } else {
            ["a c d x y [SEP]", "c d e f x y z [SEP]", "f x y z x y z [SEP]"]
        };
        for (i, expected) in expected.iter().enumerate() {
            assert_eq!(examples.texts.get(i), ids(&tokenizer, expected));
            let completion = &examples.texts.get(i)[target_ranges[i][0].start as usize..];
            assert_eq!(target_ranges[i].len(), 1);
            assert_eq!(completion, ids(&tokenizer, ["x y [SEP]", "x y z [SEP]", "x y z x y z [SEP]"][i]));
            // Generation starts from the same prompt as training.
            assert_eq!([&references[i].prompt[..], completion].concat(), examples.texts.get(i));
        }
        assert_eq!((&*references[1].prompt_text, &*references[1].completion), ("a c d e f a c d e f", "x y z"));
    }
}

#[test]
fn tags_are_cut_with_their_words() {
    let tokenizer = word_tokenizer(&WORDS, true);
    let text = "abab c ab d e";
    let word = |start, end, tag| Word { start, end, tag };
    let words = vec![word(0, 4, 1), word(5, 6, 2), word(7, 9, 1), word(10, 11, 0), word(12, 13, 2)];
    let rows = encoded(&tokenizer, Task::TokenClassification, &[Example::Tags { text, words }]);
    let tags = |max_length| {
        let (examples, cut) = rows.cut(&tokenizer, max_length, 0).unwrap();
        let Labels::Tags(tags) = &examples.labels else { panic!("tags") };
        assert!(row(&examples, 0).len() <= max_length);
        assert!(tags[0].iter().all(|&(at, _)| row(&examples, 0)[at as usize] != 3), "no tag is on a special token");
        (tags[0].to_vec(), cut.shortened)
    };
    // [CLS] a ##b ##a ##b c a ##b d e [SEP]: the tag belongs to a word's first token.
    assert_eq!(tags(16), (vec![(1, 1), (5, 2), (6, 1), (8, 0), (9, 2)], 0));
    assert_eq!(tags(8), (vec![(1, 1), (5, 2), (6, 1)], 1));
    assert_eq!(tags(7), (vec![(1, 1), (5, 2)], 1));
}

#[test]
fn a_cut_pair_keeps_its_token_type_ids() {
    let tokenizer = word_tokenizer(&WORDS, true);
    let pair = |text, pair| Example::Class { text, pair, class: 0 };
    let rows = encoded(
        &tokenizer,
        Task::Classification,
        &[pair("a", Some("x y")), pair("c", None), pair("a c d e f", Some("x y z x y z")), pair("a a a a a a a", None)],
    );
    let (examples, cut) = rows.cut(&tokenizer, 7, 0).unwrap();
    assert_eq!((cut.shortened, cut.skipped), (2, 0));
    let batch = examples.batch(&[0, 1, 2, 3], 5, 7, 0);
    let texts = ["[CLS] a [SEP] x y [SEP]", "[CLS] c [SEP]", "[CLS] a c [SEP] x y [SEP]", "[CLS] a a a a a [SEP]"];
    for (i, text) in texts.iter().enumerate() {
        assert_eq!(row(&examples, i), ids(&tokenizer, text));
    }
    let types = batch.token_type_ids.unwrap();
    let of_row = |row: usize| &types[row * 7..][..7];
    assert_eq!(of_row(0), [0, 0, 0, 1, 1, 1, 0]);
    assert_eq!(of_row(2), [0, 0, 0, 0, 1, 1, 1]);
    assert_eq!([of_row(1), of_row(3), of_row(4)], [[0; 7]; 3]);
}

#[test]
fn a_corpus_is_packed_into_full_windows() {
    for is_framed in [false, true] {
        let tokenizer = word_tokenizer(&WORDS, is_framed);
        let text = ["a c d e f x y"; 9].join(" ");
        let rows = encoded(&tokenizer, Task::Generation, &[Example::Passage(&text), Example::Passage("z z z")]);
        assert_eq!(rows.len(), 2);
        let (examples, cut) = rows.cut(&tokenizer, 16, 0).unwrap();
        assert_eq!(cut, Cut::default());
        let begin = usize::from(is_framed);
        let packed: Vec<u32> = (0..examples.len()).flat_map(|i| row(&examples, i)[begin..].to_vec()).collect();
        assert_eq!(packed, ids(&tokenizer, &format!("{text} z z z")));
        assert!((0..examples.len() - 1).all(|i| row(&examples, i).len() == 16));
        let Labels::Continuations { target_ranges, references } = &examples.labels else { panic!("continuations") };
        for (i, target_ranges) in target_ranges.iter().enumerate() {
            let len = row(&examples, i).len() as u32;
            assert_eq!(
                (target_ranges.len(), target_ranges[0].clone()),
                (1, 1..len),
                "every token but the first is a target"
            );
            let prompt = &references[i].prompt;
            assert!(!prompt.is_empty() && row(&examples, i).starts_with(prompt));
            let rest = tokenizer.decode(&row(&examples, i)[prompt.len()..]).unwrap();
            assert_eq!(rest, references[i].completion);
        }
    }
}
