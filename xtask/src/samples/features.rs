//! Browser features, and the parts of the web platform that each belongs to.

use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;

use super::file::File;
use super::{Sample, balanced};
use crate::archive::{Archive, Registry};

const ARCHIVE: Archive = Archive {
    registry: Registry::Npm,
    name: "caniuse-db",
    version: "1.0.30001813",
    sha256: "0ee89b98e61761d9559f0f3c05610fd36ba30cddff972e899c679ba4132aca0c",
};
const ROWS: usize = 400;
const MOST_CHARS: usize = 180;

/// The labels, each with the categories that map to it.
const LABELS: [(&str, &[&str]); 6] = [
    ("CSS", &["CSS", "CSS2", "CSS3"]),
    ("DOM", &["DOM"]),
    ("HTML", &["HTML5", "Canvas"]),
    ("JavaScript", &["JS"]),
    ("API", &["JS API"]),
    ("security", &["Security"]),
];

/// A text, then 0 or 1 for each label.
type Row = [String; 1 + LABELS.len()];

pub(super) fn make() -> Result<Sample> {
    let folder = ARCHIVE.unpack()?;
    let data: Value = serde_json::from_slice(&fs::read(folder.join("data.json"))?)?;
    fs::remove_dir_all(folder)?;
    let features = data["data"].as_object().context("data.json has no features")?;
    let rows = balanced(features.values().filter_map(row), |row| (&row[0], ""), ROWS)?;
    let mut columns = ["text"; 1 + LABELS.len()];
    for (column, (label, _)) in columns[1..].iter_mut().zip(LABELS) {
        *column = label;
    }
    Ok(Sample {
        id: "web-features",
        task: "multi_label",
        title: "Web features: part of what?",
        description: "What a browser can do, and which parts of the web it belongs to: often one, at times several.",
        license: "CC-BY-4.0",
        source: "caniuse.com, Alexis Deveria and contributors, as packaged in caniuse-db 1.0.30001813",
        notice:
            "Selected from the features of caniuse.com by Alexis Deveria and contributors, as packaged in caniuse-db \
                 1.0.30001813. License: Creative Commons Attribution 4.0 International \
                 (https://creativecommons.org/licenses/by/4.0/). Changes: titles and first sentences only, some \
                 categories put together or left out."
                .into(),
        file: File::csv(columns, &rows)?,
    })
}

fn row(feature: &Value) -> Option<Row> {
    let description = feature["description"].as_str()?;
    let sentence = description.split_inclusive(". ").next()?.trim();
    let text = format!("{}: {sentence}", feature["title"].as_str()?.trim());
    let categories: Vec<&str> = feature["categories"].as_array()?.iter().filter_map(Value::as_str).collect();
    let has = |(_, names): (_, &[&str])| names.iter().any(|name| categories.contains(name));
    let flags = LABELS.map(has);
    let is_plain = text.chars().count() <= MOST_CHARS && !text.contains(['\n', '<']) && !text.contains("](");
    let mut row = flags.iter().map(|&flag| u8::from(flag).to_string());
    (is_plain && flags.contains(&true))
        .then(|| std::array::from_fn(|i| if i == 0 { text.clone() } else { row.next().unwrap_or_default() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::tests::guessed_task;

    #[test]
    fn a_feature_has_each_of_its_categories() {
        let feature = |title: &str, categories: &[&str]| {
            let description = "Drawing. And more.";
            serde_json::json!({ "title": title, "description": description, "categories": categories })
        };
        let first = row(&feature("Canvas", &["Canvas", "JS API"])).unwrap();
        assert_eq!(first, ["Canvas: Drawing.", "0", "0", "1", "0", "1", "0"]);
        assert_eq!(row(&feature("PNG", &["PNG"])), None, "no label");
        let second = row(&feature("Grid", &["CSS3"])).unwrap();
        let file = File::csv(["text", "CSS", "DOM", "HTML", "JavaScript", "API", "security"], &[first, second]);
        assert_eq!(guessed_task(&file.unwrap()), "multi_label");
    }
}
