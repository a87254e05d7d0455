//! Models of a hub: what it says of one, and which of its files are loaded. The answers are those of the Hugging Face
//! hub's API (`/api/models/{id}?blobs=true`), which mirrors and other hubs give too.

use serde::Deserialize;

use crate::catalog::{CatalogEntry, FoundModel};
use crate::diagnostic::Diagnostic;
use crate::model::ModelConfig;
use crate::recipe::Pooling;
use crate::train::least_and_full_bytes;
use crate::usage::is_own_class;

/// Files of a model folder that an export takes along.
pub const VERBATIM: [&str; 9] = [
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "special_tokens_map.json",
    "chat_template.jinja",
    "generation_config.json",
    "LICENSE",
];
/// File of the weights in a folder.
pub const SAFETENSORS: &str = "model.safetensors";

/// Bytes of a parameter where the hub does not tell how many there are: 32 bits, and in a GGUF file about 5.
const PARAMETER_BYTES: f64 = 4.0;
const GGUF_PARAMETER_BYTES: f64 = 0.63;

/// A model's address on a hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubModel {
    /// `https://huggingface.co`, without a slash at its end.
    pub hub: String,
    /// `owner/name`.
    pub id: String,
    /// One file of several of a GGUF folder.
    pub file: Option<String>,
}

/// What a hub answers, as far as it is of use.
#[derive(Clone, Debug, Deserialize)]
struct Answer {
    sha: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    gated: serde_json::Value,
    safetensors: Option<Parameters>,
    gguf: Option<Parameters>,
    siblings: Vec<Sibling>,
}

#[derive(Clone, Debug, Deserialize)]
struct Parameters {
    total: Option<f64>,
}

#[derive(Clone, Debug, Deserialize)]
struct Sibling {
    rfilename: String,
    size: Option<f64>,
    lfs: Option<Lfs>,
}

#[derive(Clone, Debug, Deserialize)]
struct Lfs {
    sha256: Option<String>,
    size: Option<f64>,
}

/// A model's files on a hub.
#[derive(Clone, Debug)]
pub struct Listing {
    model: HubModel,
    answer: Answer,
}

impl HubModel {
    /// Reads what a person wrote: `owner/name`, `owner/name/file.gguf`, or the address of the model's page on the hub.
    ///
    /// # Errors
    /// When it is no such name.
    pub fn parse(hub: &str, written: &str) -> Result<Self, Diagnostic> {
        let hub = hub.trim().trim_end_matches('/').to_owned();
        let written = written.trim().trim_matches('/');
        let id = written.strip_prefix(&hub).unwrap_or(written).trim_matches('/');
        let id = id.split("/tree/").next().unwrap_or(id);
        let parts: Vec<&str> = id.split('/').collect();
        let is_name = |part: &&str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        let file = match parts.as_slice() {
            [_] | [_, _] => None,
            [_, _, file] if is_gguf(file) => Some((*file).to_owned()),
            _ => return Err(no_name(written)),
        };
        if !parts.iter().all(is_name) {
            return Err(no_name(written));
        }
        Ok(Self { hub, id: parts[..parts.len().min(2)].join("/"), file })
    }

    /// Where the hub tells what it has.
    pub fn listing_url(&self) -> String {
        format!("{}/api/models/{}?blobs=true", self.hub, self.id)
    }
}

fn no_name(written: &str) -> Diagnostic {
    Diagnostic::new("hub.name", format!("\"{written}\" is not the name of a model."))
        .done("Nothing was asked of the hub.")
        .remedy("Write owner/name, as in sentence-transformers/all-MiniLM-L6-v2.")
}

/// Whether a file's name is that of weights in GGUF.
pub fn is_gguf(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".gguf")
}

impl Listing {
    /// Reads a hub's answer to [`HubModel::listing_url`].
    ///
    /// # Errors
    /// When it is something else, or the model is for those only who have an account.
    pub fn parse(model: HubModel, json: &[u8]) -> Result<Self, Diagnostic> {
        let answer: Answer = serde_json::from_slice(json).map_err(|error| {
            let is_page = json.trim_ascii_start().starts_with(b"<");
            let reason = if is_page { "a web page".into() } else { format!("something else ({error})") };
            Diagnostic::new(
                "hub.answer",
                format!("{} should have listed the model's files and answered with {reason}.", model.hub),
            )
            .done("Nothing was loaded.")
            .remedy("Check the hub's address; it must speak the API of the Hugging Face hub.")
        })?;
        if !matches!(answer.gated, serde_json::Value::Null | serde_json::Value::Bool(false)) {
            return Err(Diagnostic::new("hub.gated", format!("{} is given only to people with an account.", model.id))
                .done("Nothing was loaded; Hone has no accounts.")
                .remedy("Download it in the browser after you have accepted its terms, and drop the files here."));
        }
        Ok(Self { model, answer })
    }

    fn file(&self, name: &str) -> Option<&Sibling> {
        self.answer.siblings.iter().find(|file| file.rfilename == name)
    }

    /// Whether the hub has a file of this name.
    pub fn has(&self, name: &str) -> bool {
        self.file(name).is_some()
    }

    /// Address of the folder of the files, in the version that was listed, ending in `/`.
    pub fn folder(&self) -> String {
        let HubModel { hub, id, .. } = &self.model;
        format!("{hub}/{id}/resolve/{}/", self.answer.sha.as_deref().unwrap_or("main"))
    }

    /// The file of the weights.
    ///
    /// # Errors
    /// When there is none that can be read, with what is there instead.
    pub fn weights(&self) -> Result<&str, Diagnostic> {
        let id = &self.model.id;
        if let Some(file) = &self.model.file {
            let missing =
                || Diagnostic::new("hub.no-file", format!("{id} has no file {file}.")).done("Nothing was loaded.");
            return self.file(file).map(|file| file.rfilename.as_str()).ok_or_else(missing);
        }
        if let Some(file) = self.file(SAFETENSORS) {
            return Ok(&file.rfilename);
        }
        let names = || self.answer.siblings.iter().map(|file| file.rfilename.as_str());
        let ggufs: Vec<&str> = names().filter(|name| is_gguf(name)).collect();
        let diagnostic = |what: String| Diagnostic::new("hub.no-weights", what).done("Nothing was loaded.");
        match ggufs.as_slice() {
            [one] => Ok(one),
            [first, ..] => Err(diagnostic(format!("{id} has {} GGUF files.", ggufs.len()))
                .remedy(format!("Name one of them, as in {id}/{first}. Those of Q8_0, Q4_0 and Q4_1 can be read."))),
            [] if names().any(|name| name.ends_with(".safetensors.index.json")) => Err(diagnostic(format!(
                "The weights of {id} are in several files: it is too large for a browser's tab."
            ))
            .remedy("Choose a smaller model: some hundred million parameters are what a tab can train.")),
            [] if names().any(|name| name.ends_with(".bin")) => Err(diagnostic(format!(
                "{id} has its weights only as a PyTorch pickle, which is a program and is not run here."
            ))
            .remedy("Look for a version with model.safetensors; many hubs convert models.")),
            [] => Err(diagnostic(format!("{id} has no weights that Hone can read."))
                .remedy("It needs a model.safetensors or a .gguf file.")),
        }
    }

    /// What the model is, by config.json and, where the hub has [`POOLING`](crate::catalog::POOLING), that file.
    ///
    /// # Errors
    /// When its architecture is not known, a file is missing, or sizes are out of bounds.
    pub fn found(
        &self,
        config_json: &[u8],
        pooling: Option<&[u8]>,
        limit_bytes: f64,
    ) -> Result<FoundModel, Diagnostic> {
        let config = ModelConfig::parse(config_json)?;
        let weights = self.weights()?;
        if !is_gguf(weights) && !self.has("tokenizer.json") {
            return Err(Diagnostic::new(
                "hub.no-tokenizer",
                format!("{} comes without a tokenizer.json.", self.model.id),
            )
            .done("Nothing was loaded.")
            .remedy("Look for a version of it with that file."));
        }
        let file = self.file(weights);
        let lfs = file.and_then(|file| file.lfs.as_ref());
        let bytes = lfs.and_then(|lfs| lfs.size).or(file.and_then(|file| file.size)).unwrap_or(0.0);
        let parameters = self.parameters(is_gguf(weights), bytes);
        let HubModel { hub, id, .. } = &self.model;
        let host = hub.split_once("://").map_or(hub.as_str(), |(_, host)| host);
        let license = self.answer.tags.iter().find_map(|tag| tag.strip_prefix("license:")).unwrap_or_default();
        let files = VERBATIM.iter().filter(|name| !is_gguf(weights) && self.has(name)).map(|&name| name.to_owned());
        let entry = CatalogEntry {
            id: format!("{host}/{id}"),
            name: id.rsplit('/').next().unwrap_or(id).to_owned(),
            description: String::new(),
            hub_id: id.clone(),
            license: license.to_owned(),
            parameters,
            bytes,
            folder: self.folder(),
            files: files.collect(),
            weights: weights.to_owned(),
            sha256: lfs.and_then(|lfs| lfs.sha256.clone()).unwrap_or_default(),
            family: config.family(),
            pooling: pooling_of(config_json, pooling),
        };
        let sizes = config.sizes();
        let (least_bytes, full_bytes) = least_and_full_bytes(sizes, parameters);
        Ok(FoundModel {
            entry,
            layers: sizes.layers as u32,
            hidden: sizes.hidden as u32,
            max_positions: config.positions() as u32,
            least_bytes,
            full_bytes,
            limit_bytes,
        })
    }

    /// Number of parameters: as the hub tells, else by the size of the file.
    fn parameters(&self, is_gguf: bool, bytes: f64) -> f64 {
        let Answer { safetensors, gguf, .. } = &self.answer;
        let (told, each) = if is_gguf { (gguf, GGUF_PARAMETER_BYTES) } else { (safetensors, PARAMETER_BYTES) };
        told.as_ref().and_then(|parameters| parameters.total).unwrap_or((bytes / each).round())
    }
}

/// How a model makes one vector of a sentence: by the mean where its [`POOLING`](crate::catalog::POOLING) file says so, or its config.json names
/// the class that Hone exports for the mean.
pub fn pooling_of(config_json: &[u8], pooling: Option<&[u8]>) -> Pooling {
    let read = |json| serde_json::from_slice::<serde_json::Value>(json).unwrap_or_default();
    let class = read(config_json);
    let is_ours = class.pointer("/architectures/0").and_then(|class| class.as_str()).is_some_and(is_own_class);
    let is_mean = pooling.is_some_and(|json| read(json)["pooling_mode_mean_tokens"] == true);
    if is_ours || is_mean { Pooling::Mean } else { Pooling::Cls }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HUB: &str = "https://hub.example";
    const BERT: &[u8] = br#"{"model_type": "bert", "vocab_size": 30522, "hidden_size": 128, "num_hidden_layers": 2,
        "num_attention_heads": 2, "intermediate_size": 512, "max_position_embeddings": 512, "type_vocab_size": 2}"#;

    fn model() -> HubModel {
        HubModel::parse(HUB, "someone/small").expect("a name")
    }

    fn listing(files: &[&str]) -> Listing {
        let siblings: Vec<_> = files.iter().map(|name| serde_json::json!({"rfilename": name, "size": 1_000})).collect();
        let json = serde_json::json!({"sha": "abc", "tags": ["bert", "license:mit"], "siblings": siblings});
        Listing::parse(model(), json.to_string().as_bytes()).expect("a listing")
    }

    #[test]
    fn names_and_addresses_are_read() {
        for written in [
            "someone/small",
            " someone/small/ ",
            "https://hub.example/someone/small",
            "https://hub.example/someone/small/tree/main",
        ] {
            assert_eq!(HubModel::parse("https://hub.example/", written), Ok(model()), "{written}");
        }
        let file = HubModel::parse(HUB, "someone/small/q8_0.gguf").expect("a file");
        assert_eq!((file.id.as_str(), file.file.as_deref()), ("someone/small", Some("q8_0.gguf")));
    }

    #[test]
    fn what_is_no_name_is_never_asked_for() {
        for written in ["", "a/b/c", "a/../b", "a b/c", "https://elsewhere.example/a/b", "a/b?c", "a/.b"] {
            assert_eq!(HubModel::parse(HUB, written).expect_err(written).code, "hub.name", "{written}");
        }
    }

    #[test]
    fn a_model_is_found_with_its_files_license_and_needs() {
        let files = listing(&["README.md", "config.json", "model.safetensors", "tokenizer.json", "vocab.txt"]);
        let found = files.found(BERT, Some(br#"{"pooling_mode_mean_tokens": true}"#), 1e9).expect("found");
        assert_eq!(found.entry.id, "hub.example/someone/small");
        assert_eq!(found.entry.folder, "https://hub.example/someone/small/resolve/abc/");
        assert_eq!(found.entry.files, ["tokenizer.json", "vocab.txt"]);
        assert_eq!((found.entry.license.as_str(), found.entry.pooling), ("mit", Pooling::Mean));
        assert_eq!((found.layers, found.hidden, found.entry.parameters), (2, 128, 250.0));
        assert!(found.least_bytes < found.full_bytes);
    }

    #[test]
    fn a_web_page_is_not_a_listing() {
        let diagnostic = Listing::parse(model(), b"\n<!doctype html><title>Hub</title>").expect_err("a page");
        assert_eq!(diagnostic.code, "hub.answer");
        assert!(diagnostic.what.contains("a web page"), "{diagnostic}");
    }

    #[test]
    fn a_model_behind_an_account_is_named_so() {
        let json = br#"{"gated": "manual", "siblings": []}"#;
        assert_eq!(Listing::parse(model(), json).expect_err("gated").code, "hub.gated");
    }

    #[test]
    fn weights_that_cannot_be_read_are_named() {
        for (files, said) in [
            (&["pytorch_model.bin"][..], "pickle"),
            (&["model.safetensors.index.json", "model-00001-of-00002.safetensors"], "several files"),
            (&["a.Q8_0.gguf", "a.Q4_0.gguf"], "2 GGUF files"),
            (&["README.md"], "no weights"),
        ] {
            let diagnostic = listing(files).weights().expect_err(said);
            assert!(diagnostic.what.contains(said), "{diagnostic}");
        }
        assert_eq!(listing(&["only.gguf"]).weights(), Ok("only.gguf"));
    }

    #[test]
    fn an_architecture_that_is_not_known_is_named_with_those_that_are() {
        let files = listing(&["model.safetensors", "tokenizer.json"]);
        let diagnostic = files.found(br#"{"model_type": "mamba"}"#, None, 1e9).expect_err("unknown");
        assert!(diagnostic.what.contains("mamba") && diagnostic.what.contains("distilbert"), "{diagnostic}");
    }
}
