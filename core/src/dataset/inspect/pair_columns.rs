//! Finds the two columns of a pair of texts.

use crate::dataset::inspect::columns::{ColumnStats, is_default_name};

/// The only two columns of texts in a file without a header that has other columns too.
pub(crate) fn unnamed_pair(columns: &[String], stats: &ColumnStats) -> Option<(u32, u32)> {
    let texts: Vec<u32> = (0..columns.len() as u32)
        .filter(|&column| stats.is_long_text(column) && !stats.are_machine_made(column))
        .collect();
    match texts.as_slice() {
        &[first, second] if columns.len() > 2 && columns.iter().all(|name| is_default_name(name)) => {
            Some((first, second))
        }
        _ => None,
    }
}

/// The only two columns of texts whose names differ in nothing but a number or a letter: `#1 String` and `#2 String`.
pub(crate) fn numbered_pair(columns: &[String], stats: &ColumnStats) -> Option<(u32, u32)> {
    let series = |name: &str, marks: [char; 3]| {
        let lower = name.trim().to_lowercase();
        let is_alone = |at: usize| {
            let is_letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
            !is_letter(lower[..at].chars().next_back()) && !is_letter(lower[at + 1..].chars().next())
        };
        let found = lower.match_indices(marks).find(|(at, mark)| *mark <= "9" || is_alone(*at));
        found.map(|(at, mark)| (format!("{}\0{}", &lower[..at], &lower[at + 1..]), mark.to_owned()))
    };
    for marks in [['1', '2', '3'], ['a', 'b', 'c']] {
        let named: Vec<(u32, (String, String))> =
            (0..).zip(columns).filter_map(|(column, name)| Some((column, series(name, marks)?))).collect();
        for (first, (stem, mark)) in &named {
            let of_series: Vec<u32> =
                named.iter().filter(|(_, (other, _))| other == stem).map(|(column, _)| *column).collect();
            if let &[one, two] = of_series.as_slice()
                && one == *first
                && mark.starts_with(marks[0])
                && [one, two].iter().all(|&column| stats.is_text(column))
            {
                return Some((one, two));
            }
        }
    }
    None
}
