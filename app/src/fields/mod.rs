//! The controls of the recipe's fields.

mod control;
mod number;

pub use control::ControlField;
