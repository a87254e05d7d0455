//! XML as a stream, with bounds on its depth and on the length of its texts.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use crate::dataset::container::tracked::Origin;
use crate::dataset::container::zip_files::MemberReader;
use crate::diagnostic::Diagnostic;
use crate::limits::MAX_ROW_BYTES;

/// Maximum depth of elements: office files have less than 20.
const MAX_DEPTH: u32 = 200;

/// A part of a file that is XML.
pub(crate) struct Xml {
    reader: quick_xml::Reader<Capped>,
    buffer: Vec<u8>,
    depth: u32,
    origin: Origin,
    part: String,
}

impl Xml {
    pub(crate) fn new(stream: MemberReader, origin: Origin, part: &str) -> Self {
        let mut reader = quick_xml::Reader::from_reader(Capped { inner: BufReader::new(stream), used: 0 });
        reader.config_mut().expand_empty_elements = true;
        Self { reader, buffer: Vec::new(), depth: 0, origin, part: part.to_owned() }
    }

    /// The next event; none at the end.
    ///
    /// # Errors
    /// `data.damaged` if it is not XML, ends too early or has texts without an end.
    pub(crate) fn next(&mut self) -> Result<Option<Event<'_>>, Diagnostic> {
        self.buffer.clear();
        self.reader.get_mut().used = 0;
        let event = match self.reader.read_event_into(&mut self.buffer) {
            Ok(event) => event,
            Err(quick_xml::Error::Io(error)) => return Err(self.origin.damaged(&self.part, &*error)),
            Err(error) => return Err(self.origin.damaged(&self.part, &error)),
        };
        match event {
            Event::Start(_) if self.depth == MAX_DEPTH => {
                Err(self.origin.damaged(&self.part, &io::Error::other("its elements are nested too deeply")))
            }
            Event::Eof if self.depth > 0 => {
                Err(self.origin.damaged(&self.part, &io::Error::from(io::ErrorKind::UnexpectedEof)))
            }
            Event::Eof => Ok(None),
            event => {
                match event {
                    Event::Start(_) => self.depth += 1,
                    Event::End(_) => self.depth = self.depth.saturating_sub(1),
                    _ => {}
                }
                Ok(Some(event))
            }
        }
    }
}

/// The value of the attribute with this name, whatever its namespace.
pub(crate) fn attribute<'a>(element: &'a BytesStart, name: &str) -> Option<Cow<'a, str>> {
    let mut attributes = element.attributes();
    let found = attributes.with_checks(false).flatten().find(|attribute| attribute.key.local_name().as_ref() == name);
    found?.normalized_value(XmlVersion::Implicit1_0).ok()
}

/// Appends the text of an event, if it is one.
pub(crate) fn push_text(event: &Event, out: &mut String) {
    match event {
        Event::Text(text) => out.push_str(&text.xml10_content()),
        Event::CData(text) => out.push_str(&text.xml10_content()),
        Event::GeneralRef(name) => match name.resolve_char_ref() {
            Ok(Some(c)) => out.push(c),
            _ => out.push_str(quick_xml::escape::resolve_predefined_entity(&name.xml10_content()).unwrap_or_default()),
        },
        _ => {}
    }
}

/// Fails if one event takes more than [`MAX_ROW_BYTES`], which the parser would collect in memory.
struct Capped {
    inner: BufReader<MemberReader>,
    /// Bytes of this event.
    used: usize,
}

impl Read for Capped {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.used += read;
        Ok(read)
    }
}

impl BufRead for Capped {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used > MAX_ROW_BYTES {
            return Err(io::Error::other(format!("a text is longer than {} MB", MAX_ROW_BYTES >> 20)));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        self.used += bytes;
        self.inner.consume(bytes);
    }
}
