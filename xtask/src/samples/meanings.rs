//! Definitions, each with a sentence that uses the word.

use anyhow::Result;

use super::file::File;
use super::wordnet::{self, Synset, WordNet};
use super::{Sample, balanced};

const ROWS: usize = 600;
const MOST_CHARS: usize = 80;

pub(super) fn make(wordnet: &WordNet) -> Result<Sample> {
    let files = [&wordnet.nouns, &wordnet.verbs];
    let uses = files.into_iter().flat_map(|file| Synset::all(file).filter_map(|synset| used(&synset)));
    let rows = balanced(uses, |row| (&row[0], ""), ROWS)?;
    Ok(Sample {
        id: "meanings",
        task: "embeddings",
        title: "Search: which sentence means that?",
        description: "A definition, and a sentence that uses the word. The model learns to find the sentence by the definition.",
        license: "WordNet",
        source: wordnet::SOURCE,
        notice: wordnet.notice(
            "Examples and definitions selected from WordNet's nouns and verbs, the definitions shortened to their first \
             part.",
        ),
        file: File::csv(["anchor", "positive"], &rows)?,
    })
}

fn used(synset: &Synset) -> Option<[String; 2]> {
    let (_, sentence) = synset.used_word(MOST_CHARS)?;
    Some([synset.definition().into(), sentence.into()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::tests::guessed_task;

    #[test]
    fn definitions_and_sentences_are_taken_for_pairs() {
        let row = |i: u32| [format!("the meaning of word number {i}"), format!("a sentence that uses word {i}")];
        let file = File::csv(["anchor", "positive"], &(0..9).map(row).collect::<Vec<_>>()).unwrap();
        assert_eq!(guessed_task(&file), "embeddings");
    }
}
