//! Errors of weights files.

use thiserror::Error;

use crate::diagnostic::Diagnostic;

/// A weights file that cannot be used.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum WeightsError {
    /// The file is shorter than its header states, or empty.
    #[error("the file ends too early: it has {have} of {need} bytes")]
    Truncated {
        /// Bytes received.
        have: u64,
        /// Bytes that the header requires.
        need: u64,
    },
    /// The file is longer than its header states.
    #[error("there are bytes after the last tensor")]
    TrailingBytes,
    /// The length of the header is out of bounds.
    #[error("the header claims to be {0} bytes long; this is not a safetensors file")]
    HeaderLength(u64),
    /// Git or a web server put another file in place of the weights.
    #[error("the file is {0}, whatever its name")]
    Placeholder(&'static str),
    /// The header does not follow the format.
    #[error("the header cannot be read: {0}")]
    Header(String),
    /// A tensor's entry in the header is invalid.
    #[error("tensor {name}: {reason}")]
    Tensor {
        /// Name of the tensor.
        name: String,
        /// Reason, in words.
        reason: String,
    },
    /// The checksum differs from the catalog's.
    #[error("the file has been altered: its SHA-256 is not the one in the catalog")]
    Altered,
    /// The file lacks a tensor that the model needs.
    #[error("the file has no tensor {name}{}", suggestion(.similar))]
    Missing {
        /// Name of the tensor.
        name: String,
        /// The most similar name in the file.
        similar: Option<String>,
    },
}

impl WeightsError {
    /// The error for a file that is no weights file but begins as those that Git LFS or a web server put in their place.
    pub(crate) fn placeholder(start: &[u8]) -> Option<Self> {
        let start = start.to_ascii_lowercase();
        let is_like = |file: &str| !start.is_empty() && file.as_bytes().starts_with(&start);
        if is_like("version https://git-lfs") {
            Some(Self::Placeholder("a Git LFS pointer, which names the weights but does not contain them"))
        } else if is_like("<!doctype html") || start.starts_with(b"<html") || is_like("<html") {
            Some(Self::Placeholder("a web page (HTML)"))
        } else {
            None
        }
    }

    /// There is no memory for the `need` bytes of `what`.
    pub(crate) fn out_of_memory(what: &str, need: usize) -> Self {
        Self::Tensor { name: what.into(), reason: format!("needs {need} bytes of memory, which are not available") }
    }
}

fn suggestion(similar: &Option<String>) -> String {
    similar.as_ref().map(|name| format!(" (did you mean {name}?)")).unwrap_or_default()
}

impl From<WeightsError> for Diagnostic {
    fn from(error: WeightsError) -> Self {
        let (code, remedy) = match error {
            WeightsError::Truncated { .. } => {
                ("model.truncated", "Load the model again; the download was interrupted.")
            }
            WeightsError::Placeholder(_) => (
                "model.placeholder",
                "Run `git lfs pull` in the model's repository, or download the file itself from its web page, and use that \
                 file.",
            ),
            WeightsError::Altered => ("model.altered", "Load the model again from a source that you trust."),
            WeightsError::Missing { .. } => {
                ("model.missing-tensor", "Use the config.json and the weights of the same model.")
            }
            _ => ("model.weights", "Use the weights file as its author published it."),
        };
        Diagnostic::new(code, format!("The model's weights cannot be used: {error}."))
            .done("Nothing was changed.")
            .remedy(remedy)
    }
}
