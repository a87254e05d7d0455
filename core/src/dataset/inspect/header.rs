//! Detects the header of a table, and names its columns.

use std::collections::HashSet;

use crate::dataset::inspect::columns::is_typical_name;
use crate::dataset::inspect::languages::language;

/// Returns true if the first row looks like a header: it has typical names, or differs in kind from the other rows.
pub(crate) fn looks_like_header(rows: &[Vec<String>], width: usize) -> bool {
    let Some((first, rest)) = rows.split_first() else {
        return false;
    };
    let is_number = |cell: &str| cell.trim().parse::<f64>().is_ok();
    if first.iter().any(|cell| is_number(cell) || cell.chars().count() > 60) {
        return false;
    }
    let rest: Vec<_> = rest.iter().filter(|row| row.len() == width).collect();
    let column = |index: usize| rest.iter().map(move |row| row[index].trim());
    let names = || first.iter().take(width).map(|cell| cell.trim()).enumerate();
    if names().all(|(_, name)| language(name).is_some()) {
        return true;
    }
    if names().any(|(index, name)| !name.contains(' ') && is_typical_name(name) && column(index).all(|it| it != name)) {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    names().any(|(index, name)| {
        let has_all = |test: &dyn Fn(&str) -> bool| column(index).all(test);
        let values: HashSet<_> = column(index).collect();
        let is_new_to_few = rest.len() >= 4 && values.len() * 2 <= rest.len() && !values.contains(name);
        !name.is_empty()
            && (has_all(&is_number) || is_new_to_few || (!name.contains(' ') && has_all(&|it| it.contains(' '))))
    })
}

/// Distinct names for `width` columns, and the names that occur more than once in the header.
pub(crate) fn column_names(header: &[String], width: usize) -> (Vec<String>, Vec<String>) {
    let mut names: Vec<String> = Vec::with_capacity(width);
    let mut repeated: Vec<String> = Vec::new();
    for index in 0..width {
        let given = header.get(index).map_or("", |name| name.trim());
        let wanted = if given.is_empty() { format!("column {}", index + 1) } else { given.to_owned() };
        let mut name = wanted.clone();
        let mut copy = 1;
        while names.contains(&name) {
            copy += 1;
            name = format!("{wanted} ({copy})");
        }
        if copy > 1 && !repeated.contains(&wanted) {
            repeated.push(wanted);
        }
        names.push(name);
    }
    (names, repeated)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(row: &[&str]) -> Vec<String> {
        row.iter().map(|cell| cell.to_string()).collect()
    }

    #[test]
    fn columns_of_languages_are_a_header() {
        assert!(looks_like_header(&[cells(&["fr", "English"])], 2));
        assert!(!looks_like_header(&[cells(&["fr", "one"])], 2));
    }

    #[test]
    fn numbers_and_long_texts_are_never_a_header() {
        let long = "a".repeat(61);
        assert!(!looks_like_header(&[cells(&["text", "1"])], 2));
        assert!(!looks_like_header(&[cells(&["text", &long])], 2));
    }

    #[test]
    fn names_are_trimmed_completed_and_numbered() {
        let (names, repeated) = column_names(&cells(&[" a ", "", "a", "a"]), 5);
        assert_eq!(names, ["a", "column 2", "a (2)", "a (3)", "column 5"]);
        assert_eq!(repeated, ["a"]);
    }
}
