//! Guesses the task of a file from the names and contents of its columns.

use crate::dataset::formats::json_shapes::FIRST_NEGATIVE;
use crate::dataset::inspect::cell_kind::CellKind;
use crate::dataset::inspect::choice_columns::choice_columns;
use crate::dataset::inspect::column_names::{
    ANCHORS, ANSWERS, COMPLETIONS, CONVERSATIONS, LISTS, NUMBERS, PAIRS, PASSAGES, QUERIES, RELEVANCE, TAGS, TOKENS,
    lists_texts, names_labels,
};
use crate::dataset::inspect::columns::{ColumnStats, has_label_name, has_word, is_default_name, is_typical_name};
use crate::dataset::inspect::languages::language;
use crate::dataset::inspect::list_evidence::ListEvidence;
use crate::dataset::inspect::pair_columns::{numbered_pair, unnamed_pair};
use crate::dataset::layout::Format;
use crate::dataset::mapping::{Mapping, SYSTEM_COLUMNS};
use crate::dataset::template;

/// Number of 0/1 columns from which on they are labels, even if another column is named like one.
const MANY_FLAGS: usize = 3;

/// Possible mappings of a file, one per task and the likeliest first, each with the reason for it.
pub(crate) fn guess(format: Format, columns: &[String], stats: &ColumnStats) -> Vec<(Mapping, String)> {
    let file = Guesser { columns, stats };
    let found = [
        (format == Format::Conll).then(|| file.tags_of(0, 1)),
        (format == Format::Translations).then(|| file.translations()),
        file.choices(),
        file.completions(),
        file.questions(),
        file.chat(),
        file.anchors(),
        matches!(format, Format::JsonLines | Format::JsonArray).then(|| file.unnamed_pairs()).flatten(),
        file.passages().filter(|_| file.named("question").is_none()),
        file.tags(),
        file.preferences(),
        file.corpus().filter(|_| file.columns.len() == 1),
        file.instructions(),
        file.translation(),
        file.gold_pair(),
        file.unnamed_scores(),
        file.listed_completion(),
        file.labels(),
        file.regression(),
        file.pair(),
        file.classification(),
    ];
    // Fallbacks for other tasks, in case the user wants one of them.
    let others = [
        file.any_labels(),
        file.any_completion().filter(|_| file.has_two_texts() && file.named_number().is_none()),
        file.any_regression(),
        file.any_classification(),
        file.any_completion(),
        file.corpus(),
        file.scored_pairs(),
        file.pairs(),
        file.labeled_texts(),
        file.passages(),
    ];
    let mut guesses: Vec<(Mapping, String)> = Vec::new();
    for (mapping, why) in found.into_iter().chain(others).flatten() {
        let is_new = guesses.iter().all(|(known, _)| std::mem::discriminant(known) != std::mem::discriminant(&mapping));
        if is_new && mapping.check(file.columns).is_ok() {
            guesses.push((mapping, why));
        }
    }
    guesses
}

struct Guesser<'a> {
    columns: &'a [String],
    stats: &'a ColumnStats,
}

impl Guesser<'_> {
    /// The column with this name, ignoring case.
    fn named(&self, name: &str) -> Option<u32> {
        self.columns.iter().position(|column| column.trim().eq_ignore_ascii_case(name)).map(|index| index as u32)
    }

    fn first_named(&self, names: &[&str]) -> Option<u32> {
        names.iter().find_map(|name| self.named(name))
    }

    fn all(&self) -> impl Iterator<Item = u32> {
        0..self.columns.len() as u32
    }

    /// The column of a kind, if there is exactly one.
    fn only_column_of(&self, kind: CellKind) -> Option<u32> {
        let mut columns = self.all().filter(|&column| self.stats.kind(column) == kind);
        columns.next().filter(|_| columns.next().is_none())
    }

    fn name(&self, column: u32) -> &str {
        self.columns.get(column as usize).map_or("", String::as_str)
    }

    fn is_index(&self, column: u32) -> bool {
        self.stats.is_index(column, self.columns)
    }

    fn text(&self) -> u32 {
        self.stats.text_and_label(self.columns).0
    }

    fn corpus(&self) -> Option<(Mapping, String)> {
        let text = self.text();
        let why = match self.columns.len() {
            1 => "The file has a single column of text.".into(),
            _ => format!("Column “{}” contains texts.", self.name(text)),
        };
        let is_text = !self.stats.kind(text).is_json() && !self.stats.are_only_numbers(text);
        is_text.then_some((Mapping::Corpus { text }, why))
    }

    /// Questions with a column for each choice, as prompts that list the choices.
    fn choices(&self) -> Option<(Mapping, String)> {
        let found = choice_columns(self.columns, self.stats)?;
        let questions: String = found.questions.iter().map(|&it| template::of_column(self.name(it))).collect();
        let choices =
            found.choices.iter().map(|(name, column)| format!("{name}. {}", template::of_column(self.name(*column))));
        let prompt = questions + &choices.collect::<String>();
        let why =
            format!("Column “{}” says which of {} choices is right.", self.name(found.answer), found.choices.len());
        Some((Mapping::Completion { prompt, completion: found.answer }, why))
    }

    fn questions(&self) -> Option<(Mapping, String)> {
        let question = self.first_named(&["question", "query"])?;
        let context = self.first_named(&["context", "passage", "paragraph"])?;
        let answer = self
            .only_column_of(CellKind::Answers)
            .or_else(|| self.first_named(&["answers", "answer", "answer_text"]))
            // Yes and no are classes.
            .filter(|&answer| self.stats.kind(answer) != CellKind::Flag)?;
        let start = self.first_named(&["answer_start", "start"]);
        let why = format!("Column “{}” contains questions, “{}” passages.", self.name(question), self.name(context));
        Some((Mapping::QuestionAnswering { question, context, answer, start }, why))
    }

    fn chat(&self) -> Option<(Mapping, String)> {
        // Of several conversations, one may be named as the answer not to give.
        let named = || self.first_named(&CONVERSATIONS).filter(|&column| self.stats.kind(column) == CellKind::Messages);
        let messages = self.only_column_of(CellKind::Messages).or_else(named)?;
        let mut why = format!("Column “{}” contains conversations.", self.name(messages));
        if let Some(system) = self.first_named(&SYSTEM_COLUMNS) {
            why += &format!(" They begin with the instructions of “{}”.", self.name(system));
        }
        Some((Mapping::Chat { messages }, why))
    }

    /// Pairs or triplets for embeddings, under the names of sentence-transformers.
    fn anchors(&self) -> Option<(Mapping, String)> {
        let named = |(anchor, positive)| self.named(anchor).zip(self.named(positive));
        let (anchor, positive) = ANCHORS.into_iter().find_map(named)?;
        let negative = self.first_named(&["negative", "hard_negative", "negative_1", "neg", FIRST_NEGATIVE]);
        Some(self.pairs_of(anchor, positive, negative))
    }

    /// Arrays of two or three texts, as sentence-transformers' data sets write pairs and triplets.
    fn unnamed_pairs(&self) -> Option<(Mapping, String)> {
        let are_texts = self.all().all(|column| is_default_name(self.name(column)) && self.stats.is_long_text(column));
        let width = self.columns.len();
        (are_texts && (2..=3).contains(&width)).then(|| self.pairs_of(0, 1, (width == 3).then_some(2)))
    }

    /// Texts that belong together, in columns that also serve other tasks.
    fn pairs(&self) -> Option<(Mapping, String)> {
        let is_text = |(first, second): &(u32, u32)| self.stats.is_text(*first) || self.stats.is_text(*second);
        let named = |(first, second)| self.named(first).zip(self.named(second)).filter(is_text);
        let mut languages =
            self.all().filter(|&column| self.stats.is_text(column) && language(self.name(column)).is_some());
        let (anchor, positive) =
            ANSWERS.into_iter().chain(PAIRS).find_map(named).or_else(|| languages.next().zip(languages.next()))?;
        Some(self.pairs_of(anchor, positive, None))
    }

    fn pairs_of(&self, anchor: u32, positive: u32, negative: Option<u32>) -> (Mapping, String) {
        let (first, second) = (self.name(anchor), self.name(positive));
        let why = match negative {
            Some(negative) => format!(
                "Each text of “{first}” belongs to one of “{second}” and not to one of “{}”.",
                self.name(negative)
            ),
            None => format!("Each text of “{first}” belongs to one of “{second}”."),
        };
        (Mapping::Pairs { anchor, positive, negative }, why)
    }

    fn scored_pairs(&self) -> Option<(Mapping, String)> {
        let (text, pair) = self.pair_columns()?;
        let is_score = |column: &u32| {
            *column != text
                && *column != pair
                && (has_word(self.name(*column), NUMBERS) || has_word(self.name(*column), &["label"]))
                && self.stats.are_numbers(*column)
                && self.stats.varies(*column)
        };
        let score = self.all().find(is_score)?;
        let why = format!(
            "Column “{}” says how similar “{}” and “{}” are.",
            self.name(score),
            self.name(text),
            self.name(pair)
        );
        Some((Mapping::ScoredPairs { text, pair, score }, why))
    }

    fn labeled_texts(&self) -> Option<(Mapping, String)> {
        let (text, label) = self.stats.text_and_label(self.columns);
        let why = format!("Texts of “{}” are similar if they have the same “{}”.", self.name(text), self.name(label));
        let is_usable = self.stats.repeats(label) && self.any_classification().is_some();
        is_usable.then_some((Mapping::LabeledTexts { text, label }, why))
    }

    /// Queries with passages that fit or not.
    fn passages(&self) -> Option<(Mapping, String)> {
        let query = self.first_named(&QUERIES)?;
        let passage = self.first_named(&PASSAGES).filter(|&passage| !self.stats.kind(passage).is_json())?;
        let label = self.first_named(RELEVANCE).filter(|&label| self.stats.are_shares(label))?;
        let why = format!(
            "Column “{}” says which passages of “{}” fit “{}”.",
            self.name(label),
            self.name(passage),
            self.name(query)
        );
        Some((Mapping::Reranking { query, passage, label }, why))
    }

    /// Whole texts that people preferred to others.
    fn preferences(&self) -> Option<(Mapping, String)> {
        let (text, _) = self.named("chosen").zip(self.named("rejected"))?;
        if self.first_named(&["prompt", "instruction", "question", "input"]).is_some() {
            return None;
        }
        let why = format!("Column “{}” contains the preferred texts.", self.name(text));
        (!self.stats.kind(text).is_json()).then_some((Mapping::Corpus { text }, why))
    }

    fn tags(&self) -> Option<(Mapping, String)> {
        if let Some(tags) = self.only_column_of(CellKind::Spans) {
            let text = self.text();
            let why = format!("Column “{}” contains spans of “{}”.", self.name(tags), self.name(text));
            return Some((Mapping::TokenClassification { text, tags }, why));
        }
        self.named_tags().or_else(|| self.counted_tags())
    }

    /// Words and tags that are both lists, or both separated by spaces.
    fn named_tags(&self) -> Option<(Mapping, String)> {
        let mut candidates = self.all().filter(|&column| {
            let is_named = has_word(self.name(column), TAGS);
            match self.stats.kind(column) {
                // A single tag per cell is a class.
                CellKind::Tags => is_named && self.stats.is_text(column),
                CellKind::List => is_named,
                _ => false,
            }
        });
        // A file with both parts of speech and entities is mapped to the entities.
        let first = candidates.next()?;
        let tags = candidates.find(|&column| has_word(self.name(column), &["ner"])).unwrap_or(first);
        let is_array = self.stats.kind(tags) == CellKind::List;
        let fits = |column: &u32| {
            *column != tags
                && (self.stats.kind(*column) == CellKind::List) == is_array
                && has_word(self.name(*column), TOKENS)
        };
        let text = self.all().find(fits)?;
        Some(self.tags_of(text, tags))
    }

    /// A text and a list with one tag for each of its words, or words and tags separated by spaces.
    fn counted_tags(&self) -> Option<(Mapping, String)> {
        let may_be_tags = |tags: &u32| self.stats.kind(*tags) == CellKind::List || has_word(self.name(*tags), TAGS);
        let text_of = |tags: u32| {
            let is_text = |text: &u32| {
                let is_list = self.stats.kind(*text) == CellKind::List && has_word(self.name(*text), TOKENS);
                *text != tags && (self.stats.is_text(*text) || is_list) && self.stats.counts_agree(*text, tags)
            };
            self.all().find(is_text).map(|text| (text, tags))
        };
        let found: Vec<(u32, u32)> = self.all().filter(may_be_tags).filter_map(text_of).collect();
        let entities = found.iter().find(|(_, tags)| has_word(self.name(*tags), &["ner"]));
        entities.or(found.first()).map(|&(text, tags)| self.tags_of(text, tags))
    }

    fn tags_of(&self, text: u32, tags: u32) -> (Mapping, String) {
        let why = format!("Column “{}” has one tag for each word of “{}”.", self.name(tags), self.name(text));
        (Mapping::TokenClassification { text, tags }, why)
    }

    /// A prompt and its completion under these very names, whatever other columns there are.
    fn completions(&self) -> Option<(Mapping, String)> {
        self.named("prompt").zip(self.named("completion"))?;
        self.instructions()
    }

    fn instructions(&self) -> Option<(Mapping, String)> {
        if let Some(instruction) = self.named("instruction") {
            let completion = self.first_named(&["output", "response", "answer", "completion", "chosen"])?;
            let mut prompt = self.system_paragraph() + &format!("### Instruction:\n{{{}}}\n\n", self.name(instruction));
            if let Some(input) = self.first_named(&["input", "context"]) {
                prompt += &format!("### Input:\n{{{}}}\n\n", self.name(input));
            }
            prompt += "### Response:\n";
            let why = format!("Column “{}” answers “{}”.", self.name(completion), self.name(instruction));
            return Some((Mapping::Completion { prompt, completion }, why));
        }
        let named = |(prompt, completion)| self.named(prompt).zip(self.named(completion));
        let (prompt, completion) = COMPLETIONS.into_iter().find_map(named)?;
        if self.stats.kind(prompt).is_json() || self.stats.kind(completion).is_json() {
            return None;
        }
        // Short answers of a few kinds are classes.
        if !self.stats.is_text(completion) && !has_word(self.name(completion), &["completion"]) {
            return None;
        }
        let why = format!("Column “{}” completes “{}”.", self.name(completion), self.name(prompt));
        let prompt = self.system_paragraph() + &template::of_column(self.name(prompt));
        Some((Mapping::Completion { prompt, completion }, why))
    }

    /// Texts that people wrote for another one, in the lists of labels of doccano: translations and summaries.
    fn listed_completion(&self) -> Option<(Mapping, String)> {
        let is_listed = |&column: &u32| lists_texts(self.name(column)) && self.stats.are_listed_texts(column);
        let (text, completion) = (self.text(), self.all().find(is_listed)?);
        let why = format!("The first text in “{}” completes “{}”.", self.name(completion), self.name(text));
        Some((Mapping::Completion { prompt: template::of_column(self.name(text)), completion }, why))
    }

    /// A paragraph of a prompt with the instructions of a column of their own. Empty if there is none.
    fn system_paragraph(&self) -> String {
        self.first_named(&SYSTEM_COLUMNS).map(|system| format!("{{{}}}\n\n", self.name(system))).unwrap_or_default()
    }

    /// Sentences in two languages, after which their columns are named.
    fn translation(&self) -> Option<(Mapping, String)> {
        let mut languages = self
            .all()
            .filter(|&column| self.stats.is_text(column))
            .filter_map(|it| Some((it, language(self.name(it))?)));
        let ((from, source), (completion, target)) = (languages.next()?, languages.next()?);
        Some(self.translation_of(from, &format!(" from {source}"), completion, target))
    }

    /// The first two languages of a file of translations, whose texts may be single words. A catalog of gettext names only the
    /// second one.
    fn translations(&self) -> (Mapping, String) {
        let name = |column: u32| language(self.name(column)).unwrap_or(self.name(column));
        let source = if self.named("msgid") == Some(0) { String::new() } else { format!(" from {}", name(0)) };
        self.translation_of(0, &source, 1, name(1))
    }

    fn translation_of(&self, from: u32, source: &str, completion: u32, target: &str) -> (Mapping, String) {
        let to = if target == "msgstr" { String::new() } else { format!(" to {target}") };
        let prompt = format!("Translate{source}{to}.\n{}", template::of_column(self.name(from)));
        let why = format!(
            "Columns “{}” and “{}” contain sentences in two languages.",
            self.name(from),
            self.name(completion)
        );
        (Mapping::Completion { prompt, completion }, why)
    }

    fn labels(&self) -> Option<(Mapping, String)> {
        let (text, label) = self.stats.text_and_label(self.columns);
        let flags: Vec<u32> =
            self.all().filter(|&column| self.stats.kind(column) == CellKind::Flag && !self.is_index(column)).collect();
        // A column that is named like a label, and has several, goes before two columns that happen to have 0 and 1.
        let has_class = has_label_name(self.name(label)) && self.stats.kind(label) != CellKind::Flag;
        let has_class = has_class || has_word(self.name(label), &["label", "class", "category", "target"]);
        if flags.len() >= MANY_FLAGS || (flags.len() == 2 && !has_class) {
            let why = format!("{} columns contain only 0 and 1.", flags.len());
            return Some((Mapping::MultiLabel { text, pair: None, labels: flags }, why));
        }
        if let Some((labels, why)) = self.numbered_labels(text).filter(|(labels, _)| self.are_filled_in_turn(labels)) {
            return Some((Mapping::MultiLabel { text, pair: None, labels }, why));
        }
        let is_list = |column: &u32| {
            let is_plural = has_word(self.name(*column), LISTS);
            // 4,5 is a number rather than two labels, unless the column's name says otherwise.
            let are_numbers = self.stats.are_only_numbers(*column) && !is_plural;
            let are_lists = match self.stats.list_evidence(*column) {
                ListEvidence::Strong => true,
                ListEvidence::Some => is_plural,
                ListEvidence::None => false,
            };
            let is_list_like = match self.stats.kind(*column) {
                CellKind::List => true,
                CellKind::Text | CellKind::Flag => !are_numbers && (are_lists || self.stats.are_lists(*column)),
                _ => false,
            };
            // Tools write a list where each text has one label; a column in the plural may have several in other files.
            let is_single = !is_plural && self.stats.are_single_lists(*column);
            *column != text
                && !self.stats.kind(text).is_json()
                && is_list_like
                && !is_single
                && (is_plural || *column == label)
        };
        let list = self.all().find(is_list)?;
        let why = format!("Column “{}” lists labels.", self.name(list));
        Some((Mapping::MultiLabel { text, pair: None, labels: vec![list] }, why))
    }

    /// Numbered columns with a label each, such as `label1` and `label2`.
    fn numbered_labels(&self, text: u32) -> Option<(Vec<u32>, String)> {
        let stem = |column: u32| {
            let name = self.name(column).trim();
            let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
            let is_numbered = stem.len() < name.len() && names_labels(name);
            is_numbered.then(|| stem.trim_end_matches(|c: char| !c.is_alphanumeric()).to_lowercase())
        };
        let holds_labels = |column: &u32| {
            *column != text && self.stats.kind(*column) == CellKind::Text && !self.stats.are_distinct(*column)
        };
        let mut groups: Vec<(String, Vec<u32>)> = Vec::new();
        for column in self.all().filter(holds_labels) {
            let Some(stem) = stem(column) else { continue };
            match groups.iter_mut().find(|(known, _)| *known == stem) {
                Some((_, columns)) => columns.push(column),
                None => groups.push((stem, vec![column])),
            }
        }
        let (_, columns) = groups.into_iter().find(|(_, columns)| columns.len() > 1)?;
        let (first, last) = (self.name(*columns.first()?), self.name(*columns.last()?));
        let why = format!("Columns “{first}” to “{last}” have a label each.");
        Some((columns, why))
    }

    /// Returns true if columns have labels of one set, and later columns are empty where a text has fewer labels. Otherwise
    /// they may be the levels of a hierarchy, or the labels of several people.
    fn are_filled_in_turn(&self, columns: &[u32]) -> bool {
        let Some((&first, rest)) = columns.split_first() else { return false };
        rest.iter().any(|&column| self.stats.filled(column) < self.stats.filled(first))
            && rest.iter().all(|&column| self.stats.share_labels(first, column))
    }

    /// Lists in the likeliest column of labels, of which there are few or which are separated by spaces.
    fn any_labels(&self) -> Option<(Mapping, String)> {
        let (text, label) = self.stats.text_and_label(self.columns);
        if let Some((labels, why)) = self.numbered_labels(text) {
            return Some((Mapping::MultiLabel { text, pair: None, labels }, why));
        }
        let is_text = matches!(self.stats.kind(label), CellKind::Text | CellKind::Flag | CellKind::List);
        let is_list = is_text
            && (self.stats.list_evidence(label) > ListEvidence::None || self.stats.kind(label) == CellKind::List)
            && !self.stats.are_only_numbers(label);
        let why = format!("Some cells of column “{}” list labels.", self.name(label));
        let is_usable = is_list && text != label && !self.stats.kind(text).is_json();
        is_usable.then_some((Mapping::MultiLabel { text, pair: None, labels: vec![label] }, why))
    }

    fn regression(&self) -> Option<(Mapping, String)> {
        let is_number = |column: &u32| {
            let are_measured = self.stats.are_decimals(*column) || self.stats.are_percents(*column);
            has_word(self.name(*column), NUMBERS) && are_measured && self.stats.varies(*column)
        };
        let number = self.all().find(is_number)?;
        Some(self.regression_on(number))
    }

    /// Numbers for pairs of texts in a file without a header, as in the original files of STS.
    fn unnamed_scores(&self) -> Option<(Mapping, String)> {
        let (text, pair) = unnamed_pair(self.columns, self.stats)?;
        let is_score =
            |&column: &u32| self.stats.are_decimals(column) && self.stats.varies(column) && !self.is_index(column);
        let mut scores = self.all().filter(is_score);
        let number = scores.next().filter(|_| scores.next().is_none())?;
        let why = format!("Column “{}” contains a number for each pair of texts.", self.name(number));
        Some((Mapping::Regression { text, pair: Some(pair), number }, why))
    }

    /// Regression on any column of numbers.
    fn any_regression(&self) -> Option<(Mapping, String)> {
        let is_number = |column: &u32| {
            self.stats.are_numbers(*column)
                && !self.is_index(*column)
                && !has_word(self.name(*column), &["id", "index"])
        };
        let varied = self.all().filter(is_number).find(|&column| self.stats.varies(column));
        varied.or_else(|| self.all().find(is_number)).map(|number| self.regression_on(number))
    }

    fn regression_on(&self, number: u32) -> (Mapping, String) {
        let (text, pair) = match self.pair_columns() {
            Some((text, pair)) => (text, Some(pair)),
            None => (self.text(), None),
        };
        let why = format!("Column “{}” contains numbers.", self.name(number));
        (Mapping::Regression { text, pair, number }, why)
    }

    fn pair(&self) -> Option<(Mapping, String)> {
        let (text, pair) = self.pair_columns()?;
        let label = self
            .first_named(&["gold_label", "label", "is_duplicate", "class", "entailment_judgment"])
            .or_else(|| Some(self.stats.text_and_label(self.columns).1).filter(|&label| self.is_label(label)))
            .filter(|&label| label != text && label != pair)?;
        let why = format!("Columns “{}” and “{}” are pairs with a label.", self.name(text), self.name(pair));
        Some((Mapping::Classification { text, pair: Some(pair), label }, why))
    }

    /// Pairs whose label is the one that the annotators agreed on, in files that list each annotator's label too.
    fn gold_pair(&self) -> Option<(Mapping, String)> {
        self.named("gold_label").and_then(|_| self.pair())
    }

    fn pair_columns(&self) -> Option<(u32, u32)> {
        let is_text = |column: u32| !self.stats.kind(column).is_json();
        let named = |(first, second)| self.named(first).zip(self.named(second));
        let is_pair = |&(first, second): &(u32, u32)| is_text(first) && is_text(second);
        PAIRS.into_iter().filter_map(named).find(is_pair).or_else(|| numbered_pair(self.columns, self.stats))
    }

    /// Returns true if several rows share a label of this column.
    fn is_label(&self, label: u32) -> bool {
        !self.is_index(label) && !self.stats.are_distinct(label)
    }

    fn classification(&self) -> Option<(Mapping, String)> {
        let (_, label) = self.stats.text_and_label(self.columns);
        let are_measured = self.stats.are_fractions(label) || self.stats.are_percents(label);
        if are_measured && self.stats.varies(label) {
            return Some(self.regression_on(label));
        }
        self.any_classification().filter(|_| self.is_label(label))
    }

    /// Classification, even if no two rows have the same label.
    fn any_classification(&self) -> Option<(Mapping, String)> {
        let (text, label) = self.stats.text_and_label(self.columns);
        let is_nested = |column| self.stats.kind(column).is_json() && self.stats.kind(column) != CellKind::List;
        let is_usable = is_typical_name(self.name(label)) || (self.stats.is_filled(label) && !self.is_index(label));
        if self.stats.kind(text).is_json() || is_nested(label) || !is_usable || self.is_date_or_link(label) {
            return None;
        }
        let why = format!("Column “{}” contains texts, “{}” their labels.", self.name(text), self.name(label));
        (self.columns.len() > 1).then_some((Mapping::Classification { text, pair: None, label }, why))
    }

    /// Returns true if a column has dates or links, and is not named like a label.
    fn is_date_or_link(&self, column: u32) -> bool {
        self.stats.are_dates_or_links(column) && !has_label_name(self.name(column))
    }

    fn has_two_texts(&self) -> bool {
        self.all().filter(|&column| self.stats.is_long_text(column)).count() > 1
    }

    /// A column of numbers that is named like one.
    fn named_number(&self) -> Option<u32> {
        self.all().find(|&column| self.stats.are_numbers(column) && has_word(self.name(column), NUMBERS))
    }

    /// Completion from one column of text to another column.
    fn any_completion(&self) -> Option<(Mapping, String)> {
        let (text, label) = self.stats.text_and_label(self.columns);
        let texts: Vec<u32> = self.all().filter(|&column| self.stats.is_text(column)).collect();
        let (prompt, completion) = match texts.as_slice() {
            &[prompt, completion, ..] => (prompt, completion),
            _ if self.is_index(label) || !self.stats.is_filled(label) || self.is_date_or_link(label) => return None,
            _ => (text, label),
        };
        if self.stats.kind(prompt).is_json() || self.stats.kind(completion).is_json() {
            return None;
        }
        let why =
            format!("Column “{}” can be learned as the completion of “{}”.", self.name(completion), self.name(prompt));
        Some((Mapping::Completion { prompt: template::of_column(self.name(prompt)), completion }, why))
    }
}
