//! The content of a compressed file, with a bound on its length.

use std::io::{BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use crate::dataset::container::bounded::Limited;
use crate::dataset::container::pieces::PIECE_BYTES;
use crate::dataset::container::tracked::Track;
use crate::dataset::container::zstd::ZstdReader;
use crate::dataset::layout::Compression;

/// A stream of the content of a file.
pub(crate) fn unpacked(
    stream: impl Read + 'static,
    compression: Option<Compression>,
    name: &str,
    track: &Track,
) -> Box<dyn Read> {
    let buffered = |stream| BufReader::with_capacity(PIECE_BYTES, stream);
    let limited = |stream: Box<dyn Read>, compression| Box::new(Limited::new(stream, name, compression, track.clone()));
    match compression {
        None => Box::new(stream),
        Some(Compression::Gzip) => limited(Box::new(MultiGzDecoder::new(buffered(stream))), Compression::Gzip),
        Some(Compression::Zstd) => limited(Box::new(ZstdReader::new(buffered(stream))), Compression::Zstd),
    }
}
