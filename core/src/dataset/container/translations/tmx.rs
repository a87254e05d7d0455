//! Translation memories.
//!
//! <https://www.gala-global.org/tmx-14b>

use quick_xml::events::BytesStart;

use crate::dataset::container::translations::units::{Translations, Visitor, visit};
use crate::dataset::container::xml::attribute;

/// Texts of the unit that is read.
#[derive(Default)]
struct Tmx {
    translations: Translations,
    texts: Vec<(usize, String)>,
    language: usize,
}

impl Visitor for Tmx {
    fn begin(&mut self, name: &str, element: &BytesStart) {
        match name {
            "header" => {
                // A memory may have no source language of its own.
                let source = attribute(element, "srclang").filter(|language| language != "*all*");
                source.map(|language| self.translations.language(&language));
            }
            "tuv" => {
                let language = attribute(element, "lang");
                self.language = self.translations.language(language.as_deref().unwrap_or("language"));
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str, text: Option<String>) {
        match (name, text) {
            // Of several texts in a language, the first.
            ("seg", Some(text)) if self.texts.iter().all(|(language, _)| *language != self.language) => {
                self.texts.push((self.language, text));
            }
            ("tu", _) => self.translations.add(std::mem::take(&mut self.texts)),
            _ => {}
        }
    }

    fn is_text(&self, name: &str) -> bool {
        name == "seg"
    }
}

/// The units of a translation memory.
///
/// # Errors
/// As [`visit`].
pub(crate) fn units(xml: &str) -> Result<Translations, String> {
    let mut tmx = Tmx::default();
    visit(xml, &mut tmx)?;
    Ok(tmx.translations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_have_a_text_for_each_language_without_codes() {
        let memory = r#"<?xml version="1.0"?><!DOCTYPE tmx SYSTEM "tmx14.dtd"><tmx version="1.4"><header srclang="en-US"/><body>
            <tu><tuv xml:lang="de"><seg>Guten <bpt i="1">&lt;b&gt;<sub>x</sub></bpt>Morgen<ept i="1">&lt;/b&gt;</ept> &amp; <hi>mehr</hi></seg></tuv>
            <tuv xml:lang="EN-us"><prop type="x">no</prop><seg>Good morning</seg></tuv></tu>
            <tu><tuv lang="en-US"><seg>Alone</seg></tuv></tu></body></tmx>"#;
        let found = units(memory).unwrap();
        assert_eq!((found.languages.join(" "), found.untranslated), ("en-US de".into(), 1));
        let row = r#"{"en-US":"Good morning","de":"Guten Morgen & mehr"}"#.to_owned() + "\n";
        assert_eq!(String::from_utf8(found.lines()).unwrap(), row);
    }

    #[test]
    fn damaged_memories_are_refused() {
        assert_eq!(units("<tmx><body><tu>"), Err("its end is missing".into()));
        assert!(units("<tmx><body></tmx>").is_err());
    }
}
