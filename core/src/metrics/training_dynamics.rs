//! Training dynamics (Swayamdipta et al. 2020, “Dataset Cartography”): how probable the given label of each row is over the
//! evaluations of a run.

/// Probabilities of the given labels, collected evaluation by evaluation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrainingDynamics {
    evaluations: u32,
    /// Of each row: the mean, and the sum of the squared distances from it (Welford).
    rows: Vec<Spread>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Spread {
    mean: f64,
    squares: f64,
}

impl TrainingDynamics {
    /// Adds the probability of each row's given label at an evaluation.
    pub fn observe(&mut self, probabilities: &[f32]) {
        if self.rows.len() != probabilities.len() {
            *self = Self { evaluations: 0, rows: vec![Spread::default(); probabilities.len()] };
        }
        self.evaluations += 1;
        for (row, &probability) in self.rows.iter_mut().zip(probabilities) {
            let distance = f64::from(probability) - row.mean;
            row.mean += distance / f64::from(self.evaluations);
            row.squares += distance * (f64::from(probability) - row.mean);
        }
    }

    /// Number of evaluations.
    pub fn evaluations(&self) -> u32 {
        self.evaluations
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Mean probability of a row's given label, from 0 to 1.
    pub fn confidence(&self, row: usize) -> f64 {
        self.rows.get(row).map_or(f64::NAN, |row| row.mean)
    }

    /// Standard deviation of that probability, over the number of evaluations: from 0 to 0.5.
    pub fn variability(&self, row: usize) -> f64 {
        self.rows.get(row).map_or(f64::NAN, |row| (row.squares / f64::from(self.evaluations)).sqrt())
    }
}
