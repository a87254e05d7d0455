//! The entries of a saved run that are no tensors: their names and types.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::checkpoint::error::{damaged, not_saved};
use crate::diagnostic::Diagnostic;
use crate::model::Standardization;
use crate::recipe::ParamGroup;
use crate::run::RunRecord;
use crate::train::TensorKind;

/// Name of the entry with the [`RecordEntry`].
pub(super) const RECORD: &str = "record";
/// Name of the entry with the [`SessionState`](crate::train::SessionState).
pub(super) const STATE: &str = "state";

/// Facts that later versions can read too, so that the best weights can always be taken out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordEntry {
    /// The record of the run.
    pub record: RunRecord,
    /// Standardization of the numbers that the output layer predicts.
    pub standardization: Standardization,
    /// Groups whose weights are saved; those of all others are the base model's.
    pub groups: BTreeSet<ParamGroup>,
    /// True if the best weights are the live ones.
    pub best_is_live: bool,
}

impl RecordEntry {
    /// Kind of the tensors that are the best weights.
    pub fn best_kind(&self) -> TensorKind {
        if self.best_is_live { TensorKind::Live } else { TensorKind::Best }
    }
}

/// Bytes of an entry.
pub(super) fn encode(entry: &impl Serialize) -> Result<Vec<u8>, Diagnostic> {
    let mut bytes = Vec::new();
    ciborium::into_writer(entry, &mut bytes).map_err(not_saved)?;
    Ok(bytes)
}

/// The entry `name` from its bytes.
pub(super) fn decode<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<T, Diagnostic> {
    ciborium::from_reader(bytes).map_err(|error| damaged(format!("its {name} cannot be read, {error}")))
}
