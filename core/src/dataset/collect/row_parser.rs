//! Turns one record into the texts and the target of a row.

use std::borrow::Cow;

use serde_json::Value;

use crate::dataset::collect::example::Word;
use crate::dataset::collect::flags::Flags;
use crate::dataset::collect::labels::LabelNames;
use crate::dataset::collect::numbers::NumberColumn;
use crate::dataset::collect::offsets::OffsetUnit;
use crate::dataset::collect::repairs::Repairs;
use crate::dataset::collect::row_error::RowError;
use crate::dataset::collect::row_targets::RowTarget;
use crate::dataset::collect::same_labels::trim;
use crate::dataset::collect::spans::OpenSpans;
use crate::dataset::collect::{answers, label_columns, label_lists, messages, spans, tags};
use crate::dataset::formats::record::Record;
use crate::dataset::inspect::column_names::lists_texts;
use crate::dataset::literal;
use crate::dataset::mapping::{Mapping, SYSTEM_COLUMNS};
use crate::dataset::source::SourceInfo;
use crate::dataset::template::Template;
use crate::diagnostic::Diagnostic;
use crate::phrases::{excerpt, names as quoted};

/// Words next to a number that sums up a column, as spreadsheets have them below a table.
const TOTALS: [&str; 8] = ["total", "total:", "totals", "grand total", "sum", "gesamt", "summe", "合計"];

/// A row, ready to be added to the examples.
pub(crate) struct ParsedRow<'a> {
    pub texts: Vec<Cow<'a, str>>,
    pub target: RowTarget,
}

/// Parses records by a mapping.
pub(crate) struct RowParser {
    mapping: Mapping,
    /// The prompt's template, for completions.
    template: Option<Template>,
    /// True if a completion is the first text of a list, as doccano exports it.
    has_listed_completions: bool,
    /// Column with the id of a question, by which its problems are reported.
    id_column: Option<usize>,
    /// Column with the instructions of a conversation.
    system_column: Option<usize>,
    /// Column in which an annotator has accepted or rejected the row, as in Prodigy's files.
    verdict_column: Option<usize>,
    /// Column that is filled in the rows that somebody annotated, as in Label Studio's tables.
    annotation_column: Option<usize>,
    /// Labels of pairs on which the annotators disagree.
    unlabeled: &'static [&'static str],
    /// Labels or tags found so far.
    pub names: LabelNames,
    pub repairs: Repairs,
    /// Number of rows parsed so far.
    rows: usize,
    pub flags: Flags,
    pub numbers: NumberColumn,
    pub open_spans: OpenSpans,
}

impl RowParser {
    /// A parser for a file that was scanned.
    ///
    /// # Errors
    /// As [`Mapping::check`].
    pub(crate) fn new(source: &SourceInfo, mapping: Mapping) -> Result<Self, Diagnostic> {
        let columns = source.columns.as_slice();
        mapping.check(columns)?;
        let template = match &mapping {
            Mapping::Completion { prompt, .. } => Some(Template::parse(prompt, columns)?),
            _ => None,
        };
        let has_listed_completions = match &mapping {
            Mapping::Completion { completion, .. } => {
                columns.get(*completion as usize).is_some_and(|it| lists_texts(it))
            }
            _ => false,
        };
        let names = match &mapping {
            Mapping::MultiLabel { labels, .. } if labels.len() == 1 || label_columns::hold_names(source, &mapping) => {
                LabelNames::of_lists()
            }
            Mapping::MultiLabel { labels, .. } => {
                LabelNames::from_names(labels.iter().filter_map(|&column| columns.get(column as usize).cloned()))
            }
            _ => LabelNames::default(),
        };
        let is_question = matches!(mapping, Mapping::QuestionAnswering { .. });
        let id_column = columns.iter().position(|name| is_question && name == "id");
        let used: Vec<u32> = mapping.roles(columns).into_iter().map(|(column, _)| column).collect();
        let unused = |candidates: &[&str]| {
            let is_unused = |&index: &usize| !used.contains(&(index as u32));
            let named = |name: &&str| columns.iter().position(|column| column.trim().eq_ignore_ascii_case(name));
            candidates.iter().find_map(named).filter(is_unused)
        };
        let system_column = unused(&SYSTEM_COLUMNS).filter(|_| matches!(mapping, Mapping::Chat { .. }));
        let verdict_column = unused(&["answer"]);
        let is_tagged = matches!(mapping, Mapping::TokenClassification { .. });
        let annotation_column = unused(&["annotation_id"]).filter(|_| is_tagged);
        let unlabeled = unlabeled(columns, &mapping);
        let repairs = Repairs::default();
        Ok(Self {
            mapping,
            template,
            has_listed_completions,
            id_column,
            system_column,
            verdict_column,
            annotation_column,
            unlabeled,
            names,
            repairs,
            rows: 0,
            flags: Flags::default(),
            numbers: NumberColumn::default(),
            open_spans: OpenSpans::default(),
        })
    }

    /// Parses the record that begins on `line`.
    pub(crate) fn parse<'a>(&mut self, line: u32, record: &'a Record) -> Result<ParsedRow<'a>, RowError> {
        let row = self.parse_row(line, record)?;
        self.rows += 1;
        Ok(row)
    }

    fn parse_row<'a>(&mut self, line: u32, record: &'a Record) -> Result<ParsedRow<'a>, RowError> {
        let Self {
            mapping,
            template,
            has_listed_completions,
            id_column,
            system_column,
            verdict_column,
            annotation_column,
            unlabeled,
            names,
            repairs,
            rows,
            flags,
            numbers,
            open_spans,
        } = self;
        let nth = *rows;
        let verdict = verdict_column.map(|column| record.get(column).trim()).unwrap_or_default();
        if ["reject", "ignore"].contains(&verdict) {
            return Err(format!("the annotator's answer is {}", quoted(&[verdict])).into());
        }
        match mapping {
            Mapping::Classification { text, pair, label } => {
                let label_cell = record.get(*label as usize).trim();
                if unlabeled.contains(&label_cell) {
                    return Err(format!("no gold label ({label_cell})").into());
                }
                class(record, (*text, *pair), *label, names)
            }
            Mapping::MultiLabel { text, pair, labels } => {
                let texts = texts(record, *text, *pair)?;
                let ids = match labels.as_slice() {
                    &[column] => label_lists::unsplit(record.get(column as usize), names)?,
                    columns if names.are_lists => {
                        label_lists::unsplit(&label_columns::as_list(record, columns), names)?
                    }
                    columns => flags.add(nth, record, columns)?,
                };
                Ok(ParsedRow { texts, target: RowTarget::Labels(ids) })
            }
            Mapping::Regression { text, pair, number } => {
                let texts = texts(record, *text, *pair)?;
                if texts.iter().any(|text| TOTALS.contains(&text.to_lowercase().as_str())) {
                    return Err("a total, not a row".into());
                }
                let cell = required(record, *number, "no number")?;
                let value = numbers.add(nth, cell)?;
                Ok(ParsedRow { texts, target: RowTarget::Number(value) })
            }
            Mapping::TokenClassification { text, tags } => {
                let is_annotated = annotation_column.is_some_and(|column| !record.get(column).trim().is_empty());
                let columns = TagColumns { text: *text, tags: *tags, is_annotated };
                tagged_words(RowPosition { line, nth }, record, columns, names, repairs, open_spans)
            }
            Mapping::QuestionAnswering { question, context, answer, start } => {
                let columns =
                    QuestionColumns { question: *question, context: *context, answer: *answer, start: *start };
                question_row(record, columns, repairs).map_err(|error| {
                    let id = id_column.map(|id| record.get(id)).filter(|id| !id.is_empty());
                    match (error, id) {
                        (RowError::Skip(reason), Some(id)) => {
                            RowError::Skip(format!("question {}: {reason}", excerpt(id, 60)))
                        }
                        (error, _) => error,
                    }
                })
            }
            Mapping::Completion { completion, .. } => {
                let completion = required(record, *completion, "no completion")?;
                if messages::are_messages(completion) {
                    return Err("the completion is a list of messages, not a text".into());
                }
                let prompt = template.as_ref().and_then(|template| template.fill(record)).ok_or("no prompt")?;
                let listed = Some(completion).filter(|_| *has_listed_completions).and_then(literal::first_text);
                let completion = listed.map_or(completion.into(), Cow::from);
                Ok(ParsedRow { texts: vec![prompt.into(), completion], target: RowTarget::Text })
            }
            Mapping::Chat { messages } => {
                let system = system_column.map(|column| record.get(column)).unwrap_or_default();
                let chat = messages::parse(required(record, *messages, "no messages")?, system)?;
                Ok(ParsedRow { texts: vec![chat.text.into()], target: RowTarget::Turns(chat.turns) })
            }
            Mapping::Corpus { text } => {
                required(record, *text, "no text")?;
                let text = record.get(*text as usize).trim_end();
                Ok(ParsedRow { texts: vec![text.into()], target: RowTarget::Text })
            }
            Mapping::Pairs { anchor, positive, negative } => pair(record, *anchor, *positive, *negative),
            Mapping::ScoredPairs { text, pair, score } => {
                let texts = texts(record, *text, Some(*pair))?;
                let score = numbers.add(nth, required(record, *score, "no score")?)?;
                Ok(ParsedRow { texts, target: RowTarget::Number(score) })
            }
            Mapping::LabeledTexts { text, label } => class(record, (*text, None), *label, names),
            Mapping::Reranking { query, passage, label } => {
                let query = required(record, *query, "no query")?;
                let passage = required(record, *passage, "no passage")?;
                let label = match required(record, *label, "no label")?.to_lowercase().as_str() {
                    "true" | "yes" => 1.0,
                    "false" | "no" => 0.0,
                    cell => numbers.add(nth, cell)?,
                };
                Ok(ParsedRow { texts: vec![query.into(), passage.into()], target: RowTarget::Number(label) })
            }
        }
    }
}

/// Labels that mark pairs on which the annotators disagree, as in SNLI and its relatives.
fn unlabeled(columns: &[String], mapping: &Mapping) -> &'static [&'static str] {
    let Mapping::Classification { text, pair: Some(_), label } = mapping else { return &[] };
    let is = |column: u32, name: &str| columns.get(column as usize).is_some_and(|it| it.eq_ignore_ascii_case(name));
    if is(*label, "gold_label") || is(*text, "premise") { &["-", "-1"] } else { &["-"] }
}

/// A cell that must not be empty, trimmed.
fn required<'a>(record: &'a Record, column: u32, missing: &str) -> Result<&'a str, RowError> {
    match record.get(column as usize).trim() {
        "" => Err(missing.into()),
        cell => Ok(cell),
    }
}

/// A text, followed by the second text if the mapping has pairs.
fn texts(record: &Record, text: u32, pair: Option<u32>) -> Result<Vec<Cow<'_, str>>, RowError> {
    let mut texts = vec![required(record, text, "no text")?.into()];
    if let Some(pair) = pair {
        texts.push(required(record, pair, "no second text")?.into());
    }
    Ok(texts)
}

/// Texts that belong together, and perhaps one that does not.
fn pair(record: &Record, anchor: u32, positive: u32, negative: Option<u32>) -> Result<ParsedRow<'_>, RowError> {
    let (anchor, positive) = (required(record, anchor, "no anchor")?, required(record, positive, "no positive")?);
    let mut texts = vec![anchor.into(), positive.into()];
    if anchor == positive {
        return Err("the anchor and the positive are the same text".into());
    }
    if let Some(negative) = negative {
        let negative = required(record, negative, "no negative")?;
        if negative == positive {
            return Err("the negative and the positive are the same text".into());
        }
        texts.push(negative.into());
    }
    Ok(ParsedRow { texts, target: RowTarget::Text })
}

fn class<'a>(
    record: &'a Record,
    (text, pair): (u32, Option<u32>),
    label: u32,
    names: &mut LabelNames,
) -> Result<ParsedRow<'a>, RowError> {
    let cell = record.get(label as usize);
    let only = literal::only_element(cell);
    let label = only.as_deref().map_or_else(|| trim(cell), str::trim);
    let texts = match texts(record, text, pair) {
        Err(RowError::Skip(reason)) if label.is_empty() => return Err(format!("{reason} and no label").into()),
        texts => texts?,
    };
    if label.is_empty() {
        return Err(RowError::Unlabeled(texts.into_iter().map(Cow::into_owned).collect()));
    }
    let id = names.id_of(label)?;
    names.count_row(id, only.is_none() && cell.len() > label.len());
    Ok(ParsedRow { texts, target: RowTarget::Class(id) })
}

struct TagColumns {
    text: u32,
    tags: u32,
    /// True if somebody annotated the row. Then no tags mean that there are no entities.
    is_annotated: bool,
}

struct RowPosition {
    line: u32,
    /// Number of rows before it.
    nth: usize,
}

fn tagged_words<'a>(
    position: RowPosition,
    record: &'a Record,
    columns: TagColumns,
    names: &mut LabelNames,
    repairs: &mut Repairs,
    open_spans: &mut OpenSpans,
) -> Result<ParsedRow<'a>, RowError> {
    required(record, columns.text, "no text")?;
    // Neither cell is trimmed: spans count characters of the text, and a word may itself be white space.
    let text = record.get(columns.text as usize);
    let tags = match record.get(columns.tags as usize) {
        tags if columns.is_annotated && tags.trim().is_empty() => "[]",
        tags => tags,
    };
    if tags.trim().is_empty() {
        return Err("no tags".into());
    }
    let (text, tagged) = match spans::parse(tags) {
        Some(_) if matches!(literal::value(text), Some(Ok(Value::Array(_)))) => {
            return Err("the tags are spans of a text, but the words are a list".into());
        }
        Some(spans) => {
            open_spans.add(position.nth, text, &spans);
            // The spans of other texts are repaired once it is known what they count.
            let mut unused = Repairs::default();
            let repairs = if text.is_ascii() { repairs } else { &mut unused };
            (Cow::from(text), spans::to_words(text, spans, OffsetUnit::Characters, position.line, repairs))
        }
        None => {
            let (text, tagged) = tags::pair_up(text, tags)?;
            (Cow::from(text), tagged)
        }
    };
    let mut words = Vec::with_capacity(tagged.len());
    for (range, tag) in tagged {
        words.push(Word { start: range.start as u32, end: range.end as u32, tag: names.id_of(&tag)? });
    }
    Ok(ParsedRow { texts: vec![text], target: RowTarget::Words(words) })
}

struct QuestionColumns {
    question: u32,
    context: u32,
    answer: u32,
    start: Option<u32>,
}

fn question_row<'a>(
    record: &'a Record,
    columns: QuestionColumns,
    repairs: &mut Repairs,
) -> Result<ParsedRow<'a>, RowError> {
    let question = required(record, columns.question, "no question")?;
    required(record, columns.context, "no passage")?;
    // Not trimmed: the answers' offsets count from its beginning.
    let context = record.get(columns.context as usize);
    let start = columns.start.map(|start| record.get(start as usize));
    let answers = answers::parse(record.get(columns.answer as usize), start)?;
    let spans = answers::locate_all(context, &answers, &mut repairs.answers)?;
    Ok(ParsedRow { texts: vec![question.into(), context.into()], target: RowTarget::Answers(spans) })
}
