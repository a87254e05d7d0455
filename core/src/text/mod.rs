//! Rows to tokens: a guarded tokenizer, encoded texts, and batches of similar length.

mod batch;
mod tokenizer;

pub use batch::{Batch, EncodedTexts, batches_by_length, shuffled_batches};
pub use tokenizer::{Tokenizer, TokenizerError};
