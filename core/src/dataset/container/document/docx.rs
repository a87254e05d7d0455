//! Paragraphs of a Word document (ECMA-376, WordprocessingML), in its order. Deleted text, notes, headers and footers are left
//! out.

use quick_xml::events::Event;

use crate::dataset::container::document::paragraphs::Paragraphs;
use crate::dataset::container::xml::{Xml, push_text};
use crate::dataset::container::zip_files::ZipFiles;
use crate::diagnostic::Diagnostic;
use crate::limits::MAX_CELL_BYTES;

/// The part with the text.
pub(crate) const DOCX_PART: &str = "word/document.xml";

/// Reads the paragraphs of a Word document.
pub(crate) struct DocxParagraphs {
    xml: Xml,
}

impl DocxParagraphs {
    /// Begins to read the document in a zip.
    ///
    /// # Errors
    /// As [`ZipFiles::stream`].
    pub(crate) fn open(files: &mut ZipFiles) -> Result<Self, Diagnostic> {
        let index = files.find(DOCX_PART).unwrap_or_default();
        Ok(Self { xml: Xml::new(files.stream(index)?, files.origin.clone(), DOCX_PART) })
    }
}

impl Paragraphs for DocxParagraphs {
    fn next_paragraph(&mut self) -> Result<Option<String>, Diagnostic> {
        let mut paragraph = String::new();
        let mut is_text = false;
        // Elements within one that is left out.
        let mut left_out = 0_u32;
        while let Some(event) = self.xml.next()? {
            match &event {
                Event::Start(_) if left_out > 0 => left_out += 1,
                Event::End(_) if left_out > 0 => left_out -= 1,
                Event::Start(element) => match element.local_name().as_ref() {
                    // The same drawing for older programs.
                    "Fallback" | "moveFrom" => left_out = 1,
                    "t" => is_text = true,
                    "tab" => paragraph.push('\t'),
                    "br" | "cr" => paragraph.push('\n'),
                    // A text box within a paragraph has paragraphs of its own.
                    "p" if !paragraph.trim().is_empty() => return Ok(Some(paragraph)),
                    _ => {}
                },
                Event::End(element) => match element.local_name().as_ref() {
                    "t" => is_text = false,
                    "p" => return Ok(Some(paragraph)),
                    _ => {}
                },
                event if is_text && left_out == 0 && paragraph.len() <= MAX_CELL_BYTES => {
                    push_text(event, &mut paragraph);
                }
                _ => {}
            }
        }
        Ok(None)
    }
}
