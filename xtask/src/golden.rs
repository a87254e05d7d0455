//! Golden values, made by the scripts beside them with the reference implementation in Python.

use std::fs;

use anyhow::Result;

use crate::{apt, paths, process};

/// Runs every script of tests/golden.
pub fn run() -> Result<()> {
    let folder = paths::root().join("tests/golden");
    ensure_python()?;
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

/// Makes the Python environment of the reference, unless it is there.
pub fn ensure_python() -> Result<()> {
    if paths::reference_python().exists() {
        return Ok(());
    }
    apt::ensure("Python 3 with venv", "python3-venv", || process::works("python3", &["-m", "venv", "--help"]))?;
    process::step("Making the Python environment (about 5 GB)", || {
        let environment = paths::cache().join("pyref");
        process::run(process::command("python3").args(["-m", "venv"]).arg(&environment))?;
        let mut pip = process::command(paths::reference_python());
        pip.args(["-m", "pip", "install", "--quiet", "--requirement", "tests/python/requirements.txt"]);
        process::run(&mut pip)
    })
}
