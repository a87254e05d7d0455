//! The families of models that Hone knows.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::recipe::Task;

/// A family of models that are built the same way: `model_type` of config.json.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// BERT (Devlin et al. 2018); MiniLM, BGE and E5 are the same network.
    #[default]
    Bert,
    /// DistilBERT (Sanh et al. 2019).
    DistilBert,
    /// RoBERTa (Liu et al. 2019).
    Roberta,
    /// Llama (Touvron et al. 2023); SmolLM2 and TinyLlama are the same network.
    Llama,
    /// GPT-2 (Radford et al. 2019); DistilGPT-2 is the same network.
    Gpt2,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Bert, Self::DistilBert, Self::Roberta, Self::Llama, Self::Gpt2];

    /// Whether it writes text; the others read it.
    pub fn is_decoder(self) -> bool {
        matches!(self, Self::Llama | Self::Gpt2)
    }

    /// Whether it can learn a task.
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

    /// What the names of the body's weights begin with in a file of a whole task model.
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
