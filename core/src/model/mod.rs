//! The networks: one file per family, the layers they are built of, heads, adapters, dropout and the key-value cache.

mod averaging_layer;
mod base_model;
mod bert;
mod config;
mod dropout;
mod embedding;
mod embedding_head;
mod gpt2;
mod input;
mod kv_cache;
mod linear;
mod linears;
mod llama;
mod lora;
mod mask;
mod modernbert;
mod norm;
mod rotary;
mod sentence_head;
mod sizes;
mod synthetic;
mod task_model;

pub(crate) use embedding_head::normalized;
pub(crate) use mask::MASKED;

pub use averaging_layer::{AVERAGING_SCALE, take_averaging_layer};
pub use base_model::BaseModel;
pub use bert::{Bert, EncoderNames};
pub use config::{
    BertConfig, ConfigError, GateActivation, Gpt2Config, LayerAttention, Llama3Scaling, LlamaConfig, LlamaVariant,
    ModelConfig, ModernBertConfig, NormPlacement, Rope, RopeScaling, YarnScaling, layers_field, plain_config,
};
pub use dropout::{Dropout, DropoutRates, Site};
pub use gpt2::Gpt2;
pub use input::{FrozenPrefix, HiddenStates, Input};
pub use kv_cache::KvCache;
pub use linear::Linear;
pub use llama::Llama;
pub use lora::LoraConfig;
pub use modernbert::ModernBert;
pub use sentence_head::Standardization;
pub use sizes::Sizes;
pub use synthetic::synthetic;
pub use task_model::TaskModel;
