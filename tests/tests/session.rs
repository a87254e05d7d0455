//! Whole runs of a micro model on made-up texts: class 0 has the token 5 in it, class 1 the token 6.

use burn::tensor::Device;
use hone_core::model::{BertConfig, Classifier, MaskSource, synthetic};
use hone_core::protocol::{EndReason, StepMetrics};
use hone_core::recipe::{Metric, ModelFacts, Pooling, RawRecipe, Recipe};
use hone_core::rng::{Purpose, Rng};
use hone_core::train::{Labels, Progress, Session, TrainingData};
use hone_core::weights::{AnyWeight, Weights};
use hone_tests::ready;

fn device() -> Device {
    Device::flex()
}

fn model() -> Classifier {
    let (vocab, hidden, layers, heads, ffn, positions, token_types) = (32, 16, 2, 2, 32, 32, 2);
    let config = BertConfig { vocab, hidden, layers, heads, ffn, positions, token_types, layer_norm_eps: 1e-12 };
    synthetic(&config, 2, 0.1, &device()).unwrap()
}

fn data(train_rows: u32) -> TrainingData {
    let mut rng = Rng::new(1, Purpose::Synthetic, 0);
    let mut rows = |count: u32| {
        let mut rows = Labels::default();
        for row in 0..count {
            let mut ids: Vec<u32> = (0..4 + rng.below(8)).map(|_| 8 + rng.below(24) as u32).collect();
            ids[1] = 5 + row % 2;
            rows.push(&ids, row % 2);
        }
        rows
    };
    let (train, validation) = (rows(train_rows), rows(40));
    TrainingData { train, validation, classes: vec!["five".into(), "six".into()], pad: 0 }
}

fn raw() -> RawRecipe {
    RawRecipe {
        lr_peak: Some(5e-3),
        batch_size: 16,
        epochs: 4,
        max_len: Some(16),
        train_embeddings: true,
        ..RawRecipe::default()
    }
}

fn session(raw: RawRecipe, data: TrainingData) -> Session {
    session_of(model(), raw, data)
}

fn session_of(model: Classifier, raw: RawRecipe, data: TrainingData) -> Session {
    let facts = ModelFacts { parameters: 1e4, max_positions: 32, pooling: Pooling::Mean, suggested_len: 16 };
    let recipe = Recipe::new(raw, &facts).unwrap();
    Session::new(recipe, model, data, &device(), MaskSource::Host)
}

/// Runs to the end: steps, evaluations as (step, is best), and why it ended.
fn run(session: &mut Session) -> (Vec<StepMetrics>, Vec<(u32, bool)>, EndReason) {
    let (mut steps, mut evaluations) = (Vec::new(), Vec::new());
    loop {
        match ready(session.advance()).unwrap() {
            Progress::Step(step) => steps.push(step),
            Progress::Evaluated { evaluation, is_best } => evaluations.push((evaluation.step, is_best)),
            Progress::Finished(reason) => return (steps, evaluations, reason),
            Progress::Accumulated | Progress::Evaluating { .. } => {}
        }
    }
}

fn weights(model: &Classifier) -> Vec<f32> {
    let mut values = Vec::new();
    model.clone().each(&mut |weight| values.extend(weight.values().0.into_data().try_into_vec::<f32>().unwrap()));
    values
}

#[test]
fn a_run_learns_what_always_guessing_cannot() {
    let mut session = session(raw(), data(160));
    let plan = session.plan();
    assert_eq!((plan.total_steps, plan.steps_per_epoch, plan.lr_curve.len()), (40, 10, 40));
    assert_eq!(plan.baseline.accuracy, 0.5);
    let (steps, evaluations, reason) = run(&mut session);
    assert_eq!(reason, EndReason::Completed);
    assert!(steps.last().unwrap().loss < steps[0].loss / 2.0, "{} {}", steps[0].loss, steps.last().unwrap().loss);
    assert_eq!(evaluations.last().unwrap().0, 40);
    assert!(session.best().unwrap().0.macro_f1 > 0.95);
}

#[test]
fn the_same_recipe_gives_the_same_run() {
    let losses = |seed| {
        let (steps, _, _) = run(&mut session(RawRecipe { seed, epochs: 1, ..raw() }, data(64)));
        steps.into_iter().map(|step| step.loss).collect::<Vec<_>>()
    };
    assert_eq!(losses(1), losses(1));
    assert_ne!(losses(1), losses(2));
}

#[test]
fn accumulated_batches_equal_a_large_one() {
    let losses = |batch_size, grad_accum_steps| {
        let raw = RawRecipe { batch_size, grad_accum_steps, dropout: 0.0, epochs: 1, ..raw() };
        run(&mut session(raw, data(64))).0.into_iter().map(|step| (step.loss, step.grad_norm)).collect::<Vec<_>>()
    };
    // One step an epoch holds the same rows either way.
    let (large, small) = (losses(64, 1), losses(16, 4));
    assert_eq!((large.len(), small.len()), (1, 1));
    assert!((large[0].0 - small[0].0).abs() < 1e-5 && (large[0].1 - small[0].1).abs() < 1e-5, "{large:?} {small:?}");
}

#[test]
fn early_stopping_ends_the_run_with_the_best_weights() {
    // A rate of nearly nothing never improves on the first evaluation.
    let raw = RawRecipe { lr_peak: Some(1e-7), patience: 2, epochs: 10, best_metric: Metric::MacroF1, ..raw() };
    let mut session = session(raw, data(64));
    let (_, evaluations, reason) = run(&mut session);
    assert_eq!(reason, EndReason::EarlyStopped);
    assert_eq!(evaluations.iter().map(|e| e.1).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!(session.best().unwrap().0.step, evaluations[0].0);
}

#[test]
fn stopping_at_any_time_keeps_the_best() {
    for batches in [0, 1, 7, 30] {
        let mut session = session(raw(), data(160));
        for _ in 0..batches {
            ready(session.advance()).unwrap();
        }
        session.stop();
        let (_, _, reason) = run(&mut session);
        assert_eq!(reason, EndReason::Stopped, "after {batches} batches");
        assert!(session.best().is_some());
    }
}

#[test]
fn steps_that_are_not_finite_are_not_taken_and_end_the_run() {
    let mut poisoned = model();
    let mut last = 0;
    poisoned.each(&mut |_| last += 1);
    poisoned.each(&mut |weight| {
        last -= 1;
        if let (0, AnyWeight::Vector(bias)) = (last, weight) {
            bias.tensor = bias.tensor.clone() * f32::NAN;
        }
    });
    let mut session = session_of(poisoned, raw(), data(160));
    let (steps, _, reason) = run(&mut session);
    assert_eq!(reason, EndReason::NotFinite);
    assert_eq!(steps.iter().map(|step| step.taken).collect::<Vec<_>>(), [false; 3]);
    let finite = |model: &Classifier| weights(model).into_iter().filter(|w| w.is_finite()).collect::<Vec<_>>();
    assert_eq!(finite(session.base()), finite(session.model()));
}

#[test]
fn frozen_parts_stay_as_they_are() {
    let raw = RawRecipe { train_embeddings: false, epochs: 1, ..raw() };
    let mut session = session(raw, data(64));
    run(&mut session);
    let parts = |model: &Classifier| {
        let mut parts = Vec::new();
        model.clone().each(&mut |w| {
            let values: Vec<f32> = w.values().0.into_data().try_into_vec().unwrap();
            parts.push((w.name().to_string(), values));
        });
        parts
    };
    for ((name, before), (_, after)) in parts(session.base()).into_iter().zip(parts(session.model())) {
        let frozen = name.starts_with("embeddings") || name.starts_with("pooler");
        assert_eq!(before == after, frozen, "{name}");
    }
}
