//! The records of a file that was scanned, from bytes in chunks of any size.

use crate::dataset::formats::decode::Decoder;
use crate::dataset::formats::reader::{ParsedRecord, RecordReader};
use crate::dataset::source::SourceInfo;
use crate::diagnostic::Diagnostic;

/// Decodes the bytes of a file and cuts them into records.
pub(crate) struct RecordStream {
    decoder: Decoder,
    reader: RecordReader,
    text: String,
}

impl RecordStream {
    pub(crate) fn new(source: &SourceInfo) -> Self {
        Self {
            decoder: Decoder::new(source.encoding, source.quirks.ends_in_cr),
            reader: RecordReader::new(source.layout()),
            text: String::new(),
        }
    }

    /// Calls `on_record` for each record that the chunk completes.
    ///
    /// # Errors
    /// Bytes that cannot be decoded, and the first error that `on_record` returns.
    pub(crate) fn push(
        &mut self,
        chunk: &[u8],
        on_record: &mut dyn FnMut(ParsedRecord) -> Result<(), Diagnostic>,
    ) -> Result<(), Diagnostic> {
        self.text.clear();
        self.decoder.push(chunk, &mut self.text)?;
        self.reader.push(&self.text, false, on_record)
    }

    /// Calls `on_record` for what is left at the end of the file.
    ///
    /// # Errors
    /// As [`RecordStream::push`].
    pub(crate) fn finish(
        mut self,
        on_record: &mut dyn FnMut(ParsedRecord) -> Result<(), Diagnostic>,
    ) -> Result<(), Diagnostic> {
        self.decoder.finish()?;
        self.reader.push("", true, on_record)
    }
}
