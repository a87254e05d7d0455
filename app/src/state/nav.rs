//! The five steps, each with its state in one line.

use crate::state::format;
use crate::state::runs::scores;
use crate::state::{Export, Load, Phase, State};

/// A step of the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A file and what is in it.
    Data,
    /// A pretrained model.
    Model,
    /// The run.
    Train,
    /// One's own sentences.
    Try,
    /// The download.
    Export,
}

/// How a step stands, as a mark that does not depend on color.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Waits for an earlier one.
    Waiting,
    /// The person's turn.
    Open,
    /// Something is going on.
    Busy,
    /// Done.
    Done,
    /// Something is wrong.
    Wrong,
}

/// The state of a step.
#[derive(Clone, Debug, PartialEq)]
pub struct StepLine {
    /// As a mark.
    pub mark: Mark,
    /// In a line.
    pub text: String,
}

impl Step {
    /// In the order of the flow.
    pub const ALL: [Self; 5] = [Self::Data, Self::Model, Self::Train, Self::Try, Self::Export];

    /// Its name, as shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Data => "Data",
            Self::Model => "Model",
            Self::Train => "Train",
            Self::Try => "Try",
            Self::Export => "Export",
        }
    }

    /// The id of its section.
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
    /// How a step stands.
    pub fn line(&self, step: Step) -> StepLine {
        let (mark, text) = match step {
            Step::Data => self.data_line(),
            Step::Model => self.model_line(),
            Step::Train => self.train_line(),
            Step::Try => match (self.run.has_weights, self.trial.reply.is_some()) {
                (false, _) => (Mark::Waiting, "after training".into()),
                (true, false) => (Mark::Open, "ready for your own text".into()),
                (true, true) => (Mark::Done, "tried".into()),
            },
            Step::Export => match &self.export {
                Export::Failed(_) => (Mark::Wrong, "could not be made".into()),
                Export::Writing(share) => (Mark::Busy, format!("writing, {}", format::percent(*share))),
                Export::Done { .. } => (Mark::Done, "downloaded".into()),
                Export::Idle if self.run.has_weights => (Mark::Open, "ready to download".into()),
                Export::Idle => (Mark::Waiting, "after training".into()),
            },
        };
        StepLine { mark, text }
    }

    /// What a person who does not look at the page should hear, changing only when something of note happens.
    pub fn announcement(&self) -> String {
        if self.run.rejected.is_some() {
            return "Training could not start; the earlier result is as it was.".into();
        }
        if self.finder.is_active() {
            return "A learning rate is being looked for.".into();
        }
        match &self.run.phase {
            Phase::Idle if self.finder.finding().is_some() => "The search for a learning rate is over.".into(),
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
            Phase::Stopping => "Training stops; the best weights are kept.".into(),
            Phase::Finished(summary) => {
                format!("Training is over. Validation {}.", scores::headline(self.run.task(), &summary.best))
            }
            Phase::Failed(_) => "Training ended with an error.".into(),
        }
    }

    fn data_line(&self) -> (Mark, String) {
        let data = &self.data;
        if data.train.diagnostic.is_some() || data.validation.diagnostic.is_some() {
            (Mark::Wrong, "needs a look".into())
        } else if let Some(file) = [&data.train, &data.validation].into_iter().find(|file| file.is_opening) {
            (Mark::Busy, format!("reading, {}", format::percent(file.progress)))
        } else if let Some(report) = &data.report {
            let rows = format::counted(report.rows_kept, "row", "rows");
            let labels = match report.classes.len() as u32 {
                0 => String::new(),
                labels => format!(", {}", format::counted(labels, "label", "labels")),
            };
            (Mark::Done, rows + &labels)
        } else if data.is_mapping {
            (Mark::Busy, "looking at the rows".into())
        } else {
            (Mark::Open, "choose a file".into())
        }
    }

    fn model_line(&self) -> (Mark, String) {
        match &self.model.load {
            _ if self.device.failed.is_some() => (Mark::Wrong, "the engine did not start".into()),
            Load::Failed(_) => (Mark::Wrong, "could not be loaded".into()),
            Load::Ready(model) => (Mark::Done, format!("{}, {}", model.name, format::millions(model.parameters))),
            Load::Loading(share) => (Mark::Busy, format!("loading, {}", format::percent(*share))),
            Load::Idle if self.device.report.is_none() => (Mark::Busy, "engine is loading".into()),
            Load::Idle => (Mark::Waiting, "loads with your data".into()),
        }
    }

    fn train_line(&self) -> (Mark, String) {
        let step = || {
            let (step, total) = self.run.position().unwrap_or_default();
            format!("step {} of {}", format::count(f64::from(step)), format::count(f64::from(total)))
        };
        match &self.run.phase {
            _ if self.finder.is_active() => (Mark::Busy, "looking for a rate".into()),
            Phase::Idle if self.facts().is_none() || !self.data.is_ready() => {
                (Mark::Waiting, "after data and model".into())
            }
            Phase::Idle if self.has_wrong_recipe() => (Mark::Wrong, "the recipe needs a look".into()),
            Phase::Idle if self.blocker().is_some() => (Mark::Busy, "getting ready".into()),
            Phase::Idle => (Mark::Open, "ready to start".into()),
            Phase::Starting => (Mark::Busy, "setting up".into()),
            Phase::Running => match self.run.seconds_left {
                Some(left) => (Mark::Busy, format!("{} · {} left", step(), format::duration(left))),
                None => (Mark::Busy, step()),
            },
            Phase::Paused => (Mark::Open, format!("paused at {}", step())),
            Phase::Stopping => (Mark::Busy, "stopping".into()),
            Phase::Finished(summary) => (Mark::Done, scores::headline(self.run.task(), &summary.best)),
            Phase::Failed(_) => (Mark::Wrong, "ended with an error".into()),
        }
    }
}
