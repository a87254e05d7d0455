//! A model's weights as their file arrives, in either format.

use burn::tensor::Device;

use crate::recipe::Family;
use crate::weights::error::WeightsError;
use crate::weights::gguf::{GgufHeader, GgufReader};
use crate::weights::import::Tensors;
use crate::weights::safetensors::FileReader;

/// Tensors of a file that is still arriving.
pub struct Incoming {
    reader: Reader,
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
        Self { reader: Reader::Safetensors(FileReader::default()), tensors: Tensors::new(family, device) }
    }

    /// Expects a GGUF file of a model to be put on `device`.
    pub fn gguf(device: &Device) -> Self {
        Self { reader: Reader::Gguf(GgufReader::default()), tensors: Tensors::of_gguf(device) }
    }

    /// Reads the next piece of the file, of any size.
    ///
    /// # Errors
    /// If the header or a tensor is invalid.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), WeightsError> {
        let mut take = |info: &_, bytes| self.tensors.add(info, bytes);
        match &mut self.reader {
            Reader::Safetensors(reader) => reader.push(piece, &mut take),
            Reader::Gguf(reader) => reader.push(piece, &mut take),
        }
    }

    /// Ends the file. Returns its tensors, and the header of a GGUF file.
    ///
    /// # Errors
    /// If the file ended early, or has adapters that are not merged.
    pub fn finish(mut self) -> Result<(Tensors<'static>, Option<GgufHeader>), WeightsError> {
        let header = match self.reader {
            Reader::Safetensors(reader) => {
                reader.finish()?;
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
