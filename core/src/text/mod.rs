//! Rows to tokens: a guarded tokenizer, encoded texts, and batches of similar length.

mod batch;
mod conversation;
mod encode;
mod examples;
mod frame;
mod lengths;
mod tokenizer;

pub(crate) use batch::LENGTHS;
pub use batch::{Batch, EncodedTexts, batches_by_length, padded_len, shuffled_batches};
pub use encode::{Cut, EncodedRows, tagged};
pub use examples::{Answers, Examples, Question, Reference, Window};
pub use frame::Frame;
pub use lengths::token_lengths;
pub use tokenizer::{Piece, Tokenizer, TokenizerError};
