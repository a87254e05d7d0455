//! The data files, read as the page reads them.

use std::fs;
use std::path::Path;

use hone_core::dataset::{Collector, Dataset, Hints, Labelled, Mapping, Scanner, SourceInfo};
use hone_core::problem::Problem;

use crate::TrainArguments;

/// The rows of the files that the arguments name, split as the recipe says.
pub fn dataset(arguments: &TrainArguments, validation_share: f64, seed: u64) -> Result<Dataset, Problem> {
    let (info, bytes) = scan(&arguments.data)?;
    let mapping = mapping(&info, arguments)?;
    let own = collect(&info, mapping, &bytes)?;
    let other = match &arguments.validation {
        None => None,
        Some(path) => {
            let (info, bytes) = scan(path)?;
            Some(collect(&info, self::mapping(&info, arguments)?, &bytes)?)
        }
    };
    let share = if other.is_some() { 0.0 } else { validation_share };
    Ok(Dataset::new(own.into(), other.map(Into::into), share, seed)?.0)
}

/// Bytes of a file.
pub fn read(path: &Path) -> Result<Vec<u8>, Problem> {
    fs::read(path).map_err(|error| {
        Problem::new("file.read", format!("{} cannot be read: {error}.", path.display())).remedy("Check the path.")
    })
}

fn scan(path: &Path) -> Result<(SourceInfo, Vec<u8>), Problem> {
    let bytes = read(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut scanner = Scanner::new(&name, bytes.len() as f64, Hints::default());
    scanner.push(&bytes)?;
    Ok((scanner.finish()?, bytes))
}

fn collect(info: &SourceInfo, mapping: Mapping, bytes: &[u8]) -> Result<Labelled, Problem> {
    let mut collector = Collector::new(info, mapping)?;
    collector.push(bytes)?;
    collector.finish()
}

fn mapping(info: &SourceInfo, arguments: &TrainArguments) -> Result<Mapping, Problem> {
    let find = |name: &Option<String>, guess: u32| match name {
        None => Ok(guess),
        Some(name) => match info.columns.iter().position(|column| column == name) {
            Some(index) => Ok(index as u32),
            None => Err(Problem::new("data.no-column", format!("{} has no column \"{name}\".", info.name))
                .remedy(format!("Its columns are {}.", info.columns.join(", ")))),
        },
    };
    Ok(Mapping { text: find(&arguments.text, info.guess.text)?, label: find(&arguments.label, info.guess.label)? })
}
