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
    /// XLM-RoBERTa (Conneau et al. 2019): RoBERTa on texts in a hundred languages.
    XlmRoberta,
    /// CamemBERT (Martin et al. 2019): RoBERTa on French texts.
    Camembert,
    /// ELECTRA (Clark et al. 2020): BERT with narrower embeddings, pretrained to find words that were replaced.
    Electra,
    /// ModernBERT (Warner et al. 2024); Ettin and mmBERT have the same architecture.
    ModernBert,
    /// Llama (Touvron et al. 2023); SmolLM2 and TinyLlama have the same architecture.
    Llama,
    /// Mistral (Jiang et al. 2023): Llama with a sliding window.
    Mistral,
    /// Qwen2 and Qwen2.5 (Qwen Team 2024): Llama with biases of queries, keys and values.
    Qwen2,
    /// Qwen3 (Qwen Team 2025): Llama with norms of queries and keys.
    Qwen3,
    /// SmolLM3 (Bakouch et al. 2025): Llama with layers that do not see positions.
    SmolLm3,
    /// Granite (IBM 2024): Llama with factors of embeddings, residuals, attention scores and logits.
    Granite,
    /// The text models of Gemma 3 (Gemma Team 2025).
    Gemma3,
    /// GPT-2 (Radford et al. 2019); DistilGPT-2 has the same architecture.
    Gpt2,
}

/// The names of a family.
struct Names {
    model_type: &'static str,
    class: &'static str,
    prefix: &'static str,
    title: &'static str,
}

const fn names(title: &'static str, model_type: &'static str, class: &'static str, prefix: &'static str) -> Names {
    Names { model_type, class, prefix, title }
}

impl Family {
    /// All families.
    pub const ALL: [Self; 15] = [
        Self::Bert,
        Self::DistilBert,
        Self::Roberta,
        Self::XlmRoberta,
        Self::Camembert,
        Self::Electra,
        Self::ModernBert,
        Self::Llama,
        Self::Mistral,
        Self::Qwen2,
        Self::Qwen3,
        Self::SmolLm3,
        Self::Granite,
        Self::Gemma3,
        Self::Gpt2,
    ];

    fn names(self) -> Names {
        match self {
            Self::Bert => names("BERT", "bert", "Bert", "bert."),
            Self::DistilBert => names("DistilBERT", "distilbert", "DistilBert", "distilbert."),
            Self::Roberta => names("RoBERTa", "roberta", "Roberta", "roberta."),
            Self::XlmRoberta => names("XLM-RoBERTa", "xlm-roberta", "XLMRoberta", "roberta."),
            Self::Camembert => names("CamemBERT", "camembert", "Camembert", "roberta."),
            Self::Electra => names("ELECTRA", "electra", "Electra", "electra."),
            Self::ModernBert => names("ModernBERT", "modernbert", "ModernBert", "model."),
            Self::Llama => names("Llama", "llama", "Llama", "model."),
            Self::Mistral => names("Mistral", "mistral", "Mistral", "model."),
            Self::Qwen2 => names("Qwen2", "qwen2", "Qwen2", "model."),
            Self::Qwen3 => names("Qwen3", "qwen3", "Qwen3", "model."),
            Self::SmolLm3 => names("SmolLM3", "smollm3", "SmolLM3", "model."),
            Self::Granite => names("Granite", "granite", "Granite", "model."),
            Self::Gemma3 => names("Gemma 3", "gemma3_text", "Gemma3", "model."),
            Self::Gpt2 => names("GPT-2", "gpt2", "GPT2", "transformer."),
        }
    }

    /// Returns true for decoders, which generate text.
    pub fn is_decoder(self) -> bool {
        !matches!(self, Self::Bert | Self::DistilBert | Self::Electra | Self::ModernBert) && !self.is_roberta()
    }

    /// Returns true for RoBERTa and the families with the same network under other names.
    pub fn is_roberta(self) -> bool {
        matches!(self, Self::Roberta | Self::XlmRoberta | Self::Camembert)
    }

    /// Returns true if the family can learn a task.
    pub fn serves(self, task: Task) -> bool {
        self.is_decoder() == (task == Task::Generation)
    }

    /// `model_type` of config.json.
    pub fn model_type(self) -> &'static str {
        self.names().model_type
    }

    /// Beginning of the names of transformers' classes: `Bert` in `BertForSequenceClassification`.
    pub fn class(self) -> &'static str {
        self.names().class
    }

    /// Prefix of the base model's weights in the file of a task model.
    pub fn prefix(self) -> &'static str {
        self.names().prefix
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.names().title)
    }
}
