//! Conversations with a dictionary.

use anyhow::Result;
use serde_json::{Value, json};

use super::file::File;
use super::wordnet::{self, Synset, WordNet};
use super::{Sample, balanced};

/// Number of rows of nouns, and of verbs.
const ROWS_PER_KIND: usize = 150;
const MOST_CHARS: usize = 80;

pub(super) fn make(wordnet: &WordNet) -> Result<Sample> {
    let entries = |file, kind| Synset::all(file).filter_map(move |synset| Some((kind, entry(&synset, kind)?)));
    let entries = entries(&wordnet.nouns, "noun").chain(entries(&wordnet.verbs, "verb"));
    let chosen = balanced(entries, |(kind, (word, _))| (word, kind), ROWS_PER_KIND)?;
    let rows: Vec<_> = chosen.into_iter().map(|(_, (_, conversation))| conversation).collect();
    Ok(Sample {
        id: "dictionary",
        task: "generation",
        title: "Conversations with a dictionary",
        description: "A word is asked for: first what it means, then in a sentence. The answers are a dictionary's.",
        license: "WordNet",
        source: wordnet::SOURCE,
        notice: wordnet.notice(
            "Definitions and examples selected from WordNet's nouns and verbs, the definitions shortened to their \
             first part; the questions were added.",
        ),
        file: File::json_lines(&rows),
    })
}

/// A word, and the conversation about it.
fn entry(synset: &Synset, kind: &str) -> Option<(String, Value)> {
    let (word, sentence) = synset.used_word(MOST_CHARS)?;
    let turn = |role: &str, content: &str| json!({ "role": role, "content": content });
    let messages = json!([
        turn("user", &format!("What does the {kind} “{word}” mean?")),
        turn("assistant", synset.definition()),
        turn("user", "Use it in a sentence."),
        turn("assistant", sentence),
    ]);
    Some((word.into(), json!({ "messages": messages })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::tests::guessed_task;

    #[test]
    fn a_word_is_defined_and_used() {
        let line =
            "00000001 30 v 01 soften 0 000 01 + 08 00 | make less hard or bright; \"The rain softens hard soil\"";
        let (word, conversation) = entry(&Synset::all(line).next().unwrap(), "verb").unwrap();
        assert_eq!(word, "soften");
        assert_eq!(conversation["messages"][0]["content"], "What does the verb “soften” mean?");
        assert_eq!(conversation["messages"][3]["content"], "The rain softens hard soil");
        assert_eq!(guessed_task(&File::json_lines(&[conversation])), "generation");
    }
}
