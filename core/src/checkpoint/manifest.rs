//! The manifest of a saved run, which is written last: without it, the tensors count for nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::checkpoint::error::{damaged, not_saved};
use crate::diagnostic::Diagnostic;

/// Version of the state of a session. A run saved by another version cannot continue, but its best weights can be taken
/// out.
pub const VERSION: u32 = 2;

/// Beginning of the last line, which has the checksum of all before it.
const LAST_LINE: &str = "\ncrc32 ";

/// Lengths and checksums of a saved run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`VERSION`] of the build that saved it.
    pub version: u32,
    /// Number of the save: a later one has a greater number.
    pub generation: u64,
    /// Size of the tensors' file, in bytes.
    pub bytes: u64,
    /// CRC-32 of the header of the tensors' file, with its length.
    pub header_crc32: u32,
    /// CRC-32 of each tensor, by name.
    pub crc32: BTreeMap<String, u32>,
}

impl Manifest {
    /// The manifest's file.
    ///
    /// # Errors
    /// `checkpoint.write` if it cannot be written as JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Diagnostic> {
        let mut text = serde_json::to_string_pretty(self).map_err(not_saved)?;
        let crc32 = crc32fast::hash(text.as_bytes());
        text.push_str(&format!("{LAST_LINE}{crc32:08x}\n"));
        Ok(text.into_bytes())
    }

    /// Parses a manifest's file.
    ///
    /// # Errors
    /// `checkpoint.damaged` if a byte is wrong or missing.
    pub fn parse(bytes: &[u8]) -> Result<Self, Diagnostic> {
        let text = str::from_utf8(bytes).map_err(|_| damaged("its manifest is no text"))?;
        let (json, last) = text.rsplit_once(LAST_LINE).ok_or_else(|| damaged("its manifest ends too early"))?;
        if last != format!("{:08x}\n", crc32fast::hash(json.as_bytes())) {
            return Err(damaged("the checksum of its manifest is wrong"));
        }
        serde_json::from_str(json).map_err(|error| damaged(format!("its manifest cannot be read, {error}")))
    }

    /// Checks that this build can continue the run.
    ///
    /// # Errors
    /// `checkpoint.version` if another version saved it.
    pub fn check_version(&self) -> Result<(), Diagnostic> {
        if self.version == VERSION {
            return Ok(());
        }
        let what = format!("Another version of Hone saved this run (format {}, here {VERSION}).", self.version);
        Err(Diagnostic::new("checkpoint.version", what)
            .done("It was left as it is.")
            .remedy("Continue it with that version, or keep its best weights so far."))
    }
}
