//! The recipe while a person edits it: form, fields, presets, and what it will do before it runs.

pub mod digest;
pub mod estimate;
pub mod fields;
pub mod form;
pub mod plan;
pub mod presets;
pub mod unfreeze_order;
