//! The five steps, each with its status in one line.

use crate::format;
use crate::state::runs::scores;
use crate::state::{Export, Load, Phase, State};

/// A step of the page, from data to download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The data.
    Data,
    /// A pretrained model.
    Model,
    /// The run.
    Train,
    /// Predictions for the user's own texts.
    Try,
    /// The download.
    Export,
}

/// The status of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Waits for an earlier step.
    Waiting,
    /// Waits for the user.
    Open,
    /// Work is under way.
    Busy,
    /// The step is done.
    Done,
    /// Something is wrong.
    Wrong,
}

/// The status of a step with a short description.
#[derive(Clone, Debug, PartialEq)]
pub struct StepLine {
    /// The status.
    pub status: Status,
    /// The description, a few words long.
    pub text: String,
}

impl Step {
    /// All steps in order.
    pub const ALL: [Self; 5] = [Self::Data, Self::Model, Self::Train, Self::Try, Self::Export];

    /// Its name on the page.
    pub fn name(self) -> &'static str {
        match self {
            Self::Data => "Data",
            Self::Model => "Model",
            Self::Train => "Train",
            Self::Try => "Try",
            Self::Export => "Export",
        }
    }

    /// The id of its section on the page.
    pub fn id(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Model => "model",
            Self::Train => "train",
            Self::Try => "try",
            Self::Export => "export",
        }
    }
}

impl State {
    /// The status of a step.
    pub fn line(&self, step: Step) -> StepLine {
        let (status, text) = match step {
            Step::Data => self.data_line(),
            Step::Model => self.model_line(),
            Step::Train => self.train_line(),
            Step::Try => match (self.can_try(), self.inference.prediction.is_some()) {
                (false, _) => (Status::Waiting, "after training".into()),
                (true, false) => (Status::Open, "ready for your own text".into()),
                (true, true) => (Status::Done, "tried".into()),
            },
            Step::Export => match &self.export {
                Export::Failed(_) => (Status::Wrong, "could not be written".into()),
                Export::Writing(share) => (Status::Busy, format!("writing, {}", format::percent(*share))),
                Export::Done { .. } => (Status::Done, "downloaded".into()),
                Export::Idle if self.run.has_weights => (Status::Open, "ready to download".into()),
                Export::Idle => (Status::Waiting, "after training".into()),
            },
        };
        StepLine { status, text }
    }

    /// A sentence for screen readers. It changes only when something notable happens.
    pub fn announcement(&self) -> String {
        if self.run.rejected.is_some() {
            return "Training could not start. The earlier result is unchanged.".into();
        }
        if self.finder.is_active() {
            return "The learning rate finder is running.".into();
        }
        match &self.run.phase {
            Phase::Idle if self.finder.finding().is_some() => "The learning rate finder has finished.".into(),
            Phase::Idle => {
                let data = self.data.is_ready().then(|| format!("{}.", self.data_line().1));
                let model = self.model.report().map(|model| format!("Model loaded: {}.", model.name));
                data.into_iter().chain(model).collect::<Vec<_>>().join(" ")
            }
            Phase::Starting => "Training is being set up.".into(),
            Phase::Running if self.run.evaluations.is_empty() => "Training.".into(),
            Phase::Running => self.run.evaluations.last().map_or_else(String::new, |last| {
                format!("Validation {} after step {}.", scores::headline(self.run.task(), last), last.step)
            }),
            Phase::Paused => "Training is paused.".into(),
            Phase::Stopping => "Training is stopping. The best weights are kept.".into(),
            Phase::Finished(summary) => {
                let verdict = summary.verdict.as_ref().map_or("", |verdict| verdict.sentence.as_str());
                let score = scores::headline(self.run.task(), &summary.best);
                format!("Training has finished. Validation {score}. {}", format::visible(verdict)).trim_end().to_owned()
            }
            Phase::Failed(_) => "Training ended with an error.".into(),
        }
    }

    fn data_line(&self) -> (Status, String) {
        let data = &self.data;
        if data.diagnostic().is_some() {
            (Status::Wrong, "needs attention".into())
        } else if let Some(file) = data.files().into_iter().find(|file| file.is_reading()) {
            (Status::Busy, format!("reading, {}", format::percent(file.progress())))
        } else if let Some(report) = &data.report {
            let rows = format::counted(report.rows_kept, "row", "rows");
            let labels = match report.classes.len() as u32 {
                0 => String::new(),
                labels => format!(", {}", format::counted(labels, "label", "labels")),
            };
            (Status::Done, rows + &labels)
        } else if data.is_mapping {
            (Status::Busy, "checking the rows".into())
        } else {
            (Status::Open, "choose a file".into())
        }
    }

    fn model_line(&self) -> (Status, String) {
        match &self.model.load {
            _ if self.device.failed.is_some() => (Status::Wrong, "the engine did not start".into()),
            Load::Failed(_) => (Status::Wrong, "could not be loaded".into()),
            Load::Ready(model) => (Status::Done, format!("{}, {}", model.name, format::millions(model.parameters))),
            Load::Loading { progress, .. } => (Status::Busy, format!("loading, {}", format::percent(*progress))),
            Load::Idle { .. } if self.device.report.is_none() => (Status::Busy, "engine is loading".into()),
            Load::Idle { .. } => (Status::Waiting, "loads with your data".into()),
        }
    }

    fn train_line(&self) -> (Status, String) {
        let step = || {
            let (step, total) = self.run.position().unwrap_or_default();
            format!("step {} of {}", format::count(f64::from(step)), format::count(f64::from(total)))
        };
        match &self.run.phase {
            _ if self.finder.is_active() => (Status::Busy, "finding a learning rate".into()),
            Phase::Idle if self.facts().is_none() || !self.data.is_ready() => {
                (Status::Waiting, "after data and model".into())
            }
            Phase::Idle if self.has_wrong_recipe() => (Status::Wrong, "the recipe needs attention".into()),
            Phase::Idle if self.blocker().is_some() => (Status::Busy, "getting ready".into()),
            Phase::Idle => (Status::Open, "ready to start".into()),
            Phase::Starting => (Status::Busy, "setting up".into()),
            Phase::Running => match self.run.seconds_left {
                Some(left) => (Status::Busy, format!("{} · {} left", step(), format::duration(left))),
                None => (Status::Busy, step()),
            },
            Phase::Paused => (Status::Open, format!("paused at {}", step())),
            Phase::Stopping => (Status::Busy, "stopping".into()),
            Phase::Finished(summary) => (Status::Done, scores::headline(self.run.task(), &summary.best)),
            Phase::Failed(_) => (Status::Wrong, "ended with an error".into()),
        }
    }
}
