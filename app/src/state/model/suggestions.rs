//! Models of the hub that the page suggests, by what they are good for.

use hone_core::catalog::CatalogEntry;
use hone_core::dataset::Mapping;
use hone_core::limits::{MAX_CPU_BYTES, MAX_GPU_BYTES};
use hone_core::protocol::Backend;
use hone_core::recipe::Task;

use crate::format;
use crate::state::{Effect, State};

/// A model of the hub.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Suggestion {
    /// Name on the hub.
    pub id: &'static str,
    kind: Kind,
    /// Number of parameters, in millions.
    millions: u16,
    languages: &'static str,
    license: &'static str,
    /// The tasks that it is good for, in words.
    good_for: &'static str,
}

/// A model for texts in other languages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Multilingual {
    /// One on offer: its index in the catalog.
    Offered(usize),
    /// Name of one on the hub.
    OfHub(&'static str),
}

/// `languages` of the models that read only English.
const ENGLISH: &str = "English";

/// Kind of model, which determines its tasks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Encoder,
    Decoder,
}

/// For each kind a small model, better ones and multilingual ones.
const SUGGESTIONS: [Suggestion; 13] = [
    encoder("jhu-clsp/ettin-encoder-17m", 17, "English", "MIT", "classes and tags; the smallest"),
    encoder("jhu-clsp/ettin-encoder-32m", 32, "English", "MIT", "classes, tags, answers"),
    encoder("BAAI/bge-small-en-v1.5", 33, "English", "MIT", "embeddings for search"),
    encoder("answerdotai/ModernBERT-base", 149, "English", "Apache-2.0", "long texts; the most accurate for English"),
    encoder(MULTILINGUAL_ENCODER, 118, "50 languages", "Apache-2.0", "classes and embeddings in any language"),
    encoder("jhu-clsp/mmBERT-small", 140, "1,800 languages", "MIT", "long texts in any language"),
    encoder("FacebookAI/xlm-roberta-base", 278, "100 languages", "MIT", "tags and answers in any language"),
    encoder(
        "cross-encoder/nli-MiniLM2-L6-H768",
        82,
        "English",
        "Apache-2.0",
        "pairs: knows contradiction, entailment and neutral, and keeps its head",
    ),
    encoder(
        "distilbert/distilbert-base-uncased-finetuned-sst-2-english",
        67,
        "English",
        "Apache-2.0",
        "knows POSITIVE and NEGATIVE, and keeps its head",
    ),
    decoder("HuggingFaceTB/SmolLM2-360M-Instruct", 362, "English", "Apache-2.0", "answers and texts in English"),
    decoder(
        MULTILINGUAL_DECODER,
        268,
        "140 languages",
        "Gemma license",
        "answers and translations; an open copy, as google's own needs an account",
    ),
    decoder("Qwen/Qwen2.5-0.5B-Instruct", 494, "29 languages", "Apache-2.0", "answers, translations and code"),
    decoder("Qwen/Qwen3-0.6B", 596, "100 languages", "Apache-2.0", "answers, translations and code; the largest"),
];

/// The models to take for texts that are not English, if the page has none itself.
const MULTILINGUAL_ENCODER: &str = "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2";
const MULTILINGUAL_DECODER: &str = "unsloth/gemma-3-270m-it";

const fn encoder(
    id: &'static str,
    millions: u16,
    languages: &'static str,
    license: &'static str,
    good_for: &'static str,
) -> Suggestion {
    Suggestion { id, kind: Kind::Encoder, millions, languages, license, good_for }
}

const fn decoder(
    id: &'static str,
    millions: u16,
    languages: &'static str,
    license: &'static str,
    good_for: &'static str,
) -> Suggestion {
    Suggestion { kind: Kind::Decoder, ..encoder(id, millions, languages, license, good_for) }
}

impl Suggestion {
    /// Size, languages, license and use in one line.
    pub fn line(&self) -> String {
        let Self { millions, languages, license, good_for, .. } = self;
        format!("{millions} M parameters · {languages} · {license} · {good_for}")
    }

    /// Returns true if every word of a search occurs in the name or the line.
    fn matches(&self, search: &str) -> bool {
        let text = format!("{} {}", self.id, self.line()).to_ascii_lowercase();
        search.to_ascii_lowercase().split_whitespace().all(|word| text.contains(word))
    }
}

impl State {
    /// The suggestions that fit the task of the data and a search, and those for which this device has memory.
    pub fn suggestions(&self, search: &str) -> Vec<Suggestion> {
        let task = self.data.mapping.as_ref().map(Mapping::task);
        let is_gpu = self.device.report.as_ref().is_some_and(|report| report.backend == Backend::WebGpu);
        let memory = if is_gpu { MAX_GPU_BYTES } else { MAX_CPU_BYTES } as f64;
        let fits = |suggestion: &&Suggestion| {
            let is_of_kind = task.is_none_or(|task| (task == Task::Generation) == (suggestion.kind == Kind::Decoder));
            is_of_kind && 4e6 * f64::from(suggestion.millions) < memory && suggestion.matches(search)
        };
        SUGGESTIONS.iter().filter(fits).copied().collect()
    }

    /// The model to take if the texts are in other languages than the chosen model reads.
    pub fn multilingual(&self) -> Option<Multilingual> {
        self.data.report.as_ref()?.other_languages.as_ref()?;
        let chosen = self.model.entry().filter(|entry| entry.languages == ENGLISH)?;
        let is_decoder = chosen.family.is_decoder();
        let reads_others = |entry: &CatalogEntry| {
            entry.family.is_decoder() == is_decoder && !["", ENGLISH].contains(&entry.languages.as_str())
        };
        Some(match self.model.catalog.iter().position(reads_others) {
            Some(index) => Multilingual::Offered(index),
            None => Multilingual::OfHub(if is_decoder { MULTILINGUAL_DECODER } else { MULTILINGUAL_ENCODER }),
        })
    }

    /// Name of the model to take.
    fn multilingual_name(&self) -> &str {
        match self.multilingual() {
            Some(Multilingual::Offered(index)) => self.model.catalog.get(index).map_or("", |entry| &entry.name),
            Some(Multilingual::OfHub(id)) => id,
            None => "",
        }
    }

    /// Says that the texts are in other languages than the chosen model reads; empty if they are not.
    pub fn language_words(&self) -> String {
        let (Some(_), Some(data), Some(entry)) = (self.multilingual(), &self.data.report, self.model.entry()) else {
            return String::new();
        };
        let languages = data.other_languages.as_deref().unwrap_or_default();
        let [chosen, other] = [&entry.name, self.multilingual_name()].map(format::visible);
        format!(
            "Most of your texts are in {languages}. {chosen} was trained on English and will learn little from them; \
             {other} reads many languages."
        )
    }

    /// Label of the button that takes the multilingual model.
    pub fn multilingual_label(&self) -> String {
        let verb = if matches!(self.multilingual(), Some(Multilingual::OfHub(_))) { "Look up" } else { "Choose" };
        format!("{verb} {}", format::visible(self.multilingual_name()))
    }

    /// Chooses the multilingual model, or looks it up on the hub.
    pub fn take_multilingual(&mut self, hub: Option<String>) -> Vec<Effect> {
        match (self.multilingual(), hub) {
            (Some(Multilingual::Offered(index)), _) => self.choose_model(index),
            (Some(Multilingual::OfHub(id)), Some(hub)) => self.find_model(hub, id.to_owned()),
            _ => Vec::new(),
        }
    }
}
