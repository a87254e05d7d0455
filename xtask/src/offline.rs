//! The service worker of the built page (app/sw.js): the list of the files that it keeps, and the headers that it adds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

use crate::{fetch, paths, process};

const SERVICE_WORKER: &str = "sw.js";
const PAGE: &str = "index.html";
/// The page's attribute that the service worker compares with its own version.
const ATTRIBUTE: &str = "data-version=\"";

/// Writes the service worker for the files in dist/ and these headers, and the version of the build into the page.
/// Called last: every file has its final content.
pub fn write(dist: &Path, headers: &str) -> Result<()> {
    let page = dist.join(PAGE);
    fs::write(&page, with_version(&fs::read_to_string(&page)?, "")?)?;
    let policy = fetch::hash_of(headers);
    let version = fetch::hash_of(&format!("{policy} {:?}", digests(dist)?));
    fs::write(&page, with_version(&fs::read_to_string(&page)?, &version)?)?;

    let build = json!({ "version": version, "files": digests(dist)?, "headers": listed(headers), "policy": policy });
    let source = fs::read_to_string(paths::root().join("app").join(SERVICE_WORKER))?;
    Ok(fs::write(dist.join(SERVICE_WORKER), format!("const BUILD = {build};\n\n{source}"))?)
}

/// Draws the icons as PNG files next to the SVG.
pub fn draw_icons(dist: &Path) -> Result<()> {
    let script = paths::root().join("xtask/src/icons.mjs");
    process::run(process::command("node").arg(script).arg(paths::root().join("public/icon.svg")).arg(dist))
}

/// The headers in the text of `_headers`.
pub fn listed(headers: &str) -> BTreeMap<&str, &str> {
    headers.lines().filter_map(|line| line.strip_prefix("  ")?.split_once(": ")).collect()
}

fn with_version(page: &str, version: &str) -> Result<String> {
    let missing = || format!("{PAGE} has no attribute {ATTRIBUTE}\"");
    let (before, rest) = page.split_once(ATTRIBUTE).with_context(missing)?;
    let (_, after) = rest.split_once('"').with_context(missing)?;
    Ok(format!("{before}{ATTRIBUTE}{version}\"{after}"))
}

/// SHA-256 of each file that the page needs without the network, by path.
fn digests(dist: &Path) -> Result<BTreeMap<String, String>> {
    let mut digests = BTreeMap::new();
    add(dist, "", &mut digests)?;
    Ok(digests)
}

fn add(folder: &Path, prefix: &str, digests: &mut BTreeMap<String, String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if !is_kept(&path) {
            continue;
        }
        if entry.path().is_dir() {
            add(&entry.path(), &format!("{path}/"), digests)?;
        } else {
            digests.insert(path, fetch::hash(&entry.path())?);
        }
    }
    Ok(())
}

/// Models are too large, and the engine stores them itself; compressed files and lists are for the host.
fn is_kept(path: &str) -> bool {
    !matches!(path, "models" | "_headers" | "robots.txt" | SERVICE_WORKER) && !path.ends_with(".br")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADERS: &str = "/*\n  Content-Security-Policy: default-src 'none'\n";

    fn build_of(dist: &Path) -> serde_json::Value {
        let text = fs::read_to_string(dist.join(SERVICE_WORKER)).unwrap();
        let line = text.lines().next().unwrap();
        serde_json::from_str(line.strip_prefix("const BUILD = ").unwrap().strip_suffix(';').unwrap()).unwrap()
    }

    #[test]
    fn the_service_worker_lists_the_files_of_page_and_engine_but_no_model() {
        let dist = std::env::temp_dir().join(format!("hone-offline-{}", std::process::id()));
        fs::create_dir_all(dist.join("models/mini")).unwrap();
        fs::create_dir_all(dist.join("samples")).unwrap();
        for (name, text) in [
            (PAGE, "<html data-version=\"\">"),
            ("engine.wasm", "wasm"),
            ("engine.wasm.br", "br"),
            ("_headers", HEADERS),
            ("models/mini/model.safetensors", "weights"),
            ("samples/index.json", "[]"),
        ] {
            fs::write(dist.join(name), text).unwrap();
        }
        write(&dist, HEADERS).unwrap();
        let first = build_of(&dist);
        let files: Vec<&str> = first["files"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(files, ["engine.wasm", PAGE, "samples/index.json"]);
        assert_eq!(first["files"][PAGE], fetch::hash(&dist.join(PAGE)).unwrap(), "the page as it is served");
        assert_eq!(first["headers"]["Content-Security-Policy"], "default-src 'none'");
        let version = first["version"].as_str().unwrap();
        assert_eq!(fs::read_to_string(dist.join(PAGE)).unwrap(), format!("<html data-version=\"{version}\">"));

        write(&dist, HEADERS).unwrap();
        assert_eq!(build_of(&dist), first, "the same files have the same version");
        fs::write(dist.join("engine.wasm"), "other").unwrap();
        write(&dist, HEADERS).unwrap();
        assert_ne!(build_of(&dist)["version"], first["version"]);
        fs::remove_dir_all(dist).unwrap();
    }

    #[test]
    fn the_headers_include_policy_and_isolation() {
        let headers = fs::read_to_string(paths::root().join("public/_headers")).unwrap();
        let listed = listed(&headers);
        assert!(listed["Content-Security-Policy"].starts_with("default-src 'none'"));
        assert_eq!(listed["Cross-Origin-Opener-Policy"], "same-origin");
        assert_eq!(listed["Cross-Origin-Embedder-Policy"], "require-corp");
    }
}
