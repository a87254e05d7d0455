//! Bytes to rows: what a dropped file is, what is in it, and which rows train and validate.
//!
//! A file is read twice, in chunks: a [`Scanner`] tells what is in it and for which task it looks to be, and once the
//! person has agreed on the [`Mapping`] a [`Collector`] takes what it names of each row. A [`Dataset`] splits those
//! [`Examples`] without reading again.

mod cell;
mod collect;
mod formats;
mod inspect;
mod layout;
mod mapping;
mod phrases;
mod prepare;
mod skipped;
mod source;
mod tag_scheme;
mod template;

#[cfg(test)]
mod tests;

pub use collect::collector::Collector;
pub use collect::example::{Example, Message, Role, Word};
pub use collect::examples::Examples;
pub use collect::words::words;
pub use formats::parallel::align;
pub use inspect::scan::{Hints, Scanner};
pub use layout::{Encoding, Format};
pub use mapping::Mapping;
pub use prepare::dataset::Dataset;
pub use prepare::report::{ClassCount, Cut, Cuts, DataReport, RepeatedText, TaskFacts, TokenLengths};
pub use skipped::SkippedRow;
pub use source::{DataRole, SourceInfo};
