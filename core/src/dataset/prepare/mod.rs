//! Turns examples into training and validation rows, and reports on them.

pub(crate) mod build;
pub(crate) mod classes;
pub(crate) mod comparisons;
pub(crate) mod dataset;
pub(crate) mod duplicates;
pub(crate) mod filter;
pub(crate) mod held_out;
mod language;
pub(crate) mod queries;
pub(crate) mod report;
pub(crate) mod split;
pub(crate) mod summary;
mod wild_numbers;
