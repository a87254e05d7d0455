//! Sentences with one of their words defined, correctly or not.

use anyhow::Result;

use super::file::File;
use super::wordnet::{self, Synset, WordNet};
use super::{Sample, balanced};

/// Number of rows of nouns and of verbs, and therefore of each label too.
const ROWS_PER_KIND: usize = 240;
const MOST_CHARS: usize = 80;

/// A sentence, one of its words, and the word's definition.
type Use = [String; 3];

pub(super) fn make(wordnet: &WordNet) -> Result<Sample> {
    let mut rows = Vec::new();
    for file in [&wordnet.nouns, &wordnet.verbs] {
        let uses = Synset::all(file).filter_map(|synset| used(&synset));
        rows.extend(pairs(&balanced(uses, |found| (&found[0], ""), ROWS_PER_KIND)?));
    }
    // Nouns and verbs, right and wrong, are shuffled.
    let rows = balanced(rows, |row| (&row[1], &row[2]), ROWS_PER_KIND)?;
    Ok(Sample {
        id: "word-senses",
        task: "classification",
        title: "Pairs: does the definition fit?",
        description: "A sentence, and the definition of one of its words: the right one, or that of another word.",
        license: "WordNet",
        source: wordnet::SOURCE,
        notice: wordnet.notice(
            "Examples and definitions selected from WordNet's nouns and verbs, the definitions shortened to their \
             first part; half of them are paired with another word.",
        ),
        file: File::csv(["sentence1", "sentence2", "label"], &rows)?,
    })
}

fn used(synset: &Synset) -> Option<Use> {
    let (word, sentence) = synset.used_word(MOST_CHARS)?;
    Some([sentence.into(), word.into(), synset.definition().into()])
}

/// Every other definition is paired with the next word but one, so that no definition occurs twice and none reveals the
/// label by itself.
fn pairs(uses: &[Use]) -> Vec<[String; 3]> {
    let row = |(i, [sentence, word, own]): (usize, &Use)| {
        let next = uses.get(i + 2).unwrap_or(&uses[1]);
        let (definition, label) = if i % 2 == 0 { (own, "fits") } else { (&next[2], "does not fit") };
        [sentence.clone(), format!("{word}: {definition}"), label.into()]
    };
    uses.iter().enumerate().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::tests::guessed_task;

    #[test]
    fn half_of_the_definitions_belong_to_another_word() {
        let uses: Vec<_> = (0..4).map(|i| [format!("s {i}"), format!("w {i}"), format!("d {i}")]).collect();
        let rows = pairs(&uses);
        let seconds: Vec<_> = rows.iter().map(|[_, second, label]| (second.as_str(), label.as_str())).collect();
        let no = "does not fit";
        assert_eq!(seconds, [("w 0: d 0", "fits"), ("w 1: d 3", no), ("w 2: d 2", "fits"), ("w 3: d 1", no)]);
        let file = File::csv(["sentence1", "sentence2", "label"], &rows).unwrap();
        assert_eq!(guessed_task(&file), "classification");
    }
}
