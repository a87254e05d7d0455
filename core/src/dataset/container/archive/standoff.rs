//! Texts with their annotations in files next to them, as brat writes them: `doc.txt` and `doc.ann`, or `doc.a1` in BioNLP's
//! shared tasks.
//!
//! <https://brat.nlplab.org/standoff.html>

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use serde_json::json;

use crate::dataset::container::archive::member::Member;
use crate::dataset::container::splits::{Splits, is_split};
use crate::dataset::folder::is_data_file;
use crate::dataset::source::DataRole;
use crate::diagnostic::Diagnostic;

/// Texts with their annotations.
#[derive(Debug, Default)]
pub(crate) struct Standoff {
    /// Indices of each text and of its annotations among the members.
    pub pairs: Vec<[usize; 2]>,
    /// True if the archive has training rows and also validation rows; true if it also has test rows, apart from those.
    pub held_out: [bool; 2],
    /// Warnings about texts that are not read.
    pub warnings: Vec<Diagnostic>,
}

/// The annotated texts for a role; none if there are none.
pub(crate) fn standoff(members: &[Member], role: DataRole) -> Option<Standoff> {
    let stems = |ending: &'static str| {
        members.iter().enumerate().filter(|(_, member)| is_data_file(&member.path)).filter_map(
            move |(index, member)| {
                let (stem, extension) = member.path.rsplit_once('.')?;
                (extension.eq_ignore_ascii_case(ending)).then_some((stem, index))
            },
        )
    };
    let texts: HashMap<&str, usize> = stems("txt").collect();
    let pairs: Vec<(&str, [usize; 2])> = stems("ann")
        .chain(stems("a1"))
        .filter_map(|(stem, annotations)| Some((stem, [*texts.get(stem)?, annotations])))
        .collect();
    if pairs.is_empty() {
        return None;
    }
    let split = |stem: &str| stem.rsplit('/').skip(1).find(|folder| is_split(folder)).map(str::to_lowercase);
    let found: HashSet<String> = pairs.iter().filter_map(|(stem, _)| split(stem)).collect();
    let splits = Splits::of(&found);
    let chosen = splits.for_role(role);
    let is_chosen = |stem: &str| chosen.is_none_or(|chosen| split(stem).as_ref() == Some(chosen));
    let pairs = pairs.into_iter().filter(|(stem, _)| is_chosen(stem)).map(|(_, pair)| pair).collect();
    Some(Standoff { pairs, held_out: splits.held_out(), warnings: splits.warning(&[]).into_iter().collect() })
}

/// Annotations that are no entity in one piece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unread {
    /// Entities in several pieces.
    pub discontinuous: usize,
    /// Relations, events, attributes and notes.
    pub others: usize,
    /// Lines that cannot be read.
    pub invalid: usize,
}

/// An entity, in characters of the text.
#[derive(Debug, PartialEq)]
struct Entity {
    place: Range<usize>,
    label: String,
}

/// Entities of a file of annotations: lines such as `T1⇥Person 0 4⇥Anna`.
fn entities(annotations: &str, unread: &mut Unread) -> Vec<Entity> {
    let mut found = Vec::new();
    for line in annotations.lines().filter(|line| !line.trim().is_empty()) {
        if !line.starts_with('T') {
            unread.others += 1;
            continue;
        }
        let place = line.split('\t').nth(1).and_then(|middle| middle.split_once(' '));
        match place {
            Some((_, places)) if places.contains(';') => unread.discontinuous += 1,
            Some((label, place)) => {
                let ends = place
                    .split_once(' ')
                    .and_then(|(start, end)| Some(start.trim().parse().ok()?..end.trim().parse().ok()?));
                match ends {
                    Some(place) => found.push(Entity { place, label: label.to_owned() }),
                    None => unread.invalid += 1,
                }
            }
            None => unread.invalid += 1,
        }
    }
    found
}

/// A row of a text, with its spans as JSON.
#[derive(Debug, PartialEq)]
pub(crate) struct AnnotatedRow {
    pub text: String,
    pub spans: String,
}

/// The lines of a text with their entities. Lines stay together if an entity goes from one into the next.
pub(crate) fn rows(text: &str, annotations: &str, unread: &mut Unread) -> Vec<AnnotatedRow> {
    let mut entities = entities(annotations, unread);
    entities.sort_by_key(|entity| entity.place.start);
    let chars: Vec<char> = text.chars().collect();
    let mut entities = entities.into_iter().peekable();
    let mut rows = Vec::new();
    let mut start = 0;
    while start < chars.len() {
        let mut end = line_end(&chars, start);
        let mut of_row = Vec::new();
        while let Some(entity) = entities.next_if(|entity| entity.place.start < end) {
            if entity.place.end > chars.len() || entity.place.is_empty() {
                unread.invalid += 1;
                continue;
            }
            if entity.place.end > end {
                end = line_end(&chars, entity.place.end - 1);
            }
            of_row.push(entity);
        }
        let is_space = |at: &usize| chars[*at].is_whitespace();
        let first = (start..end).find(|at| !is_space(at)).unwrap_or(end);
        let last = (first..end).rev().find(|at| !is_space(at)).map_or(first, |at| at + 1);
        let place = |at: usize| at.clamp(first, last) - first;
        let span = |Entity { place: range, label }: Entity| json!({"start": place(range.start), "end": place(range.end), "label": label});
        let spans: Vec<_> = of_row.into_iter().map(span).collect();
        if first < last {
            // A line break within a row has the length of the space in its place.
            let text = chars[first..last].iter().map(|&c| if "\r\n".contains(c) { ' ' } else { c }).collect();
            rows.push(AnnotatedRow { text, spans: json!(spans).to_string() });
        }
        start = end;
    }
    unread.invalid += entities.count();
    rows
}

/// End of the line with the character at `at`, after its line break.
fn line_end(chars: &[char], at: usize) -> usize {
    chars[at..].iter().position(|&c| c == '\n').map_or(chars.len(), |length| at + length + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, annotations: &str) -> (Vec<String>, Unread) {
        let mut unread = Unread::default();
        let rows = rows(text, annotations, &mut unread);
        (rows.into_iter().map(|row| format!("{} {}", row.text, row.spans)).collect(), unread)
    }

    #[test]
    fn lines_are_rows_with_their_own_offsets() {
        let annotations = "T1\tPer 0 4\tZoë!\nT2\tLoc 10 14\tRome\n#1\tNote T1\tx\nR1\tin Arg1:T1 Arg2:T2\n";
        let (rows, unread) = found("Zoë!\n\n in Rome\r\nNo one.\n", annotations);
        let expected = [
            r#"Zoë! [{"start":0,"end":4,"label":"Per"}]"#,
            r#"in Rome [{"start":3,"end":7,"label":"Loc"}]"#,
            "No one. []",
        ];
        assert_eq!((rows, unread), (expected.map(str::to_owned).to_vec(), Unread { others: 2, ..Unread::default() }));
    }

    #[test]
    fn an_entity_keeps_its_lines_together() {
        let (rows, _) = found("In New\r\nYork it\nrains.", "T1\tLoc 3 12\tNew York");
        assert_eq!(rows, [r#"In New  York it [{"start":3,"end":12,"label":"Loc"}]"#, "rains. []"]);
    }

    #[test]
    fn other_annotations_are_counted() {
        let annotations = "T1\tLoc 0 2;3 5\ta b\nT2\tLoc 0 x\ta\nT3\tLoc 90 99\ta\nT4\nE1\tGo:T1\n";
        let (rows, unread) = found("ab cd", annotations);
        assert_eq!((rows, unread), (vec!["ab cd []".to_owned()], Unread { discontinuous: 1, others: 1, invalid: 3 }));
    }

    #[test]
    fn texts_and_annotations_are_paired_by_name_and_split_by_folder() {
        let pairs = |paths: &[&str], role| {
            let members: Vec<Member> = paths.iter().map(|path| Member { path: (*path).into(), size: 1 }).collect();
            standoff(&members, role).map(|found| (found.pairs, found.held_out))
        };
        let flat = ["c/annotation.conf", "c/b.ann", "c/a.txt", "c/b.txt", "c/a.ann", "c/notes.txt"];
        assert_eq!(pairs(&flat, DataRole::Train), Some((vec![[3, 1], [2, 4]], [false, false])));
        let split = ["train/a.ann", "train/a.txt", "dev/a.ann", "dev/a.txt"];
        assert_eq!(pairs(&split, DataRole::Train), Some((vec![[1, 0]], [true, false])));
        assert_eq!(pairs(&split, DataRole::Validation), Some((vec![[3, 2]], [true, false])));
        assert_eq!(pairs(&["a.txt", "a.a1", "a.a2"], DataRole::Train), Some((vec![[0, 1]], [false, false])));
        assert_eq!(pairs(&["a.txt", "b.ann"], DataRole::Train), None);
    }
}
