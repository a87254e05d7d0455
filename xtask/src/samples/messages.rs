//! Messages of a program, in English and French.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::file::File;
use super::{Sample, balanced};
use crate::fetch::Wheel;

const WHEEL: Wheel =
    Wheel { requirement: "django==5.2", sha256: "91ceed4e3a6db5aedced65e3c8f963118ea9ba753fc620831c77074e620e7d83" };
const ROWS: usize = 280;
const MOST_CHARS: usize = 100;

pub(super) fn make() -> Result<Sample> {
    let folder = WHEEL.unpack()?;
    let mut packages = vec![folder.join("django/conf")];
    for entry in fs::read_dir(folder.join("django/contrib"))? {
        packages.push(entry?.path());
    }
    packages.sort();
    let mut rows = Vec::new();
    for package in packages {
        for name in ["django.po", "djangojs.po"] {
            rows.extend(catalog(&package.join("locale/fr/LC_MESSAGES").join(name))?);
        }
    }
    let license = fs::read_to_string(folder.join("Django-5.2.dist-info/LICENSE"))?;
    fs::remove_dir_all(folder)?;
    Ok(Sample {
        id: "messages",
        task: "generation",
        title: "Messages of a program: into French",
        description: "What a website says to its users, in English and as its translators put it in French.",
        license: "BSD-3-Clause",
        source: "Django 5.2, Django Software Foundation and its translators",
        notice: format!(
            "Selected from the French message catalogs of Django 5.2. Changes: short messages without placeholders \
             only.\n\n{}",
            license.trim()
        ),
        file: File::csv(["english", "french"], &balanced(rows, |row| (&row[0], ""), ROWS)?)?,
    })
}

/// The messages of a file; empty if the file is missing.
fn catalog(file: &Path) -> Result<Vec<[String; 2]>> {
    let entries = if file.exists() { fs::read_to_string(file)? } else { String::new() };
    Ok(entries.split("\n\n").filter_map(row).collect())
}

/// Parses an entry of gettext's PO format. Returns `None` if it is a single word, long, marked as fuzzy or has
/// placeholders.
fn row(entry: &str) -> Option<[String; 2]> {
    let row = [text(entry, "msgid")?, text(entry, "msgstr")?];
    let is_plain = |text: &String| {
        text.contains(' ') && text.chars().count() <= MOST_CHARS && !text.contains(['%', '{', '<', '\\'])
    };
    (row.iter().all(is_plain) && !entry.contains("fuzzy")).then_some(row)
}

/// The quoted text after a keyword, which may continue over several lines.
fn text(entry: &str, keyword: &str) -> Option<String> {
    let mut lines = entry.lines().skip_while(|line| line.split(' ').next() != Some(keyword));
    let first = lines.next()?.strip_prefix(keyword)?.trim();
    let lines = std::iter::once(first).chain(lines.take_while(|line| line.starts_with('"')));
    Some(lines.map(|line| line.trim_matches('"')).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::tests::guessed_task;

    #[test]
    fn messages_may_span_lines_but_not_contain_placeholders() {
        let entry = "#: a.py\nmsgctxt \"x\"\nmsgid \"\"\n\"Enter a \"\n\"number.\"\nmsgstr \"Saisissez un nombre.\"";
        let found = row(entry).unwrap();
        assert_eq!(found, ["Enter a number.", "Saisissez un nombre."]);
        assert_eq!(row("msgid \"Enter %s now\"\nmsgstr \"Saisissez %s maintenant\""), None);
        assert_eq!(row("msgid \"One two\"\nmsgid_plural \"Two two\"\nmsgstr[0] \"Un deux\""), None);
        assert_eq!(guessed_task(&File::csv(["english", "french"], &[found]).unwrap()), "generation");
    }
}
