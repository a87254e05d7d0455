//! Rows to tokens: a guarded tokenizer, encoded texts, and batches of similar length.

mod batch;
mod lengths;
mod tokenizer;

pub(crate) use batch::LENGTHS;
pub use batch::{Batch, EncodedTexts, batches_by_length, padded_len, shuffled_batches};
pub use lengths::token_lengths;
pub use tokenizer::{Tokenizer, TokenizerError};
