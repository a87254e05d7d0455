//! The life cycle of the worker: start, silence, loss and replacement.

use std::time::Duration;

use hone_core::dataset::{DataRole, FEW_LABELS};
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::{Command, DeviceChoice, PROTOCOL_VERSION};

use crate::state::runs::retraining::Retraining;
use crate::state::{Effect, Export, Finder, FinderStage, HubSearch, Keeping, Load, State, StudyStage, Topic, Trials};

/// Silence allowed during a run, beyond what the worker announced, before it is replaced.
const RUN_PATIENCE: Duration = Duration::from_secs(30);
/// Silence allowed while the worker does anything else.
const PATIENCE: Duration = Duration::from_secs(120);

impl State {
    /// Starts a fresh worker and restores the device, files and model of the last one.
    pub fn restart(&mut self) -> Vec<Effect> {
        self.requests.give_up_all();
        self.saved.is_keeping = false;
        self.changes.writing = None;
        self.run.retraining = Retraining::Off;
        self.device.report = None;
        self.device.failed = None;
        self.device.is_listening = false;
        self.busy_s = 0.0;
        self.forget_weights();
        self.data.is_mapping = false;
        self.data.forget_tokens();
        self.forget_found_rows();
        self.model.worker_lost();
        let mut effects = vec![Effect::RestartWorker, self.hello()];
        for role in DataRole::ALL {
            let file = self.data.file_mut(role);
            file.worker_lost();
            if file.diagnostic().is_none_or(|diagnostic| diagnostic.code == FEW_LABELS) {
                effects.extend(self.read_again(role));
            }
        }
        if matches!(self.model.load, Load::Loading { .. } | Load::Ready(_)) {
            effects.extend(self.load_model());
        }
        effects
    }

    /// The first message to a fresh worker.
    fn hello(&mut self) -> Effect {
        let (device, known_check) = (self.device.choice, self.known_check.clone());
        self.request(Topic::Device, Command::Hello { version: PROTOCOL_VERSION, device, known_check })
    }

    /// A worker ended or fell silent. The command under way is not retried automatically; everything else is restored.
    /// The tuned weights are lost with the worker, so Try and Download close until the next run.
    pub fn worker_lost(&mut self, diagnostic: Diagnostic) -> Vec<Effect> {
        if self.device.report.is_none() {
            if self.is_recovering() {
                self.saved.continuing = None;
                self.run_failed(diagnostic.clone());
            }
            self.device.failed = Some(diagnostic);
            self.device.lost = None;
            return Vec::new();
        }
        // The reason is shown where the work was under way.
        self.device.lost = None;
        let finder = std::mem::take(&mut self.finder);
        let mut failed_finder = None;
        if self.run.is_active()
            && let Some(point) = self.run.saved.clone()
        {
            return self.recover(point, diagnostic);
        }
        if self.run.is_active() {
            self.run_failed(diagnostic);
        } else if finder.is_active() {
            failed_finder =
                Some(Finder { stage: FinderStage::Failed(diagnostic), trials: Trials::default(), ..finder });
        } else if self.estimate.is_pending() {
            self.estimate.lost(Some(diagnostic));
        } else if self.data.is_busy() {
            let is_reading = |role: &DataRole| self.data.file(*role).is_reading();
            let held_out = [DataRole::Validation, DataRole::Test].into_iter().find(is_reading);
            let role = held_out.unwrap_or(DataRole::Train);
            self.data.not_opened(role, diagnostic);
        } else if self.model.hub == HubSearch::Searching {
            self.model.hub = HubSearch::Failed(diagnostic);
        } else if self.model.is_loading() {
            self.model.on_failed(diagnostic);
        } else if self.awaits_tokens() {
            self.data.train.fail(diagnostic);
        } else {
            self.device.lost = Some(diagnostic);
        }
        let effects = self.restart();
        self.finder = failed_finder.unwrap_or_default();
        effects
    }

    /// Returns true if the worker has been silent for too long.
    pub fn is_silent(&self, silent: Duration) -> bool {
        let announced = Duration::try_from_secs_f64(self.busy_s).unwrap_or_default();
        self.patience().is_some_and(|patience| silent > patience + announced)
    }

    /// Silence that is allowed now; unlimited while nothing is expected of the worker. Until the worker is ready, it is
    /// being downloaded at an unknown speed.
    fn patience(&self) -> Option<Duration> {
        if self.device.failed.is_some() || !self.device.is_listening {
            return None;
        }
        if (self.run.is_computing() && !self.is_recovering()) || self.finder.is_active() {
            return Some(RUN_PATIENCE);
        }
        let is_awaited = self.device.report.is_none()
            || self.data.is_busy()
            || self.awaits_tokens()
            || self.model.is_loading()
            || self.model.hub == HubSearch::Searching
            || self.inference.pending.is_some()
            || self.table.is_busy()
            || self.estimate.is_pending()
            || self.review.is_looking()
            || self.labeling.reading.is_some()
            || self.is_comparing()
            || self.changes.writing.is_some()
            || self.saved.is_keeping
            || !self.shelf.opening.is_empty()
            || matches!(self.shelf.keeping, Keeping::Writing(_))
            || matches!(self.export, Export::Writing(_));
        is_awaited.then_some(PATIENCE)
    }

    /// The worker has loaded and accepts commands.
    pub fn on_listening(&mut self) {
        self.device.is_listening = true;
    }

    /// Switches to another device, with a fresh worker.
    pub fn choose_device(&mut self, choice: DeviceChoice) -> Vec<Effect> {
        self.device.choice = choice;
        self.device.lost = None;
        self.restart()
    }

    /// The worker has another model, or is another worker: the tuned weights can no longer be tried or downloaded.
    pub(in crate::state) fn forget_weights(&mut self) {
        self.forget_measured();
        (self.run.has_weights, self.run.has_optimizer) = (false, false);
        (self.run.wrong, self.run.maps) = (None, None);
        self.forget_answers();
    }

    /// Answers about the tuned weights do not apply to the next ones.
    pub(in crate::state) fn forget_answers(&mut self) {
        for topic in
            [Topic::Prediction, Topic::WrongRows, Topic::Misclassified, Topic::Maps, Topic::Export, Topic::Keep]
        {
            self.requests.give_up(topic);
        }
        self.inference.reset();
        self.forget_table();
        self.export = Export::Idle;
        self.shelf.keeping = Keeping::Idle;
        self.close_tuned_views();
    }

    /// Data or model change: measurements of the old ones no longer apply.
    pub(in crate::state) fn forget_measured(&mut self) {
        // The worker drops an estimate under way, which was for the old ones too.
        self.drop_estimate();
        self.forget_review();
        self.forget_question();
        self.requests.give_up(Topic::LrFinder);
        self.finder = Finder::default();
        self.study.take_if(|study| study.stage == StudyStage::Offered);
    }
}

/// Why a silent worker was replaced.
pub fn silence(silent: Duration, in_run: bool) -> Diagnostic {
    let diagnostic =
        Diagnostic::new("engine.silent", format!("The engine has not responded for {} seconds.", silent.as_secs()));
    if in_run {
        diagnostic
            .done("It was restarted with your file, columns, model and recipe. The run is lost.")
            .remedy("Start again. A smaller batch or shorter texts use less memory.")
    } else {
        diagnostic
            .done("It was restarted. Your file, columns, model and recipe are kept in this tab.")
            .remedy("Try again. A smaller file or model uses less memory.")
    }
}
