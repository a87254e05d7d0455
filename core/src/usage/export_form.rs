//! The forms of an export.

use serde::{Deserialize, Serialize};

/// Form of an exported model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportForm {
    /// The whole model, with any adapter merged into it.
    #[default]
    Model,
    /// The adapter alone, as a PEFT folder.
    Adapter,
}
