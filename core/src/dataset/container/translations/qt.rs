//! Qt Linguist's files.
//!
//! <https://doc.qt.io/qt-6/linguist-ts-file-format.html>

use quick_xml::events::BytesStart;

use crate::dataset::container::translations::units::{Translations, Visitor, visit};
use crate::dataset::container::xml::attribute;

/// The message that is read.
#[derive(Default)]
struct Qt {
    translations: Translations,
    /// Names of the source and the target language.
    languages: [Option<String>; 2],
    source: String,
    target: String,
    /// Type of the translation, such as `unfinished`.
    state: Option<String>,
    /// True if the translation has a form for each number.
    has_forms: bool,
}

impl Qt {
    fn add(&mut self) {
        let [source, target] = [&mut self.source, &mut self.target].map(std::mem::take);
        let is_unfinished = match self.state.as_deref() {
            Some("obsolete" | "vanished") => return,
            state => state == Some("unfinished"),
        };
        if is_unfinished && !target.trim().is_empty() {
            self.translations.unsure += 1;
            return;
        }
        let [from, to] = &self.languages;
        let names = [from.as_deref().unwrap_or("en"), to.as_deref().unwrap_or("target")];
        let [from, to] = names.map(|name| self.translations.language(name));
        self.translations.add(vec![(from, source), (to, target)]);
    }
}

impl Visitor for Qt {
    fn begin(&mut self, name: &str, element: &BytesStart) {
        match name {
            "TS" => {
                self.languages =
                    ["sourcelanguage", "language"].map(|it| Some(attribute(element, it)?.replace('_', "-")));
            }
            "message" => {
                self.state = None;
                self.has_forms = attribute(element, "numerus").is_some_and(|numerus| numerus == "yes");
            }
            "translation" => self.state = attribute(element, "type").map(|state| state.into_owned()),
            _ => {}
        }
    }

    fn end(&mut self, name: &str, text: Option<String>) {
        match (name, text) {
            ("source", Some(text)) => self.source = text,
            // Of several forms, the last one: the source is in the plural too.
            ("translation" | "numerusform", Some(text)) => self.target = text,
            ("message", _) => self.add(),
            _ => {}
        }
    }

    fn is_text(&self, name: &str) -> bool {
        ["source", "numerusform"].contains(&name) || (name == "translation" && !self.has_forms)
    }
}

/// The units of a file.
///
/// # Errors
/// As [`visit`].
pub(crate) fn units(xml: &str) -> Result<Translations, String> {
    let mut qt = Qt::default();
    visit(xml, &mut qt)?;
    Ok(qt.translations)
}
