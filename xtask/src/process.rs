//! Running other programs, and printing what runs and how long it took.

use std::env;
use std::ffi::OsStr;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::paths;

/// A command that prefers the build's tools to the user's, and never waits for input.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let own = [paths::tools().join("bin"), paths::build_tools().join("node_modules/.bin")];
    let theirs = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths(own.into_iter().chain(env::split_paths(&theirs))).unwrap_or(theirs);
    let mut command = Command::new(program);
    command.current_dir(paths::root()).env("PATH", path).env("CARGO_TARGET_DIR", paths::target()).stdin(Stdio::null());
    command
}

/// Runs to the end; a failure is an error that names the command.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", shown(command)))?;
    if !status.success() {
        bail!("{} failed ({status})", shown(command));
    }
    Ok(())
}

/// Runs to the end and returns the trimmed output; the error on failure contains the output.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {}", shown(command)))?;
    if !output.status.success() {
        bail!("{} failed ({}): {}", shown(command), output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Returns true if the program starts and exits with status zero.
pub fn works(program: &str, arguments: &[&str]) -> bool {
    command(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Does a piece of work under a heading and prints how long it took.
pub fn step<T>(heading: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("== {heading}");
    let start = Instant::now();
    let result = work().with_context(|| heading.to_owned())?;
    println!("   {heading}: {:.1} s", start.elapsed().as_secs_f64());
    Ok(result)
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
