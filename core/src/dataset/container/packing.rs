//! Detects what a file is packed in, by its first bytes.

use std::io::{self, Read};

use crate::dataset::layout::Compression;

/// Number of bytes that show what a file is packed in.
pub(crate) const HEAD_BYTES: usize = 512;

/// The compression that begins with these bytes.
pub(crate) fn compression_of(head: &[u8]) -> Option<Compression> {
    match head {
        [0x1f, 0x8b, 8, ..] => Some(Compression::Gzip),
        // The second form is a frame to skip, with which parallel compressors begin.
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Compression::Zstd),
        _ => None,
    }
}

/// Returns true if these are the first bytes of a zip, which may be empty.
pub(crate) fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// A file's name without the extension of its compression.
pub(crate) fn unpacked_name(name: &str, compression: Compression) -> &str {
    let endings: &[&str] = match compression {
        Compression::Gzip => &[".gz", ".gzip"],
        Compression::Zstd => &[".zst", ".zstd"],
    };
    let is_one = |stem: &usize| endings.iter().any(|ending| name[*stem..].eq_ignore_ascii_case(ending));
    name.rfind('.').filter(|stem| *stem > 0).filter(is_one).map_or(name, |stem| &name[..stem])
}

/// The first bytes of a file, at most [`HEAD_BYTES`].
///
/// # Errors
/// If the file cannot be read.
pub(crate) fn head(file: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    file.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_of_the_compression_is_dropped() {
        for (name, compression, expected) in [
            ("reviews.csv.gz", Compression::Gzip, "reviews.csv"),
            ("reviews.csv.GZ", Compression::Gzip, "reviews.csv"),
            ("reviews.csv", Compression::Gzip, "reviews.csv"),
            ("reviews.jsonl.zst", Compression::Zstd, "reviews.jsonl"),
            ("reviews.gz", Compression::Zstd, "reviews.gz"),
            (".gz", Compression::Gzip, ".gz"),
            ("é", Compression::Gzip, "é"),
        ] {
            assert_eq!(unpacked_name(name, compression), expected);
        }
    }
}
