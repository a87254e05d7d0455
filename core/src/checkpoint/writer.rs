//! Writing of a saved run, one tensor at a time.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write;

use crate::checkpoint::entries::{RECORD, RecordEntry, STATE, encode};
use crate::checkpoint::error::not_saved;
use crate::checkpoint::manifest::{Manifest, VERSION};
use crate::diagnostic::Diagnostic;
use crate::run::RunRecord;
use crate::train::{SavedTensor, SessionCheckpoint};
use crate::weights::{Dtype, TensorInfo, write_header};

/// Values that are read from the device and written at a time: reading them may take their memory twice.
const PIECE: usize = 1 << 20;

/// Element type of an entry that is no tensor.
const BYTE: Dtype = Dtype::Integer { name: "U8", size: 1 };

/// A saved run that is being written. Tensors stay on their device until it is their turn.
pub struct CheckpointWriter {
    header: Option<Vec<u8>>,
    contents: VecDeque<(String, Content)>,
    manifest: Manifest,
}

enum Content {
    Bytes(Vec<u8>),
    Tensor(Box<SavedTensor>),
}

impl Content {
    /// Element type and shape.
    fn layout(&self) -> (Dtype, Vec<usize>) {
        match self {
            Self::Bytes(bytes) => (BYTE, vec![bytes.len()]),
            Self::Tensor(tensor) => (Dtype::F32, tensor.shape.clone()),
        }
    }
}

impl CheckpointWriter {
    /// Prepares save number `generation` of a run.
    ///
    /// # Errors
    /// `checkpoint.write` if the state cannot be encoded.
    pub fn new(generation: u64, record: RunRecord, session: SessionCheckpoint) -> Result<Self, Diagnostic> {
        let SessionCheckpoint { standardization, state, tensors } = session;
        let best_is_live = state.best.as_ref().is_some_and(|best| best.is_live);
        let entry = RecordEntry { record, standardization, groups: state.run.ever_trainable.clone(), best_is_live };
        let entries = [(RECORD, encode(&entry)?), (STATE, encode(&state)?)];
        let entries = entries.map(|(name, bytes)| (name.to_owned(), Content::Bytes(bytes)));
        let tensors = tensors.into_iter().map(|tensor| (tensor.name.clone(), Content::Tensor(Box::new(tensor))));
        let contents: VecDeque<_> = entries.into_iter().chain(tensors).collect();
        let mut end = 0;
        let info = |(name, content): &(String, Content)| {
            let (dtype, shape) = content.layout();
            let begin = end;
            end += (shape.iter().product::<usize>() * dtype.size()) as u64;
            TensorInfo { name: name.clone(), dtype, shape, bytes: begin..end }
        };
        let infos: Vec<TensorInfo> = contents.iter().map(info).collect();
        let header = write_header(&infos);
        let manifest = Manifest {
            version: VERSION,
            generation,
            bytes: header.len() as u64 + end,
            header_crc32: crc32fast::hash(&header),
            crc32: BTreeMap::new(),
        };
        Ok(Self { header: Some(header), contents, manifest })
    }

    /// Size of the file, in bytes.
    pub fn bytes(&self) -> u64 {
        self.manifest.bytes
    }

    /// Writes the next tensor. Returns false once all are written.
    ///
    /// # Errors
    /// `checkpoint.write` if `out` fails, `device.read` if the device does.
    pub async fn write_next(&mut self, out: &mut impl Write) -> Result<bool, Diagnostic> {
        if let Some(header) = self.header.take() {
            out.write_all(&header).map_err(not_saved)?;
            return Ok(true);
        }
        let Some((name, content)) = self.contents.pop_front() else { return Ok(false) };
        let mut crc32 = crc32fast::Hasher::new();
        let mut write = |bytes: &[u8]| {
            crc32.update(bytes);
            out.write_all(bytes).map_err(not_saved)
        };
        match content {
            Content::Bytes(bytes) => write(&bytes)?,
            Content::Tensor(tensor) => {
                let count = tensor.shape.iter().product();
                for start in (0..count).step_by(PIECE) {
                    // In the order of the format: x86, ARM and wasm are little-endian.
                    write(tensor.values(start..count.min(start + PIECE)).await?.as_bytes())?;
                }
            }
        }
        self.manifest.crc32.insert(name, crc32.finalize());
        Ok(!self.contents.is_empty())
    }

    /// The manifest, once everything is written.
    pub fn finish(self) -> Manifest {
        self.manifest
    }
}
