//! What is exported.

use serde::{Deserialize, Serialize};

/// What is taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportForm {
    /// A whole model; an adapter is merged into it.
    #[default]
    Model,
    /// The adapter alone, as a PEFT folder.
    Adapter,
}
