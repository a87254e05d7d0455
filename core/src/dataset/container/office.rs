//! Recognizes the files of office programs.

use std::io::{self, Read, Seek, SeekFrom};

use crate::dataset::container::document::docx::DOCX_PART;
use crate::dataset::container::shared_file::SharedFile;
use crate::dataset::container::spreadsheet::sheets::SpreadsheetKind;
use crate::dataset::container::zip_files::ZipFiles;
use crate::diagnostic::Diagnostic;
use crate::phrases::names;

/// The first bytes of a compound file, in which older office programs store everything, and newer ones what is encrypted.
pub(crate) const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0";
/// Bytes of a compound file's directory that are read: 32 entries.
const DIRECTORY_BYTES: u64 = 4096;
/// Remedy for a document.
const DOCUMENT: &str =
    "Save it as .docx or plain text (.txt). If it contains a table, copy the table into a spreadsheet.";

/// Content that an office program stored in a zip.
pub(crate) enum OfficeKind {
    Spreadsheet(SpreadsheetKind),
    /// A Word document.
    Docx,
    /// A book.
    Epub,
}

/// The kind of office file in a zip; none if it is no such file.
///
/// # Errors
/// `data.not-text` for office files that are not read, and `data.encrypted` for spreadsheets with a password.
pub(crate) fn office_kind(files: &mut ZipFiles) -> Result<Option<OfficeKind>, Diagnostic> {
    let has = |path| files.find(path).is_some();
    let not_read = |what: &str, remedy: &str| {
        let what = format!("{} is {what}.", names(&[&files.origin.file]));
        Err(Diagnostic::new("data.not-text", what).done("The file was not read.").remedy(remedy))
    };
    if has("xl/workbook.bin") {
        return not_read("a binary workbook (.xlsb)", "Open it in Excel and save it as .xlsx.");
    }
    if has("[Content_Types].xml") {
        if has("xl/workbook.xml") || has("xl/worksheets/sheet1.xml") {
            return Ok(Some(OfficeKind::Spreadsheet(SpreadsheetKind::Xlsx)));
        }
        if has(DOCX_PART) {
            return Ok(Some(OfficeKind::Docx));
        }
        if has("ppt/presentation.xml") {
            return not_read("a presentation (.pptx)", DOCUMENT);
        }
    }
    if has("Index/Document.iwa") || has("Index.zip") {
        return not_read(
            "a file of Apple's Numbers, Pages or Keynote",
            "Export it as .xlsx or CSV (File › Export To).",
        );
    }
    let file = files.origin.file.clone();
    let kind = files.beginning("mimetype", 100)?.unwrap_or_default();
    let not_read = |what: &str, remedy: &str| {
        let what = format!("{} is {what}.", names(&[&file]));
        Err(Diagnostic::new("data.not-text", what).done("The file was not read.").remedy(remedy))
    };
    match kind.strip_prefix(b"application/vnd.oasis.opendocument.") {
        Some(kind) if kind.starts_with(b"spreadsheet") => {}
        Some(_) => return not_read("a text document or a presentation (OpenDocument)", DOCUMENT),
        None if kind.starts_with(b"application/epub+zip") => return Ok(Some(OfficeKind::Epub)),
        None => return Ok(None),
    }
    let manifest = files.beginning("META-INF/manifest.xml", 1 << 20)?.unwrap_or_default();
    let has_key = manifest.windows(15).any(|window| window == b"encryption-data");
    if has_key || files.find("encrypted-package").is_some() {
        return Err(has_password(&file));
    }
    Ok(Some(OfficeKind::Spreadsheet(SpreadsheetKind::Ods)))
}

fn has_password(name: &str) -> Diagnostic {
    Diagnostic::new("data.encrypted", format!("{} is protected by a password.", names(&[name])))
        .done("The file was not read.")
        .remedy("Open it in its program, and save a copy without a password.")
}

/// The error of a compound file, by the names in its directory.
pub(crate) fn compound_file(name: &str, file: &mut SharedFile) -> Diagnostic {
    let directory = directory(file).unwrap_or_default();
    let has = |name: &str| {
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        directory.windows(name.len()).any(|window| window == name)
    };
    if has("EncryptedPackage") {
        return has_password(name);
    }
    let (what, remedy) = if has("Workbook") || has("Book") {
        ("an old Excel workbook (.xls)", "Open it in Excel or LibreOffice, and save it as .xlsx or CSV.")
    } else if has("WordDocument") {
        ("an old Word document (.doc)", DOCUMENT)
    } else {
        ("an old office file", "Open it in its program, and save a table as .xlsx or CSV.")
    };
    let what = format!("{} is {what}, whatever its name.", names(&[name]));
    Diagnostic::new("data.not-text", what).done("The file was not read.").remedy(remedy)
}

/// The first sector of the directory ([MS-CFB], 2.2 and 2.6).
fn directory(file: &mut SharedFile) -> io::Result<Vec<u8>> {
    let mut header = [0; 512];
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut header)?;
    let shift = u32::from(header[30]).min(12);
    let sector = u64::from(u32::from_le_bytes([header[48], header[49], header[50], header[51]]));
    file.seek(SeekFrom::Start((sector + 1) << shift))?;
    let mut bytes = Vec::new();
    file.take(DIRECTORY_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}
