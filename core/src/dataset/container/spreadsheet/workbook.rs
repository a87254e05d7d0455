//! The parts of an .xlsx file other than its sheets: their list, the shared strings and the number formats.

use std::io;

use quick_xml::events::Event;

use crate::dataset::container::spreadsheet::number_format::{Epoch, NumberKind, kind_of_code, kind_of_id};
use crate::dataset::container::xml::{Xml, attribute, push_text};
use crate::dataset::container::zip_files::ZipFiles;
use crate::diagnostic::Diagnostic;
use crate::limits::{MAX_CELL_BYTES, MAX_CELL_STYLES, MAX_SHARED_STRINGS_BYTES, MAX_SHEETS};

/// The parts of a workbook that its sheets refer to.
#[derive(Default)]
pub(crate) struct Workbook {
    /// Name and path of each sheet of cells, those that are visible first.
    pub sheets: Vec<SheetPart>,
    pub strings: SharedStrings,
    /// Kind of number of each cell style.
    pub styles: Vec<NumberKind>,
    pub epoch: Epoch,
}

/// A sheet of a workbook.
pub(crate) struct SheetPart {
    pub name: String,
    pub path: String,
    is_hidden: bool,
    relationship: String,
}

/// Texts that cells refer to by number.
#[derive(Default)]
pub(crate) struct SharedStrings {
    text: String,
    /// End of each text, in bytes.
    ends: Vec<usize>,
}

impl SharedStrings {
    pub(crate) fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(start..end)
    }
}

/// A target of a part's relationships.
struct Relationship {
    id: String,
    kind: String,
    target: String,
}

impl Workbook {
    /// Reads the workbook of a zip.
    ///
    /// # Errors
    /// `data.damaged`, and `data.unpacks-to-too-much` if the shared strings take too much memory.
    pub(crate) fn open(files: &mut ZipFiles) -> Result<Self, Diagnostic> {
        let path = workbook_path(files)?;
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", &path));
        let relationships = relationships(files, folder, file)?;
        let mut workbook = Self::default();
        each_event(files, &path, &mut |event| {
            let Event::Start(element) = event else { return Ok(()) };
            match element.local_name().as_ref() {
                "workbookPr" if attribute(element, "date1904").is_some_and(|it| it == "1" || it == "true") => {
                    workbook.epoch = Epoch::Year1904;
                }
                "sheet" if workbook.sheets.len() < MAX_SHEETS => {
                    let of = |name| attribute(element, name).unwrap_or_default().into_owned();
                    let is_hidden = ["hidden", "veryHidden"].contains(&of("state").as_str());
                    workbook.sheets.push(SheetPart {
                        name: of("name"),
                        path: String::new(),
                        is_hidden,
                        relationship: of("id"),
                    });
                }
                _ => {}
            }
            Ok(())
        })?;
        let of_kind = |kind: &str| relationships.iter().find(|it| it.kind.ends_with(kind)).map(|it| it.target.clone());
        // Other kinds are charts and macros.
        workbook.sheets.retain_mut(|sheet| {
            let target = relationships.iter().find(|it| it.id == sheet.relationship && it.kind.ends_with("/worksheet"));
            sheet.path = target.map(|it| it.target.clone()).unwrap_or_default();
            !sheet.path.is_empty()
        });
        workbook.sheets.sort_by_key(|sheet| sheet.is_hidden);
        if let Some(path) = of_kind("/styles") {
            workbook.styles = styles(files, &path)?;
        }
        if let Some(path) = of_kind("/sharedStrings") {
            workbook.strings = shared_strings(files, &path)?;
        }
        Ok(workbook)
    }
}

/// Path of the workbook in the zip.
fn workbook_path(files: &mut ZipFiles) -> Result<String, Diagnostic> {
    let relationships = relationships(files, "", "")?;
    let found = relationships.into_iter().find(|it| it.kind.ends_with("/officeDocument")).map(|it| it.target);
    Ok(found.filter(|path| files.find(path).is_some()).unwrap_or_else(|| "xl/workbook.xml".to_owned()))
}

/// Relationships of a file in a folder, with their targets as paths in the zip. Empty if there are none.
fn relationships(files: &mut ZipFiles, folder: &str, file: &str) -> Result<Vec<Relationship>, Diagnostic> {
    let path = format!("{folder}/_rels/{file}.rels");
    let mut found = Vec::new();
    each_event(files, path.trim_start_matches('/'), &mut |event| {
        if let Event::Start(element) = event
            && element.local_name().as_ref() == "Relationship"
            && found.len() < 10 * MAX_SHEETS
        {
            let of = |name| attribute(element, name).unwrap_or_default().into_owned();
            let target = of("Target").replace('\\', "/");
            let target = match target.strip_prefix('/') {
                Some(absolute) => absolute.to_owned(),
                None => format!("{folder}/{}", target.trim_start_matches("./")).trim_start_matches('/').to_owned(),
            };
            found.push(Relationship { id: of("Id"), kind: of("Type"), target });
        }
        Ok(())
    })?;
    Ok(found)
}

/// Calls `take` for each event of a part. A part that is not there has none.
pub(crate) fn each_event(
    files: &mut ZipFiles,
    path: &str,
    take: &mut dyn FnMut(&Event) -> Result<(), Diagnostic>,
) -> Result<(), Diagnostic> {
    let Some(index) = files.find(path) else { return Ok(()) };
    let mut xml = Xml::new(files.stream(index)?, files.origin.clone(), path);
    while let Some(event) = xml.next()? {
        take(&event)?;
    }
    Ok(())
}

fn styles(files: &mut ZipFiles, path: &str) -> Result<Vec<NumberKind>, Diagnostic> {
    let (mut codes, mut styles, mut is_cell_style) = (Vec::new(), Vec::new(), false);
    each_event(files, path, &mut |event| {
        match event {
            Event::Start(element) => {
                let number = |name| attribute(element, name).and_then(|id| id.parse::<u32>().ok());
                match element.local_name().as_ref() {
                    "numFmt" if codes.len() < MAX_CELL_STYLES => {
                        let code = attribute(element, "formatCode").unwrap_or_default();
                        codes.push((number("numFmtId"), kind_of_code(&code)));
                    }
                    "cellXfs" => is_cell_style = true,
                    "xf" if is_cell_style && styles.len() < MAX_CELL_STYLES => {
                        let id = number("numFmtId").unwrap_or_default();
                        let own = codes.iter().find(|(other, _)| *other == Some(id));
                        styles.push(own.map_or_else(|| kind_of_id(id), |(_, kind)| *kind));
                    }
                    _ => {}
                }
            }
            Event::End(element) if element.local_name().as_ref() == "cellXfs" => is_cell_style = false,
            _ => {}
        }
        Ok(())
    })?;
    Ok(styles)
}

fn shared_strings(files: &mut ZipFiles, path: &str) -> Result<SharedStrings, Diagnostic> {
    let mut strings = SharedStrings::default();
    let mut text = CellText::default();
    let origin = files.origin.clone();
    each_event(files, path, &mut |event| {
        text.take(event);
        if let Event::End(element) = event
            && element.local_name().as_ref() == "si"
        {
            let whole = text.finish();
            strings.text.push_str(&whole[..whole.floor_char_boundary(MAX_CELL_BYTES + 4)]);
            strings.ends.push(strings.text.len());
            if strings.text.len() + 8 * strings.ends.len() > MAX_SHARED_STRINGS_BYTES {
                let megabytes = MAX_SHARED_STRINGS_BYTES >> 20;
                let error =
                    Diagnostic::new("data.unpacks-to-too-much", format!("Its texts take more than {megabytes} MB."))
                        .done("The file was not read.")
                        .remedy("Save the sheet as CSV, which is read piece by piece.");
                return Err(origin.damaged(path, &io::Error::other(error)));
            }
        }
        Ok(())
    })?;
    Ok(strings)
}

/// The text of a string with its runs of formatted text, without phonetic hints.
#[derive(Default)]
pub(crate) struct CellText {
    text: String,
    is_text: bool,
    is_phonetic: bool,
}

impl CellText {
    /// Takes the next event of the string.
    pub(crate) fn take(&mut self, event: &Event) {
        match event {
            Event::Start(element) => match element.local_name().as_ref() {
                "t" => self.is_text = true,
                "rPh" => self.is_phonetic = true,
                _ => {}
            },
            Event::End(element) => match element.local_name().as_ref() {
                "t" => self.is_text = false,
                "rPh" => self.is_phonetic = false,
                _ => {}
            },
            event if self.is_text && !self.is_phonetic => push_text(event, &mut self.text),
            _ => {}
        }
    }

    /// The whole text, with the characters that XML cannot contain.
    pub(crate) fn finish(&mut self) -> String {
        unescaped(&std::mem::take(&mut self.text))
    }
}

/// Decodes `_xHHHH_`, the escape of a character that XML cannot contain (ECMA-376, part 1, 22.4.2.4).
pub(crate) fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let code = rest.get(2..6).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let code =
            code.filter(|_| rest.as_bytes().get(6) == Some(&b'_')).and_then(|code| u32::from_str_radix(code, 16).ok());
        match code.and_then(char::from_u32) {
            Some(c) => {
                out.push(c);
                rest = &rest[7..];
            }
            None => {
                out.push_str("_x");
                rest = &rest[2..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_characters_are_read() {
        for (text, expected) in [
            ("a_x000D_b", "a\rb"),
            ("_x005F_x000D_", "_x000D_"),
            ("_xD800_ _x00_ _x_x0041_", "_xD800_ _x00_ _xA"),
            ("_xé000_", "_xé000_"),
        ] {
            assert_eq!(unescaped(text), expected);
        }
    }
}
