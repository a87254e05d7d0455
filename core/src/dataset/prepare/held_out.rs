//! Validation and test rows that do not come from the training rows: a file that the user has chosen, or a part of the
//! training file.

use std::collections::HashSet;
use std::sync::Arc;

use crate::dataset::collect::examples::Examples;
use crate::dataset::collect::same_labels::label_key;
use crate::dataset::mapping::Mapping;
use crate::dataset::source::{DataRole, SourceInfo};
use crate::diagnostic::Diagnostic;
use crate::phrases::names;

/// Rows for one side of the split.
#[derive(Clone, Debug)]
pub enum HeldOutRows {
    /// Those of a file that the user has chosen.
    File(Arc<Examples>),
    /// Those of a part of the training file, such as `test.csv` in the same archive.
    Part {
        /// Name of the part.
        name: String,
        /// Its rows, or why it has none.
        rows: Result<Arc<Examples>, Diagnostic>,
    },
}

/// The sides that rows can be held out for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeldOut {
    Validation,
    Test,
}

impl HeldOut {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

/// Parts of the training file that are of no use. The test rows of a competition have no labels, which the user of the
/// archive cannot change.
#[derive(Default)]
pub(crate) struct LeftOut {
    pub roles: Vec<DataRole>,
    pub warnings: Vec<Diagnostic>,
}

impl LeftOut {
    /// The rows of a side, unless it has none of its own or they are left out.
    ///
    /// # Errors
    /// `data.other-task` if a file of the user is mapped to another task than the training file.
    pub(crate) fn used(
        &mut self,
        held_out: Option<HeldOutRows>,
        side: HeldOut,
        train: &Examples,
    ) -> Result<Option<Arc<Examples>>, Diagnostic> {
        let is_other_task = |rows: &Examples| rows.mapping.task() != train.mapping.task();
        let reason = match held_out {
            None => return Ok(None),
            Some(HeldOutRows::File(rows)) if is_other_task(&rows) => return Err(other_task(side)),
            Some(HeldOutRows::File(rows)) => return Ok(Some(rows)),
            Some(HeldOutRows::Part { name, rows: Err(reason) }) if !reason.what.contains(&name) => {
                format!("{name}: {}", reason.what)
            }
            Some(HeldOutRows::Part { rows: Err(reason), .. }) => reason.what,
            Some(HeldOutRows::Part { name, rows: Ok(rows) }) if is_other_task(&rows) => {
                format!("{name} has no columns for this task.")
            }
            Some(HeldOutRows::Part { name, rows: Ok(rows) }) if !shares_labels(&rows, train) => {
                format!("No row of {name} has a label of the training rows.")
            }
            Some(HeldOutRows::Part { rows: Ok(rows), .. }) => return Ok(Some(rows)),
        };
        let (role, done) = match side {
            HeldOut::Validation => {
                (DataRole::Validation, "It was left out, and validation rows are drawn from the training rows.")
            }
            HeldOut::Test => (DataRole::Test, "It was left out of the test."),
        };
        self.roles.push(role);
        self.warnings.push(Diagnostic::new("data.left-out", reason).done(done).remedy(
            "If its rows have labels, name its columns and labels like those of the training rows. Rows without labels can be \
             predicted once a model is trained.",
        ));
        Ok(None)
    }
}

/// Returns true if labels do not matter, or a row has only labels that a training row has.
fn shares_labels(rows: &Examples, train: &Examples) -> bool {
    let known: HashSet<String> = train.label_names.iter().map(|label| label_key(&label.name)).collect();
    let is_known: Vec<bool> = rows.label_names.iter().map(|label| known.contains(&label_key(&label.name))).collect();
    let has_known = |row: usize| rows.label_ids(row).iter().all(|&id| is_known.get(id as usize) == Some(&true));
    known.is_empty() || (0..rows.len()).any(has_known)
}

fn other_task(side: HeldOut) -> Diagnostic {
    let name = side.name();
    let what = format!("The {name} file has no columns for this task.");
    Diagnostic::new("data.other-task", what)
        .done("The rows were not split.")
        .remedy(format!("Choose a {name} file with the same columns as the training file, or none."))
}

impl SourceInfo {
    /// Name of the part of the file that is read: that of a table in an archive with the archive's, or else of the file.
    pub fn part_name(&self) -> String {
        let file = names(&[&self.name]);
        match self.parts.first().and_then(|parts| parts.names.get(parts.chosen as usize)) {
            Some(part) => format!("{} in {file}", names(&[part])),
            None => file,
        }
    }

    /// The mapping of a part of the training file, whose columns have the same names.
    ///
    /// # Errors
    /// `data.no-columns` if it lacks one of them.
    pub fn part_mapping(&self, mapping: &Mapping, part: &Self) -> Result<Mapping, Diagnostic> {
        // One of the two may seem to have no header.
        let is_alike = self.columns.len() == part.columns.len() && self.has_header != part.has_header;
        let by_place = || is_alike.then(|| mapping.clone());
        mapping.remap(&self.columns, &part.columns).or_else(by_place).ok_or_else(|| {
            let used = mapping.roles(&self.columns);
            let used = used.iter().filter_map(|(column, _)| self.columns.get(*column as usize));
            let missing: Vec<&String> = used.filter(|column| !part.columns.contains(column)).collect();
            let columns = if missing.len() == 1 { "column" } else { "columns" };
            Diagnostic::new("data.no-columns", format!("{} has no {columns} {}.", part.part_name(), names(&missing)))
        })
    }
}
