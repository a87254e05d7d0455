//! Translated texts of localization tools, as rows with a column for each language: TMX, XLIFF, Qt's TS and gettext's PO.

mod po;
mod qt;
mod tmx;
mod units;
mod xliff;

use crate::dataset::container::pieces::{MemoryPieces, Opened};
use crate::dataset::container::translations::units::Translations;
use crate::dataset::source::{Content, ContentKind};
use crate::diagnostic::Diagnostic;
use crate::phrases::{count, names};

/// A format of translated texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TranslationFormat {
    /// Translation Memory eXchange.
    Tmx,
    /// XML Localization Interchange File Format, 1.2 and 2.
    Xliff,
    /// Qt Linguist's TS.
    Qt,
    /// gettext's catalog.
    Po,
}

impl TranslationFormat {
    /// The format of a file, by its name and its beginning.
    pub(crate) fn of(name: &str, head: &str) -> Option<Self> {
        let name = name.to_lowercase();
        let is_named = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
        let start = head.trim_start_matches('\u{feff}').trim_start();
        let is_xml = start.starts_with('<');
        if is_xml && (head.contains("<tmx") || is_named(&[".tmx"])) {
            Some(Self::Tmx)
        } else if is_xml && (head.contains("<xliff") || is_named(&[".xlf", ".xliff", ".sdlxliff", ".mqxliff"])) {
            Some(Self::Xliff)
        } else if is_xml && head.contains("<TS ") {
            Some(Self::Qt)
        } else {
            let is_po = is_named(&[".po", ".pot"]) || start.starts_with("msgid \"\"\nmsgstr \"");
            is_po.then_some(Self::Po)
        }
    }
}

/// Opens translated texts, from the whole file.
///
/// # Errors
/// `data.damaged` if the file is no valid XML, and `data.no-translations` if nothing in it is translated.
pub(crate) fn open_translations(name: &str, format: TranslationFormat, text: &str) -> Result<Opened, Diagnostic> {
    let read = match format {
        TranslationFormat::Tmx => tmx::units(text),
        TranslationFormat::Xliff => xliff::units(text),
        TranslationFormat::Qt => qt::units(text),
        TranslationFormat::Po => Ok(po::units(text)),
    };
    let translations = read.map_err(|reason| {
        Diagnostic::new("data.damaged", format!("{} is damaged: {reason}.", names(&[name])))
            .done("The file was not read.")
            .remedy("Export it again from the program that wrote it.")
    })?;
    if translations.rows.is_empty() {
        let what = format!("{} has no translated text.", names(&[name]));
        return Err(Diagnostic::new("data.no-translations", what)
            .done("The file was not read.")
            .remedy("Choose a file in which texts are translated, with both languages in it."));
    }
    let content = Content { name: name.to_owned(), kind: ContentKind::Translations, ..Content::default() };
    let warnings = warnings(&translations);
    let pieces = Box::new(MemoryPieces::new(translations.lines()));
    Ok(Opened { content, pieces, notices: None, warnings })
}

/// Warnings about units that were not read, and about the choice between several languages.
fn warnings(translations: &Translations) -> Vec<Diagnostic> {
    let Translations { languages, untranslated, unsure, .. } = translations;
    let mut warnings = Vec::new();
    if untranslated + unsure > 0 {
        let mut what = vec![format!("{} without a translation", count(*untranslated, "text"))];
        if *unsure > 0 {
            what.push(format!("{} that nobody has checked (fuzzy)", count(*unsure, "translation")));
        }
        let what = what.join(", ") + ".";
        warnings.push(Diagnostic::new("data.untranslated", what).done("Not read."));
    }
    if let [first, second, _, ..] = languages.as_slice() {
        let what = format!("The file has {} languages: {}.", languages.len(), names(languages));
        let done = format!("A translation from {first} to {second} is proposed.");
        let remedy = "Choose other columns for another pair of languages.";
        warnings.push(Diagnostic::new("data.several-languages", what).done(done).remedy(remedy));
    }
    warnings
}
