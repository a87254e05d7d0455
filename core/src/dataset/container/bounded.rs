//! A stream of unpacked bytes, with bounds on its length, whose errors name the file and a remedy.

use std::io::{self, Read};

use crate::dataset::container::pieces::{PIECE_BYTES, Pieces};
use crate::dataset::container::tracked::Track;
use crate::dataset::layout::Compression;
use crate::dataset::phrases::{names, thousands};
use crate::diagnostic::Diagnostic;
use crate::limits::{MAX_UNPACKED_BYTES, MAX_UNPACKED_RATIO, MIN_RATIO_BYTES};

/// A file's content as a stream.
pub(crate) struct Bounded {
    /// Name of the file, for its errors.
    name: String,
    /// None if the file is not compressed, so that it has no bounds.
    compression: Option<Compression>,
    stream: Box<dyn Read>,
    track: Track,
    unpacked: u64,
}

impl Bounded {
    pub(crate) fn new(name: &str, compression: Option<Compression>, stream: Box<dyn Read>, track: Track) -> Self {
        Self { name: name.to_owned(), compression, stream, track, unpacked: 0 }
    }

    fn check(&self, compression: Compression) -> Result<(), Diagnostic> {
        let is_bomb = self.unpacked > MIN_RATIO_BYTES && self.unpacked / MAX_UNPACKED_RATIO > self.track.bytes();
        if is_bomb || self.unpacked > MAX_UNPACKED_BYTES {
            return Err(too_much(&self.name, is_bomb, compression.name()));
        }
        Ok(())
    }

    fn failed(&self, error: &io::Error) -> Diagnostic {
        if let Some(error) = self.track.error() {
            return unreadable(&self.name, &error);
        }
        let Some(compression) = self.compression else { return unreadable(&self.name, &error.to_string()) };
        let (name, kind) = (names(&[&self.name]), compression.name());
        let test = match compression {
            Compression::Gzip => "gzip -t",
            Compression::Zstd => "zstd -t",
        };
        let again = format!("Download or copy it again. `{test}` tests a file.");
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Diagnostic::new(
                "data.truncated",
                format!("{name} is cut off: its compressed data ({kind}) has no end."),
            )
            .done("The file was not read, because rows are missing.")
            .remedy(again),
            io::ErrorKind::Unsupported => {
                let what = format!("{name} is compressed in a way that Hone does not read: {error}.");
                Diagnostic::new("data.compression", what).done("The file was not read.").remedy(
                    "Unpack it (`zstd -d --long=31`), or compress it again without a dictionary and without --long.",
                )
            }
            _ => {
                let at = thousands(self.track.bytes() as usize);
                let what = format!("{name} is damaged: its first {at} bytes are not all valid {kind}.");
                Diagnostic::new("data.damaged", what).done("The file was not read.").remedy(again)
            }
        }
    }
}

/// The error of a file that unpacks to too much: relative to its size, or at all.
pub(crate) fn too_much(name: &str, is_relative: bool, compression: &str) -> Diagnostic {
    let limit = if is_relative {
        format!("{MAX_UNPACKED_RATIO} times its size")
    } else {
        format!("{} GB", MAX_UNPACKED_BYTES >> 30)
    };
    let what = format!("{} unpacks to more than {limit} ({compression}).", names(&[name]));
    Diagnostic::new("data.unpacks-to-too-much", what).done("The file was not read any further.").remedy(
        "A table shrinks to a tenth or a fiftieth, so this file may have been made to fill the memory. If it is yours, \
         unpack it and use a part of it.",
    )
}

/// The error of a file that the browser or the system cannot read.
pub(crate) fn unreadable(name: &str, error: &str) -> Diagnostic {
    Diagnostic::new("data.unreadable", format!("{} cannot be read any more: {error}.", names(&[name])))
        .done("Nothing was changed.")
        .remedy("It may have been moved or changed since you chose it: choose it again.")
}

impl Pieces for Bounded {
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
        self.unpacked += read as u64;
        if let Some(compression) = self.compression {
            self.check(compression)?;
        }
        Ok(read > 0)
    }
}
