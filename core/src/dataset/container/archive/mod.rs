//! Zips and tar archives: one table of several, a folder for each class, or texts with annotations.

pub(crate) mod classes;
pub(crate) mod consecutive;
pub(crate) mod contents;
pub(crate) mod folder_pieces;
pub(crate) mod member;
pub(crate) mod opened;
pub(crate) mod parallel;
pub(crate) mod shards;
pub(crate) mod standoff;
pub(crate) mod standoff_pieces;
pub(crate) mod table_splits;
pub(crate) mod tar;
