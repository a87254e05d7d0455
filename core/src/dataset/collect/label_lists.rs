//! Multi-label targets: one column of 0 and 1 per label, or one column with a list.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::dataset::cell::parse_flag;
use crate::dataset::collect::labels::LabelNames;
use crate::dataset::collect::lists::Lists;
use crate::dataset::collect::natural_order::sort_naturally;
use crate::dataset::collect::row_error::RowError;
use crate::dataset::formats::record::Record;
use crate::dataset::phrases::names;

/// Separators of lists, by precedence: a label may contain separators that come later here.
const SEPARATORS: [char; 3] = ['|', ';', ','];

/// Positions in `columns` of the columns that hold a 1.
pub(crate) fn from_flags(record: &Record, columns: &[u32]) -> Result<Vec<u32>, RowError> {
    let mut ids = Vec::new();
    for (id, &column) in (0..).zip(columns) {
        let cell = record.get(column as usize).trim();
        match parse_flag(cell) {
            Some(true) => ids.push(id),
            Some(false) => {}
            None if cell.is_empty() => return Err(format!("no value for label {}", id + 1).into()),
            None => return Err(format!("{} is neither 0 nor 1", names(&[cell])).into()),
        }
    }
    Ok(ids)
}

/// Id of a list that is not split yet, because the separator is known only after the last row. No id if it is empty.
pub(crate) fn unsplit(cell: &str, lists: &mut LabelNames) -> Result<Vec<u32>, RowError> {
    match cell.trim() {
        "" => Ok(Vec::new()),
        list => Ok(vec![lists.id_of(list)?]),
    }
}

/// Splits the lists of all rows, and replaces `names` with the labels found in them.
pub(crate) fn split(names: &mut LabelNames, rows: &Lists<u32>) -> Lists<u32> {
    let lists: Vec<&str> = names.all.iter().map(|list| list.name.as_str()).collect();
    let separator = SEPARATORS.into_iter().find(|&it| lists.iter().any(|list| !is_array(list) && list.contains(it)));
    let lists: Vec<Vec<String>> = lists.iter().map(|list| labels(list, separator)).collect();
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

fn is_array(list: &str) -> bool {
    serde_json::from_str::<Vec<Value>>(list).is_ok()
}

/// The labels of a list, without blank ones.
fn labels(list: &str, separator: Option<char>) -> Vec<String> {
    let labels: Vec<String> = match serde_json::from_str::<Vec<Value>>(list) {
        Ok(values) => {
            values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect()
        }
        Err(_) => match separator {
            Some(separator) => list.split(separator).map(str::to_owned).collect(),
            None => vec![list.to_owned()],
        },
    };
    labels.iter().map(|label| label.trim().to_owned()).filter(|label| !label.is_empty()).collect()
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
    fn flags_are_yes_or_no() {
        let flags = ["1", "0", "True", "no", "1.0", "2", ""].map(parse_flag);
        assert_eq!(flags, [Some(true), Some(false), Some(true), Some(false), Some(true), None, None]);
    }
}
