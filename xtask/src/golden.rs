//! Golden values, generated with the Python reference implementation by the scripts next to them.

use std::fs;

use anyhow::Result;

use crate::{paths, process, python};

/// Runs every script of tests/golden.
pub fn run() -> Result<()> {
    let folder = paths::root().join("tests/golden");
    python::ensure()?;
    let entries = fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    let mut scripts: Vec<_> = entries.into_iter().filter(|path| path.extension().is_some_and(|e| e == "py")).collect();
    scripts.sort();
    for script in scripts {
        process::step(&format!("{}", script.file_name().unwrap_or_default().display()), || {
            let mut python = process::command(paths::reference_python());
            process::run(python.env("HF_HUB_OFFLINE", "1").env("OMP_NUM_THREADS", "1").arg(&script))
        })?;
    }
    Ok(())
}
