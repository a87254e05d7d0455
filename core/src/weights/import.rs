//! From a file's tensors to a model's weights: each is taken by its name, and what is missing or left over is told.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use burn::tensor::{Device, Tensor, TensorData};

use crate::recipe::{Family, ParamGroup};
use crate::weights::codec::decode;
use crate::weights::error::WeightsError;
use crate::weights::safetensors::{Dtype, TensorInfo};
use crate::weights::weight::Weight;

/// What became of a file's tensors.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportReport {
    /// Tensors that the model took.
    pub applied: usize,
    /// Tensors that were initialized because the file lacks them.
    pub initialized: Vec<String>,
    /// Tensors that the model does not use.
    pub unused: Vec<String>,
}

/// Makes up a tensor of a name and shape.
type Make<'a> = &'a mut dyn FnMut(&str, &[usize]) -> TensorData;

/// Tensors on their way from a file into a model.
pub struct Tensors<'a> {
    device: Device,
    prefixes: Vec<&'static str>,
    waiting: HashMap<String, (Dtype, TensorData)>,
    make: Option<Make<'a>>,
    quantized: Option<&'static str>,
    report: ImportReport,
}

impl<'a> Tensors<'a> {
    /// None yet; the model of `family` will be on `device`.
    pub fn new(family: Family, device: &Device) -> Self {
        Self::with_prefixes(vec![family.prefix()], device)
    }

    /// None yet, of a GGUF file: its family stands in the file itself.
    pub fn of_gguf(device: &Device) -> Self {
        Self::with_prefixes(vec![Family::Llama.prefix(), Family::Gpt2.prefix()], device)
    }

    fn with_prefixes(prefixes: Vec<&'static str>, device: &Device) -> Self {
        let (device, report) = (device.clone(), ImportReport::default());
        Self { device, prefixes, waiting: HashMap::new(), make: None, quantized: None, report }
    }

    /// No file: every tensor that a model asks for is made up.
    pub fn made(device: &Device, make: Make<'a>) -> Self {
        Self { make: Some(make), ..Self::new(Family::default(), device) }
    }

    /// Says that the file had quantized values, and of which kind most were ([`super::GgufHeader::quantized`]). The
    /// model's own file then has 16-bit floats throughout: 32 bits would hold nothing more of them.
    pub fn were_quantized(&mut self, kind: Option<&'static str>) {
        self.quantized = kind;
    }

    /// The kind of which most quantized values of the file were, if there were any.
    pub fn quantized(&self) -> Option<&'static str> {
        self.quantized
    }

    /// Takes a tensor out of a file, but for buffers of integers. Names lose a family's prefix and the names that TensorFlow gave to norms.
    ///
    /// # Errors
    /// When the file has the same weight under two names: which of them is meant cannot be known.
    pub fn add(&mut self, info: &TensorInfo, bytes: Vec<u8>) -> Result<(), WeightsError> {
        let Some(data) = decode(info, bytes) else {
            self.report.unused.push(info.name.clone());
            return Ok(());
        };
        let name = self.prefixes.iter().find_map(|prefix| info.name.strip_prefix(prefix)).unwrap_or(&info.name);
        let name = name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias");
        match self.waiting.entry(name) {
            Entry::Occupied(_) => {
                let reason = "stands in the file twice, with and without a prefix or an old name".into();
                Err(WeightsError::Tensor { name: info.name.clone(), reason })
            }
            Entry::Vacant(entry) => {
                entry.insert((info.dtype, data));
                Ok(())
            }
        }
    }

    /// Whether the file has this tensor.
    pub fn has(&self, name: &str) -> bool {
        self.waiting.contains_key(name)
    }

    /// The shape of a tensor in the file.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.waiting.get(name).map(|(_, data)| data.shape().as_slice())
    }

    /// A bias or norm `[size]`.
    ///
    /// # Errors
    /// When the file lacks it, or has it in another shape.
    pub fn vector(&mut self, name: String, group: ParamGroup, size: usize) -> Result<Weight<1>, WeightsError> {
        let (dtype, data) = self.take(&name, &[size])?;
        let tensor = Tensor::from_data(data, &self.device);
        Ok(Weight { name: name.into(), tensor, group, dtype, transposed: false, is_frozen: false })
    }

    /// A table `[rows, columns]`, as in the file.
    ///
    /// # Errors
    /// When the file lacks it, or has it in another shape.
    pub fn table(&mut self, name: String, group: ParamGroup, shape: [usize; 2]) -> Result<Weight<2>, WeightsError> {
        let (dtype, data) = self.take(&name, &shape)?;
        let tensor = Tensor::from_data(data, &self.device);
        Ok(Weight { name: name.into(), tensor, group, dtype, transposed: false, is_frozen: false })
    }

    /// A linear layer's matrix `[out, in]` in the file, `[in, out]` in the model.
    ///
    /// # Errors
    /// When the file lacks it, or has it in another shape.
    pub fn linear(
        &mut self,
        name: String,
        group: ParamGroup,
        [out, into]: [usize; 2],
    ) -> Result<Weight<2>, WeightsError> {
        let (dtype, data) = self.take(&name, &[out, into])?;
        let values: &[f32] = data.as_slice().map_err(|e| WeightsError::Header(e.to_string()))?;
        let turned: Vec<f32> = (0..into).flat_map(|i| (0..out).map(move |o| values[o * into + i])).collect();
        let tensor = Tensor::from_data(TensorData::new(turned, [into, out]), &self.device);
        Ok(Weight { name: name.into(), tensor, group, dtype, transposed: true, is_frozen: false })
    }

    /// What became of the tensors, once the model is made.
    pub fn finish(mut self) -> ImportReport {
        self.report.unused.extend(self.waiting.into_keys());
        self.report.unused.sort();
        self.report
    }

    fn take(&mut self, name: &str, shape: &[usize]) -> Result<(Dtype, TensorData), WeightsError> {
        let made = self.make.as_mut().map(|make| (Dtype::F32, make(name, shape)));
        let Some((dtype, data)) = self.waiting.remove(name).or(made) else {
            let similar = most_similar(name, self.waiting.keys());
            return Err(WeightsError::Missing { name: name.into(), similar });
        };
        if data.shape().as_slice() != shape {
            let reason = format!("is {:?} in the file and {shape:?} by config.json", data.shape().as_slice());
            return Err(WeightsError::Tensor { name: name.into(), reason });
        }
        self.report.applied += 1;
        let dtype = if self.quantized.is_some() { Dtype::F16 } else { dtype };
        Ok((dtype, data))
    }
}

/// The name with the longest beginning and end in common, if they share more than half.
fn most_similar<'a>(name: &str, others: impl Iterator<Item = &'a String>) -> Option<String> {
    let shared = |other: &str| {
        let front = name.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
        let back = name.bytes().rev().zip(other.bytes().rev()).take_while(|(a, b)| a == b).count();
        front + back
    };
    others.map(|other| (shared(other), other)).max().filter(|(n, _)| *n * 2 > name.len()).map(|(_, o)| o.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::Incoming;

    /// A file whose tensors are given as name, type, elements and bytes of one.
    fn file(tensors: &[(&str, &str, u64, u64)]) -> Vec<u8> {
        let (mut header, mut at) = (serde_json::Map::new(), 0);
        for (name, dtype, elements, size) in tensors {
            let end = at + elements * size;
            header.insert(
                (*name).into(),
                serde_json::json!({"dtype": dtype, "shape": [elements], "data_offsets": [at, end]}),
            );
            at = end;
        }
        let json = serde_json::Value::Object(header).to_string().into_bytes();
        [&(json.len() as u64).to_le_bytes()[..], &json, &vec![0; at as usize]].concat()
    }

    #[test]
    fn buffers_of_integers_are_passed_over() {
        let tensors = [("h.0.attn.bias", "U8", 9, 1), ("h.1.attn.bias", "BOOL", 9, 1), ("ln_f.weight", "F32", 2, 4)];
        let more = [("position_ids", "I32", 3, 4), ("steps", "U16", 1, 2), ("h.0.attn.masked_bias", "F32", 1, 4)];
        let mut incoming = Incoming::safetensors(Family::Gpt2, &Device::flex());
        incoming.push(&file(&[tensors, more].concat())).unwrap();
        let (mut tensors, _) = incoming.finish().unwrap();
        tensors.vector("ln_f.weight".into(), ParamGroup::Head, 2).unwrap();
        let report = tensors.finish();
        let unused = ["h.0.attn.bias", "h.0.attn.masked_bias", "h.1.attn.bias", "position_ids", "steps"];
        assert_eq!((report.applied, report.unused), (1, unused.map(String::from).to_vec()));
    }

    #[test]
    fn floats_that_cannot_be_read_are_refused_by_name() {
        let mut incoming = Incoming::safetensors(Family::Gpt2, &Device::flex());
        let diagnostic = incoming.push(&file(&[("wte.weight", "F64", 2, 8)])).unwrap_err();
        let said = diagnostic.to_string();
        assert!(said.contains("wte.weight") && said.contains("F64") && said.contains("F32"), "{said}");
    }
}
