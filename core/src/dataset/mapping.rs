//! Which columns of a file are used, and for which task.

use serde::{Deserialize, Serialize};

use crate::dataset::formats::record::Record;
use crate::dataset::phrases::names;
use crate::dataset::template::Template;
use crate::diagnostic::Diagnostic;
use crate::recipe::Task;
use crate::usage::PromptForm;

/// Which columns are used, by index, and what is learned from them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mapping {
    /// One of several classes for a text, or for a pair of texts.
    Classification {
        /// The text.
        text: u32,
        /// The second text of a pair.
        pair: Option<u32>,
        /// The class.
        label: u32,
    },
    /// Any number of labels for a text, or for a pair of texts.
    MultiLabel {
        /// The text.
        text: u32,
        /// The second text of a pair.
        pair: Option<u32>,
        /// Several columns of 0 and 1, each named like its label; or one that lists labels, apart by `,`, `;` or `|` or
        /// as a JSON array.
        labels: Vec<u32>,
    },
    /// A number for a text, or for a pair of texts.
    Regression {
        /// The text.
        text: u32,
        /// The second text of a pair.
        pair: Option<u32>,
        /// The number.
        number: u32,
    },
    /// A tag for each word.
    TokenClassification {
        /// The words, apart by spaces or as a JSON array; or a text, where `tags` holds spans.
        text: u32,
        /// As many tags as words, written like them; or spans of the text, `[{"start", "end", "label"}]` or
        /// `[[start, end, label]]`, counted in characters.
        tags: u32,
    },
    /// The span of a passage that answers a question.
    QuestionAnswering {
        /// The question.
        question: u32,
        /// The passage.
        context: u32,
        /// The answer's text; or answers as SQuAD has them, `[{"text", "answer_start"}]`.
        answer: u32,
        /// Where the answer begins in the passage, in characters; it is looked for where there is no such column.
        start: Option<u32>,
    },
    /// How a text goes on.
    Completion {
        /// What stands before: text with columns' names in braces, `Translate: {fra}`. A brace that is meant is written
        /// twice. A paragraph whose columns are all empty in a row is left out there.
        prompt: String,
        /// What is learned to follow.
        completion: u32,
    },
    /// Conversations.
    Chat {
        /// The turns: `[{"role", "content"}]` or `[{"from", "value"}]`.
        messages: u32,
    },
    /// Running text.
    Corpus {
        /// The text.
        text: u32,
    },
}

impl Mapping {
    /// The task that is learned.
    pub fn task(&self) -> Task {
        match self {
            Self::Classification { .. } => Task::Classification,
            Self::MultiLabel { .. } => Task::MultiLabel,
            Self::Regression { .. } => Task::Regression,
            Self::TokenClassification { .. } => Task::TokenClassification,
            Self::QuestionAnswering { .. } => Task::QuestionAnswering,
            Self::Completion { .. } | Self::Chat { .. } | Self::Corpus { .. } => Task::Generation,
        }
    }

    /// Whether a row has a second text.
    pub fn has_pairs(&self) -> bool {
        match self {
            Self::Classification { pair, .. } | Self::MultiLabel { pair, .. } | Self::Regression { pair, .. } => {
                pair.is_some()
            }
            _ => false,
        }
    }

    /// The form in which a model that learned such rows is asked; means nothing where it does not write.
    pub fn prompt_form(&self) -> PromptForm {
        match self {
            Self::Chat { .. } => PromptForm::Chat,
            Self::Corpus { .. } => PromptForm::Corpus,
            _ => PromptForm::Completion,
        }
    }

    /// The columns that are chosen by index, in order, each with what it serves as: "text", "label".
    pub fn chosen(&self) -> Vec<(u32, &'static str)> {
        let mut chosen = Vec::new();
        self.clone().each(&mut |column, role| chosen.push((*column, role)));
        chosen
    }

    /// All columns in use, each with what it serves as. `columns` are the names in the file, by which a prompt's
    /// template finds its own.
    pub fn roles(&self, columns: &[String]) -> Vec<(u32, &'static str)> {
        let mut roles = Vec::new();
        if let Self::Completion { prompt, .. } = self {
            let used = Template::parse(prompt, columns).map(|template| template.columns()).unwrap_or_default();
            roles.extend(used.into_iter().map(|column| (column, "prompt")));
        }
        roles.extend(self.chosen());
        roles
    }

    /// The same columns, found by their names, in a file that has `other` ones. None where one is missing.
    pub fn renamed(&self, own: &[String], other: &[String]) -> Option<Self> {
        let mut mapping = self.clone();
        let mut is_whole = self.check(own).is_ok();
        mapping.each(&mut |column, _| {
            let name = own.get(*column as usize);
            match other.iter().position(|other| Some(other) == name) {
                Some(index) => *column = index as u32,
                None => is_whole = false,
            }
        });
        (is_whole && mapping.check(other).is_ok()).then_some(mapping)
    }

    /// The prompt of a row with these cells; none for other mappings, and where all columns that it names are empty.
    ///
    /// # Errors
    /// `data.template` for a prompt that names no column or one that does not exist.
    pub fn prompt(&self, columns: &[String], row: &[String]) -> Result<Option<String>, Diagnostic> {
        let Self::Completion { prompt, .. } = self else { return Ok(None) };
        Ok(Template::parse(prompt, columns)?.fill(&Record::from_cells(row)))
    }

    /// Checks that the columns exist and differ.
    ///
    /// # Errors
    /// `data.mapping`, and `data.template` for a prompt that names no column or one that does not exist.
    pub fn check(&self, columns: &[String]) -> Result<(), Diagnostic> {
        let mut template_columns = Vec::new();
        if let Self::Completion { prompt, .. } = self {
            template_columns = Template::parse(prompt, columns)?.columns();
        }
        let used = self.chosen();
        let unknown = used.iter().find(|(column, _)| *column as usize >= columns.len());
        let twice = used.iter().enumerate().find(|(i, (column, _))| {
            template_columns.contains(column) || used[..*i].iter().any(|(other, _)| other == column)
        });
        let diagnostic = |what: String| Diagnostic::new("data.mapping", what).done("The file was not read again.");
        if let Some((_, role)) = unknown {
            return Err(diagnostic(format!("The column for the {role} does not exist."))
                .remedy(format!("The file's columns are {}.", names(columns))));
        }
        if let Some((_, (column, role))) = twice {
            let name = columns.get(*column as usize).map(String::as_str).unwrap_or_default();
            return Err(diagnostic(format!("The column {} serves as {role} and as something else.", names(&[name])))
                .remedy("Choose another column for one of them."));
        }
        if matches!(self, Self::MultiLabel { labels, .. } if labels.is_empty()) {
            return Err(diagnostic("No column is chosen for the labels.".into())
                .remedy("Choose the columns of 0 and 1, or the one that lists labels."));
        }
        Ok(())
    }

    /// Visits every index, with what its column serves as.
    fn each(&mut self, visit: &mut dyn FnMut(&mut u32, &'static str)) {
        let mut texts = |text: &mut u32, pair: &mut Option<u32>| {
            visit(text, "text");
            if let Some(pair) = pair {
                visit(pair, "second text");
            }
        };
        match self {
            Self::Classification { text, pair, label } => {
                texts(text, pair);
                visit(label, "label");
            }
            Self::MultiLabel { text, pair, labels } => {
                texts(text, pair);
                labels.iter_mut().for_each(|label| visit(label, "label"));
            }
            Self::Regression { text, pair, number } => {
                texts(text, pair);
                visit(number, "number");
            }
            Self::TokenClassification { text, tags } => {
                visit(text, "text");
                visit(tags, "tags");
            }
            Self::QuestionAnswering { question, context, answer, start } => {
                visit(question, "question");
                visit(context, "passage");
                visit(answer, "answer");
                if let Some(start) = start {
                    visit(start, "start");
                }
            }
            Self::Completion { completion, .. } => visit(completion, "completion"),
            Self::Chat { messages } => visit(messages, "messages"),
            Self::Corpus { text } => visit(text, "text"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| name.to_string()).collect()
    }

    #[test]
    fn columns_must_exist_and_differ() {
        let columns = names(&["a", "b"]);
        let class = |text, pair, label| Mapping::Classification { text, pair, label };
        let completion = |prompt: &str, completion| Mapping::Completion { prompt: prompt.into(), completion };
        assert_eq!(class(0, None, 1).check(&columns), Ok(()));
        assert_eq!(completion("say {a}", 1).check(&columns), Ok(()));
        for (mapping, code) in [
            (class(0, None, 0), "data.mapping"),
            (class(0, Some(1), 1), "data.mapping"),
            (class(0, None, 2), "data.mapping"),
            (Mapping::MultiLabel { text: 0, pair: None, labels: vec![] }, "data.mapping"),
            (completion("{a} {b}", 1), "data.mapping"),
            (completion("{c}", 1), "data.template"),
            (completion("no column", 1), "data.template"),
        ] {
            let diagnostic = mapping.check(&columns).unwrap_err();
            assert_eq!(diagnostic.code, code, "{mapping:?}");
            assert!(!diagnostic.done.is_empty() && !diagnostic.remedy.is_empty(), "{diagnostic}");
        }
    }

    #[test]
    fn columns_are_found_again_by_name() {
        let (own, other) = (names(&["a", "b"]), names(&["b", "x", "a"]));
        let mapping = Mapping::Classification { text: 0, pair: None, label: 1 };
        let renamed = Mapping::Classification { text: 2, pair: None, label: 0 };
        assert_eq!(mapping.renamed(&own, &other), Some(renamed));
        assert_eq!(mapping.renamed(&own, &names(&["a", "c"])), None);
        let prompt = Mapping::Completion { prompt: "{a}".into(), completion: 1 };
        assert_eq!(prompt.renamed(&own, &names(&["c", "b"])), None);
    }

    #[test]
    fn chosen_columns_are_listed_with_what_they_serve_as() {
        let mapping = Mapping::Classification { text: 0, pair: Some(1), label: 2 };
        assert_eq!(mapping.chosen(), [(0, "text"), (1, "second text"), (2, "label")]);
    }

    #[test]
    fn a_template_gives_its_columns_their_role() {
        let mapping = Mapping::Completion { prompt: "{b}: {b}".into(), completion: 0 };
        assert_eq!(mapping.roles(&names(&["a", "b"])), [(1, "prompt"), (0, "completion")]);
    }
}
