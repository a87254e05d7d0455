//! Zstandard with any number of frames.

use std::io::{self, BufRead, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// Unpacks Zstandard.
pub(crate) struct ZstdReader<R> {
    source: R,
    decoder: FrameDecoder,
    state: ZstdState,
}

enum ZstdState {
    BetweenFrames,
    InFrame,
}

impl<R: BufRead> ZstdReader<R> {
    pub(crate) fn new(source: R) -> Self {
        Self { source, decoder: FrameDecoder::new(), state: ZstdState::BetweenFrames }
    }

    /// Reads the header of the next frame. Frames to skip are skipped.
    fn begin_frame(&mut self) -> io::Result<()> {
        match self.decoder.reset(&mut self.source) {
            Ok(()) => self.state = ZstdState::InFrame,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                let skipped = io::copy(&mut self.source.by_ref().take(u64::from(length)), &mut io::sink())?;
                if skipped < u64::from(length) {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            Err(error) => return Err(self.failed(&error)),
        }
        Ok(())
    }

    fn end_frame(&mut self) -> io::Result<()> {
        let expected = self.decoder.get_checksum_from_data();
        if expected.is_some() && expected != self.decoder.get_calculated_checksum() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the checksum does not match"));
        }
        self.state = ZstdState::BetweenFrames;
        Ok(())
    }

    fn failed(&mut self, error: &FrameDecoderError) -> io::Error {
        let kind = match error {
            FrameDecoderError::DictNotProvided { .. } | FrameDecoderError::WindowSizeTooBig { .. } => {
                io::ErrorKind::Unsupported
            }
            // The decoder's own errors do not tell a cut file from a damaged one.
            _ if self.source.fill_buf().is_ok_and(<[u8]>::is_empty) => io::ErrorKind::UnexpectedEof,
            _ => io::ErrorKind::InvalidData,
        };
        io::Error::new(kind, error.to_string())
    }
}

impl<R: BufRead> Read for ZstdReader<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while !into.is_empty() {
            match self.state {
                ZstdState::BetweenFrames if self.source.fill_buf()?.is_empty() => return Ok(0),
                ZstdState::BetweenFrames => self.begin_frame()?,
                ZstdState::InFrame => {
                    while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                        let decoded =
                            self.decoder.decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1));
                        decoded.map_err(|error| self.failed(&error))?;
                    }
                    match self.decoder.read(into)? {
                        0 => self.end_frame()?,
                        read => return Ok(read),
                    }
                }
            }
        }
        Ok(0)
    }
}
