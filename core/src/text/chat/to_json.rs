//! The filter `tojson` of transformers: Python's `json.dumps`, without the escapes for HTML of Jinja's own filter.

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Error, ErrorKind, State, Value};

/// Most lists and dictionaries in one another.
const MAX_DEPTH: usize = 64;

/// Format of the JSON.
struct Writer<'a, 'vm, 'env> {
    state: &'a State<'vm, 'env>,
    text: String,
    ensure_ascii: bool,
    /// Spaces of a level, where each item has its own line.
    indent: Option<String>,
    item_separator: String,
    key_separator: String,
    sort_keys: bool,
}

/// Writes a value as JSON. Each value takes one fuel, and so do 64 bytes of text.
pub(crate) fn to_json(
    state: &mut State,
    value: &Value,
    ensure_ascii: Option<bool>,
    indent: Option<Value>,
    options: Kwargs,
) -> Result<String, Error> {
    let named = |name| options.get::<Option<Value>>(name);
    let flag = |name| Ok::<_, Error>(named(name)?.is_some_and(|flag| flag.is_true()));
    let ensure_ascii = ensure_ascii.unwrap_or(flag("ensure_ascii")?);
    let sort_keys = flag("sort_keys")?;
    let indent = match indent.or(named("indent")?) {
        Some(spaces) if spaces.kind() == ValueKind::Number => Some(" ".repeat(spaces.as_usize().unwrap_or(0).min(32))),
        Some(text) => text.as_str().map(str::to_owned),
        None => None,
    };
    let (item_separator, key_separator) = match options.get::<Option<Vec<String>>>("separators")?.as_deref() {
        Some([item, key]) => (item.clone(), key.clone()),
        Some(_) => return Err(failed("tojson takes two separators")),
        None => (if indent.is_some() { "," } else { ", " }.to_owned(), ": ".to_owned()),
    };
    options.assert_all_used()?;
    let text = String::new();
    let mut writer = Writer { state, text, ensure_ascii, indent, item_separator, key_separator, sort_keys };
    writer.value(value, 0)?;
    Ok(writer.text)
}

impl Writer<'_, '_, '_> {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        self.state.consume_fuel(1)?;
        if depth > MAX_DEPTH {
            return Err(failed("a value for tojson nests too deeply"));
        }
        match value.kind() {
            ValueKind::String => self.string(value.as_str().unwrap_or_default())?,
            ValueKind::Seq | ValueKind::Iterable => {
                let items = value.try_iter()?.map(|item| (None, item));
                self.items(['[', ']'], items, depth)?;
            }
            ValueKind::Map => {
                let mut items = Vec::new();
                for key in value.try_iter()? {
                    let item = value.get_item(&key)?;
                    items.push((Some(scalar(&key)?.unwrap_or_else(|| key.to_string())), item));
                }
                if self.sort_keys {
                    items.sort_by(|(first, _), (second, _)| first.cmp(second));
                }
                self.items(['{', '}'], items.into_iter(), depth)?;
            }
            _ => match scalar(value)? {
                Some(text) => self.text.push_str(&text),
                None => return Err(failed(format!("a value that is {} is not JSON", value.kind()))),
            },
        }
        Ok(())
    }

    fn items(
        &mut self,
        [open, close]: [char; 2],
        items: impl Iterator<Item = (Option<String>, Value)>,
        depth: usize,
    ) -> Result<(), Error> {
        self.text.push(open);
        let mut is_empty = true;
        for (key, item) in items {
            if !is_empty {
                self.text.push_str(&self.item_separator);
            }
            is_empty = false;
            self.new_line(depth + 1)?;
            if let Some(key) = key {
                self.string(&key)?;
                self.text.push_str(&self.key_separator);
            }
            self.value(&item, depth + 1)?;
        }
        if !is_empty {
            self.new_line(depth)?;
        }
        self.text.push(close);
        Ok(())
    }

    fn new_line(&mut self, depth: usize) -> Result<(), Error> {
        if let Some(indent) = &self.indent {
            self.state.consume_fuel((indent.len() * depth) as u64 / 64)?;
            self.text.push('\n');
            self.text.push_str(&indent.repeat(depth));
        }
        Ok(())
    }

    fn string(&mut self, string: &str) -> Result<(), Error> {
        self.state.consume_fuel(string.len() as u64 / 64)?;
        self.text.push('"');
        for c in string.chars() {
            match c {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                '\u{8}' => self.text.push_str("\\b"),
                '\u{c}' => self.text.push_str("\\f"),
                c if c < ' ' || (self.ensure_ascii && !(' '..='~').contains(&c)) => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        self.text.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                c => self.text.push(c),
            }
        }
        self.text.push('"');
        Ok(())
    }
}

/// The JSON of a number, a truth value or none; nothing for other values.
fn scalar(value: &Value) -> Result<Option<String>, Error> {
    Ok(Some(match value.kind() {
        ValueKind::None => "null".into(),
        ValueKind::Bool => value.is_true().to_string(),
        ValueKind::Number if value.is_integer() => value.to_string(),
        ValueKind::Number => float(f64::try_from(value.clone())?),
        _ => return Ok(None),
    }))
}

/// A number as Python's `repr` writes it.
fn float(number: f64) -> String {
    if number.is_nan() {
        return "NaN".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.into();
    }
    if number == 0.0 || (1e-4..1e16).contains(&number.abs()) {
        return format!("{number:?}");
    }
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((digits, power)) => match power.strip_prefix('-') {
            Some(power) => format!("{digits}e-{power:0>2}"),
            None => format!("{digits}e+{power:0>2}"),
        },
        None => text,
    }
}

fn failed(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, what.into())
}
