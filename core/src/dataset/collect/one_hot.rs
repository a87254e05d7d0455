//! Lists with a 0 or 1 for each label, as transformers takes several labels.

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::phrases::{count, names};

/// Replaces the lists by the places of their ones, from 0, if each has a 0 or 1 for each label. Returns a warning that says
/// so. As ids, two labels or more that are all 0 or 1 would be the same one twice, or both in each row.
pub(crate) fn places(lists: &mut [&mut Vec<Value>]) -> Option<Diagnostic> {
    let flag = |value: &Value| match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) if number.as_f64() == Some(1.0) => Some(true),
        Value::Number(number) if number.as_f64() == Some(0.0) => Some(false),
        _ => None,
    };
    let labels = lists.first()?.len();
    let are_flags = lists.iter().all(|list| list.len() == labels && list.iter().all(|value| flag(value).is_some()));
    if !are_flags || labels < 2 {
        return None;
    }
    for list in lists.iter_mut() {
        let ones = (0..labels).filter(|&place| list.get(place).and_then(flag) == Some(true));
        **list = ones.map(|place| Value::String(place.to_string())).collect();
    }
    let all: Vec<String> = (0..labels).map(|place| place.to_string()).collect();
    Some(
        Diagnostic::new(
            "data.one-hot-lists",
            format!("Each list has a 0 or 1 for each of {}.", count(labels, "label")),
        )
        .done(format!("Read as the labels that have a 1, by their place in the list: {}.", names(&all)))
        .remedy("For names in place of numbers, write the names of the labels in the lists."),
    )
}
