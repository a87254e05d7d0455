//! Suspected labels, in words.

use crate::dataset::Dataset;
use crate::metrics::{LabelProbabilities, LabelSetProbabilities, argmax, self_confidence};
use crate::phrases::{count, percent, thousands};
use crate::run::{LabeledRow, SuspectedLabel};
use crate::runner::reviewed_labels::{ReviewedLabels, ReviewedWord, tags};
use crate::runner::shown_labels::{aligned_words, context, joined, label_names};

/// Rows that were looked at, with the probabilities of heads that have not seen them.
pub(super) struct Judged<'a> {
    pub dataset: &'a Dataset,
    /// Rows of the data set.
    pub rows: &'a [u32],
    /// For each row, the first tokens of its words with their tags.
    pub tags: &'a [Vec<(u32, u32)>],
    pub labels: &'a ReviewedLabels,
    /// `[rows or words, labels]`
    pub probabilities: &'a [f32],
}

/// Suspected labels before they are put in words.
struct Suspect {
    /// Index of the row or word.
    at: usize,
    score: f64,
}

/// The findings.
pub(super) struct Suspects {
    /// The surest ones.
    pub listed: Vec<SuspectedLabel>,
    pub total: usize,
    /// The result in words.
    pub sentence: String,
}

impl Judged<'_> {
    /// The labels that are probably wrong, of which at most `listed` are named.
    pub(super) fn suspects(&self, listed: usize) -> Suspects {
        let issues = self.issues();
        let mut found = self.found(&issues);
        found.sort_by(|a, b| a.score.total_cmp(&b.score));
        let sentence = self.sentence(found.len(), listed);
        let named = found.iter().take(listed).filter_map(|suspect| self.named(suspect, &issues)).collect();
        Suspects { listed: named, total: found.len(), sentence }
    }

    fn classes(&self) -> usize {
        self.dataset.labels.len()
    }

    /// Marks what is probably wrong: rows, words, or the labels of each row.
    fn issues(&self) -> Vec<bool> {
        let (probabilities, classes) = (self.probabilities, self.classes());
        match self.labels {
            ReviewedLabels::Classes(labels) => LabelProbabilities { labels, probabilities, classes }.issues(),
            ReviewedLabels::Tags(words) => LabelProbabilities { labels: &tags(words), probabilities, classes }.issues(),
            ReviewedLabels::LabelSets(has) => LabelSetProbabilities { has, probabilities, labels: classes }.issues(),
            ReviewedLabels::None => Vec::new(),
        }
    }

    fn found(&self, issues: &[bool]) -> Vec<Suspect> {
        let (probabilities, classes) = (self.probabilities, self.classes());
        let (is_issue, scores): (Vec<bool>, Vec<f64>) = match self.labels {
            ReviewedLabels::Classes(labels) => {
                let qualities = LabelProbabilities { labels, probabilities, classes }.qualities();
                (issues.to_vec(), qualities.into_iter().map(|it| it.normalized_margin).collect())
            }
            ReviewedLabels::Tags(words) => {
                let qualities = LabelProbabilities { labels: &tags(words), probabilities, classes }.qualities();
                (issues.to_vec(), qualities.into_iter().map(|it| it.self_confidence).collect())
            }
            ReviewedLabels::LabelSets(has) => {
                let of_rows = issues.chunks(classes.max(1)).map(|row| row.contains(&true)).collect();
                (of_rows, LabelSetProbabilities { has, probabilities, labels: classes }.qualities())
            }
            ReviewedLabels::None => return Vec::new(),
        };
        let found = is_issue.into_iter().zip(scores).enumerate().filter(|(_, (is_issue, _))| *is_issue);
        found.map(|(at, (_, score))| Suspect { at, score }).collect()
    }

    fn named(&self, suspect: &Suspect, issues: &[bool]) -> Option<SuspectedLabel> {
        let classes = self.classes();
        let own = self.probabilities.get(suspect.at * classes..(suspect.at + 1) * classes)?;
        let best = argmax(own);
        let name = |label: usize| self.dataset.labels.get(label).cloned().unwrap_or_default();
        let named = |label: usize| format!("{} ({})", name(label), percent(own[label].into()));
        let score = suspect.score as f32;
        Some(match self.labels {
            ReviewedLabels::Classes(labels) => {
                let given = labels[suspect.at] as usize;
                SuspectedLabel {
                    row: self.row(suspect.at, name(given), vec![name(best)]),
                    finding: format!("labeled {}, probably {}", named(given), named(best)),
                    given_probability: own[given],
                    likely_probability: own[best],
                    score,
                }
            }
            ReviewedLabels::LabelSets(has) => {
                let places = suspect.at * classes..(suspect.at + 1) * classes;
                self.named_set(suspect, &has[places.clone()], own, &issues[places])
            }
            ReviewedLabels::Tags(words) => {
                let word = words.get(suspect.at)?;
                let given = word.tag as usize;
                let (text, row) = self.word(word, name(given), vec![name(best)])?;
                SuspectedLabel {
                    row,
                    finding: format!("{text}: tagged {}, probably {}", named(given), named(best)),
                    given_probability: own[given],
                    likely_probability: own[best],
                    score,
                }
            }
            ReviewedLabels::None => return None,
        })
    }

    /// A row with some labels that it should perhaps not have, or lacks.
    fn named_set(&self, suspect: &Suspect, has: &[bool], probabilities: &[f32], is_issue: &[bool]) -> SuspectedLabel {
        let labels = |is_wanted: &dyn Fn(usize) -> bool| {
            let wanted: Vec<u32> = (0..has.len()).filter(|&label| is_wanted(label)).map(|label| label as u32).collect();
            label_names(self.dataset, &wanted)
        };
        let with_probabilities = |is_wanted: &dyn Fn(usize) -> bool| {
            let wanted = (0..has.len()).filter(|&label| is_wanted(label));
            let named = wanted.map(|at| format!("{} ({})", self.dataset.labels[at], percent(probabilities[at].into())));
            named.collect::<Vec<_>>().join(", ")
        };
        let given = labels(&|at| has[at]);
        let missing = with_probabilities(&|at| is_issue[at] && !has[at]);
        let extra = with_probabilities(&|at| is_issue[at] && has[at]);
        let shown = if given.is_empty() { "no label".to_owned() } else { format!("labeled {}", joined(&given)) };
        let parts = [("missing", missing), ("wrong", extra)].into_iter().filter(|(_, labels)| !labels.is_empty());
        let wrong: Vec<String> = parts.map(|(what, labels)| format!("probably {what}: {labels}")).collect();
        let flagged = (0..has.len()).filter(|&at| is_issue[at]);
        let least = flagged.map(|at| self_confidence(has[at], probabilities[at])).fold(1.0, f64::min);
        SuspectedLabel {
            row: self.row(suspect.at, joined(&given), labels(&|at| has[at] != is_issue[at])),
            finding: format!("{shown}; {}", wrong.join("; ")),
            given_probability: least as f32,
            likely_probability: (1.0 - least) as f32,
            score: suspect.score as f32,
        }
    }

    fn row(&self, at: usize, given: String, likely: Vec<String>) -> LabeledRow {
        let (dataset, row) = (self.dataset, self.rows[at]);
        LabeledRow {
            line: dataset.line(row),
            word: None,
            is_in_train_file: dataset.is_from_train_file(row),
            is_validation: dataset.validation.binary_search(&row).is_ok(),
            text: dataset.text(row).to_owned(),
            pair: dataset.second_text(row).map(str::to_owned),
            given,
            likely: Some(likely),
        }
    }

    /// A word, and its row with the text around it.
    fn word(&self, reviewed: &ReviewedWord, given: String, likely: Vec<String>) -> Option<(String, LabeledRow)> {
        let at = reviewed.at as usize;
        let (text, words) = aligned_words(self.dataset, self.rows[at], self.tags.get(at)?)?;
        let word = words.get(reviewed.word as usize)?;
        let row = self.row(at, given, likely);
        let row = LabeledRow { text: context(text, word), word: Some(reviewed.word), ..row };
        Some((text.get(word.start as usize..word.end as usize)?.to_owned(), row))
    }

    /// Part of the labels that the heads agree with.
    fn accuracy(&self) -> f64 {
        let rows = self.probabilities.chunks(self.classes().max(1));
        let right = |labels: &[u32]| {
            let is_right = |(own, label): &(&[f32], &u32)| argmax(own) == **label as usize;
            (rows.clone().zip(labels).filter(is_right).count(), labels.len())
        };
        let (right, all) = match self.labels {
            ReviewedLabels::Classes(labels) => right(labels),
            ReviewedLabels::Tags(words) => right(&tags(words)),
            ReviewedLabels::LabelSets(has) => {
                let is_right = |(has, it): &(&bool, &f32)| **has == (**it >= 0.5);
                (has.iter().zip(self.probabilities).filter(is_right).count(), has.len())
            }
            ReviewedLabels::None => return 0.0,
        };
        right as f64 / all.max(1) as f64
    }

    fn sentence(&self, total: usize, listed: usize) -> String {
        let all = self.dataset.train.len() + self.dataset.validation.len();
        let drawn = match self.rows.len() {
            looked_at if looked_at < all => format!(", drawn from {}", thousands(all)),
            _ => String::new(),
        };
        let (label, of) = match self.labels {
            ReviewedLabels::None => return String::new(),
            ReviewedLabels::Tags(words) => {
                ("tag", format!("{} in {}", count(words.len(), "word"), count(self.rows.len(), "row")))
            }
            ReviewedLabels::LabelSets(_) | ReviewedLabels::Classes(_) => ("label", count(self.rows.len(), "row")),
        };
        let right = percent(self.accuracy());
        if total == 0 {
            return format!("No {label} of {of}{drawn} looks wrong. The heads agree with {right} of the {label}s.");
        }
        let found = match self.labels {
            ReviewedLabels::LabelSets(_) => format!("The labels of {} of {of}{drawn}", thousands(total)),
            _ => format!("{} of {of}{drawn}", count(total, label)),
        };
        let cut = if listed < total { format!(" The {listed} surest are listed.") } else { String::new() };
        format!("{found} may be wrong. The heads agree with {right} of all {label}s.{cut}")
    }
}
