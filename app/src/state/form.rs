//! The recipe while a person edits it.

use std::collections::BTreeMap;

use hone_core::problem::Problem;
use hone_core::recipe::{RawRecipe, lr_at};

use super::State;
use super::fields::{Field, GROUPS, SEED, VALIDATION_SHARE};

/// Points of the curve shown before a run.
const CURVE_POINTS: u32 = 100;

/// The recipe and what is wrong with what was typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Form {
    /// The last recipe whose every field was in range.
    pub recipe: RawRecipe,
    /// What is wrong, by the field's name.
    pub errors: BTreeMap<&'static str, String>,
    /// Why the last recipe file was not taken.
    pub problem: Option<Problem>,
}

impl Form {
    /// Takes what was typed into a field; true when it fits.
    pub fn type_in(&mut self, field: &Field, typed: &str) -> bool {
        match field.parse_into(typed, &mut self.recipe) {
            Ok(()) => {
                self.errors.remove(field.name);
                true
            }
            Err(error) => {
                self.errors.insert(field.name, error);
                false
            }
        }
    }

    /// Takes a recipe from the text of a file, or says why not. The recipe in the form stays when the file's does not
    /// fit.
    pub fn import(&mut self, text: &str) {
        let recipe = serde_json::from_str(text).map_err(|error| error.to_string());
        match recipe.and_then(checked) {
            Ok(recipe) => *self = Self { recipe, ..Self::default() },
            Err(reason) => {
                self.problem = Some(
                    Problem::new("recipe.unreadable", format!("This file is not a recipe that can be run: {reason}."))
                        .done("The recipe in the form is as it was.")
                        .remedy("Choose a recipe.json that Hone wrote, or correct the named field."),
                );
            }
        }
    }
}

/// A recipe whose numeric fields are all in range.
fn checked(mut recipe: RawRecipe) -> Result<RawRecipe, String> {
    if recipe.version != 1 {
        return Err(format!("it has version {}, and this page reads version 1", recipe.version));
    }
    for field in GROUPS.iter().flat_map(|group| group.fields).chain([&VALIDATION_SHARE, &SEED]) {
        let shown = field.shown(&recipe);
        field.parse_into(&shown, &mut recipe).map_err(|_| {
            let (least, most) = field.range();
            format!("{} is {shown}, and must be from {least} to {most}", field.name)
        })?;
    }
    Ok(recipe)
}

impl State {
    /// Optimiser steps that the recipe makes of the data; 100 while there is no data.
    pub fn planned_steps(&self) -> u32 {
        let recipe = &self.form.recipe;
        let Some(report) = &self.data.report else { return 100 };
        let batches = report.train_rows.div_ceil(recipe.batch_size.max(1));
        batches.div_ceil(recipe.grad_accum_steps.max(1)).max(1) * recipe.epochs
    }

    /// The learning rate over the coming run. Where the peak is left to Hone it is drawn as 1.
    pub fn planned_curve(&self) -> Vec<(f64, f64)> {
        let total = self.planned_steps();
        let RawRecipe { warmup_share, lr_peak, .. } = self.form.recipe;
        (0..=CURVE_POINTS)
            .map(|point| {
                let step = (u64::from(point) * u64::from(total) / u64::from(CURVE_POINTS)) as u32;
                (f64::from(step), lr_at(step, total, warmup_share, lr_peak.unwrap_or(1.0)))
            })
            .collect()
    }
}
