//! Opens the files in an archive.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{BufReader, Cursor, Read};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;

use crate::dataset::container::archive::classes::Classes;
use crate::dataset::container::archive::contents::{ChosenTable, Contents, contents};
use crate::dataset::container::archive::folder_pieces::{FolderPieces, TarTexts, Texts, ZipTexts};
use crate::dataset::container::archive::member::Member;
use crate::dataset::container::archive::parallel::{Unpacked, open_parallel};
use crate::dataset::container::archive::standoff::Standoff;
use crate::dataset::container::archive::standoff_pieces::{AnnotatedTexts, StandoffPieces, TarStandoff, ZipStandoff};
use crate::dataset::container::archive::table_splits::{are_alike, beginning};
use crate::dataset::container::archive::tar::TarReader;
use crate::dataset::container::bounded::{Limited, TextOrigin, TextPieces};
use crate::dataset::container::document::docx::DocxParagraphs;
use crate::dataset::container::document::epub::EpubParagraphs;
use crate::dataset::container::document::paragraphs::{DocumentPieces, Paragraphs};
use crate::dataset::container::office::{COMPOUND, OfficeKind, compound_file, office_kind};
use crate::dataset::container::packing::{compression_of, head, is_zip, unpacked_name};
use crate::dataset::container::pieces::{Notices, Opened, PIECE_BYTES};
use crate::dataset::container::shared_file::SharedFile;
use crate::dataset::container::spreadsheet::sheets::{Spreadsheet, SpreadsheetKind};
use crate::dataset::container::table_reader::is_packed_table;
use crate::dataset::container::tracked::{Origin, Track};
use crate::dataset::container::whole_file::{WholeFile, open_whole};
use crate::dataset::container::zip_files::ZipFiles;
use crate::dataset::container::zstd::ZstdReader;
use crate::dataset::layout::{Compression, Hints};
use crate::dataset::source::{Content, ContentKind, DataRole, Parts};
use crate::diagnostic::Diagnostic;
use crate::limits::{MAX_ARCHIVE_FILES, MAX_JSON_BYTES, MAX_MEMBER_BYTES};
use crate::phrases::{count, names};

/// Opens a spreadsheet or a document, or what is in a zip.
///
/// # Errors
/// As [`contents`], [`office_kind`] and [`Spreadsheet::open`].
pub(crate) fn open_zip(mut files: ZipFiles, role: DataRole, hints: &Hints) -> Result<Opened, Diagnostic> {
    if let Some(kind) = office_kind(&mut files)? {
        return open_office(files, kind, role, hints);
    }
    let indices: Vec<usize> = (0..files.len()).filter(|&index| files.is_file(index)).collect();
    let mut members = Vec::new();
    for &index in indices.iter().take(MAX_ARCHIVE_FILES + 1) {
        members.push(Member { path: files.path(index), size: files.size(index) });
    }
    match contents(&files.origin.file, &members, role, hints.member.as_deref())? {
        Contents::Table(table) => {
            let origin = files.origin.clone();
            let shows = |member: usize| shown(Box::new(files.stream(indices[member])?), &origin);
            let holds = held_out(&table, shows);
            let stream = files.stream(indices[table.member])?;
            open_member(Box::new(stream), &files.origin, table, holds, role, hints)
        }
        Contents::Classes(Classes { texts, holds_validation, holds_test, warnings }) => {
            let texts: Vec<(usize, String)> =
                texts.into_iter().map(|(member, label)| (indices[member], label)).collect();
            let name = files.origin.file.clone();
            let texts = ZipTexts { files, texts: texts.into_iter() };
            Ok(open_folder(&name, Box::new(texts), hints, [holds_validation, holds_test], warnings))
        }
        Contents::Standoff(Standoff { pairs, held_out, warnings }) => {
            let pairs: Vec<[usize; 2]> = pairs.into_iter().map(|pair| pair.map(|member| indices[member])).collect();
            let name = files.origin.file.clone();
            let texts = ZipStandoff { files, pairs: pairs.into_iter() };
            Ok(open_standoff(&name, Box::new(texts), hints, held_out, warnings))
        }
        Contents::Parallel(pair) => {
            let mut unpack = |member: usize| -> Result<Unpacked, Diagnostic> {
                let path = files.path(indices[member]);
                let bytes = whole_member(&mut files.stream(indices[member])?, &files.origin, &path)?;
                Ok(Unpacked { path, bytes })
            };
            let pair = [unpack(pair[0])?, unpack(pair[1])?];
            open_parallel(&files.origin.file, &pair)
        }
    }
}

/// Opens what is in a tar archive. `open` begins to read it, which happens twice: for the list of its files, and for what is
/// read of them.
///
/// # Errors
/// As [`contents`], and `data.damaged`.
pub(crate) fn open_tar(
    open: &dyn Fn() -> Box<dyn Read>,
    origin: Origin,
    role: DataRole,
    hints: &Hints,
) -> Result<Opened, Diagnostic> {
    let failed = |error| origin.damaged("one of its files", &error);
    let mut members = Vec::new();
    let mut tar = TarReader::new(open());
    while let Some(entry) = tar.next_file().map_err(failed)?.filter(|_| members.len() <= MAX_ARCHIVE_FILES) {
        let path = entry.path.strip_prefix("./").unwrap_or(&entry.path).to_owned();
        members.push(Member { path, size: entry.size });
    }
    match contents(&origin.file, &members, role, hints.member.as_deref())? {
        Contents::Table(table) => {
            let stream = |member: usize| -> Result<Box<dyn Read>, Diagnostic> {
                let mut tar = TarReader::new(open());
                for _ in 0..=member {
                    tar.next_file().map_err(failed)?;
                }
                Ok(Box::new(tar))
            };
            let holds = held_out(&table, |member| shown(stream(member)?, &origin));
            open_member(stream(table.member)?, &origin, table, holds, role, hints)
        }
        Contents::Classes(Classes { texts, holds_validation, holds_test, warnings }) => {
            let mut labels = vec![None; members.len()];
            for (member, label) in texts {
                labels[member] = Some(label);
            }
            let name = origin.file.clone();
            let texts = TarTexts { tar: TarReader::new(open()), labels: labels.into_iter(), origin };
            Ok(open_folder(&name, Box::new(texts), hints, [holds_validation, holds_test], warnings))
        }
        Contents::Standoff(Standoff { pairs, held_out, warnings }) => {
            let files = pairs.into_iter().enumerate();
            let members = files.flat_map(|(nth, [text, other])| [(text, (nth, true)), (other, (nth, false))]).collect();
            let (name, tar, waiting) = (origin.file.clone(), TarReader::new(open()), HashMap::new());
            let texts = TarStandoff { tar, origin, members, passed: 0, waiting };
            Ok(open_standoff(&name, Box::new(texts), hints, held_out, warnings))
        }
        Contents::Parallel(pair) => {
            let unpack = |member: usize| -> Result<Unpacked, Diagnostic> {
                let mut tar = TarReader::new(open());
                for _ in 0..=member {
                    tar.next_file().map_err(failed)?;
                }
                let path = members[member].path.clone();
                Ok(Unpacked { bytes: whole_member(&mut tar, &origin, &path)?, path })
            };
            open_parallel(&origin.file, &[unpack(pair[0])?, unpack(pair[1])?])
        }
    }
}

/// Opens a file of an office program.
fn open_office(mut files: ZipFiles, kind: OfficeKind, role: DataRole, hints: &Hints) -> Result<Opened, Diagnostic> {
    let name = files.origin.file.clone();
    Ok(match kind {
        OfficeKind::Spreadsheet(kind) => open_spreadsheet(&mut files, kind, role, hints)?,
        OfficeKind::Docx => open_document(&name, Box::new(DocxParagraphs::open(&mut files)?)),
        OfficeKind::Epub => open_document(&name, Box::new(EpubParagraphs::open(files)?)),
    })
}

/// Opens the paragraphs of a document.
pub(crate) fn open_document(name: &str, paragraphs: Box<dyn Paragraphs>) -> Opened {
    let content = Content { name: name.to_owned(), kind: ContentKind::Document, ..Content::default() };
    Opened { content, pieces: Box::new(DocumentPieces::new(paragraphs)), notices: None, warnings: Vec::new() }
}

/// Opens the sheet of a spreadsheet.
fn open_spreadsheet(
    files: &mut ZipFiles,
    kind: SpreadsheetKind,
    role: DataRole,
    hints: &Hints,
) -> Result<Opened, Diagnostic> {
    let Spreadsheet { pieces, parts, notes } = Spreadsheet::open(files, kind, role, hints.sheet.as_deref())?;
    let name = files.origin.file.clone();
    let content = Content { name, kind: ContentKind::Sheet, parts: vec![parts], ..Content::default() };
    let notices: Rc<RefCell<dyn Notices>> = notes;
    Ok(Opened { content, pieces, notices: Some(notices), warnings: Vec::new() })
}

/// Opens texts that are sorted into folders.
fn open_folder(
    name: &str,
    texts: Box<dyn Texts>,
    hints: &Hints,
    [holds_validation, holds_test]: [bool; 2],
    warnings: Vec<Diagnostic>,
) -> Opened {
    let (pieces, notices) = FolderPieces::new(texts, hints.encoding);
    let content = Content {
        name: name.to_owned(),
        kind: ContentKind::Folder,
        holds_validation,
        holds_test,
        ..Content::default()
    };
    let notices: Rc<RefCell<dyn Notices>> = notices;
    Opened { content, pieces: Box::new(pieces), notices: Some(notices), warnings }
}

/// All bytes of a file in an archive, up to one more than may be read.
fn whole_member(stream: &mut dyn Read, origin: &Origin, path: &str) -> Result<Vec<u8>, Diagnostic> {
    let mut bytes = Vec::new();
    stream.take(MAX_JSON_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|error| origin.damaged(path, &error))?;
    Ok(bytes)
}

/// Opens texts with annotations.
fn open_standoff(
    name: &str,
    texts: Box<dyn AnnotatedTexts>,
    hints: &Hints,
    [holds_validation, holds_test]: [bool; 2],
    warnings: Vec<Diagnostic>,
) -> Opened {
    let (pieces, notices) = StandoffPieces::new(texts, hints.encoding);
    let kind = ContentKind::Folder;
    let content = Content { name: name.to_owned(), kind, holds_validation, holds_test, ..Content::default() };
    let notices: Rc<RefCell<dyn Notices>> = notices;
    Opened { content, pieces: Box::new(pieces), notices: Some(notices), warnings }
}

/// Returns true for validation and for test rows, if the archive has a table of them with the columns of the training rows.
fn held_out(table: &ChosenTable, mut shows: impl FnMut(usize) -> Result<Vec<u8>, Diagnostic>) -> [bool; 2] {
    if table.held_out == [None; 2] {
        return [false; 2];
    }
    // A table that cannot be read is reported where it is read.
    let Ok(read) = shows(table.member) else { return [false; 2] };
    table.held_out.map(|member| {
        let shown = member.map(|member| if member == table.member { Ok(read.clone()) } else { shows(member) });
        shown.is_some_and(|shown| shown.is_ok_and(|shown| are_alike(&read, &shown)))
    })
}

/// The beginning of a table in an archive, unpacked.
fn shown(mut stream: Box<dyn Read>, origin: &Origin) -> Result<Vec<u8>, Diagnostic> {
    let failed = |error| origin.damaged("one of its files", &error);
    let start = head(&mut stream).map_err(failed)?;
    let compression = compression_of(&start);
    let stream = Cursor::new(start).chain(stream);
    beginning(&mut unpacked(stream, compression, &origin.file, &origin.track)).map_err(failed)
}

/// Opens one table of an archive, which may be compressed, a spreadsheet or Parquet. `holds` tells if the archive also has
/// validation and test rows.
fn open_member(
    mut stream: Box<dyn Read>,
    origin: &Origin,
    table: ChosenTable,
    holds: [bool; 2],
    role: DataRole,
    hints: &Hints,
) -> Result<Opened, Diagnostic> {
    let ChosenTable { parts, warning, .. } = table;
    let path = parts.names.get(parts.chosen as usize).cloned().unwrap_or_default();
    let start = head(&mut stream).map_err(|error| origin.damaged(&path, &error))?;
    let (is_office, compression) = (is_zip(&start) || start.starts_with(COMPOUND), compression_of(&start));
    let mut stream: Box<dyn Read> = Box::new(Cursor::new(start).chain(stream));
    let mut opened = if is_office {
        let mut bytes = Vec::new();
        let read = stream.by_ref().take(MAX_MEMBER_BYTES + 1).read_to_end(&mut bytes);
        read.map_err(|error| origin.damaged(&path, &error))?;
        open_office_member(bytes, origin, &path, role, hints)?
    } else {
        let name = path.rsplit('/').next().unwrap_or(&path);
        let name = compression.map_or(name, |compression| unpacked_name(name, compression)).to_owned();
        let mut stream = unpacked(stream, compression, &origin.file, &origin.track);
        let start = head(&mut stream).map_err(|error| origin.damaged(&path, &error))?;
        let stream: Box<dyn Read> = Box::new(Cursor::new(start.clone()).chain(stream));
        // The hint names a file of the archive.
        let hints = Hints { member: None, ..hints.clone() };
        match open_whole(&name, &start, stream, origin, role, &hints)? {
            WholeFile::Opened(opened) => Opened { content: Content { compression, ..opened.content }, ..opened },
            WholeFile::Other(stream) => {
                let kind = packed_kind(&start);
                let pieces = Box::new(TextPieces::new(stream, TextOrigin::Member(origin.clone(), path)));
                let content = Content { name, compression, kind, ..Content::default() };
                Opened { content, pieces, notices: None, warnings: Vec::new() }
            }
        }
    };
    opened.warnings.extend(warning);
    if hints.member.is_none() {
        opened.warnings.extend(one_of_texts(&origin.file, &parts));
    }
    opened.content.holds_validation |= holds[0];
    opened.content.holds_test |= holds[1];
    opened.content.parts.insert(0, parts);
    Ok(opened)
}

/// Kind of a file without rows of a known kind, by its first bytes: Parquet, or any text.
pub(crate) fn packed_kind(start: &[u8]) -> ContentKind {
    if is_packed_table(start) { ContentKind::Parquet } else { ContentKind::Text }
}

/// Warning about an archive with several texts, of which one is read.
fn one_of_texts(file: &str, parts: &Parts) -> Option<Diagnostic> {
    let (texts, chosen) = (parts.names.as_slice(), parts.names.get(parts.chosen as usize)?);
    let are_alike = texts.len() > 2 && texts.iter().all(|path| path.to_lowercase().ends_with(".txt"));
    let what = format!("{} has {}.", names(&[file]), count(texts.len(), "text"));
    are_alike.then(|| {
        Diagnostic::new("data.one-of-texts", what)
            .done(format!("Only {} was read.", names(&[chosen])))
            .remedy("Choose another one, or join them to one text. With a folder for each label, all of them are read.")
    })
}

/// Opens a file of an office program that is in an archive.
fn open_office_member(
    bytes: Vec<u8>,
    origin: &Origin,
    path: &str,
    role: DataRole,
    hints: &Hints,
) -> Result<Opened, Diagnostic> {
    let (file, remedy) = (names(&[&origin.file]), "Unpack it, and choose the file that is inside.");
    if bytes.len() as u64 > MAX_MEMBER_BYTES {
        let what = format!("{} in {file} is larger than {} MB.", names(&[path]), MAX_MEMBER_BYTES >> 20);
        return Err(Diagnostic::new("data.too-large", what).done("The file was not read.").remedy(remedy));
    }
    let is_zip = is_zip(&bytes);
    let mut shared = SharedFile::new(Cursor::new(bytes)).map_err(|error| origin.damaged(path, &error))?;
    if !is_zip {
        return Err(compound_file(path, &mut shared));
    }
    let mut files = ZipFiles::open(path, shared, origin.track.clone())?;
    match office_kind(&mut files)? {
        Some(kind) => open_office(files, kind, role, hints),
        None => {
            let what = format!("{} in {file} is an archive within an archive.", names(&[path]));
            Err(Diagnostic::new("data.no-table", what).done("The file was not read.").remedy(remedy))
        }
    }
}

/// A stream of the content of a file.
pub(crate) fn unpacked(
    stream: impl Read + 'static,
    compression: Option<Compression>,
    name: &str,
    track: &Track,
) -> Box<dyn Read> {
    let buffered = |stream| BufReader::with_capacity(PIECE_BYTES, stream);
    let limited = |stream: Box<dyn Read>, compression| Box::new(Limited::new(stream, name, compression, track.clone()));
    match compression {
        None => Box::new(stream),
        Some(Compression::Gzip) => limited(Box::new(MultiGzDecoder::new(buffered(stream))), Compression::Gzip),
        Some(Compression::Zstd) => limited(Box::new(ZstdReader::new(buffered(stream))), Compression::Zstd),
    }
}
