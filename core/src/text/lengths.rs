//! Statistics of text lengths in tokens, and a suggested `max_length`.

use crate::dataset::TokenLengths;
use crate::text::batch::LENGTHS;

/// Maximum fraction of the texts that the suggested length may cut.
const MAX_CUT: f64 = 0.01;

/// Longest suggested length, in tokens: the cost of attention grows with its square.
const LONGEST: usize = 256;

/// Statistics of `lengths`, the number of tokens of each text. The suggested length is the shortest standard length that
/// cuts at most 1 % of the texts, within the `positions` of the model.
pub fn token_lengths(mut lengths: Vec<usize>, positions: usize) -> TokenLengths {
    lengths.sort_unstable();
    let quantile = |fraction: f64| {
        let index = (fraction * lengths.len() as f64).ceil() as usize;
        lengths.get(index.saturating_sub(1)).copied().unwrap_or(0)
    };
    let cut = |len: usize| lengths.len() - lengths.partition_point(|&l| l <= len);
    let longest = LONGEST.min(positions);
    let allowed = (MAX_CUT * lengths.len() as f64) as usize;
    let max_length =
        LENGTHS.into_iter().filter(|&len| len <= longest).find(|&len| cut(len) <= allowed).unwrap_or(longest);
    TokenLengths {
        p50: quantile(0.5) as u32,
        p95: quantile(0.95) as u32,
        max: lengths.last().copied().unwrap_or(0) as u32,
        max_length: max_length as u32,
        truncated_ratio: cut(max_length) as f64 / lengths.len().max(1) as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_length_that_cuts_at_most_one_percent_is_suggested() {
        let mut lengths = vec![10; 197];
        lengths.extend([30, 60, 600]);
        let found = token_lengths(lengths.clone(), 512);
        assert_eq!((found.p50, found.p95, found.max, found.max_length), (10, 10, 600, 32));
        assert_eq!(found.truncated_ratio, 2.0 / 200.0);
        assert_eq!(token_lengths(vec![1_000; 10], 512).max_length, 256);
        assert_eq!(token_lengths(vec![1_000; 10], 128).max_length, 128);
        assert_eq!(token_lengths(Vec::new(), 512).max_length, 8);
    }
}
