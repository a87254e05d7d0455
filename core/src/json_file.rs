//! The JSON files of models, as they are really found: with the mark that Windows editors put first, with Python's NaN, or
//! with another file in their place.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The mark that some editors write at the start of a UTF-8 file.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Numbers that Python writes and JSON does not have.
const NOT_NUMBERS: [&[u8]; 3] = [b"-Infinity", b"Infinity", b"NaN"];

/// Parses a JSON file. NaN and infinities are null.
///
/// # Errors
/// The reason why the file cannot be read, as the end of a sentence.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    serde_json::from_slice(&plain(bytes)).map_err(|error| match (placeholder(bytes), bytes) {
        (Some(what), _) => format!("it is {what}"),
        (None, []) => "it is empty".into(),
        (None, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [_, 0, ..]) => "it is in UTF-16; save it in UTF-8".into(),
        _ => error.to_string(),
    })
}

/// The contents of a JSON file as plain JSON, without a byte order mark, and with null for NaN and infinities.
pub(crate) fn plain(bytes: &[u8]) -> Cow<'_, [u8]> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let is_plain = !bytes.windows(3).any(|three| three == b"NaN" || three == b"Inf");
    if is_plain { Cow::Borrowed(bytes) } else { Cow::Owned(without_nan(bytes, b"null")) }
}

/// The members of a JSON object without those that are NaN or infinite, as transformers takes no null in their place.
pub(crate) fn numbers(bytes: &[u8]) -> Option<Map<String, Value>> {
    const LEFT_OUT: &str = "\u{fdd0}";
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let marked = without_nan(bytes, format!("\"{LEFT_OUT}\"").as_bytes());
    let mut members: Map<String, Value> = serde_json::from_slice(&marked).ok()?;
    members.retain(|_, value| value != LEFT_OUT);
    Some(members)
}

fn without_nan(bytes: &[u8], replacement: &[u8]) -> Vec<u8> {
    let (mut plain, mut at, mut is_text) = (Vec::with_capacity(bytes.len()), 0, false);
    while let Some(&byte) = bytes.get(at) {
        let number = NOT_NUMBERS.into_iter().find(|number| !is_text && bytes[at..].starts_with(number));
        if let Some(number) = number {
            plain.extend_from_slice(replacement);
            at += number.len();
            continue;
        }
        plain.push(byte);
        at += 1;
        match byte {
            b'"' => is_text = !is_text,
            b'\\' if is_text => {
                plain.extend(bytes.get(at));
                at += 1;
            }
            _ => {}
        }
    }
    plain
}

/// Names the file that Git LFS or a web server put in place of another, from the first bytes of it.
pub(crate) fn placeholder(start: &[u8]) -> Option<&'static str> {
    let start = start.get(..16).unwrap_or(start).to_ascii_lowercase();
    let is_like = |file: &[u8]| !start.is_empty() && (file.starts_with(&start) || start.starts_with(file));
    if is_like(b"version https://") {
        Some("a Git LFS pointer, which names the file but does not contain it")
    } else if is_like(b"<!doctype html") || is_like(b"<html") {
        Some("a web page (HTML)")
    } else if start.starts_with(b"pk\x03\x04") {
        Some("a zip, as the pickles of PyTorch are")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_mark_and_pythons_numbers_are_read() {
        let file = b"\xef\xbb\xbf{\"range\": NaN, \"list\": [-Infinity, Infinity, 1], \"text\": \"NaN \\\" Infinity\"}";
        let expected = json!({"range": null, "list": [null, null, 1], "text": "NaN \" Infinity"});
        assert_eq!(parse::<Value>(file), Ok(expected));
        let members = numbers(br#"{"range": NaN, "pad": null}"#).unwrap();
        assert_eq!(Value::Object(members), json!({"pad": null}));
    }

    #[test]
    fn what_is_in_place_of_a_file_is_named() {
        for (file, name) in [
            (&b"version https://git-lfs.github.com/spec/v1\noid sha256:4f1c\nsize 570\n"[..], "Git LFS pointer"),
            (b"<!DOCTYPE html>\n<html>", "web page"),
            (b"<html lang=\"en\">", "web page"),
            (b"PK\x03\x04\0\0", "pickles"),
            (b"", "empty"),
            (b"\xff\xfe{\0\"\0", "UTF-16"),
            (b"{\0\"\0", "UTF-16"),
            (b"{\"a\": 1,}", "trailing comma at line 1"),
        ] {
            let reason = parse::<Value>(file).unwrap_err();
            assert!(reason.contains(name), "{reason}");
        }
    }
}
