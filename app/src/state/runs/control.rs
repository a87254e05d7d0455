//! Starting, steering and ending a run.

use hone_core::catalog::ModelReport;
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::Command;
use hone_core::recipe::{ParamGroup, RecipeSpec};

use crate::format;
use crate::state::recipe::presets;
use crate::state::{Effect, Job, Persistence, Phase, Replay, Run, State, Topic};

impl State {
    /// The recipe of the form, for the chosen model, without what the user leaves to Hone.
    pub(in crate::state) fn recipe(&self) -> RecipeSpec {
        let model = self.model.entry().map(|entry| entry.id.clone()).unwrap_or_default();
        RecipeSpec { model, ..self.form.recipe.clone() }
    }

    /// Starts a run of the recipe in the form.
    pub fn start(&mut self) -> Vec<Effect> {
        if self.blocker().is_some() || self.is_engaged() {
            return Vec::new();
        }
        self.queue.clear();
        let changed = if self.form.is_changed() { ", changed" } else { "" };
        let name = format!("{}{changed}", presets::name(self.form.preset));
        let mut effects = self.begin(Job { recipe: self.recipe(), name });
        if self.shelf.persistence == Persistence::Unknown {
            // The run is saved, and asking needs a press of the user.
            effects.push(Effect::Persist);
        }
        effects
    }

    /// Begins a run.
    pub(in crate::state) fn begin(&mut self, Job { recipe, name }: Job) -> Vec<Effect> {
        let name = format!("{} · {name}", self.history.next_id());
        let run = Run {
            phase: Phase::Starting,
            name,
            data: self.data.train.choice().map(|choice| choice.name.clone()).unwrap_or_default(),
            file: self.data.train.choice().map(|choice| choice.blobs),
            mapping: self.data.mapping.clone(),
            base: self.model.entry().cloned(),
            base_bytes: self.model.report().map_or(0.0, |report| report.bytes),
            layer_bytes: self.model.report().map_or(0.0, ModelReport::layer_bytes),
            ..Run::default()
        };
        self.previous = Some(std::mem::replace(&mut self.run, run));
        self.device.lost = None;
        self.data.forget_rejected();
        self.model.rejected = None;
        self.folds.on_run();
        self.replay = Replay::default();
        let mut effects = self.cancel_estimate();
        let recipe = self.filled(recipe);
        let (name, copies_data) = (self.run.name.clone(), self.saved.copies_data);
        let pinned = self.pinned_queries();
        effects.push(self.request(Topic::Run, Command::Start { recipe, name, copies_data, pinned }));
        effects
    }

    /// The run could not start or continue; the runs waiting for it are dropped. If it never began, the run before it
    /// is restored.
    pub(in crate::state) fn run_failed(&mut self, mut diagnostic: Diagnostic) {
        let dropped = self.queue.clear() as u32;
        self.end_study();
        if dropped > 0 {
            let waiting = format::counted(dropped, "waiting run was", "waiting runs were");
            diagnostic.done = format!("{} {waiting} dropped.", diagnostic.done).trim_start().to_owned();
        }
        if self.run.is_continued() {
            // The reason belongs next to the offer, which is still there.
            self.saved.diagnostic = Some(diagnostic);
            self.run = self.previous.take().unwrap_or_default();
            return;
        }
        match self.previous.take().filter(|run| run.plan.is_some()) {
            Some(previous) => self.run = Run { rejected: Some(diagnostic), ..previous },
            None => self.run.phase = Phase::Failed(diagnostic),
        }
    }

    /// Pauses the run, or resumes a paused run.
    pub fn toggle_pause(&mut self) -> Vec<Effect> {
        let command = if self.run.phase == Phase::Paused { Command::Resume } else { Command::Pause };
        vec![self.send(command)]
    }

    /// Ends the run and keeps the best weights.
    pub fn stop(&mut self) -> Vec<Effect> {
        self.run.phase = Phase::Stopping;
        vec![self.send(Command::Stop)]
    }

    /// Freezes a trainable group of parameters, or unfreezes a frozen one.
    pub fn toggle_trainable(&mut self, group: ParamGroup) -> Vec<Effect> {
        let is_trainable = self.run.param_group(group).is_some_and(|part| part.trainable);
        self.set_trainable(group, Some(!is_trainable))
    }

    /// Undoes all freezing and unfreezing by hand, so that the recipe decides again.
    pub fn follow_recipe(&mut self) -> Vec<Effect> {
        let by_hand: Vec<ParamGroup> =
            self.run.param_groups.iter().filter(|part| part.by_hand).map(|part| part.group).collect();
        by_hand.into_iter().flat_map(|group| self.set_trainable(group, None)).collect()
    }

    /// Freezes or unfreezes a group of parameters by hand; `None` lets the recipe decide again.
    pub fn set_trainable(&mut self, group: ParamGroup, trainable: Option<bool>) -> Vec<Effect> {
        if !self.run.is_active() {
            return Vec::new();
        }
        vec![self.send(Command::SetTrainable { group, trainable })]
    }
}
