//! The mapping of a file: its task, and the columns that the task needs.

use serde::{Deserialize, Serialize};

use crate::dataset::formats::record::Record;
use crate::dataset::layout::Quirks;
use crate::dataset::template::Template;
use crate::diagnostic::Diagnostic;
use crate::phrases::{count, names};
use crate::recipe::Task;
use crate::usage::PromptForm;

/// Columns with the instructions of a conversation, by name. Conversations begin with them.
pub(crate) const SYSTEM_COLUMNS: [&str; 3] = ["system", "system_prompt", "system_message"];

/// A task and the columns that it needs, by index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mapping {
    /// One class for a text or a pair of texts.
    Classification {
        /// Column of the text.
        text: u32,
        /// Column of the second text, for pairs.
        pair: Option<u32>,
        /// Column of the class.
        label: u32,
    },
    /// Any number of labels for a text or a pair of texts.
    MultiLabel {
        /// Column of the text.
        text: u32,
        /// Column of the second text, for pairs.
        pair: Option<u32>,
        /// Several columns of 0 and 1, each named after its label; several columns with the name of a label each; or one column
        /// of lists, separated by `,`, `;` or `|` or written as arrays: JSON, or as Python and numpy print them.
        labels: Vec<u32>,
    },
    /// A number for a text or a pair of texts.
    Regression {
        /// Column of the text.
        text: u32,
        /// Column of the second text, for pairs.
        pair: Option<u32>,
        /// Column of the number.
        number: u32,
    },
    /// A tag for each word.
    TokenClassification {
        /// Column of the words, separated by spaces or as a JSON array; or of a text, if `tags` holds spans.
        text: u32,
        /// Column of the tags, one per word and written like the words; or of spans of the text in characters,
        /// `[{"start", "end", "label"}]` or `[[start, end, label]]`.
        tags: u32,
    },
    /// The span of a passage that answers a question.
    QuestionAnswering {
        /// Column of the question.
        question: u32,
        /// Column of the passage.
        context: u32,
        /// Column of the answer's text; or of answers as in SQuAD, `[{"text", "answer_start"}]`.
        answer: u32,
        /// Column of the answer's start in the passage, in characters. Without it, the answer is searched for.
        start: Option<u32>,
    },
    /// The completion of a prompt.
    Completion {
        /// Template of the prompt: text with column names in braces, such as `Translate: {fra}`. A literal brace is
        /// doubled. A paragraph whose columns are all empty in a row is left out of its prompt.
        prompt: String,
        /// Column of the completion.
        completion: u32,
    },
    /// Training on conversations.
    Chat {
        /// Column of the turns: `[{"role", "content"}]` or `[{"from", "value"}]`. If the file has a column `system`,
        /// `system_prompt` or `system_message`, each conversation begins with its text.
        messages: u32,
    },
    /// Running text.
    Corpus {
        /// Column of the text.
        text: u32,
    },
    /// Embeddings of texts that belong together: questions and answers, paraphrases, sentences in two languages.
    Pairs {
        /// Column of the text that is searched for.
        anchor: u32,
        /// Column of the text that is to be found.
        positive: u32,
        /// Column of a text that must not be found, for triplets.
        negative: Option<u32>,
    },
    /// Embeddings of pairs of texts whose similarity was rated.
    ScoredPairs {
        /// Column of the text.
        text: u32,
        /// Column of the second text.
        pair: u32,
        /// Column of the similarity, in any range.
        score: u32,
    },
    /// Embeddings of texts that are similar if they have the same label.
    LabeledTexts {
        /// Column of the text.
        text: u32,
        /// Column of the label.
        label: u32,
    },
    /// Queries with passages that fit them or do not.
    Reranking {
        /// Column of the query.
        query: u32,
        /// Column of the passage.
        passage: u32,
        /// Column that says how well the passage fits, from 0 (not at all) to 1.
        label: u32,
    },
}

impl Mapping {
    /// The task of the mapping.
    pub fn task(&self) -> Task {
        match self {
            Self::Classification { .. } => Task::Classification,
            Self::MultiLabel { .. } => Task::MultiLabel,
            Self::Regression { .. } => Task::Regression,
            Self::TokenClassification { .. } => Task::TokenClassification,
            Self::QuestionAnswering { .. } => Task::QuestionAnswering,
            Self::Completion { .. } | Self::Chat { .. } | Self::Corpus { .. } => Task::Generation,
            Self::Pairs { .. } | Self::ScoredPairs { .. } | Self::LabeledTexts { .. } => Task::Embeddings,
            Self::Reranking { .. } => Task::Reranking,
        }
    }

    /// Returns true if both are of the same form: the same task, and for generation the same kind of rows.
    pub fn has_form_of(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// The columns that the task needs, usually next to a text, as the end of a sentence.
    pub fn needs(&self) -> &'static str {
        match self {
            Self::Classification { .. } => "a column with one label for each text",
            Self::MultiLabel { .. } => "a column that lists labels, or a column of 0 and 1 for each label",
            Self::Regression { .. } => "a column of numbers",
            Self::TokenClassification { .. } => "a column of tags, one for each word",
            Self::QuestionAnswering { .. } => "columns of questions, passages and answers",
            Self::Completion { .. } => "a column of prompts and a column of completions",
            Self::Chat { .. } => "a column of conversations, each a list of turns",
            Self::Corpus { .. } => "a column of texts",
            Self::Pairs { .. } => "two columns of texts that belong together",
            Self::ScoredPairs { .. } => "two columns of texts and a column with the similarity of each pair",
            Self::LabeledTexts { .. } => "a column of labels that several texts share",
            Self::Reranking { .. } => "columns of queries and passages, and one of 0 and 1 that says which fit",
        }
    }

    /// Returns true if each row is a pair of texts.
    pub fn has_pairs(&self) -> bool {
        match self {
            Self::Classification { pair, .. } | Self::MultiLabel { pair, .. } | Self::Regression { pair, .. } => {
                pair.is_some()
            }
            Self::Reranking { .. } => true,
            _ => false,
        }
    }

    /// Form of the prompts that a model trained on such rows expects. Irrelevant for tasks other than generation.
    pub fn prompt_form(&self) -> PromptForm {
        match self {
            Self::Chat { .. } => PromptForm::Chat,
            Self::Corpus { .. } => PromptForm::Corpus,
            _ => PromptForm::Completion,
        }
    }

    /// The columns given by index, in order, each with its role: "text", "label".
    pub(crate) fn index_roles(&self) -> Vec<(u32, &'static str)> {
        let mut roles = Vec::new();
        self.clone().visit_columns(&mut |column, role| roles.push((*column, role)));
        roles
    }

    /// All mapped columns, each with its role. `columns` are the names of the file's columns, which resolve those of a
    /// prompt template.
    pub fn roles(&self, columns: &[String]) -> Vec<(u32, &'static str)> {
        let mut roles = Vec::new();
        if let Self::Completion { prompt, .. } = self {
            let used = Template::parse(prompt, columns).map(|template| template.columns()).unwrap_or_default();
            roles.extend(used.into_iter().map(|column| (column, "prompt")));
        }
        roles.extend(self.index_roles());
        roles
    }

    /// Names of the mapped columns that Hone makes of the members of JSON objects.
    pub(crate) fn converted<'a>(&self, quirks: &Quirks, columns: &'a [String]) -> Vec<&'a String> {
        let used = self.roles(columns).into_iter().filter_map(|(column, _)| columns.get(column as usize));
        used.filter(|column| quirks.converted.contains(column)).collect()
    }

    /// The mapping of the same columns in another file, found by name. `from` are the column names of this file, `to` those
    /// of the other. None if a column is missing there.
    pub fn remap(&self, from: &[String], to: &[String]) -> Option<Self> {
        let mut mapping = self.clone();
        let mut is_complete = self.check(from).is_ok();
        mapping.visit_columns(&mut |column, _| {
            let name = from.get(*column as usize);
            match to.iter().position(|candidate| Some(candidate) == name) {
                Some(index) => *column = index as u32,
                None => is_complete = false,
            }
        });
        (is_complete && mapping.check(to).is_ok()).then_some(mapping)
    }

    /// The prompt of a row with these cells. None for other mappings, and if all columns of the template are empty.
    ///
    /// # Errors
    /// `data.template` if the template names no column or an unknown one.
    pub fn prompt(&self, columns: &[String], row: &[String]) -> Result<Option<String>, Diagnostic> {
        let Self::Completion { prompt, .. } = self else { return Ok(None) };
        Ok(Template::parse(prompt, columns)?.fill(&Record::from_cells(row)))
    }

    /// Checks that the columns exist and are distinct.
    ///
    /// # Errors
    /// `data.mapping`, and `data.template` if the template names no column or an unknown one.
    pub fn check(&self, columns: &[String]) -> Result<(), Diagnostic> {
        let mut template_columns = Vec::new();
        if let Self::Completion { prompt, .. } = self {
            template_columns = Template::parse(prompt, columns)?.columns();
        }
        let used = self.index_roles();
        let needed = match self {
            Self::QuestionAnswering { .. } | Self::ScoredPairs { .. } | Self::Reranking { .. } => 3,
            Self::Chat { .. } | Self::Corpus { .. } => 1,
            _ => 2,
        };
        let unknown = used.iter().find(|(column, _)| *column as usize >= columns.len());
        let twice = used.iter().enumerate().find(|(i, (column, _))| {
            template_columns.contains(column) || used[..*i].iter().any(|(other, _)| other == column)
        });
        let invalid = |what: String| Diagnostic::new("data.mapping", what).done("The file was not read again.");
        if needed > columns.len() {
            let what = format!(
                "This task needs {}, and the file has only {}.",
                count(needed, "column"),
                count(columns.len(), "column")
            );
            let remedy = format!("Choose another task, or a file with {}.", self.needs());
            return Err(invalid(what).remedy(remedy));
        }
        if let Some((_, role)) = unknown {
            return Err(invalid(format!("The column for the {role} does not exist."))
                .remedy(format!("The columns are {}.", names(columns))));
        }
        if let Some((_, (column, role))) = twice {
            let name = columns.get(*column as usize).map(String::as_str).unwrap_or_default();
            return Err(invalid(format!(
                "The column {} is used as the {role} and for something else.",
                names(&[name])
            ))
            .remedy("Choose another column for one of the two."));
        }
        if matches!(self, Self::MultiLabel { labels, .. } if labels.is_empty()) {
            return Err(invalid("No column is chosen for the labels.".into())
                .remedy("Choose the columns of 0 and 1, or one column with lists of labels."));
        }
        Ok(())
    }

    /// Calls `visit` with each column index and the role of the column.
    fn visit_columns(&mut self, visit: &mut dyn FnMut(&mut u32, &'static str)) {
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
            Self::Pairs { anchor, positive, negative } => {
                visit(anchor, "anchor");
                visit(positive, "positive");
                if let Some(negative) = negative {
                    visit(negative, "negative");
                }
            }
            Self::ScoredPairs { text, pair, score } => {
                visit(text, "text");
                visit(pair, "second text");
                visit(score, "score");
            }
            Self::LabeledTexts { text, label } => {
                visit(text, "text");
                visit(label, "label");
            }
            Self::Reranking { query, passage, label } => {
                visit(query, "query");
                visit(passage, "passage");
                visit(label, "label");
            }
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
    fn columns_must_exist_and_be_distinct() {
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
    fn a_mapping_is_transferred_by_column_names() {
        let (from, to) = (names(&["a", "b"]), names(&["b", "x", "a"]));
        let mapping = Mapping::Classification { text: 0, pair: None, label: 1 };
        let remapped = Mapping::Classification { text: 2, pair: None, label: 0 };
        assert_eq!(mapping.remap(&from, &to), Some(remapped));
        assert_eq!(mapping.remap(&from, &names(&["a", "c"])), None);
        let prompt = Mapping::Completion { prompt: "{a}".into(), completion: 1 };
        assert_eq!(prompt.remap(&from, &names(&["c", "b"])), None);
    }

    #[test]
    fn columns_are_listed_with_their_roles() {
        let mapping = Mapping::Classification { text: 0, pair: Some(1), label: 2 };
        assert_eq!(mapping.index_roles(), [(0, "text"), (1, "second text"), (2, "label")]);
    }

    #[test]
    fn columns_of_a_template_have_the_role_of_a_prompt() {
        let mapping = Mapping::Completion { prompt: "{b}: {b}".into(), completion: 0 };
        assert_eq!(mapping.roles(&names(&["a", "b"])), [(1, "prompt"), (0, "completion")]);
    }
}
