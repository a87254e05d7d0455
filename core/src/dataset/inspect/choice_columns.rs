//! Finds the columns of questions with several choices, each choice in a column of its own: MMLU, SWAG, COPA, PIQA, WinoGrande and
//! MedMCQA.

use crate::dataset::inspect::columns::{ColumnStats, is_default_name};

/// Names of the choices before their number or letter.
const STEMS: [&str; 9] = ["choice", "option", "ending", "sol", "solution", "answer", "alternative", "op", ""];
/// Names of the column that says which choice is right.
const RIGHT: [&str; 9] =
    ["answer", "label", "answerkey", "answer_key", "correct", "correct_answer", "cop", "target", "gold"];
/// Names of the columns that come before the choices, in their order in a prompt.
const QUESTIONS: [&str; 11] =
    ["article", "passage", "context", "startphrase", "ctx", "goal", "sentence", "premise", "stem", "question", "query"];
/// Most choices of a question.
const MAX_CHOICES: usize = 26;

/// The columns of a question with choices.
#[derive(Debug, PartialEq)]
pub(crate) struct ChoiceColumns {
    /// The question, and what it is about before it.
    pub questions: Vec<u32>,
    /// The choices, each with the name that the column of answers has for it.
    pub choices: Vec<(String, u32)>,
    pub answer: u32,
}

/// The columns of questions with choices. None if the names are others, or the answers do not name choices.
pub(crate) fn choice_columns(columns: &[String], stats: &ColumnStats) -> Option<ChoiceColumns> {
    let named = |wanted: &str| {
        let place = columns.iter().position(|column| column.trim().eq_ignore_ascii_case(wanted));
        place.map(|place| place as u32)
    };
    if columns.iter().all(|column| is_default_name(column)) {
        return unnamed(columns.len() as u32, stats);
    }
    let choices = STEMS.into_iter().find_map(|stem| series(columns, stem))?;
    let answer = RIGHT.into_iter().filter_map(named).find(|answer| !choices.contains(answer))?;
    let questions: Vec<u32> = QUESTIONS.into_iter().filter_map(named).filter(|it| !choices.contains(it)).collect();
    let names = names_in(answer, choices.len(), stats).or_else(|| {
        // The answer may be the text of the choice.
        let is_text =
            choices.iter().any(|&choice| stats.share_labels(answer, choice)) && !stats.are_only_numbers(answer);
        is_text.then(|| letters('A', choices.len()))
    })?;
    (!questions.is_empty()).then(|| ChoiceColumns {
        questions,
        choices: names.into_iter().zip(choices).collect(),
        answer,
    })
}

/// MMLU's own files, which have no header: the question, the choices and the letter of the right one.
fn unnamed(columns: u32, stats: &ColumnStats) -> Option<ChoiceColumns> {
    let answer = columns.checked_sub(1).filter(|count| *count > 3)?;
    let names = letters('A', answer as usize - 1);
    let are_letters = stats.values_are_among(answer, &names) && stats.varies(answer) && stats.is_text(0);
    are_letters.then(|| ChoiceColumns {
        questions: vec![0],
        choices: names.into_iter().zip(1..answer).collect(),
        answer,
    })
}

/// The columns whose names are the stem with the letters from A on, or with the numbers from 0 or 1 on.
fn series(columns: &[String], stem: &str) -> Option<Vec<u32>> {
    let bare = |name: &str| name.to_lowercase().replace(['_', ' ', '-'], "");
    let places = |names: Vec<String>| -> Vec<u32> {
        let place = |name: String| columns.iter().position(|column| bare(column) == bare(&format!("{stem}{name}")));
        names.into_iter().map_while(place).map(|place| place as u32).collect()
    };
    let mut kinds = vec![letters('a', MAX_CHOICES)];
    // Numbers alone are no names.
    if !stem.is_empty() {
        kinds.extend([numbers(0, MAX_CHOICES), numbers(1, MAX_CHOICES)]);
    }
    kinds.into_iter().map(places).find(|places| places.len() > 1)
}

/// The names of the choices in a column of answers: letters, or numbers from 0 or 1 on.
fn names_in(answer: u32, choices: usize, stats: &ColumnStats) -> Option<Vec<String>> {
    let kinds = [letters('A', choices), letters('a', choices), numbers(0, choices), numbers(1, choices)];
    kinds.into_iter().find(|names| stats.varies(answer) && stats.values_are_among(answer, names))
}

fn letters(first: char, count: usize) -> Vec<String> {
    (first..).take(count).map(String::from).collect()
}

fn numbers(first: usize, count: usize) -> Vec<String> {
    (first..first + count).map(|number| number.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::formats::record::Record;

    fn found(columns: &[&str], rows: &[&[&str]]) -> Option<ChoiceColumns> {
        let mut stats = ColumnStats::default();
        rows.iter().for_each(|row| stats.add(&Record::from_cells(row)));
        choice_columns(&columns.iter().map(|name| name.to_string()).collect::<Vec<_>>(), &stats)
    }

    fn expected(questions: &[u32], choices: &[(&str, u32)], answer: u32) -> Option<ChoiceColumns> {
        let choices = choices.iter().map(|(name, column)| (name.to_string(), *column)).collect();
        Some(ChoiceColumns { questions: questions.to_vec(), choices, answer })
    }

    #[test]
    fn choices_are_named_as_in_the_answers() {
        let mmlu = ["column 1", "column 2", "column 3", "column 4"];
        let rows: &[&[&str]] = &[&["Which of these?", "red", "blue", "B"], &["And now which?", "one", "two", "A"]];
        assert_eq!(found(&mmlu, rows), None, "too few columns to tell without names");
        let rows: &[&[&str]] =
            &[&["Which of these?", "red", "blue", "3", "C"], &["And now which?", "one", "two", "3", "A"]];
        let choices = [("A", 1), ("B", 2), ("C", 3)];
        assert_eq!(
            found(&["column 1", "column 2", "column 3", "column 4", "column 5"], rows),
            expected(&[0], &choices, 4)
        );
        assert_eq!(found(&["question", "A", "B", "C", "answer"], rows), expected(&[0], &choices, 4));

        let copa = ["premise", "choice1", "choice2", "question", "label"];
        let rows: &[&[&str]] =
            &[&["It rained.", "a b", "c d", "cause", "0"], &["It shone.", "a b", "c d", "effect", "1"]];
        assert_eq!(found(&copa, rows), expected(&[0, 3], &[("0", 1), ("1", 2)], 4));
        let grande = ["sentence", "option1", "option2", "answer"];
        let rows: &[&[&str]] = &[&["The _ ran.", "cat", "dog", "1"], &["The _ sat.", "cat", "dog", "2"]];
        assert_eq!(found(&grande, rows), expected(&[0], &[("1", 1), ("2", 2)], 3));
        let medical = ["question", "opa", "opb", "cop"];
        let rows: &[&[&str]] = &[&["Which is it?", "x", "y", "0"], &["Which one?", "x", "y", "1"]];
        assert_eq!(found(&medical, rows), expected(&[0], &[("0", 1), ("1", 2)], 3));
        let texts: &[&[&str]] = &[&["Which is it?", "x", "y", "x"], &["Which one?", "x", "y", "y"]];
        assert_eq!(
            found(&["question", "Option A", "Option B", "Answer"], texts),
            expected(&[0], &[("A", 1), ("B", 2)], 3)
        );
    }

    #[test]
    fn other_columns_are_no_choices() {
        let rows: &[&[&str]] = &[&["Which is it?", "x", "y", "7"], &["Which one?", "x", "y", "9"]];
        assert_eq!(found(&["question", "option1", "option2", "label"], rows), None);
        assert_eq!(found(&["text", "a", "b", "label"], rows), None);
        let flags: &[&[&str]] = &[&["so good", "0", "1", "1"], &["so bad", "1", "0", "0"]];
        assert_eq!(found(&["text", "a", "b", "label"], flags), None);
    }
}
