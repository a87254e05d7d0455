//! Finds the columns of a CoNLL file: which one has the words, and which one the tags.

use std::collections::HashSet;

use crate::dataset::formats::brackets;
use crate::dataset::formats::conll_lines::{is_id, member, most_frequent, sentences, split_line};
use crate::dataset::tag_scheme::{BioTag, is_bio, parse};
use crate::limits::SNIFF_BYTES;

/// Bytes at the beginning of a file from which the columns are detected. At least as many are known when the format is
/// detected, so that both passes find the same columns.
pub(crate) const DETECTION_BYTES: usize = SNIFF_BYTES / 4;
/// File extensions of CoNLL files.
const EXTENSIONS: [&str; 5] = [".conll", ".conllu", ".iob", ".iob2", ".bio"];
/// Most different tags of a file that is recognized by its name alone.
const MAX_TAGS: usize = 200;
/// Most columns of a file whose last column is its tags, if none follows BIO.
const MAX_NARROW_WIDTH: usize = 5;
/// Ratio of the lines that must have the same number of columns in a file that is recognized by its name.
const MIN_WIDTH_RATIO: f64 = 0.9;
/// Columns of CoNLL-U, <https://universaldependencies.org/format.html>.
const CONLLU: [&str; 10] = ["id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc"];
/// Keys of CoNLL-U's last column that hold an entity's tag: NorNE and its relatives.
const ENTITY_KEYS: [&str; 4] = ["name", "ner", "entity", "ne"];
/// Names of the column of words in a file whose first line names the columns.
const WORD_NAMES: [&str; 5] = ["token", "tokens", "word", "words", "form"];

/// Place of a word's tag.
#[derive(Clone, Debug, PartialEq)]
enum TagSource {
    Column(usize),
    /// A column with brackets around entities.
    Brackets(usize),
    /// A member `name=B-PER` of the last column of CoNLL-U.
    Member {
        column: usize,
        key: String,
    },
}

/// Columns of a CoNLL file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ConllColumns {
    width: usize,
    word: usize,
    tag: TagSource,
    /// Column with the number of each word, if there is one.
    id: Option<usize>,
    /// The tags of the sample. A line that begins with `#` is a word only if it has one of them.
    tags: HashSet<String>,
    /// The line that names the columns, if there is one.
    header: Option<String>,
    /// A language before each word of the sample, as in WikiANN: `en:`.
    language: Option<String>,
    names: Vec<String>,
}

impl Default for ConllColumns {
    fn default() -> Self {
        Self {
            width: 2,
            word: 0,
            tag: TagSource::Column(1),
            id: None,
            tags: HashSet::new(),
            header: None,
            language: None,
            names: vec!["tokens".into(), "tags".into()],
        }
    }
}

/// A line of a CoNLL file.
pub(crate) enum ConllLine<'a> {
    /// Ends a sentence.
    Blank,
    /// A comment, the beginning of a document, or a token of CoNLL-U that is not a word: `1-2` and `1.1`.
    Comment,
    /// The columns of a word.
    Word(Vec<&'a str>),
}

impl ConllColumns {
    /// Detects the columns from the first [`DETECTION_BYTES`] of a file. None if the lines have no fixed number of columns,
    /// or no column has tags.
    pub(crate) fn detect(sample: &str) -> Option<Self> {
        let end = sample.floor_char_boundary(DETECTION_BYTES);
        // The last line may be cut.
        let whole = match sample[..end].rfind('\n') {
            Some(line_end) if end < sample.len() || sample.ends_with('\n') => &sample[..line_end],
            _ => sample,
        };
        let sentences = sentences(whole);
        let lines = || sentences.iter().flatten();
        let (width, fitting) = most_frequent(lines().map(Vec::len))?;
        if width < 2 || (fitting as f64) < MIN_WIDTH_RATIO * lines().count() as f64 {
            return None;
        }
        let is_header = |line: &&Vec<&str>| {
            line.len() == width && line.iter().any(|name| WORD_NAMES.contains(&name.trim().to_lowercase().as_str()))
        };
        let header = lines().next().filter(is_header).filter(|line| !line.iter().any(|name| is_bio(name.trim())));
        let rows: Vec<Vec<&[&str]>> = sentences
            .iter()
            .map(|lines| lines.iter().filter(|line| line.len() == width && Some(*line) != header))
            .map(|lines| lines.map(Vec::as_slice).collect())
            .collect();
        let table = Table { width, sentences: rows };
        let id = (0..width - 1).find(|&column| table.is_counter(column));
        let is_conllu = width == CONLLU.len() && id == Some(0);
        let word = if is_conllu { 1 } else { table.word_column()? };
        let tag = if is_conllu { table.conllu_tag() } else { table.tag_source(word)? };
        let mut columns = Self {
            width,
            word,
            tag,
            id,
            tags: HashSet::new(),
            header: None,
            language: table.language(word),
            names: Vec::new(),
        };
        columns.tags = table.rows().filter_map(|row| columns.tag_of(row)).map(str::to_owned).collect();
        if let Some(header) = header {
            columns.header = Some(header.join("\t"));
        }
        let given: Vec<&str> = if is_conllu { CONLLU.to_vec() } else { header.cloned().unwrap_or_default() };
        let name = |column: usize| match given.get(column).map(|name| name.trim()) {
            Some(name) if !name.is_empty() => name.to_owned(),
            _ => format!("column {}", column + 1),
        };
        columns.names =
            ["tokens".to_owned(), "tags".to_owned()].into_iter().chain(columns.others().map(name)).collect();
        Some(columns)
    }

    /// Returns true if a file looks like CoNLL, by its name or its tags.
    pub(crate) fn fit(&self, name: &str, sample: &str) -> bool {
        let name = name.to_lowercase();
        if EXTENSIONS.iter().any(|ending| name.ends_with(ending)) {
            return self.tags.len() <= MAX_TAGS;
        }
        // Without "O" and a blank line or a comment, it may be a table of texts whose labels look like tags.
        let is_break = |line: &str| match self.parse_line(line) {
            ConllLine::Blank => true,
            ConllLine::Comment => line.starts_with(['#', '-']),
            ConllLine::Word(_) => false,
        };
        let has_break = sample.trim().lines().any(is_break);
        let is_even = sample.lines().rev().skip(1).all(|line| match self.parse_line(line) {
            ConllLine::Word(columns) => columns.len() == self.width,
            _ => true,
        });
        // Words that are numbered sentence by sentence need no such tags.
        let has_tags =
            self.id.is_some() || (self.tags.contains("O") && (self.has_bio() || self.are_mostly_outside(sample)));
        has_break && is_even && has_tags && self.tags.len() <= MAX_TAGS
    }

    /// Returns true if each line has one word with its tag, and many words are in no entity, as in Few-NERD.
    fn are_mostly_outside(&self, sample: &str) -> bool {
        let (mut words, mut outside) = (0, 0);
        for line in sample.lines() {
            if let ConllLine::Word(columns) = self.parse_line(line) {
                if columns.len() != 2 || columns.iter().any(|cell| cell.trim().contains(' ')) {
                    return false;
                }
                words += 1;
                outside += usize::from(self.tag_of(&columns) == Some("O"));
            }
        }
        self.tags.len() > 1 && outside * 3 >= words
    }

    /// Names of a sentence's cells: the words, the tags, and the other columns.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns true if the tags are brackets, which become BIO sentence by sentence.
    pub(crate) fn are_bracketed(&self) -> bool {
        matches!(self.tag, TagSource::Brackets(_))
    }

    /// Number of columns of each line.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// The cells of a word, in the order of [`ConllColumns::names`].
    pub(crate) fn cells<'a>(&self, columns: &[&'a str]) -> Vec<&'a str> {
        let get = |column: usize| columns.get(column).copied().unwrap_or_default();
        let word = get(self.word);
        let bare = self.language.as_ref().and_then(|language| word.strip_prefix(language.as_str()));
        let mut cells = vec![bare.unwrap_or(word), self.tag_of(columns).unwrap_or_default()];
        cells.extend(self.others().map(|column| get(column).trim()));
        cells
    }

    /// Parses a line.
    pub(crate) fn parse_line<'a>(&self, line: &'a str) -> ConllLine<'a> {
        let columns = match split_line(line) {
            Some(columns) => columns,
            None if line.trim().is_empty() => return ConllLine::Blank,
            None => return ConllLine::Comment,
        };
        let is_tag = |tag: &str| self.tags.contains(tag) || (self.has_bio() && is_bio(tag));
        let is_word = columns.len() == self.width && self.tag_of(&columns).is_some_and(is_tag);
        let is_header = self.header.as_ref().is_some_and(|header| *header == columns.join("\t"));
        let is_part = self.id.and_then(|id| columns.get(id)).is_some_and(|id| is_id(id) && id.contains(['-', '.']));
        if (columns[0].starts_with('#') && !is_word) || is_header || is_part {
            return ConllLine::Comment;
        }
        ConllLine::Word(columns)
    }

    /// The tag in the line of a word. None if it is part of a cell.
    pub(crate) fn tag_cell<'a>(&self, line: &'a str) -> Option<&'a str> {
        match self.parse_line(line) {
            ConllLine::Word(columns) if matches!(self.tag, TagSource::Column(_)) => self.tag_of(&columns),
            _ => None,
        }
    }

    /// Returns true if the sample's tags follow BIO or a related scheme.
    fn has_bio(&self) -> bool {
        self.tags.iter().all(|tag| is_bio(tag))
    }

    fn tag_of<'a>(&self, columns: &[&'a str]) -> Option<&'a str> {
        match &self.tag {
            TagSource::Column(column) | TagSource::Brackets(column) => columns.get(*column).map(|tag| tag.trim()),
            TagSource::Member { column, key } => member(columns.get(*column)?, key),
        }
    }

    /// The columns other than that of the words and that of the tags.
    fn others(&self) -> impl Iterator<Item = usize> {
        let tag = match &self.tag {
            TagSource::Column(column) | TagSource::Brackets(column) => Some(*column),
            TagSource::Member { .. } => None,
        };
        (0..self.width).filter(move |&column| column != self.word && Some(column) != tag)
    }
}

/// The lines of a sample that have the same number of columns.
struct Table<'a> {
    width: usize,
    sentences: Vec<Vec<&'a [&'a str]>>,
}

impl<'a> Table<'a> {
    fn rows(&self) -> impl Iterator<Item = &'a [&'a str]> {
        self.sentences.iter().flatten().copied()
    }

    fn column(&self, column: usize) -> impl Iterator<Item = &'a str> {
        self.rows().filter_map(move |row| row.get(column)).map(|cell| cell.trim())
    }

    /// Returns true if a column numbers the words of each sentence.
    fn is_counter(&self, column: usize) -> bool {
        let starts = |sentence: &Vec<&[&str]>| {
            sentence
                .first()
                .and_then(|row| row.get(column))
                .is_none_or(|id| ["0", "1"].contains(&id.trim()) || id.contains(['-', '.']))
        };
        self.rows().next().is_some() && self.column(column).all(is_id) && self.sentences.iter().all(starts)
    }

    /// The language before each word of a column, with its colon: two or three letters.
    fn language(&self, word: usize) -> Option<String> {
        let prefix = |word: &'a str| word.find(':').map(|end| &word[..=end]).filter(|prefix| word.len() > prefix.len());
        let first = self.column(word).next().and_then(prefix)?;
        let is_code =
            (3..=4).contains(&first.len()) && first.bytes().take(first.len() - 1).all(|byte| byte.is_ascii_lowercase());
        (is_code && self.column(word).all(|word| prefix(word) == Some(first))).then(|| first.to_owned())
    }

    /// The first column that has no tags, is no number and does not stay the same throughout the sentences, as a
    /// document's name does.
    fn word_column(&self) -> Option<usize> {
        let is_constant = |column: usize| {
            let mut long = self.sentences.iter().filter(|sentence| sentence.len() > 1).peekable();
            let same = |sentence: &Vec<&[&str]>| sentence.iter().all(|row| row.get(column) == sentence[0].get(column));
            long.peek().is_some() && long.all(same)
        };
        let untagged = || (0..self.width).filter(|&column| !self.column(column).all(is_bio));
        let is_word = |column: &usize| !self.column(*column).all(is_id) && !is_constant(*column);
        untagged().find(is_word).or_else(|| untagged().next())
    }

    /// The column of tags. Of several BIO columns, the one with the most entities that are not phrases of a chunker; of
    /// several columns of other tags, the last one in narrow files and the first one in wide ones.
    fn tag_column(&self, word: usize) -> Option<usize> {
        let others = || (0..self.width).filter(|&column| column != word);
        let bio: Vec<usize> = others().filter(|&column| self.column(column).all(is_bio)).collect();
        let entities = |column: usize| self.column(column).filter(|tag| *tag != "O").count();
        let is_chunk = |column: usize| {
            let kind = |tag| match parse(tag) {
                Some(BioTag::Begin(kind) | BioTag::Inside(kind)) => Some(kind),
                _ => None,
            };
            self.column(column).filter_map(kind).any(|kind| ["NP", "VP"].contains(&kind))
        };
        // Columns with equal numbers of entities are ranked by their order.
        let best = |columns: Vec<usize>| columns.into_iter().max_by_key(|&column| entities(column));
        let named: Vec<usize> = bio.iter().copied().filter(|&column| !is_chunk(column)).collect();
        if let Some(column) = others().find(|&column| brackets::are_entities(self.column(column))) {
            return Some(column);
        }
        if let Some(column) = best(named).or_else(|| best(bio)) {
            return Some(column);
        }
        let is_blank = |cell: &&str| matches!(*cell, "" | "_" | "-") || cell.starts_with(['(', '*']);
        let is_filled = |column: usize| self.column(column).filter(is_blank).count() * 2 < self.rows().count();
        let values = |column: usize| self.column(column).collect::<HashSet<_>>().len();
        let has_tags = |column: usize| (2..=MAX_TAGS).contains(&values(column)) && !self.column(column).all(is_id);
        let mut tagged = (word + 1..self.width).filter(|&column| is_filled(column) && has_tags(column));
        // In wide files, such as those of CoNLL-2012, senses and speakers come after the parts of speech.
        let column = if self.width > MAX_NARROW_WIDTH { tagged.next() } else { tagged.next_back() };
        column.or_else(|| others().next_back())
    }

    fn tag_source(&self, word: usize) -> Option<TagSource> {
        let column = self.tag_column(word)?;
        let is_bracketed = brackets::are_entities(self.column(column));
        Some(if is_bracketed { TagSource::Brackets(column) } else { TagSource::Column(column) })
    }

    /// The tags of CoNLL-U: entities in the last column if all words have one, else the universal parts of speech.
    fn conllu_tag(&self) -> TagSource {
        let misc = CONLLU.len() - 1;
        let has_all = |key: &&&str| self.column(misc).all(|cell| member(cell, key).is_some_and(is_bio));
        match ENTITY_KEYS.iter().find(has_all) {
            Some(key) => TagSource::Member { column: misc, key: key.to_string() },
            None => {
                let is_filled = |&column: &usize| self.column(column).any(|tag| tag != "_");
                TagSource::Column([3, 4].into_iter().find(is_filled).unwrap_or(3))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_conll(name: &str, sample: &str) -> bool {
        ConllColumns::detect(sample).is_some_and(|columns| columns.fit(name, sample))
    }

    /// The words and the tags of the first line.
    fn first(sample: &str) -> (String, String) {
        let columns = ConllColumns::detect(sample).unwrap();
        let words = sample.lines().filter_map(|line| match columns.parse_line(line) {
            ConllLine::Word(cells) => Some(columns.cells(&cells)),
            _ => None,
        });
        let words: Vec<Vec<&str>> = words.collect();
        let join = |cell: usize| words.iter().map(|word| word[cell]).collect::<Vec<_>>().join(" ");
        (join(0), join(1))
    }

    fn found(words: &str, tags: &str) -> (String, String) {
        (words.into(), tags.into())
    }

    #[test]
    fn conll_files_are_told_from_tables_by_tags_or_name() {
        assert!(is_conll("x.txt", "a\tO\nb\tB-X\n\t\nc\tO\n"));
        assert!(is_conll("x.conll", "a DT\nb NN\n"));
        assert!(is_conll("x.txt", "1\ta\tDT\n2\tb\tNN\n\n1\tc\tDT\n"));
        assert!(!is_conll("x.txt", "1\tso good\tpos\n2\tso bad\tneg\n3\tfine\tpos\n"));
        assert!(!is_conll("x.txt", "a DT\nb NN\n\nc DT\n"));
        assert!(!is_conll("x.tsv", "a b\tO\nc d\tB\n\n"));
        assert!(!is_conll("x.tsv", "blood type\tO\nblood type\tB-1\n"));
        assert!(!is_conll("x.conll", "a DT\nb\n"));
    }

    #[test]
    fn numbers_and_document_names_are_not_words() {
        assert_eq!(
            first("1 Anna B-PER\n2 left O\n\n1 In O\n2 Rome B-LOC\n\n"),
            found("Anna left In Rome", "B-PER O O B-LOC")
        );
        let doc = "d/1 0 0 Anna NNP B-PER -\nd/1 0 1 has VBZ O -\nd/1 0 2 left VBN O -\n\nd/2 0 0 It PRP O -\n";
        assert_eq!(first(doc), found("Anna has left It", "B-PER O O O"));
    }

    #[test]
    fn wide_files_have_entities_or_else_parts_of_speech_after_the_word() {
        let file = "#begin document (d)\nd 0 0 Anna NNP (S* - - A (PER) (0)\nd 0 1 left VBD *) - - A * -\n\n\
            d 0 0 It PRP (S* - - B * -\nd 0 1 rained VBD *) - - B * -\n\n#end document\n";
        assert_eq!(first(file), found("Anna left It rained", "(PER) * * *"));
        let file = file.replace("(PER)", "(ARG0)");
        assert_eq!(first(&file), found("Anna left It rained", "NNP VBD PRP VBD"));
        assert_eq!(first("dogs dog NN\nbark bark VB\n"), found("dogs bark", "NN VB"));
    }

    #[test]
    fn entity_tags_win_over_chunks_and_annotators() {
        assert_eq!(first("EU NNP B-NP B-ORG\nsays VBZ B-VP O\nso RB O O\n"), found("EU says so", "B-ORG O O"));
        assert_eq!(first("1\tAnna\tB-PER\tO\n2\tleft\tO\tO\n\n"), found("Anna left", "B-PER O"));
        assert_eq!(first("1\tAnna\tB-PER\t-\tjoe\n2\tleft\tO\t-\tjoe\n\n"), found("Anna left", "B-PER O"));
        assert_eq!(first("B-NP EU\nO says\n"), found("EU says", "B-NP O"));
    }

    #[test]
    fn conllu_has_forms_and_parts_of_speech() {
        let word =
            |id: &str, form: &str, upos: &str, misc: &str| format!("{id}\t{form}\tx\t{upos}\t_\t_\t0\tx\t_\t{misc}\n");
        let file = |misc| {
            let parts = [("1-2", "du", "_"), ("1", "de", "ADP"), ("2", "le", "DET"), ("2.1", "(a)", "VERB")];
            let words: String = parts.iter().map(|(id, form, upos)| word(id, form, upos, misc)).collect();
            format!("# newpar\n# sent_id = 1\n{words}\n")
        };
        assert_eq!(first(&file("_")), found("de le", "ADP DET"));
        assert!(is_conll("x.txt", &file("_")));
        assert_eq!(first(&file("SpaceAfter=No|name=B-X")), found("de le", "B-X B-X"));
        let names = ConllColumns::detect(&file("_")).unwrap().names().join(" ");
        assert_eq!(names, "tokens tags id lemma xpos feats head deprel deps misc");
    }

    #[test]
    fn comments_begin_with_a_hash_and_have_no_tag() {
        for comment in ["# id 1 domain=en", "#\tnews [0]", "# newpar", "#begin document (a); part 0"] {
            let sample = format!("{comment}\nAnna _ _ B-PER\n# _ _ O\n#tag _ _ O\n\n{comment}\nIt _ _ O\n\n");
            assert_eq!(first(&sample), found("Anna # #tag It", "B-PER O O O"), "{comment}");
            assert!(is_conll("x.txt", &sample), "{comment}");
        }
        let speech = "# newpar\na DT\n# SYM\n\nb SYM\n";
        assert_eq!(first(speech), found("a # b", "DT SYM SYM"));
    }

    #[test]
    fn a_line_that_names_the_columns_is_not_a_word() {
        let sample = "Word\tTag\nAnna\tB-PER\nleft\tO\n\nIt\tO\n";
        assert_eq!(first(sample), found("Anna left It", "B-PER O O"));
        assert!(is_conll("x.tsv", sample));
    }
}
