//! A web page on the disk.

use std::io::Read;

use crate::dataset::container::document::html::Html;
use crate::dataset::container::document::paragraphs::Paragraphs;
use crate::dataset::container::tracked::Origin;
use crate::dataset::formats::decode::{encoding_by_label, whatwg};
use crate::dataset::formats::detect::detect;
use crate::dataset::layout::Encoding;
use crate::diagnostic::Diagnostic;
use crate::limits::MAX_JSON_BYTES;
use crate::phrases::names;

/// Endings of the names of web pages.
const ENDINGS: [&str; 3] = [".html", ".htm", ".xhtml"];
/// Bytes in which a page names its encoding (the WHATWG HTML Standard, "prescan a byte stream").
const PRESCAN_BYTES: usize = 1024;

/// Returns true if a file is a web page by its name and by its beginning. One of another name was downloaded in place of the
/// data.
pub(crate) fn is_web_page(name: &str, head: &[u8]) -> bool {
    let name = name.to_lowercase();
    let start = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    ENDINGS.iter().any(|ending| name.ends_with(ending)) && start.starts_with(b"<")
}

impl Paragraphs for Html {
    fn next_paragraph(&mut self) -> Result<Option<String>, Diagnostic> {
        Ok(Self::next_paragraph(self))
    }
}

/// Reads a whole page, in the encoding that it names or seems to be in.
///
/// # Errors
/// `data.too-large`, and `data.unreadable`.
pub(crate) fn read_page(stream: &mut dyn Read, origin: &Origin, part: &str) -> Result<Html, Diagnostic> {
    let mut bytes = Vec::new();
    stream.take(MAX_JSON_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|error| origin.damaged(part, &error))?;
    if bytes.len() > MAX_JSON_BYTES {
        let what = format!("{} is larger than {} MB.", names(&[part]), MAX_JSON_BYTES >> 20);
        return Err(Diagnostic::new("data.too-large", what)
            .done("The file was not read.")
            .remedy("Save its text as plain text (.txt), which is read piece by piece."));
    }
    let encoding = declared(&bytes).unwrap_or_else(|| detect(&bytes, true).encoding);
    Ok(Html::new(whatwg(encoding).decode(&bytes).0.into_owned()))
}

/// The encoding that a page names in its first bytes.
fn declared(bytes: &[u8]) -> Option<Encoding> {
    let head = String::from_utf8_lossy(bytes.get(..PRESCAN_BYTES).unwrap_or(bytes)).to_lowercase();
    let (_, after) = head.split_once("charset=").or_else(|| head.split_once(" encoding="))?;
    let label = after.trim_start_matches(['"', '\'']);
    let end = label.find(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c)).unwrap_or(label.len());
    encoding_by_label(&label[..end])
}
