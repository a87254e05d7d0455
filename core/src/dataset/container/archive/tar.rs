//! Reads tar archives as a stream: ustar, with the long names and sizes of pax and GNU tar.

use std::io::{self, Read};

use crate::dataset::folder::TAR_BLOCK;

/// Maximum size of a header's extension, in bytes.
const MAX_EXTENSION: u64 = 1 << 20;
/// Offset of the format's name in a header, in bytes.
const MAGIC_AT: usize = 257;

/// Returns true if these are the first bytes of a tar archive. One without files, such as that of an empty folder, has only
/// zeros.
pub(crate) fn is_tar(head: &[u8]) -> bool {
    let is_end = |block: &[u8]| block.iter().all(|&byte| byte == 0);
    head.get(..TAR_BLOCK).is_some_and(is_end)
        || (head.get(MAGIC_AT..).is_some_and(|rest| rest.starts_with(b"ustar")) && checksum_fits(head))
}

/// A file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TarEntry {
    pub path: String,
    /// Size in bytes.
    pub size: u64,
}

/// Reads the files of an archive in order. Reading gives the content of the last entry.
pub(crate) struct TarReader<R> {
    stream: R,
    /// Bytes left of the content, and of the padding after it.
    content: u64,
    padding: u64,
}

impl<R: Read> TarReader<R> {
    pub(crate) fn new(stream: R) -> Self {
        Self { stream, content: 0, padding: 0 }
    }

    /// The next file; none at the end. Folders and links are passed over.
    ///
    /// # Errors
    /// If the archive is cut or damaged.
    pub(crate) fn next_file(&mut self) -> io::Result<Option<TarEntry>> {
        let (mut long_path, mut long_size) = (None, None);
        loop {
            self.skip(self.content + self.padding)?;
            let Some(header) = self.header()? else { return Ok(None) };
            let size = long_size.unwrap_or(number(&header[124..136]).ok_or_else(damaged)?);
            self.content = size;
            self.padding = size.next_multiple_of(TAR_BLOCK as u64) - size;
            match header[156] {
                b'x' => {
                    for (key, value) in pax_records(&self.extension()?) {
                        match key.as_str() {
                            "path" => long_path = Some(value),
                            "size" => long_size = value.parse().ok().filter(|size| *size < 1 << 60),
                            _ => {}
                        }
                    }
                }
                b'L' => {
                    let name = self.extension()?;
                    let end = name.iter().position(|&byte| byte == 0).unwrap_or(name.len());
                    long_path = Some(String::from_utf8_lossy(&name[..end]).into_owned());
                }
                b'0' | 0 | b'7' => {
                    let path = long_path.take().unwrap_or_else(|| short_path(&header));
                    if !path.ends_with('/') {
                        return Ok(Some(TarEntry { path, size }));
                    }
                    (long_path, long_size) = (None, None);
                }
                // Comments of the whole archive.
                b'g' => {}
                _ => (long_path, long_size) = (None, None),
            }
        }
    }

    /// The next header; none at the end of the archive, which is a block of zeros or the end of the file.
    fn header(&mut self) -> io::Result<Option<[u8; TAR_BLOCK]>> {
        let mut header = [0; TAR_BLOCK];
        let mut filled = 0;
        while filled < TAR_BLOCK {
            match self.stream.read(&mut header[filled..])? {
                0 if filled == 0 => return Ok(None),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => filled += read,
            }
        }
        if header.iter().all(|&byte| byte == 0) {
            return Ok(None);
        }
        if checksum_fits(&header) { Ok(Some(header)) } else { Err(damaged()) }
    }

    /// The whole content of an entry that belongs to the header after it.
    fn extension(&mut self) -> io::Result<Vec<u8>> {
        if self.content > MAX_EXTENSION {
            return Err(damaged());
        }
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        let skipped = io::copy(&mut self.stream.by_ref().take(bytes), &mut io::sink())?;
        (self.content, self.padding) = (0, 0);
        // The padding after the last file may be missing.
        if skipped < bytes.saturating_sub(TAR_BLOCK as u64 - 1) {
            Err(io::ErrorKind::UnexpectedEof.into())
        } else {
            Ok(())
        }
    }
}

impl<R: Read> Read for TarReader<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.content).unwrap_or(usize::MAX).min(into.len());
        let read = self.stream.read(&mut into[..wanted])?;
        if read == 0 && wanted > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.content -= read as u64;
        Ok(read)
    }
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a header is not valid")
}

/// The sum of a header's bytes, with spaces in place of the sum itself.
fn checksum_fits(header: &[u8]) -> bool {
    let Some(header) = header.get(..TAR_BLOCK) else { return false };
    let sum: u64 = header
        .iter()
        .enumerate()
        .map(|(at, &byte)| u64::from(if (148..156).contains(&at) { b' ' } else { byte }))
        .sum();
    number(&header[148..156]) == Some(sum)
}

/// A number: octal digits, or from 8 GB on a binary number with the first bit set.
fn number(field: &[u8]) -> Option<u64> {
    if field.first()? & 0x80 != 0 {
        let bytes: [u8; 8] = field.last_chunk().copied()?;
        return Some(u64::from_be_bytes(bytes)).filter(|number| *number < 1 << 60);
    }
    let digits = field.iter().copied().skip_while(|&byte| byte == b' ').take_while(|&byte| byte != b' ' && byte != 0);
    digits.into_iter().try_fold(0_u64, |number, digit| {
        number.checked_mul(8)?.checked_add(u64::from(digit.checked_sub(b'0').filter(|digit| *digit < 8)?))
    })
}

fn short_path(header: &[u8; TAR_BLOCK]) -> String {
    let text = |range: std::ops::Range<usize>| {
        let field = &header[range];
        let end = field.iter().position(|&byte| byte == 0).unwrap_or(field.len());
        String::from_utf8_lossy(&field[..end]).into_owned()
    };
    // GNU tar has other fields in place of the prefix.
    let prefix = if header[MAGIC_AT + 5] == 0 { text(345..500) } else { String::new() };
    if prefix.is_empty() { text(0..100) } else { format!("{prefix}/{}", text(0..100)) }
}

/// Keys and values of a pax header: `27 path=…\n`, where 27 is the length of the whole record.
fn pax_records(bytes: &[u8]) -> Vec<(String, String)> {
    let (mut records, mut rest) = (Vec::new(), bytes);
    while let Some(space) = rest.iter().position(|&byte| byte == b' ') {
        let length = std::str::from_utf8(&rest[..space]).ok().and_then(|length| length.parse::<usize>().ok());
        let Some(record) = length.filter(|length| *length > space + 1).and_then(|length| rest.get(space + 1..length))
        else {
            break;
        };
        let record = String::from_utf8_lossy(record);
        if let Some((key, value)) = record.trim_end_matches('\n').split_once('=') {
            records.push((key.to_owned(), value.to_owned()));
        }
        rest = &rest[length.unwrap_or(rest.len())..];
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::folder::{TAR_END, tar_header};

    #[test]
    fn numbers_are_octal_or_binary() {
        assert_eq!(number(b"0000644\0"), Some(0o644));
        assert_eq!(number(b"    17 \0"), Some(15));
        assert_eq!(number(b"\x80\0\0\0\0\0\0\0\0\0\x01\x02"), Some(258));
        assert_eq!((number(b"9"), number(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff"), number(b"")), (None, None, None));
    }

    #[test]
    fn headers_that_hone_writes_are_read() {
        let long = format!("{}/é.txt", "folder/".repeat(30));
        let mut bytes = Vec::new();
        for (path, content) in [("a.txt", "x"), (&long, "two"), ("empty", "")] {
            bytes.extend(tar_header(path, content.len() as u64));
            bytes.extend(content.as_bytes());
            bytes.resize(bytes.len().next_multiple_of(TAR_BLOCK), 0);
        }
        bytes.resize(bytes.len() + TAR_END, 0);
        assert!(is_tar(&bytes) && is_tar(&[0; TAR_BLOCK]) && !is_tar(&[0; 100]));
        let mut tar = TarReader::new(&bytes[..]);
        let mut found = Vec::new();
        while let Some(entry) = tar.next_file().unwrap() {
            let mut content = String::new();
            tar.read_to_string(&mut content).unwrap();
            found.push((entry.path, content));
        }
        let file = |path: &str, content: &str| (path.to_owned(), content.to_owned());
        assert_eq!(found, [file("a.txt", "x"), file(&long, "two"), file("empty", "")]);
    }

    #[test]
    fn records_of_pax_are_read_as_far_as_they_are_whole() {
        let records = pax_records("13 path=é/a\n12 size=123\n99 x".as_bytes());
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(records, [pair("path", "é/a"), pair("size", "123")]);
        assert_eq!(pax_records(b"1 a=b\n"), []);
    }
}
