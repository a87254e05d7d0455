//! Builds the page into dist/, ready for any static host.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Result, bail};

use crate::model::Model;
use crate::wasm::{self, MODULES};
use crate::{offline, paths, process, samples};

/// All sources of the page.
const SOURCES: [&str; 11] = [
    "app",
    "core",
    "public",
    "xtask/src/icons.mjs",
    "xtask/src/offline.rs",
    "xtask/src/samples",
    "Cargo.toml",
    "Cargo.lock",
    "Trunk.toml",
    "rust-toolchain.toml",
    ".cargo",
];

/// Written last, so that its date marks a complete build.
const LAST: &str = "_headers";

/// Builds the page; `quick` skips optimizing the wasm.
pub fn run(quick: bool) -> Result<()> {
    let dist = paths::dist();
    process::step("Building page and worker (the first time takes a quarter of an hour)", || {
        process::run(process::command("cargo").args(["fetch", "--quiet"]))?;
        let mut trunk = process::command("trunk");
        // Trunk wants `true` or `false` in this variable and stops at the usual `1`.
        trunk.env_remove("NO_COLOR").args(["build", "--quiet", "--release", "--offline"]);
        process::run(&mut trunk)?;
        wasm::build_tables(&dist)
    })?;
    if !quick {
        wasm::finish(&dist)?;
    }
    Model::catalog()?.iter().try_for_each(|model| model.link_into(&dist))?;
    samples::link_into(&dist)?;
    copy_folder(&paths::root().join("public"), &dist)?;
    offline::draw_icons(&dist)?;
    let headers = fs::read_to_string(paths::root().join("public").join(LAST))?;
    offline::write(&dist, &headers)?;
    fs::write(dist.join(LAST), headers)?;
    report(&dist)
}

/// The page's hub in the sources, and the hosts that it redirects browsers to for large files.
const HUB: &str = "https://huggingface.co";
const HUB_HOSTS: &str = "https://huggingface.co https://*.hf.co";

/// Changes the hub that the built page fetches models from; an empty address allows none.
pub fn set_hub(address: &str) -> Result<()> {
    let address = address.trim_end_matches('/');
    let is_origin =
        address.split_once("://").is_some_and(|(_, host)| !host.is_empty() && !host.contains(['/', ' ', ';', '"']));
    if !address.is_empty() && !is_origin {
        bail!("--hub takes an address like https://hub.example, without a path");
    }
    let dist = paths::dist();
    for file in ["index.html", LAST] {
        let path = dist.join(file);
        fs::write(&path, with_hub(&fs::read_to_string(&path)?, address))?;
    }
    offline::write(&dist, &fs::read_to_string(dist.join(LAST))?)
}

/// Replaces the hub in the policy and the attribute of one of the page's files.
fn with_hub(text: &str, address: &str) -> String {
    let policy = format!("connect-src 'self' {address}");
    text.replace(&format!("connect-src 'self' {HUB_HOSTS}"), policy.trim_end())
        .replace(&format!("data-hub=\"{HUB}\""), &format!("data-hub=\"{address}\""))
}

/// Builds, unless dist/ is newer than every source, and optimized.
pub fn run_if_changed() -> Result<()> {
    let built = fs::metadata(paths::dist().join(LAST)).and_then(|metadata| metadata.modified());
    let changed = SOURCES.iter().map(|source| newest(&paths::root().join(source))).collect::<Result<Vec<_>>>()?;
    match (built, changed.into_iter().max()) {
        (Ok(built), Some(changed)) if built >= changed && is_optimized() => Ok(()),
        _ => run(false),
    }
}

/// Returns true if the wasm in dist/ is optimized and compressed.
fn is_optimized() -> bool {
    MODULES.iter().all(|module| module.sizes(&paths::dist()).is_ok_and(|(_, brotli)| brotli.is_some()))
}

/// Fails if a part of the page exceeds its size budget.
pub fn check_budgets() -> Result<()> {
    for module in &MODULES {
        match module.sizes(&paths::dist())? {
            (_, Some(brotli)) if brotli <= module.budget => {}
            (_, brotli) => bail!("{}: {brotli:?} bytes as brotli, at most {} allowed", module.file, module.budget),
        }
    }
    Ok(())
}

/// Copies the files of a folder and of those in it, except the one that is written last.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
        let (from, to) = (from.join(&name), to.join(&name));
        if from.is_dir() {
            copy_folder(&from, &to)?;
        } else if name != LAST {
            fs::copy(from, to)?;
        }
    }
    Ok(())
}

fn report(dist: &Path) -> Result<()> {
    for module in &MODULES {
        let (raw, brotli) = module.sizes(dist)?;
        let brotli = brotli.map_or("not compressed".into(), |bytes| format!("{} KB as brotli", bytes / 1000));
        println!("   {:6} {:6} KB, {brotli} (at most {} KB)", module.name, raw / 1000, module.budget / 1000);
    }
    Ok(())
}

/// Latest modification date of the files and folders below; a folder's own date reveals removed files.
fn newest(path: &Path) -> Result<SystemTime> {
    let metadata = fs::metadata(path)?;
    let mut newest_date = metadata.modified()?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            newest_date = newest_date.max(newest(&entry?.path())?);
        }
    }
    Ok(newest_date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_hub_replaces_the_first_in_policy_and_page() {
        for name in ["app/index.html", "public/_headers"] {
            let text = fs::read_to_string(paths::root().join(name)).unwrap();
            let other = with_hub(&text, "https://hub.example");
            assert!(other.contains("connect-src 'self' https://hub.example;"), "{name}");
            let none = with_hub(&text, "");
            assert!(none.contains("connect-src 'self';"), "{name}");
            assert!(!other.contains("huggingface") && !none.contains("huggingface"), "{name}");
        }
    }

    #[test]
    fn the_installed_page_is_offered_for_exactly_the_files_that_it_reads() {
        let page = fs::read_to_string(paths::root().join("app/src/data/mod.rs")).unwrap();
        let (_, accept) = page.split_once("const ACCEPT: &str =").unwrap();
        let mut read: Vec<&str> = accept.split('"').nth(1).unwrap().split(',').collect();
        let manifest = fs::read_to_string(paths::root().join("public/manifest.webmanifest")).unwrap();
        let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
        let types = manifest["file_handlers"][0]["accept"].as_object().unwrap().values();
        let mut offered: Vec<&str> =
            types.flat_map(|endings| endings.as_array().unwrap()).map(|ending| ending.as_str().unwrap()).collect();
        read.sort_unstable();
        offered.sort_unstable();
        assert_eq!(offered, read, "public/manifest.webmanifest and ACCEPT in app/src/data");
    }

    #[test]
    fn the_page_carries_the_policy_of_the_headers() {
        let page = fs::read_to_string(paths::root().join("app/index.html")).unwrap();
        let headers = fs::read_to_string(paths::root().join("public/_headers")).unwrap();
        let (_, policy) = headers.split_once("Content-Security-Policy: ").unwrap();
        // Browsers take this one from a header only.
        let policy = policy.lines().next().unwrap().replace("; frame-ancestors 'none'", "");
        assert!(page.contains(&format!("content=\"{policy}\"")), "{policy}");
    }
}
