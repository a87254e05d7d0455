//! Multi-label targets in one column of lists.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::dataset::collect::labels::LabelNames;
use crate::dataset::collect::lists::Lists;
use crate::dataset::collect::natural_order::sort_naturally;
use crate::dataset::collect::row_error::RowError;
use crate::dataset::literal;

/// Separators of lists, by precedence: a label may contain separators that come later here.
const SEPARATORS: [char; 3] = ['|', ';', ','];

/// Id of a list that is not split yet, because the separator is known only after the last row. No id if it is empty.
pub(crate) fn unsplit(cell: &str, lists: &mut LabelNames) -> Result<Vec<u32>, RowError> {
    match cell.trim() {
        "" => Ok(Vec::new()),
        list => match literal::value(list) {
            Some(Err(reason)) => Err(reason.into()),
            _ => Ok(vec![lists.id_of(list)?]),
        },
    }
}

/// Splits the lists of all rows, and replaces `names` with the labels found in them.
pub(crate) fn split(names: &mut LabelNames, rows: &Lists<u32>) -> Lists<u32> {
    let lists: Vec<UnsplitList> = names.all.iter().map(|list| UnsplitList::parse(&list.name)).collect();
    let separator = SEPARATORS.into_iter().find(|&it| lists.iter().any(|list| list.contains(it)));
    let lists: Vec<Vec<String>> = lists.into_iter().map(|list| list.labels(separator)).collect();
    let mut known: Vec<(usize, String)> =
        lists.iter().flatten().collect::<BTreeSet<_>>().into_iter().cloned().enumerate().collect();
    sort_naturally(&mut known);
    let ids: HashMap<&str, u32> = known.iter().map(|(_, name)| name.as_str()).zip(0..).collect();
    let mut split = Lists::default();
    for row in 0..rows.len() {
        let labels = rows.get(row).iter().flat_map(|&list| &lists[list as usize]);
        split.push(labels.filter_map(|label| ids.get(label.as_str()).copied()).collect::<BTreeSet<_>>());
    }
    *names = LabelNames::from_names(known.into_iter().map(|(_, name)| name));
    split
}

/// A list of labels.
enum UnsplitList<'a> {
    /// An array, or a list as Python, numpy or R prints it.
    Values(Vec<Value>),
    /// Labels between separators, perhaps in brackets.
    Text { labels: &'a str, in_brackets: bool },
}

impl<'a> UnsplitList<'a> {
    fn parse(list: &'a str) -> Self {
        match literal::value(list) {
            Some(Ok(Value::Array(values))) => return Self::Values(values),
            // An object such as {"a": 1, "b": 0} has the labels that are true.
            Some(Ok(Value::Object(members))) => {
                let is_true = |value: &Value| value.as_bool().unwrap_or(value.as_f64().is_some_and(|it| it > 0.5));
                let labels = members.into_iter().filter(|(_, value)| is_true(value));
                return Self::Values(labels.map(|(label, _)| Value::String(label)).collect());
            }
            _ => {}
        }
        let inside = [('[', ']'), ('{', '}'), ('(', ')')].into_iter().find_map(|(open, close)| {
            let inside = list.trim().strip_prefix(open)?.strip_suffix(close)?;
            (!inside.contains([open, close])).then_some(inside)
        });
        Self::Text { labels: inside.unwrap_or(list), in_brackets: inside.is_some() }
    }

    fn contains(&self, separator: char) -> bool {
        matches!(self, Self::Text { labels, .. } if labels.contains(separator))
    }

    /// The labels, without blank ones.
    fn labels(self, separator: Option<char>) -> Vec<String> {
        let labels: Vec<String> = match self {
            Self::Values(values) => values.iter().filter_map(value_label).collect(),
            Self::Text { labels, in_brackets } => {
                let parts: Vec<&str> = match separator {
                    Some(separator) => labels.split(separator).collect(),
                    None => vec![labels],
                };
                let unquoted =
                    |part: &str| if in_brackets { part.trim().trim_matches(['\'', '"']) } else { part }.to_owned();
                parts.into_iter().map(unquoted).collect()
            }
        };
        labels.iter().map(|label| label.trim().to_owned()).filter(|label| !label.is_empty()).collect()
    }
}

/// A label in a list of values. None for null.
fn value_label(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(label) => Some(label.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Label names of each list.
    fn labeled(lists: &[&str]) -> Vec<Vec<String>> {
        let (mut names, mut rows) = (LabelNames::of_lists(), Lists::default());
        for list in lists {
            rows.push(unsplit(list, &mut names).unwrap_or_else(|_| panic!("{list}")));
        }
        let split = split(&mut names, &rows);
        let name = |&id: &u32| names.all[id as usize].name.clone();
        (0..lists.len()).map(|row| split.get(row).iter().map(name).collect()).collect()
    }

    #[test]
    fn lists_are_split_at_the_strongest_separator() {
        assert_eq!(labeled(&["b, a", "a", "", "b,, a , "]), [vec!["a", "b"], vec!["a"], vec![], vec!["a", "b"]]);
        assert_eq!(labeled(&["a, x; b", "a, x"]), [vec!["a, x", "b"], vec!["a, x"]]);
        assert_eq!(labeled(&[r#"["a; b", "c"]"#, "[]", "[2, 10]"]), [vec!["a; b", "c"], vec![], vec!["2", "10"]]);
        assert_eq!(labeled(&["a,a"]), [vec!["a"]]);
    }

    #[test]
    fn python_lists_become_labels() {
        assert_eq!(labeled(&["['joy', 'calm']", "['joy']", "[]"]), [vec!["calm", "joy"], vec!["joy"], vec![]]);
        assert_eq!(labeled(&["['a' 'b']", "{'a', 'c'}", "('b',)"]), [vec!["a", "b"], vec!["a", "c"], vec!["b"]]);
        assert_eq!(labeled(&[r#"["it's", 'say "hi"']"#, "[2 10]"]), [vec!["it's", "say \"hi\""], vec!["2", "10"]]);
        assert_eq!(labeled(&["{'a': 1, 'b': 0}", "[nan]", "set()"]), [vec!["a"], vec![], vec![]]);
        assert_eq!(labeled(&["[joy, calm]", "{joy}", "joy"]), [vec!["calm", "joy"], vec!["joy"], vec!["joy"]]);
    }

    #[test]
    fn shortened_lists_are_skipped_with_the_reason() {
        let read = unsplit("[0 1 2 ... 97 98]", &mut LabelNames::of_lists());
        assert!(matches!(read, Err(RowError::Skip(reason)) if reason.contains("numpy shortened")));
    }
}
