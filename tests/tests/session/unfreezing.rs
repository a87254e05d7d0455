//! Freezing, unfreezing and the prefix cache.

use super::*;

#[test]
fn frozen_groups_do_not_move() {
    let mut session = session(RecipeSpec { train_embeddings: false, epochs: Some(1), ..raw() }, data(64));
    run(&mut session);
    let (before, after) = (named(session.base()), named(session.model()));
    for (name, before) in before {
        let is_frozen = name.starts_with("embeddings") || name.starts_with("pooler");
        assert_eq!(before == after[&name], is_frozen, "{name}");
    }
}

#[test]
fn gradual_unfreezing_goes_from_the_head_down_and_allocates_state_on_the_way() {
    let raw = RecipeSpec {
        unfreezing: Unfreezing::Gradual,
        unfreeze_unit: UnfreezeUnit::Steps,
        unfreeze_every: 2.0,
        learning_rate: Some(1e-2),
        warmup_ratio: Some(0.0),
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
fn chain_thaw_trains_one_layer_at_a_time_and_drops_the_state_of_the_others() {
    let raw = RecipeSpec {
        unfreezing: Unfreezing::ChainThaw,
        unfreeze_unit: UnfreezeUnit::Steps,
        unfreeze_every: 1.0,
        warmup_ratio: Some(0.0),
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
fn a_stalled_score_unfreezes_the_next_layer_and_does_not_end_the_run() {
    let raw = RecipeSpec {
        unfreezing: Unfreezing::Gradual,
        unfreeze_unit: UnfreezeUnit::Stall,
        unfreeze_every: 1.0,
        early_stopping_patience: Some(1),
        early_stopping_min_delta: 1e-3,
        learning_rate: Some(1e-7),
        epochs: Some(10),
        train_embeddings: false,
        ..raw()
    };
    let mut session = session(raw, data(64));
    let (_, evaluations, reason) = run(&mut session);
    // The first evaluation is progress, the next two unfreeze a layer each, and the fourth ends the run.
    assert_eq!((evaluations.len(), reason, session.state().stage), (4, EndReason::EarlyStopped, 2));
}

#[test]
fn groups_can_be_frozen_and_unfrozen_during_a_run() {
    let mut session = session(RecipeSpec { warmup_ratio: Some(0.0), ..raw() }, data(160));
    take_steps(&mut session, 1);
    for group in [ParamGroup::Embeddings, ParamGroup::Layer(0), ParamGroup::Layer(1)] {
        session.set_trainable(group, Some(false)).unwrap();
    }
    let before = session.model().clone();
    take_steps(&mut session, 1);
    assert_eq!(moved(&before, session.model()), [ParamGroup::Head].into());
    assert_eq!(session.set_trainable(ParamGroup::Head, Some(false)).unwrap_err().code, "run.all-frozen");
    assert_eq!(session.set_trainable(ParamGroup::Layer(9), Some(true)).unwrap_err().code, "run.no-parameters");
    session.set_trainable(ParamGroup::Layer(1), None).unwrap();
    let before = session.model().clone();
    take_steps(&mut session, 1);
    assert_eq!(moved(&before, session.model()), [ParamGroup::Layer(1), ParamGroup::Head].into());
}

#[test]
fn caching_the_frozen_prefix_changes_nothing() {
    // If only the head trains, the cache holds every row after the first epoch.
    let curve = |unfreeze_every, unfreezing| {
        let raw = RecipeSpec {
            unfreezing,
            unfreeze_unit: UnfreezeUnit::Steps,
            unfreeze_every,
            train_embeddings: false,
            ..without_dropout()
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
    let raw = RecipeSpec { unfreezing: Unfreezing::Last, last_layers: 1, train_embeddings: false, ..without_dropout() };
    let mut session = session(raw, data(64));
    take_steps(&mut session, 5);
    assert!(session.prefix_bytes() >= 4 * 16 * tokens, "a vector for each token of the training rows");
    // The second epoch uses the cache. The other session clears its cache before every step.
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
    let (cached, recomputed) = (losses(&mut session, false), losses(&mut other, true));
    assert_close("loss", &single(&cached), &single(&recomputed), tolerance::ENGINE);
}

#[test]
fn a_stage_whose_only_layer_was_frozen_by_hand_unfreezes_it() {
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
fn a_group_frozen_during_accumulation_does_not_move_at_the_step() {
    let raw = RecipeSpec { batch_size: Some(4), gradient_accumulation_steps: 4, warmup_ratio: Some(0.0), ..raw() };
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
fn the_prefix_cache_is_not_reused_after_a_cached_layer_learned() {
    let raw = RecipeSpec {
        unfreezing: Unfreezing::Head,
        train_embeddings: false,
        eval_every_steps: Some(2),
        early_stopping_patience: Some(0),
        warmup_ratio: Some(0.0),
        ..without_dropout()
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
    let probabilities = (0..texts.len() as u32).map(|row| {
        let input = Input::new(&texts.batch(&[row], 1, 16, 0), &device());
        let predictions = ready(predict(session.model(), input, texts, &[row])).unwrap();
        predictions[0].class_decisions(&texts.labels, row as usize)[0].actual_probability
    });
    let loss = probabilities.map(|probability| -f64::from(probability).ln()).sum::<f64>() / texts.len() as f64;
    assert_close("loss", &single(&[evaluation.loss]), &single(&[loss]), tolerance::ENGINE);
}
