//! Near duplicates and outliers among vectors, found by their nearest neighbors with the definitions of the package cleanlab.

/// Number of nearest neighbors that are looked at, as in cleanlab.
pub const NEIGHBORS: usize = 10;
/// Near duplicates are closer to each other than this part of the median distance of a row to its nearest neighbor, as in
/// cleanlab. A fixed cosine would not do: with one model nearly all cosines are above 0.9, with another one hardly any.
const DUPLICATE_RATIO: f64 = 0.13;
/// A distance that rounding alone can make of two equal vectors.
const ROUNDING: f64 = 2e-6;
/// Outliers are farther from their neighbors than the third quartile of all rows by this many times the distance between the
/// quartiles: cleanlab's `1 / threshold - 1`.
const OUTLIER_IQRS: f64 = 1.0 / 0.37037 - 1.0;

/// The nearest neighbors of each row.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbors {
    /// Number of neighbors of a row.
    pub count: usize,
    /// Indices of the neighbors, nearest first, `[rows, count]`.
    pub rows: Vec<u32>,
    /// Distances to them, 1 − cosine, `[rows, count]`.
    pub distances: Vec<f32>,
}

/// Two rows that are nearly the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DuplicatePair {
    /// Index of the first row.
    pub first: u32,
    /// Index of the second row, the larger one.
    pub second: u32,
    /// Their distance.
    pub distance: f32,
}

/// A row that is unlike all others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlier {
    /// Index of the row.
    pub row: u32,
    /// Mean distance to its neighbors, relative to the median of all rows.
    pub ratio: f64,
}

impl Neighbors {
    /// The distance below which two rows are near duplicates.
    pub fn duplicate_distance(&self) -> f64 {
        let nearest = self.distances.chunks(self.count.max(1)).filter_map(|of_row| of_row.first().copied());
        (DUPLICATE_RATIO * quantile(&sorted(nearest.map(f64::from)), 0.5)).max(ROUNDING)
    }

    /// The pairs of near duplicates, each once, in the order of their rows.
    pub fn duplicates(&self) -> Vec<DuplicatePair> {
        let most = self.duplicate_distance();
        let mut pairs: Vec<DuplicatePair> = Vec::new();
        for (at, (&other, &distance)) in self.rows.iter().zip(&self.distances).enumerate() {
            let row = (at / self.count.max(1)) as u32;
            if f64::from(distance) < most {
                pairs.push(DuplicatePair { first: row.min(other), second: row.max(other), distance });
            }
        }
        pairs.sort_by_key(|pair| [pair.first, pair.second]);
        pairs.dedup_by_key(|pair| [pair.first, pair.second]);
        pairs
    }

    /// The outliers, the farthest first.
    pub fn outliers(&self) -> Vec<Outlier> {
        let of_row = |of_row: &[f32]| of_row.iter().copied().map(f64::from).sum::<f64>() / of_row.len().max(1) as f64;
        let means: Vec<f64> = self.distances.chunks(self.count.max(1)).map(of_row).collect();
        let sorted = sorted(means.iter().copied());
        let [first, median, third] = [0.25, 0.5, 0.75].map(|at| quantile(&sorted, at));
        let least = third + OUTLIER_IQRS * (third - first);
        let is_far = |(_, mean): &(u32, &f64)| **mean > least.max(ROUNDING);
        let ratio = |mean: f64| mean / median.max(ROUNDING);
        let far = (0..).zip(&means).filter(is_far).map(|(row, &mean)| Outlier { row, ratio: ratio(mean) });
        let mut outliers: Vec<Outlier> = far.collect();
        outliers.sort_by(|a, b| b.ratio.total_cmp(&a.ratio));
        outliers
    }
}

/// Share of the vectors `[rows, hidden]` whose nearest other vector has the same label; NaN for fewer than two.
pub fn nearest_label_agreement(vectors: &[f32], hidden: usize, labels: &[u32]) -> f64 {
    let rows: Vec<&[f32]> = vectors.chunks_exact(hidden.max(1)).collect();
    let distance = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
    let agrees = |row: usize| {
        let others = (0..rows.len()).filter(|&other| other != row);
        let nearest = others.map(|other| (distance(rows[row], rows[other]), other)).min_by(|a, b| a.0.total_cmp(&b.0));
        nearest.is_some_and(|(_, other)| labels.get(row) == labels.get(other))
    };
    if rows.len() < 2 {
        return f64::NAN;
    }
    (0..rows.len()).filter(|&row| agrees(row)).count() as f64 / rows.len() as f64
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// A quantile of sorted values, interpolated as numpy does; 0 without values.
fn quantile(sorted: &[f64], at: f64) -> f64 {
    let position = at * sorted.len().saturating_sub(1) as f64;
    let value = |at: f64| sorted.get(at as usize).copied().unwrap_or_default();
    let (low, high) = (value(position.floor()), value(position.ceil()));
    low + (high - low) * position.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_rows_are_duplicates_even_if_most_rows_are_equal() {
        let neighbors = Neighbors { count: 1, rows: vec![1, 0, 3, 2, 0], distances: vec![1e-7, 1e-7, 0.0, 0.0, 0.4] };
        let pairs: Vec<[u32; 2]> = neighbors.duplicates().iter().map(|pair| [pair.first, pair.second]).collect();
        assert_eq!(pairs, [[0, 1], [2, 3]]);
    }

    #[test]
    fn no_rows_have_neither_duplicates_nor_outliers() {
        let none = Neighbors { count: 0, rows: Vec::new(), distances: Vec::new() };
        assert!(none.duplicates().is_empty() && none.outliers().is_empty());
    }
}
