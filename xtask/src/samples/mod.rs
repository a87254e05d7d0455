//! The datasets that the page offers to someone with no file at hand: made once from published packages, always the
//! same rows.

mod glosses;
mod languages;
mod reviews;

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::{fetch, model, paths, process};

/// Raise it when a sample changes, so that a cache from before is made anew.
const VERSION: &str = "1";

/// A dataset, and what the page says of it.
struct Sample {
    id: &'static str,
    title: &'static str,
    description: &'static str,
    license: &'static str,
    source: &'static str,
    /// Notice that goes with the rows.
    notice: String,
    rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq)]
struct Row {
    text: String,
    label: String,
}

/// Makes the samples, unless they are there.
pub fn ensure() -> Result<()> {
    let folder = cached();
    if fs::read_to_string(folder.join("version")).is_ok_and(|version| version == VERSION) {
        return Ok(());
    }
    process::step("Making the samples", || {
        fs::create_dir_all(&folder)?;
        let samples = [reviews::make()?, glosses::make()?, languages::make()?];
        for sample in &samples {
            write_csv(&folder.join(sample.file()), &sample.rows).context(sample.id)?;
        }
        let index: Vec<_> = samples.iter().map(Sample::entry).collect();
        fs::write(folder.join("index.json"), serde_json::to_string_pretty(&index)?)?;
        let notices: Vec<_> = samples.iter().map(|sample| format!("{}\n\n{}", sample.file(), sample.notice)).collect();
        fs::write(folder.join("NOTICE.txt"), notices.join("\n\n----\n\n"))?;
        Ok(fs::write(folder.join("version"), VERSION)?)
    })
}

/// Puts the samples where the page looks for them.
pub fn link_into(dist: &Path) -> Result<()> {
    let folder = dist.join("samples");
    fs::create_dir_all(&folder)?;
    for entry in fs::read_dir(cached())? {
        let entry = entry?;
        if entry.file_name() != "version" {
            model::link(&entry.path(), &folder.join(entry.file_name()))?;
        }
    }
    Ok(())
}

fn cached() -> PathBuf {
    paths::cache().join("samples")
}

impl Sample {
    fn file(&self) -> String {
        format!("{}.csv", self.id)
    }

    fn entry(&self) -> serde_json::Value {
        json!({
            "id": self.id,
            "title": self.title,
            "description": self.description,
            "file": self.file(),
            "rows": self.rows.len(),
            "license": self.license,
            "source": self.source,
        })
    }
}

/// The same number of rows of each label, none twice, in an order that is arbitrary but always the same: that of the
/// texts' hashes.
fn balanced(rows: impl IntoIterator<Item = Row>, per_label: usize) -> Result<Vec<Row>> {
    let mut seen = HashSet::new();
    let mut by_label: BTreeMap<String, Vec<(String, Row)>> = BTreeMap::new();
    for row in rows {
        let key: String = row.text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        if seen.insert(key) {
            by_label.entry(row.label.clone()).or_default().push((fetch::hash_of(&row.text), row));
        }
    }
    let mut chosen = Vec::new();
    for (label, mut rows) in by_label {
        if rows.len() < per_label {
            bail!("{label}: {} rows, {per_label} wanted", rows.len());
        }
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        chosen.extend(rows.into_iter().take(per_label));
    }
    chosen.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(chosen.into_iter().map(|(_, row)| row).collect())
}

/// Whether the text is a short sentence: training on a CPU takes minutes, not hours.
fn is_short(text: &str, most_chars: usize) -> bool {
    (20..=most_chars).contains(&text.chars().count()) && text.split_whitespace().count() >= 4
}

fn write_csv(file: &Path, rows: &[Row]) -> Result<()> {
    let mut writer = csv::Writer::from_path(file)?;
    writer.write_record(["text", "label"])?;
    for row in rows {
        writer.write_record([&row.text, &row.label])?;
    }
    Ok(writer.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_balanced_unique_and_independent_of_their_order() {
        let row = |text: &str, label: &str| Row { text: text.into(), label: label.into() };
        let rows = [row("One.", "a"), row("one", "a"), row("two", "a"), row("three", "b"), row("four", "b")];
        let chosen = balanced(rows.clone(), 2).unwrap();
        assert_eq!(chosen.len(), 4);
        assert!(!chosen.contains(&rows[1]), "the same words twice");
        let turned = balanced([&rows[..1], &[rows[4].clone(), rows[3].clone(), rows[2].clone()]].concat(), 2).unwrap();
        assert_eq!(chosen, turned);
        assert!(balanced(rows, 3).is_err(), "b has only two");
    }
}
