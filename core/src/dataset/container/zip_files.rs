//! The files in a zip, each as a stream that needs no other.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use crc32fast::Hasher;
use flate2::bufread::DeflateDecoder;
use zip::{CompressionMethod, ZipArchive};

use crate::dataset::container::bounded::check_size;
use crate::dataset::container::shared_file::SharedFile;
use crate::dataset::container::tracked::{Origin, Track, unreadable};
use crate::diagnostic::Diagnostic;
use crate::phrases::names;

/// Bytes of the file that are read at a time.
const BUFFER_BYTES: usize = 64 << 10;

/// The files in a zip.
pub(crate) struct ZipFiles {
    /// Where the files are, for errors.
    pub origin: Origin,
    archive: ZipArchive<SharedFile>,
    file: SharedFile,
}

impl ZipFiles {
    /// Reads the directory of a zip.
    ///
    /// # Errors
    /// `data.damaged` if there is none, and `data.same-paths` if two files have the same path.
    pub(crate) fn open(name: &str, file: SharedFile, track: Track) -> Result<Self, Diagnostic> {
        let origin = Origin { file: name.to_owned(), track };
        let archive = ZipArchive::new(file.clone()).map_err(|error| match origin.track.error() {
            Some(error) => unreadable(name, &error),
            None => {
                let what = format!("{} is damaged: the list of its files cannot be read ({error}).", names(&[name]));
                Diagnostic::new("data.damaged", what)
                    .done("The file was not read.")
                    .remedy("The end of the file may be missing: download or copy it again.")
            }
        })?;
        // The list keeps only the last of them.
        if archive.has_duplicate_names() {
            let what = format!("{} contains two files with the same path.", names(&[name]));
            return Err(Diagnostic::new("data.same-paths", what)
                .done("The file was not read.")
                .remedy("It is not clear which one counts. Pack the files again."));
        }
        Ok(Self { origin, archive, file })
    }

    /// Number of files and folders.
    pub(crate) fn len(&self) -> usize {
        self.archive.len()
    }

    /// Path of a file, with `/` between folders.
    pub(crate) fn path(&self, index: usize) -> String {
        let name = self.archive.name_for_index(index).and_then(Result::ok).unwrap_or_default();
        name.replace('\\', "/")
    }

    /// Returns true if this is a file, not a folder or a link.
    pub(crate) fn is_file(&self, index: usize) -> bool {
        !self.path(index).ends_with('/')
    }

    /// Size of a file, unpacked, as the list says.
    pub(crate) fn size(&mut self, index: usize) -> u64 {
        self.archive.by_index_raw(index).map_or(0, |file| file.size())
    }

    /// Index of the file with this path. Upper and lower case are the same, as some programs mix them up.
    pub(crate) fn find(&self, path: &str) -> Option<usize> {
        (0..self.len()).find(|&index| self.path(index).eq_ignore_ascii_case(path))
    }

    /// The content of a file.
    ///
    /// # Errors
    /// `data.damaged`, `data.encrypted`, and `data.compression` for methods other than deflate.
    pub(crate) fn stream(&mut self, index: usize) -> Result<MemberReader, Diagnostic> {
        let path = self.path(index);
        let file = self.archive.by_index_raw(index).map_err(|error| self.origin.damaged(&path, &error))?;
        if file.encrypted() {
            let what = format!("{} in {} is encrypted.", names(&[&path]), names(&[&self.origin.file]));
            return Err(Diagnostic::new("data.encrypted", what)
                .done("The file was not read.")
                .remedy("Unpack it with its password, and use the unpacked files."));
        }
        let (method, compressed, crc32) = (file.compression(), file.compressed_size(), file.crc32());
        let begin = file.data_start().unwrap_or_default();
        drop(file);
        let mut raw = self.file.clone();
        let raw =
            raw.seek(SeekFrom::Start(begin)).map(|_| BufReader::with_capacity(BUFFER_BYTES, raw.take(compressed)));
        let raw = raw.map_err(|error| self.origin.damaged(&path, &error))?;
        let inner: Box<dyn Read> = match method {
            CompressionMethod::Stored => Box::new(raw),
            CompressionMethod::Deflated => Box::new(DeflateDecoder::new(raw)),
            other => {
                let what = format!("{} is compressed by a method that Hone does not read: {other}.", names(&[&path]));
                return Err(Diagnostic::new("data.compression", what)
                    .done("The file was not read.")
                    .remedy("Unpack it, and use the unpacked files or zip them again."));
            }
        };
        let file = self.origin.file.clone();
        Ok(MemberReader { inner, hash: Hasher::new(), crc32, compressed, unpacked: 0, file })
    }

    /// The content of a small file, at most `limit` bytes of it; none if there is no such file.
    ///
    /// # Errors
    /// As [`ZipFiles::stream`].
    pub(crate) fn beginning(&mut self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, Diagnostic> {
        let Some(index) = self.find(path) else { return Ok(None) };
        let mut bytes = Vec::new();
        let read = self.stream(index)?.take(limit).read_to_end(&mut bytes);
        read.map_err(|error| self.origin.damaged(path, &error))?;
        Ok(Some(bytes))
    }
}

/// Unpacks a file of a zip, and checks its length and its checksum.
pub(crate) struct MemberReader {
    inner: Box<dyn Read>,
    hash: Hasher,
    crc32: u32,
    compressed: u64,
    unpacked: u64,
    /// Name of the zip.
    file: String,
}

impl Read for MemberReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.hash.update(into.get(..read).unwrap_or_default());
        self.unpacked += read as u64;
        if read == 0 && !into.is_empty() && self.hash.clone().finalize() != self.crc32 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the checksum does not match"));
        }
        check_size(self.unpacked, self.compressed, &self.file, "zip")?;
        Ok(read)
    }
}
