//! Detects the encoding of a file, and decodes it chunk by chunk.

use crate::dataset::layout::Encoding;
use crate::diagnostic::Diagnostic;

/// Magic bytes of other file types, with their description and a remedy.
const NOT_TEXT: [(&[u8], &str, &str); 10] = [
    (b"\x89PNG", "an image (PNG)", IMAGE),
    (b"\xff\xd8\xff", "an image (JPEG)", IMAGE),
    (b"GIF87a", "an image (GIF)", IMAGE),
    (b"GIF89a", "an image (GIF)", IMAGE),
    (b"%PDF", "a PDF document", "Copy its table into a spreadsheet and save it as CSV."),
    (
        b"PK\x03\x04",
        "a zip archive or an office file (such as .xlsx)",
        "Save a spreadsheet as CSV. Unpack an archive and use the table inside.",
    ),
    (b"\xd0\xcf\x11\xe0", "an old office file (such as .xls)", "Open it and save it as CSV."),
    (b"\x1f\x8b", "a compressed file (gzip)", "Unpack it and use the table inside."),
    (b"PAR1\x15", "a Parquet file", "Save it as CSV or JSONL."),
    (b"SQLite format 3\0", "a database (SQLite)", "Export the table that you need as CSV."),
];
const IMAGE: &str = "Use a table with a text and a label in each row: CSV, TSV, JSONL or JSON.";

/// Characters of the bytes 0x80 to 0x9F in Windows-1252. The five unassigned bytes map to control characters, as in the
/// WHATWG Encoding Standard.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Encoding given by the byte order mark, or UTF-8 if there is none.
pub(crate) fn encoding_from_mark(head: &[u8]) -> Encoding {
    match head {
        [0xff, 0xfe, ..] => Encoding::Utf16Le,
        [0xfe, 0xff, ..] => Encoding::Utf16Be,
        _ => Encoding::Utf8,
    }
}

/// Rejects files that are not text.
///
/// # Errors
/// `data.not-text` for images, documents, archives and databases.
pub(crate) fn check_is_text(head: &[u8]) -> Result<(), Diagnostic> {
    match NOT_TEXT.iter().find(|(magic, ..)| head.starts_with(magic)) {
        Some((_, what, remedy)) => {
            Err(Diagnostic::new("data.not-text", format!("This is {what}, not a text table, whatever its name."))
                .done("The file was not read.")
                .remedy(*remedy))
        }
        None => Ok(()),
    }
}

/// Decodes chunks of any size.
pub(crate) struct Decoder {
    encoding: Encoding,
    /// Bytes of a character that was cut at the end of the last chunk.
    tail: Vec<u8>,
    /// True until the first character, which may be a byte order mark.
    at_start: bool,
    /// Number of line ends so far.
    lines: usize,
}

impl Decoder {
    pub(crate) fn new(encoding: Encoding) -> Self {
        Self { encoding, tail: Vec::new(), at_start: true, lines: 0 }
    }

    /// Decodes a chunk and appends its text to `out`.
    ///
    /// # Errors
    /// `data.not-utf8`, `data.not-utf16` and `data.zero-byte`, each with the line.
    pub(crate) fn push(&mut self, chunk: &[u8], out: &mut String) -> Result<(), Diagnostic> {
        let joined;
        let bytes = if self.tail.is_empty() {
            chunk
        } else {
            joined = [std::mem::take(&mut self.tail).as_slice(), chunk].concat();
            &joined
        };
        let from = out.len();
        let whole = match self.encoding {
            Encoding::Utf8 => self.utf8(bytes, out),
            Encoding::Utf16Le => self.utf16(bytes, out, u16::from_le_bytes),
            Encoding::Utf16Be => self.utf16(bytes, out, u16::from_be_bytes),
            Encoding::Windows1252 => {
                out.extend(bytes.iter().map(|&byte| match byte {
                    0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
                    _ => char::from(byte),
                }));
                true
            }
        };
        if self.at_start && out.len() > from {
            self.at_start = false;
            if out[from..].starts_with('\u{feff}') {
                out.remove(from);
            }
        }
        let added = &out.as_bytes()[from..];
        if let Some(at) = added.iter().position(|&byte| byte == 0) {
            return Err(self.zero_byte(&added[..at]));
        }
        self.lines += line_ends(added);
        if whole { Ok(()) } else { Err(self.undecodable()) }
    }

    /// Checks that the file does not end in the middle of a character.
    ///
    /// # Errors
    /// `data.not-utf8` and `data.not-utf16`.
    pub(crate) fn finish(&self) -> Result<(), Diagnostic> {
        if self.tail.is_empty() { Ok(()) } else { Err(self.undecodable()) }
    }

    /// Returns false if a byte is invalid.
    fn utf8(&mut self, bytes: &[u8], out: &mut String) -> bool {
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                out.push_str(text);
                true
            }
            Err(error) => {
                let (valid, rest) = bytes.split_at(error.valid_up_to());
                // The standard library has just found this part valid, so nothing is replaced.
                out.push_str(&String::from_utf8_lossy(valid));
                if error.error_len().is_none() {
                    self.tail = rest.to_vec();
                }
                error.error_len().is_none()
            }
        }
    }

    /// Returns false if a byte is invalid.
    fn utf16(&mut self, bytes: &[u8], out: &mut String, unit: fn([u8; 2]) -> u16) -> bool {
        let (pairs, odd) = bytes.as_chunks::<2>();
        let is_cut = pairs.last().is_some_and(|&pair| (0xd800..0xdc00).contains(&unit(pair)));
        let (pairs, high) = pairs.split_at(pairs.len() - usize::from(is_cut));
        self.tail = [high.as_flattened(), odd].concat();
        for decoded in char::decode_utf16(pairs.iter().map(|&pair| unit(pair))) {
            match decoded {
                Ok(character) => out.push(character),
                Err(_) => return false,
            }
        }
        true
    }

    fn undecodable(&self) -> Diagnostic {
        let line = self.lines + 1;
        let done = "The file was not read, because guessing could put wrong letters into the texts.";
        match self.encoding {
            Encoding::Utf8 | Encoding::Windows1252 => Diagnostic::new(
                "data.not-utf8",
                format!("Line {line} contains bytes that are not UTF-8."),
            )
            .done(done)
            .remedy(
                "If the file is from an older Windows program, read it as Windows-1252. Otherwise, save it as UTF-8.",
            ),
            Encoding::Utf16Le | Encoding::Utf16Be => {
                Diagnostic::new("data.not-utf16", format!("Line {line} contains bytes that are not UTF-16."))
                    .done(done)
                    .remedy("Save the file as UTF-8.")
            }
        }
    }

    fn zero_byte(&self, before: &[u8]) -> Diagnostic {
        let line = self.lines + line_ends(before) + 1;
        Diagnostic::new("data.zero-byte", format!("Line {line} contains a zero byte, so this is not a text table."))
            .done("The file was not read.")
            .remedy("If it is a table in UTF-16 without a byte order mark, save it as UTF-8. It may also be damaged.")
    }
}

/// Number of line ends in `bytes`.
pub(crate) fn line_ends(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(encoding: Encoding, bytes: &[u8], chunk: usize) -> Result<String, Diagnostic> {
        let mut decoder = Decoder::new(encoding);
        let mut out = String::new();
        for part in bytes.chunks(chunk) {
            decoder.push(part, &mut out)?;
        }
        decoder.finish()?;
        Ok(out)
    }

    #[test]
    fn every_encoding_is_decoded_in_chunks_of_any_size() {
        let text = "\u{feff}aé€😀\n";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for chunk in 1..=le.len() {
            for (encoding, bytes) in
                [(Encoding::Utf8, text.as_bytes()), (Encoding::Utf16Le, &le), (Encoding::Utf16Be, &be)]
            {
                assert_eq!(decode(encoding, bytes, chunk).as_deref(), Ok("aé€😀\n"), "{encoding:?} by {chunk}");
            }
        }
        assert_eq!(decode(Encoding::Windows1252, b"\x80 \xe9 \x93", 1).as_deref(), Ok("€ é “"));
    }

    #[test]
    fn the_byte_order_mark_gives_the_encoding() {
        assert_eq!(encoding_from_mark(b"\xff\xfea\0"), Encoding::Utf16Le);
        assert_eq!(encoding_from_mark(b"\xfe\xff\0a"), Encoding::Utf16Be);
        assert_eq!(encoding_from_mark(b"\xef\xbb\xbfa"), Encoding::Utf8);
    }

    #[test]
    fn undecodable_bytes_are_reported_with_their_line() {
        for (encoding, bytes, code, line) in [
            (Encoding::Utf8, &b"a\nb\n\xe9t\xe9\n"[..], "data.not-utf8", "Line 3"),
            (Encoding::Utf8, b"a\n\xc3", "data.not-utf8", "Line 2"),
            (Encoding::Utf8, b"a\nb\0", "data.zero-byte", "Line 2"),
            (Encoding::Utf16Le, b"a\0\n\0\x00\xdca\0", "data.not-utf16", "Line 2"),
            (Encoding::Utf16Le, b"a\0b", "data.not-utf16", "Line 1"),
        ] {
            for chunk in [1, 100] {
                let diagnostic = decode(encoding, bytes, chunk).unwrap_err();
                assert_eq!(diagnostic.code, code);
                assert!(diagnostic.what.starts_with(line), "{}", diagnostic.what);
            }
        }
        assert!(decode(Encoding::Utf8, b"\xe9", 1).unwrap_err().remedy.contains("Windows-1252"));
    }

    #[test]
    fn images_are_recognized_by_their_bytes() {
        let diagnostic = check_is_text(b"\x89PNG\r\n\x1a\n").unwrap_err();
        assert_eq!(diagnostic.code, "data.not-text");
        assert!(diagnostic.what.contains("image"));
        assert_eq!(check_is_text(b"text,label"), Ok(()));
    }
}
