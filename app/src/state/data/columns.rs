//! The role of each column, changed one at a time.

use hone_core::dataset::{Mapping, SourceInfo, TaskOffer};
use hone_core::recipe::Task;

use crate::format;

/// A role that a column has in a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnRole {
    /// Its name on the page.
    pub name: &'static str,
    /// Index of the column; `None` if the role is empty.
    pub column: Option<u32>,
    /// True if the role may be empty.
    pub is_optional: bool,
}

/// The field of a mapping that holds a column.
enum Slot<'a> {
    One(&'a mut u32),
    Optional(&'a mut Option<u32>),
}

/// The roles of a mapping that take one column each. Several label columns are not among them.
pub fn roles(mapping: &Mapping) -> Vec<ColumnRole> {
    let mut roles = Vec::new();
    each(&mut mapping.clone(), &mut |name, slot| {
        let (column, is_optional) = match slot {
            Slot::One(column) => (Some(*column), false),
            Slot::Optional(column) => (*column, true),
        };
        roles.push(ColumnRole { name, column, is_optional });
    });
    roles
}

/// Returns the mapping with another column in its `nth` role. Only an optional role can be emptied.
pub fn with(mapping: &Mapping, nth: usize, column: Option<u32>) -> Mapping {
    let mut mapping = mapping.clone();
    let mut at = 0;
    each(&mut mapping, &mut |_, slot| {
        match (slot, column) {
            (Slot::One(slot), Some(column)) if at == nth => *slot = column,
            (Slot::Optional(slot), column) if at == nth => *slot = column,
            _ => {}
        }
        at += 1;
    });
    mapping
}

/// The label columns, if the task can have several.
pub fn labels(mapping: &Mapping) -> Option<&[u32]> {
    match mapping {
        Mapping::MultiLabel { labels, .. } => Some(labels),
        _ => None,
    }
}

/// Returns the mapping with a column added to the label columns, or removed from them.
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
        Mapping::Pairs { anchor, positive, negative } => {
            visit("anchor", Slot::One(anchor));
            visit("positive", Slot::One(positive));
            visit("negative", Slot::Optional(negative));
        }
        Mapping::ScoredPairs { text, pair, score } => {
            visit("text", Slot::One(text));
            visit("second text", Slot::One(pair));
            visit("similarity", Slot::One(score));
        }
        Mapping::LabeledTexts { text, label } => {
            visit("text", Slot::One(text));
            visit("label", Slot::One(label));
        }
        Mapping::Reranking { query, passage, label } => {
            visit("query", Slot::One(query));
            visit("passage", Slot::One(passage));
            visit("label", Slot::One(label));
        }
    }
}

/// The task of a mapping, and what a model learns to give.
pub fn task_name(mapping: &Mapping) -> [&'static str; 2] {
    match mapping {
        Mapping::Classification { .. } => ["Classify texts", "one label each"],
        Mapping::MultiLabel { .. } => ["Tag texts", "any number of labels each"],
        Mapping::Regression { .. } => ["Score texts", "one number each (regression)"],
        Mapping::TokenClassification { .. } => ["Find entities", "one tag per word"],
        Mapping::QuestionAnswering { .. } => ["Answer questions", "a span of a passage"],
        Mapping::Completion { .. } => ["Complete prompts", "a text for each"],
        Mapping::Chat { .. } => ["Chat", "answer in conversations"],
        Mapping::Corpus { .. } => ["Continue texts", "in the style of yours"],
        Mapping::Pairs { .. } => ["Embed pairs", "texts that belong together get similar vectors, for search"],
        Mapping::ScoredPairs { .. } => ["Embed scored pairs", "vectors as similar as your scores say"],
        Mapping::Reranking { .. } => ["Rank passages", "how well each fits a query (reranker)"],
        Mapping::LabeledTexts { .. } => ["Embed by label", "texts with the same label get similar vectors"],
    }
}

/// An offered task as an option of a menu, with what it needs from the file if the file does not seem to fit.
pub fn offer_name(offer: &TaskOffer) -> String {
    let [name, result] = task_name(&offer.mapping);
    if offer.fits { format!("{name}: {result}") } else { format!("{name}: needs {}", offer.reason) }
}

/// The reason why the columns fit the task, or what it needs; empty if the user has set other columns.
pub fn advice(source: &SourceInfo, mapping: &Mapping) -> String {
    match source.offers.iter().find(|offer| offer.mapping.has_form_of(mapping)) {
        Some(offer) if offer.mapping != *mapping => String::new(),
        Some(offer) if offer.fits => format::visible(&offer.reason),
        Some(offer) => format!("This task needs {}.", offer.reason),
        None => String::new(),
    }
}

/// Why a model does not fit a task.
pub fn unfit(task: Task) -> &'static str {
    match task {
        Task::Generation => "This task generates text and needs a decoder; this model is an encoder.",
        _ => "This task needs an encoder; this model is a decoder, which generates text.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_set_emptied_and_listed() {
        let mapping = Mapping::QuestionAnswering { question: 0, context: 1, answer: 2, start: Some(3) };
        let empty = with(&mapping, 3, None);
        assert_eq!(roles(&empty)[3], ColumnRole { name: "start of the answer", column: None, is_optional: true });
        assert_eq!(with(&empty, 3, Some(3)), mapping);
        assert_eq!(with(&mapping, 0, None), mapping, "the question is required");
    }

    #[test]
    fn label_columns_are_added_and_removed() {
        let mapping = Mapping::MultiLabel { text: 0, pair: None, labels: vec![1, 3] };
        let more = with_label(&mapping, 2, true);
        assert_eq!(labels(&more), Some(&[1, 2, 3][..]));
        assert_eq!(with_label(&more, 2, false), mapping);
        assert_eq!(labels(&Mapping::Corpus { text: 0 }), None);
    }
}
