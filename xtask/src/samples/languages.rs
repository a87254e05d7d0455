//! Sentences of small talk, with their language.

use std::fs;

use anyhow::Result;

use super::choose::is_short;
use super::{Row, Sample, labeled};
use crate::fetch::Wheel;

const WHEEL: Wheel = Wheel {
    requirement: "chatterbot-corpus==1.3.3",
    sha256: "86de5300afb9a80826386339d3bec79c0a72eb0358abb8327e2ecef5ae0ce154",
};
const LANGUAGES: [&str; 6] = ["Dutch", "English", "German", "Italian", "Portuguese", "Spanish"];
const ROWS_PER_LABEL: usize = 80;
/// Shorter than for English alone: other languages take more word pieces.
const MOST_CHARS: usize = 70;

pub(super) fn make() -> Result<Sample> {
    let folder = WHEEL.unpack()?;
    let mut rows = Vec::new();
    for language in LANGUAGES {
        for file in fs::read_dir(folder.join("chatterbot_corpus/data").join(language.to_lowercase()))? {
            let dialogues = fs::read_to_string(file?.path())?;
            let texts = sentences(&dialogues).into_iter().filter(|text| is_short(text, MOST_CHARS));
            rows.extend(texts.map(|text| Row { text, label: language.into() }));
        }
    }
    fs::remove_dir_all(folder)?;
    Ok(Sample {
        id: "languages",
        task: "classification",
        title: "Small talk: which language?",
        description: "A sentence of a conversation, in one of six languages. The model has hardly seen five of them.",
        license: "BSD-3-Clause",
        source: "ChatterBot corpus 1.3.3, Gunther Cox and contributors",
        notice: include_str!("bsd-3-clause.txt").into(),
        file: labeled(rows, ROWS_PER_LABEL)?,
    })
}

/// The sentences in a file of dialogues (YAML, a list of lists of texts). Texts of several lines are skipped: the files
/// have thousands of single lines, and parsing those takes little of YAML.
fn sentences(dialogues: &str) -> Vec<String> {
    let is_item = |line: &str| line.trim_start().starts_with('-');
    let mut lines = dialogues.lines().skip_while(|line| !line.starts_with("conversations:")).skip(1).peekable();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        let goes_on = lines.peek().is_some_and(|next| !is_item(next) && !next.trim().is_empty());
        if is_item(line) && !goes_on {
            found.push(unquoted(line.trim_start_matches([' ', '-']).trim_end()));
        }
    }
    found
}

fn unquoted(text: &str) -> String {
    match text.as_bytes() {
        [b'\'', .., b'\''] => text[1..text.len() - 1].replace("''", "'"),
        [b'"', .., b'"'] => text[1..text.len() - 1].replace("\\\"", "\""),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_texts_are_found_and_unquoted() {
        let dialogues = "categories:\n- food\nconversations:\n- - 'It''s good'\n  - A long\n    story\n- - Yes\n";
        assert_eq!(sentences(dialogues), ["It's good", "Yes"]);
    }
}
