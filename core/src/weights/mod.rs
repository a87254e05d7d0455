//! Weights files and named weights: reading and writing safetensors, reading GGUF and its names for tensors, and the traversal over a model's
//! weights.

mod codec;
mod error;
mod gguf;
mod import;
mod incoming;
mod pending;
mod safetensors;
mod shards;
mod visit;
mod weight;

pub use codec::{decode, encode};
pub use error::WeightsError;
pub(crate) use gguf::{GgufFamily, Layout as GgufLayout};
pub use gguf::{GgufHeader, GgufReader, Metadata, OtherType, Value};
pub use import::{ImportReport, Tensors};
pub use incoming::Incoming;
pub use safetensors::{Dtype, FileHeader, FileReader, TensorInfo, write_header};
pub use shards::ShardIndex;
pub use visit::Weights;
pub(crate) use visit::weights_of;
pub(crate) use weight::in_32_bits;
pub use weight::{Weight, WeightMut, WeightRef};
