//! Streams of unpacked bytes, with bounds on their length, whose errors name the file and a remedy.

use std::io::{self, Read};

use crate::dataset::container::pieces::{PIECE_BYTES, Pieces};
use crate::dataset::container::tracked::{Origin, Track, unreadable};
use crate::dataset::layout::Compression;
use crate::diagnostic::Diagnostic;
use crate::limits::{MAX_UNPACKED_BYTES, MAX_UNPACKED_RATIO, MIN_RATIO_BYTES};
use crate::phrases::{names, thousands};

/// The content of a compressed file, which fails if it is too long.
pub(crate) struct Limited<R> {
    inner: R,
    /// Name of the file.
    name: String,
    compression: Compression,
    track: Track,
    unpacked: u64,
}

impl<R> Limited<R> {
    pub(crate) fn new(inner: R, name: &str, compression: Compression, track: Track) -> Self {
        Self { inner, name: name.to_owned(), compression, track, unpacked: 0 }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.unpacked += read as u64;
        check_size(self.unpacked, self.track.bytes(), &self.name, self.compression.name())?;
        Ok(read)
    }
}

/// Fails if a file has been unpacked to too much: relative to its packed size, or at all.
///
/// # Errors
/// `data.unpacks-to-too-much` within an error of the kind `Other`.
pub(crate) fn check_size(unpacked: u64, packed: u64, name: &str, method: &str) -> io::Result<()> {
    let is_bomb = unpacked > MIN_RATIO_BYTES && unpacked / MAX_UNPACKED_RATIO > packed;
    if !is_bomb && unpacked <= MAX_UNPACKED_BYTES {
        return Ok(());
    }
    let limit = if is_bomb {
        format!("{MAX_UNPACKED_RATIO} times its size")
    } else {
        format!("{} GB", MAX_UNPACKED_BYTES >> 30)
    };
    let what = format!("{} unpacks to more than {limit} ({method}).", names(&[name]));
    let diagnostic = Diagnostic::new("data.unpacks-to-too-much", what).done("The file was not read any further.").remedy(
        "A table shrinks to a tenth or a fiftieth, so this file may have been made to fill the memory. If it is yours, \
         unpack it and use a part of it.",
    );
    Err(io::Error::other(diagnostic))
}

/// Origin of a text, for its errors.
pub(crate) enum TextOrigin {
    /// A file, which may be compressed.
    File(Origin, Option<Compression>),
    /// A file in an archive, by its path.
    Member(Origin, String),
}

/// A text that is read as it is.
pub(crate) struct TextPieces {
    stream: Box<dyn Read>,
    origin: TextOrigin,
}

impl TextPieces {
    pub(crate) fn new(stream: Box<dyn Read>, origin: TextOrigin) -> Self {
        Self { stream, origin }
    }

    fn failed(&self, error: &io::Error) -> Diagnostic {
        match &self.origin {
            TextOrigin::Member(origin, path) => origin.damaged(path, error),
            TextOrigin::File(origin, None) => unreadable(&origin.file, &error.to_string()),
            TextOrigin::File(origin, Some(compression)) => {
                origin.known(error).unwrap_or_else(|| not_unpacked(origin, *compression, error))
            }
        }
    }
}

/// The error of a compressed file that is cut, damaged or of a kind that is not supported.
fn not_unpacked(origin: &Origin, compression: Compression, error: &io::Error) -> Diagnostic {
    let (name, kind) = (names(&[&origin.file]), compression.name());
    let test = match compression {
        Compression::Gzip => "gzip -t",
        Compression::Zstd => "zstd -t",
    };
    let again = format!("Download or copy it again. `{test}` tests a file.");
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            Diagnostic::new("data.truncated", format!("{name} is cut off: its compressed data ({kind}) has no end."))
                .done("The file was not read, because rows are missing.")
                .remedy(again)
        }
        io::ErrorKind::Unsupported => {
            let what = format!("{name} is compressed in a way that Hone does not read: {error}.");
            Diagnostic::new("data.compression", what).done("The file was not read.").remedy(
                "Unpack it (`zstd -d --long=31`), or compress it again without a dictionary and without --long.",
            )
        }
        _ => {
            let at = thousands(origin.track.bytes() as usize);
            let what = format!("{name} is damaged: its first {at} bytes are not all valid {kind}.");
            Diagnostic::new("data.damaged", what).done("The file was not read.").remedy(again)
        }
    }
}

impl Pieces for TextPieces {
    fn next(&mut self, out: &mut Vec<u8>) -> Result<bool, Diagnostic> {
        let begin = out.len();
        // Not read_to_end, which begins with small reads.
        out.resize(begin + PIECE_BYTES, 0);
        let mut read = 0;
        while read < PIECE_BYTES {
            match self.stream.read(&mut out[begin + read..]) {
                Ok(0) => break,
                Ok(bytes) => read += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(&error)),
            }
        }
        out.truncate(begin + read);
        Ok(read > 0)
    }
}
