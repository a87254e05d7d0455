//! The safetensors format: 8 bytes of length, a JSON header, then the tensors' bytes without gaps
//! (<https://github.com/huggingface/safetensors#format>). The header is validated before it is used.

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};

use crate::limits::MAX_SAFETENSORS_HEADER;
use crate::weights::error::WeightsError;
use crate::weights::pending::Pending;

/// Supported element types. Others are refused: 8-bit floats need separate scales.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dtype {
    /// 32-bit float.
    F32,
    /// 16-bit float.
    F16,
    /// 16-bit float with the range of f32.
    BF16,
    /// 64-bit float, which is read and never written.
    F64,
    /// Integers and Booleans: buffers such as `position_ids` and `attn.bias`, which are ignored.
    Integer {
        /// Name in the header.
        name: &'static str,
        /// Size of an element, in bytes.
        size: usize,
    },
}

/// Names of integer types, and the size of an element in bytes.
const INTEGERS: [(&str, usize); 9] =
    [("BOOL", 1), ("I8", 1), ("U8", 1), ("I16", 2), ("U16", 2), ("I32", 4), ("U32", 4), ("I64", 8), ("U64", 8)];

impl Dtype {
    /// Name in the header.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::BF16 => "BF16",
            Self::F64 => "F64",
            Self::Integer { name, .. } => name,
        }
    }

    /// Size of an element, in bytes.
    pub fn size(self) -> usize {
        match self {
            Self::F16 | Self::BF16 => 2,
            Self::F32 => 4,
            Self::F64 => 8,
            Self::Integer { size, .. } => size,
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        let integers = INTEGERS.into_iter().map(|(name, size)| Self::Integer { name, size });
        [Self::F32, Self::F16, Self::BF16, Self::F64].into_iter().chain(integers).find(|dtype| dtype.name() == name)
    }
}

/// One tensor of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorInfo {
    /// Name in the file.
    pub name: String,
    /// Element type.
    pub dtype: Dtype,
    /// Shape, outermost dimension first.
    pub shape: Vec<usize>,
    /// Range of its bytes, counted from the end of the header.
    pub bytes: std::ops::Range<u64>,
}

/// The validated header of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct FileHeader {
    /// Sorted by offset.
    pub tensors: Vec<TensorInfo>,
}

#[derive(Deserialize)]
struct RawTensor {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

/// Entries in file order, so that duplicate names are detected: a map would silently keep the last one.
struct Entries(Vec<(String, serde_json::Value)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Entries;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

impl FileHeader {
    /// Parses the JSON part of a file and checks names, types, shapes, lengths, gaps and overlaps.
    ///
    /// # Errors
    /// Names the invalid tensor and the reason.
    pub fn parse(json: &[u8]) -> Result<Self, WeightsError> {
        let Entries(entries) = serde_json::from_slice(json).map_err(|e| WeightsError::Header(e.to_string()))?;
        let mut tensors = Vec::with_capacity(entries.len());
        let mut names = std::collections::HashSet::new();
        for (name, value) in entries {
            if name == "__metadata__" {
                continue;
            }
            let wrong = |reason: String| WeightsError::Tensor { name: name.clone(), reason };
            if !names.insert(name.clone()) {
                return Err(wrong("is listed twice".into()));
            }
            let raw: RawTensor = serde_json::from_value(value).map_err(|e| wrong(e.to_string()))?;
            let dtype = Dtype::from_name(&raw.dtype)
                .ok_or_else(|| WeightsError::Dtype { name: name.clone(), dtype: raw.dtype.clone() })?;
            let (begin, end) = raw.data_offsets;
            let bytes = raw
                .shape
                .iter()
                .try_fold(dtype.size() as u64, |product, &side| product.checked_mul(side))
                .ok_or_else(|| wrong("is too large".into()))?;
            if end.checked_sub(begin) != Some(bytes) {
                return Err(wrong(format!("is at bytes {begin} to {end}, but needs {bytes} bytes")));
            }
            // wasm32 cannot hold a single tensor beyond this.
            if bytes > i32::MAX as u64 {
                return Err(wrong("is larger than 2 GiB".into()));
            }
            let shape = raw.shape.iter().map(|&side| side as usize).collect();
            tensors.push(TensorInfo { name, dtype, shape, bytes: begin..end });
        }
        tensors.sort_by_key(|tensor| (tensor.bytes.start, tensor.bytes.end));
        let mut at = 0;
        for TensorInfo { name, bytes, .. } in &tensors {
            if bytes.start != at {
                let reason = format!("begins at {}, where {at} was expected", bytes.start);
                return Err(WeightsError::Tensor { name: name.clone(), reason });
            }
            at = bytes.end;
        }
        Ok(Self { tensors })
    }

    /// Size of all tensors together, in bytes.
    pub fn data_len(&self) -> u64 {
        self.tensors.last().map_or(0, |tensor| tensor.bytes.end)
    }
}

/// The first bytes of a file with these tensors: length and header, padded so that the data is aligned to 8 bytes, with
/// the metadata that transformers requires.
pub fn write_header(tensors: &[TensorInfo]) -> Vec<u8> {
    let mut map = serde_json::Map::new();
    map.insert("__metadata__".into(), serde_json::json!({"format": "pt"}));
    for TensorInfo { name, dtype, shape, bytes } in tensors {
        let entry =
            serde_json::json!({"dtype": dtype.name(), "shape": shape, "data_offsets": [bytes.start, bytes.end]});
        map.insert(name.clone(), entry);
    }
    let mut json = serde_json::Value::Object(map).to_string().into_bytes();
    json.resize(json.len().next_multiple_of(8), b' ');
    [&(json.len() as u64).to_le_bytes()[..], &json].concat()
}

/// Receives each tensor of a file with its bytes.
pub(super) type Take<'a> = &'a mut dyn FnMut(&TensorInfo, Vec<u8>) -> Result<(), WeightsError>;

/// Reads a file as it arrives, in pieces of any size, and passes on one tensor at a time. No more than one tensor is
/// held.
#[derive(Debug, Default)]
pub struct FileReader {
    header: Option<FileHeader>,
    next: usize,
    seen: u64,
    pending: Pending,
}

impl FileReader {
    /// Reads the next piece of the file. `take` receives each complete tensor.
    ///
    /// # Errors
    /// If the header is invalid, or `take` fails.
    pub fn push(&mut self, mut piece: &[u8], take: Take) -> Result<(), WeightsError> {
        self.seen += piece.len() as u64;
        if self.header.is_none() {
            if !self.pending.fill(&mut piece, 8, "header")? {
                return Ok(());
            }
            let Some((length, _)) = self.pending.bytes().split_first_chunk::<8>() else { return Ok(()) };
            let length = u64::from_le_bytes(*length);
            if length > MAX_SAFETENSORS_HEADER as u64 || length < 2 {
                let placeholder = WeightsError::placeholder(self.pending.bytes());
                return Err(placeholder.unwrap_or(WeightsError::HeaderLength(length)));
            }
            if !self.pending.fill(&mut piece, 8 + length as usize, "header")? {
                return Ok(());
            }
            self.header = Some(FileHeader::parse(&self.pending.take()[8..])?);
        }
        let Some(header) = &self.header else { return Ok(()) };
        while let Some(tensor) = header.tensors.get(self.next) {
            let need = (tensor.bytes.end - tensor.bytes.start) as usize;
            if !self.pending.fill(&mut piece, need, &tensor.name)? {
                return Ok(());
            }
            take(tensor, self.pending.take())?;
            self.next += 1;
        }
        if piece.is_empty() { Ok(()) } else { Err(WeightsError::TrailingBytes) }
    }

    /// Ends the file.
    ///
    /// # Errors
    /// If tensors are missing.
    pub fn finish(self) -> Result<FileHeader, WeightsError> {
        match self.header {
            Some(header) if self.next == header.tensors.len() => Ok(header),
            Some(header) => {
                let need = self.seen - self.pending.bytes().len() as u64 + header.data_len()
                    - header.tensors.get(self.next).map_or(0, |tensor| tensor.bytes.start);
                Err(WeightsError::Truncated { have: self.seen, need })
            }
            None => Err(WeightsError::Truncated { have: self.seen, need: self.seen.max(8) + 1 }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(name: &str, shape: &[usize], bytes: std::ops::Range<u64>) -> TensorInfo {
        TensorInfo { name: name.into(), dtype: Dtype::F16, shape: shape.into(), bytes }
    }

    fn file() -> Vec<u8> {
        let mut file = write_header(&[tensor("a", &[2], 0..4), tensor("none", &[0], 4..4), tensor("b", &[1, 1], 4..6)]);
        file.extend([1, 2, 3, 4, 5, 6]);
        file
    }

    fn read(pieces: &[&[u8]]) -> Result<Vec<(String, Vec<u8>)>, WeightsError> {
        let mut reader = FileReader::default();
        let mut tensors = Vec::new();
        for piece in pieces {
            reader.push(piece, &mut |info, bytes| {
                tensors.push((info.name.clone(), bytes));
                Ok(())
            })?;
        }
        reader.finish().map(|_| tensors)
    }

    #[test]
    fn a_file_cut_anywhere_into_two_pieces_reads_the_same() {
        let file = file();
        for cut in 0..=file.len() {
            let (left, right) = file.split_at(cut);
            let tensors = read(&[left, right]).unwrap();
            let expected = [("a".to_string(), vec![1, 2, 3, 4]), ("none".into(), vec![]), ("b".into(), vec![5, 6])];
            assert_eq!(tensors, expected, "cut at {cut}");
        }
    }

    #[test]
    fn a_truncated_file_is_refused_wherever_it_ends() {
        let file = file();
        for end in 0..file.len() {
            assert!(matches!(read(&[&file[..end]]), Err(WeightsError::Truncated { .. })), "ends at {end}");
        }
        let missing_one = read(&[&file[..file.len() - 1]]);
        let (have, need) = (file.len() as u64 - 1, file.len() as u64);
        assert_eq!(missing_one, Err(WeightsError::Truncated { have, need }));
    }

    #[test]
    fn pointers_and_web_pages_in_place_of_weights_are_refused_by_name() {
        for (file, name) in [
            ("version https://git-lfs.github.com/spec/v1\noid sha256:4f1c\nsize 175385569\n", "Git LFS"),
            ("<!DOCTYPE html>\n<html>", "web page"),
            ("<html lang=\"en\">", "web page"),
            ("PK\u{3}\u{4}\0\0\u{8}\u{8}\0", "pickle"),
            ("{\"error\": \"Repository not found\"}", "JSON"),
        ] {
            let error = read(&[file.as_bytes()]).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    #[test]
    fn bytes_after_the_end_are_refused() {
        assert_eq!(read(&[&file(), &[0]]), Err(WeightsError::TrailingBytes));
    }

    #[test]
    fn headers_that_lie_are_refused() {
        for (json, why) in [
            (r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,3]}}"#, "length"),
            (r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, "gap"),
            (r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, "backwards"),
            (r#"{"a":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}"#, "type"),
            (r#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,8]}}"#, "length of a byte's type"),
            (r#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#, "overflow"),
            (r#"{"a":{"dtype":"F32","shape":[1073741824],"data_offsets":[0,4294967296]}}"#, "size"),
            (
                r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
                    "b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}"#,
                "overlap",
            ),
            (
                r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
                    "a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
                "twice",
            ),
            ("[]", "no object"),
        ] {
            assert!(FileHeader::parse(json.as_bytes()).is_err(), "{why}");
        }
        assert_eq!(read(&[&u64::MAX.to_le_bytes()]), Err(WeightsError::HeaderLength(u64::MAX)));
    }
}
