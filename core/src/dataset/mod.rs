//! Conversion of a file's bytes to training and validation rows.
//!
//! A file is read twice, in chunks. First, a [`Scanner`] detects its layout and suggests a task. Once the user has agreed
//! on a [`Mapping`], a [`Collector`] reads the mapped columns of each row. A [`Dataset`] splits the resulting [`Examples`]
//! without reading the file again.

mod cell;
mod collect;
#[cfg(feature = "engine")]
mod container;
mod data_recipe;
mod folder;
mod formats;
mod input_columns;
mod inspect;
mod layout;
pub(crate) mod literal;
mod mapping;
mod number;
mod prepare;
mod separator;
mod skipped;
mod source;
mod tag_scheme;
mod template;
mod words;

#[cfg(test)]
mod tests;

pub use collect::browse::{FileRow, FileRows, RowBrowser, RowQuery};
pub use collect::cells::{CellReader, Cells};
pub use collect::collector::Collector;
pub use collect::correction::{CorrectedForm, Correction};
pub use collect::corrector::Corrector;
pub use collect::example::{Example, Message, Role, Word};
pub use collect::examples::Examples;
pub use collect::label_lists::ListForm;
#[cfg(feature = "engine")]
pub(crate) use collect::natural_order::sort_naturally;
#[cfg(feature = "engine")]
pub(crate) use collect::pool::Pool;
pub use collect::pool::PoolRow;
#[cfg(feature = "engine")]
pub(crate) use collect::records::Records;
#[cfg(feature = "engine")]
pub(crate) use collect::same_labels::label_key;
#[cfg(feature = "engine")]
pub use container::data_reader::DataReader;
#[cfg(feature = "engine")]
pub use container::table_reader::{OpenTable, TableReader, about_file, is_parquet};
pub use data_recipe::DataRecipe;
pub use folder::{TAR_BLOCK, TAR_END, is_data_file, sort_files, tar_header};
pub use formats::decode::encoding_by_label;
pub use formats::parallel::align;
pub use input_columns::{InputCells, InputColumns};
#[cfg(feature = "engine")]
pub(crate) use inspect::languages::language;
pub use inspect::scan::Scanner;
pub use layout::{Compression, Delimiter, Encoding, Format, Hints, Quirks, Quoting};
pub use mapping::Mapping;
pub use prepare::build::FEW_LABELS;
#[cfg(feature = "engine")]
pub(crate) use prepare::dataset::DatasetFile;
pub use prepare::dataset::{Dataset, DatasetFiles, HoldOut};
pub use prepare::held_out::HeldOutRows;
pub use prepare::report::{ClassCount, Cut, Cuts, DataReport, RepeatedText, TaskFacts, TokenLengths};
pub use skipped::SkippedRow;
pub use source::{DataRole, PartKind, Parts, SourceInfo, TaskOffer};
pub use words::words;
