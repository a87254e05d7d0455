//! Which columns serve as what, to be changed one by one.

use hone_core::dataset::Mapping;
use hone_core::recipe::Task;

/// A place that a column fills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// What it is called.
    pub name: &'static str,
    /// The column; none where it is left empty.
    pub column: Option<u32>,
    /// Whether it may be left empty.
    pub is_optional: bool,
}

/// A place that a column fills, in a mapping.
enum Slot<'a> {
    One(&'a mut u32),
    Optional(&'a mut Option<u32>),
}

/// The places of a mapping, each for one column; several columns of labels are not among them.
pub fn roles(mapping: &Mapping) -> Vec<Role> {
    let mut roles = Vec::new();
    each(&mut mapping.clone(), &mut |name, slot| {
        let (column, is_optional) = match slot {
            Slot::One(column) => (Some(*column), false),
            Slot::Optional(column) => (*column, true),
        };
        roles.push(Role { name, column, is_optional });
    });
    roles
}

/// The same with another column in its `nth` place; only one that is optional can be left empty.
pub fn with(mapping: &Mapping, nth: usize, column: Option<u32>) -> Mapping {
    let mut mapping = mapping.clone();
    let mut at = 0;
    each(&mut mapping, &mut |_, slot| {
        match (slot, column) {
            (Slot::One(place), Some(column)) if at == nth => *place = column,
            (Slot::Optional(place), column) if at == nth => *place = column,
            _ => {}
        }
        at += 1;
    });
    mapping
}

/// The columns of labels, where there may be several.
pub fn labels(mapping: &Mapping) -> Option<&[u32]> {
    match mapping {
        Mapping::MultiLabel { labels, .. } => Some(labels),
        _ => None,
    }
}

/// The same with a column among those of labels, or not.
pub fn with_label(mapping: &Mapping, column: u32, is_on: bool) -> Mapping {
    let mut mapping = mapping.clone();
    if let Mapping::MultiLabel { labels, .. } = &mut mapping {
        labels.retain(|label| *label != column);
        if is_on {
            let before = labels.iter().take_while(|label| **label < column).count();
            labels.insert(before, column);
        }
    }
    mapping
}

fn each(mapping: &mut Mapping, visit: &mut dyn FnMut(&'static str, Slot)) {
    match mapping {
        Mapping::Classification { text, pair, label } => {
            visit("text", Slot::One(text));
            visit("second text", Slot::Optional(pair));
            visit("label", Slot::One(label));
        }
        Mapping::Regression { text, pair, number } => {
            visit("text", Slot::One(text));
            visit("second text", Slot::Optional(pair));
            visit("number", Slot::One(number));
        }
        Mapping::MultiLabel { text, pair, .. } => {
            visit("text", Slot::One(text));
            visit("second text", Slot::Optional(pair));
        }
        Mapping::TokenClassification { text, tags } => {
            visit("text", Slot::One(text));
            visit("tags", Slot::One(tags));
        }
        Mapping::QuestionAnswering { question, context, answer, start } => {
            visit("question", Slot::One(question));
            visit("passage", Slot::One(context));
            visit("answer", Slot::One(answer));
            visit("start of the answer", Slot::Optional(start));
        }
        Mapping::Completion { completion, .. } => visit("completion", Slot::One(completion)),
        Mapping::Chat { messages } => visit("messages", Slot::One(messages)),
        Mapping::Corpus { text } => visit("text", Slot::One(text)),
    }
}

/// What a mapping makes of the file, as an option of a menu.
pub fn purpose(mapping: &Mapping) -> &'static str {
    match mapping {
        Mapping::Classification { .. } => "Sort texts: one label each",
        Mapping::MultiLabel { .. } => "Tag texts: any number of labels each",
        Mapping::Regression { .. } => "Score texts: a number each",
        Mapping::TokenClassification { .. } => "Find entities: a tag for each word",
        Mapping::QuestionAnswering { .. } => "Find answers to questions in passages",
        Mapping::Completion { .. } => "Write what follows a prompt",
        Mapping::Chat { .. } => "Answer in conversations",
        Mapping::Corpus { .. } => "Write on as these texts do",
    }
}

/// What kind of model a task needs.
pub fn needs(task: Task) -> &'static str {
    match task {
        Task::Generation => "This task needs a model that writes; this one only reads.",
        _ => "This task needs a model that reads a text as a whole; this one writes.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_emptied_and_listed() {
        let mapping = Mapping::QuestionAnswering { question: 0, context: 1, answer: 2, start: Some(3) };
        let empty = with(&mapping, 3, None);
        assert_eq!(roles(&empty)[3], Role { name: "start of the answer", column: None, is_optional: true });
        assert_eq!(with(&empty, 3, Some(3)), mapping);
        assert_eq!(with(&mapping, 0, None), mapping, "a question there must be");
    }

    #[test]
    fn columns_of_labels_are_ticked_one_by_one() {
        let mapping = Mapping::MultiLabel { text: 0, pair: None, labels: vec![1, 3] };
        let more = with_label(&mapping, 2, true);
        assert_eq!(labels(&more), Some(&[1, 2, 3][..]));
        assert_eq!(with_label(&more, 2, false), mapping);
        assert_eq!(labels(&Mapping::Corpus { text: 0 }), None);
    }
}
