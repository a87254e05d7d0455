//! The recipe while the user edits it: form, fields, presets, and a preview of the run.

pub mod digest;
pub mod estimate;
pub mod fields;
mod file;
pub mod form;
pub mod opposite;
pub mod plan;
pub mod presets;
pub mod unfreeze_order;
