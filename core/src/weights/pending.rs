//! Bytes that wait until there are enough of them.

use crate::weights::WeightsError;

/// The bytes of a file that have come and are not used yet: never more than what was asked for.
#[derive(Debug, Default)]
pub(super) struct Pending {
    bytes: Vec<u8>,
}

impl Pending {
    /// Takes from `piece` until there are `need` bytes, and says whether there are.
    ///
    /// # Errors
    /// When memory for `what` is not to be had.
    pub(super) fn fill(&mut self, piece: &mut &[u8], need: usize, what: &str) -> Result<bool, WeightsError> {
        let missing = need.saturating_sub(self.bytes.len());
        self.bytes.try_reserve(missing).map_err(|_| out_of_memory(what, need))?;
        let (now, later) = piece.split_at(piece.len().min(missing));
        self.bytes.extend_from_slice(now);
        *piece = later;
        Ok(self.bytes.len() >= need)
    }

    /// What is there.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What is there, to be used.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

/// There is no room for `need` bytes of `what`.
pub(super) fn out_of_memory(what: &str, need: usize) -> WeightsError {
    let reason = format!("needs {need} bytes of memory, which are not to be had");
    WeightsError::Tensor { name: what.into(), reason }
}
