//! The models: one file a family, and what they are made of.

mod base_model;
mod bert;
mod cache;
mod config;
mod dropout;
mod gpt2;
mod input;
mod layers;
mod linears;
mod llama;
mod lora;
mod synthetic;
mod task_model;

pub(crate) use base_model::MASKED;

pub use base_model::{BaseModel, Sizes};
pub use bert::Bert;
pub use cache::Cache;
pub use config::{BertConfig, ConfigError, Gpt2Config, LlamaConfig, ModelConfig};
pub use dropout::{Dropout, DropoutRates, MaskSource, Site};
pub use gpt2::Gpt2;
pub use input::{FrozenPrefix, HiddenStates, Input};
pub use llama::Llama;
pub use lora::LoraConfig;
pub use synthetic::synthetic;
pub use task_model::TaskModel;
