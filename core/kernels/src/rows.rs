//! Rows of one length.

use crate::simd::with_simd;

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
}
