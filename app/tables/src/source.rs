//! The bytes of a file, from any position.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

/// A file that can be read from any position.
pub trait Source: Send + Sync + 'static {
    /// Size in bytes.
    fn size(&self) -> u64;

    /// Reads bytes from `at` on, at least one of them unless the file ends there. Returns their number.
    ///
    /// # Errors
    /// If the file cannot be read any more.
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize>;
}

/// A source with a position.
pub struct Seekable<F> {
    file: Mutex<F>,
    size: u64,
}

impl<F: Seek> Seekable<F> {
    /// A source for a file.
    ///
    /// # Errors
    /// If its size cannot be found.
    pub fn new(mut file: F) -> io::Result<Self> {
        let size = file.seek(SeekFrom::End(0))?;
        Ok(Self { file: Mutex::new(file), size })
    }
}

impl<F: Read + Seek + Send + 'static> Source for Seekable<F> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut file = self.file.lock().map_err(|_| io::Error::other("its reader stopped"))?;
        file.seek(SeekFrom::Start(at))?;
        file.read(into)
    }
}

/// A source as the parquet crate reads it.
pub(crate) struct Chunks<S>(pub Arc<S>);

impl<S: Source> Length for Chunks<S> {
    fn len(&self) -> u64 {
        self.0.size()
    }
}

impl<S: Source> ChunkReader for Chunks<S> {
    type T = BufReader<Range<S>>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(BufReader::new(Range { source: self.0.clone(), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        // Checked first: a damaged length would allocate gigabytes.
        if start.checked_add(length as u64).is_none_or(|end| end > self.0.size()) {
            return Err(ParquetError::EOF("a part of it is outside the file".into()));
        }
        let mut bytes = vec![0; length];
        Range { source: self.0.clone(), at: start }.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}

/// Reads a source from a position on.
pub(crate) struct Range<S> {
    source: Arc<S>,
    at: u64,
}

impl<S: Source> Read for Range<S> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read_at(self.at, into)?;
        self.at += read as u64;
        Ok(read)
    }
}
