//! A buffer for the bytes of a file that arrives in pieces.

use crate::weights::error::WeightsError;

/// Bytes that have arrived and have not been used: never more than were requested.
#[derive(Debug, Default)]
pub(super) struct Pending {
    bytes: Vec<u8>,
}

impl Pending {
    /// Moves bytes from `piece` until there are `need` of them, and returns true once there are.
    ///
    /// # Errors
    /// If there is no memory for `what`.
    pub(super) fn fill(&mut self, piece: &mut &[u8], need: usize, what: &str) -> Result<bool, WeightsError> {
        let missing = need.saturating_sub(self.bytes.len());
        self.bytes.try_reserve(missing).map_err(|_| WeightsError::out_of_memory(what, need))?;
        let (now, later) = piece.split_at(piece.len().min(missing));
        self.bytes.extend_from_slice(now);
        *piece = later;
        Ok(self.bytes.len() >= need)
    }

    /// The bytes that have arrived.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes out the bytes.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}
