//! The Python environment with the reference implementations, which generates golden values and opens exports.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{apt, paths, process};

/// Creates the environment described by tests/python/requirements.txt, unless it exists already.
pub fn ensure() -> Result<()> {
    let requirements = paths::root().join("tests/python/requirements.txt");
    let wanted = fs::read_to_string(&requirements).context("tests/python/requirements.txt")?;
    if fs::read_to_string(installed()).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    apt::ensure("Python 3 with venv", "python3-venv", || process::works("python3", &["-m", "ensurepip", "--version"]))?;
    process::step("Creating the Python environment (about 5 GB)", || {
        process::run(process::command("python3").args(["-m", "venv"]).arg(paths::python_environment()))?;
        let mut pip = process::command(paths::reference_python());
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
        process::run(pip.arg(&requirements))?;
        Ok(fs::write(installed(), wanted)?)
    })
}

/// Marks the installed packages: written last, so an interrupted installation is repeated.
fn installed() -> PathBuf {
    paths::python_environment().join("installed.txt")
}
