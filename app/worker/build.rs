//! Names the build of the engine by a hash of its sources, so that a device that passed the self-check is checked again
//! by another build. The same sources give the same name and the same wasm.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{fs, io};

const SOURCES: [&str; 3] = ["src", "../../core/src", "../../Cargo.lock"];

fn main() -> io::Result<()> {
    let mut hash = DefaultHasher::new();
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
        add(Path::new(source), &mut hash)?;
    }
    println!("cargo::rustc-env=HONE_BUILD={}-{:016x}", env!("CARGO_PKG_VERSION"), hash.finish());
    Ok(())
}

/// Adds a file, or all files below a folder, sorted by name.
fn add(path: &Path, hash: &mut DefaultHasher) -> io::Result<()> {
    if !path.is_dir() {
        fs::read(path)?.hash(hash);
        return Ok(());
    }
    let mut entries: Vec<PathBuf> = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    entries.sort();
    entries.iter().try_for_each(|entry| add(entry, hash))
}
