//! Why a recipe cannot be run.

use thiserror::Error;

use crate::decimal::shortest;
use crate::diagnostic::Diagnostic;
use crate::recipe::family::Family;
use crate::recipe::param_group::ParamGroup;
use crate::recipe::task::Task;

/// Why a recipe cannot be run. Each names the field at fault.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum RecipeError {
    /// A number outside its range.
    #[error("{field} is {}; it must be from {} to {}", shortest(*.value), shortest(*.min), shortest(*.max))]
    OutOfRange {
        /// Name of the field.
        field: &'static str,
        /// Its value.
        value: f64,
        /// Least value allowed.
        min: f64,
        /// Greatest value allowed.
        max: f64,
    },
    /// A recipe of another version of Hone.
    #[error("version is {0}; this Hone reads recipes of version 1")]
    Version(u32),
    /// A task that the model's family cannot learn.
    #[error("task is \"{0}\", which a {1} model cannot learn; choose {what}", what = suitable_model(*.0))]
    Task(Task, Family),
    /// The first token's vector without a pretrained pooler.
    #[error("pooling is \"cls\", but this model has no pooler for its first token; choose \"mean\"")]
    NoPooler,
    /// A parameter group that the model lacks, or that is listed twice.
    #[error("{field} names {group}, which {reason}")]
    ParamGroup {
        /// Name of the field.
        field: &'static str,
        /// The parameter group.
        group: ParamGroup,
        /// Reason, in words.
        reason: &'static str,
    },
    /// An empty list.
    #[error("{field} is empty; {remedy}")]
    Empty {
        /// Name of the field.
        field: &'static str,
        /// Advice on how to fill it.
        remedy: &'static str,
    },
    /// A weight for a class that the data lacks.
    #[error("class_weights names \"{0}\", which is not a label of any row")]
    UnknownClass(String),
    /// A value that excludes another.
    #[error("{field} {reason}")]
    Conflict {
        /// Name of the field.
        field: &'static str,
        /// The conflict, in words.
        reason: &'static str,
    },
}

impl From<RecipeError> for Diagnostic {
    fn from(error: RecipeError) -> Self {
        Diagnostic::new("recipe.invalid", format!("The recipe cannot be run: {error}."))
            .done("No run was started.")
            .remedy("Change that field, or start from a preset.")
    }
}

/// The kind of model that can learn a task.
fn suitable_model(task: Task) -> &'static str {
    match task {
        Task::Generation => "a decoder (such as SmolLM2, Qwen, Gemma or GPT-2)",
        _ => "an encoder (such as MiniLM, BERT or ModernBERT)",
    }
}
