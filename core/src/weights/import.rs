//! Import of a file's tensors into a model's weights, by name. Missing and unused tensors are reported.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use burn::tensor::{DType, DataError, Device, Element, Tensor, TensorData, bf16, f16};

use crate::recipe::{Family, ParamGroup};
use crate::weights::codec::{decode, decode_16_bits};
use crate::weights::error::WeightsError;
use crate::weights::safetensors::{Dtype, TensorInfo};
use crate::weights::weight::Weight;

/// Report on how a model used the tensors of its file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportReport {
    /// Number of tensors taken from the file.
    pub applied: usize,
    /// Tensors that were initialized because the file lacks them.
    pub initialized: Vec<String>,
    /// Tensors that the model does not use.
    pub unused: Vec<String>,
}

impl ImportReport {
    /// Tells which tensors of the file the model has no place for: heads of other tasks, or parts that Hone does not know.
    pub fn unused_note(&self) -> Option<String> {
        let is_buffer = |name: &str| BUFFERS.iter().any(|end| name.ends_with(end));
        let names: Vec<&str> = self.unused.iter().map(String::as_str).filter(|name| !is_buffer(name)).collect();
        let listed = names.iter().take(NAMED_TENSORS).copied().collect::<Vec<_>>().join(", ");
        let more = match names.len().saturating_sub(NAMED_TENSORS) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        (!names.is_empty()).then(|| format!("Not used from its file: {listed}{more}."))
    }
}

/// Ends of the names of buffers, which are recomputed.
const BUFFERS: [&str; 5] = ["position_ids", "token_type_ids", ".attn.bias", ".attn.masked_bias", ".inv_freq"];
/// Unused tensors that are named.
const NAMED_TENSORS: usize = 3;

/// Initializes a tensor, given its name and shape.
type Initialize<'a> = &'a mut dyn FnMut(&str, &[usize]) -> TensorData;

/// The tensors of a file, from which a model takes its weights by name.
pub struct Tensors<'a> {
    device: Device,
    prefixes: Vec<&'static str>,
    /// Family of the model in a safetensors file.
    family: Option<Family>,
    waiting: HashMap<String, TensorData>,
    initialize: Option<Initialize<'a>>,
    quantized: Option<&'static str>,
    report: ImportReport,
}

impl<'a> Tensors<'a> {
    /// Starts without tensors, for a model of `family` on `device`.
    pub fn new(family: Family, device: &Device) -> Self {
        Self { family: Some(family), ..Self::with_prefixes(vec![family.prefix()], device) }
    }

    /// Starts without tensors, for a model from a GGUF file, whose names have no prefix.
    pub fn of_gguf(device: &Device) -> Self {
        Self::with_prefixes(vec![Family::Llama.prefix(), Family::Gpt2.prefix()], device)
    }

    fn with_prefixes(prefixes: Vec<&'static str>, device: &Device) -> Self {
        let (device, report) = (device.clone(), ImportReport::default());
        Self { device, prefixes, family: None, waiting: HashMap::new(), initialize: None, quantized: None, report }
    }

    /// Uses no file: every tensor that a model asks for is initialized.
    pub fn initialized(device: &Device, initialize: Initialize<'a>) -> Self {
        Self { initialize: Some(initialize), ..Self::new(Family::default(), device) }
    }

    /// Records the most frequent quantization of the file ([`GgufHeader::quantized`](crate::weights::GgufHeader)).
    pub fn set_quantized(&mut self, kind: Option<&'static str>) {
        self.quantized = kind;
    }

    /// The most frequent quantization of the file, if any.
    pub fn quantized(&self) -> Option<&'static str> {
        self.quantized
    }

    /// Adds a tensor of the file. Integer buffers are ignored. The family's prefix is removed from the name, and
    /// TensorFlow's names for norms are replaced.
    ///
    /// # Errors
    /// If the file has the same weight under two names.
    pub fn add(&mut self, info: &TensorInfo, bytes: Vec<u8>) -> Result<(), WeightsError> {
        let data = if self.keeps_16_bits(info) { decode_16_bits(info, bytes) } else { decode(info, bytes) };
        let Some(data) = data else {
            self.report.unused.push(info.name.clone());
            return Ok(());
        };
        let name = self.prefixes.iter().find_map(|prefix| info.name.strip_prefix(prefix)).unwrap_or(&info.name);
        let name = name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias");
        match self.waiting.entry(name) {
            Entry::Occupied(_) => {
                let reason = "is in the file twice: with and without a prefix, or under an old name".into();
                Err(WeightsError::Tensor { name: info.name.clone(), reason })
            }
            Entry::Vacant(entry) => {
                entry.insert(data);
                Ok(())
            }
        }
    }

    /// Returns true for a matrix of 16 bits of a decoder that computes on the CPU: it takes half the memory, until it is
    /// trained. WebGPU may have no such type.
    fn keeps_16_bits(&self, info: &TensorInfo) -> bool {
        matches!(info.dtype, Dtype::F16 | Dtype::BF16)
            && info.shape.len() == 2
            && self.family.is_some_and(Family::is_decoder)
            && self.device == Device::flex()
    }

    /// Removes what a wrapper of the model put before all names: `module.` of DataParallel, `_orig_mod.` of torch.compile,
    /// `auto_model.` of sentence-transformers, or an attribute of someone's own class.
    ///
    /// # Errors
    /// If there are matrices of LoRA, which would be lost.
    pub(super) fn unwrap_names(&mut self) -> Result<(), WeightsError> {
        if let Some(name) = self.waiting.keys().find(|name| name.contains(".lora_A.")) {
            return Err(WeightsError::Unmerged(name.clone()));
        }
        let Some(family) = self.family else { return Ok(()) };
        let table = token_table(family);
        let is_wrapped = |name: &&String| name.strip_suffix(table).is_some_and(|front| front.ends_with('.'));
        let mut tables = self.waiting.keys().filter(is_wrapped);
        let (Some(name), None, false) = (tables.next(), tables.next(), self.has(table)) else { return Ok(()) };
        let front = name[..name.len() - table.len()].to_owned();
        let wrapper = front.strip_suffix(family.prefix()).unwrap_or(&front).to_owned();
        // The network of another family has tensors of the same names, and computes something else.
        if wrapper.split('.').any(|part| OTHER_NETWORKS.contains(&part)) {
            return Ok(());
        }
        let bare = |name: String| {
            let rest = name.strip_prefix(&front).or_else(|| name.strip_prefix(&wrapper));
            rest.map(str::to_owned).unwrap_or(name)
        };
        self.waiting = std::mem::take(&mut self.waiting).into_iter().map(|(name, data)| (bare(name), data)).collect();
        Ok(())
    }

    /// Checks a tensor that the model shares with `other`, and gives it its name if only `other` is there.
    ///
    /// # Errors
    /// If the file has both, and they differ.
    pub fn tie_checked(&mut self, name: &'static str, other: &'static str) -> Result<(), WeightsError> {
        self.tie(name, other);
        match (self.waiting.get(name), self.waiting.get(other)) {
            (Some(own), Some(others)) if own != others => Err(WeightsError::Untied { name: other, other: name }),
            _ => Ok(()),
        }
    }

    /// Returns true if the file has this tensor and no model has taken it.
    pub fn has(&self, name: &str) -> bool {
        self.waiting.contains_key(name)
    }

    /// Gives the tensor `other` the name `name`, if the file has no tensor of that name: a file of a model with tied weights
    /// may have them under the name of the output layer only.
    pub fn tie(&mut self, name: &str, other: &str) {
        if !self.has(name)
            && let Some(data) = self.waiting.remove(other)
        {
            self.waiting.insert(name.to_owned(), data);
        }
    }

    /// The shape of a tensor in the file.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.waiting.get(name).map(|data| data.shape().as_slice())
    }

    /// Shape and values of a tensor in the file, row-major; `None` if it is kept in 16 bits.
    pub fn values(&self, name: &str) -> Option<(&[usize], &[f32])> {
        let data = self.waiting.get(name)?;
        Some((data.shape().as_slice(), data.as_slice().ok()?))
    }

    /// The values of a tensor in the file, to change them; `None` if it is kept in 16 bits.
    pub fn values_mut(&mut self, name: &str) -> Option<&mut [f32]> {
        self.waiting.get_mut(name)?.as_mut_slice().ok()
    }

    /// Removes all tensors whose names begin with `prefix`.
    pub fn remove_all(&mut self, prefix: &str) {
        self.waiting.retain(|name, _| !name.starts_with(prefix));
    }

    /// Takes a bias or the scale of a norm, `[size]`.
    ///
    /// # Errors
    /// If the tensor is missing or has another shape.
    pub fn vector(&mut self, name: String, group: ParamGroup, size: usize) -> Result<Weight<1>, WeightsError> {
        let data = self.take(&name, &[size])?;
        let tensor = Tensor::from_data(data, &self.device);
        Ok(Weight { name: name.into(), tensor, group, transposed: false, is_frozen: false })
    }

    /// Takes a table `[rows, columns]`, in the layout of the file.
    ///
    /// # Errors
    /// If the tensor is missing or has another shape.
    pub fn table(&mut self, name: String, group: ParamGroup, shape: [usize; 2]) -> Result<Weight<2>, WeightsError> {
        let data = self.take(&name, &shape)?;
        let tensor = self.matrix(data);
        Ok(Weight { name: name.into(), tensor, group, transposed: false, is_frozen: false })
    }

    /// A matrix on the device, in the type of its values.
    fn matrix(&self, data: TensorData) -> Tensor<2> {
        let dtype = data.dtype();
        Tensor::from_data(data, (&self.device, dtype))
    }

    /// Takes the weight of a linear layer: `[out, in]` in the file, `[in, out]` in the model.
    ///
    /// # Errors
    /// If the tensor is missing or has another shape.
    pub fn linear(
        &mut self,
        name: String,
        group: ParamGroup,
        [outputs, inputs]: [usize; 2],
    ) -> Result<Weight<2>, WeightsError> {
        let data = self.take(&name, &[outputs, inputs])?;
        let transposed = match data.dtype() {
            DType::F16 => transposed::<f16>(&data, [outputs, inputs]),
            DType::BF16 => transposed::<bf16>(&data, [outputs, inputs]),
            _ => transposed::<f32>(&data, [outputs, inputs]),
        };
        let tensor = self.matrix(transposed.map_err(|e| WeightsError::Header(e.to_string()))?);
        Ok(Weight { name: name.into(), tensor, group, transposed: true, is_frozen: false })
    }

    /// Returns the report, once the model is loaded.
    pub fn finish(mut self) -> ImportReport {
        self.report.unused.extend(self.waiting.into_keys());
        self.report.unused.sort();
        self.report
    }

    fn take(&mut self, name: &str, shape: &[usize]) -> Result<TensorData, WeightsError> {
        let initialized = self.initialize.as_mut().map(|initialize| initialize(name, shape));
        let Some(data) = self.waiting.remove(name).or(initialized) else {
            let similar = most_similar(name, self.waiting.keys());
            return Err(WeightsError::Missing { name: name.into(), similar });
        };
        if data.shape().as_slice() != shape {
            let (file, config) = (data.shape().as_slice().to_vec(), shape.to_vec());
            return Err(WeightsError::Shape { name: name.into(), file, config });
        }
        let is_finite = match data.dtype() {
            DType::F16 => data.as_slice().map(|values| values.iter().all(|value: &f16| value.is_finite())),
            DType::BF16 => data.as_slice().map(|values| values.iter().all(|value: &bf16| value.is_finite())),
            _ => data.as_slice().map(|values| values.iter().all(|value: &f32| value.is_finite())),
        };
        if is_finite.is_ok_and(|is_finite| !is_finite) {
            let reason = "has values that are not numbers (NaN or infinity), as after a training run that diverged";
            return Err(WeightsError::Tensor { name: name.into(), reason: reason.into() });
        }
        self.report.applied += 1;
        Ok(data)
    }
}

/// A matrix `[rows, columns]` as `[columns, rows]`.
fn transposed<E: Element>(data: &TensorData, [rows, columns]: [usize; 2]) -> Result<TensorData, DataError> {
    let values: &[E] = data.as_slice()?;
    let transposed: Vec<E> =
        (0..columns).flat_map(|column| (0..rows).map(move |row| values[row * columns + column])).collect();
    Ok(TensorData::new(transposed, [columns, rows]))
}

/// Families whose tensors are named like BERT's.
const OTHER_NETWORKS: [&str; 9] =
    ["bert", "roberta", "distilbert", "electra", "albert", "camembert", "mpnet", "deberta", "ernie"];

/// Name of the token embeddings.
fn token_table(family: Family) -> &'static str {
    match family {
        Family::Gpt2 => "wte.weight",
        Family::ModernBert => "embeddings.tok_embeddings.weight",
        family if family.is_decoder() => "embed_tokens.weight",
        _ => "embeddings.word_embeddings.weight",
    }
}

/// The name that shares the longest prefix and suffix with `name`, if these make up more than half of it.
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
    use crate::diagnostic::Diagnostic;
    use crate::weights::Incoming;

    /// A safetensors file whose tensors are given as name, element type, number of elements and bytes per element.
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
    fn integer_buffers_are_ignored() {
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
    fn unsupported_float_types_are_refused_by_name() {
        let mut incoming = Incoming::safetensors(Family::Gpt2, &Device::flex());
        let diagnostic = incoming.push(&file(&[("wte.weight", "F8_E4M3", 2, 1)])).unwrap_err();
        let message = diagnostic.to_string();
        assert!(message.contains("wte.weight") && message.contains("F8_E4M3") && message.contains("F32"), "{message}");
    }

    #[test]
    fn tensors_without_a_place_are_named() {
        let note = |unused: &[&str]| {
            let unused = unused.iter().map(|&name| name.to_owned()).collect();
            ImportReport { unused, ..ImportReport::default() }.unused_note()
        };
        assert_eq!(note(&["embeddings.position_ids", "h.0.attn.bias"]), None);
        assert_eq!(note(&["score.weight"]).as_deref(), Some("Not used from its file: score.weight."));
        assert!(note(&["a", "b", "c", "d"]).is_some_and(|note| note.ends_with("a, b, c and 1 more.")));
    }

    fn read(family: Family, file: &[u8]) -> Result<Tensors<'static>, WeightsError> {
        let mut incoming = Incoming::safetensors(family, &Device::flex());
        incoming.push(file)?;
        Ok(incoming.finish()?.0)
    }

    #[test]
    fn the_names_of_a_wrapped_model_are_unwrapped() {
        let table = "embeddings.word_embeddings.weight";
        for wrapper in ["module.", "_orig_mod.", "model.", "module._orig_mod.", "0.auto_model.", "encoder."] {
            for prefix in ["", "bert."] {
                let (table, head) = (format!("{wrapper}{prefix}{table}"), format!("{wrapper}classifier.weight"));
                let tensors = read(Family::Bert, &file(&[(&table, "F32", 2, 4), (&head, "F32", 3, 4)])).unwrap();
                assert!(tensors.has("embeddings.word_embeddings.weight"), "{table}");
                assert!(tensors.has("classifier.weight"), "{table}");
            }
        }
        let gemma = ["language_model.model.embed_tokens.weight", "language_model.lm_head.weight"];
        let tensors = read(Family::Gemma3, &file(&gemma.map(|name| (name, "F32", 2, 4)))).unwrap();
        assert!(tensors.has("embed_tokens.weight") && tensors.has("lm_head.weight"));
        // Names of another family, and of two encoders.
        let roberta = format!("roberta.{table}");
        assert!(!read(Family::Bert, &file(&[(&roberta, "F32", 2, 4)])).unwrap().has(table));
        let two = ["query.", "document."].map(|tower| format!("{tower}{table}"));
        let two = file(&two.each_ref().map(|name| (name.as_str(), "F32", 2, 4)));
        assert!(!read(Family::Bert, &two).unwrap().has(table));
    }

    #[test]
    fn adapters_that_are_not_merged_are_refused() {
        let names = ["base_model.model.wte.weight", "base_model.model.h.0.attn.c_attn.lora_A.default.weight"];
        let error = read(Family::Gpt2, &file(&names.map(|name| (name, "F32", 2, 4)))).map(drop).unwrap_err();
        assert!(matches!(error, WeightsError::Unmerged(_)), "{error}");
    }

    #[test]
    fn tied_tensors_that_differ_are_refused() {
        let names = ["wte.weight", "lm_head.weight"].map(|name| (name, "F32", 2, 4));
        let mut tensors = read(Family::Gpt2, &file(&names)).unwrap();
        assert_eq!(tensors.tie_checked("wte.weight", "lm_head.weight"), Ok(()));
        tensors.values_mut("lm_head.weight").unwrap()[1] = 1.0;
        let error = tensors.tie_checked("wte.weight", "lm_head.weight").unwrap_err();
        assert!(Diagnostic::from(error).remedy.contains("tie_word_embeddings"));
    }

    #[test]
    fn weights_that_are_not_numbers_are_refused_by_name() {
        let mut tensors = read(Family::Gpt2, &file(&[("ln_f.weight", "F64", 2, 8)])).unwrap();
        tensors.values_mut("ln_f.weight").unwrap()[1] = f32::INFINITY;
        let error = tensors.vector("ln_f.weight".into(), ParamGroup::Head, 2).map(drop).unwrap_err();
        assert!(error.to_string().contains("ln_f.weight") && error.to_string().contains("NaN"), "{error}");
    }
}
