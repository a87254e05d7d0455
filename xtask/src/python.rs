//! The Python environment with the reference implementations: golden values come from it, and exports are opened in it.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{apt, paths, process};

/// Makes the environment that tests/python/requirements.txt describes, unless it exists already.
pub fn ensure() -> Result<()> {
    let requirements = paths::root().join("tests/python/requirements.txt");
    let wanted = fs::read_to_string(&requirements).context("tests/python/requirements.txt")?;
    if fs::read_to_string(installed()).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    apt::ensure("Python 3 with venv", "python3-venv", || process::works("python3", &["-m", "ensurepip", "--version"]))?;
    process::step("Making the Python environment (about 5 GB)", || {
        process::run(process::command("python3").args(["-m", "venv"]).arg(paths::python_environment()))?;
        let mut pip = process::command(paths::reference_python());
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
        process::run(pip.arg(&requirements))?;
        Ok(fs::write(installed(), wanted)?)
    })
}

/// What was installed: written last, so an installation that was cut short is repeated.
fn installed() -> PathBuf {
    paths::python_environment().join("installed.txt")
}
