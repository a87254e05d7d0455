//! Reads Parquet for Hone, as lines of JSON.
//!
//! This is a wasm module of its own, and not a part of the engine, for two reasons. The parquet crate may panic on a damaged
//! file, and a panic in wasm is final: here it ends a reader, while the engine and the user's work stay. And only those who
//! open such a file download it. The engine's worker (app/worker/src/tables.rs) gives every reader an instance of its own,
//! whose memory goes with it; the program uses the crate as it is. The crate knows nothing of Hone's other crates.

mod calendar;
mod columns;
mod json;
mod report;
mod source;
mod table;
#[cfg(target_arch = "wasm32")]
mod wasm;

pub use report::Report;
pub use source::{Seekable, Source};
pub use table::{MAX_COLUMNS, Table};
