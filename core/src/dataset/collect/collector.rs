//! The second pass over a file: collects the rows that a mapping describes.

use crate::dataset::collect::examples::Examples;
use crate::dataset::collect::flags::ResolvedFlags;
use crate::dataset::collect::label_lists::ListForm;
use crate::dataset::collect::numbers::ResolvedNumbers;
use crate::dataset::collect::records::Records;
use crate::dataset::collect::row_error::RowError;
use crate::dataset::collect::row_parser::RowParser;
use crate::dataset::collect::row_targets::RowTargets;
use crate::dataset::collect::stream::RecordStream;
use crate::dataset::collect::{answers, label_lists, same_labels, spans, tags};
use crate::dataset::data_recipe::DataRecipe;
use crate::dataset::formats::reader::ParsedRecord;
use crate::dataset::formats::record::Record;
use crate::dataset::mapping::Mapping;
use crate::dataset::source::SourceInfo;
use crate::diagnostic::Diagnostic;
use crate::phrases::{count, thousands};

/// Collects the rows of a file, in chunks of any size.
pub struct Collector {
    records: RecordStream,
    /// Character between the labels of a cell, where the user has set it.
    label_separator: Option<char>,
    rows: RowCollector,
}

/// Parses records and keeps the rows.
struct RowCollector {
    parser: RowParser,
    examples: Examples,
}

impl Collector {
    /// A collector for a file that was scanned.
    ///
    /// # Errors
    /// As [`Mapping::check`].
    pub fn new(source: &SourceInfo, mapping: Mapping) -> Result<Self, Diagnostic> {
        let parser = RowParser::new(source, mapping.clone())?;
        let data_recipe = DataRecipe::new(source, &mapping);
        let mut examples = Examples::new(mapping, &source.columns);
        examples.data_recipe = data_recipe;
        examples.records = Records::of(source);
        let (records, label_separator) = (RecordStream::new(source), source.hints.label_separator);
        Ok(Self { records, label_separator, rows: RowCollector { parser, examples } })
    }

    /// Reads the next chunk.
    ///
    /// # Errors
    /// Bytes that cannot be decoded, `data.too-much-text` and `data.too-many-labels`.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), Diagnostic> {
        self.records.push(chunk, &mut |record| self.rows.add(record))
    }

    /// Returns the rows.
    ///
    /// # Errors
    /// As [`Collector::push`], and `data.no-rows` if no row is complete.
    pub fn finish(self) -> Result<Examples, Diagnostic> {
        let examples = self.finish_training()?;
        if examples.is_empty() { Err(no_rows(&examples)) } else { Ok(examples) }
    }

    /// Returns the rows of a training file. There may be none yet if there are rows to be labeled.
    ///
    /// # Errors
    /// As [`Collector::push`], `data.no-rows` if no row is complete, or lacks nothing but a label, and `data.label-range` for
    /// labels of passages that are not from 0 to 1.
    pub fn finish_training(mut self) -> Result<Examples, Diagnostic> {
        self.records.finish(&mut |record| self.rows.add(record))?;
        let RowCollector { parser, mut examples } = self.rows;
        let RowParser { mut names, repairs, flags, numbers, open_spans, .. } = parser;
        examples.repairs = repairs;
        let (unit, warning) = open_spans.unit();
        examples.repairs.warnings.extend(warning);
        for (row, spans) in open_spans.rows {
            let mut repairs = std::mem::take(&mut examples.repairs);
            let tagged = spans::to_words(examples.text(row), spans, unit, examples.line(row), &mut repairs);
            examples.repairs = repairs;
            if let RowTargets::Words(lists) = &mut examples.targets {
                for (word, (_, tag)) in lists.get_mut(row).iter_mut().zip(tagged) {
                    // A label that is too long keeps the word as it was read first.
                    word.tag = names.id_of(&tag).unwrap_or(word.tag);
                }
            }
        }
        examples.repairs.skipped_spans.first.sort_by_key(|row| row.line);
        match &mut examples.targets {
            RowTargets::Labels(_) if !names.are_lists => {
                let ResolvedFlags { skipped, warning } = flags.resolve();
                examples.skip_rows(&skipped);
                examples.repairs.warnings.extend(warning);
            }
            RowTargets::Numbers(values) => {
                let ResolvedNumbers { numbers, skipped, warnings } = numbers.resolve();
                for (row, number) in numbers {
                    if let Some(value) = values.get_mut(row) {
                        *value = number;
                    }
                }
                examples.skip_rows(&skipped);
                examples.repairs.warnings.extend(warnings);
                check_relevance(&examples)?;
            }
            _ => {}
        }
        examples.repairs.warnings.extend(mostly_skipped(&examples));
        if examples.is_empty() && examples.pool.total == 0 {
            return Err(no_rows(&examples));
        }
        let has_columns = matches!(&examples.mapping, Mapping::MultiLabel { labels, .. } if labels.len() > 1);
        let is_named_by_column = has_columns && !names.are_lists;
        if let RowTargets::Labels(lists) = &mut examples.targets
            && names.are_lists
        {
            let set = self.label_separator.filter(|_| !has_columns);
            let split = label_lists::split(&mut names, lists, set);
            (*lists, examples.list_form) = (split.rows, ListForm { is_in_columns: has_columns, ..split.form });
            examples.repairs.warnings.extend(split.warning);
        }
        if !is_named_by_column {
            let (new_ids, spellings) = same_labels::join(&mut names);
            examples.targets.relabel(&new_ids);
            examples.repairs.joined_labels = spellings;
        }
        if let RowTargets::Words(words) = &mut examples.targets {
            examples.repairs.tags = tags::make_consistent(&mut names, words);
        }
        match &examples.targets {
            RowTargets::Answers(lists) => {
                let has_answers = (0..lists.len()).any(|row| !lists.get(row).is_empty());
                examples.repairs.lost_targets.retain(|_| !has_answers);
            }
            _ => examples.repairs.lost_targets.retain(|label| names.all.iter().all(|known| known.name != label)),
        }
        examples.label_names = names.all;
        Ok(examples)
    }
}

impl RowCollector {
    /// Adds the record's row, or lists it as skipped.
    fn add(&mut self, ParsedRecord { line, record }: ParsedRecord) -> Result<(), Diagnostic> {
        self.examples.records.count += 1;
        let row = match record.clone() {
            Ok(record) => self.parser.parse(line, record),
            Err(reason) => Err(RowError::Skip(reason)),
        };
        match row {
            Ok(row) => {
                self.examples.push(line, &row.texts, row.target)?;
                self.examples.records.add_row();
                Ok(())
            }
            Err(RowError::Skip(reason)) => {
                if let Ok(record) = record {
                    self.parser.repairs.lost_targets.add(side(&self.examples.mapping, record), line, &reason);
                }
                self.examples.skipped.add(line, reason);
                Ok(())
            }
            Err(RowError::Unlabeled(texts)) => {
                if matches!(self.examples.mapping, Mapping::Classification { .. }) {
                    self.examples.pool.add(line, &texts);
                }
                self.examples.skipped.add(line, "no label");
                Ok(())
            }
            Err(RowError::Abort(diagnostic)) => Err(diagnostic),
        }
    }
}

/// Checks that the labels of passages are from 0 to 1.
///
/// # Errors
/// `data.label-range`.
fn check_relevance(examples: &Examples) -> Result<(), Diagnostic> {
    let (Mapping::Reranking { .. }, RowTargets::Numbers(labels)) = (&examples.mapping, &examples.targets) else {
        return Ok(());
    };
    let outside = (0..).zip(labels).find(|(_, label)| !(0.0..=1.0).contains(*label));
    outside.map_or(Ok(()), |(row, label)| {
        let what = format!(
            "Line {} has the label {label}. Labels must be from 0 (the passage does not fit the query) to 1 (it fits).",
            examples.line(row)
        );
        let remedy = "Divide grades by the highest one, or choose another column as the label.";
        Err(Diagnostic::new("data.label-range", what).done("No rows were read from the file.").remedy(remedy))
    })
}

/// The error of a file without a row that is complete.
fn no_rows(examples: &Examples) -> Diagnostic {
    let why = match examples.skipped.first.first() {
        Some(row) => format!(" Line {}: {}.", row.line, row.reason),
        None => String::new(),
    };
    Diagnostic::new("data.no-rows", format!("No row has {}.{why}", required_parts(&examples.mapping)))
        .done("No rows were read from the file.")
        .remedy(remedy(&examples.mapping))
}

/// Warns if most rows do not fit the columns. Rows that lack nothing but a label do.
fn mostly_skipped(examples: &Examples) -> Option<Diagnostic> {
    let (kept, skipped) = (examples.len(), examples.skipped.rows - examples.pool.total);
    let first = examples.skipped.first.first().filter(|_| skipped > kept)?;
    let what = format!("{} of {} cannot be used.", thousands(skipped), count(kept + skipped, "row"));
    let needs = examples.mapping.needs();
    Some(
        Diagnostic::new("data.mostly-skipped", what)
            .done(format!("Skipped. First, line {}: {}.", first.line, first.reason))
            .remedy(format!("This task needs {needs}. Check the columns, or choose another task.")),
    )
}

fn remedy(mapping: &Mapping) -> String {
    match mapping {
        Mapping::Chat { .. } => {
            "Use the roles system, user and assistant. Leave tool calls and their results out, or rename their roles to \
             assistant and user. If these are no conversations, choose another column or another task."
                .into()
        }
        _ => format!("This task needs {}. Choose other columns, or another task.", mapping.needs()),
    }
}

/// The side of the data on which a record is: its label for classification, "answer" for questions with an answer. Empty
/// for other tasks.
fn side<'a>(mapping: &Mapping, record: &'a Record) -> &'a str {
    match mapping {
        Mapping::Classification { label, .. } | Mapping::LabeledTexts { label, .. } => {
            record.get(*label as usize).trim()
        }
        Mapping::QuestionAnswering { answer, start, .. } => {
            let start = start.map(|start| record.get(start as usize));
            let is_unanswerable = answers::parse(record.get(*answer as usize), start).is_ok_and(|all| all.is_empty());
            if is_unanswerable { "" } else { "answer" }
        }
        _ => "",
    }
}

/// Cells that a row must have, in words.
fn required_parts(mapping: &Mapping) -> &'static str {
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
        Mapping::Pairs { negative: None, .. } => "both an anchor and a positive that differ",
        Mapping::Pairs { .. } => "an anchor, a positive and a negative that differ",
        Mapping::ScoredPairs { .. } => "two texts and a score",
        Mapping::LabeledTexts { .. } => "both a text and a label",
        Mapping::Reranking { .. } => "a query, a passage and a label from 0 to 1",
    }
}
