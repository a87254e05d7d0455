//! Errors of weights files.

use thiserror::Error;

use crate::diagnostic::Diagnostic;
use crate::json_file::placeholder;

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
    /// A tensor of another shape than config.json states.
    #[error("tensor {name}: is {file:?} in the file and {config:?} by config.json")]
    Shape {
        /// Name of the tensor.
        name: String,
        /// Its shape in the file.
        file: Vec<usize>,
        /// Its shape by config.json.
        config: Vec<usize>,
    },
    /// A tensor of a type that is not supported.
    #[error("tensor {name} is of type {dtype}; F64, F32, F16 and BF16 can be read")]
    Dtype {
        /// Name of the tensor.
        name: String,
        /// Its type, as the header names it.
        dtype: String,
    },
    /// Matrices of LoRA next to the weights that they change.
    #[error("the file has adapters that are not merged into the weights ({0})")]
    Unmerged(String),
    /// Two tensors that are one by config.json.
    #[error("config.json ties {name} to {other} (\"tie_word_embeddings\"), and the file has two different ones")]
    Untied {
        /// Name of the tensor.
        name: &'static str,
        /// Name of the other one.
        other: &'static str,
    },
    /// The checksum differs from the catalog's.
    #[error("the file has been altered: its SHA-256 is not the one in the catalog")]
    Altered,
    /// A file lacks a tensor that the index of the files places there.
    #[error("tensor {name} is not in {shard}, where the index of the files places it")]
    NotInShard {
        /// Name of the tensor.
        name: String,
        /// Name of the file.
        shard: String,
    },
    /// Two files have the same tensor.
    #[error("tensor {name} is in two files, {} and {}", .shards[0], .shards[1])]
    InTwoShards {
        /// Name of the tensor.
        name: String,
        /// Names of the files.
        shards: [String; 2],
    },
    /// One of several files cannot be used.
    #[error("{shard}: {error}")]
    InShard {
        /// Name of the file.
        shard: String,
        /// The reason.
        error: Box<WeightsError>,
    },
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
        let is_json = start.starts_with(b"{\"");
        placeholder(start).or(is_json.then_some("a JSON text")).map(Self::Placeholder)
    }

    /// The error itself, without the file that it is in.
    fn reason(&self) -> &Self {
        match self {
            Self::InShard { error, .. } => error.reason(),
            error => error,
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
        let what = format!("The model's weights cannot be used: {error}.");
        let (code, remedy) = match error.reason() {
            WeightsError::Truncated { .. } => {
                ("model.truncated", "Load the model again; the download was interrupted.")
            }
            WeightsError::Placeholder(_) => (
                "model.placeholder",
                "Run `git lfs pull` in the model's repository, or download the file itself from its web page, and use that \
                 file.",
            ),
            WeightsError::Altered => ("model.altered", "Load the model again from a source that you trust."),
            WeightsError::Dtype { .. } => (
                "model.weights",
                "Save it in 16 bits with transformers: `from_pretrained(FOLDER, dtype=torch.bfloat16)`, then \
                 `save_pretrained`; or use a .gguf file.",
            ),
            WeightsError::Shape { .. } => (
                "model.weights",
                "Use the config.json and the weights of the same model. If tokens were added, \"vocab_size\" in config.json must \
                 be the number of rows of the embeddings.",
            ),
            WeightsError::NotInShard { .. } | WeightsError::InTwoShards { .. } => (
                "model.shards",
                "The files are of different versions of the model, or its index is. Download all of them again.",
            ),
            WeightsError::Unmerged(_) => {
                ("model.unmerged", "Merge them with PEFT's `merge_and_unload()`, and save the model that it returns.")
            }
            WeightsError::Untied { .. } => {
                ("model.untied", "Set \"tie_word_embeddings\": false in config.json if both belong to the model.")
            }
            WeightsError::Missing { name, .. } if name == "lm_head.weight" => (
                "model.missing-tensor",
                "It was saved without its output layer, as a reward model or a model of embeddings is. Take the version for \
                 causal language modeling, or set \"tie_word_embeddings\": true in config.json if the output layer shares \
                 the weights of the embeddings.",
            ),
            WeightsError::Missing { .. } => {
                ("model.missing-tensor", "Use the config.json and the weights of the same model.")
            }
            _ => ("model.weights", "Use the weights file as its author published it."),
        };
        Diagnostic::new(code, what).done("Nothing was changed.").remedy(remedy)
    }
}
