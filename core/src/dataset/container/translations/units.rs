//! Texts with their translations, and how they are collected from XML.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};

use crate::dataset::container::xml::push_text;

/// Elements within a text that hold codes of its original format, such as `<bpt>&lt;b&gt;</bpt>`.
const CODES: [&str; 6] = ["bpt", "ept", "ph", "it", "ut", "sub"];

/// The texts of a file with their translations.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Translations {
    /// Names of the languages, the source first.
    pub languages: Vec<String>,
    /// Texts of each unit, each with the index of its language.
    pub rows: Vec<Vec<(usize, String)>>,
    /// Number of texts without a translation.
    pub untranslated: usize,
    /// Number of translations that nobody has checked.
    pub unsure: usize,
}

impl Translations {
    /// Index of a language, which is added if it is new. Upper and lower case are the same.
    pub(crate) fn language(&mut self, name: &str) -> usize {
        let known = self.languages.iter().position(|known| known.eq_ignore_ascii_case(name));
        known.unwrap_or_else(|| {
            self.languages.push(name.to_owned());
            self.languages.len() - 1
        })
    }

    /// Adds a unit, if it has texts in two languages.
    pub(crate) fn add(&mut self, texts: Vec<(usize, String)>) {
        if texts.iter().filter(|(_, text)| !text.trim().is_empty()).count() > 1 {
            self.rows.push(texts);
        } else {
            self.untranslated += 1;
        }
    }

    /// The rows as lines of JSON with a member for each language.
    pub(crate) fn lines(&self) -> Vec<u8> {
        let mut lines = Vec::new();
        for texts in &self.rows {
            let cell = |language: usize| {
                let text = texts.iter().find(|(it, _)| *it == language).map(|(_, text)| text.trim().to_owned());
                (self.languages[language].clone(), text.map_or(Value::Null, Value::String))
            };
            let row: Map<String, Value> = (0..self.languages.len()).map(cell).collect();
            lines.extend(Value::Object(row).to_string().into_bytes());
            lines.push(b'\n');
        }
        lines
    }
}

/// Gets the elements of a file, one after the other.
pub(crate) trait Visitor {
    /// An element begins.
    fn begin(&mut self, name: &str, element: &BytesStart);
    /// An element ends. `text` is its text without codes, if it was one that [`Visitor::is_text`] names.
    fn end(&mut self, name: &str, text: Option<String>);
    /// Returns true if the element that begins holds a text.
    fn is_text(&self, name: &str) -> bool;
}

/// Passes the elements of an XML file to a visitor.
///
/// # Errors
/// The reason why it is no valid XML.
pub(crate) fn visit(xml: &str, visitor: &mut impl Visitor) -> Result<(), String> {
    let mut reader = Reader::from_str(xml.trim_start_matches('\u{feff}'));
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<String> = Vec::new();
    // The text that is collected, and the depth of its element.
    let mut text: Option<(String, usize)> = None;
    // Depth of the code within a text that is passed over.
    let mut code: Option<usize> = None;
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        match &event {
            Event::Start(element) => {
                let name = element.local_name().as_ref().to_owned();
                visitor.begin(&name, element);
                open.push(name);
                let name = &open[open.len() - 1];
                if text.is_none() && visitor.is_text(name) {
                    text = Some((String::new(), open.len()));
                } else if text.is_some() && code.is_none() && CODES.contains(&name.as_str()) {
                    code = Some(open.len());
                }
            }
            Event::End(_) => {
                let Some(name) = open.pop() else { return Err("an element ends that never began".into()) };
                code = code.filter(|&depth| depth <= open.len());
                let ended = text.take_if(|(_, depth)| *depth > open.len());
                visitor.end(&name, ended.map(|(text, _)| text));
            }
            Event::Eof if open.is_empty() => return Ok(()),
            Event::Eof => return Err("its end is missing".into()),
            event => {
                if let Some((text, _)) = text.as_mut().filter(|_| code.is_none()) {
                    push_text(event, text);
                }
            }
        }
    }
}
