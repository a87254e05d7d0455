//! A zip that is written from front to back, and can be read so. A small file has its size and checksum before its bytes. Those of
//! a large one are only known after them, which the format allows where the packed bytes say themselves where they end: it is
//! in blocks of deflate that are not compressed, as weights would hardly become smaller.

use std::io::{self, Write};

use crc32fast::Hasher;

/// Most bytes of a block that is not compressed (RFC 1951).
const BLOCK: usize = 0xffff;
/// The largest size in 32 bits has a meaning of its own.
const NO_SIZE: u32 = u32::MAX;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// Names are UTF-8.
const UTF_8: u16 = 1 << 11;
/// Sizes and checksum follow the bytes.
const HAS_DESCRIPTOR: u16 = 1 << 3;
/// Version that reads the format, and the one with sizes of 64 bits.
const VERSIONS: [u16; 2] = [20, 45];
/// The first day that the format knows: the same folder is the same zip.
const DATE: u16 = 1 << 5 | 1;
/// Made on Unix: a file that all may read.
const UNIX: u16 = 3 << 8;
const PERMISSIONS: u32 = 0o100_644 << 16;

struct Entry {
    name: String,
    method: u16,
    flags: u16,
    crc: u32,
    packed: u64,
    size: u64,
    /// Where it begins in the zip.
    at: u64,
}

/// A zip under way.
pub(crate) struct ZipStream<W> {
    out: W,
    written: u64,
    entries: Vec<Entry>,
    /// Bytes of the large file under way that are no whole block yet.
    block: Vec<u8>,
    crc: Hasher,
    is_open: bool,
    /// Sizes from here on have 64 bits.
    large: u64,
}

impl<W: Write> ZipStream<W> {
    /// Begins a zip.
    pub(crate) fn new(out: W) -> Self {
        let (entries, block) = (Vec::new(), Vec::new());
        Self { out, written: 0, entries, block, crc: Hasher::new(), is_open: false, large: NO_SIZE.into() }
    }

    /// Writes a small file.
    ///
    /// # Errors
    /// If `out` fails.
    pub(crate) fn file(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let size = bytes.len() as u64;
        self.header(name, STORED, crc32fast::hash(bytes), size)?;
        self.put(bytes)
    }

    /// Begins a large file, whose bytes are then written.
    ///
    /// # Errors
    /// If `out` fails.
    pub(crate) fn begin(&mut self, name: &str) -> io::Result<()> {
        self.header(name, DEFLATED, 0, 0)?;
        self.crc = Hasher::new();
        self.is_open = true;
        Ok(())
    }

    /// Writes the list of files.
    ///
    /// # Errors
    /// If `out` fails.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.end()?;
        let at = self.written;
        let count = self.entries.len() as u64;
        for entry in std::mem::take(&mut self.entries) {
            self.put(&listed(&entry, self.large))?;
        }
        let size = self.written - at;
        if at >= self.large {
            let end = self.written;
            let mut record = b"PK\x06\x06".to_vec();
            record.extend(44u64.to_le_bytes());
            record.extend([VERSIONS[1], VERSIONS[1]].map(u16::to_le_bytes).concat());
            record.extend([0; 8]);
            record.extend([count, count, size, at].map(u64::to_le_bytes).concat());
            record.extend(b"PK\x06\x07\0\0\0\0");
            record.extend(end.to_le_bytes());
            record.extend(1u32.to_le_bytes());
            self.put(&record)?;
        }
        let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
        let count = u16::try_from(count).unwrap_or(u16::MAX);
        end.extend([count, count].map(u16::to_le_bytes).concat());
        end.extend([size, at].map(|size| narrow(size, self.large)).map(u32::to_le_bytes).concat());
        end.extend([0; 2]);
        self.put(&end)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn header(&mut self, name: &str, method: u16, crc: u32, size: u64) -> io::Result<()> {
        self.end()?;
        let flags = if method == STORED { UTF_8 } else { UTF_8 | HAS_DESCRIPTOR };
        let entry = Entry { name: name.into(), method, flags, crc, packed: size, size, at: self.written };
        let mut header = b"PK\x03\x04".to_vec();
        header.extend(common(&entry, VERSIONS[0], self.large));
        header.extend([name.len() as u16, 0].map(u16::to_le_bytes).concat());
        header.extend(name.as_bytes());
        self.entries.push(entry);
        self.put(&header)
    }

    /// Ends the large file under way, if there is one.
    fn end(&mut self) -> io::Result<()> {
        if !self.is_open {
            return Ok(());
        }
        self.is_open = false;
        self.put_block(true)?;
        let Some(entry) = self.entries.last_mut() else { return Ok(()) };
        entry.crc = std::mem::take(&mut self.crc).finalize();
        let mut descriptor = b"PK\x07\x08".to_vec();
        descriptor.extend(entry.crc.to_le_bytes());
        let sizes = [entry.packed, entry.size];
        if sizes.iter().any(|&size| size >= self.large) {
            descriptor.extend(sizes.map(u64::to_le_bytes).concat());
        } else {
            descriptor.extend(sizes.map(|size| size as u32).map(u32::to_le_bytes).concat());
        }
        self.put(&descriptor)
    }

    fn put_block(&mut self, is_last: bool) -> io::Result<()> {
        let length = self.block.len() as u16;
        let mut head = vec![is_last.into()];
        head.extend([length, !length].map(u16::to_le_bytes).concat());
        if let Some(entry) = self.entries.last_mut() {
            entry.packed += (head.len() + self.block.len()) as u64;
        }
        self.put(&head)?;
        self.written += self.block.len() as u64;
        self.out.write_all(&self.block)?;
        self.block.clear();
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written += bytes.len() as u64;
        self.out.write_all(bytes)
    }
}

impl<W: Write> Write for ZipStream<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.block.len() == BLOCK {
            self.put_block(false)?;
        }
        let taken = &bytes[..bytes.len().min(BLOCK - self.block.len())];
        self.block.extend_from_slice(taken);
        self.crc.update(taken);
        if let Some(entry) = self.entries.last_mut() {
            entry.size += taken.len() as u64;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// What both headers of a file have.
fn common(entry: &Entry, version: u16, large: u64) -> Vec<u8> {
    let mut fields = [version, entry.flags, entry.method, 0, DATE].map(u16::to_le_bytes).concat();
    let sizes = [entry.packed, entry.size].map(|size| narrow(size, large));
    fields.extend([entry.crc, sizes[0], sizes[1]].map(u32::to_le_bytes).concat());
    fields
}

/// A file in the list at the end.
fn listed(entry: &Entry, large: u64) -> Vec<u8> {
    let wide: Vec<u64> = [entry.size, entry.packed, entry.at].into_iter().filter(|&size| size >= large).collect();
    let version = VERSIONS[usize::from(!wide.is_empty())];
    let mut extra = Vec::new();
    if !wide.is_empty() {
        extra.extend([1, 8 * wide.len() as u16].map(u16::to_le_bytes).concat());
        extra.extend(wide.iter().flat_map(|size| size.to_le_bytes()));
    }
    let mut header = b"PK\x01\x02".to_vec();
    header.extend((UNIX | version).to_le_bytes());
    header.extend(common(entry, version, large));
    header.extend([entry.name.len() as u16, extra.len() as u16, 0, 0, 0].map(u16::to_le_bytes).concat());
    header.extend([PERMISSIONS, narrow(entry.at, large)].map(u32::to_le_bytes).concat());
    header.extend(entry.name.as_bytes());
    header.extend(extra);
    header
}

/// A size in 32 bits.
fn narrow(size: u64, large: u64) -> u32 {
    if size >= large { NO_SIZE } else { size as u32 }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use flate2::bufread::DeflateDecoder;
    use zip::ZipArchive;

    use super::*;

    fn files() -> [(&'static str, Vec<u8>); 4] {
        let large: Vec<u8> = (0..200_000u32).map(|i| (i * 7 % 251) as u8).collect();
        [("a/ü.json", b"{}".to_vec()), ("weights", large), ("empty weights", Vec::new()), ("empty", Vec::new())]
    }

    fn packed(large: u64) -> Vec<u8> {
        let mut zip = ZipStream { large, ..ZipStream::new(Vec::new()) };
        for (name, bytes) in files() {
            if name.ends_with("weights") {
                zip.begin(name).unwrap();
                bytes.chunks(70_001).for_each(|piece| zip.write_all(piece).unwrap());
            } else {
                zip.file(name, &bytes).unwrap();
            }
        }
        zip.finish().unwrap()
    }

    fn number(bytes: &mut &[u8], length: usize) -> u64 {
        let (number, rest) = bytes.split_at(length);
        *bytes = rest;
        number.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
    }

    #[test]
    fn a_zip_is_read_from_front_to_back() {
        let zip = packed(NO_SIZE.into());
        let mut rest = &zip[..];
        for (name, expected) in files() {
            assert_eq!(number(&mut rest, 4), 0x0403_4b50);
            let [_, flags, method, _, _] = [2; 5].map(|length| number(&mut rest, length));
            let [crc, packed, size] = [4; 3].map(|length| number(&mut rest, length));
            let [name_length, extra] = [2; 2].map(|length| number(&mut rest, length) as usize);
            assert_eq!((&rest[..name_length], extra), (name.as_bytes(), 0));
            rest = &rest[name_length..];
            if method == 0 {
                assert_eq!((flags & 8, packed, size), (0, expected.len() as u64, expected.len() as u64));
                assert_eq!(&rest[..expected.len()], expected);
                assert_eq!(crc, u64::from(crc32fast::hash(&expected)));
                rest = &rest[expected.len()..];
            } else {
                // Only the packed bytes say where they end.
                assert_eq!((flags & 8, method), (8, 8));
                let before = rest.len();
                let mut found = Vec::new();
                DeflateDecoder::new(&mut rest).read_to_end(&mut found).unwrap();
                assert!(found == expected);
                let packed = (before - rest.len()) as u64;
                let descriptor = [4; 4].map(|length| number(&mut rest, length));
                let crc = crc32fast::hash(&expected).into();
                assert_eq!(descriptor, [0x0807_4b50, crc, packed, expected.len() as u64]);
            }
        }
        assert_eq!(number(&mut rest, 4), 0x0201_4b50);
    }

    #[test]
    fn a_zip_is_read_by_its_list_of_any_size() {
        for large in [u64::from(NO_SIZE), 100_000, 1000] {
            let mut archive = ZipArchive::new(Cursor::new(packed(large))).unwrap();
            assert_eq!(archive.len(), files().len());
            for (name, expected) in files() {
                let mut found = Vec::new();
                archive.by_name(name).unwrap().read_to_end(&mut found).unwrap();
                assert!(found == expected, "{name} {large}");
            }
        }
    }
}
