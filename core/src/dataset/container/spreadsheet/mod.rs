//! Spreadsheets, read as a stream of rows.

pub(crate) mod notes;
pub(crate) mod number_format;
pub(crate) mod ods;
pub(crate) mod row;
pub(crate) mod sheet_pieces;
pub(crate) mod sheets;
pub(crate) mod workbook;
pub(crate) mod xlsx;
