//! Decodes a file chunk by chunk.

use encoding_rs::DecoderResult;

use crate::dataset::layout::Encoding;
use crate::diagnostic::Diagnostic;

/// Decodes chunks of any size.
pub(crate) struct Decoder {
    encoding: Encoding,
    decoder: encoding_rs::Decoder,
    /// True if carriage returns are read as line feeds.
    ends_in_cr: bool,
    /// True until the first character, which may be a byte order mark.
    at_start: bool,
    /// Number of line ends so far.
    lines: usize,
}

impl Decoder {
    /// A decoder for a file from its first byte. `ends_in_cr` is true if its lines end in carriage returns alone.
    pub(crate) fn new(encoding: Encoding, ends_in_cr: bool) -> Self {
        let decoder = whatwg(encoding).new_decoder_without_bom_handling();
        Self { encoding, decoder, ends_in_cr, at_start: true, lines: 0 }
    }

    /// Number of line ends so far.
    pub(crate) fn lines(&self) -> usize {
        self.lines
    }

    /// Decodes the next bytes in another encoding. The bytes so far must be ASCII.
    pub(crate) fn switch_to(&mut self, encoding: Encoding) {
        self.encoding = encoding;
        self.decoder = whatwg(encoding).new_decoder_without_bom_handling();
    }

    /// Decodes a chunk and appends its text to `out`.
    ///
    /// # Errors
    /// `data.not-utf8`, `data.not-utf16`, `data.undecodable` and `data.zero-byte`, each with the line.
    pub(crate) fn push(&mut self, chunk: &[u8], out: &mut String) -> Result<(), Diagnostic> {
        let from = out.len();
        let is_valid = self.decode(chunk, false, out);
        if self.at_start && out.len() > from {
            self.at_start = false;
            if out[from..].starts_with('\u{feff}') {
                out.remove(from);
            }
        }
        if self.ends_in_cr {
            let lines = out[from..].replace('\r', "\n");
            out.truncate(from);
            out.push_str(&lines);
        }
        let added = &out.as_bytes()[from..];
        if let Some(at) = added.iter().position(|&byte| byte == 0) {
            return Err(self.zero_byte(&added[..at]));
        }
        self.lines += line_ends(added);
        if is_valid { Ok(()) } else { Err(self.undecodable()) }
    }

    /// Checks that the file does not end in the middle of a character.
    ///
    /// # Errors
    /// As [`Decoder::push`].
    pub(crate) fn finish(&mut self) -> Result<(), Diagnostic> {
        if self.decode(&[], true, &mut String::new()) { Ok(()) } else { Err(self.undecodable()) }
    }

    /// Returns false if the bytes are invalid. Then, the text before them was appended.
    fn decode(&mut self, mut bytes: &[u8], is_last: bool, out: &mut String) -> bool {
        loop {
            out.reserve(self.decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(bytes.len()));
            let (result, read) = self.decoder.decode_to_string_without_replacement(bytes, out, is_last);
            bytes = &bytes[read..];
            match result {
                DecoderResult::InputEmpty => return true,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => return false,
            }
        }
    }

    fn undecodable(&self) -> Diagnostic {
        let line = self.lines + 1;
        let (code, remedy) = match self.encoding {
            Encoding::UTF_8 => (
                "data.not-utf8",
                "If the file is from an older Windows program, read it as Windows-1252. Otherwise, save it as UTF-8.",
            ),
            Encoding::UTF_16_LE | Encoding::UTF_16_BE => ("data.not-utf16", "Save the file as UTF-8."),
            _ => ("data.undecodable", "Choose the encoding that the file was saved in, or save it as UTF-8."),
        };
        let name = match self.encoding {
            Encoding::UTF_16_LE | Encoding::UTF_16_BE => "UTF-16",
            other => other.name(),
        };
        Diagnostic::new(code, format!("Line {line} contains bytes that are not {name}."))
            .done("The file was not read, because guessing could put wrong letters into the texts.")
            .remedy(remedy)
    }

    fn zero_byte(&self, before: &[u8]) -> Diagnostic {
        let line = self.lines + line_ends(before) + 1;
        Diagnostic::new("data.zero-byte", format!("Line {line} contains a zero byte, so this is not a text table."))
            .done("The file was not read.")
            .remedy("The file may be damaged. If it is a table in UTF-16 or UTF-32, save it as UTF-8.")
    }
}

/// The encoding with this label: any of the WHATWG Encoding Standard, such as `latin1`, `cp1251` or `sjis`, or Python's
/// way of writing it, such as `latin-1` or `euc_jp`.
pub fn encoding_by_label(label: &str) -> Option<Encoding> {
    let spellings = [label.to_owned(), label.replace('_', "-"), label.replace(['_', '-'], "")];
    let found = spellings.iter().find_map(|label| encoding_rs::Encoding::for_label(label.as_bytes()))?;
    Encoding::from_name(found.name())
}

/// Every name of [`Encoding`] is a label.
pub(crate) fn whatwg(encoding: Encoding) -> &'static encoding_rs::Encoding {
    encoding_rs::Encoding::for_label(encoding.name().as_bytes()).unwrap_or(encoding_rs::UTF_8)
}

/// Number of line ends in `bytes`.
pub(crate) fn line_ends(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte == b'\n').count()
}

/// Returns true if lines end in a carriage return alone, as on old Macs. Line feeds may occur inside quoted cells.
pub(crate) fn ends_in_cr(text: &str) -> bool {
    let (mut is_quoted, mut returns, mut feeds, mut feeds_outside) = (false, 0, 0, 0);
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\r' if bytes.peek() != Some(&b'\n') => returns += usize::from(!is_quoted),
            b'\n' => {
                feeds += 1;
                feeds_outside += usize::from(!is_quoted);
            }
            _ => {}
        }
    }
    returns > feeds && feeds_outside == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(encoding: Encoding, bytes: &[u8], chunk: usize) -> Result<String, Diagnostic> {
        let mut decoder = Decoder::new(encoding, false);
        let mut out = String::new();
        for part in bytes.chunks(chunk) {
            decoder.push(part, &mut out)?;
        }
        decoder.finish()?;
        Ok(out)
    }

    fn named(name: &str) -> Encoding {
        Encoding::from_name(name).unwrap()
    }

    #[test]
    fn every_encoding_is_decoded_in_chunks_of_any_size() {
        let text = "\u{feff}aé€😀\n";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for chunk in 1..=le.len() {
            for (encoding, bytes) in
                [(Encoding::UTF_8, text.as_bytes()), (Encoding::UTF_16_LE, &le), (Encoding::UTF_16_BE, &be)]
            {
                assert_eq!(decode(encoding, bytes, chunk).as_deref(), Ok("aé€😀\n"), "{encoding:?} by {chunk}");
            }
            for (name, text) in [("windows-1251", "да\n"), ("Shift_JIS", "良い\n"), ("gb18030", "好吃\n")] {
                let (bytes, ..) = whatwg(named(name)).encode(text);
                assert_eq!(decode(named(name), &bytes, chunk).as_deref(), Ok(text), "{name} by {chunk}");
            }
        }
        assert_eq!(decode(Encoding::WINDOWS_1252, b"\x80 \xe9 \x93", 1).as_deref(), Ok("€ é “"));
    }

    #[test]
    fn every_name_is_one_of_the_standard() {
        for label in ["utf8", "latin1", "latin-1", "cp1251", "sjis", "euc_jp", "gb2312", "x-mac-cyrillic", "UTF-16"] {
            let encoding = encoding_by_label(label).unwrap();
            assert_eq!(whatwg(encoding).name(), encoding.name(), "{label}");
            let json = serde_json::to_string(&encoding).unwrap();
            assert_eq!(serde_json::from_str::<Encoding>(&json).unwrap(), encoding);
        }
        assert_eq!(encoding_by_label("x-user-defined").or(encoding_by_label("klingon")), None);
        assert!(serde_json::from_str::<Encoding>("\"klingon\"").is_err());
    }

    #[test]
    fn undecodable_bytes_are_reported_with_their_line() {
        for (encoding, bytes, code, line) in [
            (Encoding::UTF_8, &b"a\nb\n\xe9t\xe9\n"[..], "data.not-utf8", "Line 3"),
            (Encoding::UTF_8, b"a\n\xc3", "data.not-utf8", "Line 2"),
            (Encoding::UTF_8, b"a\nb\0", "data.zero-byte", "Line 2"),
            (Encoding::UTF_16_LE, b"a\0\n\0\x00\xdca\0", "data.not-utf16", "Line 2"),
            (Encoding::UTF_16_LE, b"a\0b", "data.not-utf16", "Line 1"),
            (named("GBK"), b"a\n\xff", "data.undecodable", "Line 2"),
        ] {
            for chunk in [1, 100] {
                let diagnostic = decode(encoding, bytes, chunk).unwrap_err();
                assert_eq!(diagnostic.code, code);
                assert!(diagnostic.what.starts_with(line), "{}", diagnostic.what);
            }
        }
        assert!(decode(Encoding::UTF_8, b"\xe9", 1).unwrap_err().remedy.contains("Windows-1252"));
    }

    #[test]
    fn carriage_returns_end_lines_where_line_feeds_do_not() {
        assert!(ends_in_cr("a\rb\r") && ends_in_cr("a\r\"b\nc\"\rd\r"));
        assert!(!ends_in_cr("a\r\nb\r\n") && !ends_in_cr("a\rb\nc\n") && !ends_in_cr("\"a\rb\"\n") && !ends_in_cr("a"));
    }
}
