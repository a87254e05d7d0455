//! The columns of a file that a model's input comes from.

use serde::{Deserialize, Serialize};

use crate::dataset::formats::record::Record;
use crate::dataset::mapping::Mapping;
use crate::dataset::source::SourceInfo;
use crate::dataset::template::Template;
use crate::diagnostic::Diagnostic;
use crate::phrases::names;
use crate::recipe::Task;

/// The columns of a file that a model's input comes from: by index, or by name for files to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputColumns<C = u32> {
    /// A text or a pair of texts.
    Text {
        /// Column of the text.
        text: C,
        /// Column of the second text, for a model of pairs.
        pair: Option<C>,
    },
    /// A question about a passage.
    Question {
        /// Column of the question.
        question: C,
        /// Column of the passage.
        context: C,
    },
    /// A prompt.
    Prompt {
        /// Template of the prompt, as in [`Mapping::Completion`].
        prompt: String,
    },
}

/// The contents of the input columns in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputCells {
    /// A text or a pair of texts.
    Text {
        /// The text.
        text: String,
        /// The second text of a pair.
        pair: Option<String>,
    },
    /// A question about a passage.
    Question {
        /// The question.
        question: String,
        /// The passage.
        context: String,
    },
    /// A prompt with its template filled in.
    Prompt(String),
}

impl<C> InputColumns<C> {
    /// The same columns, each converted; `None` if one cannot be.
    fn converted<D>(&self, convert: impl Fn(&C) -> Option<D>) -> Option<InputColumns<D>> {
        Some(match self {
            Self::Text { text, pair } => InputColumns::Text {
                text: convert(text)?,
                pair: match pair {
                    Some(pair) => Some(convert(pair)?),
                    None => None,
                },
            },
            Self::Question { question, context } => {
                InputColumns::Question { question: convert(question)?, context: convert(context)? }
            }
            Self::Prompt { prompt } => InputColumns::Prompt { prompt: prompt.clone() },
        })
    }
}

impl InputColumns<String> {
    /// The names of the input columns that a model is trained on. `None` for conversations and running text, whose columns
    /// are no prompts.
    pub fn of_training(mapping: &Mapping, columns: &[String]) -> Option<Self> {
        match mapping {
            Mapping::Chat { .. } | Mapping::Corpus { .. } => None,
            _ => InputColumns::of(mapping, columns).converted(|&column| columns.get(column as usize).cloned()),
        }
    }

    /// The columns of these names in a file; `None` if one is missing.
    fn find(&self, columns: &[String]) -> Option<InputColumns> {
        let position = |name: &String| columns.iter().position(|column| column == name).map(|index| index as u32);
        self.converted(position).filter(|found| found.check(columns).is_ok())
    }
}

impl InputColumns {
    /// The columns for a model of `task`, which reads pairs of texts or not: those of the names that it was trained on, if
    /// these are known and the file has them; otherwise those that look like its input.
    pub fn guess(info: &SourceInfo, task: Task, has_pairs: bool, trained_on: Option<&InputColumns<String>>) -> Self {
        if let Some(same) = trained_on.and_then(|names| names.find(&info.columns)) {
            return same;
        }
        // A file without labels fits no task. Its texts are where running text would be.
        let text = info.offers.iter().find_map(|offer| match offer.mapping {
            Mapping::Corpus { text } => Some(text),
            _ => None,
        });
        let text = text.unwrap_or(0);
        if task == Task::Generation {
            return Self::of(&Mapping::Corpus { text }, &info.columns);
        }
        let offers = info.offers.iter().filter(|offer| offer.mapping.task() == task);
        let best = offers.min_by_key(|offer| (!offer.fits, offer.mapping.has_pairs() != has_pairs));
        match best.map(|offer| (offer.fits, Self::of(&offer.mapping, &info.columns))) {
            Some((_, columns @ Self::Question { .. }) | (true, columns)) => columns.paired(has_pairs, info),
            _ => Self::Text { text, pair: None }.paired(has_pairs, info),
        }
    }

    /// The columns of a mapping that are a model's input.
    fn of(mapping: &Mapping, columns: &[String]) -> Self {
        let column = |index: u32| {
            let name = columns.get(index as usize).map_or("", String::as_str);
            Self::Prompt { prompt: format!("{{{name}}}") }
        };
        match *mapping {
            Mapping::Classification { text, pair, .. }
            | Mapping::MultiLabel { text, pair, .. }
            | Mapping::Regression { text, pair, .. } => Self::Text { text, pair },
            Mapping::TokenClassification { text, .. }
            | Mapping::Pairs { anchor: text, .. }
            | Mapping::ScoredPairs { text, .. }
            | Mapping::LabeledTexts { text, .. } => Self::Text { text, pair: None },
            Mapping::Reranking { query, passage, .. } => Self::Text { text: query, pair: Some(passage) },
            Mapping::QuestionAnswering { question, context, .. } => Self::Question { question, context },
            Mapping::Completion { ref prompt, .. } => Self::Prompt { prompt: prompt.clone() },
            Mapping::Chat { messages, .. } => column(messages),
            Mapping::Corpus { text } => column(text),
        }
    }

    /// Adds a second text, or takes it away, as the model needs.
    fn paired(self, has_pairs: bool, info: &SourceInfo) -> Self {
        match self {
            Self::Text { text, pair } if has_pairs => {
                let next = (0..info.columns.len() as u32).find(|&column| column > text);
                Self::Text { text, pair: pair.or(next) }
            }
            Self::Text { text, .. } => Self::Text { text, pair: None },
            other => other,
        }
    }

    /// Checks that the columns exist and are distinct.
    ///
    /// # Errors
    /// `predict.columns`, and `data.template` if the template names no column or an unknown one.
    pub fn check(&self, columns: &[String]) -> Result<(), Diagnostic> {
        let used = match self {
            Self::Text { text, pair } => vec![Some(*text), *pair],
            Self::Question { question, context } => vec![Some(*question), Some(*context)],
            Self::Prompt { prompt } => return Template::parse(prompt, columns).map(drop),
        };
        let used: Vec<u32> = used.into_iter().flatten().collect();
        let refused = |what: &str| {
            Diagnostic::new("predict.columns", what)
                .done("Nothing was predicted.")
                .remedy(format!("Choose among the file's columns: {}.", names(columns)))
        };
        if used.iter().any(|&column| column as usize >= columns.len()) {
            return Err(refused("The file has no such column."));
        }
        if used.len() == 2 && used[0] == used[1] {
            return Err(refused("The same column is chosen twice."));
        }
        Ok(())
    }

    /// The input in a row with these cells; `None` if a text is empty.
    ///
    /// # Errors
    /// As [`InputColumns::check`].
    pub fn cells(&self, columns: &[String], row: &[String], task: Task) -> Result<Option<InputCells>, Diagnostic> {
        let cell = |column: u32| {
            let cell = row.get(column as usize).map_or("", String::as_str);
            Some(cell.to_owned()).filter(|cell| !cell.trim().is_empty())
        };
        Ok(match self {
            Self::Text { text, pair } => {
                let text = cell(*text).map(|text| if task == Task::TokenClassification { joined(text) } else { text });
                match pair {
                    Some(pair) => text.zip(cell(*pair)).map(|(text, pair)| InputCells::Text { text, pair: Some(pair) }),
                    None => text.map(|text| InputCells::Text { text, pair: None }),
                }
            }
            Self::Question { question, context } => {
                let both = cell(*question).zip(cell(*context));
                both.map(|(question, context)| InputCells::Question { question, context })
            }
            Self::Prompt { prompt } => {
                Template::parse(prompt, columns)?.fill(&Record::from_cells(row)).map(InputCells::Prompt)
            }
        })
    }
}

/// The text of a cell with a list of words, as in files of tagged words; any other cell unchanged.
fn joined(cell: String) -> String {
    match serde_json::from_str::<Vec<String>>(&cell) {
        Ok(words) => words.join(" "),
        Err(_) => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::inspect::scan::Scanner;
    use crate::dataset::layout::Hints;

    fn scanned(text: &str) -> SourceInfo {
        let mut scanner = Scanner::new("a.csv", text.len() as f64, Hints::default());
        scanner.push(text.as_bytes()).unwrap();
        scanner.finish().unwrap()
    }

    fn named(columns: &[&str]) -> Vec<String> {
        columns.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn columns_are_found_by_the_names_of_the_training_file() {
        let info = scanned("review,id,comment\nso good,1,x\nso bad,2,y\n");
        let mapping = Mapping::Classification { text: 1, pair: None, label: 0 };
        let trained_on = InputColumns::of_training(&mapping, &named(&["label", "comment"]));
        let guess = InputColumns::guess(&info, Task::Classification, false, trained_on.as_ref());
        assert_eq!(guess, InputColumns::Text { text: 2, pair: None });
    }

    #[test]
    fn the_column_of_texts_is_guessed_without_labels() {
        let info = scanned(
            "id,date,review\n1,2024-01-01,The meal was good and the wine was better.\n2,2024-01-02,Never again in this place.\n",
        );
        for task in [Task::Classification, Task::MultiLabel, Task::Regression, Task::TokenClassification] {
            let guess = InputColumns::guess(&info, task, false, None);
            assert_eq!(guess, InputColumns::Text { text: 2, pair: None }, "{task:?}");
        }
        let prompt = InputColumns::Prompt { prompt: "{review}".into() };
        assert_eq!(InputColumns::guess(&info, Task::Generation, false, None), prompt);
    }

    #[test]
    fn a_model_of_pairs_gets_two_columns() {
        let info = scanned("premise,hypothesis\nA man eats a pie.,A man eats.\nA dog runs fast.,A dog sleeps.\n");
        let guess = InputColumns::guess(&info, Task::Classification, true, None);
        assert_eq!(guess, InputColumns::Text { text: 0, pair: Some(1) });
    }

    #[test]
    fn rows_without_a_text_have_no_input() {
        let columns = named(&["a", "b"]);
        let text = InputColumns::Text { text: 0, pair: Some(1) };
        let cells = |row: &[&str]| text.cells(&columns, &named(row), Task::Classification).unwrap();
        assert_eq!(cells(&["x", " "]), None);
        assert_eq!(cells(&["x", "y"]), Some(InputCells::Text { text: "x".into(), pair: Some("y".into()) }));
    }

    #[test]
    fn lists_of_words_are_joined_for_tags() {
        let columns = named(&["tokens"]);
        let text = InputColumns::Text { text: 0, pair: None };
        let row = named(&["[\"Anna\", \"sings\"]"]);
        let cells = |task| text.cells(&columns, &row, task).unwrap();
        assert_eq!(cells(Task::TokenClassification), Some(InputCells::Text { text: "Anna sings".into(), pair: None }));
        assert_eq!(cells(Task::Classification), Some(InputCells::Text { text: row[0].clone(), pair: None }));
    }

    #[test]
    fn a_prompt_is_filled_as_in_training() {
        let columns = named(&["eng", "deu"]);
        let mapping = Mapping::Completion { prompt: "Translate: {eng}\n".into(), completion: 1 };
        let trained_on = InputColumns::of_training(&mapping, &columns).unwrap();
        let input = trained_on.find(&named(&["id", "eng"])).unwrap();
        let cells = input.cells(&named(&["id", "eng"]), &named(&["1", "a dog"]), Task::Generation).unwrap();
        assert_eq!(cells, Some(InputCells::Prompt("Translate: a dog\n".into())));
        assert_eq!(trained_on.find(&named(&["id", "fra"])), None);
        assert_eq!(InputColumns::of_training(&Mapping::Chat { messages: 0 }, &columns), None);
    }

    #[test]
    fn columns_that_do_not_exist_or_are_used_twice_are_refused() {
        let columns = named(&["a", "b"]);
        let check = |input: InputColumns| input.check(&columns).map_err(|diagnostic| diagnostic.code);
        assert_eq!(check(InputColumns::Text { text: 2, pair: None }), Err("predict.columns".into()));
        assert_eq!(check(InputColumns::Question { question: 1, context: 1 }), Err("predict.columns".into()));
        assert_eq!(check(InputColumns::Prompt { prompt: "{c}".into() }), Err("data.template".into()));
        assert_eq!(check(InputColumns::Text { text: 0, pair: Some(1) }), Ok(()));
    }
}
