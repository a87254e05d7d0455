//! A model's weights as their file or files arrive, in either format.

use burn::tensor::Device;

use crate::recipe::Family;
use crate::weights::error::WeightsError;
use crate::weights::gguf::{GgufHeader, GgufReader};
use crate::weights::import::Tensors;
use crate::weights::safetensors::{FileReader, TensorInfo};
use crate::weights::shards::{ShardIndex, Shards};

/// Tensors of a file that is still arriving.
pub struct Incoming {
    reader: Reader,
    /// The index of several safetensors files.
    shards: Option<Shards>,
    tensors: Tensors<'static>,
}

#[allow(clippy::large_enum_variant, reason = "one exists at a time; on wasm32 the sizes are nearer")]
enum Reader {
    Safetensors(FileReader),
    Gguf(GgufReader),
}

impl Incoming {
    /// Expects a safetensors file of a model of `family`, to be put on `device`.
    pub fn safetensors(family: Family, device: &Device) -> Self {
        let reader = Reader::Safetensors(FileReader::default());
        Self { reader, shards: None, tensors: Tensors::new(family, device) }
    }

    /// Expects the safetensors files that `index` names instead of one, in its order.
    pub fn in_shards(self, index: ShardIndex) -> Self {
        Self { shards: Some(Shards::new(index)), ..self }
    }

    /// Expects a GGUF file of a model to be put on `device`.
    pub fn gguf(device: &Device) -> Self {
        Self { reader: Reader::Gguf(GgufReader::default()), shards: None, tensors: Tensors::of_gguf(device) }
    }

    /// Reads the next piece of the file, of any size.
    ///
    /// # Errors
    /// If the header or a tensor is invalid.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), WeightsError> {
        let mut take = |info: &TensorInfo, bytes| {
            self.shards.as_mut().map_or(Ok(()), |shards| shards.arrive(&info.name))?;
            self.tensors.add(info, bytes)
        };
        let pushed = match &mut self.reader {
            Reader::Safetensors(reader) => reader.push(piece, &mut take),
            Reader::Gguf(reader) => reader.push(piece, &mut take),
        };
        pushed.map_err(|error| self.named(error))
    }

    /// Ends one of several files; the next piece is of the next one. Does nothing if the weights are in one file.
    ///
    /// # Errors
    /// If the file ended early, or lacks a tensor that it has by the index.
    pub fn end_shard(&mut self) -> Result<(), WeightsError> {
        if let (Some(shards), Reader::Safetensors(reader)) = (&mut self.shards, &mut self.reader) {
            let ended = std::mem::take(reader).finish().and_then(|_| shards.end_file());
            return ended.map_err(|error| shards.in_shard(error));
        }
        Ok(())
    }

    /// The error with the name of the current file, if there are several.
    fn named(&self, error: WeightsError) -> WeightsError {
        self.shards.as_ref().map_or(error.clone(), |shards| shards.in_shard(error))
    }

    /// Ends the last file. Returns the tensors, and the header of a GGUF file.
    ///
    /// # Errors
    /// If the file ended early, or has adapters that are not merged.
    pub fn finish(mut self) -> Result<(Tensors<'static>, Option<GgufHeader>), WeightsError> {
        let header = match self.reader {
            Reader::Safetensors(reader) => {
                if self.shards.is_none() {
                    reader.finish()?;
                }
                self.tensors.unwrap_names()?;
                None
            }
            Reader::Gguf(reader) => {
                let header = reader.finish()?;
                self.tensors.set_quantized(header.quantized());
                Some(header)
            }
        };
        Ok((self.tensors, header))
    }
}
