//! Detects the header of a table, and names its columns.

use std::collections::HashSet;

use crate::dataset::inspect::columns::is_typical_name;
use crate::dataset::inspect::languages::language;
use crate::dataset::number::Numeral;

/// Returns true if a cell is one word that columns of texts or labels are often named by.
pub(crate) fn has_typical_name(row: &[String]) -> bool {
    row.iter().any(|cell| is_typical(cell.trim()))
}

fn is_typical(name: &str) -> bool {
    !name.contains(' ') && is_typical_name(name)
}

/// Longest cell that is a name without further evidence, in characters. Surveys name columns by whole questions.
const MAX_NAME_CHARS: usize = 60;

/// Returns true if the first row looks like a header: it has typical names, or differs in kind from the other rows.
pub(crate) fn looks_like_header(rows: &[Vec<String>], width: usize) -> bool {
    let Some((first, rest)) = rows.split_first() else {
        return false;
    };
    // Files that were joined have their header again.
    let rest: Vec<_> = rest.iter().filter(|row| row.len() == width && *row != first).collect();
    let column = |index: usize| rest.iter().map(move |row| row[index].trim());
    let names = || first.iter().take(width).map(|cell| cell.trim()).enumerate();
    if counts_columns(first) {
        return rest.len() >= 2 && names().any(|(index, name)| is_number(name) && !column(index).any(is_number));
    }
    if names().all(|(_, name)| language(name).is_some()) {
        return true;
    }
    let is_new = |(index, name): (usize, &str)| column(index).all(|cell| cell != name);
    // Years and other numbers may be names, but a row of data has numbers too.
    if names().filter(|(_, name)| is_number(name)).all(is_new)
        && names().any(|(index, name)| is_typical(name) && is_new((index, name)))
    {
        return !rest.is_empty() || !names().any(|(_, name)| is_number(name));
    }
    if rest.is_empty() || names().any(|(index, name)| is_number(name) && column(index).any(is_number)) {
        return false;
    }
    let is_long = |name: &str| name.chars().count() > MAX_NAME_CHARS;
    let has_long = names().any(|(_, name)| is_long(name));
    let has_question = names().any(|(_, name)| is_long(name) && name.ends_with(['?', ':', '*', ')']));
    names().any(|(index, name)| {
        let has_all = |test: &dyn Fn(&str) -> bool| column(index).all(test);
        let values: HashSet<_> = column(index).collect();
        let is_new_to_few = rest.len() >= 4 && values.len() * 2 <= rest.len() && !values.contains(name);
        let is_evident = if has_long {
            is_new_to_few && has_question
        } else {
            is_new_to_few || (!name.contains(' ') && has_all(&|it| it.contains(' ')))
        };
        !name.is_empty()
            && !is_number(name)
            && (has_all(&is_number) || has_all(&is_date) && !is_date(name) || is_evident)
    })
}

fn is_number(cell: &str) -> bool {
    cell.trim().parse::<f64>().is_ok() || Numeral::parse(cell).is_some()
}

/// Returns true for digits with the punctuation of dates and times, such as `2024/01/31 10:00`.
fn is_date(cell: &str) -> bool {
    cell.len() >= 6
        && cell.starts_with(|first: char| first.is_ascii_digit())
        && cell.contains(['/', '-', ':', '.'])
        && cell.chars().all(|c| c.is_ascii_digit() || " /-:.+TZAPMapm".contains(c))
}

/// Returns true if the cells count the columns from 0 or 1, as pandas names them. The first cell may be empty.
fn counts_columns(cells: &[String]) -> bool {
    let cells = cells.strip_prefix(&[String::new()]).unwrap_or(cells);
    [0, 1].into_iter().any(|from| {
        !cells.is_empty() && cells.iter().enumerate().all(|(index, cell)| cell.trim() == (index + from).to_string())
    })
}

/// Distinct names for the columns with these names in the header, and the names that occur more than once in it.
pub(crate) fn column_names(header: &[String]) -> (Vec<String>, Vec<String>) {
    let mut names: Vec<String> = Vec::with_capacity(header.len());
    let mut repeated: Vec<String> = Vec::new();
    // A file may have a second byte order mark, which is no white space.
    for (index, given) in header.iter().map(|name| name.trim_matches('\u{feff}').trim()).enumerate() {
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
    fn numbers_and_long_texts_alone_are_never_a_header() {
        let long = "a".repeat(61);
        assert!(!looks_like_header(&[cells(&["text", "1"])], 2));
        let row = |text: &str, label: &str| cells(&[text, label]);
        let rows = [row(&long, "rare"), row("b c", "x"), row("d e", "x"), row("f g", "y"), row("h i", "y")];
        assert!(!looks_like_header(&rows, 2));
        assert!(!looks_like_header(&[row("so good", "1"), row("so bad", "0")], 2));
        assert!(!looks_like_header(&[row("1917", "drama"), row("Up", "comedy"), row("Alien", "horror")], 2));
    }

    #[test]
    fn survey_questions_are_a_header() {
        let question = "What did you like most about our service, and what should we do better?";
        let form = [
            cells(&["Timestamp", question, "Mood"]),
            cells(&["2024/01/01 10:00", "it was warm", "good"]),
            cells(&["2024/01/02 10:00", "it was cold", "bad"]),
        ];
        assert!(looks_like_header(&form, 3));
        let rated = "On a scale of 1 to 5, how likely are you to recommend us to your friends and family?";
        assert!(looks_like_header(&[cells(&[question, rated]), cells(&["warm", "5"]), cells(&["cold", "1"])], 2));
    }

    #[test]
    fn numbers_that_count_columns_are_a_header() {
        let rows = |first: &[&str]| [cells(first), cells(&["0", "so good", "x"]), cells(&["1", "so bad", "x"])];
        assert!(looks_like_header(&rows(&["", "0", "1"]), 3));
        assert!(looks_like_header(&rows(&["0", "1", "2"]), 3));
        assert!(!looks_like_header(&[cells(&["0", "1"]), cells(&["3", "4"]), cells(&["5", "6"])], 2));
        let years = [cells(&["text", "2023"]), cells(&["so good", "3"]), cells(&["so bad", "4"])];
        assert!(looks_like_header(&years, 2));
    }

    #[test]
    fn names_are_trimmed_completed_and_numbered() {
        let (names, repeated) = column_names(&cells(&[" a ", "", "a", "a", ""]));
        assert_eq!(names, ["a", "column 2", "a (2)", "a (3)", "column 5"]);
        assert_eq!(repeated, ["a"]);
    }
}
