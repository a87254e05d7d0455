//! Labeling few rows: a head on the loaded model's vectors chooses the row to ask for next, and suggests its label.

use std::collections::HashMap;
use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};

use crate::dataset::{Correction, Dataset, Examples, Pool, PoolRow, label_key, sort_naturally};
use crate::diagnostic::Diagnostic;
use crate::limits::MAX_POOL_ROWS;
use crate::metrics::{RANDOM_LABELS, Stability, argmax, margin};
use crate::pretrained::Pretrained;
use crate::recipe::Task;
use crate::rng::{Rng, Stream};
use crate::run::{LabelChoice, LabelQuestion, RowToLabel};
use crate::runner::label_progress::LabelProgress;
use crate::runner::pool_choice::{PoolChoice, recent_similarities};
use crate::runner::text_vectors::{TextVectors, max_tokens, push_text};
use crate::text::EncodedRows;
use crate::train::ProbeFeatures;

/// Rows that are split into tokens at a time.
const ENCODED_ROWS: usize = 64;
/// Number of labels that have a key of their own.
const KEYS: usize = 9;

/// Chooses the next row to label. Before each choice, it fits a new head to all labels so far: those in the file and those
/// given since. The vectors are computed only once.
#[derive(Debug)]
pub struct Labeler {
    examples: Arc<Examples>,
    /// Labeled rows of the file, without test rows: they choose nothing.
    labeled: Vec<u32>,
    /// The labels of the file, and the index in it of each label id.
    names: Vec<String>,
    name_of_id: Vec<u32>,
    stage: Stage,
    /// Order of the pool's rows before there is a head.
    order: Vec<usize>,
    stability: Stability,
}

/// Work before the first row can be chosen.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one labeler at a time")]
enum Stage {
    /// The texts are being split into tokens.
    Encoding(EncodedRows),
    /// The vectors are being computed: of the labeled rows, then of the pool.
    Vectors(TextVectors),
    /// Rows can be chosen.
    Ready(Vectors),
}

/// The vectors of all rows, on the CPU: fits are small, and a GPU would compile its kernels for each number of rows.
#[derive(Debug)]
struct Vectors {
    features: ProbeFeatures,
    /// Vectors of the pool, `[rows, hidden]`, of length 1.
    pool: Tensor<2>,
}

/// Labels known so far.
struct Known {
    names: Vec<String>,
    /// Rows with a label: the labeled ones by number, then those of the pool.
    rows: Vec<u32>,
    /// The label of each.
    labels: Vec<u32>,
    /// Rows of the pool that have been asked for, in this order.
    asked: Vec<usize>,
    /// Number of rows of the pool that have got a label.
    given: usize,
}

impl Labeler {
    /// Begins with the rows of a training file. `dataset` is what was made of them, if they can be trained on already.
    ///
    /// # Errors
    /// `labels.task` for other tasks than classification with one label, and `labels.no-pool` if every row has a label.
    pub fn new(examples: &Arc<Examples>, dataset: Option<&Dataset>) -> Result<Self, Diagnostic> {
        if examples.mapping.task() != Task::Classification {
            let what = "Rows are labeled here if they have one label each.";
            return Err(Diagnostic::new("labels.task", what).remedy("Choose the columns of a text and its label."));
        }
        let pool = examples.pool();
        if pool.rows.is_empty() {
            return Err(Diagnostic::new("labels.no-pool", "Every row that has a text has a label.")
                .remedy("Add rows whose label is empty to the file, and open it again."));
        }
        let mut labeled: Vec<u32> = match dataset {
            Some(dataset) => dataset.train.iter().chain(&dataset.validation).copied().collect(),
            None => (0..examples.len() as u32).collect(),
        };
        labeled.retain(|&row| (row as usize) < examples.len());
        Rng::new(0, Stream::Pool, 1).shuffle(&mut labeled);
        labeled.truncate(MAX_POOL_ROWS);
        labeled.sort_unstable();
        let mut order: Vec<usize> = (0..pool.rows.len()).collect();
        Rng::new(0, Stream::Pool, 2).shuffle(&mut order);
        let mut names: Vec<(usize, String)> = examples.label_names().enumerate().collect();
        sort_naturally(&mut names);
        let mut name_of_id = vec![0; names.len()];
        (0..).zip(&names).for_each(|(name, (id, _))| name_of_id[*id] = name);
        Ok(Self {
            examples: examples.clone(),
            labeled,
            names: names.into_iter().map(|(_, name)| name).collect(),
            name_of_id,
            stage: Stage::Encoding(EncodedRows::new(Task::Classification)),
            order,
            stability: Stability::default(),
        })
    }

    /// Memory of the vectors and what is computed from them, in bytes.
    pub fn bytes(&self, model: &Pretrained) -> usize {
        4 * size_of::<f32>() * self.rows() * model.base.hidden()
    }

    /// Number of rows whose vectors are computed.
    fn rows(&self) -> usize {
        self.labeled.len() + self.pool().rows.len()
    }

    fn pool(&self) -> &Pool {
        self.examples.pool()
    }

    /// Encodes some rows, or computes the vectors of the next batch. Returns the fraction that is done: at 1, rows can be
    /// chosen.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn advance(&mut self, model: &Pretrained, device: &Device) -> Result<f64, Diagnostic> {
        let rows = self.rows();
        match &mut self.stage {
            Stage::Encoding(encoded) if encoded.len() < rows => {
                for row in encoded.len()..rows.min(encoded.len() + ENCODED_ROWS) {
                    let (text, pair) = match self.labeled.get(row) {
                        Some(&row) => (self.examples.text(row as usize), self.examples.second_text(row as usize)),
                        None => {
                            let PoolRow { text, pair, .. } = &self.examples.pool().rows[row - self.labeled.len()];
                            (text.as_str(), pair.as_deref())
                        }
                    };
                    push_text(encoded, model, text, pair)?;
                }
                Ok(0.0)
            }
            Stage::Encoding(encoded) => {
                let texts = encoded.cut(&model.tokenizer, max_tokens(model), 0)?.0.texts;
                self.stage = Stage::Vectors(TextVectors::new(texts, model, device));
                Ok(0.0)
            }
            Stage::Vectors(vectors) => {
                if vectors.advance().await? {
                    return Ok(vectors.fraction().min(0.99));
                }
                let (all, cpu) = (vectors.vectors(), Device::flex());
                let hidden = all.len() / rows;
                let pool = all[self.labeled.len() * hidden..].to_vec();
                self.stage = Stage::Ready(Vectors {
                    features: ProbeFeatures::new(all, rows, &cpu),
                    pool: Tensor::from_data(TensorData::new(pool, [rows - self.labeled.len(), hidden]), &cpu),
                });
                Ok(1.0)
            }
            Stage::Ready(_) => Ok(1.0),
        }
    }

    /// Returns true once rows can be chosen.
    pub fn is_ready(&self) -> bool {
        matches!(self.stage, Stage::Ready(_))
    }

    /// The next row to be labeled, given the changes to the file so far and the lines of rows that the user has skipped.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn ask(&mut self, corrections: &[Correction], skipped: &[u32]) -> Result<LabelQuestion, Diagnostic> {
        let known = self.known(corrections, skipped);
        let probabilities = self.probabilities(&known).await?;
        let similarities = self.similarities(&known.asked).await?;
        let classes = known.names.len();
        let next = self.next(&known, &probabilities, &similarities);
        let progress = LabelProgress {
            given: known.given,
            left: self.pool().rows.len() - known.asked.len(),
            offered: self.pool().rows.len(),
            total: self.pool().total,
            is_random: known.rows.len() < RANDOM_LABELS,
            changed: self.observe(&known, &probabilities),
        };
        let own = next.and_then(|row| probabilities.get(row * classes..(row + 1) * classes));
        Ok(LabelQuestion {
            row: next.map(|row| self.pool().rows[row].clone()),
            choices: choices(&known.names, own),
            labels: known.names,
            progress: progress.sentence(),
        })
    }

    /// The rows to be labeled first, at most `count`: each differs from those before it.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn first(&self, count: usize) -> Result<Vec<RowToLabel>, Diagnostic> {
        let mut known = self.known(&[], &[]);
        let probabilities = self.probabilities(&known).await?;
        let classes = known.names.len();
        let mut similarities = vec![0.0f32; self.pool().rows.len()];
        let mut chosen = Vec::new();
        while chosen.len() < count {
            let Some(row) = self.next(&known, &probabilities, &similarities) else { break };
            known.asked.push(row);
            let own = probabilities.get(row * classes..(row + 1) * classes).filter(|own| !own.is_empty());
            let likely = own.map(argmax);
            chosen.push(RowToLabel {
                row: self.pool().rows[row].clone(),
                likely: likely.zip(own).map(|(class, own)| (known.names[class].clone(), own[class])),
                margin: own.map(margin),
            });
            let to_row = self.similarities(&[row]).await?;
            similarities.iter_mut().zip(to_row).for_each(|(known, new)| *known = known.max(new));
        }
        Ok(chosen)
    }

    /// The labels of the file with these changes.
    fn known(&self, corrections: &[Correction], skipped: &[u32]) -> Known {
        let mut names = self.names.clone();
        let mut by_key: HashMap<String, u32> = names.iter().map(|name| label_key(name)).zip(0..).collect();
        let (mut given, mut dropped) = (HashMap::new(), skipped.to_vec());
        for Correction { line, labels, .. } in corrections {
            let Some(label) = labels.as_ref().and_then(|labels| labels.first()) else {
                dropped.push(*line);
                continue;
            };
            let next = by_key.len() as u32;
            let class = *by_key.entry(label_key(label)).or_insert(next);
            if class as usize == names.len() {
                names.push(label.clone());
            }
            given.insert(*line, class);
        }
        let mut known = Known { names, rows: Vec::new(), labels: Vec::new(), asked: Vec::new(), given: 0 };
        for (place, &row) in (0..).zip(&self.labeled) {
            let line = self.examples.line(row as usize);
            let own = self.examples.label_ids(row as usize).first().copied().map(|id| self.name_of_id[id as usize]);
            if let Some(label) = given.get(&line).copied().or(own).filter(|_| !dropped.contains(&line)) {
                known.rows.push(place);
                known.labels.push(label);
            }
        }
        let places: HashMap<u32, usize> = self.pool().rows.iter().map(|row| row.line).zip(0..).collect();
        let lines = corrections.iter().map(|correction| &correction.line).chain(skipped);
        known.asked = lines.filter_map(|line| places.get(line).copied()).collect();
        for &row in &known.asked {
            if let Some(&label) = given.get(&self.pool().rows[row].line) {
                known.rows.push((self.labeled.len() + row) as u32);
                known.labels.push(label);
                known.given += 1;
            }
        }
        known
    }

    /// Probabilities of the pool's rows by a head on the known labels, `[rows, labels]`; none before two labels have rows.
    async fn probabilities(&self, known: &Known) -> Result<Vec<f32>, Diagnostic> {
        let Stage::Ready(vectors) = &self.stage else { return Ok(Vec::new()) };
        let has_two = known.labels.iter().any(|label| Some(label) != known.labels.first());
        if !has_two {
            return Ok(Vec::new());
        }
        let classes = known.names.len();
        let mut all = vectors.features.probabilities(&known.rows, &known.labels, classes).await?;
        Ok(all.split_off(self.labeled.len() * classes))
    }

    /// The largest cosine similarity of each row of the pool to those that were asked for last.
    async fn similarities(&self, asked: &[usize]) -> Result<Vec<f32>, Diagnostic> {
        match &self.stage {
            Stage::Ready(vectors) => recent_similarities(&vectors.pool, asked).await,
            _ => Ok(Vec::new()),
        }
    }

    /// The row to ask for next.
    fn next(&self, known: &Known, probabilities: &[f32], similarities: &[f32]) -> Option<usize> {
        let Known { asked, rows, names, .. } = known;
        let (labels, classes) = (rows.len(), names.len());
        PoolChoice { order: &self.order, asked, labels, probabilities, classes, similarities }.next()
    }

    /// Notes what the head predicts now. Returns the fraction of predictions that the last labels have changed.
    fn observe(&mut self, known: &Known, probabilities: &[f32]) -> Option<f64> {
        if probabilities.is_empty() {
            return None;
        }
        let predicted = |row: &[f32]| argmax(row) as u32;
        let predictions = probabilities.chunks(known.names.len()).map(predicted).collect();
        self.stability.observe(known.given, predictions);
        self.stability.changed()
    }
}

/// The labels that have a key, each with its probability. Keys stay the same from row to row.
fn choices(names: &[String], probabilities: Option<&[f32]>) -> Vec<LabelChoice> {
    let likely = probabilities.map(argmax);
    let numbered = (0..names.len().min(KEYS)).map(|class| (class + 1, class));
    let other = likely.filter(|&class| class >= KEYS).map(|class| (0, class));
    let choice = |(key, class): (usize, usize)| LabelChoice {
        key: key.to_string(),
        label: names[class].clone(),
        probability: probabilities.map(|all| all[class]),
        is_likely: likely == Some(class),
    };
    numbered.chain(other).map(choice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_labels_have_a_key_and_the_suggested_one_does_too() {
        let names: Vec<String> = (0..12).map(|nth| format!("label {nth}")).collect();
        let keys = |choices: &[LabelChoice]| choices.iter().map(|choice| choice.key.clone()).collect::<String>();
        let mut probabilities = vec![0.05; 12];
        probabilities[10] = 0.45;
        let found = choices(&names, Some(&probabilities));
        assert_eq!(keys(&found), "1234567890");
        let last = LabelChoice { key: "0".into(), label: "label 10".into(), probability: Some(0.45), is_likely: true };
        assert_eq!(found[9], last);
        assert_eq!(keys(&choices(&names, None)), "123456789");
        assert_eq!(keys(&choices(&names[..2], Some(&[0.5, 0.25]))), "12");
    }
}
