//! Whole runs of a micro model on made-up texts: class 0 contains the token 5, class 1 the token 6.

mod ending;
mod further;
mod pinned;
mod techniques;
mod unfreezing;

use burn::tensor::Device;
use hone_core::model::{BertConfig, Dropout, Input, ModelConfig, TaskModel, synthetic};
use hone_core::recipe::{
    AdapterKind, Family, Metric, ModelFacts, ParamGroup, Pooling, Recipe, RecipeSpec, RowFacts, UnfreezeUnit,
    Unfreezing,
};
use hone_core::rng::{Rng, Stream};
use hone_core::run::EndReason;
use hone_core::text::{Batch, EncodedTexts};
use hone_core::train::{LrFinder, Progress, RateTrial, Session, TRIAL_STEPS, TrainingData, general_texts, predict};
use hone_core::weights::{WeightMut, Weights};
use hone_tests::{assert_close, classified, moved, named, ready, run, single, take_steps, tolerance, word_tokenizer};

fn device() -> Device {
    Device::flex()
}

fn model() -> TaskModel {
    model_of(32)
}

fn model_of(max_position_embeddings: usize) -> TaskModel {
    let config = BertConfig {
        vocab: 32,
        hidden: 16,
        layers: 2,
        heads: 2,
        intermediate_size: 32,
        max_position_embeddings,
        embedding_size: 16,
        ..BertConfig::default()
    };
    synthetic(&ModelConfig::Bert(config), 2, 0.1, &device()).unwrap()
}

fn data(train_rows: u32) -> TrainingData {
    let mut rng = Rng::new(1, Stream::Synthetic, 0);
    let mut rows = |count: u32| {
        classified((0..count).map(|row| {
            let mut ids: Vec<u32> = (0..4 + rng.below(8)).map(|_| 8 + rng.below(24) as u32).collect();
            ids[1] = 5 + row % 2;
            (ids, row % 2)
        }))
    };
    let (train, validation) = (rows(train_rows), rows(40));
    TrainingData { train, validation, labels: vec!["five".into(), "six".into()], ..TrainingData::default() }
}

/// Two batches of texts unrelated to the classes.
fn general() -> EncodedTexts {
    let mut texts = EncodedTexts::default();
    (0..20u32).for_each(|row| texts.push(&[3, 8 + row % 24, 8 + (7 * row) % 24, 4]));
    texts
}

fn raw() -> RecipeSpec {
    RecipeSpec {
        learning_rate: Some(5e-3),
        batch_size: Some(16),
        epochs: Some(4),
        max_length: Some(16),
        train_embeddings: true,
        ..RecipeSpec::default()
    }
}

/// A recipe without dropout.
fn without_dropout() -> RecipeSpec {
    RecipeSpec { dropout: 0.0, attention_dropout: 0.0, head_dropout: 0.0, ..raw() }
}

fn session(raw: RecipeSpec, data: TrainingData) -> Session {
    session_of(model(), raw, data)
}

fn session_of(model: TaskModel, raw: RecipeSpec, data: TrainingData) -> Session {
    let facts = ModelFacts {
        family: Family::Bert,
        parameters: 1e4,
        layers: 2,
        hidden: 32,
        has_pooler: true,
        max_positions: 32,
        pooling: Pooling::Mean,
        data: RowFacts { suggested_len: 16, ..RowFacts::default() },
    };
    let recipe = Recipe::new(raw, &facts).unwrap();
    Session::new(recipe, model, data, &device())
}

#[test]
fn a_run_beats_the_majority_baseline() {
    let mut session = session(raw(), data(160));
    let plan = session.plan();
    assert_eq!((plan.total_steps, plan.steps_per_epoch, plan.lr_curve.len()), (40, 10, 40));
    assert_eq!(plan.baseline.unwrap().scores[&Metric::Accuracy], 0.5);
    let (steps, evaluations, reason) = run(&mut session);
    assert_eq!(reason, EndReason::Completed);
    assert!(steps.last().unwrap().loss < steps[0].loss / 2.0, "{} {}", steps[0].loss, steps.last().unwrap().loss);
    assert_eq!(evaluations.last().unwrap().0.step, 40);
    assert!(session.best().unwrap().0.score(Metric::MacroF1) > 0.95);
}

#[test]
fn the_same_recipe_gives_the_same_run() {
    let losses = |seed| {
        let (steps, _, _) = run(&mut session(RecipeSpec { seed, epochs: Some(1), ..raw() }, data(64)));
        steps.into_iter().map(|step| step.loss).collect::<Vec<_>>()
    };
    assert_eq!(losses(1), losses(1));
    assert_ne!(losses(1), losses(2));
}

#[test]
fn accumulated_batches_equal_a_large_one() {
    let losses = |batch_size, gradient_accumulation_steps| {
        let raw = RecipeSpec {
            batch_size: Some(batch_size),
            gradient_accumulation_steps,
            epochs: Some(1),
            ..without_dropout()
        };
        run(&mut session(raw, data(64))).0.into_iter().map(|step| [step.loss, step.grad_norm]).collect::<Vec<_>>()
    };
    // Either way, an epoch is one step over the same rows.
    let (large, small) = (losses(64, 1), losses(16, 4));
    assert_eq!((large.len(), small.len()), (1, 1));
    for (large, small) in large.into_iter().zip(small) {
        assert_close("loss and gradient norm", &single(&small), &single(&large), tolerance::ENGINE);
    }
}

#[test]
fn gradient_checkpointing_learns_the_same_in_less_memory_and_is_proposed_first() {
    // With dropout, whose masks are the same except the head's.
    let recipe = RecipeSpec { head_dropout: 0.0, ..raw() };
    let again = RecipeSpec { gradient_checkpointing: true, ..recipe.clone() };
    let (mut once, mut twice) = (session(recipe.clone(), data(64)), session(again, data(64)));
    assert!(twice.memory_bytes() < once.memory_bytes());
    let nearest = once.nearest_that_fits(once.memory_bytes() - 1.0).expect("less is possible");
    assert_eq!((nearest.gradient_checkpointing, nearest.batch_size), (true, recipe.batch_size));
    let losses = |session: &mut Session| run(session).0.into_iter().map(|step| step.loss as f32).collect::<Vec<_>>();
    assert_close("loss", &losses(&mut twice), &losses(&mut once), tolerance::TRAINING);
}
