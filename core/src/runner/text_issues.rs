//! Near duplicates and outliers among the rows of a data set, in words.

use std::collections::BTreeMap;

use crate::dataset::Dataset;
use crate::metrics::{DuplicatePair, Neighbors, Outlier};
use crate::phrases::count;
use crate::run::{LabeledRow, TextGroup, TextIssues};
use crate::runner::compared_targets::ComparedTargets;
use crate::runner::shown_labels::shown_labels;

/// Rows of a group that are named.
const NAMED_ROWS: usize = 10;

/// Rows that are nearly the same, as indices in the list of rows that were compared.
struct DuplicateGroup {
    rows: Vec<u32>,
    /// The largest distance between two of them that were compared.
    distance: f32,
    is_across: bool,
    is_contradictory: bool,
}

/// The groups of near duplicates and the outliers among `rows`. At most `listed` of each are named.
pub(super) fn text_issues(dataset: &Dataset, rows: &[u32], neighbors: &Neighbors, listed: usize) -> TextIssues {
    let targets = ComparedTargets::new(dataset, rows);
    let is_validation = |at: u32| dataset.validation.binary_search(&rows[at as usize]).is_ok();
    let mut groups: Vec<DuplicateGroup> = joined(rows.len(), &neighbors.duplicates())
        .into_iter()
        .map(|(rows, distance)| DuplicateGroup {
            is_across: rows.iter().any(|&at| is_validation(at)) && !rows.iter().all(|&at| is_validation(at)),
            is_contradictory: targets.contradict(&rows),
            rows,
            distance,
        })
        .collect();
    let rank = |group: &DuplicateGroup| (!group.is_across, !group.is_contradictory);
    groups.sort_by(|a, b| rank(a).cmp(&rank(b)).then(a.distance.total_cmp(&b.distance)));
    let outliers = neighbors.outliers();
    let sentence = sentence(&groups, outliers.len(), 1.0 - neighbors.duplicate_distance(), listed, targets.noun());
    let row = |at: u32, likely: Option<Vec<String>>| {
        let number = rows[at as usize];
        LabeledRow {
            line: dataset.line(number),
            word: None,
            is_in_train_file: dataset.is_from_train_file(number),
            is_validation: is_validation(at),
            text: dataset.text(number).to_owned(),
            pair: dataset.second_text(number).map(str::to_owned),
            given: shown_labels(dataset, number),
            likely,
        }
    };
    let of_group = |group: &DuplicateGroup| {
        let named = group.rows.iter().take(NAMED_ROWS);
        let rows = named.map(|&at| row(at, targets.likely(&group.rows, at))).collect();
        TextGroup { finding: finding(group, targets.noun()), rows }
    };
    let of_outlier = |outlier: &Outlier| TextGroup {
        finding: format!("Unlike all others: {:.1} times as far from its neighbors as usual", outlier.ratio),
        rows: vec![row(outlier.row, None)],
    };
    let duplicates = groups.iter().take(listed).map(of_group);
    TextIssues { groups: duplicates.chain(outliers.iter().take(listed).map(of_outlier)).collect(), sentence }
}

/// The rows that pairs join to groups, with the largest distance of a pair in each.
fn joined(rows: usize, pairs: &[DuplicatePair]) -> Vec<(Vec<u32>, f32)> {
    // Each row points to one of its group that comes before it; the first one to itself.
    let mut parents: Vec<u32> = (0..rows as u32).collect();
    fn first(parents: &mut [u32], mut row: u32) -> u32 {
        while parents[row as usize] != row {
            parents[row as usize] = parents[parents[row as usize] as usize];
            row = parents[row as usize];
        }
        row
    }
    for pair in pairs {
        let [a, b] = [pair.first, pair.second].map(|row| first(&mut parents, row));
        parents[a.max(b) as usize] = a.min(b);
    }
    let mut groups: BTreeMap<u32, (Vec<u32>, f32)> = BTreeMap::new();
    for pair in pairs {
        let (members, distance) = groups.entry(first(&mut parents, pair.first)).or_default();
        members.extend([pair.first, pair.second]);
        *distance = distance.max(pair.distance);
    }
    let group = |(mut members, distance): (Vec<u32>, f32)| {
        members.sort_unstable();
        members.dedup();
        (members, distance)
    };
    groups.into_values().map(group).collect()
}

fn finding(group: &DuplicateGroup, noun: &str) -> String {
    let place = if group.is_across { " in training and validation" } else { "" };
    let labels = if group.is_contradictory { format!(", with different {noun}") } else { String::new() };
    let rest = match group.rows.len().saturating_sub(NAMED_ROWS) {
        0 => String::new(),
        rest => format!("; {rest} more rows"),
    };
    format!("Nearly the same{place}{labels} (cosine {:.3}{rest})", 1.0 - group.distance)
}

fn sentence(groups: &[DuplicateGroup], outliers: usize, cosine: f64, listed: usize, noun: &str) -> String {
    let unlike = match outliers {
        0 => "No text is unlike all others.".to_owned(),
        1 => "1 text is unlike all others.".to_owned(),
        n => format!("{} are unlike all others.", count(n, "text")),
    };
    if groups.is_empty() {
        return format!("No texts are nearly the same. {unlike}");
    }
    let across = groups.iter().filter(|group| group.is_across).count();
    let contradictory = match noun {
        "" => String::new(),
        noun => format!("; {} with different {noun}", groups.iter().filter(|group| group.is_contradictory).count()),
    };
    let flatters = if across > 0 { ", which flatters the score" } else { "" };
    let is_cut = listed < groups.len().max(outliers);
    let cut = if is_cut { format!(" At most {listed} of each are listed.") } else { String::new() };
    format!(
        "{} of texts that are nearly the same (cosine above {cosine:.3}): {across} in both training and validation{flatters}\
         {contradictory}. {unlike}{cut}",
        count(groups.len(), "group"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_that_share_a_row_are_one_group() {
        let pair = |first, second, distance| DuplicatePair { first, second, distance };
        let groups = joined(9, &[pair(0, 4, 0.1), pair(2, 7, 0.2), pair(3, 7, 0.3), pair(3, 8, 0.1)]);
        assert_eq!(groups, [(vec![0, 4], 0.1), (vec![2, 3, 7, 8], 0.3)]);
    }
}
