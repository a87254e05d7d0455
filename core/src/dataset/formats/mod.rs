//! Conversion of bytes to records, with one reader per file format.

mod brackets;
pub(crate) mod conll;
pub(crate) mod conll_columns;
mod conll_lines;
pub(crate) mod decode;
pub(crate) mod delimited;
pub(crate) mod detect;
pub(crate) mod json;
mod json_annotations;
pub(crate) mod json_chats;
mod json_choices;
pub(crate) mod json_columns;
mod json_dialogs;
pub(crate) mod json_document;
mod json_questions;
pub(crate) mod json_shapes;
pub(crate) mod labeled_lines;
pub(crate) mod not_text;
pub(crate) mod parallel;
pub(crate) mod reader;
pub(crate) mod record;
pub(crate) mod sheet;
pub(crate) mod squad;
pub(crate) mod step;
pub(crate) mod text;
pub(crate) mod threads;
pub(crate) mod word_table;
