//! Python's methods of strings, lists and dictionaries, as far as templates may call them.
//!
//! A method whose result can be much longer than its input consumes fuel first. A list of all characters takes about 32
//! bytes for each.

use minijinja::formatting::{FormatStyle, format};
use minijinja::value::{Kwargs, Tuple, ValueKind, from_args};
use minijinja::{Error, ErrorKind, State, Value};
use minijinja_contrib::pycompat::unknown_method_callback;

/// Longest field that `str.format` pads to, in characters.
const MAX_WIDTH: usize = 1_000;

/// Calls a method of a value.
pub(crate) fn call(state: &mut State, value: &Value, name: &str, arguments: &[Value]) -> Result<Value, Error> {
    state.consume_fuel(value.as_str().map_or(0, str::len) as u64 / 2)?;
    let result = match value.as_str() {
        Some(text) => of_string(state, text, name, arguments)?,
        None => of_collection(value, name, arguments)?,
    };
    match result {
        Some(result) => Ok(result),
        None => unknown_method_callback(state, value, name, arguments),
    }
}

/// Methods of strings that minijinja lacks or calls otherwise than Python; `None` for the rest.
fn of_string(state: &mut State, text: &str, name: &str, arguments: &[Value]) -> Result<Option<Value>, Error> {
    Ok(Some(match name {
        "removeprefix" => {
            let (prefix,): (&str,) = from_args(arguments)?;
            Value::from(text.strip_prefix(prefix).unwrap_or(text))
        }
        "removesuffix" => {
            let (suffix,): (&str,) = from_args(arguments)?;
            Value::from(text.strip_suffix(suffix).unwrap_or(text))
        }
        "title" => Value::from(title(text)),
        "capitalize" => {
            let mut chars = text.chars();
            let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
            Value::from(first + &chars.as_str().to_lowercase())
        }
        "casefold" => Value::from(text.to_lowercase().replace('ß', "ss")),
        "swapcase" => Value::from(swapped_case(text)),
        "isdecimal" => Value::from(!text.is_empty() && text.chars().all(char::is_numeric)),
        "join" => {
            let (list,): (Value,) = from_args(arguments)?;
            state.apply_filter("join", &[list, Value::from(text)])?
        }
        "replace" => {
            let (from, to, count): (&str, &str, Option<i64>) = from_args(arguments)?;
            let most = count.and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX);
            let found = text.matches(from).count().min(most);
            state.consume_fuel((text.len() + found.saturating_mul(to.len())) as u64 / 64)?;
            Value::from(text.replacen(from, to, found))
        }
        "format" => Value::from(formatted(state, text, arguments)?),
        "split" | "rsplit" => {
            let (separator, most, options): (Option<Value>, Option<i64>, Kwargs) = from_args(arguments)?;
            let separator = separator.or(options.get("sep")?);
            let most = most.or(options.get("maxsplit")?).and_then(|most| usize::try_from(most).ok());
            options.assert_all_used()?;
            let separator = separator.as_ref().and_then(Value::as_str);
            split(text, separator, most.unwrap_or(usize::MAX - 1), name == "rsplit")?
        }
        "partition" | "rpartition" => {
            let (separator,): (&str,) = from_args(arguments)?;
            let parts = match name {
                "partition" => text.split_once(separator).map(|(before, after)| [before, separator, after]),
                _ => text.rsplit_once(separator).map(|(before, after)| [before, separator, after]),
            };
            let whole = if name == "partition" { [text, "", ""] } else { ["", "", text] };
            Value::from(Tuple::from(parts.unwrap_or(whole).map(Value::from)))
        }
        "index" | "rindex" => {
            let (part,): (&str,) = from_args(arguments)?;
            let at = if name == "index" { text.find(part) } else { text.rfind(part) };
            let at = at.ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "substring not found"))?;
            Value::from(text[..at].chars().count())
        }
        "zfill" | "ljust" | "rjust" | "center" => {
            let (width, fill): (usize, Option<char>) = from_args(arguments)?;
            state.consume_fuel(width as u64 / 64)?;
            Value::from(padded(text, name, width, fill))
        }
        _ => return Ok(None),
    }))
}

/// Methods of lists and dictionaries that minijinja lacks; `None` for the rest.
fn of_collection(value: &Value, name: &str, arguments: &[Value]) -> Result<Option<Value>, Error> {
    Ok(match (name, value.kind()) {
        ("copy", ValueKind::Map | ValueKind::Seq) => Some(value.clone()),
        ("index", ValueKind::Seq) => {
            let (item,): (Value,) = from_args(arguments)?;
            let at = value.try_iter()?.position(|other| other == item);
            Some(at.map(Value::from).ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "value is not in list"))?)
        }
        _ => None,
    })
}

/// Each word in title case. As in Python, a word is a run of letters.
fn title(text: &str) -> String {
    let (mut title, mut is_inside) = (String::with_capacity(text.len()), false);
    for c in text.chars() {
        if is_inside {
            title.extend(c.to_lowercase());
        } else {
            title.extend(c.to_uppercase());
        }
        is_inside = c.is_alphabetic();
    }
    title
}

fn swapped_case(text: &str) -> String {
    let swap = |c: char| if c.is_uppercase() { c.to_lowercase().to_string() } else { c.to_uppercase().to_string() };
    text.chars().map(swap).collect()
}

fn padded(text: &str, name: &str, width: usize, fill: Option<char>) -> String {
    let missing = width.saturating_sub(text.chars().count());
    let pad = |count| String::from(fill.unwrap_or(if name == "zfill" { '0' } else { ' ' })).repeat(count);
    let sign = if name == "zfill" && text.starts_with(['+', '-']) { 1 } else { 0 };
    match name {
        "ljust" => format!("{text}{}", pad(missing)),
        "center" => {
            let left = missing / 2 + (missing & width & 1);
            format!("{}{text}{}", pad(left), pad(missing - left))
        }
        _ => format!("{}{}{}", &text[..sign], pad(missing), &text[sign..]),
    }
}

/// A text split at a separator, or at whitespace, `most` times: from the end if `is_reversed`.
fn split(text: &str, separator: Option<&str>, most: usize, is_reversed: bool) -> Result<Value, Error> {
    if separator == Some("") {
        return Err(Error::new(ErrorKind::InvalidOperation, "empty separator"));
    }
    let parts = most.saturating_add(1);
    let mut list: Vec<&str> = match (separator, is_reversed) {
        (Some(separator), false) => text.splitn(parts, separator).collect(),
        (Some(separator), true) => text.rsplitn(parts, separator).collect(),
        (None, _) => {
            let (mut list, mut rest) = (Vec::new(), if is_reversed { text.trim_end() } else { text.trim_start() });
            while !rest.is_empty() {
                let at = if list.len() == most {
                    None
                } else if is_reversed {
                    rest.rfind(char::is_whitespace)
                } else {
                    rest.find(char::is_whitespace)
                };
                let (before, after) = at.map_or((rest, ""), |at| rest.split_at(at));
                let [part, left] = if is_reversed && at.is_some() { [after, before] } else { [before, after] };
                list.push(if at.is_some() { part.trim() } else { part });
                rest = if is_reversed { left.trim_end() } else { left.trim_start() };
                if at.is_none() {
                    break;
                }
            }
            list
        }
    };
    if is_reversed {
        list.reverse();
    }
    Ok(list.into_iter().map(Value::from).collect())
}

/// `str.format`, whose result is bounded before it is made.
fn formatted(state: &mut State, text: &str, arguments: &[Value]) -> Result<String, Error> {
    let mut widths = text.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    let is_wide = widths.any(|digits| digits.parse::<usize>().map_or(true, |width| width > MAX_WIDTH));
    let is_nested = text.split('{').any(|field| field.ends_with(':'));
    if is_wide || is_nested {
        return Err(Error::new(ErrorKind::InvalidOperation, "a width in str.format is too large or not a number"));
    }
    let lengths =
        arguments.iter().map(|argument| argument.as_str().map_or_else(|| argument.to_string().len(), str::len));
    let longest = lengths.sum::<usize>() + MAX_WIDTH;
    state.consume_fuel(text.matches('{').count().saturating_mul(longest) as u64 / 64)?;
    format(FormatStyle::StrFormat, text, arguments)
}
