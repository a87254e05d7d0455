//! The data files, read as the page reads them.

use std::fs;
use std::path::Path;

use hone_core::dataset::{Collector, DataReport, Dataset, Examples, Hints, Mapping, Scanner, SourceInfo};
use hone_core::diagnostic::Diagnostic;
use hone_core::recipe::Task;

use crate::TrainArguments;

/// The rows of the files that the arguments name, split as the recipe says.
pub fn dataset(
    arguments: &TrainArguments,
    task: Task,
    validation_ratio: f64,
    seed: u64,
) -> Result<(Dataset, DataReport), Diagnostic> {
    let (info, bytes) = scan(&arguments.data)?;
    let mapping = mapping(&info, task, arguments)?;
    let own = collect(&info, mapping, &bytes)?;
    let other = match &arguments.validation {
        None => None,
        Some(path) => {
            let (info, bytes) = scan(path)?;
            Some(collect(&info, self::mapping(&info, task, arguments)?, &bytes)?)
        }
    };
    let share = if other.is_some() { 0.0 } else { validation_ratio };
    Dataset::new(own.into(), other.map(Into::into), share, seed)
}

/// Bytes of a file.
pub fn read(path: &Path) -> Result<Vec<u8>, Diagnostic> {
    fs::read(path).map_err(|error| {
        Diagnostic::new("file.read", format!("{} cannot be read: {error}.", path.display())).remedy("Check the path.")
    })
}

fn scan(path: &Path) -> Result<(SourceInfo, Vec<u8>), Diagnostic> {
    let bytes = read(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut scanner = Scanner::new(&name, bytes.len() as f64, Hints::default());
    scanner.push(&bytes)?;
    Ok((scanner.finish()?, bytes))
}

fn collect(info: &SourceInfo, mapping: Mapping, bytes: &[u8]) -> Result<Examples, Diagnostic> {
    let mut collector = Collector::new(info, mapping)?;
    collector.push(bytes)?;
    collector.finish()
}

/// The columns that the arguments name, or those that were guessed for the recipe's task.
fn mapping(info: &SourceInfo, task: Task, arguments: &TrainArguments) -> Result<Mapping, Diagnostic> {
    if let Some(json) = &arguments.mapping {
        return serde_json::from_str(json).map_err(|error| {
            Diagnostic::new("data.mapping", format!("--mapping is no mapping: {error}."))
                .remedy("For instance {\"task\": \"regression\", \"text\": 0, \"pair\": null, \"number\": 1}.")
        });
    }
    let find = |name: &str| match info.columns.iter().position(|column| column == name) {
        Some(index) => Ok(index as u32),
        None => Err(Diagnostic::new("data.no-column", format!("{} has no column \"{name}\".", info.name))
            .remedy(format!("Its columns are {}.", info.columns.join(", ")))),
    };
    let guess = info.guesses.iter().find(|mapping| mapping.task() == task);
    match guess {
        Some(&Mapping::Classification { text, pair, label }) => Ok(Mapping::Classification {
            text: arguments.text.as_deref().map_or(Ok(text), find)?,
            pair: pair.filter(|_| arguments.text.is_none()),
            label: arguments.label.as_deref().map_or(Ok(label), find)?,
        }),
        Some(guess) => Ok(guess.clone()),
        None => Err(Diagnostic::new("data.task", format!("{} does not look like data for this task.", info.name))
            .remedy(format!("{} Set the recipe's \"task\", or name the columns with --mapping.", info.why))),
    }
}
