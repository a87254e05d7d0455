//! The nearest training rows of a row, from the vectors of an earlier search.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use crate::dataset::Dataset;
use crate::metrics::Neighbors;
use crate::run::NearestRow;
use crate::runner::shown_labels::shown_labels;

/// The nearest neighbors of the rows that a search for wrong labels has compared.
#[derive(Debug)]
pub struct RowNeighbors {
    /// The data set, which this does not keep alive.
    dataset: Weak<Dataset>,
    /// Rows of the data set that were compared.
    rows: Vec<u32>,
    /// Index of each row in `rows`.
    places: HashMap<u32, usize>,
    neighbors: Neighbors,
}

impl RowNeighbors {
    pub(super) fn new(dataset: &Arc<Dataset>, rows: &[u32], neighbors: Neighbors) -> Self {
        let places = rows.iter().zip(0..).map(|(&row, place)| (row, place)).collect();
        Self { dataset: Arc::downgrade(dataset), rows: rows.to_vec(), places, neighbors }
    }

    /// Returns true if these are rows of this data set.
    pub fn is_of(&self, dataset: &Arc<Dataset>) -> bool {
        std::ptr::eq(self.dataset.as_ptr(), Arc::as_ptr(dataset))
    }

    /// The training rows among the neighbors of a row, nearest first; empty if the row was not compared.
    pub(super) fn training_rows(&self, dataset: &Dataset, row: u32) -> Vec<NearestRow> {
        let count = self.neighbors.count;
        let Some(of_row) = self.places.get(&row).map(|place| place * count..(place + 1) * count) else {
            return Vec::new();
        };
        let found = self.neighbors.rows[of_row.clone()].iter().zip(&self.neighbors.distances[of_row]);
        let nearest = found.map(|(&place, distance)| (self.rows[place as usize], 1.0 - distance));
        nearest
            .filter(|(row, _)| dataset.train.binary_search(row).is_ok())
            .map(|(row, cosine)| NearestRow {
                line: dataset.line(row),
                text: dataset.text(row).to_owned(),
                pair: dataset.second_text(row).map(str::to_owned),
                label: shown_labels(dataset, row),
                cosine,
            })
            .collect()
    }
}
