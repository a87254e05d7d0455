//! Definitions of WordNet's nouns, with the kind of thing that they define.

use anyhow::Result;

use super::choose::is_short;
use super::wordnet::{self, Synset, WordNet};
use super::{Row, Sample, labeled};

const ROWS_PER_LABEL: usize = 100;
const MOST_CHARS: usize = 110;

/// WordNet's lexicographer files that become labels (`lexnames(5WN)`).
const KINDS: [(&str, &str); 5] =
    [("05", "animal"), ("06", "artifact"), ("13", "food"), ("15", "place"), ("20", "plant")];

pub(super) fn make(wordnet: &WordNet) -> Result<Sample> {
    Ok(Sample {
        id: "definitions",
        task: "classification",
        title: "Definitions: what kind of thing?",
        description: "A dictionary's definition, and whether it defines an animal, artifact, food, place or plant.",
        license: "WordNet",
        source: wordnet::SOURCE,
        notice: wordnet.notice("Definitions selected from WordNet's nouns, shortened to their first part."),
        file: labeled(Synset::all(&wordnet.nouns).filter_map(|synset| row(&synset)), ROWS_PER_LABEL)?,
    })
}

fn row(synset: &Synset) -> Option<Row> {
    let (_, label) = KINDS.iter().find(|(number, _)| *number == synset.file)?;
    let text = synset.definition();
    is_short(text, MOST_CHARS).then(|| Row { text: text.into(), label: (*label).into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_is_cut_at_its_first_part_and_named_by_its_file() {
        let rows: Vec<_> = Synset::all(wordnet::tests::NOUNS).filter_map(|synset| row(&synset)).collect();
        assert_eq!(rows, [Row { text: "feline mammal usually having thick soft fur".into(), label: "animal".into() }]);
    }
}
