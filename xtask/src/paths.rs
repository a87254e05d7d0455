//! Paths: the checkout, and the cache outside it.

use std::env;
use std::path::{Path, PathBuf};

/// The checkout.
pub fn root() -> PathBuf {
    // Cargo sets the package's folder when it runs us; checkouts that share a target folder can share the program too.
    let package = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    package.parent().map_or(package.clone(), Path::to_path_buf)
}

/// The built page.
pub fn dist() -> PathBuf {
    root().join("dist")
}

/// Folder of the build's Node packages.
pub fn build_tools() -> PathBuf {
    root().join("xtask")
}

/// The end-to-end tests, with their Node packages.
pub fn e2e() -> PathBuf {
    root().join("tests/e2e")
}

/// Everything that is downloaded or generated once and outlives a checkout.
pub fn cache() -> PathBuf {
    let home = env::var_os("HOME").or_else(|| env::var_os("USERPROFILE")).map(PathBuf::from);
    home.unwrap_or_else(env::temp_dir).join(".cache/hone")
}

/// Folder of the Node packages with llama.cpp.
pub fn llama_cpp() -> PathBuf {
    root().join("tests/llama-cpp")
}

/// Root folder of `cargo install` for the tools of the build.
pub fn tools() -> PathBuf {
    cache().join("tools")
}

/// Cargo's target folder for everything built here: the user's own choice, or one shared by checkouts.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| cache().join("target"), PathBuf::from)
}

/// The Python environment with the reference implementations.
pub fn python_environment() -> PathBuf {
    cache().join("pyref")
}

/// Interpreter of that environment.
pub fn reference_python() -> PathBuf {
    python_environment().join("bin/python")
}
