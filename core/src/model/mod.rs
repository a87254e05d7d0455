//! The models: one file a family, and what they are made of.

mod bert;
mod classifier;
mod config;
mod dropout;
mod layers;
mod lora;
mod synthetic;

pub use bert::{Bert, Sizes};
pub use classifier::{Bottom, Classifier, Hidden, Input};
pub use config::{BertConfig, ConfigError};
pub use dropout::{Dropout, DropoutShares, MaskSource, Site};
pub use lora::LoraConfig;
pub use synthetic::synthetic;
