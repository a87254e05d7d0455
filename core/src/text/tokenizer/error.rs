//! Errors of tokenizers.

use thiserror::Error;

use crate::diagnostic::Diagnostic;
use crate::limits::MAX_TOKENIZER_BYTES;

/// A tokenizer.json that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TokenizerError {
    /// Larger than any real tokenizer.
    #[error("tokenizer.json is {0} bytes long; the limit is {MAX_TOKENIZER_BYTES}")]
    TooLarge(usize),
    /// Not JSON, or not a tokenizer.
    #[error("{0} cannot be read: {1}")]
    Unreadable(String, String),
    /// No tokenizer.json, nor what it could be made from.
    #[error("there is no tokenizer.json")]
    Absent,
    /// An unsupported kind of tokenizer.
    #[error("tokenizer.json has a model of type \"{0}\"; Hone supports WordPiece, BPE, Unigram and WordLevel")]
    Kind(String),
    /// A file that contradicts itself.
    #[error("tokenizer.json contradicts itself: {0}")]
    Inconsistent(String),
    /// A token id beyond the model's vocabulary.
    #[error("tokenizer.json has the token id {id}, but the model has only {vocab} tokens")]
    BeyondVocab {
        /// The largest id.
        id: u32,
        /// Size of the vocabulary, in tokens.
        vocab: usize,
    },
    /// A GGUF file without a usable tokenizer.
    #[error("in the GGUF file, {0}")]
    Gguf(String),
    /// A text that the `tokenizers` crate cannot encode.
    #[error("a text cannot be encoded: {0}")]
    Encode(String),
}

impl From<TokenizerError> for Diagnostic {
    fn from(error: TokenizerError) -> Self {
        let remedy = match error {
            TokenizerError::Gguf(_) => "Use the GGUF file as its author published it, with its tokenizer.",
            TokenizerError::Absent => {
                "Add the tokenizer.json that belongs to the model. transformers makes it from other files: \
                 `AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)`."
            }
            _ => "Use the tokenizer.json that belongs to the model.",
        };
        let code = if error == TokenizerError::Absent { "model.no-tokenizer" } else { "model.tokenizer" };
        Diagnostic::new(code, format!("The model's tokenizer cannot be used: {error}."))
            .done("Nothing was changed.")
            .remedy(remedy)
    }
}
