//! The search for nearest neighbors, a block of rows at a time.

use burn::tensor::{Device, Tensor, TensorData};

use crate::device_to_host::device_to_host;
use crate::diagnostic::Diagnostic;
use crate::metrics::{NEIGHBORS, Neighbors};

/// Most cosines that exist at a time: 16 MB of them, however many rows there are.
const MAX_COSINES: usize = 1 << 22;
/// Most rows of a block.
const MAX_BLOCK: usize = 1 << 10;

/// A search under way. It compares each row with all others.
#[derive(Debug)]
pub struct NeighborSearch {
    /// Vectors of length 1, `[rows, hidden]`.
    vectors: Tensor<2>,
    found: Neighbors,
    /// Rows whose neighbors are known.
    done: usize,
}

impl NeighborSearch {
    /// Begins to compare vectors of length 1, `[rows, hidden]`.
    pub fn new(vectors: &[f32], rows: usize, device: &Device) -> Self {
        let data = TensorData::new(vectors.to_vec(), [rows, vectors.len() / rows.max(1)]);
        let count = NEIGHBORS.min(rows.saturating_sub(1));
        let found = Neighbors { count, rows: Vec::new(), distances: Vec::new() };
        Self { vectors: Tensor::from_data(data, device), found, done: 0 }
    }

    fn total(&self) -> usize {
        self.vectors.dims()[0]
    }

    /// Finds the neighbors of the next rows.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn advance(&mut self) -> Result<(), Diagnostic> {
        let total = self.total();
        let block = (MAX_COSINES / total.max(1)).clamp(1, MAX_BLOCK).min(total - self.done);
        let rows = self.vectors.clone().narrow(0, self.done, block);
        let cosines = device_to_host(rows.matmul(self.vectors.clone().transpose())).await?;
        for of_row in cosines.chunks(total.max(1)) {
            self.add(of_row);
            self.done += 1;
        }
        Ok(())
    }

    /// Adds the neighbors of the next row, whose cosines with all rows are these.
    fn add(&mut self, cosines: &[f32]) {
        let count = self.found.count;
        let mut nearest: Vec<u32> = Vec::with_capacity(count + 1);
        for (other, &cosine) in (0..).zip(cosines) {
            let is_full = nearest.len() == count;
            let is_far = |&last: &u32| cosines[last as usize] >= cosine;
            if other as usize == self.done || (is_full && nearest.last().is_none_or(is_far)) {
                continue;
            }
            let at = nearest.partition_point(is_far);
            nearest.insert(at, other);
            nearest.truncate(count);
        }
        self.found.distances.extend(nearest.iter().map(|&row| (1.0 - cosines[row as usize]).max(0.0)));
        self.found.rows.extend(nearest);
    }

    /// Fraction that is done.
    pub fn fraction(&self) -> f64 {
        self.done as f64 / self.total().max(1) as f64
    }

    /// The neighbors of the rows that are done.
    pub fn finish(self) -> Neighbors {
        self.found
    }

    /// Returns true once all rows are done.
    pub fn is_over(&self) -> bool {
        self.done == self.total()
    }
}
