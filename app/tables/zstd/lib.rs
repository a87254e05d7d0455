//! What the `parquet` crate calls of the `zstd` crate, in Rust: that crate is a C library, which does not compile for
//! wasm32. Only decompression is used; Hone writes no Parquet.

use std::ops::RangeInclusive;

/// The range of compression levels, which the crate asks for.
pub fn compression_level_range() -> RangeInclusive<i32> {
    1..=22
}

/// Whole buffers at a time.
pub mod bulk {
    use std::io::{Cursor, Error, ErrorKind, Result};
    use std::marker::PhantomData;

    use ruzstd::decoding::FrameDecoder;

    /// Compresses nothing, since nothing is written.
    pub struct Compressor<'a>(PhantomData<&'a ()>);

    impl Compressor<'_> {
        /// A compressor.
        ///
        /// # Errors
        /// Never.
        pub fn new(_level: i32) -> Result<Self> {
            Ok(Self(PhantomData))
        }

        /// Fails.
        ///
        /// # Errors
        /// Always.
        pub fn compress_to_buffer(&mut self, _source: &[u8], _into: &mut Cursor<&mut Vec<u8>>) -> Result<usize> {
            Err(Error::from(ErrorKind::Unsupported))
        }
    }

    /// Decompresses frames.
    pub struct Decompressor<'a> {
        decoder: FrameDecoder,
        dictionary: PhantomData<&'a ()>,
    }

    impl Decompressor<'_> {
        /// A decompressor.
        ///
        /// # Errors
        /// Never.
        pub fn new() -> Result<Self> {
            Ok(Self { decoder: FrameDecoder::new(), dictionary: PhantomData })
        }

        /// Decompresses all frames into the rest of the buffer's capacity, from its position on. Returns the number of bytes.
        ///
        /// # Errors
        /// If the frames are not valid, or do not fit.
        pub fn decompress_to_buffer(&mut self, source: &[u8], into: &mut Cursor<&mut Vec<u8>>) -> Result<usize> {
            let begin = into.position() as usize;
            let buffer = into.get_mut();
            buffer.truncate(begin);
            self.decoder
                .decode_all_to_vec(source, buffer)
                .map_err(|error| Error::new(ErrorKind::InvalidData, error.to_string()))?;
            let end = buffer.len();
            into.set_position(end as u64);
            Ok(end - begin)
        }
    }
}

/// Facts about frames.
pub mod zstd_safe {
    /// The frame's header is not valid.
    #[derive(Debug)]
    pub struct ContentSizeError;

    /// Size of a frame's content, if it is known. Parquet's page headers have it anyway.
    ///
    /// # Errors
    /// Never.
    pub fn get_frame_content_size(_source: &[u8]) -> Result<Option<u64>, ContentSizeError> {
        Ok(None)
    }

    /// Maximum size of compressed bytes.
    pub fn compress_bound(bytes: usize) -> usize {
        bytes
    }
}
