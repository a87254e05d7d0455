//! Principal component analysis: the two directions in which vectors differ most.

/// Most iterations. With fewer, two components of nearly equal variance may still be turned against each other, which no
/// picture shows.
const MAX_ITERATIONS: usize = 1_000;
/// A direction that changes by less has been found.
const TOLERANCE: f64 = 1e-12;

/// The first two principal components of vectors, as scikit-learn's `PCA` has them.
#[derive(Clone, Debug, PartialEq)]
pub struct PrincipalComponents {
    /// Directions of length 1, `[2][hidden]`; zeros if the vectors do not differ. The largest value of each is positive.
    pub axes: [Vec<f64>; 2],
    /// The share of the variance along each, from 0 to 1.
    pub explained: [f64; 2],
}

impl PrincipalComponents {
    /// The components of vectors `[rows, hidden]` whose mean is zero.
    pub fn of(centered: &[f32], hidden: usize) -> Self {
        let rows: Vec<&[f32]> = centered.chunks_exact(hidden.max(1)).collect();
        // There are fewer texts than values of a vector: the eigenvectors of the products of the rows lead to those of the
        // covariance.
        let products: Vec<Vec<f64>> = rows.iter().map(|a| rows.iter().map(|b| dot(a, b)).collect()).collect();
        let variance: f64 = (0..rows.len()).map(|row| products[row][row]).sum();
        let mut found: [Vec<f64>; 2] = Default::default();
        let mut explained = [0.0; 2];
        for nth in 0..2 {
            let (before, value) = (found[0].clone(), &mut explained[nth]);
            let mut weights: Vec<f64> = (0..rows.len()).map(|row| ((row * 7_919 + 13) % 101) as f64 - 50.0).collect();
            for _ in 0..MAX_ITERATIONS {
                let mut next: Vec<f64> = products.iter().map(|row| product(row, &weights)).collect();
                if nth == 1 {
                    let along = product(&next, &before);
                    next.iter_mut().zip(&before).for_each(|(value, before)| *value -= along * before);
                }
                let length = product(&next, &next).sqrt();
                if length <= TOLERANCE * variance {
                    (weights, *value) = (vec![0.0; rows.len()], 0.0);
                    break;
                }
                next.iter_mut().for_each(|value| *value /= length);
                let change: f64 = next.iter().zip(&weights).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                (weights, *value) = (next, length / variance);
                if change < TOLERANCE {
                    break;
                }
            }
            found[nth] = weights;
        }
        let axes = found.map(|weights| {
            let mut axis = vec![0.0; hidden];
            for (row, weight) in rows.iter().zip(weights) {
                axis.iter_mut().zip(*row).for_each(|(sum, &value)| *sum += weight * f64::from(value));
            }
            let largest = axis.iter().copied().fold(0.0, |a: f64, b| if b.abs() > a.abs() { b } else { a });
            let length = product(&axis, &axis).sqrt() * largest.signum();
            if length != 0.0 {
                axis.iter_mut().for_each(|value| *value /= length);
            }
            axis
        });
        Self { axes, explained }
    }

    /// Place of a vector along the two components.
    pub fn place(&self, vector: &[f32]) -> [f64; 2] {
        [&self.axes[0], &self.axes[1]].map(|axis| axis.iter().zip(vector).map(|(a, &b)| a * f64::from(b)).sum())
    }
}

/// Vectors `[rows, hidden]` without their mean.
pub fn centered(vectors: &[f32], hidden: usize) -> Vec<f32> {
    let hidden = hidden.max(1);
    let rows = (vectors.len() / hidden).max(1) as f64;
    let mut mean = vec![0.0; hidden];
    for vector in vectors.chunks_exact(hidden) {
        mean.iter_mut().zip(vector).for_each(|(sum, &value)| *sum += f64::from(value) / rows);
    }
    vectors.iter().zip(mean.iter().cycle()).map(|(&value, mean)| (f64::from(value) - mean) as f32).collect()
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}

fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_on_a_line_have_one_component() {
        let vectors = centered(&[3.0, 4.0, 6.0, 8.0, 9.0, 12.0], 2);
        let found = PrincipalComponents::of(&vectors, 2);
        let places: Vec<[f64; 2]> = vectors.chunks(2).map(|vector| found.place(vector)).collect();
        for (place, expected) in places.iter().zip([-5.0, 0.0, 5.0]) {
            assert!((place[0] - expected).abs() < 1e-6 && place[1].abs() < 1e-6, "{places:?}");
        }
        assert!((found.explained[0] - 1.0).abs() < 1e-6 && found.explained[1] < 1e-6, "{found:?}");
    }

    #[test]
    fn equal_vectors_and_none_have_no_component() {
        for vectors in [&[][..], &[0.0; 6]] {
            let found = PrincipalComponents::of(vectors, 2);
            assert_eq!((found.explained, found.place(&[1.0, 1.0])), ([0.0; 2], [0.0; 2]));
        }
    }
}
