//! The only source of randomness. Numbers depend on `(seed, stream, step)` and nothing else, so a run can be replayed
//! and resumed exactly.
//!
//! The generator is SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).

/// Independent streams of random numbers, one for each use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Choice of the validation rows.
    Split = 1,
    /// Order of the rows in an epoch.
    Shuffle = 2,
    /// Initial weights of the head.
    Head = 3,
    /// Dropout masks.
    Dropout = 4,
    /// Weights and data of synthetic models, for the self-check and benchmarks.
    Synthetic = 5,
    /// Initial weights of adapters.
    Adapter = 6,
    /// Weights of reinitialized layers.
    Reinit = 7,
    /// Sampled tokens in text generation.
    Sampling = 8,
    /// Choice of the test rows.
    TestSplit = 9,
    /// Resampling of rows for confidence intervals.
    Bootstrap = 10,
    /// Positives of texts that are similar by their class.
    Partners = 11,
    /// Folds of the rows whose labels are checked.
    Folds = 12,
    /// Rows without a label that are offered to be labeled, and the order of the first ones.
    Pool = 13,
    /// Training rows that are drawn, and those of them with another label.
    TrainingSample = 14,
}

/// A random number generator.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// A generator for `stream` at `step`.
    pub fn new(seed: u64, stream: Stream, step: u64) -> Self {
        let mut rng = Self(seed);
        let seeded = rng.next_u64() ^ (stream as u64).wrapping_mul(0xA24B_AED4_963E_E407);
        let mut rng = Self(seeded);
        let stepped = rng.next_u64() ^ step.wrapping_mul(0x9FB2_1C65_1E98_DF25);
        Self(stepped)
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in [0, 1), with 24 random bits: exact in f32.
    pub fn uniform(&mut self) -> f32 {
        (self.next_u64() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// Uniform in 0..n, without bias (Lemire 2019). `n` must be at least 1.
    pub fn below(&mut self, n: u64) -> u64 {
        loop {
            let product = u128::from(self.next_u64()) * u128::from(n);
            let low = product as u64;
            if low >= n.wrapping_neg() % n {
                return (product >> 64) as u64;
            }
        }
    }

    /// Standard normal, by the Box–Muller transform.
    pub fn normal(&mut self) -> f32 {
        let u = f64::from(self.uniform()).max(1e-12);
        let v = f64::from(self.uniform());
        ((-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()) as f32
    }

    /// Shuffles the items (Fisher–Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_depend_on_seed_stream_and_step_alone() {
        let draw = |seed, stream, step| Rng::new(seed, stream, step).next_u64();
        assert_eq!(draw(1, Stream::Split, 0), draw(1, Stream::Split, 0));
        assert_ne!(draw(1, Stream::Split, 0), draw(2, Stream::Split, 0));
        assert_ne!(draw(1, Stream::Split, 0), draw(1, Stream::Shuffle, 0));
        assert_ne!(draw(1, Stream::Split, 0), draw(1, Stream::Split, 1));
    }

    #[test]
    fn splitmix_matches_the_reference_implementation() {
        // From the reference C code (Vigna, splitmix64.c) with state 1234567.
        let mut rng = Rng(1_234_567);
        assert_eq!(rng.next_u64(), 6_457_827_717_110_365_317);
        assert_eq!(rng.next_u64(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn normals_have_mean_0_and_variance_1() {
        let mut rng = Rng::new(7, Stream::Head, 0);
        let draws: Vec<f32> = (0..20_000).map(|_| rng.normal()).collect();
        let mean = draws.iter().sum::<f32>() / draws.len() as f32;
        let var = draws.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / draws.len() as f32;
        assert!(mean.abs() < 0.03 && (var - 1.0).abs() < 0.05, "mean {mean}, variance {var}");
    }
}
