//! Opens the files in an archive.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::rc::Rc;

use crate::dataset::container::archive::classes::Classes;
use crate::dataset::container::archive::consecutive::joined;
use crate::dataset::container::archive::contents::{ChosenTable, Contents, MemberTable, contents};
use crate::dataset::container::archive::folder_pieces::{FolderPieces, TarTexts, Texts, ZipTexts};
use crate::dataset::container::archive::member::Member;
use crate::dataset::container::archive::parallel::{Unpacked, open_parallel};
use crate::dataset::container::archive::shards::{ShardPieces, Shards, Streams};
use crate::dataset::container::archive::standoff::Standoff;
use crate::dataset::container::archive::standoff_pieces::{AnnotatedTexts, StandoffPieces, TarStandoff, ZipStandoff};
use crate::dataset::container::archive::tar::TarReader;
use crate::dataset::container::bounded::{TextOrigin, TextPieces};
use crate::dataset::container::document::docx::DocxParagraphs;
use crate::dataset::container::document::epub::EpubParagraphs;
use crate::dataset::container::document::paragraphs::{DocumentPieces, Paragraphs};
use crate::dataset::container::office::{COMPOUND, OfficeKind, compound_file, office_kind};
use crate::dataset::container::packing::{compression_of, head, is_zip, unpacked_name};
use crate::dataset::container::pieces::{Notices, Opened};
use crate::dataset::container::shared_file::SharedFile;
use crate::dataset::container::spreadsheet::sheets::{Spreadsheet, SpreadsheetKind};
use crate::dataset::container::table_reader::is_packed_table;
use crate::dataset::container::tracked::Origin;
use crate::dataset::container::unpacked::unpacked;
use crate::dataset::container::whole_file::{WholeFile, open_whole};
use crate::dataset::container::zip_files::ZipFiles;
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
            let streams = move |member: usize| -> Result<Box<dyn Read>, Diagnostic> {
                Ok(Box::new(files.stream(indices[member])?))
            };
            open_table(Box::new(streams), &origin, *table, role, hints)
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
    open: &Rc<dyn Fn() -> Box<dyn Read>>,
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
        Contents::Table(table) => open_table(tar_streams(open.clone(), origin.clone()), &origin, *table, role, hints),
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

/// Opens the files of a tar archive by their indices. Those in the order of the archive are found in one pass.
fn tar_streams(open: Rc<dyn Fn() -> Box<dyn Read>>, origin: Origin) -> Streams {
    let mut tar = Rc::new(RefCell::new(TarReader::new(open())));
    let mut passed = 0;
    Box::new(move |member| {
        if member < passed {
            (tar, passed) = (Rc::new(RefCell::new(TarReader::new(open()))), 0);
        }
        while passed <= member {
            let next = tar.borrow_mut().next_file();
            next.map_err(|error| origin.damaged("one of its files", &error))?;
            passed += 1;
        }
        Ok(Box::new(TarStream(tar.clone())))
    })
}

/// The file of a tar archive that was found last.
struct TarStream(Rc<RefCell<TarReader<Box<dyn Read>>>>);

impl Read for TarStream {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().read(into)
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

/// Tables of an archive with validation and with test rows, besides the one with training rows.
#[derive(Default)]
struct HeldOutTables {
    holds_validation: bool,
    holds_test: bool,
    /// Warnings about those that are empty or cannot be read.
    warnings: Vec<Diagnostic>,
}

/// Looks at the tables of validation and test rows. Whether they have the columns of a task is seen when they are read.
fn held_out(table: &ChosenTable, role: DataRole, streams: &mut Streams, origin: &Origin) -> HeldOutTables {
    let mut tables = HeldOutTables::default();
    if role != DataRole::Train {
        return tables;
    }
    let mut is_held = |held_out: &Option<MemberTable>| {
        let Some(MemberTable { member, path }) = held_out else { return false };
        let what = match streams(*member).and_then(|stream| shown(stream, origin)) {
            Ok(start) if !start.trim_ascii().is_empty() => return true,
            Ok(_) => format!("{} is empty.", names(&[path])),
            Err(diagnostic) => diagnostic.what,
        };
        tables.warnings.push(Diagnostic::new("data.left-out", what).done(format!("{} was left out.", names(&[path]))));
        false
    };
    let [holds_validation, holds_test] = table.held_out.each_ref().map(&mut is_held);
    HeldOutTables { holds_validation, holds_test, ..tables }
}

/// The first bytes of a table in an archive, unpacked.
fn shown(mut stream: Box<dyn Read>, origin: &Origin) -> Result<Vec<u8>, Diagnostic> {
    let failed = |error| origin.damaged("one of its files", &error);
    let start = head(&mut stream).map_err(failed)?;
    let compression = compression_of(&start);
    let stream = Cursor::new(start).chain(stream);
    head(&mut unpacked(stream, compression, &origin.file, &origin.track)).map_err(failed)
}

/// Opens one table of an archive, which may be spread over several files.
fn open_table(
    mut streams: Streams,
    origin: &Origin,
    table: ChosenTable,
    role: DataRole,
    hints: &Hints,
) -> Result<Opened, Diagnostic> {
    let held_out = held_out(&table, role, &mut streams, origin);
    let ChosenTable { mut files, parts, warning, warning_of_first, .. } = table;
    let shards = if files.len() > 1 { Shards::of(&files, &mut streams, origin)? } else { None };
    let first = files.remove(0);
    let stream = streams(first.member)?;
    let mut opened = match shards {
        Some(shards) => {
            let paths: Vec<&str> = [&first].into_iter().chain(&files).map(|file| file.path.as_str()).collect();
            let joined = joined(&origin.file, &paths);
            let mut opened = open_shards(stream, &first, files, streams, shards, origin)?;
            opened.warnings.extend(warning.into_iter().chain([joined]));
            opened
        }
        None => {
            let mut opened = open_member(stream, origin, &first.path, role, hints)?;
            opened.warnings.extend(warning_of_first);
            opened
        }
    };
    if hints.member.is_none() {
        opened.warnings.extend(one_of_texts(&origin.file, &parts));
    }
    opened.warnings.extend(held_out.warnings);
    opened.content.holds_validation |= held_out.holds_validation;
    opened.content.holds_test |= held_out.holds_test;
    opened.content.parts.insert(0, parts);
    Ok(opened)
}

/// Opens a table that is spread over several files of an archive.
fn open_shards(
    stream: Box<dyn Read>,
    first: &MemberTable,
    later: Vec<MemberTable>,
    streams: Streams,
    shards: Shards,
    origin: &Origin,
) -> Result<Opened, Diagnostic> {
    let UnpackedMember { name, compression, stream, .. } = unpacked_member(stream, origin, &first.path)?;
    let kind = if matches!(shards, Shards::Parquet) { ContentKind::Parquet } else { ContentKind::Text };
    let current = TextPieces::new(stream, TextOrigin::Member(origin.clone(), first.path.clone()));
    let pieces = Box::new(ShardPieces::new(current, later, streams, shards, origin));
    let content = Content { name, compression, kind, ..Content::default() };
    Ok(Opened { content, pieces, notices: None, warnings: Vec::new() })
}

/// A file of an archive, unpacked.
struct UnpackedMember {
    /// Its name, without the extension of its compression.
    name: String,
    compression: Option<Compression>,
    start: Vec<u8>,
    stream: Box<dyn Read>,
}

fn unpacked_member(mut stream: Box<dyn Read>, origin: &Origin, path: &str) -> Result<UnpackedMember, Diagnostic> {
    let start = head(&mut stream).map_err(|error| origin.damaged(path, &error))?;
    let compression = compression_of(&start);
    let name = path.rsplit('/').next().unwrap_or(path);
    let name = compression.map_or(name, |compression| unpacked_name(name, compression)).to_owned();
    let mut stream = unpacked(Cursor::new(start).chain(stream), compression, &origin.file, &origin.track);
    let start = head(&mut stream).map_err(|error| origin.damaged(path, &error))?;
    let stream = Box::new(Cursor::new(start.clone()).chain(stream));
    Ok(UnpackedMember { name, compression, start, stream })
}

/// Opens a file of an archive, which may be compressed, a spreadsheet or Parquet.
fn open_member(
    mut stream: Box<dyn Read>,
    origin: &Origin,
    path: &str,
    role: DataRole,
    hints: &Hints,
) -> Result<Opened, Diagnostic> {
    let start = head(&mut stream).map_err(|error| origin.damaged(path, &error))?;
    let is_office = is_zip(&start) || start.starts_with(COMPOUND);
    let mut stream: Box<dyn Read> = Box::new(Cursor::new(start).chain(stream));
    if is_office {
        let mut bytes = Vec::new();
        let read = stream.by_ref().take(MAX_MEMBER_BYTES + 1).read_to_end(&mut bytes);
        read.map_err(|error| origin.damaged(path, &error))?;
        return open_office_member(bytes, origin, path, role, hints);
    }
    let UnpackedMember { name, compression, start, stream } = unpacked_member(stream, origin, path)?;
    // The hint names a file of the archive.
    let hints = Hints { member: None, ..hints.clone() };
    Ok(match open_whole(&name, &start, stream, origin, role, &hints)? {
        WholeFile::Opened(opened) => Opened { content: Content { compression, ..opened.content }, ..opened },
        WholeFile::Other(stream) => {
            let kind = packed_kind(&start);
            let pieces = Box::new(TextPieces::new(stream, TextOrigin::Member(origin.clone(), path.to_owned())));
            let content = Content { name, compression, kind, ..Content::default() };
            Opened { content, pieces, notices: None, warnings: Vec::new() }
        }
    })
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
