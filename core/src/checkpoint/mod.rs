//! A run saved to files, so that it can continue exactly where it was.
//!
//! A saved run is two files. [`TENSORS`](CheckpointFile::Tensors) is in the safetensors format: its first tensors are bytes
//! with the record of the run and the state of the session, in CBOR (RFC 8949), which holds every float exactly; weights
//! and optimizer state follow. The manifest, written last, has the checksum of each tensor. Neither has a row of the data.

mod archive;
mod entries;
mod error;
mod manifest;
mod reader;
mod slots;
mod writer;

pub use archive::{pack, unpack};
pub use entries::RecordEntry;
pub use manifest::{Manifest, VERSION};
pub use reader::CheckpointReader;
pub use slots::{
    CheckpointFile, CheckpointFolder, RestoredRun, SavedBestModel, Saving, Slot, best, clear, load, peek, save,
};
pub use writer::CheckpointWriter;
