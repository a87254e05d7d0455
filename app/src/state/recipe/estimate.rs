//! What a run would take, measured by the worker whenever the recipe has changed and settled.

use hone_core::dataset::{Cuts, DataReport};
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::{Command, DeviceChoice};
use hone_core::recipe::RecipeSpec;
use hone_core::run::Estimate;

use crate::state::{Effect, State, Topic, format};

/// Looks after each other that must find the recipe unchanged before it is measured.
const SETTLED_LOOKS: u32 = 4;

/// What was asked about, and the answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Estimating {
    asked: Option<Question>,
    answer: Option<Result<Estimate, Diagnostic>>,
}

/// All that an estimate depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    recipe: RecipeSpec,
    data: DataReport,
    device: DeviceChoice,
}

/// A question that has not settled yet, and how often it was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settling {
    question: Option<Question>,
    looks: u32,
}

impl Settling {
    /// Looks at what is to be asked; true once it has stayed the same for a second.
    pub fn is_settled(&mut self, question: Option<Question>) -> bool {
        if self.question == question {
            self.looks = self.looks.saturating_add(1);
        } else {
            *self = Self { question, looks: 0 };
        }
        self.question.is_some() && self.looks == SETTLED_LOOKS
    }
}

impl Estimating {
    /// Whether the worker is at it.
    pub fn is_pending(&self) -> bool {
        self.asked.is_some() && self.answer.is_none()
    }

    /// Takes the answer.
    pub fn answered(&mut self, answer: Result<Estimate, Diagnostic>) {
        self.answer = Some(answer);
    }

    /// The worker is gone, and with it a question that was under way. One that killed it is not asked again by itself.
    pub fn lost(&mut self, diagnostic: Option<Diagnostic>) {
        if self.is_pending() {
            match diagnostic {
                Some(diagnostic) => self.answer = Some(Err(diagnostic)),
                None => self.asked = None,
            }
        }
    }
}

impl State {
    /// Ends an estimate that is under way, because the worker is needed for something else.
    pub(in crate::state) fn give_up_estimate(&mut self) -> Vec<Effect> {
        if !self.estimate.is_pending() {
            return Vec::new();
        }
        self.drop_estimate();
        vec![self.send(Command::Stop)]
    }

    /// Forgets an estimate that is under way; the worker does so by itself.
    pub(in crate::state) fn drop_estimate(&mut self) {
        self.requests.give_up(Topic::Estimate);
        self.estimate.lost(None);
    }

    /// What could be asked now; none while the worker is at something else or a run could not start anyway.
    fn question(&self) -> Option<Question> {
        if self.is_engaged() || self.obstacle().is_some() {
            return None;
        }
        let data = self.data.report.clone()?;
        Some(Question { recipe: self.recipe(), data, device: self.device.choice })
    }

    /// What has not been asked yet.
    pub fn open_question(&self) -> Option<Question> {
        self.question().filter(|question| self.estimate.asked.as_ref() != Some(question))
    }

    /// Asks what a run would take.
    pub fn ask_estimate(&mut self) -> Vec<Effect> {
        let Some(question) = self.open_question() else { return Vec::new() };
        let mut effects = self.give_up_estimate();
        effects.push(self.request(Topic::Estimate, Command::Estimate { recipe: question.recipe.clone() }));
        self.estimate = Estimating { asked: Some(question), answer: None };
        effects
    }

    /// What a run of the recipe as it now stands would take, or why that cannot be told.
    pub fn estimate(&self) -> Option<&Result<Estimate, Diagnostic>> {
        let answer = self.estimate.answer.as_ref()?;
        (self.question() == self.estimate.asked).then_some(answer)
    }

    /// Takes the nearest recipe that fits.
    pub fn take_nearest(&mut self) {
        if let Some(Ok(Estimate { nearest: Some(nearest), .. })) = self.estimate() {
            let recipe = RecipeSpec { model: self.form.recipe.model.clone(), ..nearest.clone() };
            self.form.take(recipe);
        }
    }
}

/// What a run's length does to the rows, in words; empty where it does nothing.
pub fn cut_rows(cuts: &Cuts) -> String {
    let rows = |count: u32, what: &str| {
        let rows = format::counted(count, "row", "rows");
        (count > 0).then(|| format!("{rows} {what}"))
    };
    let skipped = rows(cuts.train.skipped + cuts.validation.skipped, "too long and left out");
    let shortened = rows(cuts.train.shortened + cuts.validation.shortened, "shortened");
    skipped.into_iter().chain(shortened).collect::<Vec<_>>().join(", ")
}

/// Why a run does not fit, in words.
pub fn too_large(estimate: &Estimate) -> String {
    let remedy = if estimate.nearest.is_some() { "" } else { " Take a smaller batch, shorter texts or fewer layers." };
    let (needed, limit) = (format::bytes(estimate.bytes), format::bytes(estimate.limit_bytes));
    format!("This recipe needs about {needed} of memory, and there are {limit}.{remedy}")
}
