//! Validation rows that the tuned model got wrong.

use crate::dataset::{Dataset, Word};
use crate::diagnostic::Diagnostic;
use crate::phrases::{count, thousands};
use crate::recipe::Task;
use crate::run::{WrongRow, WrongRowQuery, WrongRows};
use crate::runner::nearest_rows::NearestRows;
use crate::runner::searched_rows::judged_by_search;
use crate::runner::shown_labels::{aligned_words, label_names};
use crate::text::{Labels, Similarity};
use crate::train::{Decision, JudgedRow, Session, judged_rows};
use crate::usage::PromptForm;

/// The rows of a run next to their predictions: judged once, and kept while the weights are the same.
#[derive(Debug)]
pub struct WrongRowSearch {
    judged: Vec<JudgedRow>,
    /// Number of steps and evaluations of the run when the rows were judged.
    made_at: usize,
    nearest: Option<NearestRows>,
}

impl WrongRowSearch {
    /// Judges the validation rows by the best evaluation so far. There are none before the first one, and for running text, in
    /// which no row has a right answer of its own.
    pub fn new(session: &Session, dataset: &Dataset) -> Self {
        Self { judged: judged(session, dataset), made_at: session.state().history.len(), nearest: None }
    }

    /// Returns true if the weights of the run are still those that the rows were judged by.
    pub fn is_current(&self, session: &Session) -> bool {
        self.made_at == session.state().history.len()
    }

    /// Begins to look for the nearest training rows, by the weights of the run, unless that has begun.
    pub fn compare(&mut self, session: &Session) {
        if self.nearest.is_none() {
            self.nearest = Some(NearestRows::new(session));
        }
    }

    /// Gives up the search for the nearest training rows, and what has been found of them.
    pub fn stop(&mut self) {
        self.nearest = None;
    }

    /// Compares some more rows. Returns the fraction that is done; none if there is nothing to do.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn advance(&mut self) -> Result<Option<f64>, Diagnostic> {
        match self.nearest.as_mut().filter(|nearest| !nearest.is_over()) {
            Some(nearest) => nearest.advance().await.map(Some),
            None => Ok(None),
        }
    }

    /// Returns true once the nearest training rows are known.
    pub fn is_compared(&self) -> bool {
        self.nearest.as_ref().is_some_and(NearestRows::is_over)
    }

    /// Finds the rows that match, of which at most `listed` are sent, the surest mistakes first.
    pub fn find(&self, session: &Session, dataset: &Dataset, query: &WrongRowQuery, listed: usize) -> WrongRows {
        let search = query.search.trim().to_lowercase();
        let mut found: Vec<(f64, &JudgedRow)> = self
            .judged
            .iter()
            .filter_map(|row| Some((severity(row, query)?, row)))
            .filter(|(_, row)| search.is_empty() || contains(dataset, session, row, &search))
            .collect();
        found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let total = found.len();
        let listed = found.into_iter().skip(query.offset as usize).take(listed);
        let rows: Vec<WrongRow> = listed.map(|(_, row)| self.shown(dataset, session, row)).collect();
        let sentence = sentence(session.recipe().task(), query, rows.len(), total);
        let neighbors = self.nearest.as_ref().filter(|_| total > 0).map(NearestRows::sentence).unwrap_or_default();
        let comparing = self.nearest.as_ref().filter(|nearest| !nearest.is_over()).map(NearestRows::fraction);
        WrongRows { rows, total: total as u32, sentence, neighbors, comparing }
    }

    fn shown(&self, dataset: &Dataset, session: &Session, row: &JudgedRow) -> WrongRow {
        let nearest = self.nearest.as_ref().map(|nearest| nearest.of(session, dataset, row.row)).unwrap_or_default();
        let shown = shown(dataset, session, row);
        // What is right is the second text of a pair that is searched for.
        let is_searched = matches!(
            session.data().validation.labels,
            Labels::Similarity(Similarity::Pairs { .. } | Similarity::Triplets { .. })
        );
        WrongRow { nearest, pair: shown.pair.filter(|_| !is_searched), ..shown }
    }
}

/// A row with its texts, without its nearest training rows.
pub(super) fn shown(dataset: &Dataset, session: &Session, row: &JudgedRow) -> WrongRow {
    let [text, pair] = texts(dataset, session, row).map(|text| text.map(str::to_owned));
    let number = number(dataset, row);
    let likely = match dataset.task {
        Task::Classification | Task::MultiLabel => {
            let predicted: Vec<u32> = row.decisions.iter().filter_map(|decision| decision.predicted).collect();
            Some(label_names(dataset, &predicted))
        }
        _ => None,
    };
    let JudgedRow { given, predicted, measure, .. } = row.clone();
    WrongRow {
        line: dataset.line(number),
        is_in_train_file: dataset.is_from_train_file(number),
        text: text.unwrap_or_default(),
        pair,
        given,
        predicted,
        likely,
        measure,
        nearest: Vec::new(),
    }
}

/// The validation rows next to the predictions of the best evaluation so far, as [`WrongRowSearch::new`] judges them.
pub(super) fn judged(session: &Session, dataset: &Dataset) -> Vec<JudgedRow> {
    let is_running_text = dataset.task == Task::Generation && dataset.prompt_form() == PromptForm::Corpus;
    let Some((evaluation, predictions)) = session.best().filter(|_| !is_running_text) else { return Vec::new() };
    let data = session.data();
    if let Labels::Similarity(_) = data.validation.labels {
        return judged_by_search(session, dataset);
    }
    // Words without a token have no prediction: then the words cannot be distinguished, and only their tags are named.
    let words = |row: u32| {
        let Labels::Tags(tags) = &data.validation.labels else { return Vec::new() };
        let Some(&number) = dataset.validation.get(row as usize) else { return Vec::new() };
        let Some((text, words)) = aligned_words(dataset, number, &tags[row as usize]) else { return Vec::new() };
        let of = |word: &Word| text.get(word.start as usize..word.end as usize).unwrap_or_default();
        words.iter().map(|word| of(word).to_owned()).collect()
    };
    judged_rows(data, evaluation, predictions, &words)
}

/// The severity of the worst decision that matches the filters; none if there is none.
fn severity(row: &JudgedRow, query: &WrongRowQuery) -> Option<f64> {
    let is_right_wanted = query.actual.is_some() && query.actual == query.predicted;
    let worst = |is_wanted: &dyn Fn(&Decision) -> bool| {
        let decisions = row.decisions.iter().filter(|decision| decision.is_wrong != is_right_wanted);
        decisions.filter(|decision| is_wanted(decision)).map(|decision| decision.severity).max_by(f64::total_cmp)
    };
    let is_wanted = |wanted: Option<u32>, found: Option<u32>| wanted.is_none() || wanted == found;
    let in_one = worst(&|it| is_wanted(query.actual, it.actual) && is_wanted(query.predicted, it.predicted));
    // Of several labels, one is missed and another one is wrongly predicted.
    let missed = |it: &Decision| it.actual == query.actual && it.predicted.is_none();
    let extra = |it: &Decision| it.predicted == query.predicted && it.actual.is_none();
    let in_two = || {
        let is_pair = query.actual.is_some() && query.predicted.is_some();
        Some(worst(&missed)?.max(worst(&extra)?)).filter(|_| is_pair)
    };
    in_one.or_else(in_two)
}

fn number(dataset: &Dataset, row: &JudgedRow) -> u32 {
    dataset.validation.get(row.row as usize).copied().unwrap_or_default()
}

/// The texts of a row. Those of a conversation are the user's last turn.
fn texts<'a>(dataset: &'a Dataset, session: &'a Session, row: &JudgedRow) -> [Option<&'a str>; 2] {
    if let Labels::Continuations { references, .. } = &session.data().validation.labels {
        let reference = references.binary_search_by_key(&row.row, |reference| reference.row);
        return [reference.ok().and_then(|at| references.get(at)).map(|it| it.prompt_text.as_str()), None];
    }
    let number = number(dataset, row);
    [Some(dataset.text(number)), dataset.second_text(number)]
}

fn contains(dataset: &Dataset, session: &Session, row: &JudgedRow, search: &str) -> bool {
    let texts = texts(dataset, session, row).into_iter().flatten();
    texts.chain([row.given.as_str(), row.predicted.as_str()]).any(|text| text.to_lowercase().contains(search))
}

/// Choice and order of the rows.
fn sentence(task: Task, query: &WrongRowQuery, shown: usize, total: usize) -> String {
    if shown == 0 {
        return "There is no such row.".to_owned();
    }
    let (kind, order) = match task {
        _ if query.actual.is_some() && query.actual == query.predicted => ("right row", "the least sure first"),
        Task::Regression | Task::Reranking => ("validation row", "the largest errors first"),
        Task::Generation => ("validation row", "the highest perplexity first"),
        Task::QuestionAnswering => ("wrong row", "the surest mistakes first, partly right answers later"),
        _ => ("wrong row", "the surest mistakes first"),
    };
    let from = query.offset as usize;
    format!("{} to {} of {}, {order}.", thousands(from + 1), thousands(from + shown), count(total, kind))
}
