//! Rows to tokens: a guarded tokenizer, chat templates, encoded texts, and batches of similar length.

mod batch;
mod chat;
mod gguf;
mod lengths;
mod tokenizer;

pub(crate) use batch::LENGTHS;
pub use batch::{Batch, EncodedTexts, batches_by_length, padded_len, shuffled_batches};
pub use chat::{ChatTemplate, Message};
pub use gguf::GgufVocab;
pub use lengths::token_lengths;
pub use tokenizer::{Tokenizer, TokenizerError};
