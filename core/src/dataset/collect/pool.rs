//! Rows that have a text and no label yet: the pool from which rows are chosen to be labeled.

use serde::{Deserialize, Serialize};

use crate::limits::{MAX_POOL_CHARS, MAX_POOL_ROWS};
use crate::phrases::excerpt;
use crate::rng::{Rng, Stream};

/// A row without a label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolRow {
    /// Line in the file, from 1.
    pub line: u32,
    /// Its text, cut if it is very long.
    pub text: String,
    /// The second text of a pair.
    pub pair: Option<String>,
}

/// The rows of a file without a label: all of them, or [`MAX_POOL_ROWS`] drawn at random.
#[derive(Debug)]
pub(crate) struct Pool {
    pub rows: Vec<PoolRow>,
    /// Number of such rows in the file.
    pub total: usize,
    rng: Rng,
}

impl Default for Pool {
    fn default() -> Self {
        Self { rows: Vec::new(), total: 0, rng: Rng::new(0, Stream::Pool, 0) }
    }
}

impl Pool {
    /// Adds a row with its text and, for a pair, the second one. Each row of a long file is as likely to stay as any other
    /// (Vitter's algorithm R, 1985).
    pub(crate) fn add(&mut self, line: u32, texts: &[String]) {
        self.total += 1;
        let row = || {
            let mut texts = texts.iter().map(|text| excerpt(text, MAX_POOL_CHARS));
            PoolRow { line, text: texts.next().unwrap_or_default(), pair: texts.next() }
        };
        if self.rows.len() < MAX_POOL_ROWS {
            self.rows.push(row());
        } else if let Some(place) = self.rows.get_mut(self.rng.below(self.total as u64) as usize) {
            *place = row();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_drawn_from_evenly() {
        let mut pool = Pool::default();
        let rows = 4 * MAX_POOL_ROWS as u32;
        (0..rows).for_each(|line| pool.add(line, &["so good".to_owned()]));
        assert_eq!((pool.rows.len(), pool.total), (MAX_POOL_ROWS, rows as usize));
        let late = pool.rows.iter().filter(|row| row.line >= rows / 2).count() as f64;
        assert!((late / MAX_POOL_ROWS as f64 - 0.5).abs() < 0.02, "{late}");
    }
}
