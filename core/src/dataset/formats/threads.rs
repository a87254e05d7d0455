//! Tables with a message in each row, joined to conversations by the messages that they answer: OpenAssistant's.
//!
//! <https://huggingface.co/datasets/OpenAssistant/oasst1>

use std::collections::HashMap;

use serde_json::json;

use crate::dataset::cell::parse_flag;
use crate::dataset::formats::record::Record;

/// Name of the only column, once the messages are joined.
pub(crate) const COLUMN: &str = "messages";
/// Names of the columns by which such a table is recognized.
const COLUMNS: [&str; 4] = ["message_id", "parent_id", "role", "text"];

/// Returns true if a table with these columns has a message in each row.
pub(crate) fn are_messages(columns: &[String]) -> bool {
    COLUMNS.iter().all(|name| columns.iter().any(|column| column == name))
}

/// A message.
struct Message {
    id: String,
    parent: String,
    role: String,
    text: String,
    /// Place among the answers to the same message, the best first.
    rank: u64,
    line: u32,
}

/// The messages of a file, which are joined after the last one.
#[derive(Default)]
pub(crate) struct Threads {
    messages: Vec<Message>,
}

impl Threads {
    /// Adds the message of a row, whose columns are where `place` says. Messages that were deleted are left out.
    pub(crate) fn add(&mut self, place: impl Fn(&str) -> Option<usize>, record: &Record, line: u32) {
        let get = |name: &str| place(name).map_or("", |index| record.get(index).trim());
        let [id, parent, role, text] = COLUMNS.map(|name| get(name).to_owned());
        if parse_flag(get("deleted")) == Some(true) {
            return;
        }
        let parent = if ["null", "None", "nan", "NaN"].contains(&parent.as_str()) { String::new() } else { parent };
        // pandas writes a whole number in a column with blanks as 1.0.
        let rank = get("rank").trim_end_matches(".0").parse().unwrap_or(u64::MAX);
        self.messages.push(Message { id, parent, role, text, rank, line });
    }

    /// The conversations, each with the line of its first message, and the number of messages that are in none. Each follows
    /// the best answers; other branches repeat its beginning.
    pub(crate) fn join(self) -> (Vec<(u32, Record)>, usize) {
        let mut best: HashMap<&str, &Message> = HashMap::new();
        for message in &self.messages {
            let known = best.entry(&message.parent).or_insert(message);
            if message.rank < known.rank {
                *known = message;
            }
        }
        let mut used = 0;
        let mut conversations = Vec::new();
        for first in self.messages.iter().filter(|message| message.parent.is_empty()) {
            let mut turns = Vec::new();
            let mut next = Some(first);
            // A circle of messages has no end.
            while let Some(message) = next.filter(|_| turns.len() < self.messages.len()) {
                turns.push(json!({"role": message.role, "content": message.text}));
                next = best.get(message.id.as_str()).copied();
            }
            used += turns.len();
            conversations.push((first.line, Record::from_cells(&[json!(turns).to_string()])));
        }
        (conversations, self.messages.len().saturating_sub(used))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(rows: &[[&str; 5]]) -> (Vec<(u32, String)>, usize) {
        let mut threads = Threads::default();
        for (line, row) in (1..).zip(rows) {
            let columns = ["message_id", "parent_id", "role", "text", "rank"];
            let place = |name: &str| columns.iter().position(|column| *column == name);
            threads.add(place, &Record::from_cells(row), line);
        }
        let (conversations, unused) = threads.join();
        let texts = |record: Record| {
            let turns: Vec<serde_json::Value> = serde_json::from_str(record.get(0)).unwrap();
            turns.iter().map(|turn| turn["content"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
        };
        (conversations.into_iter().map(|(line, record)| (line, texts(record))).collect(), unused)
    }

    #[test]
    fn conversations_follow_the_best_answers() {
        let rows = [
            ["a", "", "prompter", "Hi", ""],
            ["b", "a", "assistant", "Bad", "1.0"],
            ["d", "c", "prompter", "Bye", ""],
            ["c", "a", "assistant", "Hello", "0.0"],
            ["x", "null", "prompter", "Alone", ""],
        ];
        assert_eq!(joined(&rows), (vec![(1, "Hi Hello Bye".into()), (5, "Alone".into())], 1));
    }

    #[test]
    fn circles_end() {
        let rows =
            [["a", "", "prompter", "Hi", ""], ["b", "a", "assistant", "x", ""], ["b", "b", "assistant", "y", ""]];
        assert_eq!(joined(&rows).0[0].1, "Hi x y");
    }
}
