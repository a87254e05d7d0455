//! Selection of rows.

use std::collections::{BTreeMap, HashSet};

use anyhow::{Result, bail};

use crate::fetch;

/// Selects the same number of rows for each label, without duplicates, in an order that is arbitrary but reproducible:
/// that of the texts' hashes.
pub(super) fn balanced<T>(
    rows: impl IntoIterator<Item = T>,
    text_and_label: impl Fn(&T) -> (&str, &str),
    per_label: usize,
) -> Result<Vec<T>> {
    let mut seen = HashSet::new();
    let mut by_label: BTreeMap<String, Vec<(String, T)>> = BTreeMap::new();
    for row in rows {
        let (text, label) = text_and_label(&row);
        let key: String = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        if seen.insert(key) {
            let (hash, label) = (fetch::hash_of(text), label.to_owned());
            by_label.entry(label).or_default().push((hash, row));
        }
    }
    let mut chosen = Vec::new();
    for (label, mut rows) in by_label {
        if rows.len() < per_label {
            bail!("{label:?}: {} rows, {per_label} wanted", rows.len());
        }
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        chosen.extend(rows.into_iter().take(per_label));
    }
    chosen.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(chosen.into_iter().map(|(_, row)| row).collect())
}

/// Returns true for a short sentence: training on a CPU takes minutes, not hours.
pub(super) fn is_short(text: &str, most_chars: usize) -> bool {
    (20..=most_chars).contains(&text.chars().count()) && text.split_whitespace().count() >= 4
}

#[cfg(test)]
mod tests {
    use super::super::Row;
    use super::*;

    #[test]
    fn rows_are_balanced_unique_and_independent_of_their_order() {
        let row = |text: &str, label: &str| Row { text: text.into(), label: label.into() };
        let rows = [row("One.", "a"), row("one", "a"), row("two", "a"), row("three", "b"), row("four", "b")];
        let chosen = balanced(rows.clone(), Row::text_and_label, 2).unwrap();
        assert_eq!(chosen.len(), 4);
        assert!(!chosen.contains(&rows[1]), "the same words twice");
        let turned = balanced(
            [&rows[..1], &[rows[4].clone(), rows[3].clone(), rows[2].clone()]].concat(),
            Row::text_and_label,
            2,
        )
        .unwrap();
        assert_eq!(chosen, turned);
        assert!(balanced(rows, Row::text_and_label, 3).is_err(), "b has only two");
    }
}
