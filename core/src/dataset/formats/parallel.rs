//! Parallel text for translation: two files whose lines correspond.

use std::path::Path;

use serde_json::json;

use crate::dataset::formats::decode::{Decoder, ends_in_cr};
use crate::dataset::formats::detect::detect;
use crate::dataset::formats::not_text::check_is_text;
use crate::dataset::layout::Encoding;
use crate::diagnostic::Diagnostic;
use crate::limits::MAX_JSON_BYTES;
use crate::phrases::{count, names, thousands};

/// Joins two files line by line, as JSON Lines with one column per file. The columns are named after the part in which the
/// file names differ: `corpus.fra` and `corpus.eng` give `fra` and `eng`. Line n of the result is line n of both files.
///
/// # Errors
/// `data.unequal-lines` if one file has more lines, `data.too-much-text` if a file is too large for memory, and bytes that
/// cannot be decoded.
pub fn align(first_name: &str, first: &[u8], second_name: &str, second: &[u8]) -> Result<Vec<u8>, Diagnostic> {
    let texts = [text(first_name, first)?, text(second_name, second)?];
    let [first, second] = [&texts[0], &texts[1]].map(|text| lines(text));
    if first.len() != second.len() {
        let (short, long) = if first.len() < second.len() { (first_name, &second) } else { (second_name, &first) };
        let shared = first.len().min(second.len());
        let what = format!(
            "{} has {} and {} has {}: line {} has no counterpart.",
            names(&[first_name]),
            count(first.len(), "line"),
            names(&[second_name]),
            count(second.len(), "line"),
            thousands(shared + 1),
        );
        let next = names(&[long.get(shared).copied().unwrap_or_default()]);
        return Err(Diagnostic::new("data.unequal-lines", what).done("The files were not joined.").remedy(format!(
            "Each line must correspond to the same line of the other file. {} ends before {next}.",
            names(&[short])
        )));
    }
    let columns = column_names(first_name, second_name);
    let mut rows = Vec::with_capacity(texts[0].len() + texts[1].len() + 24 * first.len());
    for (first, second) in first.iter().zip(&second) {
        let row = json!({ columns[0].as_str(): first, columns[1].as_str(): second });
        rows.extend_from_slice(row.to_string().as_bytes());
        rows.push(b'\n');
    }
    Ok(rows)
}

fn text(name: &str, bytes: &[u8]) -> Result<String, Diagnostic> {
    if bytes.len() > MAX_JSON_BYTES {
        let what = format!("{} is larger than {} MB.", names(&[name]), MAX_JSON_BYTES >> 20);
        return Err(Diagnostic::new("data.too-much-text", what)
            .done("The files were not joined.")
            .remedy("Use a part of both files, with the same lines."));
    }
    check_is_text(bytes)?;
    // A guess would need a warning, which joined files have no place for.
    let detected = detect(bytes, true);
    let encoding = if detected.is_guess { Encoding::UTF_8 } else { detected.encoding };
    let mut decoder = Decoder::new(encoding, false);
    let mut text = String::new();
    let read = decoder.push(bytes, &mut text).and_then(|()| decoder.finish());
    let in_file =
        |diagnostic: Diagnostic| Diagnostic { what: format!("{}: {}", names(&[name]), diagnostic.what), ..diagnostic };
    read.map_err(in_file)?;
    Ok(if ends_in_cr(&text) { text.replace('\r', "\n") } else { text })
}

/// Lines without their ends. A line end at the end of the file begins no further line.
fn lines(text: &str) -> Vec<&str> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    if text.is_empty() { Vec::new() } else { text.split('\n').map(|line| line.trim_end_matches('\r')).collect() }
}

/// Names of the two columns: the files' extensions, or their stems if the extensions are equal.
fn column_names(first: &str, second: &str) -> [String; 2] {
    let part = |part: fn(&Path) -> Option<&std::ffi::OsStr>| {
        let part = |name| part(Path::new(name)).map(|part| part.to_string_lossy().into_owned());
        part(first).zip(part(second)).filter(|(first, second)| first != second).map(|(first, second)| [first, second])
    };
    let found = part(Path::extension).or_else(|| part(Path::file_stem));
    found.unwrap_or_else(|| ["first".into(), "second".into()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_joined_in_pairs() {
        let rows = align("a.fra", "oui\r\n\n\"é\"\t!\n".as_bytes(), "a.eng", b"yes\nno\n{\"e\"}").unwrap();
        let expected = "{\"fra\":\"oui\",\"eng\":\"yes\"}\n{\"fra\":\"\",\"eng\":\"no\"}\n\
            {\"fra\":\"\\\"é\\\"\\t!\",\"eng\":\"{\\\"e\\\"}\"}\n";
        assert_eq!(String::from_utf8(rows).unwrap(), expected);
    }

    #[test]
    fn columns_are_named_after_what_differs() {
        assert_eq!(column_names("x.fra-eng.fra", "x.fra-eng.eng"), ["fra", "eng"]);
        assert_eq!(column_names("french.txt", "english.txt"), ["french", "english"]);
        assert_eq!(column_names("a", "a"), ["first", "second"]);
    }

    #[test]
    fn files_of_unequal_length_are_rejected_with_both_counts() {
        let diagnostic = align("a.fra", b"un\ndeux\n", "a.eng", b"one\ntwo\nthree\n").unwrap_err();
        assert_eq!(diagnostic.code, "data.unequal-lines");
        let what = "\"a.fra\" has 2 lines and \"a.eng\" has 3 lines: line 3 has no counterpart.";
        assert_eq!(diagnostic.what, what);
        assert!(diagnostic.remedy.ends_with("\"a.fra\" ends before \"three\"."), "{}", diagnostic.remedy);
    }

    #[test]
    fn undecodable_bytes_are_reported_with_their_file() {
        let diagnostic = align("a.fra", b"un\n\xe9t\xe9\n", "a.eng", b"one\ntwo\n").unwrap_err();
        assert_eq!((diagnostic.code.as_str(), &diagnostic.what[..15]), ("data.not-utf8", "\"a.fra\": Line 2"));
    }
}
