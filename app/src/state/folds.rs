//! Which parts of the page are open. A finished step folds into one line; the user and the address can open any part.

use hone_core::dataset::DataRole;
use hone_core::metrics::Detail;
use hone_core::protocol::Backend;
use hone_core::recipe::FieldGroup;

use crate::format;
use crate::state::data::file::File;
use crate::state::recipe::presets;
use crate::state::{Load, Phase, RecipeLink, State, Status, Step};

/// A part of the page that folds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// A step.
    Step(Step),
    /// The settings of the next run.
    Recipe,
    /// Learning rate, layers and figures of a run; its loss is always in view.
    Curves,
    /// The details behind the scores of a run.
    Scores,
    /// The measure of forgetting.
    Forgetting,
    /// The replay of early stopping.
    Replay,
    /// The list of runs.
    Runs,
    /// The code that opens a download.
    Code,
}

/// The parts that are open by hand or by the address, and the state that decides about the rest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Folds {
    /// True if everything is open that was not folded by hand.
    is_all_open: bool,
    /// Parts that the user has opened or folded.
    by_hand: Vec<(Fold, bool)>,
    /// True once a run has begun with the data: the user is done with them.
    is_data_settled: bool,
    /// Steps that needed the user's attention at the last look.
    troubled: Vec<Step>,
}

impl Fold {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 12] = [
        Self::Step(Step::Data),
        Self::Step(Step::Model),
        Self::Step(Step::Train),
        Self::Recipe,
        Self::Curves,
        Self::Scores,
        Self::Forgetting,
        Self::Replay,
        Self::Runs,
        Self::Step(Step::Try),
        Self::Step(Step::Export),
        Self::Code,
    ];

    /// Its name in the address and in ids.
    pub fn id(self) -> &'static str {
        match self {
            Self::Step(step) => step.id(),
            Self::Recipe => "recipe",
            Self::Curves => "curves",
            Self::Scores => "scores",
            Self::Forgetting => "forgetting",
            Self::Replay => "replay",
            Self::Runs => "runs",
            Self::Code => "code",
        }
    }

    /// The part with this name.
    pub fn of_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fold| fold.id() == id)
    }

    /// Returns true for what is changed before a run and not during it.
    fn precedes_a_run(self) -> bool {
        matches!(self, Self::Step(Step::Data | Step::Model) | Self::Recipe)
    }
}

impl Folds {
    /// Reads the value of `open` in the address: `all`, or names separated by commas. Unknown names are skipped.
    pub fn from_address(value: &str) -> Self {
        let by_hand = value.split(',').filter_map(Fold::of_id).map(|fold| (fold, true)).collect();
        Self { is_all_open: value == "all", by_hand, ..Self::default() }
    }

    /// The value of `open` in the address; empty while nothing is open by hand.
    pub fn address(&self) -> String {
        if self.is_all_open {
            return "all".into();
        }
        let open: Vec<&str> = self.by_hand.iter().filter(|(_, is_open)| *is_open).map(|(fold, _)| fold.id()).collect();
        open.join(",")
    }

    /// Returns true if the user or the address has opened everything.
    pub fn is_all_open(&self) -> bool {
        self.is_all_open
    }

    /// Opens some parts and folds all others, as if by hand.
    pub(in crate::state) fn show_only(&mut self, is_shown: impl Fn(Fold) -> bool) {
        self.is_all_open = false;
        self.by_hand = Fold::ALL.into_iter().map(|fold| (fold, is_shown(fold))).collect();
    }

    /// Leaves each part to the state of the page.
    pub(in crate::state) fn open_by_themselves(&mut self) {
        self.is_all_open = false;
        self.by_hand.clear();
    }

    fn set(&mut self, fold: Fold, is_open: bool) {
        self.by_hand.retain(|(other, _)| *other != fold);
        self.by_hand.push((fold, is_open));
    }

    /// A run begins: what was opened for it folds, unless everything is open.
    pub(in crate::state) fn on_run(&mut self) {
        self.is_data_settled = true;
        self.by_hand.retain(|(fold, is_open)| !(fold.precedes_a_run() && *is_open));
    }

    /// The user has chosen data: they are the step at hand.
    pub(in crate::state) fn on_data(&mut self) {
        self.is_data_settled = false;
        self.by_hand.retain(|(fold, is_open)| *fold != Fold::Step(Step::Data) || *is_open);
    }
}

impl State {
    /// Returns true if a part of the page is open.
    pub fn is_open(&self, fold: Fold) -> bool {
        let by_hand = self.folds.by_hand.iter().find(|(other, _)| *other == fold).map(|(_, is_open)| *is_open);
        by_hand.unwrap_or_else(|| self.folds.is_all_open || self.opens_by_itself(fold))
    }

    /// Opens a folded part, or folds an open one.
    pub fn toggle_fold(&mut self, fold: Fold) {
        let is_open = !self.is_open(fold);
        if self.folds.is_all_open {
            // From here on, the address lists what is open.
            self.folds.by_hand = Fold::ALL.into_iter().map(|fold| (fold, self.is_open(fold))).collect();
            self.folds.is_all_open = false;
        }
        self.folds.set(fold, is_open);
    }

    /// Opens a part of the page.
    pub fn open_fold(&mut self, fold: Fold) {
        if !self.is_open(fold) {
            self.toggle_fold(fold);
        }
    }

    /// Opens everything, or leaves each part to the state of the page.
    pub fn open_all_folds(&mut self, is_all_open: bool) {
        self.folds.is_all_open = is_all_open;
        self.folds.by_hand.clear();
    }

    /// A step with a new error opens, even if the user has folded it.
    pub fn open_troubled(&mut self) {
        let troubled: Vec<Step> = Step::ALL.into_iter().filter(|step| self.needs_attention(*step)).collect();
        let folds = &mut self.folds;
        let is_new =
            |fold: &Fold| matches!(fold, Fold::Step(step) if troubled.contains(step) && !folds.troubled.contains(step));
        folds.by_hand.retain(|(fold, is_open)| *is_open || !is_new(fold));
        folds.troubled = troubled;
    }

    /// Returns true if a part is open unless the user has folded it.
    fn opens_by_itself(&self, fold: Fold) -> bool {
        match fold {
            Fold::Step(step) if self.needs_attention(step) => true,
            Fold::Step(Step::Data) => !self.folds.is_data_settled || !self.data.is_ready(),
            Fold::Step(Step::Model) => self.needs_button(),
            Fold::Step(Step::Train) => self.data.is_ready() || self.run.phase != Phase::Idle,
            Fold::Step(Step::Try) => self.can_try(),
            Fold::Step(Step::Export) => self.run.has_weights,
            Fold::Recipe => matches!(self.run.phase, Phase::Idle | Phase::Failed(_)) || self.run.rejected.is_some(),
            Fold::Curves => self.run.is_active(),
            Fold::Scores | Fold::Forgetting | Fold::Replay | Fold::Runs | Fold::Code => false,
        }
    }

    /// Returns true if the data are there and their model waits to be loaded by hand.
    fn needs_button(&self) -> bool {
        self.data.is_ready() && matches!(self.model.load, Load::Idle { .. })
    }

    /// Returns true if a step has an error, or a warning that needs a decision.
    fn needs_attention(&self, step: Step) -> bool {
        let (data, model) = (&self.data, &self.model);
        match step {
            Step::Data => {
                let has_problem = |file: &File| file.diagnostic().is_some() || file.rejected.is_some();
                DataRole::ALL.iter().any(|role| has_problem(data.file(*role))) || data.notice.is_some()
            }
            Step::Model => {
                let is_wrong = matches!(model.load, Load::Failed(_)) || self.device.failed.is_some();
                let is_noted =
                    model.rejected.is_some() || model.catalog_problem.is_some() || self.device.lost.is_some();
                is_wrong || is_noted || self.shelf.diagnostic.is_some()
            }
            Step::Train => {
                let is_failed = matches!(self.run.phase, Phase::Failed(_)) || self.run.rejected.is_some();
                is_failed || matches!(self.form.link, RecipeLink::Refused(_))
            }
            Step::Try | Step::Export => false,
        }
    }

    /// The line of a folded step: what is in it.
    pub fn folded_line(&self, step: Step) -> String {
        let line = self.line(step);
        match (step, &self.data.report, self.model.report()) {
            (Step::Data, Some(report), _) if line.status == Status::Done => {
                let count = |rows: u32| format::count(f64::from(rows));
                let name = self.data.train.choice().map(|choice| format::visible(&choice.name)).unwrap_or_default();
                let (train, validation) = (count(report.train_rows), count(report.validation_rows));
                let labels = match report.classes.len() as u32 {
                    0 => String::new(),
                    labels => format!(" · {}", format::counted(labels, "label", "labels")),
                };
                let test = match report.test_rows {
                    0 => String::new(),
                    rows => format!(", {} test rows", count(rows)),
                };
                format!("{name} · {train} training rows, {validation} validation rows{test}{labels}")
            }
            (Step::Model, _, Some(model)) if line.status == Status::Done => {
                let place = self.device.report.as_ref().map_or("", |device| match device.backend {
                    Backend::Cpu => " · on the CPU",
                    Backend::WebGpu => " · on the GPU, with WebGPU",
                });
                format!("{} · {} parameters{place}", format::visible(&model.name), format::millions(model.parameters))
            }
            (Step::Model, _, None) if line.status == Status::Waiting => {
                let entry = self.model.entry();
                let model =
                    entry.map(|entry| format!("{}, {} · ", format::visible(&entry.name), format::bytes(entry.bytes)));
                format!("{}{}", model.unwrap_or_default(), line.text)
            }
            (Step::Train, ..) if line.status == Status::Waiting && self.form.link == RecipeLink::Opened => {
                format!("{} · with the recipe of the link: {}", line.text, self.recipe_line())
            }
            (Step::Train, ..) if line.status == Status::Waiting && !self.history.runs.is_empty() => {
                let runs = format::counted(self.history.runs.len() as u32, "earlier run", "earlier runs");
                format!("{} · {runs}", line.text)
            }
            _ => line.text,
        }
    }

    /// Name of the details behind the scores of a run.
    pub fn details_name(&self) -> &'static str {
        match self.run.summary().map(|summary| &summary.best.detail) {
            Some(Detail::Classes { .. }) => "Scores, confusion matrix",
            Some(Detail::Labels { .. }) => "Scores by label",
            Some(Detail::Entities { .. }) => "Scores by type",
            Some(Detail::Numbers { .. }) => "Predicted over true values",
            Some(Detail::Texts { .. }) => "Generated samples",
            _ => "More about the scores",
        }
    }

    /// The line of the folded recipe.
    pub fn recipe_line(&self) -> String {
        let changed = if self.form.is_changed() { ", changed" } else { "" };
        let recipe = self.filled_form();
        let epochs = format::counted(recipe.epochs.unwrap_or_default(), "epoch", "epochs");
        let rate = self.digest(FieldGroup::LearningRate);
        format!("{}{changed} · {epochs} · {rate} · {}", presets::name(self.form.preset), self.effective_batch())
    }
}
