//! Paragraphs of a book (EPUB 2 and 3): its chapters in the order of reading.

use std::borrow::Cow;
use std::collections::HashMap;
use std::vec::IntoIter;

use quick_xml::events::{BytesStart, Event};

use crate::dataset::container::document::html::Html;
use crate::dataset::container::document::paragraphs::Paragraphs;
use crate::dataset::container::document::web_page::read_page;
use crate::dataset::container::xml::{Xml, attribute};
use crate::dataset::container::zip_files::ZipFiles;
use crate::diagnostic::Diagnostic;
use crate::phrases::names;

const CONTAINER: &str = "META-INF/container.xml";
const ENCRYPTION: &str = "META-INF/encryption.xml";

/// Reads the paragraphs of a book.
pub(crate) struct EpubParagraphs {
    files: ZipFiles,
    /// Paths of the chapters to come.
    chapters: IntoIter<String>,
    chapter: Option<Html>,
}

impl EpubParagraphs {
    /// Finds the chapters of the book in a zip.
    ///
    /// # Errors
    /// `data.damaged`, `data.encrypted`, and `data.no-rows` if there are none.
    pub(crate) fn open(mut files: ZipFiles) -> Result<Self, Diagnostic> {
        let package = package(&mut files)?;
        let chapters = chapters(&mut files, &package)?;
        let name = files.origin.file.clone();
        if chapters.is_empty() {
            let what = format!("{} is a book (EPUB) without chapters.", names(&[&name]));
            return Err(Diagnostic::new("data.no-rows", what)
                .done("The file was not read.")
                .remedy("Choose another file."));
        }
        let locks = files.beginning(ENCRYPTION, 1 << 20)?.unwrap_or_default();
        let locks = String::from_utf8_lossy(&locks);
        // Fonts are often hidden, which does no harm.
        if chapters.iter().any(|chapter| locks.contains(&format!("\"{chapter}\""))) {
            let what = format!("{} is a book with copy protection.", names(&[&name]));
            return Err(Diagnostic::new("data.encrypted", what)
                .done("The file was not read.")
                .remedy("Choose a copy without protection."));
        }
        Ok(Self { files, chapters: chapters.into_iter(), chapter: None })
    }
}

impl Paragraphs for EpubParagraphs {
    fn next_paragraph(&mut self) -> Result<Option<String>, Diagnostic> {
        loop {
            if let Some(paragraph) = self.chapter.as_mut().and_then(Html::next_paragraph) {
                return Ok(Some(paragraph));
            }
            let Some(path) = self.chapters.next() else { return Ok(None) };
            let index = self.files.find(&path).ok_or_else(|| missing(&self.files, &path))?;
            let mut stream = self.files.stream(index)?;
            self.chapter = Some(read_page(&mut stream, &self.files.origin, &path)?);
        }
    }
}

/// Path of the list of the book's files.
fn package(files: &mut ZipFiles) -> Result<String, Diagnostic> {
    let mut path = None;
    each_element(files, CONTAINER, &mut |element| {
        if element.local_name().as_ref() == "rootfile" && path.is_none() {
            path = owned(element, "full-path");
        }
    })?;
    path.ok_or_else(|| missing(files, CONTAINER))
}

/// Paths of the chapters in the order of reading.
fn chapters(files: &mut ZipFiles, package: &str) -> Result<Vec<String>, Diagnostic> {
    let mut paths = HashMap::new();
    let mut spine = Vec::new();
    let folder = package.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    each_element(files, package, &mut |element| match element.local_name().as_ref() {
        "item" if attribute(element, "media-type").is_some_and(|kind| kind.contains("html")) => {
            if let Some((id, path)) = owned(element, "id").zip(attribute(element, "href")) {
                paths.insert(id, joined(&folder, &path));
            }
        }
        "itemref" => spine.extend(owned(element, "idref")),
        _ => {}
    })?;
    Ok(spine.iter().filter_map(|id| paths.get(id).cloned()).collect())
}

fn owned(element: &BytesStart, name: &str) -> Option<String> {
    attribute(element, name).map(Cow::into_owned)
}

/// Calls `take` with each element of a part.
fn each_element(files: &mut ZipFiles, part: &str, take: &mut dyn FnMut(&BytesStart)) -> Result<(), Diagnostic> {
    let index = files.find(part).ok_or_else(|| missing(files, part))?;
    let mut xml = Xml::new(files.stream(index)?, files.origin.clone(), part);
    while let Some(event) = xml.next()? {
        if let Event::Start(element) = &event {
            take(element);
        }
    }
    Ok(())
}

/// A path relative to a folder, without its escapes and its steps up.
fn joined(folder: &str, path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let [first, more @ ..] = rest {
        let digits = more.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped = digits.filter(|_| *first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &more[2..] } else { more };
    }
    let mut parts: Vec<&str> = Vec::new();
    let whole = format!("{folder}{}", String::from_utf8_lossy(&bytes));
    for part in whole.split('/') {
        match part {
            ".." => _ = parts.pop(),
            "." => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn missing(files: &ZipFiles, part: &str) -> Diagnostic {
    files.origin.damaged(part, &std::io::Error::from(std::io::ErrorKind::NotFound))
}
