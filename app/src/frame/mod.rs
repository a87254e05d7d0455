//! The frame of the page: the list of steps, and the section of each.

mod nav;
mod new_version;
mod section;

pub use nav::StepNav;
pub use new_version::NewVersionLine;
pub use section::StepSection;
