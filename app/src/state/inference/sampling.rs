//! The controls of how a prompt is written on.

use hone_core::generate::Sampling;

use crate::state::{Trial, format};

/// A number of [`Sampling`].
pub struct SamplingField {
    /// Its name on the page.
    pub label: &'static str,
    /// One sentence of what it does, and when to change it.
    pub what: &'static str,
    least: f64,
    most: f64,
    is_whole: bool,
    read: fn(&Sampling) -> f64,
    write: fn(&mut Sampling, f64),
}

/// In the order in which they are met.
pub static SAMPLING: [SamplingField; 6] = [
    SamplingField {
        label: "Temperature",
        what: "How far it strays from the likeliest word: 0 never does, 0.7 is lively, above 1 gets odd.",
        least: 0.0,
        most: 5.0,
        is_whole: false,
        read: |sampling| sampling.temperature,
        write: |sampling, value| sampling.temperature = value,
    },
    SamplingField {
        label: "Top-p",
        what: "Draws only from the likeliest words that together have this share; 1 leaves none out.",
        least: 0.01,
        most: 1.0,
        is_whole: false,
        read: |sampling| sampling.top_p,
        write: |sampling, value| sampling.top_p = value,
    },
    SamplingField {
        label: "Top-k",
        what: "Draws only from so many of the likeliest words; 0 leaves none out.",
        least: 0.0,
        most: 1000.0,
        is_whole: true,
        read: |sampling| f64::from(sampling.top_k),
        write: |sampling, value| sampling.top_k = value as u32,
    },
    SamplingField {
        label: "Repetition penalty",
        what: "Makes words that stand already less likely: 1.1 to 1.3 when it goes in circles, 1 for nothing.",
        least: 1.0,
        most: 2.0,
        is_whole: false,
        read: |sampling| sampling.repetition_penalty,
        write: |sampling, value| sampling.repetition_penalty = value,
    },
    SamplingField {
        label: "Most tokens",
        what: "Where it is stopped if it does not end by itself; a word is one to three tokens.",
        least: 1.0,
        most: 512.0,
        is_whole: true,
        read: |sampling| f64::from(sampling.max_new_tokens),
        write: |sampling, value| sampling.max_new_tokens = value as u32,
    },
    SamplingField {
        label: "Seed of the draw",
        what: "The same seed draws the same words; it means nothing at temperature 0.",
        least: 0.0,
        most: u32::MAX as f64,
        is_whole: true,
        read: |sampling| f64::from(sampling.seed),
        write: |sampling, value| sampling.seed = value as u32,
    },
];

impl SamplingField {
    /// The value as shown.
    pub fn shown(&self, sampling: &Sampling) -> String {
        format::rate((self.read)(sampling))
    }
}

impl Trial {
    /// What is wrong with what was typed into a field of the sampling; empty when nothing is.
    pub fn sampling_error(&self, field: &SamplingField) -> String {
        let own = self.errors.iter().find(|(label, _)| *label == field.label);
        own.map_or_else(String::new, |(_, error)| error.clone())
    }

    /// Takes what was typed into a field of the sampling.
    pub fn type_sampling(&mut self, field: &SamplingField, typed: &str) {
        self.errors.retain(|(label, _)| *label != field.label);
        let fits =
            |value: &f64| (field.least..=field.most).contains(value) && !(field.is_whole && value.fract() != 0.0);
        match typed.trim().replace(',', ".").parse::<f64>().ok().filter(fits) {
            Some(value) => (field.write)(&mut self.sampling, value),
            None => {
                let kind = if field.is_whole { "a whole number" } else { "a number" };
                let range = format!("{} to {}", format::rate(field.least), format::rate(field.most));
                self.errors.push((field.label, format!("This must be {kind} from {range}.")));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_taken_or_refused_with_the_range() {
        let mut trial = Trial::default();
        trial.type_sampling(&SAMPLING[0], "0,7");
        assert_eq!((trial.sampling.temperature, SAMPLING[0].shown(&trial.sampling).as_str()), (0.7, "0.7"));
        for (field, wrong) in [(0, "hot"), (1, "0"), (2, "1.5"), (4, "513"), (5, "-1"), (3, "NaN")] {
            let before = trial.sampling;
            trial.type_sampling(&SAMPLING[field], wrong);
            assert!(trial.sampling_error(&SAMPLING[field]).contains("must be"), "{wrong}");
            assert_eq!(trial.sampling, before);
        }
        trial.type_sampling(&SAMPLING[0], "0");
        assert!(trial.sampling_error(&SAMPLING[0]).is_empty() && !trial.errors.is_empty());
    }
}
