//! Files that are opened, read again and mapped to what is learned from them.

use hone_core::catalog::CatalogEntry;
use hone_core::dataset::DataRole;
use hone_core::dataset::{DataReport, Encoding, Mapping, SourceInfo};
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::Command;
use hone_core::recipe::RecipeSpec;

use crate::state::{Chosen, Effect, File, Load, State, Topic, format};

impl State {
    /// Takes a file, or two whose lines belong together. What is in use stays until it is known that the new one can be
    /// opened. During a run it is left alone, with a word about it.
    pub fn open(&mut self, role: DataRole, chosen: Chosen) -> Vec<Effect> {
        if self.is_engaged() {
            let under_way = if self.run.is_active() { "a run is going on" } else { "a rate is being looked for" };
            let what = format!("“{}” was dropped while {under_way}.", format::visible(&chosen.name));
            self.data.notice = Some(
                Diagnostic::new("page.busy", what)
                    .done("It was not opened; the data are as they were.")
                    .remedy("Stop what is going on or let it end, then drop the file again."),
            );
            return Vec::new();
        }
        self.data.notice = None;
        self.drop_estimate();
        let command = self.data.replace(role, chosen);
        command.map(|command| self.request(Topic::File(role), command)).into_iter().collect()
    }

    /// A file could not be handed to the worker at all (a sample that is not there).
    pub fn not_opened(&mut self, diagnostic: Diagnostic) {
        self.data.notice = Some(diagnostic);
    }

    /// Reads the training file again as the person says it is written.
    pub fn reread(&mut self, encoding: Option<Encoding>, has_header: Option<bool>) -> Vec<Effect> {
        let Some(chosen) = self.data.train.chosen.clone() else { return Vec::new() };
        self.open(DataRole::Train, Chosen { encoding, has_header, ..chosen })
    }

    /// Reads a file that could not be opened once more, in another encoding.
    pub fn read_as(&mut self, role: DataRole, encoding: Encoding) -> Vec<Effect> {
        let File { chosen, refused, .. } = self.data.file(role);
        let Some(chosen) = refused.as_ref().map(|refused| &refused.chosen).or(chosen.as_ref()) else {
            return Vec::new();
        };
        self.open(role, Chosen { encoding: Some(encoding), ..chosen.clone() })
    }

    /// Opens the chosen file of a role (again); nothing happens if there is none.
    pub(in crate::state) fn open_chosen(&mut self, role: DataRole) -> Option<Effect> {
        let command = self.data.file_mut(role).open(role)?;
        Some(self.request(Topic::File(role), command))
    }

    /// Takes what is learned from these columns.
    pub fn map(&mut self, mapping: Mapping) -> Vec<Effect> {
        self.data.mapping = Some(mapping);
        self.follow_task();
        self.remap()
    }

    /// Forgets the validation file and splits the training file again.
    pub fn close_validation(&mut self) -> Vec<Effect> {
        self.data.validation = File::default();
        self.requests.give_up(Topic::File(DataRole::Validation));
        self.data.outdate_earlier();
        let mut effects = vec![self.send(Command::CloseValidation)];
        effects.extend(self.remap());
        effects
    }

    /// Takes rows from the columns and splits them, as mapping, share and seed now say.
    pub fn remap(&mut self) -> Vec<Effect> {
        self.data.outdate_earlier();
        let Some(mapping) = self.data.mapping.clone() else { return Vec::new() };
        self.forget_measured();
        if self.data.train.is_opening {
            // Its answer is followed by this.
            return Vec::new();
        }
        if !self.data.train.is_open {
            return self.open_chosen(DataRole::Train).into_iter().collect();
        }
        self.data.is_mapping = true;
        self.data.train.diagnostic = None;
        let own = &self.data.validation;
        let has_own = own.chosen.is_some() && own.diagnostic.is_none();
        let RecipeSpec { validation_ratio, seed, .. } = self.form.recipe;
        let validation_ratio = if has_own { 0.0 } else { validation_ratio };
        vec![self.request(Topic::Mapping, Command::MapData { mapping, validation_ratio, seed })]
    }

    /// The worker has opened a file: what was in use before is gone.
    pub(in crate::state) fn on_opened(&mut self, role: DataRole, source: SourceInfo) -> Vec<Effect> {
        let (columns, guess) = (source.columns.clone(), source.guess.clone());
        let file = self.data.file_mut(role);
        (file.is_opening, file.is_open, file.source, file.earlier) = (false, true, Some(source), None);
        if role == DataRole::Train {
            let in_use = self.data.mapping.take().filter(|mapping| mapping.check(&columns).is_ok());
            self.data.mapping = Some(in_use.unwrap_or(guess));
            self.follow_task();
        }
        self.remap()
    }

    /// The worker could not open a file. The earlier one, where there was one, is in its place again.
    pub(in crate::state) fn on_not_opened(&mut self, role: DataRole, diagnostic: Diagnostic) -> Vec<Effect> {
        self.data.not_opened(role, diagnostic);
        let file = self.data.file_mut(role);
        if file.diagnostic.is_some() {
            return Vec::new();
        }
        if !file.is_open {
            // The worker has opened another one since.
            return self.open_chosen(role).into_iter().collect();
        }
        if self.data.report.is_none() { self.remap() } else { self.load_first() }
    }

    /// Whether the texts are being split into tokens.
    pub(in crate::state) fn awaits_tokens(&self) -> bool {
        let has_none = |report: &DataReport| report.tokens.is_none();
        let serves = |entry: &CatalogEntry| {
            self.data.mapping.as_ref().is_some_and(|mapping| entry.family.serves(mapping.task()))
        };
        !self.data.is_busy()
            && self.data.train.diagnostic.is_none()
            && self.data.validation.diagnostic.is_none()
            && self.data.report.as_ref().is_some_and(has_none)
            && matches!(self.model.load, Load::Ready(_))
            && self.model.entry().is_some_and(serves)
    }
}
