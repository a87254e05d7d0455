//! Timed training steps in the built page.

use anyhow::Result;

use crate::{e2e, paths, process};

/// Prints one JSON line a case: each of these sizes (all when none is named) on each backend.
pub fn run(sizes: &[String]) -> Result<()> {
    process::run(e2e::node()?.arg(paths::e2e().join("bench.mjs")).args(sizes))
}
