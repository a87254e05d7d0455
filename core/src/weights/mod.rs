//! Bytes to tensors and back: safetensors files, GGUF files, and the named weights of a model.

mod gguf;
mod import;
mod incoming;
mod pending;
mod safetensors;
mod weight;

pub use gguf::{GgufHeader, GgufReader, Metadata, OtherType, Value};
pub(crate) use import::new_linear;
pub use import::{ImportReport, Tensors};
pub use incoming::Incoming;
pub use safetensors::{Dtype, FileHeader, FileReader, TensorInfo, WeightsError, write_header};
pub use weight::{AnyWeight, Weight, Weights, encode, read};

pub use crate::recipe::ParamGroup;
