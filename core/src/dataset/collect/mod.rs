//! The second pass: from records to the examples that a mapping names.

pub(crate) mod answers;
pub(crate) mod collector;
pub(crate) mod example;
pub(crate) mod examples;
pub(crate) mod label_lists;
pub(crate) mod labels;
pub(crate) mod messages;
pub(crate) mod row_error;
pub(crate) mod spans;
pub(crate) mod tags;
