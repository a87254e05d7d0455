//! Whole runs of a micro model on made-up texts: class 0 has the token 5 in it, class 1 the token 6.

use burn::tensor::Device;
use hone_core::model::{BertConfig, Dropout, MaskSource, ModelConfig, TaskModel, synthetic};
use hone_core::recipe::{
    AdapterKind, Family, Metric, ModelFacts, ParamGroup, Pooling, Recipe, RecipeSpec, UnfreezeUnit, Unfreezing,
};
use hone_core::rng::{Rng, Stream};
use hone_core::run::EndReason;
use hone_core::text::{Batch, EncodedExamples, EncodedTexts};
use hone_core::train::{LrFinder, Progress, Session, TrainingData, general_texts, predict};
use hone_core::weights::{WeightMut, Weights};
use hone_tests::{assert_close, moved, named, ready, run, take_steps, tolerance, word_tokenizer};

fn device() -> Device {
    Device::flex()
}

fn model() -> TaskModel {
    model_of(32)
}

fn model_of(positions: usize) -> TaskModel {
    let (vocab, hidden, layers, heads, intermediate_size, token_types) = (32, 16, 2, 2, 32, 2);
    let (family, layer_norm_eps, first_position) = (Family::Bert, 1e-12, 0);
    let config = BertConfig {
        family,
        vocab,
        hidden,
        layers,
        heads,
        intermediate_size,
        positions,
        token_types,
        layer_norm_eps,
        first_position,
    };
    synthetic(&ModelConfig::Bert(config), 2, 0.1, &device()).unwrap()
}

fn data(train_rows: u32) -> TrainingData {
    let mut rng = Rng::new(1, Stream::Synthetic, 0);
    let mut rows = |count: u32| {
        let mut rows = EncodedExamples::default();
        for row in 0..count {
            let mut ids: Vec<u32> = (0..4 + rng.below(8)).map(|_| 8 + rng.below(24) as u32).collect();
            ids[1] = 5 + row % 2;
            rows.push(&ids, row % 2);
        }
        rows
    };
    let (train, validation) = (rows(train_rows), rows(40));
    TrainingData { train, validation, labels: vec!["five".into(), "six".into()], ..TrainingData::default() }
}

/// Two batches of texts that have nothing to do with the classes.
fn general() -> EncodedTexts {
    let mut texts = EncodedTexts::default();
    (0..20u32).for_each(|row| texts.push(&[3, 8 + row % 24, 8 + (7 * row) % 24, 4]));
    texts
}

fn raw() -> RecipeSpec {
    RecipeSpec {
        learning_rate: Some(5e-3),
        batch_size: 16,
        epochs: 4,
        max_length: Some(16),
        train_embeddings: true,
        ..RecipeSpec::default()
    }
}

/// Without dropout.
fn still() -> RecipeSpec {
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
        has_pooler: true,
        max_positions: 32,
        pooling: Pooling::Mean,
        suggested_len: 16,
    };
    let recipe = Recipe::new(raw, &facts).unwrap();
    Session::new(recipe, model, data, &device(), MaskSource::Host)
}

fn weights(model: &TaskModel) -> Vec<f32> {
    let mut values = Vec::new();
    model.visit(&mut |weight| values.extend(weight.values().0.into_data().try_into_vec::<f32>().unwrap()));
    values
}

#[test]
fn a_run_learns_what_always_guessing_cannot() {
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
        let (steps, _, _) = run(&mut session(RecipeSpec { seed, epochs: 1, ..raw() }, data(64)));
        steps.into_iter().map(|step| step.loss).collect::<Vec<_>>()
    };
    assert_eq!(losses(1), losses(1));
    assert_ne!(losses(1), losses(2));
}

#[test]
fn accumulated_batches_equal_a_large_one() {
    let losses = |batch_size, gradient_accumulation_steps| {
        let raw = RecipeSpec { batch_size, gradient_accumulation_steps, epochs: 1, ..still() };
        run(&mut session(raw, data(64))).0.into_iter().map(|step| (step.loss, step.grad_norm)).collect::<Vec<_>>()
    };
    // One step an epoch holds the same rows either way.
    let (large, small) = (losses(64, 1), losses(16, 4));
    assert_eq!((large.len(), small.len()), (1, 1));
    assert!((large[0].0 - small[0].0).abs() < 1e-5 && (large[0].1 - small[0].1).abs() < 1e-5, "{large:?} {small:?}");
}

#[test]
fn layers_computed_twice_learn_the_same_in_less_memory_and_are_proposed_first() {
    // With dropout: the masks are the same too, but for those of the head.
    let recipe = RecipeSpec { head_dropout: 0.0, ..raw() };
    let again = RecipeSpec { gradient_checkpointing: true, ..recipe.clone() };
    let (mut once, mut twice) = (session(recipe.clone(), data(64)), session(again, data(64)));
    assert!(twice.memory_bytes() < once.memory_bytes());
    let nearest = once.nearest_that_fits(once.memory_bytes() - 1.0).expect("less is possible");
    assert_eq!((nearest.gradient_checkpointing, nearest.batch_size), (true, recipe.batch_size));
    let losses = |session: &mut Session| run(session).0.into_iter().map(|step| step.loss as f32).collect::<Vec<_>>();
    assert_close("loss", &losses(&mut twice), &losses(&mut once), tolerance::TRAINING);
}

#[test]
fn early_stopping_ends_the_run_with_the_best_weights() {
    // A rate of nearly nothing never improves on the first evaluation.
    let raw = RecipeSpec {
        learning_rate: Some(1e-7),
        early_stopping_patience: 2,
        epochs: 10,
        metric_for_best_model: Some(Metric::MacroF1),
        ..raw()
    };
    let mut session = session(raw, data(64));
    let (_, evaluations, reason) = run(&mut session);
    assert_eq!(reason, EndReason::EarlyStopped);
    assert_eq!(evaluations.iter().map(|e| e.1).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!(session.best().unwrap().0.step, evaluations[0].0.step);
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
fn a_stopped_run_is_measured_and_a_second_stop_skips_that() {
    for stops in [1, 2] {
        let mut session = session(raw(), TrainingData { general: general(), ..data(160) });
        ready(session.advance()).unwrap();
        session.stop();
        while !matches!(ready(session.advance()).unwrap(), Progress::Measuring { .. }) {}
        if stops == 2 {
            session.stop();
        }
        assert_eq!(run(&mut session).2, EndReason::Stopped);
        assert_eq!(session.forgetting().is_some(), stops == 1);
    }
}

#[test]
fn a_model_of_few_positions_is_measured_on_texts_that_it_can_read() {
    let texts = general_texts(&word_tokenizer(&["one"], true), 20).unwrap();
    let longest = (0..texts.len()).map(|i| texts.tokens(i)).max();
    assert_eq!(longest, Some(20));
    // All of them are unknown to the tokenizer, and so known to the model.
    let mut session = session_of(model_of(20), raw(), TrainingData { general: texts, ..data(40) });
    run(&mut session);
    assert!(session.forgetting().is_some());
}

#[test]
fn steps_that_are_not_finite_are_not_taken_and_end_the_run() {
    let mut poisoned = model();
    let mut last = 0;
    poisoned.visit(&mut |_| last += 1);
    poisoned.visit_mut(&mut |weight| {
        last -= 1;
        if let (0, WeightMut::Vector(bias)) = (last, weight) {
            bias.tensor = bias.tensor.clone() * f32::NAN;
        }
    });
    let mut session = session_of(poisoned, raw(), data(160));
    let (steps, _, reason) = run(&mut session);
    assert_eq!(reason, EndReason::NotFinite);
    assert_eq!(steps.iter().map(|step| step.taken).collect::<Vec<_>>(), [false; 3]);
    let finite = |model: &TaskModel| weights(model).into_iter().filter(|w| w.is_finite()).collect::<Vec<_>>();
    assert_eq!(finite(session.base()), finite(session.model()));
}

#[test]
fn frozen_parts_stay_as_they_are() {
    let raw = RecipeSpec { train_embeddings: false, epochs: 1, ..raw() };
    let mut session = session(raw, data(64));
    run(&mut session);
    let parts = |model: &TaskModel| {
        let mut parts = Vec::new();
        model.visit(&mut |w| {
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

#[test]
fn gradual_unfreezing_thaws_from_the_head_down_and_makes_state_as_it_thaws() {
    let raw = RecipeSpec {
        unfreezing: Unfreezing::Gradual,
        unfreeze_unit: UnfreezeUnit::Steps,
        unfreeze_every: 2.0,
        learning_rate: Some(1e-2),
        warmup_ratio: 0.0,
        ..raw()
    };
    let mut session = session(raw, data(160));
    let mut bytes = Vec::new();
    for expected in [
        &[ParamGroup::Head][..],
        &[ParamGroup::Layer(1), ParamGroup::Head],
        &[ParamGroup::Layer(0), ParamGroup::Layer(1), ParamGroup::Head],
        &[ParamGroup::Embeddings, ParamGroup::Layer(0), ParamGroup::Layer(1), ParamGroup::Head],
    ] {
        let trainable: Vec<ParamGroup> =
            session.param_groups().into_iter().filter(|part| part.trainable).map(|part| part.group).collect();
        assert_eq!(trainable, expected);
        take_steps(&mut session, 2);
        assert_eq!(moved(session.base(), session.model()), expected.iter().copied().collect());
        bytes.push(session.optimizer_bytes());
        assert_eq!(session.take_trainable_changed(), expected.len() < 4);
    }
    assert!(bytes.windows(2).all(|pair| pair[0] < pair[1]), "{bytes:?}");
}

#[test]
fn chain_thaw_trains_one_layer_at_a_time_and_forgets_the_state_of_the_others() {
    let raw = RecipeSpec {
        unfreezing: Unfreezing::ChainThaw,
        unfreeze_unit: UnfreezeUnit::Steps,
        unfreeze_every: 1.0,
        warmup_ratio: 0.0,
        train_embeddings: false,
        ..raw()
    };
    let mut session = session(raw, data(160));
    for expected in [&[ParamGroup::Head][..], &[ParamGroup::Layer(0)], &[ParamGroup::Layer(1)]] {
        let before = session.model().clone();
        take_steps(&mut session, 1);
        assert_eq!(moved(&before, session.model()), expected.iter().copied().collect());
    }
    let layer = session.optimizer_bytes();
    take_steps(&mut session, 1);
    assert!(session.optimizer_bytes() > 2 * layer, "all learn, and only they have state");
}

#[test]
fn a_stalled_score_thaws_the_next_layer_and_does_not_end_the_run() {
    let raw = RecipeSpec {
        unfreezing: Unfreezing::Gradual,
        unfreeze_unit: UnfreezeUnit::Stall,
        unfreeze_every: 1.0,
        early_stopping_patience: 1,
        learning_rate: Some(1e-7),
        epochs: 10,
        train_embeddings: false,
        ..raw()
    };
    let mut session = session(raw, data(64));
    let (_, evaluations, reason) = run(&mut session);
    // The first is the best, two thaw a layer each, and the fourth ends the run.
    assert_eq!((evaluations.len(), reason, session.state().stage), (4, EndReason::EarlyStopped, 2));
}

#[test]
fn parts_are_frozen_and_thawed_by_hand_while_it_runs() {
    let mut session = session(RecipeSpec { warmup_ratio: 0.0, ..raw() }, data(160));
    take_steps(&mut session, 1);
    for group in [ParamGroup::Embeddings, ParamGroup::Layer(0), ParamGroup::Layer(1)] {
        session.set_trainable(group, Some(false)).unwrap();
    }
    let before = session.model().clone();
    take_steps(&mut session, 1);
    assert_eq!(moved(&before, session.model()), [ParamGroup::Head].into());
    assert_eq!(session.set_trainable(ParamGroup::Head, Some(false)).unwrap_err().code, "run.all-frozen");
    assert_eq!(session.set_trainable(ParamGroup::Layer(9), Some(true)).unwrap_err().code, "run.no-part");
    session.set_trainable(ParamGroup::Layer(1), None).unwrap();
    let before = session.model().clone();
    take_steps(&mut session, 1);
    assert_eq!(moved(&before, session.model()), [ParamGroup::Layer(1), ParamGroup::Head].into());
}

#[test]
fn what_a_frozen_bottom_computes_is_kept_and_changes_nothing() {
    // Of one more layer at each step nothing is kept long; of the head alone all is kept after the first epoch.
    let curve = |unfreeze_every, unfreezing| {
        let raw = RecipeSpec {
            unfreezing,
            unfreeze_unit: UnfreezeUnit::Steps,
            unfreeze_every,
            train_embeddings: false,
            ..still()
        };
        let mut session = session(raw, data(64));
        take_steps(&mut session, 12);
        let kept = session.prefix_bytes();
        (session.state().history.clone(), kept)
    };
    let tokens: usize = data(64).train.lengths().iter().sum::<usize>();
    let (_, kept) = curve(1.0, Unfreezing::Head);
    assert_eq!(kept, 4 * 16 * (64 + 40), "a vector of 16 values for each of the rows");
    let (_, kept) = curve(1e5, Unfreezing::Last);
    assert_eq!(kept, 0, "both layers learn: nothing is frozen but the embeddings");
    let raw = RecipeSpec { unfreezing: Unfreezing::Last, last_layers: 1, train_embeddings: false, ..still() };
    let mut session = session(raw, data(64));
    take_steps(&mut session, 5);
    assert!(session.prefix_bytes() >= 4 * 16 * tokens, "a vector for each token of the training rows");
    // The second epoch goes by what was kept; a session whose cache is emptied before every step computes it anew.
    let losses = |session: &mut Session, forget: bool| {
        let mut losses = Vec::new();
        while losses.len() < 6 {
            if forget {
                session.set_trainable(ParamGroup::Layer(0), Some(true)).unwrap();
                session.set_trainable(ParamGroup::Layer(0), None).unwrap();
            }
            if let Progress::Step(step) = ready(session.advance()).unwrap() {
                losses.push(step.loss);
            }
        }
        losses
    };
    let raw = session.recipe().spec().clone();
    let mut other = self::session(raw, data(64));
    take_steps(&mut other, 5);
    let (kept, anew) = (losses(&mut session, false), losses(&mut other, true));
    assert!(kept.iter().zip(&anew).all(|(a, b)| (a - b).abs() < 1e-5), "{kept:?} {anew:?}");
}

#[test]
fn each_part_learns_at_its_own_rate() {
    let raw = RecipeSpec { layer_decay: 0.5, weight_decay: 0.0, max_grad_norm: 0.0, warmup_ratio: 0.0, ..still() };
    let mut session = session(raw, data(160));
    take_steps(&mut session, 1);
    // Adam's first step moves every weight by its rate.
    let (before, after) = (named(session.base()), session.model().clone());
    after.visit(&mut |weight| {
        let rate = 5e-3 * session.recipe().rate_factor(weight.group()) as f32;
        let values: Vec<f32> = weight.values().0.into_data().try_into_vec().unwrap();
        let largest =
            values.iter().zip(&before[&weight.name().to_string()]).fold(0.0f32, |max, (a, b)| max.max((a - b).abs()));
        let is_trainable = weight.group() != ParamGroup::Pooler && !weight.name().ends_with("key.bias");
        assert!(!is_trainable || (largest / rate - 1.0).abs() < 0.01, "{}: {largest} at rate {rate}", weight.name());
    });
}

#[test]
fn an_adapter_leaves_the_base_as_it_was_and_learns() {
    for (adapter, lora_dropout) in [(AdapterKind::Lora, 0.1), (AdapterKind::Dora, 0.0), (AdapterKind::Dora, 0.1)] {
        let raw = RecipeSpec {
            adapter,
            lora_dropout,
            lora_r: 4,
            learning_rate: Some(2e-2),
            train_embeddings: false,
            epochs: 6,
            ..raw()
        };
        let mut session = session(raw, data(160));
        assert!(session.plan().trainable_parameters < 3e3, "{}", session.plan().trainable_parameters);
        run(&mut session);
        let score = session.best().unwrap().0.score(Metric::MacroF1);
        assert!(score > 0.9, "{adapter:?}: {score}");
        let without = session.model().detached(false);
        assert_eq!(moved(session.base(), &without), [ParamGroup::Head].into());
        let merged = session.model().detached(true);
        assert_eq!(
            moved(session.base(), &merged),
            [ParamGroup::Layer(0), ParamGroup::Layer(1), ParamGroup::Head].into()
        );
        let scores = |model: &TaskModel| {
            let batch = Batch::new(&[session.data().validation.texts.get(0)], 1, 16, 0);
            let scores = model.forward(batch.input(&device()), &mut Dropout::off());
            scores.into_data().try_into_vec::<f32>().unwrap()
        };
        assert_close("merged", &scores(&merged), &scores(session.model()), 1e-5);
    }
}

#[test]
fn layers_made_anew_are_new_and_the_rest_is_not() {
    let session = session(RecipeSpec { reinit_layers: 1, ..raw() }, data(64));
    assert_eq!(moved(session.base(), session.model()), [ParamGroup::Layer(1)].into());
    let weights = named(session.model());
    let values = |name: &str| &weights[&format!("encoder.layer.1.{name}")];
    assert!(values("output.LayerNorm.weight").iter().all(|&x| x == 1.0));
    assert!(values("output.dense.bias").iter().all(|&x| x == 0.0));
    let dense = values("output.dense.weight");
    let deviation = (dense.iter().map(|x| x * x).sum::<f32>() / dense.len() as f32).sqrt();
    assert!((deviation - 0.02).abs() < 0.003, "{deviation}");
}

#[test]
fn r_drop_makes_two_masks_agree() {
    let losses = |r_drop| {
        let raw = RecipeSpec { r_drop, dropout: 0.3, learning_rate: Some(1e-7), epochs: 1, ..raw() };
        run(&mut session(raw, data(64))).0.into_iter().map(|step| step.loss).collect::<Vec<_>>()
    };
    // The disagreement is added to the loss, and it is there.
    let (without, with) = (losses(1e-9), losses(5.0));
    assert!(without.iter().zip(&with).all(|(a, b)| b > a), "{without:?} {with:?}");
}

#[test]
fn a_range_test_leaves_the_model_as_it_was_and_finds_where_it_learns() {
    let model = model();
    let before = named(&model);
    let mut finder = LrFinder::new(session_of(model.clone(), LrFinder::recipe(&raw()), data(160)));
    while !finder.is_over() {
        ready(finder.advance()).unwrap();
    }
    assert_eq!(named(&model), before);
    assert_ne!(named(finder.session().model()), before);
    let found = finder.finish();
    assert!(found.points.len() > 20 && found.points.windows(2).all(|pair| pair[0].lr < pair[1].lr));
    for rate in [found.steepest.unwrap(), found.valley.unwrap()] {
        assert!((1e-5..=0.5).contains(&rate), "{rate}");
    }
    // A run begun afterwards is the run begun without it.
    let first = |model| run(&mut session_of(model, RecipeSpec { epochs: 1, ..raw() }, data(64))).0;
    assert_eq!(first(model), first(self::model()));
}

#[test]
fn the_encoders_move_is_measured_at_the_end() {
    let moved = |unfreezing| {
        let raw = RecipeSpec { unfreezing, train_embeddings: false, epochs: 1, ..raw() };
        let mut session = session(raw, TrainingData { general: general(), ..data(160) });
        run(&mut session);
        session.forgetting().unwrap()
    };
    let head = moved(Unfreezing::Head);
    assert!((head.cosine - 1.0).abs() < 1e-6 && head.agreement == 1.0 && head.sentences == 20, "{head:?}");
    let all = moved(Unfreezing::All);
    assert!(all.cosine < 0.999 && all.agreement < 0.999, "{all:?}");
}

#[test]
fn a_stage_whose_only_layer_was_frozen_by_hand_thaws_it() {
    let raw = RecipeSpec {
        unfreezing: Unfreezing::ChainThaw,
        unfreeze_unit: UnfreezeUnit::Steps,
        unfreeze_every: 1.0,
        train_embeddings: false,
        ..raw()
    };
    let mut session = session(raw, data(160));
    session.set_trainable(ParamGroup::Layer(0), Some(false)).unwrap();
    take_steps(&mut session, 2);
    let trainable: Vec<ParamGroup> =
        session.param_groups().into_iter().filter(|part| part.trainable).map(|part| part.group).collect();
    assert_eq!((session.state().stage, trainable), (2, vec![ParamGroup::Layer(1)]));
}

#[test]
fn a_part_frozen_within_an_accumulated_step_does_not_move_at_its_end() {
    let raw = RecipeSpec { batch_size: 4, gradient_accumulation_steps: 4, warmup_ratio: 0.0, ..raw() };
    let mut session = session(raw, data(64));
    for _ in 0..2 {
        assert_eq!(ready(session.advance()).unwrap(), Progress::Accumulated);
    }
    for group in [ParamGroup::Embeddings, ParamGroup::Layer(0), ParamGroup::Layer(1)] {
        session.set_trainable(group, Some(false)).unwrap();
    }
    take_steps(&mut session, 1);
    assert_eq!(moved(session.base(), session.model()), [ParamGroup::Head].into());
    let head = session.optimizer_bytes();
    assert_eq!(head, 2 * 4 * (16 * 2 + 2));
}

#[test]
fn what_was_kept_before_a_layer_learned_is_not_used_after() {
    let raw = RecipeSpec {
        unfreezing: Unfreezing::Head,
        train_embeddings: false,
        eval_every_steps: Some(2),
        early_stopping_patience: 0,
        warmup_ratio: 0.0,
        ..still()
    };
    let mut session = session(raw, data(64));
    let evaluated = |session: &mut Session| loop {
        if let Progress::Evaluated { evaluation, .. } = ready(session.advance()).unwrap() {
            return evaluation;
        }
    };
    evaluated(&mut session);
    session.set_trainable(ParamGroup::Layer(1), Some(true)).unwrap();
    take_steps(&mut session, 1);
    session.set_trainable(ParamGroup::Layer(1), Some(false)).unwrap();
    let evaluation = evaluated(&mut session);
    let texts = &session.data().validation;
    let said = (0..texts.len() as u32).map(|row| {
        let input = texts.batch(&[row], 1, 16, 0).input(&device());
        let said = ready(predict(session.model(), input, texts, &[row])).unwrap();
        said[0].probability(texts.classes()[row as usize])
    });
    let loss = said.map(|probability| -f64::from(probability).ln()).sum::<f64>() / texts.len() as f64;
    assert!((evaluation.loss - loss).abs() < 1e-5, "{} {loss}", evaluation.loss);
}
