//! From a raw recipe to one that can be run.

use std::ops::RangeInclusive;

use thiserror::Error;

use super::{Metric, Pooling, RawRecipe};

/// What a recipe must fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ModelFacts {
    /// Number of parameters.
    pub parameters: f64,
    /// Longest sequence, in tokens.
    pub max_positions: u32,
    /// The model's own way to make one vector of a sentence.
    pub pooling: Pooling,
    /// A length that fits the data, in tokens.
    pub suggested_len: u32,
}

/// A field of a recipe that cannot be run.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum RecipeError {
    /// A number outside its range.
    #[error("{field} is {value}; it must be from {min} to {max}")]
    OutOfRange {
        /// The field's name in the recipe.
        field: &'static str,
        /// What it is.
        value: f64,
        /// Least allowed.
        min: f64,
        /// Most allowed.
        max: f64,
    },
    /// A recipe of another version of Hone.
    #[error("the recipe has version {0}; this Hone reads version 1")]
    Version(u32),
}

/// The range allowed for a field of [`RawRecipe`] by its name, for forms and for validation alike.
///
/// # Panics
/// On a name that is no numeric field: the names are written in this program.
pub fn range_of(field: &str) -> RangeInclusive<f64> {
    match field {
        "max_len" => 8.0..=512.0,
        "batch_size" => 1.0..=128.0,
        "grad_accum_steps" => 1.0..=64.0,
        "epochs" => 1.0..=100.0,
        "lr_peak" => 1e-7..=0.1,
        "warmup_share" => 0.0..=0.9,
        "weight_decay" => 0.0..=1.0,
        "dropout" => 0.0..=0.9,
        "clip_norm" => 0.0..=100.0,
        "evals_per_epoch" => 1.0..=20.0,
        "patience" => 0.0..=100.0,
        "min_change" => 0.0..=1.0,
        "validation_share" => 0.02..=0.5,
        _ => unreachable!("{field} is not a numeric field of a recipe"),
    }
}

/// A recipe that can be run: every value is in range and every choice is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    raw: RawRecipe,
    lr_peak: f64,
    max_len: u32,
    pooling: Pooling,
}

impl Recipe {
    /// Checks every field and fills in what was left open.
    ///
    /// # Errors
    /// Names the first field that cannot be run, its value and the allowed range.
    pub fn new(mut raw: RawRecipe, facts: &ModelFacts) -> Result<Self, RecipeError> {
        if raw.version != 1 {
            return Err(RecipeError::Version(raw.version));
        }
        let check = |field: &'static str, value: f64| {
            let range = range_of(field);
            if range.contains(&value) {
                Ok(value)
            } else {
                Err(RecipeError::OutOfRange { field, value, min: *range.start(), max: *range.end() })
            }
        };
        check("batch_size", f64::from(raw.batch_size))?;
        check("grad_accum_steps", f64::from(raw.grad_accum_steps))?;
        check("epochs", f64::from(raw.epochs))?;
        check("warmup_share", raw.warmup_share)?;
        check("weight_decay", raw.weight_decay)?;
        check("dropout", raw.dropout)?;
        check("clip_norm", raw.clip_norm)?;
        check("evals_per_epoch", f64::from(raw.evals_per_epoch))?;
        check("patience", f64::from(raw.patience))?;
        check("min_change", raw.min_change)?;
        check("validation_share", raw.validation_share)?;
        let lr_peak = check("lr_peak", raw.lr_peak.unwrap_or_else(|| default_lr(facts.parameters)))?;
        let longest = f64::from(facts.max_positions).min(*range_of("max_len").end());
        let max_len = raw.max_len.unwrap_or(facts.suggested_len.min(longest as u32));
        let shortest = *range_of("max_len").start();
        if !(shortest..=longest).contains(&f64::from(max_len)) {
            let value = f64::from(max_len);
            return Err(RecipeError::OutOfRange { field: "max_len", value, min: shortest, max: longest });
        }
        let pooling = raw.pooling.unwrap_or(facts.pooling);
        (raw.lr_peak, raw.max_len, raw.pooling) = (Some(lr_peak), Some(max_len), Some(pooling));
        Ok(Self { raw, lr_peak, max_len, pooling })
    }

    /// The recipe as it can be written down, with nothing left open.
    pub fn raw(&self) -> &RawRecipe {
        &self.raw
    }

    /// Highest learning rate.
    pub fn lr_peak(&self) -> f64 {
        self.lr_peak
    }

    /// Longest sequence, in tokens.
    pub fn max_len(&self) -> usize {
        self.max_len as usize
    }

    /// How the tokens' vectors become one.
    pub fn pooling(&self) -> Pooling {
        self.pooling
    }

    /// Rows computed at a time.
    pub fn batch_size(&self) -> usize {
        self.raw.batch_size as usize
    }

    /// Batches summed into one optimiser step.
    pub fn grad_accum_steps(&self) -> usize {
        self.raw.grad_accum_steps as usize
    }

    /// Passes over the training rows.
    pub fn epochs(&self) -> usize {
        self.raw.epochs as usize
    }

    /// Seed of split, order, head and dropout.
    pub fn seed(&self) -> u64 {
        u64::from(self.raw.seed)
    }

    /// What decides which weights are best.
    pub fn best_metric(&self) -> Metric {
        self.raw.best_metric
    }
}

/// Small models want higher rates. Of MiniLM with a mean head 1e-4 was the best over three data sets of 600 rows
/// (tests/golden/README.md); the others are what the authors of such models use.
fn default_lr(parameters: f64) -> f64 {
    if parameters < 16e6 {
        2e-4
    } else if parameters < 50e6 {
        1e-4
    } else {
        3e-5
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINILM: ModelFacts =
        ModelFacts { parameters: 22.7e6, max_positions: 512, pooling: Pooling::Mean, suggested_len: 64 };

    #[test]
    fn what_is_left_open_is_filled_in_and_written_down() {
        let recipe = Recipe::new(RawRecipe::default(), &MINILM).unwrap();
        assert_eq!((recipe.max_len(), recipe.pooling(), recipe.lr_peak()), (64, Pooling::Mean, 1e-4));
        let again = Recipe::new(recipe.raw().clone(), &MINILM).unwrap();
        assert_eq!(again, recipe);
    }

    #[test]
    fn a_field_out_of_range_is_named_with_its_range() {
        for (raw, field) in [
            (RawRecipe { dropout: 1.0, ..RawRecipe::default() }, "dropout"),
            (RawRecipe { dropout: f64::NAN, ..RawRecipe::default() }, "dropout"),
            (RawRecipe { epochs: 0, ..RawRecipe::default() }, "epochs"),
            (RawRecipe { lr_peak: Some(1.0), ..RawRecipe::default() }, "lr_peak"),
            (RawRecipe { max_len: Some(513), ..RawRecipe::default() }, "max_len"),
        ] {
            match Recipe::new(raw, &MINILM) {
                Err(RecipeError::OutOfRange { field: named, .. }) => assert_eq!(named, field),
                other => panic!("{field}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_recipe_file_may_leave_out_fields_but_not_invent_them() {
        let raw: RawRecipe = serde_json::from_str(r#"{"epochs": 5}"#).unwrap();
        assert_eq!((raw.epochs, raw.batch_size), (5, RawRecipe::default().batch_size));
        assert!(serde_json::from_str::<RawRecipe>(r#"{"epoch": 5}"#).is_err());
    }
}
