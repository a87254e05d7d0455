//! Reading of a saved run. Every checksum is verified.

use std::io::{Read, Seek, SeekFrom};

use burn::tensor::Device;

use crate::checkpoint::entries::{RECORD, RecordEntry, STATE, decode};
use crate::checkpoint::error::{damaged, unreadable};
use crate::checkpoint::manifest::Manifest;
use crate::diagnostic::Diagnostic;
use crate::limits::MAX_SAFETENSORS_HEADER;
use crate::train::{RestoredTensors, SessionState};
use crate::weights::{self, Dtype, FileHeader, TensorInfo};

/// Bytes read at a time.
const PIECE: usize = 1 << 20;

/// The tensors' file of a saved run.
pub struct CheckpointReader<R> {
    manifest: Manifest,
    header: FileHeader,
    /// Size of the header and its length, in bytes.
    header_bytes: u64,
    reader: R,
}

impl<R: Read + Seek> CheckpointReader<R> {
    /// Opens the file that belongs to a manifest.
    ///
    /// # Errors
    /// `checkpoint.damaged` if length or header are not those of the manifest, `checkpoint.read` if it cannot be read.
    pub fn open(manifest: Manifest, mut reader: R) -> Result<Self, Diagnostic> {
        let bytes = reader.seek(SeekFrom::End(0)).map_err(unreadable)?;
        if bytes != manifest.bytes {
            return Err(damaged(format!("its file has {bytes} bytes instead of {}", manifest.bytes)));
        }
        reader.rewind().map_err(unreadable)?;
        let mut length = [0; 8];
        reader.read_exact(&mut length).map_err(unreadable)?;
        let json_bytes = u64::from_le_bytes(length);
        if json_bytes > bytes.min(MAX_SAFETENSORS_HEADER as u64) {
            return Err(damaged("the length of its header is wrong"));
        }
        let mut json = vec![0; json_bytes as usize];
        reader.read_exact(&mut json).map_err(unreadable)?;
        let mut crc32 = crc32fast::Hasher::new();
        crc32.update(&length);
        crc32.update(&json);
        if crc32.finalize() != manifest.header_crc32 {
            return Err(damaged("the checksum of its header is wrong"));
        }
        let header = FileHeader::parse(&json).map_err(damaged)?;
        if 8 + json_bytes + header.data_len() != bytes {
            return Err(damaged("its header does not fit its length"));
        }
        Ok(Self { manifest, header, header_bytes: 8 + json_bytes, reader })
    }

    /// Lengths and checksums.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The record of the run.
    ///
    /// # Errors
    /// `checkpoint.damaged` if a byte is wrong, `checkpoint.read` if it cannot be read.
    pub fn record(&mut self) -> Result<RecordEntry, Diagnostic> {
        decode(RECORD, &self.entry(RECORD)?)
    }

    /// The state of the session.
    ///
    /// # Errors
    /// `checkpoint.version` if another version saved it, `checkpoint.damaged` if a byte is wrong, `checkpoint.read` if it
    /// cannot be read.
    pub fn state(&mut self) -> Result<SessionState, Diagnostic> {
        self.manifest.check_version()?;
        decode(STATE, &self.entry(STATE)?)
    }

    /// The tensors whose names `is_wanted` selects, on `device`.
    ///
    /// # Errors
    /// `checkpoint.damaged` if a byte is wrong, `checkpoint.read` if they cannot be read.
    pub fn tensors(
        &mut self,
        device: &Device,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<RestoredTensors, Diagnostic> {
        let mut tensors = RestoredTensors::new(device);
        let infos = self.header.tensors.clone();
        for info in infos.iter().filter(|info| info.dtype == Dtype::F32 && is_wanted(&info.name)) {
            let size = (info.bytes.end - info.bytes.start) as usize;
            let mut bytes = Vec::with_capacity(size);
            self.read(info, |piece| bytes.extend_from_slice(piece))?;
            let flat = TensorInfo { shape: vec![size / size_of::<f32>()], ..info.clone() };
            if let Some(values) = weights::decode(&flat, bytes) {
                tensors.add(flat.name, values);
            }
        }
        Ok(tensors)
    }

    /// Reads everything.
    ///
    /// # Errors
    /// `checkpoint.damaged` if a byte is wrong, `checkpoint.read` if it cannot be read.
    pub fn verify(&mut self) -> Result<(), Diagnostic> {
        self.header.tensors.clone().iter().try_for_each(|info| self.read(info, |_| {}))
    }

    fn entry(&mut self, name: &str) -> Result<Vec<u8>, Diagnostic> {
        let info = self.header.tensors.iter().find(|info| info.name == name).cloned();
        let info = info.ok_or_else(|| damaged(format!("its {name} is missing")))?;
        let mut bytes = Vec::new();
        self.read(&info, |piece| bytes.extend_from_slice(piece))?;
        Ok(bytes)
    }

    fn read(&mut self, info: &TensorInfo, mut take: impl FnMut(&[u8])) -> Result<(), Diagnostic> {
        self.reader.seek(SeekFrom::Start(self.header_bytes + info.bytes.start)).map_err(unreadable)?;
        let mut crc32 = crc32fast::Hasher::new();
        let mut left = (info.bytes.end - info.bytes.start) as usize;
        let mut piece = vec![0; left.min(PIECE)];
        while left > 0 {
            let piece = &mut piece[..left.min(PIECE)];
            self.reader.read_exact(piece).map_err(unreadable)?;
            crc32.update(piece);
            take(piece);
            left -= piece.len();
        }
        if self.manifest.crc32.get(&info.name) == Some(&crc32.finalize()) {
            Ok(())
        } else {
            Err(damaged(format!("the checksum of {} is wrong", info.name)))
        }
    }
}
