//! All checks that a change must pass.

use std::time::Instant;

use anyhow::{Result, bail};

use crate::{build, e2e, licenses, process, python, setup};

const WARNINGS_ARE_ERRORS: [&str; 3] = ["--", "-D", "warnings"];
/// The worker only runs in a browser, and would draw a native GPU stack into every native build.
pub const NATIVE: [&str; 3] = ["--workspace", "--exclude", "hone-worker"];
const IN_BROWSER: [&str; 8] = [
    "--package",
    "hone-app",
    "--package",
    "hone-worker",
    "--package",
    "hone-tables",
    "--target",
    "wasm32-unknown-unknown",
];

/// Runs every check, including those after a failed one, and prints at the end which failed.
pub fn run() -> Result<()> {
    let start = Instant::now();
    let mut checks = Checks::default();
    checks.run("Format", || cargo(&["fmt", "--all", "--check"], &[], &[]));
    checks.run("Licenses", licenses::check);
    checks.run("Set-up", || setup::with_tests().and_then(|()| python::ensure()).and_then(|()| e2e::ensure_browser()));
    checks.run("Lints, native", || cargo(&["clippy", "--all-targets"], &NATIVE, &WARNINGS_ARE_ERRORS));
    checks.run("Lints, wasm", || cargo(&["clippy"], &IN_BROWSER, &WARNINGS_ARE_ERRORS));
    checks.run("Documentation", document);
    checks.run("Native tests", || cargo(&["test", "--quiet", "--no-fail-fast"], &NATIVE, &[]));
    if checks.run("Build", || build::run(false)) {
        checks.run("Sizes", build::check_budgets);
        checks.run("End-to-end tests", || e2e::run(""));
        checks.run("End-to-end tests in Firefox", e2e::run_in_firefox);
    }
    checks.finish(start)
}

/// Builds the documentation of every crate with a library, so that a broken link fails. The other crates are programs.
fn document() -> Result<()> {
    let mut rustdoc = process::command("cargo");
    rustdoc.env("RUSTDOCFLAGS", "-D warnings").args(["doc", "--quiet", "--no-deps", "--document-private-items"]);
    process::run(rustdoc.args(NATIVE))
}

fn cargo(command: &[&str], packages: &[&str], more: &[&str]) -> Result<()> {
    process::run(process::command("cargo").args(command).args(packages).args(more))
}

#[derive(Default)]
struct Checks {
    done: usize,
    failed: Vec<&'static str>,
}

impl Checks {
    fn run(&mut self, name: &'static str, check: impl FnOnce() -> Result<()>) -> bool {
        self.done += 1;
        let result = process::step(name, check);
        if let Err(error) = &result {
            println!("   FAILED: {error:#}");
            self.failed.push(name);
        }
        result.is_ok()
    }

    fn finish(self, start: Instant) -> Result<()> {
        let minutes = start.elapsed().as_secs_f64() / 60.0;
        if !self.failed.is_empty() {
            bail!(
                "{} of {} checks failed after {minutes:.1} min: {}",
                self.failed.len(),
                self.done,
                self.failed.join(", ")
            );
        }
        println!("All {} checks passed in {minutes:.1} min", self.done);
        Ok(())
    }
}
