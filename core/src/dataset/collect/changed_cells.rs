//! Cells with other labels, flags or tags in them, written like the cells that they replace.

use std::ops::Range;

use crate::dataset::collect::flags::turned;
use crate::dataset::collect::label_lists::ListForm;
use crate::dataset::collect::tags::tag_list;
use crate::dataset::tag_scheme::separator_of;

/// Separator of the labels in files that have none yet.
const NEW_SEPARATOR: char = ',';

/// A list of labels like `given`, with these labels. None if they could not be read again from such a list.
pub(crate) fn with_labels(given: &str, labels: &[String], form: ListForm) -> Option<String> {
    let given = given.trim();
    let bracket = given.chars().next().filter(|first| matches!(first, '[' | '('));
    let list = match bracket {
        Some(_) if form.is_one_hot => one_hot(given, labels)?,
        Some('[') if is_json(given) => {
            serde_json::json!(labels.iter().map(|it| json(it, given)).collect::<Vec<_>>()).to_string()
        }
        Some(open) => {
            let close = if open == '[' { ']' } else { ')' };
            format!("{open}{}{close}", labels.iter().map(|it| quoted(it, given)).collect::<Vec<_>>().join(", "))
        }
        None if given.starts_with('{') => return None,
        None => {
            let separator = form.separator.unwrap_or(NEW_SEPARATOR);
            let is_narrow = given.contains(separator) && !given.contains(&format!("{separator} "));
            let space = if is_narrow || matches!(separator, ' ' | '\n') { "" } else { " " };
            labels.join(&format!("{separator}{space}"))
        }
    };
    let form = ListForm { separator: form.separator.or(Some(NEW_SEPARATOR)), ..form };
    let (mut read, mut wanted) = (form.labels(&list), labels.to_vec());
    read.sort_unstable();
    wanted.sort_unstable();
    (form.is_one_hot || read == wanted).then_some(list)
}

/// A list of flags, with a 1 for each of these places.
fn one_hot(given: &str, labels: &[String]) -> Option<String> {
    let mut list = given.to_owned();
    let elements = elements(given);
    for (place, range) in elements.iter().enumerate().rev() {
        let is_one = matches!(&given[range.clone()], "1" | "1.0" | "true" | "True");
        if labels.contains(&place.to_string()) != is_one {
            list.replace_range(range.clone(), turned(&given[range.clone()])?);
        }
    }
    Some(list)
}

fn is_json(list: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(list).is_ok()
}

/// A label as a value: a number if the list has no quotes.
fn json(label: &str, given: &str) -> serde_json::Value {
    match serde_json::from_str(label) {
        Ok(number @ serde_json::Value::Number(_)) if !given.contains('"') => number,
        _ => label.into(),
    }
}

/// A label as Python or numpy prints it.
fn quoted(label: &str, given: &str) -> String {
    if !given.contains(['\'', '"']) && given.len() > 2 {
        return label.to_owned();
    }
    let mark = if label.contains('\'') { '"' } else { '\'' };
    format!("{mark}{label}{mark}")
}

/// A list of tags like `given`, with another tag for a word. None if the cell has no such word, or the tag could not be read
/// again from it.
pub(crate) fn with_tag(given: &str, word: usize, tag: &str) -> Option<String> {
    let range = elements(given).get(word).cloned()?;
    let new = format!("{}{tag}{}", &given[..range.start], &given[range.end..]);
    let mut wanted = tag_list(given).ok()?;
    *wanted.get_mut(word)? = tag.to_owned();
    (tag_list(&new).ok()? == wanted).then_some(new)
}

/// The places of the elements of a list, without their quotes: those between the brackets, or the words of a text.
fn elements(list: &str) -> Vec<Range<usize>> {
    let (mut found, mut start, mut quote) = (Vec::new(), None, None);
    let is_list = list.trim_start().starts_with(['[', '(']);
    let mut is_escaped = false;
    let separator = separator_of(list).filter(|_| !is_list);
    for (at, character) in list.char_indices() {
        let is_between = character.is_whitespace()
            || separator == Some(character)
            || (is_list && matches!(character, '[' | ']' | '(' | ')' | ','));
        match quote {
            Some(_) if is_escaped => is_escaped = false,
            Some(_) if character == '\\' => is_escaped = true,
            Some((mark, begin)) if mark == character => {
                found.push(begin..at);
                quote = None;
            }
            Some(_) => {}
            None if is_list && start.is_none() && matches!(character, '"' | '\'') => quote = Some((character, at + 1)),
            None if is_between => found.extend(start.take().map(|start| start..at)),
            None => start = start.or(Some(at)),
        }
    }
    found.extend(start.map(|start| start..list.len()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(given: &str, labels: &[&str], separator: Option<char>) -> Option<String> {
        let labels: Vec<String> = labels.iter().map(|&label| label.to_owned()).collect();
        with_labels(given, &labels, ListForm { separator, ..ListForm::default() })
    }

    #[test]
    fn a_list_of_labels_is_written_like_the_one_before() {
        assert_eq!(labels("a;b", &["a", "c"], Some(';')).unwrap(), "a;c");
        assert_eq!(labels("a, b", &["c", "a", "b"], Some(',')).unwrap(), "c, a, b");
        assert_eq!(labels("a", &["a", "b"], Some('|')).unwrap(), "a| b");
        assert_eq!(labels("a b", &["b"], Some(' ')).unwrap(), "b");
        assert_eq!(labels("", &["a", "b"], None).unwrap(), "a, b");
        assert_eq!(labels("a", &[], Some(',')).unwrap(), "");
        assert_eq!(labels(r#"["a", "b"]"#, &["a, c"], None).unwrap(), r#"["a, c"]"#);
        assert_eq!(labels("[1, 2]", &["2", "3"], None).unwrap(), "[2,3]");
        assert_eq!(labels("['joy', 'calm']", &["joy", "it's"], None).unwrap(), r#"['joy', "it's"]"#);
        assert_eq!(labels("[]", &["joy"], None).unwrap(), r#"["joy"]"#);
    }

    #[test]
    fn a_label_that_would_be_split_is_refused() {
        assert_eq!(labels("a; b", &["a; c"], Some(';')), None);
        assert_eq!(labels("{'a': 1, 'b': 0}", &["b"], None), None);
    }

    #[test]
    fn flags_in_a_list_are_turned_over() {
        let form = ListForm { is_one_hot: true, ..ListForm::default() };
        assert_eq!(with_labels("[1, 0,1]", &["1".into(), "2".into()], form).unwrap(), "[0, 1,1]");
        assert_eq!(with_labels("[True False]", &["1".into()], form).unwrap(), "[False True]");
    }

    #[test]
    fn one_tag_of_a_list_is_replaced() {
        assert_eq!(with_tag("O  B-X O", 1, "O").unwrap(), "O  O O");
        assert_eq!(with_tag(r#"["O", "B-X"]"#, 1, "I-X").unwrap(), r#"["O", "I-X"]"#);
        assert_eq!(with_tag("['O' 'B-X']", 0, "B-Y").unwrap(), "['B-Y' 'B-X']");
        assert_eq!(with_tag("[O, B-PER]", 0, "B-PER").unwrap(), "[B-PER, B-PER]");
        assert_eq!(with_tag("[0, 3,4]", 2, "0").unwrap(), "[0, 3,0]");
        assert_eq!(with_tag("O, B-X,O", 1, "O").unwrap(), "O, O,O");
        assert_eq!(with_tag("O O", 2, "B-X"), None);
        assert_eq!(with_tag("O O", 0, "B X"), None);
    }
}
