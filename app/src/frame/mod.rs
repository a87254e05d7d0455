//! The frame of the page: the list of steps, and the section of each.

mod nav;
mod section;

pub use nav::StepNav;
pub use section::StepSection;
