//! The first pass: detects the layout of a file and the tasks that it fits.

pub(crate) mod cell_kind;
mod choice_columns;
pub(crate) mod column_names;
pub(crate) mod columns;
mod described_rows;
pub(crate) mod drafts;
pub(crate) mod findings;
pub(crate) mod guess;
pub(crate) mod header;
pub(crate) mod languages;
pub(crate) mod list_evidence;
pub(crate) mod offers;
pub(crate) mod pair_columns;
pub(crate) mod quotes;
pub(crate) mod scan;
pub(crate) mod sniff;
pub(crate) mod table;
pub(crate) mod unused;
