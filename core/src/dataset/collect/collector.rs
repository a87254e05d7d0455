//! The second pass over a file: what a mapping takes of every row.

use crate::dataset::collect::example::Word;
use crate::dataset::collect::examples::{Examples, Targets};
use crate::dataset::collect::labels::LabelNames;
use crate::dataset::collect::row_error::RowError;
use crate::dataset::collect::{answers, label_lists, messages, spans, tags};
use crate::dataset::formats::decode::Decoder;
use crate::dataset::formats::reader::{Row, Rows};
use crate::dataset::formats::record::Cells;
use crate::dataset::mapping::Mapping;
use crate::dataset::phrases::excerpt;
use crate::dataset::source::SourceInfo;
use crate::dataset::template::Template;
use crate::diagnostic::Diagnostic;

/// Takes the columns of a mapping out of a file's chunks.
pub struct Collector {
    decoder: Decoder,
    rows: Rows,
    text: String,
    taker: Taker,
}

/// Turns the cells of a row into what is learned.
struct Taker {
    examples: Examples,
    names: LabelNames,
    /// Of a completion.
    template: Option<Template>,
    /// The column by which a question is named, where there is one.
    id: Option<usize>,
}

impl Collector {
    /// A collector for a file that was scanned.
    ///
    /// # Errors
    /// As [`Mapping::check`].
    pub fn new(source: &SourceInfo, mapping: Mapping) -> Result<Self, Diagnostic> {
        mapping.check(&source.columns)?;
        let template = match &mapping {
            Mapping::Completion { prompt, .. } => Some(Template::parse(prompt, &source.columns)?),
            _ => None,
        };
        let mut names = LabelNames::default();
        if let Mapping::MultiLabel { labels, .. } = &mapping {
            names.are_lists = labels.len() == 1;
            if !names.are_lists {
                let columns = labels.iter().map(|&column| source.columns[column as usize].clone());
                names = LabelNames::known(columns);
            }
        }
        let is_question = matches!(mapping, Mapping::QuestionAnswering { .. });
        let id = source.columns.iter().position(|name| is_question && name == "id");
        Ok(Self {
            decoder: Decoder::new(source.encoding),
            rows: Rows::new(source),
            text: String::new(),
            taker: Taker { examples: Examples::new(mapping), names, template, id },
        })
    }

    /// Reads the next chunk.
    ///
    /// # Errors
    /// Bytes that cannot be read, and `data.too-much-text`, `data.too-many-labels`.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), Diagnostic> {
        self.text.clear();
        self.decoder.push(chunk, &mut self.text)?;
        self.read(false)
    }

    /// Gives the rows.
    ///
    /// # Errors
    /// As [`Collector::push`], and `data.no-rows` where no row has all that is needed.
    pub fn finish(mut self) -> Result<Examples, Diagnostic> {
        self.decoder.finish()?;
        self.text.clear();
        self.read(true)?;
        let Taker { mut examples, mut names, .. } = self.taker;
        if examples.is_empty() {
            let why = match examples.skipped.first.first() {
                Some(row) => format!(" Line {}: {}.", row.line, row.reason),
                None => String::new(),
            };
            let what = format!("No row has {}.{why}", needed(&examples.mapping));
            return Err(Diagnostic::new("data.no-rows", what)
                .done("Nothing was taken from the file.")
                .remedy("Choose other columns."));
        }
        match &mut examples.targets {
            Targets::Labels(lists) if names.are_lists => *lists = label_lists::split(&mut names, lists),
            Targets::Words(words) => examples.repairs.tags = tags::make_consistent(&mut names, words),
            _ => {}
        }
        examples.label_names = names.all;
        Ok(examples)
    }

    fn read(&mut self, is_end: bool) -> Result<(), Diagnostic> {
        let Self { rows, text, taker, .. } = self;
        rows.push(text, is_end, &mut |row| taker.add(row))
    }
}

/// What a row must have, in words.
fn needed(mapping: &Mapping) -> &'static str {
    match mapping {
        Mapping::Classification { pair: None, .. } => "both a text and a label",
        Mapping::Classification { .. } => "two texts and a label",
        Mapping::MultiLabel { .. } => "a text and labels that can be read",
        Mapping::Regression { .. } => "both a text and a number",
        Mapping::TokenClassification { .. } => "words with their tags",
        Mapping::QuestionAnswering { .. } => "a question, a passage and an answer in it",
        Mapping::Completion { .. } => "both a prompt and a completion",
        Mapping::Chat { .. } => "a turn of the assistant",
        Mapping::Corpus { .. } => "a text",
    }
}

/// A cell that must not be empty, without white space around it.
fn filled<'a>(cells: &'a Cells, column: u32, missing: &str) -> Result<&'a str, RowError> {
    match cells.get(column as usize).trim() {
        "" => Err(missing.into()),
        cell => Ok(cell),
    }
}

/// A text, and its second where the mapping has pairs.
fn texts(cells: &Cells, text: u32, pair: Option<u32>) -> Result<Vec<&str>, RowError> {
    let mut texts = vec![filled(cells, text, "no text")?];
    if let Some(pair) = pair {
        texts.push(filled(cells, pair, "no second text")?);
    }
    Ok(texts)
}

impl Taker {
    fn add(&mut self, row: Row) -> Result<(), Diagnostic> {
        let taken = match row.cells {
            Ok(cells) => self.take(row.line, cells),
            Err(reason) => Err(RowError::Row(reason)),
        };
        match taken {
            Ok(()) => Ok(()),
            Err(RowError::Row(reason)) => {
                self.examples.skipped.add(row.line, reason);
                Ok(())
            }
            Err(RowError::File(diagnostic)) => Err(diagnostic),
        }
    }

    fn take(&mut self, line: u32, cells: &Cells) -> Result<(), RowError> {
        let mapping = self.examples.mapping.clone();
        match mapping {
            Mapping::Classification { text, pair, label } => self.take_class(line, cells, (text, pair), label),
            Mapping::MultiLabel { text, pair, labels } => self.take_labels(line, cells, (text, pair), &labels),
            Mapping::Regression { text, pair, number } => {
                let texts = texts(cells, text, pair)?;
                let cell = filled(cells, number, "no number")?;
                let value = cell.parse::<f32>().ok().filter(|value| value.is_finite());
                let value = value.ok_or_else(|| format!("\"{}\" is not a number", excerpt(cell, 40)))?;
                self.examples.push(line, &texts)?;
                if let Targets::Numbers(numbers) = &mut self.examples.targets {
                    numbers.push(value);
                }
                Ok(())
            }
            Mapping::TokenClassification { text, tags } => self.take_tags(line, cells, text, tags),
            Mapping::QuestionAnswering { question, context, answer, start } => {
                let start = start.map(|start| cells.get(start as usize));
                let taken = self.take_question(line, cells, (question, context), (answer, start));
                let id = self.id.map(|id| cells.get(id)).filter(|id| !id.is_empty());
                taken.map_err(|refusal| match (refusal, id) {
                    (RowError::Row(reason), Some(id)) => {
                        RowError::Row(format!("question {}: {reason}", excerpt(id, 60)))
                    }
                    (refusal, _) => refusal,
                })
            }
            Mapping::Completion { completion, .. } => {
                let completion = filled(cells, completion, "no completion")?;
                let prompt = self.template.as_ref().and_then(|template| template.fill(cells));
                self.examples.push(line, &[&prompt.ok_or("no prompt")?, completion])?;
                Ok(())
            }
            Mapping::Chat { messages } => {
                let (text, turns) = messages::parse(filled(cells, messages, "no messages")?)?;
                self.examples.push(line, &[&text])?;
                if let Targets::Turns(lists) = &mut self.examples.targets {
                    lists.push(turns);
                }
                Ok(())
            }
            Mapping::Corpus { text } => {
                filled(cells, text, "no text")?;
                self.examples.push(line, &[cells.get(text as usize).trim_end()])?;
                Ok(())
            }
        }
    }

    fn take_class(&mut self, line: u32, cells: &Cells, of: (u32, Option<u32>), label: u32) -> Result<(), RowError> {
        let raw = cells.get(label as usize);
        let label = raw.trim();
        let texts = match texts(cells, of.0, of.1) {
            Err(RowError::Row(reason)) if label.is_empty() => return Err(format!("{reason} and no label").into()),
            texts => texts?,
        };
        if label.is_empty() {
            return Err("no label".into());
        }
        let id = self.names.id(label)?;
        self.examples.push(line, &texts)?;
        let name = &mut self.names.all[id as usize];
        name.rows += 1;
        name.padded_rows += usize::from(raw.len() > label.len());
        if let Targets::Classes(classes) = &mut self.examples.targets {
            classes.push(id);
        }
        Ok(())
    }

    fn take_labels(
        &mut self,
        line: u32,
        cells: &Cells,
        of: (u32, Option<u32>),
        columns: &[u32],
    ) -> Result<(), RowError> {
        let texts = texts(cells, of.0, of.1)?;
        let ids = match columns {
            &[column] => label_lists::raw(cells.get(column as usize), &mut self.names)?,
            columns => label_lists::from_flags(cells, columns)?,
        };
        self.examples.push(line, &texts)?;
        if let Targets::Labels(lists) = &mut self.examples.targets {
            lists.push(ids);
        }
        Ok(())
    }

    fn take_tags(&mut self, line: u32, cells: &Cells, text: u32, tag_column: u32) -> Result<(), RowError> {
        filled(cells, text, "no text")?;
        // Neither is trimmed: spans are counted in the text, and a tag may stand beside a word of white space.
        let (text, tags) = (cells.get(text as usize), cells.get(tag_column as usize));
        let (text, words) = match spans::parse(tags) {
            Some(found) => (text.to_owned(), spans::to_words(text, found, line, &mut self.examples.repairs)),
            None => tags::pair_up(text, tags)?,
        };
        let mut tagged = Vec::with_capacity(words.len());
        for (range, tag) in words {
            tagged.push(Word { start: range.start as u32, end: range.end as u32, tag: self.names.id(&tag)? });
        }
        self.examples.push(line, &[&text])?;
        if let Targets::Words(lists) = &mut self.examples.targets {
            lists.push(tagged);
        }
        Ok(())
    }

    fn take_question(
        &mut self,
        line: u32,
        cells: &Cells,
        (question, context): (u32, u32),
        (answer, start): (u32, Option<&str>),
    ) -> Result<(), RowError> {
        let question = filled(cells, question, "no question")?;
        filled(cells, context, "no passage")?;
        // Not trimmed: the answers' places are counted in it.
        let context = cells.get(context as usize);
        let given = answers::parse(cells.get(answer as usize), start)?;
        let found = answers::locate_all(context, &given, &mut self.examples.repairs.answers)?;
        self.examples.push(line, &[question, context])?;
        if let Targets::Answers(lists) = &mut self.examples.targets {
            lists.push(found);
        }
        Ok(())
    }
}
