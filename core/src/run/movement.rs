//! How far the weights have moved since the beginning of a run.

use serde::{Deserialize, Serialize};

use crate::recipe::ParamGroup;

/// Distance of a parameter group from where it began.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupMovement {
    /// The group.
    pub group: ParamGroup,
    /// Norm of the difference to the weights at the beginning, divided by the norm of those: `‖w − w₀‖ / ‖w₀‖`.
    pub relative: f64,
}
