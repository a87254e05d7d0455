//! The header of a GGUF file (<https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>), read as its bytes arrive.
//! Counts and lengths are not trusted: memory is allocated only once the bytes they announce have arrived.

use crate::limits::{MAX_GGUF_HEADER, MAX_GGUF_VALUES};
use crate::weights::error::WeightsError;
use crate::weights::gguf::kinds::{Kind, SUPPORTED};
use crate::weights::gguf::metadata::{Metadata, Value};

/// Supported version. Version 2 differs in the lengths of lists, and is no longer in use.
const VERSION: u32 = 3;
/// Maximum nesting of lists; no known file nests any.
const MAX_DEPTH: usize = 4;
/// Maximum number of dimensions (`GGML_MAX_DIMS`).
const MAX_DIMS: u32 = 4;
/// Minimum size of a metadata entry in bytes: an empty key, a type and a byte.
const MIN_ENTRY_BYTES: u64 = 8 + 4 + 1;
/// Minimum size of a tensor's entry in bytes: an empty name, no dimensions, a type and an offset.
const MIN_TENSOR_BYTES: u64 = 8 + 4 + 4 + 8;

/// A tensor, as described by the header.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// Name in the file.
    pub name: String,
    /// Shape, outermost dimension first; the file has the reverse order.
    pub shape: Vec<usize>,
    /// Element type.
    pub kind: Kind,
    /// Offset of its bytes from the end of the header.
    pub begin: u64,
}

impl Entry {
    /// Number of elements.
    pub(super) fn elements(&self) -> u64 {
        self.shape.iter().map(|&side| side as u64).product()
    }

    /// Size in the file, in bytes.
    pub(super) fn stored_bytes(&self) -> u64 {
        self.elements() / self.kind.block() * self.kind.block_bytes() as u64
    }
}

/// Reads a header, with another attempt whenever enough bytes have arrived.
#[derive(Debug, Default)]
pub(super) struct HeaderParser {
    /// Offset of the next entry.
    at: usize,
    /// Numbers of tensors and of metadata entries that the file announces.
    counts: Option<(u64, u64)>,
    entries: u64,
    values: usize,
    pub(super) metadata: Metadata,
    pub(super) tensors: Vec<Entry>,
}

/// Reason why an entry was not read.
enum Stop {
    /// It needs at least this many bytes from the beginning of the file.
    Short(u64),
    Wrong(WeightsError),
}

impl From<WeightsError> for Stop {
    fn from(error: WeightsError) -> Self {
        Self::Wrong(error)
    }
}

fn wrong(reason: impl Into<String>) -> Stop {
    Stop::Wrong(WeightsError::Header(reason.into()))
}

impl HeaderParser {
    /// Reads on in the file's first `bytes`. Returns the header's length once it is complete, otherwise the number of
    /// bytes that the next attempt needs.
    ///
    /// # Errors
    /// If the header is invalid.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> Result<Result<usize, usize>, WeightsError> {
        loop {
            let mut cursor = Cursor { bytes, at: self.at, values: self.values };
            match self.entry(&mut cursor) {
                Ok(true) => return Ok(Ok(self.at)),
                Ok(false) => (self.at, self.values) = (cursor.at, cursor.values),
                Err(Stop::Short(need)) => return Ok(Err((need + self.least_rest()) as usize)),
                Err(Stop::Wrong(error)) => return Err(error),
            }
        }
    }

    /// Minimum size of the entries after the present one. Waiting for them too keeps the number of attempts small.
    fn least_rest(&self) -> u64 {
        let Some((tensors, entries)) = self.counts else { return 0 };
        let entries = (entries - self.entries).saturating_sub(1) * MIN_ENTRY_BYTES;
        entries + (tensors - self.tensors.len() as u64).saturating_sub(1) * MIN_TENSOR_BYTES
    }

    /// Reads one entry; returns true if there are no more.
    fn entry(&mut self, cursor: &mut Cursor) -> Result<bool, Stop> {
        let Some((tensors, entries)) = self.counts else {
            self.counts = Some(counts(cursor)?);
            return Ok(false);
        };
        if self.entries < entries {
            let key = cursor.text("a key")?;
            let kind = cursor.u32()?;
            let value = cursor.value(kind, &key, MAX_DEPTH)?;
            self.metadata.insert(key, value)?;
            self.entries += 1;
        } else if (self.tensors.len() as u64) < tensors {
            self.tensors.push(tensor(cursor)?);
        } else {
            return Ok(true);
        }
        Ok(false)
    }
}

/// Reads the beginning of a file: number of tensors, and number of metadata entries.
fn counts(cursor: &mut Cursor) -> Result<(u64, u64), Stop> {
    let start = cursor.take(4)?;
    if start != b"GGUF" {
        if let Some(error) = WeightsError::placeholder(start) {
            return Err(Stop::Wrong(error));
        }
        return Err(wrong("it does not begin with \"GGUF\"; this is not a GGUF file"));
    }
    match cursor.u32()? {
        VERSION => {}
        other if other.swap_bytes() == VERSION => return Err(wrong("it is big-endian; little-endian files are read")),
        other => return Err(wrong(format!("it is of version {other} of the format; version {VERSION} is read"))),
    }
    let (tensors, entries) = (cursor.u64()?, cursor.u64()?);
    cursor.expect(entries, MIN_ENTRY_BYTES, "the metadata")?;
    cursor.expect(tensors, MIN_TENSOR_BYTES, "the list of tensors")?;
    Ok((tensors, entries))
}

fn tensor(cursor: &mut Cursor) -> Result<Entry, Stop> {
    let name = cursor.text("a tensor's name")?;
    let wrong = |reason: String| Stop::Wrong(WeightsError::Tensor { name: name.clone(), reason });
    let dims = cursor.u32()?;
    if !(1..=MAX_DIMS).contains(&dims) {
        return Err(wrong(format!("has {dims} sides; 1 to {MAX_DIMS} are read")));
    }
    let sides = (0..dims).map(|_| cursor.u64()).collect::<Result<Vec<_>, _>>()?;
    let kind = Kind::of(cursor.u32()?).map_err(|kind| wrong(format!("is of type {kind}; {SUPPORTED} can be read")))?;
    let begin = cursor.u64()?;
    let elements = sides.iter().try_fold(1u64, |product, &side| product.checked_mul(side));
    // wasm32 cannot hold a single tensor beyond this.
    if elements.and_then(|elements| elements.checked_mul(4)).is_none_or(|bytes| bytes > i32::MAX as u64) {
        return Err(wrong("is larger than 2 GiB as 32-bit floats".into()));
    }
    if elements == Some(0) {
        return Err(wrong("has no values".into()));
    }
    if !sides[0].is_multiple_of(kind.block()) {
        return Err(wrong(format!("has rows of {}, which cannot be split into blocks of {}", sides[0], kind.block())));
    }
    let shape = sides.iter().rev().map(|&side| side as usize).collect();
    Ok(Entry { name, shape, kind, begin })
}

/// Reads the bytes that are there, and reports how many more are needed.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Number of list values so far.
    values: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, count: u64) -> Result<&'a [u8], Stop> {
        self.expect(count, 1, "an entry")?;
        let begin = self.at;
        let end = begin + count as usize;
        let bytes = self.bytes.get(begin..end).ok_or(Stop::Short(end as u64))?;
        self.at = end;
        Ok(bytes)
    }

    /// Refuses anything that would end beyond the longest header.
    fn expect(&self, count: u64, bytes_each: u64, what: &str) -> Result<(), Stop> {
        let end = count.checked_mul(bytes_each).and_then(|bytes| bytes.checked_add(self.at as u64));
        if end.is_none_or(|end| end > MAX_GGUF_HEADER) {
            let at = self.at;
            let most = MAX_GGUF_HEADER >> 20;
            return Err(wrong(format!("at byte {at}, {what} would reach beyond {most} MiB, the most that is read")));
        }
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let bytes = self.take(N as u64)?;
        Ok(std::array::from_fn(|i| bytes[i]))
    }

    fn u32(&mut self) -> Result<u32, Stop> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, Stop> {
        self.array().map(u64::from_le_bytes)
    }

    fn text(&mut self, what: &str) -> Result<String, Stop> {
        let at = self.at;
        let length = self.u64()?;
        let bytes = self.take(length)?;
        let text = std::str::from_utf8(bytes).map_err(|_| wrong(format!("{what} at byte {at} is not UTF-8")))?;
        Ok(text.into())
    }

    fn value(&mut self, kind: u32, key: &str, depth: usize) -> Result<Value, Stop> {
        Ok(match kind {
            0 => Value::Uint(self.array::<1>()?[0].into()),
            1 => Value::Int(i8::from_le_bytes(self.array()?).into()),
            2 => Value::Uint(u16::from_le_bytes(self.array()?).into()),
            3 => Value::Int(i16::from_le_bytes(self.array()?).into()),
            4 => Value::Uint(self.u32()?.into()),
            5 => Value::Int(i32::from_le_bytes(self.array()?).into()),
            6 => Value::Float(decimal(f32::from_le_bytes(self.array()?))),
            7 => Value::Bool(self.array::<1>()? != [0]),
            8 => Value::Text(self.text(key)?),
            9 => self.list(key, depth)?,
            10 => Value::Uint(self.u64()?),
            11 => Value::Int(i64::from_le_bytes(self.array()?)),
            12 => Value::Float(f64::from_le_bytes(self.array()?)),
            other => return Err(wrong(format!("{key} is of type {other}, which the format does not have"))),
        })
    }

    fn list(&mut self, key: &str, depth: usize) -> Result<Value, Stop> {
        if depth == 0 {
            return Err(wrong(format!("{key} holds lists within lists, more than {MAX_DEPTH} deep")));
        }
        let (kind, count) = (self.u32()?, self.u64()?);
        let most = (MAX_GGUF_VALUES - self.values) as u64;
        if count > most {
            return Err(wrong(format!("{key} has {count} values; {MAX_GGUF_VALUES} are read of a file")));
        }
        self.values += count as usize;
        // All bytes must have arrived before memory is allocated for them.
        let end = self.at as u64 + count * least_bytes(kind);
        if end > self.bytes.len() as u64 {
            self.expect(count, least_bytes(kind), key)?;
            return Err(Stop::Short(end));
        }
        let mut values = Vec::with_capacity(count as usize);
        for left in (0..count).rev() {
            let value = self.value(kind, key, depth - 1).map_err(|stop| match stop {
                Stop::Short(need) => Stop::Short(need + left * least_bytes(kind)),
                wrong => wrong,
            })?;
            values.push(value);
        }
        Ok(Value::List(values))
    }
}

/// Minimum size of a value of a type, in bytes.
fn least_bytes(kind: u32) -> u64 {
    match kind {
        2 | 3 => 2,
        4..=6 => 4,
        8 | 10..=12 => 8,
        9 => 12,
        _ => 1,
    }
}

/// The shortest decimal that denotes a 32-bit float: 0.00001, not 0.00000999999974.
fn decimal(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}
