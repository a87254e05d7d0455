//! Fuzzes every reader of untrusted files; see tests/tests/fuzz.

use anyhow::{Context, Result};

use crate::test::NATIVE;
use crate::{paths, process};

/// Fuzzes for a number of minutes, divided among the readers. The same seed gives the same files.
///
/// # Errors
/// If a file makes a reader panic, hang or exhaust the memory; the file is kept, and its path is printed.
pub fn run(minutes: &str, seed: &str) -> Result<()> {
    let minutes: f64 = minutes.parse().context("fuzz takes a number of minutes")?;
    let seed: u64 = seed.parse().context("--seed takes a whole number")?;
    let folder = paths::target().join("fuzz");
    let mut cargo = process::command("cargo");
    // The same packages as the native tests, so that nothing is built twice.
    cargo.args(["test", "--quiet"]).args(NATIVE).args(["--test", "fuzz", "--", "--nocapture", "no_file_makes"]);
    cargo.env("HONE_FUZZ_MINUTES", minutes.to_string()).env("HONE_FUZZ_SEED", seed.to_string());
    cargo.env("HONE_FUZZ_OUT", &folder);
    process::run(&mut cargo)
        .with_context(|| format!("a reader failed; files that fail, or were being read, are in {}", folder.display()))
}
