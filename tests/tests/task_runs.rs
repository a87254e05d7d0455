//! Whole runs of micro models, from made-up texts to scores, one task after the other.

use burn::tensor::Device;
use hone_core::dataset::{Example, Word};
use hone_core::model::{BaseModel, BertConfig, Gpt2Config, LlamaConfig, MaskSource, ModelConfig, TaskModel, synthetic};
use hone_core::recipe::{
    AdapterKind, Family, Metric, ParamGroup, Pooling, Recipe, RecipeSpec, Task, UnfreezeUnit, Unfreezing,
};
use hone_core::rng::{Rng, Stream};
use hone_core::run::{EndReason, PerplexityChange};
use hone_core::text::{EncodedExamples, EncodedRows, EncodedTexts, Labels, Tokenizer};
use hone_core::train::{Prediction, Session, TrainingData, predict};
use hone_tests::{moved, named, ready, run, take_steps, word_tokenizer};

const TASKS: [Task; 6] = [
    Task::Classification,
    Task::MultiLabel,
    Task::Regression,
    Task::TokenClassification,
    Task::QuestionAnswering,
    Task::Generation,
];

/// Words that mean nothing, and those that the tasks are about.
const FILLERS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
const WORDS: [&str; 14] =
    ["yes", "hot", "wet", "old", "up", "ann", "##a", "lee", "paris", "rome", "cat", "dog", "die", "katze"];

const MAX_LEN: usize = 16;

fn tokenizer(task: Task) -> Tokenizer {
    word_tokenizer(&[&FILLERS[..], &WORDS, &["der", "hund", "where"]].concat(), task != Task::Generation)
}

/// Rows of a task, encoded and cut.
fn rows(task: Task, count: u32, purpose: u64) -> EncodedExamples {
    let mut rng = Rng::new(1, Stream::Synthetic, purpose);
    let (tokenizer, mut rows) = (tokenizer(task), EncodedRows::new(task));
    for row in 0..count {
        let mut words: Vec<&str> = (0..4 + rng.below(5)).map(|_| FILLERS[rng.below(8) as usize]).collect();
        let group = rng.below(words.len() as u64) as usize;
        let mut push = |example: &Example| {
            rows.push(&tokenizer, None, 3, example).unwrap();
        };
        match task {
            // Which of the two texts has the word: only types tell.
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
            // "anna", of two tokens, and "ann" begin a name; "lee" goes on with one.
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
            // Longer than a window; every fourth has no answer.
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

fn data(task: Task, train_rows: u32) -> TrainingData {
    let labels: &[&str] = match task {
        Task::Classification => &["first", "second"],
        Task::MultiLabel => &["hot", "wet", "old"],
        Task::TokenClassification => &["O", "B-PER", "I-PER"],
        Task::Regression | Task::QuestionAnswering | Task::Generation => &[],
    };
    TrainingData {
        train: rows(task, train_rows, 0),
        validation: rows(task, 40, 1),
        labels: labels.iter().map(|&label| label.into()).collect(),
        tokenizer: Some(tokenizer(task).into()),
        ..TrainingData::default()
    }
}

const LLAMA: ModelConfig = ModelConfig::Llama(LlamaConfig {
    vocab: 29,
    hidden: 16,
    layers: 2,
    heads: 4,
    kv_heads: 2,
    head_dim: 4,
    intermediate_size: 32,
    positions: 32,
    rms_norm_eps: 1e-5,
    rope_theta: 1e4,
    is_tied: true,
});

const GPT2: ModelConfig = ModelConfig::Gpt2(Gpt2Config {
    vocab: 29,
    hidden: 16,
    layers: 2,
    heads: 4,
    intermediate_size: 32,
    positions: 32,
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
    positions: 32,
    token_types: 2,
    layer_norm_eps: 1e-12,
    first_position: 0,
});

fn body(config: &ModelConfig) -> BaseModel {
    synthetic(config, 1, 0.1, &Device::flex()).unwrap().body
}

fn raw(task: Task) -> RecipeSpec {
    RecipeSpec {
        task,
        learning_rate: Some(1e-2),
        batch_size: 16,
        epochs: 8,
        early_stopping_patience: 0,
        max_length: Some(MAX_LEN as u32),
        max_new_tokens: 6,
        dropout: 0.0,
        attention_dropout: 0.0,
        head_dropout: 0.0,
        train_embeddings: true,
        ..RecipeSpec::default()
    }
}

fn session(config: &ModelConfig, raw: RecipeSpec, data: TrainingData) -> Session {
    let (task, body) = (raw.task, body(config));
    let recipe = Recipe::new(raw, &body.facts(32, Pooling::Mean, MAX_LEN as u32)).unwrap();
    let outputs = match task {
        Task::Regression => 1,
        Task::QuestionAnswering => 2,
        _ => data.labels.len(),
    };
    let model = TaskModel::new(body, task, Pooling::Mean, outputs, 1, &Device::flex());
    Session::new(recipe, model, data, &Device::flex(), MaskSource::Host)
}

/// A model for a task, and the score by which it is seen to have learned.
fn model_of(task: Task) -> (&'static ModelConfig, Metric, f64) {
    match task {
        Task::Classification => (&BERT, Metric::MacroF1, 0.95),
        Task::MultiLabel => (&BERT, Metric::MicroF1, 0.95),
        Task::Regression => (&BERT, Metric::Pearson, 0.95),
        Task::TokenClassification => (&BERT, Metric::F1, 0.95),
        Task::QuestionAnswering => (&BERT, Metric::ExactMatch, 0.9),
        Task::Generation => (&LLAMA, Metric::ExactMatch, 0.95),
    }
}

#[test]
fn every_task_is_learned() {
    for (config, task) in TASKS.map(|task| (model_of(task).0, task)).into_iter().chain([(&GPT2, Task::Generation)]) {
        let (_, metric, enough) = model_of(task);
        let mut session = session(config, raw(task), data(task, 160));
        let (steps, _, reason) = run(&mut session);
        let (first, last) = (steps[0].loss, steps[steps.len() - 1].loss);
        let score = session.best().unwrap().0.score(metric);
        assert_eq!(reason, EndReason::Completed);
        assert!(last < first / 2.0, "{task:?}: {first} {last}");
        assert!(score > enough, "{task:?}: {score}");
    }
}

#[test]
fn every_score_can_choose_the_best_weights_and_end_the_run() {
    for task in TASKS {
        for &metric_for_best_model in Metric::of(task) {
            let raw = RecipeSpec { metric_for_best_model: Some(metric_for_best_model), epochs: 3, ..raw(task) };
            let mut session = session(model_of(task).0, raw.clone(), data(task, 48));
            let (_, evaluations, _) = run(&mut session);
            assert_eq!(evaluations.len(), 6);
            let sign =
                if matches!(metric_for_best_model, Metric::Loss | Metric::Rmse | Metric::Mae) { -1.0 } else { 1.0 };
            let scores = evaluations.iter().map(|(evaluation, _)| sign * evaluation.score(metric_for_best_model));
            let best = sign * session.best().unwrap().0.score(metric_for_best_model);
            // Where nothing can be said yet, as of a correlation with what does not vary, nothing is the best.
            assert_eq!(best, scores.fold(f64::NAN, f64::max), "{task:?} by {metric_for_best_model:?}");

            // A rate of nearly nothing never improves on the first evaluation.
            let raw = RecipeSpec {
                learning_rate: Some(1e-7),
                early_stopping_patience: 2,
                early_stopping_min_delta: 1e-3,
                ..raw
            };
            let (_, evaluations, reason) = run(&mut self::session(model_of(task).0, raw, data(task, 48)));
            assert_eq!(
                (evaluations.len(), reason),
                (3, EndReason::EarlyStopped),
                "{task:?} by {metric_for_best_model:?}"
            );
        }
    }
}

#[test]
fn accumulated_batches_equal_a_large_one() {
    for task in TASKS {
        let step = |batch_size, gradient_accumulation_steps| {
            let raw = RecipeSpec { batch_size, gradient_accumulation_steps, epochs: 1, ..raw(task) };
            let (steps, ..) = run(&mut session(model_of(task).0, raw, data(task, 60)));
            (steps[0].loss, steps[0].grad_norm)
        };
        // One step an epoch holds the same rows either way; of unequal length, so that tokens weigh what they must.
        let rows = data(task, 60).train.len() as u32;
        let (large, small) = (step(rows, 1), step(16, rows.div_ceil(16)));
        let close = |a: f64, b: f64| (a - b).abs() < 1e-5 * a;
        assert!(close(large.0, small.0) && close(large.1, small.1), "{task:?}: {large:?} {small:?}");
    }
}

#[test]
fn an_adapter_learns_every_task_and_leaves_the_body_as_it_was() {
    for task in TASKS {
        let (config, metric, enough) = model_of(task);
        let raw = RecipeSpec { adapter: AdapterKind::Lora, lora_r: 8, train_embeddings: false, ..raw(task) };
        let mut session = session(config, raw, data(task, 160));
        run(&mut session);
        let score = session.best().unwrap().0.score(metric);
        assert!(score > 0.85 * enough, "{task:?}: {score}");
        let head: &[ParamGroup] = if task == Task::Generation { &[] } else { &[ParamGroup::Head] };
        let without = moved(session.base(), &session.model().detached(false));
        assert_eq!(without, head.iter().copied().collect(), "{task:?}");
        let merged = moved(session.base(), &session.model().detached(true));
        assert_eq!(
            merged,
            [&[ParamGroup::Layer(0), ParamGroup::Layer(1)], head].concat().into_iter().collect(),
            "{task:?}"
        );
    }
}

#[test]
fn gradual_unfreezing_thaws_every_task_from_the_head_down() {
    for (config, task) in TASKS.map(|task| (model_of(task).0, task)).into_iter().chain([(&GPT2, Task::Generation)]) {
        let raw = RecipeSpec {
            unfreezing: Unfreezing::Gradual,
            unfreeze_unit: UnfreezeUnit::Steps,
            unfreeze_every: 2.0,
            warmup_ratio: 0.0,
            ..raw(task)
        };
        let mut session = session(config, raw, data(task, 64));
        let order = [ParamGroup::Head, ParamGroup::Layer(1), ParamGroup::Layer(0), ParamGroup::Embeddings];
        for trainable in 1..=order.len() {
            take_steps(&mut session, 2);
            assert_eq!(
                moved(session.base(), session.model()),
                order[..trainable].iter().copied().collect(),
                "{task:?}"
            );
        }
    }
}

#[test]
fn what_a_frozen_bottom_computes_is_kept_and_changes_nothing() {
    for (config, task) in TASKS.map(|task| (model_of(task).0, task)).into_iter().chain([(&GPT2, Task::Generation)]) {
        for unfreezing in [Unfreezing::Head, Unfreezing::Last] {
            let raw = RecipeSpec { unfreezing, last_layers: 1, train_embeddings: false, ..raw(task) };
            let mut kept = session(config, raw.clone(), data(task, 64));
            let mut anew = session(config, raw, data(task, 64));
            // An epoch and more, and its evaluations.
            let epoch = kept.steps_per_epoch() as usize;
            take_steps(&mut kept, epoch);
            let bytes = kept.prefix_bytes();
            assert!(bytes > 0, "{task:?}");
            take_steps(&mut anew, epoch);
            let losses = take_steps(&mut kept, 6);
            assert!(kept.prefix_bytes() < 2 * bytes, "{task:?}: what is kept is not kept again");
            let others: Vec<f64> = (0..6)
                .flat_map(|_| {
                    anew.set_trainable(ParamGroup::Layer(0), Some(true)).unwrap();
                    anew.set_trainable(ParamGroup::Layer(0), None).unwrap();
                    assert_eq!(anew.prefix_bytes(), 0);
                    take_steps(&mut anew, 1)
                })
                .collect();
            assert!(losses.iter().zip(&others).all(|(a, b)| (a - b).abs() < 1e-4), "{task:?}: {losses:?} {others:?}");
        }
    }
}

#[test]
fn a_run_that_is_stopped_keeps_the_best_weights_in_every_task() {
    for task in TASKS {
        let mut session = session(model_of(task).0, raw(task), data(task, 64));
        take_steps(&mut session, 6);
        session.stop();
        let (.., reason) = run(&mut session);
        assert_eq!(reason, EndReason::Stopped);
        let (evaluation, predictions) = session.best().unwrap();
        // What was said at the best evaluation is what the weights that are left say.
        let rows: Vec<u32> = (0..session.data().validation.len() as u32).collect();
        let validation = &session.data().validation;
        let input = validation.batch(&rows, rows.len(), MAX_LEN, 0).input(&Device::flex());
        let said = ready(predict(session.model(), input, validation, &rows)).unwrap();
        let loss = |predictions: &[Prediction]| {
            let losses = (0..).zip(predictions).map(|(row, said)| said.loss(&validation.labels, row));
            let (sum, weight) = losses.fold((0.0, 0.0), |sum, loss| (sum.0 + loss.0, sum.1 + loss.1));
            sum / weight
        };
        assert!((loss(&said) - evaluation.loss).abs() < 1e-4, "{task:?}");
        assert!((loss(predictions) - evaluation.loss).abs() < 1e-9, "{task:?}");
    }
}

/// Texts that have nothing to do with the task.
fn general() -> EncodedTexts {
    let mut texts = EncodedTexts::default();
    (0..20u32).for_each(|row| texts.push(&[4, 5 + row % 7, 4 + 3 * row % 8, 6][..3 + row as usize % 2]));
    texts
}

#[test]
fn what_a_decoder_forgets_is_its_perplexity_on_general_texts() {
    for config in [&LLAMA, &GPT2] {
        let data = TrainingData { general: general(), ..data(Task::Generation, 160) };
        let mut session = session(config, RecipeSpec { epochs: 2, ..raw(Task::Generation) }, data);
        run(&mut session);
        // Every token of them but the first, as rows to go on with.
        let texts = general();
        let rows: Vec<u32> = (0..texts.len() as u32).collect();
        let target_ranges =
            (0..texts.len()).map(|row| std::iter::once(1..texts.tokens(row) as u32).collect()).collect();
        let examples =
            EncodedExamples { texts, labels: Labels::Continuations { target_ranges, references: Vec::new() } };
        let perplexity = |model: &TaskModel| {
            let input = examples.batch(&rows, rows.len(), MAX_LEN, 0).input(&Device::flex());
            let said = ready(predict(model, input, &examples, &rows)).unwrap();
            let losses = (0..).zip(&said).map(|(row, said)| said.loss(&examples.labels, row));
            let (sum, tokens) = losses.fold((0.0, 0.0), |sum, loss| (sum.0 + loss.0, sum.1 + loss.1));
            f64::exp(sum / tokens)
        };
        let expected = [session.base(), session.model()].map(perplexity);
        let PerplexityChange { before, after } = session.forgetting().unwrap().perplexity.unwrap();
        assert!((before / expected[0] - 1.0).abs() < 1e-4 && (after / expected[1] - 1.0).abs() < 1e-4);
        assert!(after > 1.5 * before, "{before} {after}: nothing else was learned");
        assert_ne!(named(session.base()), named(session.model()));
    }
}
