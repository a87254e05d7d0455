//! The end-to-end tests: the built page in headless Chromium.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context, Result};

use crate::serve::Server;
use crate::{apt, paths, process};

const BROWSERS: [&str; 5] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/// Runs the tests whose names have these words, or all, and then opens the model that one of them has exported with
/// Python's transformers, where that is installed.
pub fn run(words: &str) -> Result<()> {
    let out = out();
    fs::create_dir_all(&out)?;
    let export = [out.join("export.zip"), out.join("export.json")];
    for file in &export {
        fs::remove_file(file).ok();
    }
    let mut node = node()?;
    node.args(["--test", "--test-concurrency=1", "--test-reporter=spec"]);
    if !words.is_empty() {
        node.arg(format!("--test-name-pattern={words}"));
    }
    process::run(node.args(tests()?))?;
    check_export(&export)
}

/// Node with what the tests and the benchmark need to know: where the page is, and which browser to open it in.
pub fn node() -> Result<Command> {
    apt::ensure("Chromium", "chromium", || browser().is_some())?;
    let server = Server::bind(&paths::dist(), 0)?;
    let mut node = process::command("node");
    node.env("HONE_URL", server.url()).env("HONE_OUT", out());
    node.env("HONE_CHROMIUM", browser().context("Chromium was there a moment ago")?);
    thread::spawn(|| server.run());
    Ok(node)
}

/// Folder of screenshots and exports.
fn out() -> PathBuf {
    paths::target().join("e2e")
}

fn browser() -> Option<PathBuf> {
    let chosen = env::var_os("HONE_CHROMIUM").map(PathBuf::from);
    chosen.into_iter().chain(BROWSERS.map(PathBuf::from)).find(|path| path.exists())
}

fn tests() -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(paths::e2e())?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    let mut tests: Vec<_> = entries.into_iter().filter(|path| path.to_string_lossy().ends_with(".test.mjs")).collect();
    tests.sort();
    Ok(tests)
}

fn check_export(export: &[PathBuf; 2]) -> Result<()> {
    let (script, python) = (paths::root().join("tests/python/check_export.py"), paths::reference_python());
    let missing = |path: &Path| !path.exists();
    if missing(&python) {
        println!("   Skipped: the export in Python's transformers (`cargo xtask golden` makes the environment)");
        return Ok(());
    }
    if export.iter().any(|file| missing(file)) {
        println!("   Skipped: the export in Python's transformers (no test has exported a model)");
        return Ok(());
    }
    process::step("The export in Python's transformers", || {
        process::run(process::command(python).env("HF_HUB_OFFLINE", "1").arg(script).args(export))
    })
}
