//! A JSON document with a list of rows for each part of a data set: `{"train": […], "val": […]}`. The rows are objects, as in
//! CLINC150 pairs of a text and its label, or an object of columns.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::dataset::container::pieces::{MemoryPieces, Opened};
use crate::dataset::container::splits::{Splits, is_split};
use crate::dataset::layout::Hints;
use crate::dataset::source::{Content, DataRole, PartKind, Parts};
use crate::diagnostic::Diagnostic;
use crate::phrases::names;

/// Rows of a list.
type Rows = Vec<Map<String, Value>>;

/// Returns true if a file may be such a document, by its beginning.
pub(crate) fn may_have_splits(head: &str) -> bool {
    let key = || {
        let (key, rest) = head.trim_start().strip_prefix('{')?.trim_start().strip_prefix('"')?.split_once('"')?;
        let value = rest.trim_start().strip_prefix(':')?.trim_start();
        (value.starts_with(['[', '{']) && (is_split(key) || key.starts_with("oos_"))).then_some(())
    };
    key().is_some()
}

/// Opens the list for a role, or the one that the user chose, as a JSON array of objects. None if the document has another
/// form.
///
/// # Errors
/// `data.no-member` if the chosen list is missing.
pub(crate) fn open_splits(name: &str, text: &str, role: DataRole, hints: &Hints) -> Result<Option<Opened>, Diagnostic> {
    let Ok(Value::Object(document)) = serde_json::from_str(text) else { return Ok(None) };
    let Some(mut lists) = lists(document) else { return Ok(None) };
    let (known, unknown): (Vec<&String>, Vec<&String>) =
        lists.iter().map(|(name, _)| name).partition(|it| is_split(it));
    let found: HashSet<String> = known.into_iter().map(|name| name.to_lowercase()).collect();
    let splits = Splits::of(&found);
    let warnings = splits.warning(&unknown.into_iter().cloned().collect::<Vec<_>>());
    let paths: Vec<String> = lists.iter().map(|(name, _)| name.clone()).collect();
    let of_role = splits.for_role(role);
    let chosen = match &hints.member {
        Some(member) => paths.iter().position(|path| path == member).ok_or_else(|| {
            Diagnostic::new("data.no-member", format!("{} has no list {}.", names(&[name]), names(&[member])))
                .done("The file was not read.")
                .remedy(format!("Its lists are {}.", names(&paths)))
        })?,
        None => paths.iter().position(|path| of_role == Some(&path.to_lowercase())).unwrap_or_default(),
    };
    let [holds_validation, holds_test] = splits.held_out();
    let parts = Parts { kind: PartKind::Split, names: paths, chosen: chosen as u32 };
    let content =
        Content { name: name.to_owned(), parts: vec![parts], holds_validation, holds_test, ..Content::default() };
    let (_, rows) = lists.swap_remove(chosen);
    let array = Value::Array(rows.into_iter().map(Value::Object).collect());
    let pieces = MemoryPieces::new(array.to_string().into_bytes());
    Ok(Some(Opened { content, pieces: Box::new(pieces), notices: None, warnings: warnings.into_iter().collect() }))
}

/// The lists of a document, each with its rows as objects. None if one of its members is anything else, or only one of them
/// has rows.
fn lists(document: Map<String, Value>) -> Option<Vec<(String, Rows)>> {
    let row = |value| match value {
        Value::Object(row) => Some(row),
        Value::Array(pair) => match <[Value; 2]>::try_from(pair).ok()? {
            [Value::String(text), Value::String(label)] => {
                let cells = [("text", json!(text)), ("label", json!(label))];
                Some(cells.map(|(name, cell)| (name.to_owned(), cell)).into_iter().collect())
            }
            _ => None,
        },
        _ => None,
    };
    let mut lists = Vec::new();
    for (name, value) in document {
        let rows: Rows = match value {
            Value::Array(values) => values.into_iter().map(row).collect::<Option<_>>()?,
            Value::Object(columns) => rows_of_columns(&columns)?,
            _ => return None,
        };
        if !rows.is_empty() {
            lists.push((name, rows));
        }
    }
    (lists.len() > 1).then_some(lists)
}

/// The rows of columns of equal lengths: `{"text": […], "label": […]}`.
fn rows_of_columns(columns: &Map<String, Value>) -> Option<Rows> {
    let lists: Vec<(&String, &Vec<Value>)> =
        columns.iter().map(|(name, cells)| Some((name, cells.as_array()?))).collect::<Option<_>>()?;
    let (_, first) = lists.first()?;
    let row = |nth: usize| lists.iter().map(|(name, cells)| ((*name).clone(), cells[nth].clone())).collect();
    lists.iter().all(|(_, cells)| cells.len() == first.len()).then(|| (0..first.len()).map(row).collect())
}
