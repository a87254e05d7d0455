//! System packages: installed on Debian as root, otherwise named for the user to install.

use std::path::Path;

use anyhow::{Result, bail};

use crate::process;

/// Ensures that a program is installed: `found` looks for it, `package` is its Debian package.
///
/// # Errors
/// If it is missing and cannot be installed here; the message names what to install.
pub fn ensure(what: &str, package: &str, found: impl Fn() -> bool) -> Result<()> {
    if found() {
        return Ok(());
    }
    if !can_install() {
        bail!(
            "{what} is missing. Nothing was installed. Install it (Debian's package is `{package}`) and run this again."
        );
    }
    process::step(&format!("Installing {what}"), || {
        let apt = || {
            let mut apt = process::command("apt-get");
            apt.env("DEBIAN_FRONTEND", "noninteractive").arg("-qq");
            apt
        };
        process::run(apt().arg("update"))?;
        process::run(apt().args(["install", "--yes", "--no-install-recommends", package]))
    })?;
    if !found() {
        bail!("{what} is still missing after installing the package `{package}`");
    }
    Ok(())
}

fn can_install() -> bool {
    let is_root = process::output(process::command("id").arg("-u")).is_ok_and(|id| id == "0");
    is_root && Path::new("/usr/bin/apt-get").exists()
}
