//! Opening, rereading, closing and mapping data files.

use hone_core::catalog::CatalogEntry;
use hone_core::dataset::{DataRecipe, DataReport, DataRole, Encoding, Hints, Mapping, PartKind, SourceInfo};
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::Command;
use hone_core::recipe::RecipeSpec;

use crate::format;
use crate::state::data::file::{File, FileChoice, FileState};
use crate::state::{Effect, Load, State, Topic};

impl State {
    /// Opens a file, or two with parallel lines. The file in use stays until the worker has opened the new one. During
    /// a run nothing is opened, and a notice explains why.
    pub fn open(&mut self, role: DataRole, mut choice: FileChoice) -> Vec<Effect> {
        if self.is_engaged() {
            let doing =
                if self.run.is_active() { "training is running" } else { "the learning rate finder is running" };
            let what = format!("“{}” was dropped while {doing}.", format::visible(&choice.name));
            self.data.notice = Some(
                Diagnostic::new("page.busy", what)
                    .done("It was not opened. Your current data is unchanged.")
                    .remedy("Wait until it has finished, or stop it, then drop the file again."),
            );
            return Vec::new();
        }
        if choice.hints == Hints::default() {
            choice.hints = match (role, &mut self.data.wanted) {
                (DataRole::Train, Some(wanted)) => std::mem::take(&mut wanted.hints),
                (DataRole::Train, None) => Hints::default(),
                _ => self.data.hints().for_other_file(),
            };
        }
        self.data.notice = None;
        self.folds.on_data();
        self.drop_estimate();
        let command = self.data.replace(role, choice);
        vec![self.request(Topic::File(role), command)]
    }

    /// Reads the file in this role again; `None` if there is no file.
    pub(in crate::state) fn read_again(&mut self, role: DataRole) -> Option<Effect> {
        let command = self.data.file_mut(role).read_again(role)?;
        Some(self.request(Topic::File(role), command))
    }

    /// A file could not be passed to the worker, such as a missing sample.
    pub fn not_opened(&mut self, diagnostic: Diagnostic) {
        self.data.notice = Some(diagnostic);
    }

    /// Reads the training file again as the user says.
    pub fn reread(&mut self, hints: Hints) -> Vec<Effect> {
        let Some(choice) = self.data.train.choice().cloned() else { return Vec::new() };
        let folds = self.folds.clone();
        let effects = self.open(DataRole::Train, FileChoice { hints, ..choice });
        // The same file: the step stays as open as it is.
        self.folds = folds;
        effects
    }

    /// Reads the training file again without settings. The chosen part of the file stays chosen.
    pub fn detect_again(&mut self) -> Vec<Effect> {
        let Hints { member, sheet, .. } = self.data.hints();
        self.reread(Hints { member, sheet, ..Hints::default() })
    }

    /// Reads another part of a file, such as another sheet.
    pub fn choose_part(&mut self, role: DataRole, kind: PartKind, name: String) -> Vec<Effect> {
        let Some(mut choice) = self.data.file(role).choice().cloned() else { return Vec::new() };
        match kind {
            // Another file has other sheets.
            PartKind::File | PartKind::Split => (choice.hints.member, choice.hints.sheet) = (Some(name), None),
            PartKind::Sheet => choice.hints.sheet = Some(name),
        }
        self.open(role, choice)
    }

    /// Reads a file that could not be opened again, in another encoding.
    pub fn read_as(&mut self, role: DataRole, encoding: Encoding) -> Vec<Effect> {
        let file = self.data.file(role);
        let Some(choice) = file.rejected.as_ref().map(|rejected| &rejected.choice).or(file.choice()) else {
            return Vec::new();
        };
        let hints = Hints { encoding: Some(encoding), ..choice.hints.clone() };
        let choice = FileChoice { hints, ..choice.clone() };
        self.open(role, choice)
    }

    /// Turns to a task: to the columns that were set for it in this file, or to those that are offered.
    pub fn choose_task(&mut self, offered: &Mapping) -> Vec<Effect> {
        let set = self.data.set_by_hand.iter().find(|mapping| mapping.has_form_of(offered));
        let mapping = set.unwrap_or(offered).clone();
        self.map(mapping)
    }

    /// Trains on these columns from now on.
    pub fn map(&mut self, mapping: Mapping) -> Vec<Effect> {
        self.set_mapping(mapping);
        self.remap()
    }

    fn set_mapping(&mut self, mapping: Mapping) {
        self.data.set_by_hand.retain(|other| !other.has_form_of(&mapping));
        self.data.set_by_hand.push(mapping.clone());
        self.data.mapping = Some(mapping);
        self.follow_task();
    }

    /// Settings and columns of the open training file, for recipe.json.
    pub fn data_recipe(&self) -> Option<DataRecipe> {
        DataRecipe::new(self.data.train.source()?, self.data.mapping.as_ref()?)
    }

    /// Reads the training file as a recipe says, now or as soon as there is one.
    pub(in crate::state) fn use_data_recipe(&mut self, wanted: DataRecipe) -> Vec<Effect> {
        let hints = wanted.hints.clone();
        self.data.wanted = Some(wanted);
        let FileState::Open { choice, source, .. } = &self.data.train.state else { return Vec::new() };
        if choice.hints != hints {
            return self.reread(hints);
        }
        let source = source.clone();
        if self.take_wanted(&source) { self.remap() } else { Vec::new() }
    }

    /// Chooses the columns of the recipe that was opened. Returns false if there is none, or the file lacks one of them.
    fn take_wanted(&mut self, source: &SourceInfo) -> bool {
        match self.data.wanted.take().map(|wanted| wanted.mapping_in(source)) {
            None => false,
            Some(Ok(mapping)) => {
                self.set_mapping(mapping);
                true
            }
            Some(Err(diagnostic)) => {
                self.data.notice = Some(diagnostic.done("The recipe was opened, and other columns are in use."));
                false
            }
        }
    }

    /// Closes the validation or the test file and splits the training file instead.
    pub fn close_data(&mut self, role: DataRole) -> Vec<Effect> {
        *self.data.file_mut(role) = File::default();
        self.requests.give_up(Topic::File(role));
        self.data.outdate_earlier();
        let mut effects = vec![self.send(Command::CloseData { role })];
        effects.extend(self.remap());
        effects
    }

    /// Collects the rows and splits them, by the current mapping, ratios and seed.
    pub fn remap(&mut self) -> Vec<Effect> {
        self.data.outdate_earlier();
        let Some(mapping) = self.data.mapping.clone() else { return Vec::new() };
        self.forget_measured();
        self.forget_found_rows();
        if self.data.train.is_reading() {
            // The answer to the request under way triggers this.
            return Vec::new();
        }
        if !matches!(self.data.train.state, FileState::Open { .. }) {
            return self.read_again(DataRole::Train).into_iter().collect();
        }
        self.data.is_mapping = true;
        self.data.train.clear_diagnostic(|_| true);
        let RecipeSpec { validation_ratio, test_ratio, seed, .. } = self.form.recipe;
        vec![self.request(Topic::Mapping, Command::MapData { mapping, validation_ratio, test_ratio, seed })]
    }

    /// Stops reading the files that were chosen last. The worker answers that they were not opened.
    pub fn stop_reading(&mut self) -> Vec<Effect> {
        vec![self.send(Command::StopReading)]
    }

    /// The worker has opened a file; the one before it is closed.
    pub(in crate::state) fn on_opened(&mut self, role: DataRole, source: SourceInfo) -> Vec<Effect> {
        if role == DataRole::Train {
            self.data.map_again(&source);
            self.take_wanted(&source);
            if let Some(mapping) = self.continued_mapping().filter(|mapping| mapping.check(&source.columns).is_ok()) {
                self.data.set_by_hand = vec![mapping.clone()];
                self.data.mapping = Some(mapping);
            }
        }
        let mut effects = Vec::new();
        for held_out in [DataRole::Validation, DataRole::Test] {
            if role == DataRole::Train && self.data.leaves_own(held_out) {
                effects.extend(self.close_data(held_out));
            }
        }
        let held_out = [(DataRole::Validation, source.holds_validation), (DataRole::Test, source.holds_test)];
        self.data.file_mut(role).opened(source);
        if role == DataRole::Train {
            self.follow_file();
            self.follow_task();
        }
        effects.extend(self.remap());
        for (held_out, is_held) in held_out {
            if role == DataRole::Train && is_held && self.data.file(held_out).choice().is_none() {
                effects.extend(self.open_own(held_out));
            }
        }
        effects
    }

    /// Opens the training file in another role too, since it has rows for both.
    fn open_own(&mut self, role: DataRole) -> Vec<Effect> {
        let Some(choice) = self.data.train.choice().cloned() else { return Vec::new() };
        let hints = choice.hints.for_other_file();
        self.open(role, FileChoice { hints, ..choice })
    }

    /// A zip that was opened as data is a model: the data stays as it was.
    fn on_model(&mut self, role: DataRole, diagnostic: Diagnostic) -> Vec<Effect> {
        let Some(choice) = self.data.file(role).choice().cloned() else { return Vec::new() };
        self.data.not_opened(role, diagnostic);
        let file = self.data.file_mut(role);
        file.rejected = None;
        if file.source().is_none() {
            *file = File::default();
        }
        let mut effects = if role == DataRole::Train && self.data.report.is_none() { self.remap() } else { Vec::new() };
        effects.extend(self.take_local(choice.name.clone(), vec![choice.name], 0.0, choice.blobs));
        effects
    }

    /// The worker could not open a file. The earlier one, if there was one, is restored. A validation file that is not
    /// like the training file is read once more without its settings.
    pub(in crate::state) fn on_not_opened(&mut self, role: DataRole, diagnostic: Diagnostic) -> Vec<Effect> {
        if diagnostic.code == "data.is-model" && self.data.file(role).is_reading() {
            return self.on_model(role, diagnostic);
        }
        if role != DataRole::Train
            && diagnostic.code != "data.stopped"
            && let Some(command) = self.data.detect_held_out(role)
        {
            return vec![self.request(Topic::File(role), command)];
        }
        if diagnostic.code != "data.stopped" && self.data.reads_own_part(role) {
            self.data.notice = Some(diagnostic.done("That part was left out."));
            return self.close_data(role);
        }
        self.data.not_opened(role, diagnostic);
        let file = self.data.file(role);
        if file.diagnostic().is_some() {
            return Vec::new();
        }
        if file.is_reading() {
            // The worker has opened another one since.
            return self.read_again(role).into_iter().collect();
        }
        if self.data.report.is_none() { self.remap() } else { self.load_first() }
    }

    /// Returns true while the worker encodes the texts.
    pub(in crate::state) fn awaits_tokens(&self) -> bool {
        let has_none = |report: &DataReport| report.tokens.is_none();
        let serves = |entry: &CatalogEntry| {
            self.data.mapping.as_ref().is_some_and(|mapping| entry.family.serves(mapping.task()))
        };
        !self.data.is_busy()
            && self.data.diagnostic().is_none()
            && self.data.report.as_ref().is_some_and(has_none)
            && matches!(self.model.load, Load::Ready(_))
            && self.model.entry().is_some_and(serves)
    }
}
