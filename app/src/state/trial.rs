//! Trying the model on one's own sentences.

use hone_core::problem::Problem;
use hone_core::protocol::Command;

/// What was asked and answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trial {
    /// The text in the box.
    pub text: String,
    /// Question that is not answered yet.
    pub pending: Option<Question>,
    /// The last answer.
    pub answer: Option<Answer>,
    /// Why there is none.
    pub problem: Option<Problem>,
    /// Whether the person asked for rows to pick from.
    pub is_picking: bool,
    /// Rows that validation got wrong, to pick from.
    pub mistakes: Vec<Mistake>,
    next_id: u32,
}

/// A text that was sent to the worker.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Comes back with the answer.
    pub id: u32,
    /// What is asked; the box may hold something else by now.
    pub text: String,
}

/// A text with its probabilities.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What was asked.
    pub text: String,
    /// One line a class.
    pub classes: Vec<ClassShare>,
    /// Tokens that were read.
    pub tokens: u32,
    /// Whether the text was longer than that.
    pub truncated: bool,
}

/// Probability of a class before and after training.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassShare {
    /// The class's name.
    pub label: String,
    /// By the base model with its untrained head.
    pub base: f64,
    /// By the tuned model.
    pub tuned: f64,
}

/// A validation row that the model got wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistake {
    /// Its text.
    pub text: String,
    /// What it is.
    pub actual: String,
}

impl Trial {
    /// Asks for the text in the box.
    pub fn ask(&mut self) -> Option<Command> {
        if self.text.trim().is_empty() {
            return None;
        }
        self.next_id += 1;
        let question = Question { id: self.next_id, text: self.text.clone() };
        self.problem = None;
        self.pending = Some(question.clone());
        Some(Command::Predict { id: question.id, text: question.text })
    }

    /// The text that an answer is for; none when a later question has taken its place.
    pub fn answered(&mut self, id: u32) -> Option<String> {
        self.pending.take_if(|question| question.id == id).map(|question| question.text)
    }

    /// Forgets answers of earlier weights; the text stays.
    pub fn reset(&mut self) {
        *self = Self { text: std::mem::take(&mut self.text), next_id: self.next_id, ..Self::default() };
    }
}

impl Answer {
    /// Puts names and probabilities side by side, likeliest first.
    pub fn new(text: String, labels: Vec<String>, base: &[f32], tuned: &[f32], tokens: u32, truncated: bool) -> Self {
        let mut classes: Vec<ClassShare> = labels
            .into_iter()
            .zip(base.iter().zip(tuned))
            .map(|(label, (base, tuned))| ClassShare { label, base: f64::from(*base), tuned: f64::from(*tuned) })
            .collect();
        classes.sort_unstable_by(|a, b| b.tuned.total_cmp(&a.tuned));
        Self { text, classes, tokens, truncated }
    }
}
