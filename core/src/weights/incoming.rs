//! A model's weights as their file arrives, whichever of the two formats it has.

use burn::tensor::Device;

use super::{FileReader, GgufHeader, GgufReader, TensorInfo, Tensors, WeightsError};
use crate::recipe::Family;

/// Tensors of a file that is still arriving.
pub struct Incoming {
    device: Device,
    reader: Reader,
    /// None before a GGUF file's header has told the family.
    tensors: Option<Tensors<'static>>,
}

enum Reader {
    Safetensors(FileReader),
    Gguf(GgufReader),
}

impl Incoming {
    /// A safetensors file of a model of `family`, which will be on `device`.
    pub fn safetensors(family: Family, device: &Device) -> Self {
        let tensors = Some(Tensors::new(family, device));
        Self { device: device.clone(), reader: Reader::Safetensors(FileReader::default()), tensors }
    }

    /// A GGUF file of a model that will be on `device`.
    pub fn gguf(device: &Device) -> Self {
        Self { device: device.clone(), reader: Reader::Gguf(GgufReader::default()), tensors: None }
    }

    /// The next piece of the file, of any size.
    ///
    /// # Errors
    /// What is wrong with the header, or which tensor.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), WeightsError> {
        let mut done: Vec<(TensorInfo, Vec<u8>)> = Vec::new();
        let mut take = |info: &TensorInfo, bytes| {
            done.push((info.clone(), bytes));
            Ok(())
        };
        let family = match &mut self.reader {
            Reader::Safetensors(reader) => {
                reader.push(piece, &mut take)?;
                Family::default()
            }
            Reader::Gguf(reader) => {
                reader.push(piece, &mut take)?;
                let Some(header) = reader.header() else { return Ok(()) };
                header.family()
            }
        };
        let tensors = self.tensors.get_or_insert_with(|| Tensors::new(family, &self.device));
        done.into_iter().try_for_each(|(info, bytes)| tensors.add(&info, bytes))
    }

    /// The end of the file: its tensors, and the header of a GGUF file.
    ///
    /// # Errors
    /// When the file has ended early.
    pub fn finish(self) -> Result<(Tensors<'static>, Option<GgufHeader>), WeightsError> {
        let header = match self.reader {
            Reader::Safetensors(reader) => {
                reader.finish()?;
                None
            }
            Reader::Gguf(reader) => Some(reader.finish()?),
        };
        Ok((self.tensors.unwrap_or_else(|| Tensors::new(Family::default(), &self.device)), header))
    }
}
