//! What is known of a saved run without its tensors.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::dataset::Mapping;
use crate::diagnostic::Diagnostic;
use crate::metrics::Evaluation;
use crate::recipe::RecipeSpec;
use crate::run::plan::RunPlan;

/// Fields of a recipe listed in an error.
const LISTED_FIELDS: usize = 3;

/// A file, by its contents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Its name, for messages.
    pub name: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// Everything that a run comes from, apart from the recipe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSource {
    /// Weights file of the base model; its name is the model's id.
    pub model: SourceFile,
    /// The training file.
    pub data: SourceFile,
    /// The user's own validation file.
    pub validation: Option<SourceFile>,
    /// The user's own test file.
    #[serde(default)]
    pub test: Option<SourceFile>,
    /// Columns of the training file.
    pub mapping: Mapping,
    /// Version of the program.
    pub build: String,
    /// Device that computes: `cpu` or `gpu`.
    pub device: String,
}

/// A saved run, without tensors and without any row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Its plan, with the recipe and the labels.
    pub plan: RunPlan,
    /// Its origin.
    pub source: RunSource,
    /// Optimizer steps done.
    pub step: u32,
    /// Seconds of work so far, without pauses.
    pub seconds: f64,
    /// The best evaluation so far, without anything of a row; none before the first.
    pub best: Option<Evaluation>,
    /// Scores on the test rows, without anything of a row; none before the end of the run, or without test rows.
    #[serde(default)]
    pub test: Option<Evaluation>,
}

impl RunRecord {
    /// Checks that the run can continue with `recipe`, every default of which is filled in, and `source`. Returns a warning
    /// if the rest of the run may be rounded differently.
    ///
    /// # Errors
    /// `resume.model`, `resume.data`, `resume.validation`, `resume.test`, `resume.mapping` or `resume.recipe`: what has changed.
    pub fn check(&self, recipe: &RecipeSpec, source: &RunSource) -> Result<Option<Diagnostic>, Diagnostic> {
        let saved = &self.source;
        if saved.model.sha256 != source.model.sha256 {
            let what =
                format!("The run was started from {}; {} has other weights.", saved.model.name, source.model.name);
            return Err(refusal("resume.model", what, "Load the model that the run was started with."));
        }
        if saved.data.sha256 != source.data.sha256 {
            let (was, is) = (&saved.data.name, &source.data.name);
            let what = if was == is {
                format!("{is} has changed since the run was saved.")
            } else {
                format!("The run was started with {was}; {is} is another file.")
            };
            return Err(refusal("resume.data", what, "Open the file as it was, or start a new run."));
        }
        let sha256 = |file: &Option<SourceFile>| file.as_ref().map(|file| file.sha256.clone());
        if sha256(&saved.validation) != sha256(&source.validation) {
            let what = match (&saved.validation, &source.validation) {
                (Some(was), Some(is)) => format!("The run was validated on {}; {} is another file.", was.name, is.name),
                (Some(was), None) => format!("The run was validated on {}.", was.name),
                (None, _) => "The run was validated on rows of the training file.".into(),
            };
            return Err(refusal("resume.validation", what, "Use the same validation rows, or start a new run."));
        }
        if sha256(&saved.test) != sha256(&source.test) {
            let what = match (&saved.test, &source.test) {
                (Some(was), Some(is)) => {
                    format!("The run has the test rows of {}; {} is another file.", was.name, is.name)
                }
                (Some(was), None) => format!("The run has the test rows of {}.", was.name),
                (None, _) => "The run was started without a test file.".into(),
            };
            return Err(refusal("resume.test", what, "Use the same test rows, or start a new run."));
        }
        if saved.mapping != source.mapping {
            let what = "The columns are mapped in another way than when the run was saved.";
            return Err(refusal("resume.mapping", what.into(), "Map them as before, or start a new run."));
        }
        let changes = changes(&self.plan.recipe, recipe);
        if !changes.is_empty() {
            let what = format!("The recipe has changed since the run was saved: {}.", changes.join(", "));
            return Err(refusal("resume.recipe", what, "Set it back, or start a new run."));
        }
        let is_same = saved.build == source.build && saved.device == source.device && saved.device == "cpu";
        Ok((!is_same).then(|| {
            let what = format!(
                "The run was saved by Hone {} on the {} and continues with {} on the {}.",
                saved.build,
                saved.device.to_uppercase(),
                source.build,
                source.device.to_uppercase()
            );
            Diagnostic::new("resume.rounding", what)
                .done("It continues exactly where it was; later numbers may differ in their last digits.")
        }))
    }
}

fn refusal(code: &str, what: String, remedy: &str) -> Diagnostic {
    Diagnostic::new(code, what).done("The saved run was left as it is.").remedy(remedy)
}

/// Differences between two recipes: "epochs is 4, was 3".
fn changes(saved: &RecipeSpec, now: &RecipeSpec) -> Vec<String> {
    if saved == now {
        return Vec::new();
    }
    let [saved, now] = [saved, now].map(|recipe| serde_json::to_value(recipe).unwrap_or_default());
    let Value::Object(now) = now else { return vec!["it cannot be written".into()] };
    let changed = now.iter().filter(|(key, value)| saved.get(key) != Some(value));
    changed
        .map(|(key, value)| format!("{key} is {value}, was {}", saved.get(key).unwrap_or(&Value::Null)))
        .take(LISTED_FIELDS)
        .collect()
}
