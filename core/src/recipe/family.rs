//! The model families that Hone supports.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::recipe::task::Task;

/// A family of models with the same architecture: `model_type` of config.json.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// BERT (Devlin et al. 2018); MiniLM, BGE and E5 have the same architecture.
    #[default]
    Bert,
    /// DistilBERT (Sanh et al. 2019).
    DistilBert,
    /// RoBERTa (Liu et al. 2019).
    Roberta,
    /// Llama (Touvron et al. 2023); SmolLM2 and TinyLlama have the same architecture.
    Llama,
    /// GPT-2 (Radford et al. 2019); DistilGPT-2 has the same architecture.
    Gpt2,
}

impl Family {
    /// All families.
    pub const ALL: [Self; 5] = [Self::Bert, Self::DistilBert, Self::Roberta, Self::Llama, Self::Gpt2];

    /// Returns true for decoders, which generate text.
    pub fn is_decoder(self) -> bool {
        matches!(self, Self::Llama | Self::Gpt2)
    }

    /// Returns true if the family can learn a task.
    pub fn serves(self, task: Task) -> bool {
        self.is_decoder() == (task == Task::Generation)
    }

    /// `model_type` of config.json.
    pub fn model_type(self) -> &'static str {
        match self {
            Self::Bert => "bert",
            Self::DistilBert => "distilbert",
            Self::Roberta => "roberta",
            Self::Llama => "llama",
            Self::Gpt2 => "gpt2",
        }
    }

    /// Prefix of the base model's weights in the file of a task model.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Bert => "bert.",
            Self::DistilBert => "distilbert.",
            Self::Roberta => "roberta.",
            Self::Llama => "model.",
            Self::Gpt2 => "transformer.",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bert => "BERT",
            Self::DistilBert => "DistilBERT",
            Self::Roberta => "RoBERTa",
            Self::Llama => "Llama",
            Self::Gpt2 => "GPT-2",
        })
    }
}
