//! Zips and tar archives: one table of several, or a folder for each class.

pub(crate) mod classes;
pub(crate) mod contents;
pub(crate) mod folder_pieces;
pub(crate) mod member;
pub(crate) mod opened;
pub(crate) mod tar;
