//! Detects the encoding of a file from its beginning.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

use crate::dataset::formats::decode::whatwg;
use crate::dataset::layout::Encoding;

/// A detected encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Detected {
    pub encoding: Encoding,
    /// True if the bytes would be valid in other encodings too.
    pub is_guess: bool,
}

impl Detected {
    fn certain(encoding: Encoding) -> Self {
        Self { encoding, is_guess: false }
    }

    fn guess(encoding: Encoding) -> Self {
        Self { encoding, is_guess: true }
    }
}

/// Detects the encoding: by the byte order mark, as UTF-8 if the bytes are valid, as UTF-16 by its zero bytes, and
/// otherwise by the frequencies of letters. `is_whole` is true if `bytes` end with the file.
pub(crate) fn detect(bytes: &[u8], is_whole: bool) -> Detected {
    match bytes {
        [0xff, 0xfe, ..] => return Detected::certain(Encoding::UTF_16_LE),
        [0xfe, 0xff, ..] => return Detected::certain(Encoding::UTF_16_BE),
        [0xef, 0xbb, 0xbf, ..] => return Detected::certain(Encoding::UTF_8),
        _ => {}
    }
    if let Some(encoding) = unmarked_utf16(bytes) {
        return Detected::guess(encoding);
    }
    let (valid, invalid) = utf8_sequences(bytes, is_whole);
    let is_iso_2022_jp = valid == 0
        && invalid == 0
        && [&b"\x1b$B"[..], b"\x1b$@"].iter().any(|escape| bytes.windows(escape.len()).any(|window| window == *escape));
    // Text in another encoding is valid UTF-8 only by rare chance. If most of it is valid, the file is damaged.
    if !is_iso_2022_jp && (invalid == 0 || valid > invalid) {
        return Detected::certain(Encoding::UTF_8);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, is_whole);
    let found = detector.guess(None, Utf8Detection::Deny);
    Detected::guess(Encoding::from_name(found.name()).unwrap_or(Encoding::WINDOWS_1252))
}

/// UTF-16 without a byte order mark. Its line ends have a zero byte on one side, whatever the language; if there are
/// none, half of the characters must be Latin.
fn unmarked_utf16(bytes: &[u8]) -> Option<Encoding> {
    let (units, _) = bytes.as_chunks::<2>();
    let count = |test: fn(&[u8; 2]) -> bool| units.iter().filter(|unit| test(unit)).count();
    let ends = [count(|unit| matches!(unit, [b'\n' | b'\r', 0])), count(|unit| matches!(unit, [0, b'\n' | b'\r']))];
    let zeros = [count(|unit| unit[1] == 0), count(|unit| unit[0] == 0)];
    let votes = if ends == [0, 0] { zeros } else { ends };
    let big_endian = usize::from(votes[1] > votes[0]);
    let least = if ends == [0, 0] { units.len().div_ceil(2) } else { units.len().div_ceil(50) };
    let is_likely = votes[big_endian] > 10 * votes[1 - big_endian] && zeros[big_endian] >= least;
    let encoding = [Encoding::UTF_16_LE, Encoding::UTF_16_BE][big_endian];
    // The last character may be cut.
    let whole = &units[..units.len().saturating_sub(1)];
    let is_valid = || !whatwg(encoding).decode_without_bom_handling(whole.as_flattened()).1;
    (is_likely && is_valid()).then_some(encoding)
}

/// Number of valid sequences of several bytes in UTF-8, and of invalid ones.
fn utf8_sequences(bytes: &[u8], is_whole: bool) -> (usize, usize) {
    let (mut valid, mut invalid) = (0, 0);
    let mut chunks = bytes.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        let is_cut = !is_whole
            && chunks.peek().is_none()
            && std::str::from_utf8(chunk.invalid()).is_err_and(|error| error.error_len().is_none());
        invalid += usize::from(!chunk.invalid().is_empty() && !is_cut);
    }
    (valid, invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bytes: &[u8]) -> (&'static str, bool) {
        let Detected { encoding, is_guess } = detect(bytes, true);
        (encoding.name(), is_guess)
    }

    #[test]
    fn marks_and_valid_utf8_are_certain() {
        assert_eq!(found(b"\xff\xfea\0"), ("UTF-16LE", false));
        assert_eq!(found(b"\xfe\xff\0a"), ("UTF-16BE", false));
        assert_eq!(found(b"\xef\xbb\xbfa\xe9"), ("UTF-8", false));
        assert_eq!(found("text,label\ncafé,pos\n".as_bytes()), ("UTF-8", false));
        assert_eq!(found(b"plain"), ("UTF-8", false));
        assert!(!detect(b"caf\xc3\xa9 \xe2\x82", false).is_guess);
    }

    #[test]
    fn utf16_without_a_mark_is_found_by_its_zero_bytes() {
        for text in ["text,label\nso good,pos\n", "文本,标签\n最好吃的饭菜在一起,好\n难吃的饭菜在这里,坏\n"]
        {
            let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            assert_eq!((found(&le), found(&be)), (("UTF-16LE", true), ("UTF-16BE", true)), "{text}");
        }
        assert_eq!(found(b"text,label\na\0b,pos\n"), ("UTF-8", false));
    }

    #[test]
    fn other_encodings_are_guessed_by_their_letters() {
        for (name, text) in [
            ("windows-1252", "text,label\nIl était une fois un café très agréable à côté,pos\n"),
            ("windows-1251", "text,label\nОчень вкусная еда и приятный персонал,pos\nУжасное место,neg\n"),
            ("KOI8-R", "text,label\nОчень вкусная еда и приятный персонал,pos\nУжасное место,neg\n"),
            ("Shift_JIS", "text,label\nとても美味しい料理でした,pos\nサービスが悪かった,neg\n"),
            ("EUC-JP", "text,label\nとても美味しい料理でした,pos\nサービスが悪かった,neg\n"),
            ("ISO-2022-JP", "text,label\nとても美味しい料理でした,pos\nサービスが悪かった,neg\n"),
            ("GBK", "text,label\n这家餐厅的菜非常好吃,pos\n服务态度很差,neg\n"),
            ("Big5", "text,label\n這家餐廳的菜非常好吃,pos\n服務態度很差,neg\n"),
            ("EUC-KR", "text,label\n음식이 정말 맛있어요,pos\n서비스가 나빴어요,neg\n"),
        ] {
            let (bytes, ..) = whatwg(Encoding::from_name(name).unwrap()).encode(text);
            let Detected { encoding, is_guess } = detect(&bytes, true);
            // KOI8-U, GBK and others are supersets of what the file was saved in.
            assert_eq!((whatwg(encoding).decode(&bytes).0.as_ref(), is_guess), (text, true), "{name}: {encoding:?}");
        }
    }

    #[test]
    fn damaged_utf8_is_not_guessed_to_be_another_encoding() {
        let damaged = ["café, thé, été".as_bytes(), b"\xe9"].concat();
        assert_eq!(found(&damaged), ("UTF-8", false));
    }
}
