//! The models: one file a family, and what they are made of.

mod bert;
mod classifier;
mod config;
mod dropout;
mod layers;
mod synthetic;

pub use bert::Bert;
pub use classifier::{Classifier, Input};
pub use config::{BertConfig, ConfigError};
pub use dropout::{Dropout, MaskSource};
pub use synthetic::synthetic;
