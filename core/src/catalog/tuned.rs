//! Tuned models that the user has kept in this browser.

use serde::{Deserialize, Serialize};

use crate::catalog::CatalogEntry;
use crate::dataset::InputColumns;
use crate::diagnostic::Diagnostic;
use crate::metrics::Evaluation;
use crate::recipe::{RecipeSpec, Task};
use crate::usage::PromptForm;

/// Version of [`TunedModel`] as it is stored. A model stored by another version is not opened.
pub const TUNED_VERSION: u32 = 1;

/// Scheme of the folder of a [`CatalogEntry`] that is one of the user's tuned models.
const SCHEME: &str = "tuned:";

/// A tuned model in the browser's storage: everything that is needed to list, try and export it and to train it further.
/// It has none of the rows that it was trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TunedModel {
    /// [`TUNED_VERSION`] of the build that stored it.
    pub version: u32,
    /// Name of its folder in the storage.
    pub id: String,
    /// Name that the user gave it.
    pub name: String,
    /// Time at which it was kept, in milliseconds since 1970.
    pub kept_ms: f64,
    /// The model that it was trained from.
    pub base: CatalogEntry,
    /// Recipe of the run, with every default filled in.
    pub recipe: RecipeSpec,
    /// Names of the classes, labels or tags, in the order of the outputs.
    pub labels: Vec<String>,
    /// Generation: form of the prompts.
    pub form: PromptForm,
    /// True if it expects pairs of texts.
    pub has_pairs: bool,
    /// Names of the columns that the model's input came from, if they are known.
    #[serde(default)]
    pub input: Option<InputColumns<String>>,
    /// Scores on the validation rows, without any row.
    pub best: Evaluation,
    /// Number of parameters.
    pub parameters: f64,
    /// Size of the zip of its folder, in bytes.
    pub bytes: f64,
}

/// An entry of the list of tuned models.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TunedEntry {
    /// A model that can be opened.
    Whole(Box<TunedModel>),
    /// A model that cannot be opened, only deleted.
    Damaged {
        /// Name of its folder in the storage.
        id: String,
        /// The reason.
        diagnostic: Diagnostic,
    },
}

impl TunedModel {
    /// The task that it was trained for.
    pub fn task(&self) -> Task {
        self.recipe.task
    }

    /// The model as the base of another run.
    pub fn as_base(&self) -> CatalogEntry {
        let folder = format!("{SCHEME}{}", self.id);
        CatalogEntry {
            id: folder.clone(),
            name: self.name.clone(),
            description: format!("Tuned here from {}.", self.base.name),
            parameters: self.parameters,
            bytes: self.bytes,
            folder,
            sha256: String::new(),
            shards: Vec::new(),
            weights: "model.safetensors".into(),
            // A run can have another pooling than the model that it began with.
            pooling: self.recipe.pooling.unwrap_or(self.base.pooling),
            ..self.base.clone()
        }
    }

    /// Parses a stored model.
    ///
    /// # Errors
    /// `tuned.version` if another version of Hone stored it, `tuned.damaged` if it cannot be read.
    pub fn parse(json: &[u8]) -> Result<Self, Diagnostic> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        // Renaming can leave the end of a longer manifest behind the new one.
        let first = || serde_json::Deserializer::from_slice(json).into_iter::<serde_json::Value>().next();
        let value = first().and_then(Result::ok).ok_or_else(|| damaged("its description cannot be read"))?;
        match Versioned::deserialize(&value) {
            Ok(Versioned { version: TUNED_VERSION }) => {}
            Ok(Versioned { version }) => {
                let what = format!("Another version of Hone kept this model (format {version}, here {TUNED_VERSION}).");
                return Err(Diagnostic::new("tuned.version", what)
                    .done("It was left as it is.")
                    .remedy("Open it with that version, or delete it."));
            }
            Err(_) => return Err(damaged("its description has no version")),
        }
        Self::deserialize(value).map_err(|error| damaged(&format!("its description cannot be read, {error}")))
    }
}

impl CatalogEntry {
    /// Id of the tuned model that this entry is, if it is one.
    pub fn tuned_id(&self) -> Option<&str> {
        self.folder.strip_prefix(SCHEME)
    }
}

/// The error of a stored model that cannot be used.
pub fn damaged(reason: &str) -> Diagnostic {
    Diagnostic::new("tuned.damaged", format!("A kept model is damaged: {reason}."))
        .done("It was left as it is.")
        .remedy("Delete it, and train it again or load the zip if you downloaded it.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{Family, Pooling};

    fn model() -> TunedModel {
        let base = CatalogEntry {
            id: "mini".into(),
            name: "Mini".into(),
            description: "Small.".into(),
            hub_id: "hub/mini".into(),
            license: "MIT".into(),
            languages: String::new(),
            parameters: 1.0,
            bytes: 2.0,
            folder: "models/mini/".into(),
            files: vec!["tokenizer.json".into()],
            weights: "mini.gguf".into(),
            sha256: "abc".into(),
            shards: Vec::new(),
            family: Family::Bert,
            pooling: Pooling::Mean,
        };
        TunedModel {
            version: TUNED_VERSION,
            id: "17".into(),
            name: "Reviews".into(),
            kept_ms: 1.0,
            base,
            recipe: RecipeSpec { pooling: Some(Pooling::Cls), ..RecipeSpec::default() },
            labels: vec!["a".into()],
            form: PromptForm::default(),
            has_pairs: false,
            input: None,
            best: Evaluation::default(),
            parameters: 3.0,
            bytes: 4.0,
        }
    }

    #[test]
    fn a_tuned_model_is_the_base_of_another_run_under_its_own_name() {
        let entry = model().as_base();
        assert_eq!((entry.tuned_id(), entry.name.as_str(), entry.bytes), (Some("17"), "Reviews", 4.0));
        assert_eq!((entry.hub_id.as_str(), entry.pooling, entry.sha256.as_str()), ("hub/mini", Pooling::Cls, ""));
        assert_eq!(entry.weights, "model.safetensors", "it is exported as safetensors whatever the base was");
        assert_eq!(model().base.tuned_id(), None);
    }

    #[test]
    fn a_description_is_read_whatever_follows_it() {
        let mut json = serde_json::to_vec(&model()).unwrap();
        assert_eq!(TunedModel::parse(&json), Ok(model()));
        json.extend_from_slice(b"\"tail of a longer one\"}");
        assert_eq!(TunedModel::parse(&json), Ok(model()));
    }

    #[test]
    fn damaged_and_foreign_descriptions_are_told_apart() {
        let mut foreign = serde_json::to_value(model()).unwrap();
        foreign["version"] = 99.into();
        let code = |json: &[u8]| TunedModel::parse(json).unwrap_err().code;
        assert_eq!(code(foreign.to_string().as_bytes()), "tuned.version");
        for json in [b"".as_slice(), b"{\"version", b"{}", b"{\"version\": 1}"] {
            assert_eq!(code(json), "tuned.damaged", "{}", String::from_utf8_lossy(json));
        }
    }
}
