//! Running text: one row per paragraph, or per line if there are no blank lines.

use crate::dataset::formats::record::Record;
use crate::dataset::formats::step::ReadStep;

/// Name of the only column.
pub(crate) const COLUMN: &str = "text";
/// Longest row, in bytes. Longer paragraphs and lines continue in the next row.
const MAX_PASSAGE_BYTES: usize = 64 << 10;

/// Reads passages of running text.
pub(crate) struct TextReader {
    /// True if only blank lines end a row.
    pub by_paragraph: bool,
}

impl TextReader {
    /// Reads the passage at the beginning of `rest`. `is_end` is true if no more text will come.
    pub(crate) fn step(&mut self, rest: &str, is_end: bool, record: &mut Record) -> ReadStep {
        let mut end = 0;
        for line in rest.split_inclusive('\n') {
            let is_blank = line.trim().is_empty();
            if is_blank && !line.ends_with('\n') && !is_end {
                // The line may continue in the next chunk.
                return ReadStep::NeedMore;
            }
            if is_blank && end == 0 {
                return ReadStep::Skip(line.len());
            }
            if is_blank && self.by_paragraph {
                return passage(&rest[..end], record);
            }
            end += line.len();
            if end > MAX_PASSAGE_BYTES {
                return write(&rest[..break_before(rest, MAX_PASSAGE_BYTES)], record);
            }
            if line.ends_with('\n') && !self.by_paragraph {
                return write(&rest[..end], record);
            }
        }
        if is_end { passage(rest, record) } else { ReadStep::NeedMore }
    }
}

/// Writes a passage. Of a subtitle, only what is said.
fn passage(passage: &str, record: &mut Record) -> ReadStep {
    match spoken(passage) {
        None => write(passage, record),
        Some(lines) if lines.is_empty() => ReadStep::Skip(passage.len()),
        Some(lines) => {
            record.write(&lines);
            record.end_cell();
            ReadStep::Record(passage.len())
        }
    }
}

/// The lines of a subtitle of SubRip or WebVTT, without its number, times and markup. Empty for the line before the first
/// one. None for other passages.
fn spoken(passage: &str) -> Option<String> {
    let is_time = |time: &str| {
        let time = time.split_whitespace().next().unwrap_or_default();
        time.contains(':') && time.bytes().all(|it| it.is_ascii_digit() || b":,.".contains(&it))
    };
    let is_times = |line: &str| line.split_once(" --> ").is_some_and(|(from, to)| is_time(from) && is_time(to));
    let mut lines = passage.lines().skip_while(|line| line.trim().is_empty());
    let first = lines.next()?;
    if first.trim_start_matches('\u{feff}').starts_with("WEBVTT") {
        return Some(String::new());
    }
    // The times come first, or after a number or a name.
    if !is_times(first) && !lines.next().is_some_and(is_times) {
        return None;
    }
    Some(lines.map(|line| without_markup(line.trim())).collect::<Vec<_>>().join("\n").trim().to_owned())
}

/// A line without tags such as `<i>`.
fn without_markup(line: &str) -> String {
    let mut left = String::new();
    let mut rest = line;
    while let Some((before, tag)) = rest.split_once('<') {
        left.push_str(before);
        match tag.split_once('>') {
            Some((_, after)) => rest = after,
            None => {
                left.push('<');
                rest = tag;
            }
        }
    }
    left + rest
}

fn write(passage: &str, record: &mut Record) -> ReadStep {
    record.write(passage.trim_end());
    record.end_cell();
    ReadStep::Record(passage.len())
}

/// The last position before `limit` where white space ends. If there is none, the last character boundary up to `limit`.
fn break_before(text: &str, limit: usize) -> usize {
    let limit = text.floor_char_boundary(limit);
    text[..limit].rfind(char::is_whitespace).map_or(limit, |at| text.ceil_char_boundary(at + 1))
}

/// Returns true if the sample has blank lines between paragraphs.
pub(crate) fn has_paragraphs(sample: &str) -> bool {
    sample.trim().lines().any(|line| line.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(by_paragraph: bool, mut rest: &str) -> Vec<String> {
        let mut rows = Vec::new();
        while !rest.is_empty() {
            let mut record = Record::default();
            match (TextReader { by_paragraph }).step(rest, true, &mut record) {
                ReadStep::Record(used) => {
                    rows.push(record.get(0).to_owned());
                    rest = &rest[used..];
                }
                ReadStep::Skip(used) => rest = &rest[used..],
                ReadStep::NeedMore | ReadStep::Invalid(..) => panic!("{rest:?}"),
            }
        }
        rows
    }

    #[test]
    fn rows_are_paragraphs_or_lines() {
        assert_eq!(rows(true, "\n A:\r\nb\n \n\nC\n"), [" A:\r\nb", "C"]);
        assert_eq!(rows(false, "a\n\n b\r\nc"), ["a", " b", "c"]);
    }

    #[test]
    fn subtitles_are_what_is_said() {
        let srt = "1\n00:00:01,000 --> 00:00:02,500\n<i>Go away.</i>\nAt once!\n\n2\n00:00:03,000 --> 00:00:04,000\nI <3 you.\n";
        assert_eq!(rows(true, srt), ["Go away.\nAt once!", "I <3 you."]);
        let vtt = "WEBVTT - a title\n\n00:01.000 --> 00:02.000 align:start\n<v Ann>Hello.\n\nname\n00:03.000 --> 00:04.000\nBye.";
        assert_eq!(rows(true, vtt), ["Hello.", "Bye."]);
        assert_eq!(rows(true, "one --> two\nthree"), ["one --> two\nthree"]);
    }

    #[test]
    fn long_lines_are_split_without_loss() {
        let text = "wörter ".repeat(30_000);
        let found = rows(false, &text);
        assert!(found.len() > 3 && found.iter().all(|row| row.len() <= MAX_PASSAGE_BYTES));
        assert_eq!(found.join(" "), text.trim_end());
        assert_eq!(rows(true, &"é".repeat(70_000)).concat().len(), 140_000);
    }
}
