//! Labels that are equal and written differently.

use std::collections::HashMap;

use unicode_normalization_alignments::UnicodeNormalization;

use crate::dataset::collect::labels::{LabelName, LabelNames};

/// Characters that cannot be seen: zero-width spaces, byte order marks, soft hyphens and marks of direction. The joiners of
/// Persian and of emoji are not among them, because they change what is seen.
const INVISIBLE: [char; 6] = ['\u{200b}', '\u{2060}', '\u{feff}', '\u{ad}', '\u{200e}', '\u{200f}'];

/// A label without white space and invisible characters around it.
pub(crate) fn trim(label: &str) -> &str {
    label.trim_matches(|c: char| c.is_whitespace() || INVISIBLE.contains(&c))
}

/// A label as it is seen: without invisible characters, and with accents composed (NFC).
pub(crate) fn visible(label: &str) -> String {
    if label.is_ascii() {
        return label.to_owned();
    }
    label.nfc().map(|(c, _)| c).filter(|c| !INVISIBLE.contains(c)).collect()
}

/// Form that equal labels share: 1 and 1.0 are the same class, which pandas writes as 1.0 if the column has empty cells.
pub(crate) fn label_key(label: &str) -> String {
    let label = visible(label);
    match label.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') && is_integer(whole) => {
            whole.to_owned()
        }
        _ => label,
    }
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    (1..16).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Joins equal labels. Returns the new id of each old one, and the spellings of each label that had several.
pub(crate) fn join(names: &mut LabelNames) -> (Vec<u32>, Vec<Vec<String>>) {
    let mut joined: Vec<(LabelName, Vec<String>)> = Vec::new();
    let mut id_of_key: HashMap<String, usize> = HashMap::new();
    let mut new_ids = Vec::with_capacity(names.all.len());
    for label in std::mem::take(&mut names.all) {
        let key = label_key(&label.name);
        let id = *id_of_key.entry(key.clone()).or_insert(joined.len());
        new_ids.push(id as u32);
        match joined.get_mut(id) {
            Some((known, spellings)) => {
                known.rows += label.rows;
                known.padded_rows += label.padded_rows;
                known.name = key;
                spellings.push(label.name);
            }
            None => {
                let spellings = vec![label.name.clone()];
                joined.push((LabelName { name: visible(&label.name), ..label }, spellings));
            }
        }
    }
    let several = joined.iter().filter(|(_, spellings)| spellings.len() > 1).map(|(_, spellings)| spellings.clone());
    let several = several.collect();
    names.all = joined.into_iter().map(|(label, _)| label).collect();
    (new_ids, several)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_labels_are_joined() {
        let all = ["1", "0.0", "1.0", "0", "01", "cafe\u{301}", "café", "a\u{200b}b", "ab", "1.5", "A"];
        let mut names = LabelNames::from_names(all.into_iter().map(str::to_owned));
        let (ids, several) = join(&mut names);
        assert_eq!(ids, [0, 1, 0, 1, 2, 3, 3, 4, 4, 5, 6]);
        assert_eq!(several.len(), 4);
        let joined: Vec<&str> = names.all.iter().map(|label| label.name.as_str()).collect();
        assert_eq!(joined, ["1", "0", "01", "café", "ab", "1.5", "A"]);
        assert_eq!(trim("\u{feff} a\u{200b}"), "a");
    }

    #[test]
    fn floats_alone_keep_their_spelling() {
        let mut names = LabelNames::from_names(["1.0", "0.0"].into_iter().map(str::to_owned));
        assert!(join(&mut names).1.is_empty());
        assert_eq!(names.all[0].name, "1.0");
    }
}
