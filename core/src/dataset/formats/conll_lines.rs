//! Lines of a CoNLL file, cut into columns.

use std::collections::HashMap;

/// The word lines of a sample, by sentence. Lines that begin with `#` are left out: they may be comments.
pub(super) fn sentences(sample: &str) -> Vec<Vec<Vec<&str>>> {
    let mut sentences = vec![Vec::new()];
    for line in sample.split('\n') {
        if line.trim().is_empty() {
            sentences.push(Vec::new());
        } else if let Some(columns) = split_line(line).filter(|columns| !columns[0].starts_with('#'))
            && let Some(sentence) = sentences.last_mut()
        {
            sentence.push(columns);
        }
    }
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

/// Columns of a line. None if it is blank, a comment of CoNLL-U, or the beginning of a document.
pub(super) fn split_line(line: &str) -> Option<Vec<&str>> {
    let line = line.trim_end_matches(['\r', '\n']);
    let is_comment = line.starts_with("# ") && line.contains(" = ");
    if line.trim().is_empty() || is_comment || line.starts_with("-DOCSTART-") {
        return None;
    }
    // If tabs separate the columns, a word may contain any other white space.
    Some(if line.contains('\t') {
        line.split('\t').collect()
    } else {
        line.split(' ').filter(|column| !column.is_empty()).collect()
    })
}

/// Returns true for the numbers of words, and of CoNLL-U's multiword tokens (`1-2`) and empty nodes (`1.1`).
pub(super) fn is_id(cell: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    cell.trim().split_once(['-', '.']).map_or_else(|| is_number(cell.trim()), |(a, b)| is_number(a) && is_number(b))
}

/// The value of a member of `a=b|c=d`, by its key in lower case.
pub(super) fn member<'a>(cell: &'a str, key: &str) -> Option<&'a str> {
    let mut members = cell.trim().split('|').filter_map(|member| member.split_once('='));
    members.find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
}

pub(super) fn most_frequent(values: impl Iterator<Item = usize>) -> Option<(usize, usize)> {
    let mut counts = HashMap::new();
    for value in values {
        *counts.entry(value).or_insert(0) += 1;
    }
    counts.into_iter().max_by_key(|&(value, count)| (count, value))
}
