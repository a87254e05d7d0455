//! The reason why a run ended.

use serde::{Deserialize, Serialize};

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// All epochs are done.
    Completed,
    /// The validation score had not improved within the patience.
    EarlyStopped,
    /// The user stopped the run.
    Stopped,
    /// Three consecutive steps were not finite.
    NotFinite,
    /// The device failed after an evaluation; the best weights are kept.
    DeviceFailed,
}

impl EndReason {
    /// Returns true if the run can be trained further.
    pub fn can_be_extended(self) -> bool {
        matches!(self, Self::Completed | Self::EarlyStopped | Self::Stopped)
    }
}
