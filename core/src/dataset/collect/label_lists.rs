//! Multi-label targets in one column of lists.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

use crate::dataset::collect::labels::LabelNames;
use crate::dataset::collect::lists::Lists;
use crate::dataset::collect::natural_order::sort_naturally;
use crate::dataset::collect::one_hot;
use crate::dataset::collect::row_error::RowError;
use crate::dataset::literal;
use crate::dataset::separator::{SEPARATORS, is_frequent, separates, separator_name};
use crate::diagnostic::Diagnostic;
use crate::phrases::{excerpt, names as quoted};

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

/// The form of the lists of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListForm {
    /// The character between labels, if there is one.
    pub(crate) separator: Option<char>,
    /// True if the lists have a 0 or 1 for each label.
    pub(crate) is_one_hot: bool,
    /// True if each label of a list is in a column of its own.
    pub(crate) is_in_columns: bool,
}

impl ListForm {
    /// The labels of a list.
    pub(crate) fn labels(self, list: &str) -> Vec<String> {
        UnsplitList::parse(list.trim()).labels(self.separator)
    }
}

/// Lists that are split.
pub(crate) struct SplitLists {
    pub rows: Lists<u32>,
    pub form: ListForm,
    /// Given if labels seem to be separated by spaces, because a label may have spaces too, if the lists are one-hot, or if
    /// no list has the separator that was set.
    pub warning: Option<Diagnostic>,
}

/// Splits the lists of all rows, and replaces `names` with the labels found in them. `set` is the separator that the user
/// set.
pub(crate) fn split(names: &mut LabelNames, rows: &Lists<u32>, set: Option<char>) -> SplitLists {
    let mut lists: Vec<UnsplitList> = names.all.iter().map(|list| UnsplitList::parse(&list.name)).collect();
    let separator = set.or_else(|| separator(&lists));
    let is_guess = set.is_none() && separator == Some(' ');
    let spaces_warning = lists.iter().filter(|_| is_guess).find_map(UnsplitList::spaces_warning);
    let unused_warning = set.filter(|&set| !lists.iter().any(|list| list.contains(set))).map(unused_separator);
    let values = lists.iter_mut().map(UnsplitList::values).collect::<Option<Vec<_>>>();
    let one_hot = values.and_then(|mut values| one_hot::places(&mut values));
    let form = ListForm { separator, is_one_hot: one_hot.is_some(), is_in_columns: false };
    let warning = one_hot.or(spaces_warning).or(unused_warning);
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
    SplitLists { rows: split, form, warning }
}

fn unused_separator(set: char) -> Diagnostic {
    let name = separator_name(set);
    Diagnostic::new("data.label-separator", format!("No cell has a {name} between labels, though it was set."))
        .done("Each cell was read as one label.")
        .remedy("Set another separator of labels, or let Hone detect it.")
}

/// The character that separates labels, by precedence: the first that is more than a rare part of a label.
fn separator(lists: &[UnsplitList]) -> Option<char> {
    let uses = |separator: char| lists.iter().filter(|list| list.contains(separator)).count();
    let by_mark = SEPARATORS.into_iter().filter(|&it| it != ' ');
    let marked = lists.iter().filter(|list| by_mark.clone().any(|it| list.contains(it))).count();
    let found = by_mark.clone().find(|&it| is_frequent(uses(it), marked));
    found.or_else(|| are_separated_by_spaces(lists).then_some(' '))
}

/// Returns true if the words of cells with several words are labels. They are if half of them are cells of their own, or
/// if all cells have several words, of which most are in other cells too.
fn are_separated_by_spaces(lists: &[UnsplitList]) -> bool {
    let words = |list: &UnsplitList| match list {
        UnsplitList::Text { labels, .. } => labels.split_whitespace().map(str::to_owned).collect(),
        UnsplitList::Values(_) => Vec::new(),
    };
    let cells: Vec<Vec<String>> = lists.iter().map(words).collect();
    let single: HashSet<&String> = cells.iter().filter(|cell| cell.len() == 1).flatten().collect();
    let several = || cells.iter().filter(|cell| cell.len() > 1);
    let mut counts: HashMap<&String, usize> = HashMap::new();
    several().flatten().for_each(|word| *counts.entry(word).or_default() += 1);
    let all = several().flatten().count();
    let known = several().flatten().filter(|&word| single.contains(word)).count();
    let repeated = several().flatten().filter(|word| counts[word] > 1).count();
    all > 0 && (known * 2 > all || (single.is_empty() && repeated * 4 >= all * 3))
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
            Some(Ok(Value::Object(mut members))) => {
                // Label Studio writes several choices as an object.
                if let Some(Value::Array(choices)) = members.get_mut("choices") {
                    return Self::Values(std::mem::take(choices));
                }
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

    /// The values of an array. None for a text.
    fn values(&mut self) -> Option<&mut Vec<Value>> {
        match self {
            Self::Values(values) => Some(values),
            Self::Text { .. } => None,
        }
    }

    fn contains(&self, separator: char) -> bool {
        matches!(self, Self::Text { labels, .. } if separates(separator, labels))
    }

    fn spaces_warning(&self) -> Option<Diagnostic> {
        let Self::Text { labels, .. } = self else { return None };
        let words: Vec<&str> = labels.split_whitespace().filter(|_| labels.trim().contains(' ')).collect();
        let (&first, rest) = words.split_first()?;
        let what = format!("The labels in a cell seem to be separated by spaces: \"{}\".", excerpt(labels.trim(), 60));
        let done = format!("Read as {} labels: {}.", rest.len() + 1, quoted(&[&[first], rest].concat()));
        let remedy =
            "If a label may have spaces, set another separator of labels, or separate them by commas in the file.";
        Some(Diagnostic::new("data.labels-by-spaces", what).done(done).remedy(remedy))
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
        Value::Object(members) => match members.get("name").or_else(|| members.get("label")) {
            Some(Value::String(name)) => Some(name.clone()),
            _ => Some(value.to_string()),
        },
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Label names of each list.
    fn labeled(lists: &[&str]) -> Vec<Vec<String>> {
        labeled_by(lists, None).0
    }

    /// Label names of each list by the separator that is set, and the code of the warning.
    fn labeled_by(lists: &[&str], set: Option<char>) -> (Vec<Vec<String>>, Option<String>) {
        let (mut names, mut rows) = (LabelNames::of_lists(), Lists::default());
        for list in lists {
            rows.push(unsplit(list, &mut names).unwrap_or_else(|_| panic!("{list}")));
        }
        let SplitLists { rows: split, warning, .. } = split(&mut names, &rows, set);
        let name = |&id: &u32| names.all[id as usize].name.clone();
        let labels = (0..lists.len()).map(|row| split.get(row).iter().map(name).collect()).collect();
        (labels, warning.map(|warning| warning.code))
    }

    #[test]
    fn the_separator_that_is_set_is_the_only_one() {
        let lists = ["a, x / b", "b", r#"["a, x", "b/c"]"#];
        let (labels, warning) = labeled_by(&lists, Some('/'));
        assert_eq!(
            (labels, warning),
            (
                vec![vec!["a, x", "b"], vec!["b"], vec!["a, x", "b/c"]]
                    .into_iter()
                    .map(|row| row.into_iter().map(str::to_owned).collect())
                    .collect(),
                None
            )
        );
        assert_eq!(labeled_by(&["New York", "Rome"], Some(' ')).0, [vec!["New", "York"], vec!["Rome"]]);
        let (labels, warning) = labeled_by(&["a, b", "c"], Some(';'));
        assert_eq!(
            (labels, warning.as_deref()),
            (vec![vec!["a, b".to_owned()], vec!["c".to_owned()]], Some("data.label-separator"))
        );
    }

    #[test]
    fn lists_are_split_at_the_strongest_separator() {
        assert_eq!(labeled(&["b, a", "a", "", "b,, a , "]), [vec!["a", "b"], vec!["a"], vec![], vec!["a", "b"]]);
        assert_eq!(labeled(&["a, x; b", "a, x"]), [vec!["a, x", "b"], vec!["a, x"]]);
        assert_eq!(labeled(&[r#"["a; b", "c"]"#, "[]", "[2, 10]"]), [vec!["a; b", "c"], vec![], vec!["2", "10"]]);
        assert_eq!(labeled(&["a,a"]), [vec!["a"]]);
    }

    #[test]
    fn a_rare_separator_is_part_of_a_label() {
        let mut lists = vec!["a, b", "a, c|d"];
        let many: Vec<String> = (0..40).map(|nth| format!("a, {nth}")).collect();
        lists.extend(many.iter().map(String::as_str));
        assert_eq!(labeled(&lists)[..2], [vec!["a", "b"], vec!["a", "c|d"]]);
    }

    #[test]
    fn spaces_separate_labels_that_are_cells_of_their_own() {
        assert_eq!(labeled(&["scab", "rust", "scab rust"]), [vec!["scab"], vec!["rust"], vec!["rust", "scab"]]);
        assert_eq!(labeled(&["a b", "b c", "c a"]), [vec!["a", "b"], vec!["b", "c"], vec!["a", "c"]]);
        assert_eq!(labeled(&["New York", "Rome"]), [vec!["New York"], vec!["Rome"]]);
        assert_eq!(labeled(&["good", "very good", "bad", "very bad"])[1], ["very good"]);
        assert_eq!(labeled(&["New York, Rome", "Rome"]), [vec!["New York", "Rome"], vec!["Rome"]]);
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
