//! The first pass: what a file is, what is in it, and which task it fits.

pub(crate) mod cell_kind;
pub(crate) mod columns;
pub(crate) mod findings;
pub(crate) mod guess;
pub(crate) mod languages;
pub(crate) mod scan;
pub(crate) mod sniff;
