//! Documents that are read as a whole and become rows in another form.

use std::io::{Cursor, Read};

use crate::dataset::container::json_splits::{may_have_splits, open_splits};
use crate::dataset::container::pieces::Opened;
use crate::dataset::container::tracked::Origin;
use crate::dataset::container::translations::{TranslationFormat, open_translations};
use crate::dataset::formats::decode::whatwg;
use crate::dataset::formats::detect::detect;
use crate::dataset::layout::Hints;
use crate::dataset::source::DataRole;
use crate::diagnostic::Diagnostic;
use crate::limits::MAX_JSON_BYTES;
use crate::phrases::names;

/// A document in memory, or the stream of a file that is none.
pub(crate) enum WholeFile {
    Opened(Opened),
    Other(Box<dyn Read>),
}

/// Opens a document, if the file `name` with this beginning is one that is read as a whole.
///
/// # Errors
/// As [`open_splits`] and [`open_translations`], `data.too-large`, and if the file cannot be read.
pub(crate) fn open_whole(
    name: &str,
    head: &[u8],
    mut stream: Box<dyn Read>,
    origin: &Origin,
    role: DataRole,
    hints: &Hints,
) -> Result<WholeFile, Diagnostic> {
    let decoded = |bytes: &[u8], is_whole| {
        let encoding = hints.encoding.unwrap_or_else(|| detect(bytes, is_whole).encoding);
        whatwg(encoding).decode(bytes).0.into_owned()
    };
    let start = decoded(head, false);
    let translations = TranslationFormat::of(name, &start);
    if translations.is_none() && !may_have_splits(&start) {
        return Ok(WholeFile::Other(stream));
    }
    let mut bytes = Vec::new();
    let read = stream.by_ref().take(MAX_JSON_BYTES as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| origin.damaged(name, &error))?;
    let is_too_large = bytes.len() > MAX_JSON_BYTES;
    let opened = match translations {
        Some(_) if is_too_large => return Err(too_large(name)),
        Some(format) => Some(open_translations(name, format, &decoded(&bytes, true))?),
        None if is_too_large => None,
        None => open_splits(name, &decoded(&bytes, true), role, hints)?,
    };
    Ok(opened.map_or_else(|| WholeFile::Other(Box::new(Cursor::new(bytes).chain(stream))), WholeFile::Opened))
}

fn too_large(name: &str) -> Diagnostic {
    Diagnostic::new("data.too-large", format!("{} is larger than {} MB.", names(&[name]), MAX_JSON_BYTES >> 20))
        .done("The file was not read.")
        .remedy("Use a part of it, or save its rows as JSON lines or CSV, which are read piece by piece.")
}
