//! Dates of the sources. Cargo compiles a file again if it is newer than the result, whatever it contains. Checkouts share the
//! target folder, so a new one would compile everything again, and an old one would get what another compiled.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

use crate::{fetch, paths};

/// Files and folders of the checkout that Cargo compiles or reads.
const SOURCES: [&str; 8] = [
    "app",
    "core",
    "tests",
    "public/catalog.json",
    ".cargo/config.toml",
    "rust-toolchain.toml",
    "Cargo.toml",
    "Cargo.lock",
];
/// Folder of packages from the registry of Node.
const NODE_PACKAGES: &str = "node_modules";

/// Hash and date of a file.
type Version = (String, SystemTime);

/// Gives each file of a checkout that is new to the target folder the date at which its content was compiled, or that of
/// today if another content was.
pub fn date() -> Result<()> {
    let target = paths::target();
    date_in(&paths::root(), &target.join("sources"))
        .with_context(|| format!("the dates of the sources in {}", target.display()))
}

/// `record` has the files of the checkout that used the target folder last.
fn date_in(root: &Path, record: &Path) -> Result<()> {
    // A checkout can be replaced by another one at the same place. Not every file system knows when a folder was made.
    let made = fs::metadata(root)?.created().map_or(0, nanoseconds);
    let checkout = format!("{} {made}", root.display());
    let text = fs::read_to_string(record).unwrap_or_default();
    let (last, files) = text.split_once('\n').unwrap_or_default();
    let (is_new, now) = (last != checkout, SystemTime::now());
    let recorded: HashMap<&str, Version> = files.lines().filter_map(parse).collect();
    let mut lines = checkout;
    for path in source_files(root)? {
        let date = fs::metadata(root.join(&path))?.modified()?;
        let name = path.to_string_lossy();
        let known = recorded.get(&*name);
        let (hash, date) = match known {
            Some((hash, known)) if !is_new && *known == date => (hash.clone(), date),
            _ => (fetch::hash(&root.join(&path))?, date),
        };
        let compiled = if is_new { known.filter(|known| known.0 == hash).map_or(now, |known| known.1) } else { date };
        if compiled != date {
            File::options().append(true).open(root.join(&path))?.set_modified(compiled)?;
        }
        lines += &format!("\n{} {hash} {name}", nanoseconds(compiled));
    }
    fs::create_dir_all(record.parent().unwrap_or(root))?;
    Ok(fs::write(record, lines)?)
}

fn nanoseconds(date: SystemTime) -> u128 {
    date.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |duration| duration.as_nanos())
}

/// Path and version of a line of the record.
fn parse(line: &str) -> Option<(&str, Version)> {
    let (date, rest) = line.split_once(' ')?;
    let (hash, path) = rest.split_once(' ')?;
    Some((path, (hash.to_owned(), SystemTime::UNIX_EPOCH + Duration::from_nanos(date.parse().ok()?))))
}

/// Paths of all sources, relative to the checkout.
fn source_files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut left: Vec<PathBuf> = SOURCES.map(PathBuf::from).to_vec();
    while let Some(path) = left.pop() {
        let full = root.join(&path);
        if full.is_dir() {
            let entries = fs::read_dir(full)?.map(|entry| Ok(path.join(entry?.file_name())));
            let entries = entries.collect::<Result<Vec<_>>>()?;
            left.extend(entries.into_iter().filter(|path| !path.ends_with(NODE_PACKAGES)));
        } else if full.is_file() {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_hours(24 * number)
    }

    /// A checkout with files of these contents, all of the same day.
    fn checkout(name: &str, files: &[(&str, &str)], date: SystemTime) -> PathBuf {
        let root = std::env::temp_dir().join(format!("hone-sources-{}-{name}", std::process::id()));
        _ = fs::remove_dir_all(&root);
        fs::create_dir_all(root.join("core/node_modules")).unwrap();
        for (file, content) in files {
            fs::write(root.join("core").join(file), content).unwrap();
            date_of(&root, file, Some(date));
        }
        root
    }

    /// The date of a file, after setting it.
    fn date_of(root: &Path, file: &str, set: Option<SystemTime>) -> SystemTime {
        let file = File::options().append(true).open(root.join("core").join(file)).unwrap();
        set.map(|date| file.set_modified(date)).transpose().unwrap();
        file.metadata().unwrap().modified().unwrap()
    }

    #[test]
    fn another_checkout_compiles_what_differs_and_nothing_else() {
        let record = std::env::temp_dir().join(format!("hone-sources-{}", std::process::id()));
        _ = fs::remove_file(&record);
        let first = checkout("first", &[("same.rs", "a"), ("other.rs", "b"), ("node_modules/x", "c")], day(1));
        let begin = SystemTime::now();
        // What was compiled before is unknown.
        date_in(&first, &record).unwrap();
        let compiled = date_of(&first, "same.rs", None);
        assert!(compiled >= begin && date_of(&first, "node_modules/x", None) == day(1));
        // The same checkout keeps its dates.
        date_of(&first, "other.rs", Some(day(3)));
        date_in(&first, &record).unwrap();
        assert_eq!((date_of(&first, "same.rs", None), date_of(&first, "other.rs", None)), (compiled, day(3)));
        let second = checkout("second", &[("same.rs", "a"), ("other.rs", "B"), ("new.rs", "d")], day(2));
        date_in(&second, &record).unwrap();
        assert_eq!(date_of(&second, "same.rs", None), compiled);
        assert!(date_of(&second, "other.rs", None) >= begin && date_of(&second, "new.rs", None) >= begin);
        // Back in the first one, what the second compiled differs.
        date_in(&first, &record).unwrap();
        assert!(date_of(&first, "other.rs", None) >= begin);
        [first, second].iter().for_each(|root| fs::remove_dir_all(root).unwrap());
        fs::remove_file(record).unwrap();
    }
}
