//! Unpacks a file while it is read, so that both passes see plain text.

pub(crate) mod archive;
pub(crate) mod bounded;
pub(crate) mod data_reader;
pub(crate) mod document;
pub(crate) mod json_splits;
pub(crate) mod office;
pub(crate) mod packing;
pub(crate) mod pieces;
pub(crate) mod shared_file;
pub(crate) mod splits;
pub(crate) mod spreadsheet;
pub(crate) mod table_reader;
pub(crate) mod tracked;
pub(crate) mod translations;
pub(crate) mod unpacked;
pub(crate) mod whole_file;
pub(crate) mod xml;
pub(crate) mod zip_files;
pub(crate) mod zstd;
