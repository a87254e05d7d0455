//! GGUF files, version 3: the weights as transformers has them, and the config.json and tokenizer that go with them.
//! Quantized weights become 32-bit floats.

mod blocks;
mod family;
mod header;
mod kinds;
mod metadata;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};

use crate::limits::MAX_GGUF_HEADER;
use crate::recipe::Pooling;
use crate::text::{GgufVocab, TokenizerError};
use crate::weights::error::WeightsError;
use crate::weights::pending::Pending;
use crate::weights::safetensors::{Take, TensorInfo};

use family::rearranged;
use header::{Entry, HeaderParser};

pub(crate) use family::{GgufFamily, Layout};
pub use metadata::{Metadata, OtherType, Value};

/// Default alignment of tensors, in bytes.
const ALIGNMENT: u64 = 32;

/// The checked header of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct GgufHeader {
    /// Metadata of the file.
    pub metadata: Metadata,
    config: serde_json::Value,
    /// Sorted by offset.
    tensors: Vec<Stored>,
    alignment: u64,
}

/// A tensor in the file, and its form after decoding.
#[derive(Clone, Debug, PartialEq)]
struct Stored {
    entry: Entry,
    layout: Layout,
    info: TensorInfo,
}

impl GgufHeader {
    fn new(HeaderParser { metadata, mut tensors, .. }: HeaderParser) -> Result<Self, WeightsError> {
        let alignment = metadata.get("general.alignment")?.unwrap_or(ALIGNMENT);
        if !alignment.is_power_of_two() || alignment > MAX_GGUF_HEADER {
            return Err(WeightsError::Header(format!("general.alignment is {alignment}, and must be a power of two")));
        }
        check_places(&mut tensors, alignment)?;
        let family = GgufFamily::of(&metadata)?;
        let config = family.config(&metadata, &tensors)?;
        let is_tied = config["tie_word_embeddings"] == true;
        let stored = |entry: Entry| {
            let layout = family.layout(&entry, &metadata)?;
            let mut shape = entry.shape.clone();
            if layout == Layout::Transposed {
                shape.reverse();
            }
            let dtype = entry.kind.dtype();
            // Tensors that the model does not use keep their name in the file.
            let name = family.name(&entry.name, is_tied).unwrap_or_else(|| entry.name.clone());
            let bytes = 0..entry.elements() * dtype.size() as u64;
            Ok(Stored { info: TensorInfo { name, dtype, shape, bytes }, entry, layout })
        };
        let tensors = tensors.into_iter().map(stored).collect::<Result<_, _>>()?;
        Ok(Self { config, tensors, alignment, metadata })
    }

    /// config.json as transformers has it for this model.
    pub fn config_json(&self) -> Vec<u8> {
        format!("{:#}\n", self.config).into_bytes()
    }

    /// tokenizer.json and tokenizer_config.json (which includes the chat template) as in an export: names and bytes.
    ///
    /// # Errors
    /// If the file has no tokenizer, or one of an unknown kind.
    pub fn tokenizer_files(&self) -> Result<Vec<(String, Vec<u8>)>, TokenizerError> {
        let vocab = self.vocab().map_err(|error| TokenizerError::Gguf(error.to_string()))?;
        vocab.files()
    }

    /// The pooling of an encoder, if the file names one that Hone has (`llama_pooling_type`).
    ///
    /// # Errors
    /// If it is not a number.
    pub fn pooling(&self) -> Result<Option<Pooling>, WeightsError> {
        Ok(match self.metadata.get::<u64>("bert.pooling_type")? {
            Some(1) => Some(Pooling::Mean),
            Some(2) => Some(Pooling::Cls),
            _ => None,
        })
    }

    /// The most frequent quantization; `None` if no tensor is quantized.
    pub fn quantized(&self) -> Option<&'static str> {
        let mut elements = BTreeMap::new();
        for Stored { entry, .. } in &self.tensors {
            if let Some(kind) = entry.kind.quantized() {
                *elements.entry(kind).or_insert(0) += entry.elements();
            }
        }
        elements.into_iter().max_by_key(|(_, count)| *count).map(|(kind, _)| kind)
    }

    fn vocab(&self) -> Result<GgufVocab<'_>, WeightsError> {
        let data = &self.metadata;
        let id = |name: &str| data.get::<u64>(&format!("tokenizer.ggml.{name}_token_id"));
        Ok(GgufVocab {
            model: data.need("tokenizer.ggml.model")?,
            pre: data.get("tokenizer.ggml.pre")?,
            tokens: data.list("tokenizer.ggml.tokens")?,
            token_types: data.list("tokenizer.ggml.token_type")?,
            scores: data.list("tokenizer.ggml.scores")?,
            merges: data.list("tokenizer.ggml.merges")?,
            bos: id("bos")?,
            eos: id("eos")?,
            unknown: id("unknown")?,
            padding: id("padding")?,
            adds_bos: data.get("tokenizer.ggml.add_bos_token")?,
            adds_eos: data.get("tokenizer.ggml.add_eos_token")?,
            adds_space: data.get("tokenizer.ggml.add_space_prefix")?,
            charsmap: data.list("tokenizer.ggml.precompiled_charsmap")?,
            chat_template: data.get("tokenizer.chat_template")?,
        })
    }

    /// Bytes from the end of the header to the end of the last tensor.
    fn data_len(&self) -> u64 {
        self.tensors.last().map_or(0, |tensor| tensor.entry.begin + tensor.entry.stored_bytes())
    }
}

/// Sorts the tensors by offset, and refuses duplicate names, gaps and overlaps.
fn check_places(tensors: &mut [Entry], alignment: u64) -> Result<(), WeightsError> {
    tensors.sort_by_key(|entry| entry.begin);
    let (mut at, mut names) = (0u64, HashSet::new());
    for entry in tensors {
        let wrong = |reason: String| Err(WeightsError::Tensor { name: entry.name.clone(), reason });
        if !names.insert(&entry.name) {
            return wrong("is listed twice".into());
        }
        if entry.begin != at {
            return wrong(format!("begins at {}, where {at} was expected", entry.begin));
        }
        let Some(next) = at.checked_add(entry.stored_bytes()).and_then(|end| end.checked_next_multiple_of(alignment))
        else {
            return wrong("ends beyond any file".into());
        };
        at = next;
    }
    Ok(())
}

/// Reads a GGUF file as it arrives, in pieces of any size, and passes on one tensor at a time under its name in
/// transformers. No more than one tensor is held.
#[derive(Debug, Default)]
pub struct GgufReader {
    parser: HeaderParser,
    header: Option<GgufHeader>,
    /// Number of bytes needed for the next attempt at the header.
    need: usize,
    header_len: u64,
    next: usize,
    seen: u64,
    pending: Pending,
}

impl GgufReader {
    /// Reads the next piece of the file. `take` receives each complete tensor.
    ///
    /// # Errors
    /// If the header is invalid, or `take` fails.
    pub fn push(&mut self, mut piece: &[u8], take: Take) -> Result<(), WeightsError> {
        self.seen += piece.len() as u64;
        while self.header.is_none() {
            if !self.pending.fill(&mut piece, self.need, "header")? {
                return Ok(());
            }
            match self.parser.advance(self.pending.bytes())? {
                Err(need) => self.need = need,
                Ok(length) => {
                    let header = GgufHeader::new(std::mem::take(&mut self.parser))?;
                    self.pending.take();
                    // The data begins at the next multiple of the alignment; the padding is ignored.
                    self.header_len = (length as u64).next_multiple_of(header.alignment);
                    self.header = Some(header);
                }
            }
        }
        let Some(header) = &self.header else { return Ok(()) };
        while let Some(Stored { entry, layout, info }) = header.tensors.get(self.next) {
            let at = self.seen - piece.len() as u64 - self.pending.bytes().len() as u64;
            let gap = (self.header_len + entry.begin).saturating_sub(at).min(piece.len() as u64);
            piece = &piece[gap as usize..];
            if !self.pending.fill(&mut piece, entry.stored_bytes() as usize, &entry.name)? {
                return Ok(());
            }
            let bytes = entry.kind.plain(self.pending.take(), &entry.name)?;
            take(info, rearranged(bytes, *layout, &entry.shape))?;
            self.next += 1;
        }
        // Writers pad the last tensor too.
        let end = (self.header_len + header.data_len()).next_multiple_of(header.alignment);
        if self.seen > end { Err(WeightsError::TrailingBytes) } else { Ok(()) }
    }

    /// The header, once it has arrived.
    pub fn header(&self) -> Option<&GgufHeader> {
        self.header.as_ref()
    }

    /// Ends the file.
    ///
    /// # Errors
    /// If tensors are missing.
    pub fn finish(self) -> Result<GgufHeader, WeightsError> {
        let have = self.seen;
        match self.header {
            Some(header) if self.next == header.tensors.len() => Ok(header),
            Some(header) => Err(WeightsError::Truncated { have, need: self.header_len + header.data_len() }),
            None => Err(WeightsError::Truncated { have, need: self.need.max(24) as u64 }),
        }
    }
}
