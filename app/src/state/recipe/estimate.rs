//! Time and memory that a run would take, measured by the worker once the recipe has stopped changing.

use hone_core::dataset::{Cuts, DataReport};
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::{Command, DeviceChoice};
use hone_core::recipe::RecipeSpec;
use hone_core::run::Estimate;

use crate::format;
use crate::state::{Effect, State, Topic};

/// Consecutive checks that must find the inputs unchanged before they are measured: one second.
const SETTLED_CHECKS: u32 = 4;

/// The last estimate that was requested, and its result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EstimateState {
    inputs: Option<EstimateInputs>,
    result: Option<Result<Estimate, Diagnostic>>,
}

/// Everything that an estimate depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct EstimateInputs {
    recipe: RecipeSpec,
    data: DataReport,
    device: DeviceChoice,
}

/// Waits until the inputs have stopped changing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Debounce {
    inputs: Option<EstimateInputs>,
    checks: u32,
}

impl Debounce {
    /// Compares with the previous inputs; returns true once they have stayed the same for a second.
    pub fn is_settled(&mut self, inputs: Option<EstimateInputs>) -> bool {
        if self.inputs == inputs {
            self.checks = self.checks.saturating_add(1);
        } else {
            *self = Self { inputs, checks: 0 };
        }
        self.inputs.is_some() && self.checks == SETTLED_CHECKS
    }
}

impl EstimateState {
    /// Returns true while the worker is measuring.
    pub fn is_pending(&self) -> bool {
        self.inputs.is_some() && self.result.is_none()
    }

    /// Stores the result.
    pub fn on_result(&mut self, result: Result<Estimate, Diagnostic>) {
        self.result = Some(result);
    }

    /// An estimate under way will not be answered. If it crashed the worker, it is not requested again.
    pub fn lost(&mut self, diagnostic: Option<Diagnostic>) {
        if self.is_pending() {
            match diagnostic {
                Some(diagnostic) => self.result = Some(Err(diagnostic)),
                None => self.inputs = None,
            }
        }
    }
}

impl State {
    /// Cancels an estimate that is under way: the worker is needed for something else.
    pub(in crate::state) fn cancel_estimate(&mut self) -> Vec<Effect> {
        if !self.estimate.is_pending() {
            return Vec::new();
        }
        self.drop_estimate();
        vec![self.send(Command::Stop)]
    }

    /// Forgets an estimate under way; the worker drops it on its own.
    pub(in crate::state) fn drop_estimate(&mut self) {
        self.requests.give_up(Topic::Estimate);
        self.estimate.lost(None);
    }

    /// Inputs of an estimate of the current recipe; `None` while the worker is busy or a run could not start anyway.
    fn estimate_inputs(&self) -> Option<EstimateInputs> {
        if self.is_engaged() || self.obstacle().is_some() {
            return None;
        }
        let data = self.data.report.clone()?;
        Some(EstimateInputs { recipe: self.filled(self.recipe()), data, device: self.device.choice })
    }

    /// Inputs of an estimate that has not been requested yet.
    pub fn unestimated(&self) -> Option<EstimateInputs> {
        self.estimate_inputs().filter(|inputs| self.estimate.inputs.as_ref() != Some(inputs))
    }

    /// Requests an estimate.
    pub fn request_estimate(&mut self) -> Vec<Effect> {
        let Some(inputs) = self.unestimated() else { return Vec::new() };
        let mut effects = self.cancel_estimate();
        effects.push(self.request(Topic::Estimate, Command::Estimate { recipe: inputs.recipe.clone() }));
        self.estimate = EstimateState { inputs: Some(inputs), result: None };
        effects
    }

    /// The estimate of the current recipe, or why there is none.
    pub fn estimate(&self) -> Option<&Result<Estimate, Diagnostic>> {
        let result = self.estimate.result.as_ref()?;
        (self.estimate_inputs() == self.estimate.inputs).then_some(result)
    }

    /// Switches to the closest recipe that fits.
    pub fn take_nearest(&mut self) {
        if let Some(Ok(Estimate { nearest: Some(nearest), .. })) = self.estimate() {
            // What the user left to Hone stays so.
            let filled = self.filled_form();
            let changed = |value, filled, own| if value == filled { own } else { value };
            let own = &self.form.recipe;
            let recipe = RecipeSpec {
                batch_size: changed(nearest.batch_size, filled.batch_size, own.batch_size),
                max_length: changed(nearest.max_length, filled.max_length, own.max_length),
                gradient_accumulation_steps: nearest.gradient_accumulation_steps,
                gradient_checkpointing: nearest.gradient_checkpointing,
                ..own.clone()
            };
            self.form.take(recipe);
        }
    }
}

/// Number of rows that the maximum length shortens or drops, in words; empty if there are none.
pub fn cut_rows(cuts: &Cuts) -> String {
    let rows = |count: u32, what: &str| {
        let rows = format::counted(count, "row", "rows");
        (count > 0).then(|| format!("{rows} {what}"))
    };
    let skipped = rows(cuts.train.skipped + cuts.validation.skipped + cuts.test.skipped, "skipped as too long");
    let shortened = rows(cuts.train.shortened + cuts.validation.shortened + cuts.test.shortened, "truncated");
    skipped.into_iter().chain(shortened).collect::<Vec<_>>().join(", ")
}

/// Explains why a run does not fit into memory.
pub fn too_large(estimate: &Estimate) -> String {
    let remedy = if estimate.nearest.is_some() { "" } else { " Use a smaller batch, shorter texts or fewer layers." };
    let (needed, limit) = (format::bytes(estimate.bytes), format::bytes(estimate.limit_bytes));
    format!("This recipe needs about {needed} of memory, but only {limit} is available.{remedy}")
}
