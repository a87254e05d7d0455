//! Errors and warnings in three parts: what happened, what was done about it, and what the user can do.

use serde::{Deserialize, Serialize};

/// An error or a warning, shown on the page where it arose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Stable code, for tests and for searching: `data.unclosed-quote`.
    pub code: String,
    /// The event: "Line 214 has 3 cells, the header has 2."
    pub what: String,
    /// The action taken: "The row was skipped; 1,239 others are kept." Empty if nothing was done.
    pub done: String,
    /// The remedy: "Quote the text if it contains commas." Empty if there is nothing to suggest.
    pub remedy: String,
}

impl Diagnostic {
    /// A diagnostic with its code and what happened.
    pub fn new(code: &str, what: impl Into<String>) -> Self {
        Self { code: code.into(), what: what.into(), done: String::new(), remedy: String::new() }
    }

    /// Adds what was done about it.
    pub fn done(mut self, done: impl Into<String>) -> Self {
        self.done = done.into();
        self
    }

    /// Adds what the user can do.
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.what)?;
        for part in [&self.done, &self.remedy] {
            if !part.is_empty() {
                write!(f, " {part}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}
