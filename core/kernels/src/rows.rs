//! Rows of one length.

use crate::lanes::dot;
use crate::simd::with_simd;

/// Values that are summed in 32 bits. Longer sums would lose digits.
const PART: usize = 4096;

/// Sums over the rows: one sum for each of `columns` columns.
pub fn sum_of_rows(values: &[f32], columns: usize) -> Vec<f32> {
    with_simd(
        #[inline(always)]
        || {
            let mut sums = vec![0.0; columns];
            for row in values.chunks_exact(columns.max(1)) {
                sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
            }
            sums
        },
    )
}

/// Sum of the squares.
pub fn squared_norm(values: &[f32]) -> f32 {
    with_simd(
        #[inline(always)]
        || values.chunks(PART).map(|part| f64::from(dot(part, part))).sum::<f64>() as f32,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_summed_over_every_number_of_rows() {
        let values: Vec<f32> = (0..12).map(|i| i as f32).collect();
        assert_eq!(sum_of_rows(&values, 4), [12.0, 15.0, 18.0, 21.0]);
        assert_eq!(sum_of_rows(&values, 12), values);
        assert_eq!(sum_of_rows(&values, 1), [66.0]);
        assert_eq!(sum_of_rows(&[], 2), [0.0, 0.0]);
        assert_eq!(sum_of_rows(&[], 0), []);
    }

    #[test]
    fn a_long_row_of_squares_loses_no_digits() {
        let expected = 10_000_003.0 * f64::from(1.1f32).powi(2);
        assert!((f64::from(squared_norm(&vec![1.1; 10_000_003])) / expected - 1.0).abs() < 1e-5);
        assert_eq!((squared_norm(&[3.0, -4.0]), squared_norm(&[])), (25.0, 0.0));
    }
}
