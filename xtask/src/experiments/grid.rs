//! The search for the best epochs and learning rate of a data set: from a coarse grid to its neighborhood to more seeds.

use std::collections::BTreeMap;

/// Epochs of the grid.
const EPOCHS: [u32; 7] = [2, 3, 5, 8, 12, 20, 30];
/// Learning rates of the grid, as multiples of the middle one.
pub const RATES: [f64; 5] = [0.25, 0.5, 1.0, 2.0, 4.0];
/// Positions in `EPOCHS` of the coarse grid.
const COARSE_EPOCHS: [usize; 3] = [1, 3, 5];
/// Positions in `RATES` of the coarse grid.
const COARSE_RATES: [usize; 2] = [1, 3];
/// Seeds of the finalists; the search uses the first.
pub const SEEDS: [u32; 3] = [1, 2, 3];
/// Points of the grid that are repeated with every seed, the best ones.
const FINALISTS: usize = 2;

/// Settings of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Settings {
    /// Those that Hone chooses.
    Chosen,
    /// A point of the grid, by its positions in the epochs and the rates.
    Point {
        /// Position among the epochs.
        epochs: usize,
        /// Position among the rates.
        rate: usize,
    },
}

impl Settings {
    /// Epochs and learning rate of a point, if the rates of the grid lie around `middle`.
    pub fn point(self, middle: f64) -> Option<(u32, f64)> {
        let Self::Point { epochs, rate } = self else { return None };
        Some((EPOCHS[epochs], middle * RATES[rate]))
    }

    /// All settings.
    pub fn all() -> impl Iterator<Item = Self> {
        let points =
            (0..EPOCHS.len()).flat_map(|epochs| (0..RATES.len()).map(move |rate| Self::Point { epochs, rate }));
        [Self::Chosen].into_iter().chain(points)
    }

    /// The points next to this one.
    fn neighbors(self) -> Vec<Self> {
        let Self::Point { epochs, rate } = self else { return Vec::new() };
        let point = |epochs, rate| Self::Point { epochs, rate };
        let mut found = Vec::new();
        found.extend(epochs.checked_sub(1).map(|epochs| point(epochs, rate)));
        found.extend((epochs + 1 < EPOCHS.len()).then(|| point(epochs + 1, rate)));
        found.extend(rate.checked_sub(1).map(|rate| point(epochs, rate)));
        found.extend((rate + 1 < RATES.len()).then(|| point(epochs, rate + 1)));
        found
    }

    /// Passes over the rows, for the order of the runs.
    fn epochs(self) -> u32 {
        match self {
            Self::Chosen => 8,
            Self::Point { epochs, .. } => EPOCHS[epochs],
        }
    }
}

/// Part of the search that a run belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The coarse grid and the defaults.
    Coarse,
    /// The neighborhood of the best point so far.
    Fine,
    /// Other seeds of the best points and of the defaults.
    Seeds,
}

/// A run to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Next {
    pub stage: Stage,
    /// Passes over the rows.
    pub epochs: u32,
    pub seed: u32,
    pub settings: Settings,
}

/// Scores of the runs made so far, by settings and seed.
#[derive(Debug, Default)]
pub struct Search {
    scores: BTreeMap<Settings, BTreeMap<u32, f64>>,
}

impl Search {
    /// Adds the score of a run.
    pub fn add(&mut self, settings: Settings, seed: u32, score: f64) {
        self.scores.entry(settings).or_default().insert(seed, score);
    }

    /// Number of points of the grid that were run.
    pub fn points(&self) -> usize {
        self.scores.keys().filter(|settings| **settings != Settings::Chosen).count()
    }

    /// Scores of the settings, one for each seed.
    pub fn scores(&self, settings: Settings) -> Vec<f64> {
        self.scores.get(&settings).into_iter().flat_map(BTreeMap::values).copied().collect()
    }

    /// The best point: the one with the best mean among those with most seeds, and then with the fewest epochs.
    pub fn best(&self) -> Option<Settings> {
        let seeds = self.points_of(|_| true).map(|settings| self.scores(settings).len()).max()?;
        self.ranked(|settings| self.scores(settings).len() == seeds).first().copied()
    }

    fn points_of(&self, is_wanted: impl Fn(Settings) -> bool) -> impl Iterator<Item = Settings> {
        self.scores.keys().copied().filter(move |&settings| settings != Settings::Chosen && is_wanted(settings))
    }

    /// Points in the order of their mean scores, best first.
    fn ranked(&self, is_wanted: impl Fn(Settings) -> bool) -> Vec<Settings> {
        let mean = |settings: Settings| {
            let scores = self.scores(settings);
            scores.iter().sum::<f64>() / scores.len().max(1) as f64
        };
        let mut points: Vec<Settings> = self.points_of(is_wanted).collect();
        points.sort_by(|&a, &b| mean(b).total_cmp(&mean(a)));
        points
    }

    /// Points in the order of their scores with the first seed, best first.
    fn ranked_by_first_seed(&self) -> Vec<Settings> {
        let score = |settings: &Settings| self.scores[settings].get(&SEEDS[0]).copied().unwrap_or(f64::NEG_INFINITY);
        let mut points: Vec<Settings> = self.points_of(|_| true).collect();
        points.sort_by(|a, b| score(b).total_cmp(&score(a)));
        points
    }

    /// The next run, cheapest first within a stage; `None` if the search is over.
    pub fn next(&self) -> Option<Next> {
        let next = |stage, settings: Settings, seed| Next { stage, epochs: settings.epochs(), seed, settings };
        let is_open = |next: &Next| !self.scores.get(&next.settings).is_some_and(|runs| runs.contains_key(&next.seed));
        let coarse = COARSE_EPOCHS.iter().flat_map(|&epochs| COARSE_RATES.map(|rate| Settings::Point { epochs, rate }));
        let coarse = coarse.chain([Settings::Chosen]).map(|settings| next(Stage::Coarse, settings, SEEDS[0]));
        let ranked = self.ranked_by_first_seed();
        let fine = ranked.first().map(|best| best.neighbors()).unwrap_or_default();
        let fine = fine.into_iter().map(|settings| next(Stage::Fine, settings, SEEDS[0]));
        let finalists = ranked.iter().copied().take(FINALISTS).chain([Settings::Chosen]);
        let seeds = SEEDS.iter().flat_map(|&seed| {
            let runs = finalists.clone().map(move |settings| next(Stage::Seeds, settings, seed));
            runs.collect::<Vec<_>>()
        });
        coarse.chain(fine).chain(seeds).filter(is_open).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_climbs_from_the_coarse_grid_to_the_best_point_and_repeats_it() {
        // Best at 12 epochs and 2e-4.
        let score = |settings| match settings {
            Settings::Chosen => 0.5,
            Settings::Point { epochs, rate } => 1.0 - 0.1 * (epochs.abs_diff(4) + rate.abs_diff(2)) as f64,
        };
        let mut search = Search::default();
        let mut stages = Vec::new();
        while let Some(next) = search.next() {
            stages.push(next.stage);
            search.add(next.settings, next.seed, score(next.settings));
            assert!(stages.len() < 100);
        }
        let best = Settings::Point { epochs: 4, rate: 2 };
        assert_eq!(search.best(), Some(best));
        assert_eq!((search.scores(best).len(), search.scores(Settings::Chosen).len()), (3, 3));
        assert!(stages.is_sorted(), "{stages:?}");
        assert!(search.points() < 20, "{} of 35 points", search.points());
    }
}
