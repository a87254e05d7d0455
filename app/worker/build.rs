//! Gives every build of the engine a name of its own: a device that was checked is checked again by another build.

use std::time::{SystemTime, UNIX_EPOCH};

fn main() {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=../../core/src");
    println!("cargo::rerun-if-changed=../../Cargo.lock");
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    println!("cargo::rustc-env=HONE_BUILD={}-{seconds}", env!("CARGO_PKG_VERSION"));
}
