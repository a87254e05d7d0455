//! Installs missing tools, prints what it does, and is quick if nothing is missing.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};

use crate::model::Model;
use crate::{apt, paths, process, samples};

/// Later versions of Trunk need a newer compiler than the one in rust-toolchain.toml.
const TRUNK_VERSION: &str = "0.21.14";

/// Installs everything that a build needs.
pub fn run() -> Result<()> {
    let start = Instant::now();
    wasm_target()?;
    cargo_tool("trunk", "trunk", TRUNK_VERSION)?;
    cargo_tool("wasm-bindgen-cli", "wasm-bindgen", &locked_version("wasm-bindgen")?)?;
    node_packages(&paths::build_tools(), "Installing wasm-opt", &["ci"])?;
    Model::catalog()?.iter().try_for_each(Model::ensure)?;
    samples::ensure()?;
    println!("Set-up: everything is there ({:.1} s)", start.elapsed().as_secs_f64());
    Ok(())
}

/// Installs everything that a build and the tests in browsers and in JavaScript need.
pub fn with_tests() -> Result<()> {
    run()?;
    node_packages(&paths::e2e(), "Installing the Node packages of the tests", &["ci"])?;
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        // The optional packages are the same for graphics cards, and many times larger. `npm ci` wants them in the lockfile,
        // but not all of them are published.
        let command = ["install", "--no-save", "--omit=optional"];
        node_packages(&paths::llama_cpp(), "Installing llama.cpp for the tests", &command)?;
    }
    Ok(())
}

fn wasm_target() -> Result<()> {
    let sysroot = process::output(process::command("rustc").args(["--print", "sysroot"]))?;
    if Path::new(&sysroot).join("lib/rustlib/wasm32-unknown-unknown").exists() {
        return Ok(());
    }
    process::step("Adding the target wasm32-unknown-unknown", || {
        process::run(process::command("rustup").args(["target", "add", "wasm32-unknown-unknown"]))
    })
}

/// Installs a tool into our own folder, unless PATH has it at this version.
fn cargo_tool(package: &str, program: &str, version: &str) -> Result<()> {
    let is_there = process::output(process::command(program).arg("--version"))
        .is_ok_and(|output| output.split_whitespace().any(|word| word == version));
    if is_there {
        return Ok(());
    }
    process::step(&format!("Installing {package} {version}"), || {
        // Not optimized: these tools only orchestrate, and a release build takes five times as long.
        let build_folder = paths::cache().join("tools-target");
        let install = |locked: &[&str]| {
            let mut cargo = process::command("cargo");
            cargo.args(["install", package, "--version", version, "--debug", "--quiet"]).args(locked);
            cargo.arg("--root").arg(paths::tools()).arg("--target-dir").arg(&build_folder);
            process::run(cargo.env("CARGO_PROFILE_DEV_DEBUG", "0"))
        };
        // A lockfile can name a version that has been withdrawn since.
        install(&["--locked"]).or_else(|_| install(&[]))?;
        fs::remove_dir_all(&build_folder).ok();
        Ok(())
    })
}

fn locked_version(package: &str) -> Result<String> {
    let lock = fs::read_to_string(paths::root().join("Cargo.lock")).context("Cargo.lock")?;
    version_in_lock(&lock, package).ok_or_else(|| anyhow!("Cargo.lock does not name {package}"))
}

fn version_in_lock(lock: &str, package: &str) -> Option<String> {
    let (_, entry) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    Some(entry.split('"').next()?.to_owned())
}

/// The first number of a version, such as 20 for `v20.1.0`.
fn major(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

/// Installs the Node packages in a folder's lockfile, unless they are installed. No package runs a script.
pub fn node_packages(folder: &Path, heading: &str, command: &[&str]) -> Result<()> {
    apt::ensure("Node.js 20 or later with npm", "npm", || {
        let version = process::output(process::command("node").arg("--version"));
        version.is_ok_and(|version| major(&version) >= Some(20)) && process::works("npm", &["--version"])
    })?;
    // npm writes the inner lockfile last, so its date shows whether an installation was completed, and of which
    // lockfile.
    let modified = |file: &str| fs::metadata(folder.join(file)).and_then(|metadata| metadata.modified());
    if let (Ok(installed), Ok(wanted)) = (modified("node_modules/.package-lock.json"), modified("package-lock.json"))
        && installed >= wanted
    {
        return Ok(());
    }
    process::step(heading, || {
        let mut npm = process::command("npm");
        npm.args(command).args(["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"]);
        process::run(npm.current_dir(folder))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_with_a_common_prefix_are_distinguished_in_the_lockfile() {
        let lock = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.1\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(version_in_lock(lock, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(version_in_lock(lock, "wasm"), None);
    }

    #[test]
    fn nodes_version_is_read() {
        assert_eq!(major("v20.1.0"), Some(20));
        assert!(major("v18.19.0") < Some(20) && major("what") < Some(20));
    }
}
