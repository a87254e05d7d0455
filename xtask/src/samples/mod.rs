//! The datasets that the page offers to users without a file of their own: generated once from published packages,
//! always with the same rows.

mod addresses;
mod choose;
mod dictionary;
mod features;
mod file;
mod glosses;
mod languages;
mod meanings;
mod messages;
mod questions;
mod ratings;
mod reviews;
mod senses;
mod wordnet;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::json;

use choose::balanced;
use file::File;
use wordnet::WordNet;

use crate::{model, paths, process};

/// Increase this when a sample changes, so that an older cache is regenerated.
const VERSION: &str = "4";

/// A dataset, and its description on the page.
struct Sample {
    id: &'static str,
    /// Its task, by its name in recipes: `multi_label`.
    task: &'static str,
    title: &'static str,
    description: &'static str,
    license: &'static str,
    source: &'static str,
    /// Notice that accompanies the rows.
    notice: String,
    file: File,
}

/// A text with its class.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    text: String,
    label: String,
}

impl Row {
    fn text_and_label(&self) -> (&str, &str) {
        (&self.text, &self.label)
    }
}

/// Generates the samples, unless they exist.
pub fn ensure() -> Result<()> {
    let folder = cached();
    if fs::read_to_string(folder.join("version")).is_ok_and(|version| version == VERSION) {
        return Ok(());
    }
    process::step("Generating the samples", || {
        fs::create_dir_all(&folder)?;
        let wordnet = WordNet::unpack()?;
        let samples = [
            reviews::make()?,
            glosses::make(&wordnet)?,
            languages::make()?,
            features::make()?,
            ratings::make()?,
            senses::make(&wordnet)?,
            addresses::make()?,
            questions::make(&wordnet)?,
            messages::make()?,
            dictionary::make(&wordnet)?,
            meanings::make(&wordnet)?,
        ];
        for sample in &samples {
            fs::write(folder.join(sample.file_name()), &sample.file.text).context(sample.id)?;
        }
        let index: Vec<_> = samples.iter().map(Sample::entry).collect();
        fs::write(folder.join("index.json"), serde_json::to_string_pretty(&index)?)?;
        let notices: Vec<_> =
            samples.iter().map(|sample| format!("{}\n\n{}", sample.file_name(), sample.notice)).collect();
        fs::write(folder.join("NOTICE.txt"), notices.join("\n\n----\n\n"))?;
        Ok(fs::write(folder.join("version"), VERSION)?)
    })
}

/// Puts the samples into the page's folder.
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
    fn file_name(&self) -> String {
        format!("{}.{}", self.id, self.file.ending)
    }

    fn entry(&self) -> serde_json::Value {
        json!({
            "id": self.id,
            "task": self.task,
            "title": self.title,
            "description": self.description,
            "file": self.file_name(),
            "rows": self.file.rows,
            "license": self.license,
            "source": self.source,
        })
    }
}

/// Selects the same number of rows for each label.
fn labeled(rows: impl IntoIterator<Item = Row>, per_label: usize) -> Result<File> {
    let rows = balanced(rows, Row::text_and_label, per_label)?;
    File::csv(["text", "label"], &rows.into_iter().map(|row| [row.text, row.label]).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use hone_core::dataset::{Hints, Scanner};

    use super::*;

    /// The page's guess of a file's task.
    pub fn guessed_task(file: &File) -> String {
        let mut scanner = Scanner::new(&format!("sample.{}", file.ending), file.text.len() as f64, Hints::default());
        let source = scanner.push(file.text.as_bytes()).and_then(|()| scanner.finish()).unwrap();
        serde_json::to_value(source.guess().task()).unwrap().as_str().unwrap().to_owned()
    }
}
