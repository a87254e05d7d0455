//! XLIFF, versions 1.2 and 2.
//!
//! <https://docs.oasis-open.org/xliff/v1.2/os/xliff-core.html>, <https://docs.oasis-open.org/xliff/xliff-core/v2.1/>

use quick_xml::events::BytesStart;

use crate::dataset::container::translations::units::{Translations, Visitor, visit};
use crate::dataset::container::xml::attribute;

/// States of a target that is only a copy or a draft.
const UNTRANSLATED: [&str; 3] = ["new", "needs-translation", "initial"];

/// The unit that is read.
#[derive(Default)]
struct Xliff {
    translations: Translations,
    /// Names of the source and the target language.
    languages: [Option<String>; 2],
    source: Option<String>,
    target: Option<String>,
    /// True if the target's state says that it is no translation yet.
    is_draft: bool,
    /// Depth of elements with proposals of other texts, which are passed over.
    proposals: u32,
}

/// Elements with a text and its translation: those of version 1.2 and of version 2.
const UNITS: [&str; 2] = ["trans-unit", "segment"];
/// Elements with texts that are no translation of the unit.
const PROPOSALS: [&str; 3] = ["alt-trans", "ignorable", "matches"];

impl Xliff {
    fn add(&mut self) {
        let [source, target] = [self.source.take(), self.target.take()].map(Option::unwrap_or_default);
        let names = [("source", &self.languages[0]), ("target", &self.languages[1])]
            .map(|(role, language)| language.clone().unwrap_or_else(|| role.to_owned()));
        let [first, second] = names.map(|name| self.translations.language(&name));
        let target = if std::mem::take(&mut self.is_draft) { String::new() } else { target };
        self.translations.add(vec![(first, source), (second, target)]);
    }
}

impl Visitor for Xliff {
    fn begin(&mut self, name: &str, element: &BytesStart) {
        let get = |names: [&str; 2]| names.iter().find_map(|it| Some(attribute(element, it)?.into_owned()));
        match name {
            "xliff" | "file" => {
                let found = [get(["source-language", "srcLang"]), get(["target-language", "trgLang"])];
                for (language, found) in self.languages.iter_mut().zip(found) {
                    *language = found.or(language.take());
                }
            }
            "target" | "segment" if self.proposals == 0 => {
                self.is_draft |= get(["state", "state"]).is_some_and(|state| UNTRANSLATED.contains(&state.as_str()));
            }
            name if PROPOSALS.contains(&name) => self.proposals += 1,
            _ => {}
        }
    }

    fn end(&mut self, name: &str, text: Option<String>) {
        match (name, text) {
            ("source", Some(text)) => self.source = Some(text),
            ("target", Some(text)) => self.target = Some(text),
            (name, _) if PROPOSALS.contains(&name) => self.proposals = self.proposals.saturating_sub(1),
            (name, _) if UNITS.contains(&name) && self.source.is_some() => self.add(),
            _ => {}
        }
    }

    fn is_text(&self, name: &str) -> bool {
        self.proposals == 0 && ["source", "target"].contains(&name)
    }
}

/// The units of a file.
///
/// # Errors
/// As [`visit`].
pub(crate) fn units(xml: &str) -> Result<Translations, String> {
    let mut xliff = Xliff::default();
    visit(xml, &mut xliff)?;
    Ok(xliff.translations)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(xml: &str) -> (String, usize) {
        let found = units(xml).unwrap();
        (String::from_utf8(found.lines()).unwrap(), found.untranslated)
    }

    #[test]
    fn version_1_has_units_with_proposals_and_states() {
        let file = r#"<xliff version="1.2"><file source-language="en" target-language="fr"><body><group>
            <trans-unit id="1"><source>Hello <g id="1">World</g><x id="2"/></source><seg-source><mrk>Hello</mrk></seg-source>
            <target state="translated">Bonjour <g id="1">le monde</g></target>
            <alt-trans><source>Hi</source><target>Salut</target></alt-trans></trans-unit></group>
            <trans-unit id="2"><source>Not yet</source></trans-unit>
            <trans-unit id="3"><source>Copy</source><target state="needs-translation">Copy</target></trans-unit>
            </body></file></xliff>"#;
        let row = "{\"en\":\"Hello World\",\"fr\":\"Bonjour le monde\"}\n";
        assert_eq!(lines(file), (row.into(), 2));
    }

    #[test]
    fn version_2_has_segments() {
        let file = r#"<xliff version="2.0" srcLang="en" trgLang="ja"><file id="f"><unit id="1"><notes><note>n</note></notes>
            <segment><source>Hello <pc id="1">World</pc>.</source><target>こんにちは<pc id="1">世界</pc>。</target></segment>
            <ignorable><source> </source></ignorable></unit>
            <unit id="2"><segment state="initial"><source>No</source><target>No</target></segment></unit></file></xliff>"#;
        let row = "{\"en\":\"Hello World.\",\"ja\":\"こんにちは世界。\"}\n";
        assert_eq!(lines(file), (row.into(), 1));
    }
}
