//! Models on a hub: their facts, and which of their files to load. Hone uses the Hugging Face hub's API
//! (`/api/models/{id}?blobs=true`), which mirrors and other hubs implement too.

mod other_weights;
mod pooling;
mod sentence_notes;

use serde::Deserialize;

use crate::catalog::{CatalogEntry, FoundModel, WeightsFile};
use crate::dataset::language;
use crate::diagnostic::Diagnostic;
use crate::model::ModelConfig;
use crate::train::{MemoryBounds, memory_bounds};
use crate::weights::ShardIndex;

pub use other_weights::other_weights;
pub use pooling::{pooling_of, unsupported_pooling};
pub use sentence_notes::{SENTENCE_FILES, sentence_notes};

/// Files of a model folder that an export copies unchanged.
pub const VERBATIM: [&str; 11] = [
    "tokenizer.json",
    "tokenizer_config.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "special_tokens_map.json",
    "chat_template.jinja",
    "chat_template.json",
    "generation_config.json",
    "LICENSE",
];
/// Files of which a tokenizer needs one: [`TokenizerFile`](crate::text::TokenizerFile).
const TOKENIZERS: [&str; 3] = ["tokenizer.json", "vocab.txt", "merges.txt"];
/// Name of the weights file in a folder.
pub const SAFETENSORS: &str = "model.safetensors";
/// Name of the index of weights that are split into several files.
pub const SAFETENSORS_INDEX: &str = "model.safetensors.index.json";

/// Bytes per parameter, to estimate their number if the hub does not report it: 32 bits, or about 5 in a GGUF file.
const PARAMETER_BYTES: f64 = 4.0;
const GGUF_PARAMETER_BYTES: f64 = 0.63;

/// Most languages of a model that are named.
const NAMED_LANGUAGES: usize = 3;

/// The address of a model on a hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubModel {
    /// URL of the hub without a trailing slash: `https://huggingface.co`.
    pub hub: String,
    /// `owner/name`.
    pub id: String,
    /// Name of the file, to choose one of several GGUF files.
    pub file: Option<String>,
}

/// The fields of a hub's response that Hone uses.
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

/// Memory of the device that a model has to fit.
#[derive(Clone, Copy, Debug)]
pub struct DeviceLimits {
    /// Available memory, in bytes.
    pub memory_bytes: f64,
    /// Largest buffer of the GPU, in bytes, if it computes.
    pub max_buffer_bytes: Option<f64>,
}

/// The files of a model on a hub.
#[derive(Clone, Debug)]
pub struct Listing {
    model: HubModel,
    answer: Answer,
}

impl HubModel {
    /// Parses `owner/name`, `owner/name/file.gguf`, or the URL of the model's page on the hub.
    ///
    /// # Errors
    /// When `text` is none of these.
    pub fn parse(hub: &str, text: &str) -> Result<Self, Diagnostic> {
        let hub = hub.trim().trim_end_matches('/').to_owned();
        let text = text.trim().trim_matches('/');
        let id = text.strip_prefix(&hub).unwrap_or(text).trim_matches('/');
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
            _ => return Err(invalid_name(text)),
        };
        if !parts.iter().all(is_name) {
            return Err(invalid_name(text));
        }
        Ok(Self { hub, id: parts[..parts.len().min(2)].join("/"), file })
    }

    /// URL of the listing of the model's files.
    pub fn listing_url(&self) -> String {
        format!("{}/api/models/{}?blobs=true", self.hub, self.id)
    }
}

fn invalid_name(text: &str) -> Diagnostic {
    Diagnostic::new("hub.name", format!("\"{text}\" is not the name of a model."))
        .done("The hub was not contacted.")
        .remedy("Enter owner/name, for example sentence-transformers/all-MiniLM-L6-v2.")
}

/// Where a model that is available only with an account has an open copy, as the end of a sentence.
fn open_copy(id: &str) -> String {
    match id.split_once('/') {
        Some(("google" | "meta-llama", name)) if name.starts_with("gemma-3") || name.starts_with("Llama-3") => {
            format!(", or look for an open copy such as unsloth/{name}")
        }
        _ => String::new(),
    }
}

/// Languages among a model's tags, in words: `English`, `English, German`, or `many languages`.
fn languages(tags: &[String]) -> String {
    let names: Vec<&str> =
        tags.iter().filter(|tag| (2..=3).contains(&tag.len())).filter_map(|tag| language(tag)).collect();
    let is_multilingual = tags.iter().any(|tag| tag == "multilingual") || names.len() > NAMED_LANGUAGES;
    if is_multilingual { "many languages".into() } else { names.join(", ") }
}

/// Bytes of the largest tensor, in 32 bits: the embeddings, or the matrix of a feed-forward block.
fn largest_bytes(config: &ModelConfig) -> f64 {
    let sizes = config.sizes();
    (config.vocab().max(sizes.intermediate_size) * sizes.hidden * size_of::<f32>()) as f64
}

fn unsupported_note(mode: String) -> String {
    format!("Its own pooling, \"{mode}\", is not available here.")
}

/// Returns true if a file name is that of a GGUF file.
pub fn is_gguf(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".gguf")
}

impl Listing {
    /// Parses a hub's response to [`HubModel::listing_url`].
    ///
    /// # Errors
    /// If the response is not a listing, or the model requires an account.
    pub fn parse(model: HubModel, json: &[u8]) -> Result<Self, Diagnostic> {
        let answer: Answer = serde_json::from_slice(json).map_err(|error| {
            let is_page = json.trim_ascii_start().starts_with(b"<");
            let answer = if is_page { "a web page".into() } else { format!("something else ({error})") };
            Diagnostic::new(
                "hub.answer",
                format!("{} answered with {answer} instead of a list of the model's files.", model.hub),
            )
            .done("Nothing was loaded.")
            .remedy("Check the hub's address. It must implement the API of the Hugging Face hub.")
        })?;
        if !matches!(answer.gated, serde_json::Value::Null | serde_json::Value::Bool(false)) {
            return Err(Diagnostic::new(
                "hub.gated",
                format!("{} is available only to people with an account.", model.id),
            )
            .done("Nothing was loaded; Hone has no accounts.")
            .remedy(format!(
                "Accept its terms on the hub, download it in the browser, and drop the files here{}.",
                open_copy(&model.id)
            )));
        }
        Ok(Self { model, answer })
    }

    fn file(&self, name: &str) -> Option<&Sibling> {
        self.answer.siblings.iter().find(|file| file.rfilename == name)
    }

    /// Returns true if the model has a file of this name.
    pub fn has(&self, name: &str) -> bool {
        self.file(name).is_some()
    }

    /// URL of the folder of the files, at the listed revision, ending in `/`.
    pub fn folder(&self) -> String {
        let HubModel { hub, id, .. } = &self.model;
        format!("{hub}/{id}/resolve/{}/", self.answer.sha.as_deref().unwrap_or("main"))
    }

    /// Name of the weights file.
    ///
    /// # Errors
    /// If there is none that Hone can read. The error describes what there is instead.
    pub fn weights(&self) -> Result<&str, Diagnostic> {
        let id = &self.model.id;
        if let Some(file) = &self.model.file {
            let missing =
                || Diagnostic::new("hub.no-file", format!("{id} has no file {file}.")).done("Nothing was loaded.");
            return self.file(file).map(|file| file.rfilename.as_str()).ok_or_else(missing);
        }
        if let Some(file) = self.file(SAFETENSORS).or(self.file(SAFETENSORS_INDEX)) {
            return Ok(&file.rfilename);
        }
        let names = || self.answer.siblings.iter().map(|file| file.rfilename.as_str());
        let ggufs: Vec<&str> = names().filter(|name| is_gguf(name)).collect();
        let diagnostic = |what: String| Diagnostic::new("hub.no-weights", what).done("Nothing was loaded.");
        match ggufs.as_slice() {
            [one] => Ok(one),
            [first, ..] => Err(diagnostic(format!("{id} has {} GGUF files.", ggufs.len()))
                .remedy(format!("Name one of them, for example {id}/{first}. Hone reads Q8_0 and all types of 4, 5 and 6 bits but the IQ ones."))),
            [] if names().any(|name| name.ends_with(".bin")) => Err(diagnostic(format!(
                "{id} has its weights only as a PyTorch pickle, which can run arbitrary code and is never opened here."
            ))
            .remedy("Look for a version with a model.safetensors; many models have one.")),
            [] => {
                let (what, remedy) = other_weights(names());
                Err(diagnostic(format!("{id} {what}.")).remedy(remedy))
            }
        }
    }

    /// The facts about the model, from its config.json, the contents of [`POOLING`](crate::catalog::POOLING), if the
    /// hub has that file, and those of [`SAFETENSORS_INDEX`], if that is the weights file. `device` is what the model has
    /// to fit.
    ///
    /// # Errors
    /// When the architecture is unknown, a file is missing, or a size is out of bounds.
    pub fn found(
        &self,
        config_json: &[u8],
        pooling: Option<&[u8]>,
        index_json: Option<&[u8]>,
        device: DeviceLimits,
    ) -> Result<FoundModel, Diagnostic> {
        let config = ModelConfig::parse(config_json)?;
        let weights = self.weights()?;
        if !is_gguf(weights) && !TOKENIZERS.iter().any(|name| self.has(name)) {
            return Err(Diagnostic::new("hub.no-tokenizer", format!("{} has no tokenizer.json.", self.model.id))
                .done("Nothing was loaded.")
                .remedy("Look for a version that has one."));
        }
        let shards = index_json.map(|json| self.shards(json)).transpose()?.unwrap_or_default();
        let WeightsFile { bytes, sha256, .. } = self.weights_file(weights);
        let bytes = if shards.is_empty() { bytes } else { shards.iter().map(|shard| shard.bytes).sum() };
        let parameters = self.parameters(is_gguf(weights), bytes);
        let HubModel { hub, id, .. } = &self.model;
        let host = hub.split_once("://").map_or(hub.as_str(), |(_, host)| host);
        let license = self.answer.tags.iter().find_map(|tag| tag.strip_prefix("license:")).unwrap_or_default();
        let files = VERBATIM.iter().filter(|name| !is_gguf(weights) && self.has(name)).map(|&name| name.to_owned());
        let entry = CatalogEntry {
            id: format!("{host}/{id}"),
            name: id.rsplit('/').next().unwrap_or(id).to_owned(),
            description: unsupported_pooling(pooling).map(unsupported_note).unwrap_or_default(),
            hub_id: id.clone(),
            license: license.to_owned(),
            languages: languages(&self.answer.tags),
            parameters,
            bytes,
            folder: self.folder(),
            files: files.collect(),
            weights: weights.to_owned(),
            sha256,
            shards,
            family: config.family(),
            pooling: pooling_of(config_json, pooling),
        };
        let sizes = config.sizes();
        let MemoryBounds { least_bytes, full_bytes } = memory_bounds(sizes, parameters);
        Ok(FoundModel {
            entry,
            layers: sizes.layers as u32,
            hidden: sizes.hidden as u32,
            max_positions: config.max_positions() as u32,
            least_bytes,
            full_bytes,
            limit_bytes: device.memory_bytes,
            largest_bytes: largest_bytes(&config),
            max_buffer_bytes: device.max_buffer_bytes,
        })
    }

    /// The files that an index names.
    fn shards(&self, index_json: &[u8]) -> Result<Vec<WeightsFile>, Diagnostic> {
        let index = ShardIndex::parse(index_json)?;
        index.require(|name| self.has(name))?;
        Ok(index.files().into_iter().map(|name| self.weights_file(name)).collect())
    }

    /// Size and checksum of a file, as far as the hub reports them.
    fn weights_file(&self, name: &str) -> WeightsFile {
        let file = self.file(name);
        let lfs = file.and_then(|file| file.lfs.as_ref());
        let bytes = lfs.and_then(|lfs| lfs.size).or(file.and_then(|file| file.size)).unwrap_or(0.0);
        let sha256 = lfs.and_then(|lfs| lfs.sha256.clone()).unwrap_or_default();
        WeightsFile { name: name.to_owned(), bytes, sha256 }
    }

    /// Number of parameters, as the hub reports it or estimated from the size of the file.
    fn parameters(&self, is_gguf: bool, bytes: f64) -> f64 {
        let Answer { safetensors, gguf, .. } = &self.answer;
        let (reported, bytes_each) =
            if is_gguf { (gguf, GGUF_PARAMETER_BYTES) } else { (safetensors, PARAMETER_BYTES) };
        reported.as_ref().and_then(|parameters| parameters.total).unwrap_or((bytes / bytes_each).round())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::Pooling;

    const HUB: &str = "https://hub.example";
    const BERT: &[u8] = br#"{"model_type": "bert", "vocab_size": 30522, "hidden_size": 128, "num_hidden_layers": 2,
        "num_attention_heads": 2, "intermediate_size": 512, "max_position_embeddings": 512, "type_vocab_size": 2}"#;

    const LIMITS: DeviceLimits = DeviceLimits { memory_bytes: 1e9, max_buffer_bytes: Some(1e8) };

    #[test]
    fn languages_are_found_among_the_tags() {
        let words = |tags: &[&str]| languages(&tags.iter().map(|&tag| tag.to_owned()).collect::<Vec<_>>());
        assert_eq!(words(&["bert", "en", "license:mit", "region:us"]), "English");
        assert_eq!(words(&["en", "de", "onnx"]), "English, German");
        assert_eq!(words(&["multilingual", "af", "am"]), "many languages");
        assert_eq!(words(&["en", "de", "fr", "es"]), "many languages");
        assert_eq!(words(&["bert"]), "");
    }

    fn model() -> HubModel {
        HubModel::parse(HUB, "someone/small").expect("a name")
    }

    fn listing(files: &[&str]) -> Listing {
        let siblings: Vec<_> = files.iter().map(|name| serde_json::json!({"rfilename": name, "size": 1_000})).collect();
        let json = serde_json::json!({"sha": "abc", "tags": ["bert", "license:mit"], "siblings": siblings});
        Listing::parse(model(), json.to_string().as_bytes()).expect("a listing")
    }

    #[test]
    fn names_and_urls_are_parsed() {
        for text in [
            "someone/small",
            " someone/small/ ",
            "https://hub.example/someone/small",
            "https://hub.example/someone/small/tree/main",
        ] {
            assert_eq!(HubModel::parse("https://hub.example/", text), Ok(model()), "{text}");
        }
        let file = HubModel::parse(HUB, "someone/small/q8_0.gguf").expect("a file");
        assert_eq!((file.id.as_str(), file.file.as_deref()), ("someone/small", Some("q8_0.gguf")));
    }

    #[test]
    fn invalid_names_are_refused_before_any_request() {
        for text in ["", "a/b/c", "a/../b", "a b/c", "https://elsewhere.example/a/b", "a/b?c", "a/.b"] {
            assert_eq!(HubModel::parse(HUB, text).expect_err(text).code, "hub.name", "{text}");
        }
    }

    #[test]
    fn a_model_is_found_with_its_files_license_and_memory() {
        let files = listing(&["README.md", "config.json", "model.safetensors", "tokenizer.json", "vocab.txt"]);
        let found = files.found(BERT, Some(br#"{"pooling_mode_mean_tokens": true}"#), None, LIMITS).expect("found");
        assert_eq!(found.entry.id, "hub.example/someone/small");
        assert_eq!(found.entry.folder, "https://hub.example/someone/small/resolve/abc/");
        assert_eq!(found.entry.files, ["tokenizer.json", "vocab.txt"]);
        assert_eq!((found.entry.license.as_str(), found.entry.pooling), ("mit", Pooling::Mean));
        assert_eq!((found.layers, found.hidden, found.entry.parameters), (2, 128, 250.0));
        assert!(found.least_bytes < found.full_bytes);
        assert_eq!((found.limit_bytes, found.max_buffer_bytes), (1e9, Some(1e8)));
        assert_eq!(found.largest_bytes, 4.0 * 30_522.0 * 128.0, "its embeddings");
    }

    #[test]
    fn a_web_page_is_not_a_listing() {
        let diagnostic = Listing::parse(model(), b"\n<!doctype html><title>Hub</title>").expect_err("a page");
        assert_eq!(diagnostic.code, "hub.answer");
        assert!(diagnostic.what.contains("a web page"), "{diagnostic}");
    }

    #[test]
    fn a_model_that_requires_an_account_is_refused() {
        let json = br#"{"gated": "manual", "siblings": []}"#;
        let diagnostic = Listing::parse(model(), json).expect_err("gated");
        assert_eq!(diagnostic.code, "hub.gated");
        assert!(!diagnostic.remedy.contains("unsloth"), "{diagnostic}");
        let gemma = HubModel::parse(HUB, "google/gemma-3-270m-it").expect("a name");
        let diagnostic = Listing::parse(gemma, json).expect_err("gated");
        assert!(diagnostic.remedy.ends_with("such as unsloth/gemma-3-270m-it."), "{diagnostic}");
    }

    #[test]
    fn unreadable_weights_are_named() {
        for (files, expected) in [
            (&["pytorch_model.bin"][..], "pickle"),
            (&["a.Q8_0.gguf", "a.Q4_0.gguf"], "2 GGUF files"),
            (&["README.md"], "no weights"),
        ] {
            let diagnostic = listing(files).weights().expect_err(expected);
            assert!(diagnostic.what.contains(expected), "{diagnostic}");
        }
        assert_eq!(listing(&["only.gguf"]).weights(), Ok("only.gguf"));
    }

    #[test]
    fn weights_in_several_files_are_found_by_their_index() {
        let names = ["config.json", SAFETENSORS_INDEX, "model-1.safetensors", "model-2.safetensors", "tokenizer.json"];
        let files = listing(&names);
        assert_eq!(files.weights(), Ok(SAFETENSORS_INDEX));
        let index = br#"{"weight_map": {"a": "model-2.safetensors", "b": "model-1.safetensors"}}"#;
        let entry = files.found(BERT, None, Some(index), LIMITS).expect("found").entry;
        let shards: Vec<&str> = entry.shards.iter().map(|shard| shard.name.as_str()).collect();
        assert_eq!(shards, ["model-1.safetensors", "model-2.safetensors"]);
        assert_eq!((entry.bytes, entry.weights.as_str()), (2_000.0, SAFETENSORS_INDEX));
        let other = br#"{"weight_map": {"a": "model-3.safetensors"}}"#;
        let diagnostic = files.found(BERT, None, Some(other), LIMITS).expect_err("missing");
        assert_eq!(diagnostic.code, "model.shard-missing");
    }

    #[test]
    fn an_unknown_architecture_is_named_with_the_known_ones() {
        let files = listing(&["model.safetensors", "tokenizer.json"]);
        let diagnostic = files.found(br#"{"model_type": "mamba"}"#, None, None, LIMITS).expect_err("unknown");
        assert!(diagnostic.what.contains("mamba") && diagnostic.what.contains("DistilBERT"), "{diagnostic}");
    }
}
