//! The second pass: turns records into the examples that a mapping describes.

pub(crate) mod answers;
pub(crate) mod browse;
pub(crate) mod cells;
pub(crate) mod collector;
pub(crate) mod corrector;
pub(crate) mod example;
pub(crate) mod examples;
pub(crate) mod flags;
pub(crate) mod label_lists;
pub(crate) mod labels;
pub(crate) mod lists;
pub(crate) mod lost_targets;
pub(crate) mod messages;
pub(crate) mod natural_order;
pub(crate) mod numbers;
pub(crate) mod offsets;
pub(crate) mod pool;
pub(crate) mod records;
pub(crate) mod repairs;
pub(crate) mod row_error;
pub(crate) mod row_parser;
pub(crate) mod row_targets;
pub(crate) mod same_labels;
pub(crate) mod spans;
pub(crate) mod stream;
pub(crate) mod tags;
