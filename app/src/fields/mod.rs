//! The controls of the recipe's fields.

mod control;
mod number;
mod see;

pub use control::ControlField;
pub use see::STUDY;
