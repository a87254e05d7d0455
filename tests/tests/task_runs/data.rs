//! Made-up rows of every task, and micro models that learn them.

use std::sync::LazyLock;

use burn::tensor::Device;
use hone_core::dataset::{Example, Word};
use hone_core::model::{
    BaseModel, BertConfig, Gpt2Config, LayerAttention, LlamaConfig, LlamaVariant, ModelConfig, TaskModel, synthetic,
};
use hone_core::recipe::{Family, Metric, Pooling, Recipe, RecipeSpec, RowFacts, Task};
use hone_core::rng::{Rng, Stream};
use hone_core::text::{EncodedExamples, EncodedRows, Tokenizer};
use hone_core::train::{Session, TrainingData};
use hone_tests::word_tokenizer;

/// Words without meaning, and those that the tasks are about.
const FILLERS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
const WORDS: [&str; 14] =
    ["yes", "hot", "wet", "old", "up", "ann", "##a", "lee", "paris", "rome", "cat", "dog", "die", "katze"];

pub const MAX_LEN: usize = 16;

pub fn tokenizer(task: Task) -> Tokenizer {
    word_tokenizer(&[&FILLERS[..], &WORDS, &["der", "hund", "where"]].concat(), task != Task::Generation)
}

/// Rows of a task, encoded and cut. `side` is 0 for training and 1 for validation.
fn rows(task: Task, count: u32, side: u64) -> EncodedExamples {
    let mut rng = Rng::new(1, Stream::Synthetic, side);
    let (tokenizer, mut rows) = (tokenizer(task), EncodedRows::new(task));
    for row in 0..count {
        let mut words: Vec<&str> = (0..4 + rng.below(5)).map(|_| FILLERS[rng.below(8) as usize]).collect();
        let group = rng.below(words.len() as u64) as usize;
        let mut push = |example: &Example| {
            rows.push(&tokenizer, None, 3, example).unwrap();
        };
        match task {
            // The class is the text that has the word, which only the token type ids reveal.
            Task::Classification => {
                let (with, without) = ("a yes b", words.join(" "));
                let class = row % 2;
                let (text, pair) = if class == 0 { (with, &*without) } else { (&*without, with) };
                push(&Example::Class { text, pair: Some(pair), class });
            }
            Task::MultiLabel => {
                let labels: Vec<u32> = (0..3).filter(|label| row >> label & 1 == 1).collect();
                words.extend(labels.iter().map(|&label| WORDS[1 + label as usize]));
                push(&Example::Labels { text: &words.join(" "), pair: None, labels });
            }
            Task::Regression => {
                let value = if row % 2 == 0 { 1.5 } else { -0.5 };
                if row % 2 == 0 {
                    words[group] = "up";
                }
                push(&Example::Number { text: &words.join(" "), pair: None, value });
            }
            // "anna" (two tokens) and "ann" begin a name; "lee" continues it.
            Task::TokenClassification => {
                words[group] = if row % 2 == 0 { "anna" } else { "ann" };
                words.insert(group + 1, "lee");
                let tag = |word: &str| match word {
                    "anna" | "ann" => 1,
                    "lee" => 2,
                    _ => 0,
                };
                let mut at = 0;
                let word = |word: &&str| {
                    let start = at;
                    at += word.len() as u32 + 1;
                    Word { start, end: at - 1, tag: tag(word) }
                };
                let tagged = words.iter().map(word).collect();
                push(&Example::Tags { text: &words.join(" "), words: tagged });
            }
            // The passage is longer than a window; every fourth question has no answer.
            Task::QuestionAnswering => {
                words.extend(words.clone());
                let city = ["paris", "rome", "paris", ""][row as usize % 4];
                if !city.is_empty() {
                    words[group] = city;
                }
                let context = words.join(" ");
                let answers = context.find(city).filter(|_| !city.is_empty()).map(|at| at..at + city.len());
                let answers = answers.into_iter().collect();
                push(&Example::Question { question: "where", context: &context, answers });
            }
            // Each word has another one that belongs to it.
            Task::Embeddings => {
                let pairs = [
                    ("cat", "katze"),
                    ("dog", "hund"),
                    ("hot", "wet"),
                    ("up", "old"),
                    ("paris", "rome"),
                    ("yes", "ann"),
                ];
                let (word, positive) = pairs[row as usize % pairs.len()];
                words[group] = word;
                push(&Example::Pair { anchor: &words.join(" "), positive, negative: None });
            }
            // Two of a query's four passages fit.
            Task::Reranking => {
                let fits = row % 2 == 0;
                if fits {
                    words[group] = "yes";
                }
                let query = format!("where {} {}", FILLERS[row as usize / 4 % 8], FILLERS[row as usize / 32 % 8]);
                push(&Example::Number { text: &query, pair: Some(&words.join(" ")), value: f32::from(fits) });
            }
            Task::Generation => {
                let (word, completion) = [("cat", "die katze"), ("dog", "der hund")][row as usize % 2];
                words.push(word);
                push(&Example::Completion { prompt: &words.join(" "), completion });
            }
        }
    }
    let (examples, cut) = rows.cut(&tokenizer, MAX_LEN, 4).unwrap();
    assert_eq!(cut.skipped, 0);
    examples
}

pub fn data(task: Task, train_rows: u32) -> TrainingData {
    let labels: &[&str] = match task {
        Task::Classification => &["first", "second"],
        Task::MultiLabel => &["hot", "wet", "old"],
        Task::TokenClassification => &["O", "B-PER", "I-PER"],
        Task::Regression | Task::QuestionAnswering | Task::Generation | Task::Embeddings | Task::Reranking => &[],
    };
    TrainingData {
        train: rows(task, train_rows, 0),
        validation: rows(task, 40, 1),
        labels: labels.iter().map(|&label| label.into()).collect(),
        tokenizer: Some(tokenizer(task).into()),
        ..TrainingData::default()
    }
}

pub static LLAMA: LazyLock<ModelConfig> = LazyLock::new(|| {
    ModelConfig::Llama(LlamaConfig {
        family: Family::Llama,
        vocab: 29,
        hidden: 16,
        heads: 4,
        kv_heads: 2,
        head_dim: 4,
        intermediate_size: 32,
        max_position_embeddings: 32,
        rms_norm_eps: 1e-5,
        is_tied: true,
        layers: vec![LayerAttention::full(1e4); 2],
        variant: LlamaVariant::LLAMA,
    })
});

pub const GPT2: ModelConfig = ModelConfig::Gpt2(Gpt2Config {
    vocab: 29,
    hidden: 16,
    layers: 2,
    heads: 4,
    intermediate_size: 32,
    max_position_embeddings: 32,
    layer_norm_eps: 1e-5,
    is_tied: false,
});

const BERT: ModelConfig = ModelConfig::Bert(BertConfig {
    family: Family::Bert,
    vocab: 29,
    hidden: 16,
    layers: 2,
    heads: 4,
    intermediate_size: 32,
    max_position_embeddings: 32,
    token_types: 2,
    layer_norm_eps: 1e-12,
    padding_idx: None,
    embedding_size: 16,
});

fn base(config: &ModelConfig) -> BaseModel {
    synthetic(config, 1, 0.1, &Device::flex()).unwrap().base
}

pub fn raw(task: Task) -> RecipeSpec {
    RecipeSpec {
        task,
        learning_rate: Some(1e-2),
        batch_size: Some(16),
        epochs: Some(8),
        early_stopping_patience: Some(0),
        max_length: Some(MAX_LEN as u32),
        max_new_tokens: 6,
        dropout: 0.0,
        attention_dropout: 0.0,
        head_dropout: 0.0,
        train_embeddings: true,
        ..RecipeSpec::default()
    }
}

pub fn session(config: &ModelConfig, raw: RecipeSpec, data: TrainingData) -> Session {
    let (task, base) = (raw.task, base(config));
    let facts = RowFacts { suggested_len: MAX_LEN as u32, ..RowFacts::default() };
    let recipe = Recipe::new(raw, &base.facts(32, Pooling::Mean, facts)).unwrap();
    let outputs = match task {
        Task::Regression | Task::Reranking => 1,
        Task::QuestionAnswering => 2,
        _ => data.labels.len(),
    };
    let model = TaskModel::new(base, task, Pooling::Mean, outputs, 1, &Device::flex());
    Session::new(recipe, model, data, &Device::flex())
}

/// A model for a task, and the score that shows that it has learned.
pub fn model_of(task: Task) -> (&'static ModelConfig, Metric, f64) {
    match task {
        Task::Classification => (&BERT, Metric::MacroF1, 0.95),
        Task::MultiLabel => (&BERT, Metric::MicroF1, 0.95),
        Task::Regression => (&BERT, Metric::Pearson, 0.95),
        Task::TokenClassification => (&BERT, Metric::F1, 0.95),
        Task::QuestionAnswering => (&BERT, Metric::ExactMatch, 0.9),
        Task::Generation => (&LLAMA, Metric::ExactMatch, 0.95),
        Task::Embeddings => (&BERT, Metric::RecallAt1, 0.95),
        Task::Reranking => (&BERT, Metric::MrrAt10, 0.95),
    }
}
