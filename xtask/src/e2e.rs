//! The end-to-end tests: the built page in headless Chromium.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use anyhow::{Context, Result};

use crate::model::Model;
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
    for export in &EXPORTS {
        export.files().iter().for_each(|file| _ = fs::remove_file(file));
    }
    let mut node = node()?;
    node.env("HONE_CLI", native_program()?);
    node.args(["--test", "--test-concurrency=1", "--test-reporter=spec"]);
    if !words.is_empty() {
        node.arg(format!("--test-name-pattern={words}"));
    }
    process::run(node.args(tests()?))?;
    EXPORTS.iter().try_for_each(Export::check)
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

/// The program `hone`, whose runs are compared with those in the browser.
fn native_program() -> Result<PathBuf> {
    process::step("Building the program hone", || {
        let mut cargo = process::command("cargo");
        // The same packages as the native tests, so that the same features are on and nothing is built twice.
        process::run(cargo.args(["build", "--quiet", "--workspace", "--exclude", "hone-worker", "--bin", "hone"]))
    })?;
    Ok(paths::target().join("debug").join("hone"))
}

/// What a test has exported, and the script that opens it in Python.
struct Export {
    name: &'static str,
    script: &'static str,
    /// Whether the script needs the base model too.
    has_base: bool,
}

const EXPORTS: [Export; 3] = [
    Export { name: "export", script: "check_export.py", has_base: false },
    Export { name: "merged", script: "check_export.py", has_base: false },
    Export { name: "adapter", script: "check_adapter.py", has_base: true },
];

impl Export {
    /// The zip, and what the page said of some texts.
    fn files(&self) -> [PathBuf; 2] {
        ["zip", "json"].map(|ending| out().join(format!("{}.{ending}", self.name)))
    }

    fn check(&self) -> Result<()> {
        let (script, python) = (paths::root().join("tests/python").join(self.script), paths::reference_python());
        let [zip, expected] = self.files();
        let what = format!("The exported {} in Python", self.name);
        if !python.exists() {
            println!("   Skipped: {what} (`cargo xtask golden` makes the environment)");
            return Ok(());
        }
        if !zip.exists() || !expected.exists() {
            println!("   Skipped: {what} (no test has made it)");
            return Ok(());
        }
        process::step(&what, || {
            let mut check = process::command(&python);
            check.env("HF_HUB_OFFLINE", "1").arg(&script).arg(&zip);
            if self.has_base {
                check.arg(Model::default_of_catalog()?.cached());
            }
            process::run(check.arg(&expected))
        })
    }
}
