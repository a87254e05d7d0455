//! Timed training steps in the built page.

use anyhow::Result;

use crate::{e2e, paths, process};

/// Runs each of these sizes (all if none is named) on each backend, and prints one JSON line per case.
pub fn run(sizes: &[String]) -> Result<()> {
    process::run(e2e::node()?.arg(paths::e2e().join("bench.mjs")).args(sizes))
}
