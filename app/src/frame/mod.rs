//! The frame of the page: the list of steps, the section of each, and what folds.

mod fold;
mod nav;
mod new_version;
mod section;

pub use fold::{FoldBody, FoldButton, FoldHead, OpenAll, keep_folds};
pub use nav::StepNav;
pub use new_version::NewVersionLine;
pub use section::StepSection;
