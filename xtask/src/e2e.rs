//! The end-to-end tests: the built page in headless Chromium, and in Firefox.

use std::env;
use std::fs;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, bail};

use crate::model::Model;
use crate::serve::Server;
use crate::{apt, paths, process, python};

const BROWSERS: [&str; 5] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

const FIREFOXES: [&str; 3] =
    ["/usr/bin/firefox-esr", "/usr/bin/firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"];

const TEST_ENDING: &str = ".test.mjs";
/// Number of files whose failed tests may be repeated. If there are more, something is broken.
const MOST_REPEATED: usize = 2;
/// The tests that use Firefox.
const FIREFOX_TESTS: &str = "firefox.test.mjs";

/// Runs the tests whose names contain these words, or all, and then opens the models that they exported with Python's
/// transformers. A failed test is run once more: a browser on a busy machine is late at times. What passes
/// only then is reported.
pub fn run(words: &str) -> Result<()> {
    fs::create_dir_all(out())?;
    Export::all()?.iter().for_each(Export::remove);
    let program = native_program()?;
    // Most tests compute on one core.
    let results = test(&tests()?, words, 2, &program)?;
    if !ran_any_test(&results) {
        bail!("no end-to-end test has {words:?} in its name");
    }
    let failed = failed_files(&results);
    if failed.len() > MOST_REPEATED {
        bail!("tests of {} files failed", failed.len());
    }
    if !failed.is_empty() {
        process::step("The failed tests once more", || {
            let names: Vec<&str> = failed_tests(&results).collect();
            let repeated = test(&failed, &pattern(&names), 1, &program)?;
            if !failed_files(&repeated).is_empty() || !ran_any_test(&repeated) {
                bail!("tests failed twice");
            }
            println!("   Passed only the second time: {}", names.join("; "));
            Ok(())
        })?;
    }
    python::ensure()?;
    Export::check_all()
}

/// Runs the tests of these files whose names contain these words, `lanes` files at a time. Returns Node's report in TAP.
fn test(files: &[PathBuf], words: &str, lanes: usize, program: &Path) -> Result<String> {
    let report = out().join("results.tap");
    let mut node = node()?;
    node.env("HONE_CLI", program).args(["--test", &format!("--test-concurrency={lanes}")]);
    node.args(["--test-reporter=spec", "--test-reporter-destination=stdout"]);
    node.arg("--test-reporter=tap").arg(format!("--test-reporter-destination={}", report.display()));
    if !words.is_empty() {
        node.arg(format!("--test-name-pattern={words}"));
    }
    let outcome = process::run(node.args(files));
    let results = fs::read_to_string(&report)?;
    // A failure that is not that of a test.
    if failed_files(&results).is_empty() {
        outcome?;
    }
    Ok(results)
}

/// Names of the tests that failed, judging by Node's report in TAP.
fn failed_tests(tap: &str) -> impl Iterator<Item = &str> {
    tap.lines().filter_map(|line| line.strip_prefix("not ok ")?.split_once(" - ")).map(|(_, name)| name)
}

/// A regular expression that these names match.
fn pattern(names: &[&str]) -> String {
    let of_name = |name: &&str| name.replace(|c: char| !c.is_alphanumeric() && c != ' ', ".");
    names.iter().map(of_name).collect::<Vec<_>>().join("|")
}

/// Files of the tests that failed, each once.
fn failed_files(tap: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for (_, details) in tap.split("\nnot ok ").skip(1).filter_map(|test| test.split_once("location: '")) {
        let end = details.find(TEST_ENDING).map_or(0, |start| start + TEST_ENDING.len());
        let file = PathBuf::from(&details[..end]);
        if !files.contains(&file) {
            files.push(file);
        }
    }
    files
}

/// Runs the tests in Firefox, on the CPU.
pub fn run_in_firefox() -> Result<()> {
    apt::ensure("Firefox", "firefox-esr", || firefox().is_some())?;
    let mut node = node()?;
    node.env("HONE_FIREFOX", firefox().context("Firefox was there a moment ago")?);
    process::run(node.args(["--test", "--test-reporter=spec"]).arg(paths::e2e().join(FIREFOX_TESTS)))
}

/// Returns true if a test ran, judging by Node's report in TAP: tests whose names do not match are reported as skipped,
/// and later versions of Node report a file of such tests as one passing test.
fn ran_any_test(tap: &str) -> bool {
    let results = tap.lines().filter(|line| line.starts_with("ok ") || line.starts_with("not ok "));
    results.filter(|line| !line.contains("# SKIP")).any(|line| !line.trim_end().ends_with(TEST_ENDING))
}

/// Node with the environment of the tests and the benchmark: the page's folder and the browser.
pub fn node() -> Result<Command> {
    ensure_browser()?;
    let server = Server::bind(&paths::dist(), 0)?;
    let mut node = process::command("node");
    node.env("HONE_URL", server.url()).env("HONE_OUT", out());
    node.env("HONE_CHROMIUM", browser().context("Chromium was there a moment ago")?);
    thread::spawn(|| server.run());
    Ok(node)
}

/// Installs the browser, unless there is one.
pub fn ensure_browser() -> Result<()> {
    apt::ensure("Chromium", "chromium", || browser().is_some())
}

/// Folder of screenshots and exports.
fn out() -> PathBuf {
    paths::target().join("e2e")
}

fn browser() -> Option<PathBuf> {
    first_there("HONE_CHROMIUM", &BROWSERS)
}

fn firefox() -> Option<PathBuf> {
    first_there("HONE_FIREFOX", &FIREFOXES)
}

/// The user's choice in a variable, or the first of these programs that is installed.
fn first_there(variable: &str, programs: &[&str]) -> Option<PathBuf> {
    let chosen = env::var_os(variable).map(PathBuf::from);
    chosen.into_iter().chain(programs.iter().map(PathBuf::from)).find(|path| path.exists())
}

/// The tests for Chromium.
fn tests() -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(paths::e2e())?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    let mut tests: Vec<_> = entries.into_iter().filter(|path| path.to_string_lossy().ends_with(TEST_ENDING)).collect();
    tests.retain(|path| !path.ends_with(FIREFOX_TESTS));
    tests.sort();
    Ok(tests)
}

/// The program `hone`, whose runs are compared with those in the browser.
fn native_program() -> Result<PathBuf> {
    process::step("Building the program hone", || {
        let mut cargo = process::command("cargo");
        // The same packages as for the native tests, so that features match and nothing is built twice.
        process::run(cargo.args(["build", "--quiet", "--workspace", "--exclude", "hone-worker", "--bin", "hone"]))
    })?;
    Ok(paths::target().join("debug").join("hone"))
}

/// An export from a test: a zip, and a JSON file of the same name with the page's predictions. Exports whose names
/// begin with `adapter` are adapters of the default model.
struct Export {
    zip: PathBuf,
    expected: PathBuf,
}

impl Export {
    /// All exports, sorted by name.
    fn all() -> Result<Vec<Self>> {
        let entries = fs::read_dir(out())?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        let zips = entries.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "zip"));
        let mut all: Vec<Self> = zips.map(|zip| Self { expected: zip.with_extension("json"), zip }).collect();
        all.retain(|export| export.expected.exists());
        all.sort_by(|a, b| a.zip.cmp(&b.zip));
        Ok(all)
    }

    fn remove(&self) {
        [&self.zip, &self.expected].into_iter().for_each(|file| _ = fs::remove_file(file));
    }

    /// Opens all of them in Python, at the same time, as each takes one core, and compares.
    fn check_all() -> Result<()> {
        let all = Self::all()?;
        thread::scope(|scope| {
            let checks: Vec<_> = all.iter().map(|export| scope.spawn(|| export.check())).collect();
            checks.into_iter().try_for_each(|check| check.join().unwrap_or_else(|panic| resume_unwind(panic)))
        })
    }

    /// Opens it in Python and compares.
    fn check(&self) -> Result<()> {
        let name = self.zip.file_stem().unwrap_or_default().to_string_lossy();
        let is_adapter = name.starts_with("adapter");
        let script = if is_adapter { "check_adapter.py" } else { "check_export.py" };
        let (script, python) = (paths::root().join("tests/python").join(script), paths::reference_python());
        let what = format!("The exported {name} in Python");
        process::step(&what, || {
            let mut check = process::command(&python);
            check.env("HF_HUB_OFFLINE", "1").arg(&script).arg(&self.zip);
            if is_adapter {
                check.arg(Model::default_of_catalog()?.cached());
            }
            process::run(check.arg(&self.expected))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipped_tests_and_bare_files_do_not_count_as_run() {
        let skipped = "TAP version 13\n# Subtest: a\nok 1 - a # SKIP test name does not match pattern\n\
                       ok 2 - /hone/tests/e2e/page.test.mjs\n1..2\n";
        assert!(!ran_any_test(skipped));
        assert!(ran_any_test(&format!("{skipped}ok 3 - the page opens\n")));
    }

    #[test]
    fn failed_tests_are_found_with_their_files() {
        let report = "TAP version 13\n# Subtest: a\nok 1 - a\n  ---\n  duration_ms: 8\n  ...\n\
                      not ok 2 - b: it's late\n  ---\n  duration_ms: 9\n  location: '/hone/tests/e2e/b.test.mjs:49:1'\n  ...\n\
                      not ok 3 - c\n  ---\n  location: '/hone/tests/e2e/b.test.mjs:99:1'\n  ...\n1..3\n";
        assert_eq!(failed_tests(report).collect::<Vec<_>>(), ["b: it's late", "c"]);
        assert_eq!(pattern(&["b: it's late", "c"]), "b. it.s late|c");
        assert_eq!(failed_files(report), [PathBuf::from("/hone/tests/e2e/b.test.mjs")]);
        assert!(failed_files("TAP version 13\nok 1 - a\n").is_empty());
    }
}
