//! The controls for text generation.

use hone_core::generate::Sampling;

use crate::format;
use crate::state::Inference;

/// A field of [`Sampling`].
pub struct SamplingField {
    /// Its label on the page.
    pub label: &'static str,
    /// Effect and useful values, in one sentence.
    pub what: &'static str,
    least: f64,
    most: f64,
    is_whole: bool,
    read: fn(&Sampling) -> f64,
    write: fn(&mut Sampling, f64),
}

/// All fields, in the order shown.
pub static SAMPLING: [SamplingField; 6] = [
    SamplingField {
        label: "Temperature",
        what: "Randomness: 0 always picks the most likely token, 0.7 is varied, above 1 gets incoherent.",
        least: 0.0,
        most: 5.0,
        is_whole: false,
        read: |sampling| sampling.temperature,
        write: |sampling, value| sampling.temperature = value,
    },
    SamplingField {
        label: "Top-p",
        what: "Samples only from the most likely tokens whose probabilities add up to this; 1 allows all.",
        least: 0.01,
        most: 1.0,
        is_whole: false,
        read: |sampling| sampling.top_p,
        write: |sampling, value| sampling.top_p = value,
    },
    SamplingField {
        label: "Top-k",
        what: "Samples only from this many of the most likely tokens; 0 allows all.",
        least: 0.0,
        most: 1000.0,
        is_whole: true,
        read: |sampling| f64::from(sampling.top_k),
        write: |sampling, value| sampling.top_k = value as u32,
    },
    SamplingField {
        label: "Repetition penalty",
        what: "Penalizes tokens already used: 1.1 to 1.3 if it repeats itself, 1 to turn it off.",
        least: 1.0,
        most: 2.0,
        is_whole: false,
        read: |sampling| sampling.repetition_penalty,
        write: |sampling, value| sampling.repetition_penalty = value,
    },
    SamplingField {
        label: "Maximum new tokens",
        what: "Generation stops here if it has not ended before; a word is one to three tokens.",
        least: 1.0,
        most: 512.0,
        is_whole: true,
        read: |sampling| f64::from(sampling.max_new_tokens),
        write: |sampling, value| sampling.max_new_tokens = value as u32,
    },
    SamplingField {
        label: "Sampling seed",
        what: "The same seed generates the same text; it has no effect at temperature 0.",
        least: 0.0,
        most: u32::MAX as f64,
        is_whole: true,
        read: |sampling| f64::from(sampling.seed),
        write: |sampling, value| sampling.seed = value as u32,
    },
];

impl SamplingField {
    /// The value as text.
    pub fn shown(&self, sampling: &Sampling) -> String {
        format::rate((self.read)(sampling))
    }
}

impl Inference {
    /// The error message of a field; empty if its value is valid.
    pub fn sampling_error(&self, field: &SamplingField) -> String {
        let own = self.errors.iter().find(|(label, _)| *label == field.label);
        own.map_or_else(String::new, |(_, error)| error.clone())
    }

    /// Stores the text typed into a field.
    pub fn type_sampling(&mut self, field: &SamplingField, typed: &str) {
        self.errors.retain(|(label, _)| *label != field.label);
        let fits =
            |value: &f64| (field.least..=field.most).contains(value) && !(field.is_whole && value.fract() != 0.0);
        match format::typed_number(typed).filter(fits) {
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
    fn invalid_values_are_rejected_with_the_range() {
        let mut inference = Inference::default();
        inference.type_sampling(&SAMPLING[0], "0,7");
        assert_eq!((inference.sampling.temperature, SAMPLING[0].shown(&inference.sampling).as_str()), (0.7, "0.7"));
        for (field, wrong) in [(0, "hot"), (1, "0"), (2, "1.5"), (4, "513"), (5, "-1"), (3, "NaN")] {
            let before = inference.sampling;
            inference.type_sampling(&SAMPLING[field], wrong);
            assert!(inference.sampling_error(&SAMPLING[field]).contains("must be"), "{wrong}");
            assert_eq!(inference.sampling, before);
        }
        inference.type_sampling(&SAMPLING[0], "0");
        assert!(inference.sampling_error(&SAMPLING[0]).is_empty() && !inference.errors.is_empty());
    }
}
