//! Rows to tokens: a guarded tokenizer, chat templates, encoded rows, and batches of similar length.

mod batch;
mod chat;
pub mod conversation;
mod cut;
mod encode;
mod examples;
mod gguf;
mod lengths;
mod questions;
mod row_encoder;
mod similarity;
mod similarity_batches;
mod special_tokens;
mod thought;
mod tokenizer;

pub(crate) use batch::LENGTHS;
pub use batch::{Batch, EncodedTexts, batches_by_length, padded_len, shuffled_batches};
pub(crate) use chat::JINJA;
pub use chat::{ChatMessage, ChatTemplate, RenderedChat};
pub use encode::{EncodedRows, tagged};
pub(crate) use examples::NO_ANSWER;
pub use examples::{EncodedExamples, Labels, Question, Reference, Relevance, Window};
pub use gguf::GgufVocab;
pub use lengths::token_lengths;
pub use row_encoder::RowEncoder;
pub use similarity::Similarity;
pub use special_tokens::SpecialTokens;
pub use thought::without_empty_thought;
pub use tokenizer::{Token, Tokenizer, TokenizerError, TokenizerFile};
