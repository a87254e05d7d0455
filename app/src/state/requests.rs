//! Requests to the worker, and those that still await an answer.

use hone_core::dataset::DataRole;
use hone_core::protocol::RequestId;

/// Subject of a request. Each has at most one request whose answers are awaited: the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Choosing a device.
    Device,
    /// Opening a file.
    File(DataRole),
    /// Collecting and splitting the rows.
    Mapping,
    /// Finding rows of the training file.
    Browse,
    /// Loading a model.
    Model,
    /// Looking up a model on a hub.
    Hub,
    /// Looking for wrong labels.
    Labels,
    /// The next row to be labeled.
    Labeling,
    /// Writing the corrected training file.
    Corrected,
    /// Estimating a run's time and memory.
    Estimate,
    /// The learning rate finder.
    LrFinder,
    /// A run.
    Run,
    /// Predictions of both models.
    Prediction,
    /// The table whose rows are predicted.
    Table,
    /// The list of validation rows that are wrong.
    WrongRows,
    /// Misclassified rows, to pick from.
    Misclassified,
    /// The maps of validation rows.
    Maps,
    /// The folder to download.
    Export,
    /// Saved runs, apart from the one under way.
    Saved,
    /// Keeping the tuned model.
    Keep,
    /// Opening, renaming or downloading kept models.
    Shelf,
}

/// Numbers the commands, and remembers the requests whose answers are awaited.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Requests {
    last: RequestId,
    awaited: Vec<(Topic, RequestId)>,
}

impl Requests {
    /// Number for a command whose answer, if any, is ignored.
    pub fn number(&mut self) -> RequestId {
        self.last = self.last.wrapping_add(1);
        self.last
    }

    /// Number for a request whose answers are awaited; an earlier one on the same topic is given up.
    pub fn open(&mut self, topic: Topic) -> RequestId {
        self.give_up(topic);
        let request = self.number();
        self.awaited.push((topic, request));
        request
    }

    /// Stops waiting for the answer on a topic.
    pub fn give_up(&mut self, topic: Topic) {
        self.awaited.retain(|(other, _)| *other != topic);
    }

    /// Stops waiting for any answer, because the worker is gone.
    pub fn give_up_all(&mut self) {
        self.awaited.clear();
    }

    /// Topic of a request; `None` if it was given up.
    pub fn topic(&self, request: RequestId) -> Option<Topic> {
        self.awaited.iter().find(|(_, other)| *other == request).map(|(topic, _)| *topic)
    }

    /// The request on a topic whose answer is awaited.
    #[cfg(test)]
    pub fn on(&self, topic: Topic) -> Option<RequestId> {
        self.awaited.iter().find(|(other, _)| *other == topic).map(|(_, request)| *request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_request_replaces_the_earlier_one_on_its_topic_only() {
        let mut requests = Requests::default();
        let [first, run, second] = [Topic::Prediction, Topic::Run, Topic::Prediction].map(|topic| requests.open(topic));
        assert_eq!(requests.topic(first), None);
        assert_eq!(requests.topic(second), Some(Topic::Prediction));
        assert_eq!(requests.topic(run), Some(Topic::Run));
        requests.give_up(Topic::Run);
        assert_eq!(requests.topic(run), None);
        requests.give_up_all();
        assert_eq!(requests.topic(second), None);
        assert_ne!(requests.number(), second);
    }
}
