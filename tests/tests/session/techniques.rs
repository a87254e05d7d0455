//! Adapters, learning rates by group, reinitialized layers, R-Drop, range tests and forgetting.

use super::*;

#[test]
fn forgetting_is_measured_on_texts_that_fit_the_model() {
    let texts = general_texts(&word_tokenizer(&["one"], true), 20).unwrap();
    let longest = (0..texts.len()).map(|i| texts.tokens(i)).max();
    assert_eq!(longest, Some(20));
    // Every word becomes the unknown token, whose id any model has.
    let mut session = session_of(model_of(20), raw(), TrainingData { general: texts, ..data(40) });
    run(&mut session);
    assert!(session.forgetting().is_some());
}

#[test]
fn each_group_learns_at_its_own_rate() {
    let raw = RecipeSpec {
        layer_decay: 0.5,
        weight_decay: 0.0,
        max_grad_norm: 0.0,
        warmup_ratio: Some(0.0),
        ..without_dropout()
    };
    let mut session = session(raw, data(160));
    take_steps(&mut session, 1);
    // Adam's first step moves every weight by its learning rate.
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
fn an_adapter_learns_and_leaves_the_base_unchanged() {
    for (adapter, lora_dropout) in [(AdapterKind::Lora, 0.1), (AdapterKind::Dora, 0.0), (AdapterKind::Dora, 0.1)] {
        let raw = RecipeSpec {
            adapter,
            lora_dropout,
            lora_r: 4,
            learning_rate: Some(2e-2),
            train_embeddings: false,
            epochs: Some(6),
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
            let scores = model.forward(Input::new(&batch, &device()), &mut Dropout::off());
            scores.into_data().try_into_vec::<f32>().unwrap()
        };
        assert_close("merged", &scores(&merged), &scores(session.model()), tolerance::ENGINE);
    }
}

#[test]
fn only_reinitialized_layers_change_before_training() {
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
fn r_drop_adds_the_divergence_of_two_passes_to_the_loss() {
    let losses = |r_drop| {
        let raw = RecipeSpec { r_drop, dropout: 0.3, learning_rate: Some(1e-7), epochs: Some(1), ..raw() };
        run(&mut session(raw, data(64))).0.into_iter().map(|step| step.loss).collect::<Vec<_>>()
    };
    // The divergence is positive.
    let (without, with) = (losses(1e-9), losses(5.0));
    assert!(without.iter().zip(&with).all(|(a, b)| b > a), "{without:?} {with:?}");
}

#[test]
fn a_range_test_leaves_the_model_unchanged_and_suggests_rates() {
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
    // A range test before a run does not change the run.
    let first = |model| run(&mut session_of(model, RecipeSpec { epochs: Some(1), ..raw() }, data(64))).0;
    assert_eq!(first(model), first(self::model()));
}

#[test]
fn trials_of_rates_begin_with_the_same_loss_and_leave_the_model_unchanged() {
    let model = model();
    let before = named(&model);
    let losses = |rate| {
        let mut trial = RateTrial::new(session_of(model.clone(), LrFinder::recipe(&raw()), data(160)), rate);
        let mut losses = Vec::new();
        while !trial.is_over() {
            losses.extend(ready(trial.advance()).unwrap());
        }
        losses
    };
    let [slow, chosen, fast] = [1e-6, 5e-3, 1e12].map(losses);
    assert_eq!((slow.len(), chosen.len()), (TRIAL_STEPS as usize, TRIAL_STEPS as usize));
    assert!(slow[0] == chosen[0] && slow[0] == fast[0], "the same rows, head and dropout");
    assert!(chosen[23] < slow[23] / 1.5, "{} {}", chosen[23], slow[23]);
    assert!(fast.last().is_none_or(|last| !last.is_finite() || *last > 2.0 * fast[0]), "{fast:?}");
    assert_eq!(named(&model), before);
}

#[test]
fn the_movement_of_a_group_is_its_distance_relative_to_its_length() {
    let spec = RecipeSpec { unfreezing: Unfreezing::Last, last_layers: 1, train_embeddings: false, ..raw() };
    let mut session = session(spec, data(64));
    assert!(ready(session.movement()).unwrap().iter().all(|group| group.relative == 0.0), "nothing has moved yet");
    run(&mut session);
    let (before, after) = (named(session.base()), named(session.model()));
    let mut sums = std::collections::BTreeMap::<ParamGroup, [f64; 2]>::new();
    session.model().visit(&mut |weight| {
        let name = weight.name().to_string();
        let sum = sums.entry(weight.group()).or_default();
        for (start, now) in before[&name].iter().zip(&after[&name]) {
            sum[0] += f64::from(now - start).powi(2);
            sum[1] += f64::from(*start).powi(2);
        }
    });
    for moved in ready(session.movement()).unwrap() {
        let [distance, length] = sums[&moved.group];
        let expected = (distance / length).sqrt();
        assert!((moved.relative - expected).abs() <= 1e-4 * expected, "{moved:?} {expected}");
        let is_trained = matches!(moved.group, ParamGroup::Layer(1) | ParamGroup::Pooler | ParamGroup::Head);
        assert_eq!(moved.relative > 0.0, is_trained, "{moved:?}");
    }
}

#[test]
fn an_encoders_drift_is_measured_at_the_end() {
    let moved = |unfreezing| {
        let raw = RecipeSpec { unfreezing, train_embeddings: false, epochs: Some(1), ..raw() };
        let mut session = session(raw, TrainingData { general: general(), ..data(160) });
        run(&mut session);
        session.forgetting().unwrap()
    };
    let head = moved(Unfreezing::Head);
    assert!((head.cosine - 1.0).abs() < 1e-6 && head.agreement == 1.0 && head.sentences == 20, "{head:?}");
    let all = moved(Unfreezing::All);
    assert!(all.cosine < 0.999 && all.agreement < 0.999, "{all:?}");
}
