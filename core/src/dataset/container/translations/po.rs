//! gettext's catalogs.
//!
//! <https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html>

use crate::dataset::container::translations::units::Translations;

/// Names of the columns, where the catalog names no language.
const SOURCE: &str = "msgid";
const TARGET: &str = "msgstr";

/// An entry that is read.
#[derive(Default)]
struct Entry {
    is_fuzzy: bool,
    id: Option<String>,
    plural: Option<String>,
    translations: Vec<String>,
    /// The text that lines without a keyword continue.
    continued: Continued,
}

#[derive(Clone, Copy, Default)]
enum Continued {
    #[default]
    Nothing,
    Id,
    Plural,
    Translation,
}

impl Entry {
    /// Reads a line: a keyword with a text, or the continuation of one.
    fn read(&mut self, line: &str) {
        let (keyword, quoted) = line.split_once('"').map_or((line, ""), |(keyword, rest)| (keyword.trim(), rest));
        let text = unescaped(quoted.trim_end().strip_suffix('"').unwrap_or(quoted));
        match keyword {
            "" => match self.continued {
                Continued::Nothing => {}
                Continued::Id => self.id.get_or_insert_default().push_str(&text),
                Continued::Plural => self.plural.get_or_insert_default().push_str(&text),
                Continued::Translation => {
                    if let Some(last) = self.translations.last_mut() {
                        last.push_str(&text);
                    }
                }
            },
            "msgid" => (self.id, self.continued) = (Some(text), Continued::Id),
            "msgid_plural" => (self.plural, self.continued) = (Some(text), Continued::Plural),
            keyword if keyword == "msgstr" || keyword.starts_with("msgstr[") => {
                self.translations.push(text);
                self.continued = Continued::Translation;
            }
            // The context of a text.
            _ => self.continued = Continued::Nothing,
        }
    }

    /// The texts with their translations. Of a plural, the first form translates the singular and the last one the plural.
    fn pairs(self) -> Vec<(String, String)> {
        let Self { id: Some(id), plural, mut translations, .. } = self else { return Vec::new() };
        let last = translations.pop().unwrap_or_default();
        match plural {
            None => vec![(id, last)],
            Some(plural) if translations.is_empty() => vec![(plural, last)],
            Some(plural) => vec![(id, translations.swap_remove(0)), (plural, last)],
        }
    }
}

/// The entries of a catalog.
pub(crate) fn units(text: &str) -> Translations {
    let mut found = Translations::default();
    let mut entry = Entry::default();
    let mut names: Option<[usize; 2]> = None;
    for line in text.trim_start_matches('\u{feff}').lines().map(str::trim).chain([""]) {
        // Entries need no blank line between them.
        let begins =
            line.is_empty() || line.starts_with('#') || ["msgctxt", "msgid "].iter().any(|it| line.starts_with(it));
        if begins && !entry.translations.is_empty() {
            add(std::mem::take(&mut entry), &mut names, &mut found);
        }
        match line.strip_prefix('#') {
            Some(flags) if flags.starts_with(',') => entry.is_fuzzy |= flags.contains("fuzzy"),
            // Comments, and entries that are out of use.
            Some(_) => {}
            None => entry.read(line),
        }
    }
    found
}

/// Adds an entry. The one without a text describes the catalog, and names its language.
fn add(entry: Entry, names: &mut Option<[usize; 2]>, found: &mut Translations) {
    let is_fuzzy = entry.is_fuzzy;
    let pairs = entry.pairs();
    let header = pairs.first().filter(|(id, _)| id.is_empty()).map(|(_, header)| header.as_str());
    let language = header.and_then(|header| header.lines().find_map(|line| line.strip_prefix("Language:")));
    let [source, target] = *names.get_or_insert_with(|| {
        let target = language.map(str::trim).filter(|name| !name.is_empty()).unwrap_or(TARGET);
        [SOURCE, target].map(|name| found.language(name))
    });
    if header.is_some() {
        return;
    }
    for (id, translation) in pairs {
        if is_fuzzy && !translation.is_empty() {
            found.unsure += 1;
        } else {
            found.add(vec![(source, id), (target, translation)]);
        }
    }
}

/// A text of a catalog without C's escapes.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let c = match c {
            '\\' => match chars.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                Some(other) => other,
                None => '\\',
            },
            c => c,
        };
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_pairs_of_texts() {
        let catalog = r#"# A comment
msgid ""
msgstr ""
"Language: de\n"
"Content-Type: text/plain; charset=UTF-8\n"

#: a.c:1
msgid "Say \"hi\""
msgstr "Sag \"hallo\""
#, c-format, fuzzy
#| msgid "Shut"
msgid "Close"
msgstr "Öffnen"

msgctxt "menu"
msgid ""
"Two\n"
"lines"
msgstr ""
"Zwei\n"
"Zeilen"

msgid "One file"
msgid_plural "%d files"
msgstr[0] "Eine Datei"
msgstr[1] "%d Dateien"

msgid "Not yet"
msgstr ""

#~ msgid "Old"
#~ msgstr "Alt"
"#;
        let found = units(catalog);
        let rows: Vec<[&str; 2]> = found.rows.iter().map(|row| [row[0].1.as_str(), row[1].1.as_str()]).collect();
        let expected = [
            ["Say \"hi\"", "Sag \"hallo\""],
            ["Two\nlines", "Zwei\nZeilen"],
            ["One file", "Eine Datei"],
            ["%d files", "%d Dateien"],
        ];
        assert_eq!(rows, expected);
        assert_eq!((found.languages.join(" "), found.untranslated, found.unsure), ("msgid de".into(), 1, 1));
    }

    #[test]
    fn languages_may_have_one_plural_or_many_and_catalogs_no_header() {
        let pairs = |forms: &[&str]| {
            let forms: Vec<String> =
                forms.iter().enumerate().map(|(nth, form)| format!("msgstr[{nth}] \"{form}\"\n")).collect();
            let found = units(&format!("msgid \"one\"\nmsgid_plural \"many\"\n{}", forms.concat()));
            assert_eq!(found.languages, ["msgid", "msgstr"]);
            found.rows.iter().map(|row| format!("{}={}", row[0].1, row[1].1)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(pairs(&["だけ"]), "many=だけ");
        assert_eq!(pairs(&["один", "два", "пять"]), "one=один many=пять");
    }
}
