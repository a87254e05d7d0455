//! A table that is spread over several files of an archive, such as `train-00000-of-00002.parquet` and
//! `train-00001-of-00002.parquet`: they are read one after another.

use std::io::{Cursor, Read};
use std::vec::IntoIter;

use serde_json::{Map, Value};

use crate::dataset::container::archive::contents::MemberTable;
use crate::dataset::container::bounded::{TextOrigin, TextPieces};
use crate::dataset::container::packing::{compression_of, head, is_zip};
use crate::dataset::container::pieces::Pieces;
use crate::dataset::container::table_reader::is_packed_table;
use crate::dataset::container::tracked::Origin;
use crate::dataset::container::unpacked::unpacked;
use crate::diagnostic::Diagnostic;

/// Longest first line by which files are compared, in bytes.
const LINE_BYTES: u64 = 64 << 10;

/// Opens the files of an archive by their indices among its members.
pub(crate) type Streams = Box<dyn FnMut(usize) -> Result<Box<dyn Read>, Diagnostic>>;

/// What the files of a table have in common.
pub(crate) enum Shards {
    /// Parquet.
    Parquet,
    /// Lines, of which this one begins every file.
    Header(Vec<u8>),
    /// Lines of rows.
    Rows,
}

impl Shards {
    /// What all these files have in common; none if they are no rows, or of different columns, as far as their first lines
    /// show.
    ///
    /// # Errors
    /// If one of them cannot be read.
    pub(crate) fn of(
        tables: &[MemberTable],
        streams: &mut Streams,
        origin: &Origin,
    ) -> Result<Option<Self>, Diagnostic> {
        let mut lines = Vec::new();
        for table in tables {
            lines.push(first_line(streams(table.member)?, origin, &table.path)?);
        }
        let Some(first) = lines.first() else { return Ok(None) };
        if lines.iter().all(|line| is_packed_table(line)) {
            return Ok(Some(Self::Parquet));
        }
        let is_text =
            |line: &Vec<u8>| !line.is_empty() && !is_zip(line) && !line.contains(&0) && !line.starts_with(b"[");
        if !lines.iter().all(is_text) {
            return Ok(None);
        }
        let is_json = |line: &Vec<u8>| serde_json::from_slice::<Map<String, Value>>(line).is_ok();
        if lines.iter().all(is_json) {
            return Ok(Some(Self::Rows));
        }
        // A line with an open quote is not a whole row.
        let is_whole =
            |line: &Vec<u8>| !line.starts_with(b"{") && line.iter().filter(|&&byte| byte == b'"').count() % 2 == 0;
        let has_same_columns =
            |line: &Vec<u8>| is_whole(line) && columns(line) == columns(first) && !is_permuted(line, first);
        if !lines.iter().all(has_same_columns) {
            return Ok(None);
        }
        Ok(Some(if lines.iter().all(|line| line == first) { Self::Header(first.clone()) } else { Self::Rows }))
    }
}

/// The content of a file, unpacked.
fn content(mut stream: Box<dyn Read>, origin: &Origin, path: &str) -> Result<Box<dyn Read>, Diagnostic> {
    let start = head(&mut stream).map_err(|error| origin.damaged(path, &error))?;
    let compression = compression_of(&start);
    Ok(unpacked(Cursor::new(start).chain(stream), compression, &origin.file, &origin.track))
}

/// The first line of a file without the mark of its encoding, or the first bytes of one that is not text.
fn first_line(stream: Box<dyn Read>, origin: &Origin, path: &str) -> Result<Vec<u8>, Diagnostic> {
    let mut bytes = Vec::new();
    let read = content(stream, origin, path)?.take(LINE_BYTES).read_to_end(&mut bytes);
    read.map_err(|error| origin.damaged(path, &error))?;
    let text = without_mark(&bytes);
    let end = text.iter().position(|&byte| byte == b'\n').unwrap_or(text.len());
    Ok(if is_packed_table(text) { text } else { text[..end].trim_ascii_end() }.to_vec())
}

fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// The numbers of tabs, commas and semicolons outside of quotes: of tabs alone if there are any.
fn columns(line: &[u8]) -> [usize; 3] {
    let mut is_quoted = false;
    let mut counts = [0; 3];
    for byte in line {
        match byte {
            b'"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            b'\t' => counts[0] += 1,
            b',' => counts[1] += 1,
            b';' => counts[2] += 1,
            _ => {}
        }
    }
    if counts[0] > 0 { [counts[0], 0, 0] } else { counts }
}

/// Returns true if two lines have the same cells in another order.
fn is_permuted(line: &[u8], other: &[u8]) -> bool {
    fn sorted(line: &[u8]) -> Vec<&[u8]> {
        let mut cells: Vec<&[u8]> = line.split(|byte| b"\t,;".contains(byte)).collect();
        cells.sort_unstable();
        cells
    }
    line != other && sorted(line) == sorted(other)
}

/// The files of a table, one after another. Lines are read as one text, and Parquet file by file.
pub(crate) struct ShardPieces {
    tables: IntoIter<MemberTable>,
    streams: Streams,
    shards: Shards,
    origin: Origin,
    current: TextPieces,
    ends_line: bool,
}

impl ShardPieces {
    /// Begins with the first file, whose content is `current`.
    pub(crate) fn new(
        current: TextPieces,
        later: Vec<MemberTable>,
        streams: Streams,
        shards: Shards,
        origin: &Origin,
    ) -> Self {
        Self { tables: later.into_iter(), streams, shards, origin: origin.clone(), current, ends_line: true }
    }

    /// Turns to the next file. Returns its name; none if there is none.
    fn open_next(&mut self) -> Result<Option<String>, Diagnostic> {
        let Some(MemberTable { member, path }) = self.tables.next() else { return Ok(None) };
        let origin = &self.origin;
        let mut stream = content((self.streams)(member)?, origin, &path)?;
        if !matches!(self.shards, Shards::Parquet) {
            let mut begin = Vec::new();
            stream.by_ref().take(LINE_BYTES).read_to_end(&mut begin).map_err(|error| origin.damaged(&path, &error))?;
            let text = without_mark(&begin);
            let line = text.iter().position(|&byte| byte == b'\n').map_or(text.len(), |end| end + 1);
            let is_header = matches!(&self.shards, Shards::Header(header) if text[..line].trim_ascii_end() == header);
            let rows = if is_header { &text[line..] } else { text };
            stream = Box::new(Cursor::new(rows.to_vec()).chain(stream));
        }
        self.current = TextPieces::new(stream, TextOrigin::Member(origin.clone(), path.clone()));
        Ok(Some(path))
    }
}

impl Pieces for ShardPieces {
    fn next(&mut self, out: &mut Vec<u8>) -> Result<bool, Diagnostic> {
        loop {
            if self.current.next(out)? {
                self.ends_line = out.ends_with(b"\n");
                return Ok(true);
            }
            if matches!(self.shards, Shards::Parquet) || self.open_next()?.is_none() {
                return Ok(false);
            }
            if !self.ends_line {
                out.push(b'\n');
                self.ends_line = true;
            }
        }
    }

    fn next_file(&mut self) -> Result<Option<String>, Diagnostic> {
        self.open_next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_other_columns_are_told_apart() {
        assert_eq!(columns(b"a,\"b,c\""), columns(b"d,e"));
        assert_ne!(columns(b"a,b"), columns(b"a;b"));
        assert!(is_permuted(b"text,label", b"label,text") && !is_permuted(b"a,b", b"a,b"));
    }
}
