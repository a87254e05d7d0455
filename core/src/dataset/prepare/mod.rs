//! From examples to the rows that train and validate, and the report on them.

pub(crate) mod dataset;
pub(crate) mod duplicates;
pub(crate) mod filter;
pub(crate) mod report;
pub(crate) mod split;
pub(crate) mod summary;
