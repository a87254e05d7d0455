//! The parts of a data set by their purpose: training, validation and test.

use std::collections::HashSet;

use crate::dataset::source::DataRole;
use crate::diagnostic::Diagnostic;
use crate::phrases::names;

/// Names of parts with training rows.
const TRAIN: [&str; 2] = ["train", "training"];
/// Names of parts with validation rows, the preferred ones first.
const VALIDATION: [&str; 5] = ["validation", "valid", "val", "dev", "eval"];
/// Names of parts with test rows. They validate if there are no validation rows.
const TEST: [&str; 2] = ["test", "testing"];

/// Returns true if a part's name says what its rows are for.
pub(crate) fn is_split(name: &str) -> bool {
    let name = name.to_lowercase();
    [&TRAIN[..], &VALIDATION, &TEST].concat().contains(&name.as_str())
}

/// The parts that are read, by their names in lower case.
pub(crate) struct Splits {
    pub train: Option<String>,
    validation: Option<String>,
    /// Test rows, apart from the validation rows.
    test: Option<String>,
    /// Parts that are not read.
    others: Vec<String>,
}

impl Splits {
    /// The parts among those with these names, in lower case.
    pub(crate) fn of(found: &HashSet<String>) -> Self {
        let of = |names: &[&str]| -> Vec<String> {
            names.iter().filter(|split| found.contains(**split)).map(|split| (*split).to_owned()).collect()
        };
        let [train, validation, test] = [of(&TRAIN), of(&VALIDATION), of(&TEST)];
        let [mut train, mut validation, mut test] = [train, validation, test].map(Vec::into_iter);
        let (first, of_validation, of_test) = (train.next(), validation.next(), test.next());
        // Without validation rows, the test rows validate.
        let (of_validation, of_test) = if of_validation.is_some() { (of_validation, of_test) } else { (of_test, None) };
        let others = train.chain(validation).chain(test).collect();
        Self { train: first, validation: of_validation, test: of_test, others }
    }

    /// The part for a role. None if there are no training rows: then all parts are for any role.
    pub(crate) fn for_role(&self, role: DataRole) -> Option<&String> {
        self.train.as_ref()?;
        match role {
            DataRole::Train => self.train.as_ref(),
            DataRole::Validation => self.validation.as_ref(),
            DataRole::Test => self.test.as_ref(),
        }
    }

    /// True if there are training rows and also validation rows; true if there are also test rows, apart from those.
    pub(crate) fn held_out(&self) -> [bool; 2] {
        [&self.validation, &self.test].map(|split| self.train.is_some() && split.is_some())
    }

    /// Warns about parts that are not read: those of an unusual name in `unknown`, and a second part for the same purpose.
    pub(crate) fn warning(&self, unknown: &[String]) -> Option<Diagnostic> {
        let others: Vec<&String> = self.others.iter().chain(unknown).collect();
        if self.train.is_none() || others.is_empty() {
            return None;
        }
        let what = format!("The rows in {} are for neither training, validation nor test.", names(&others));
        let read: Vec<&String> = [&self.train, &self.validation, &self.test].into_iter().flatten().collect();
        let done = format!("Not read; those in {} are used.", names(&read));
        Some(Diagnostic::new("data.other-split", what).done(done))
    }
}
