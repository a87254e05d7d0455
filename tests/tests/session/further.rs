//! Training further after the end of a run.

use hone_core::recipe::Schedule;
use hone_core::run::StepMetrics;

use super::*;

/// A recipe whose learning rate does not depend on the number of epochs.
fn constant(epochs: u32) -> RecipeSpec {
    let metric_for_best_model = Some(Metric::Loss);
    RecipeSpec {
        schedule: Schedule::Constant,
        warmup_ratio: Some(0.0),
        epochs: Some(epochs),
        metric_for_best_model,
        ..raw()
    }
}

/// Loss and gradient norm of each step, bit for bit.
fn bits(steps: &[StepMetrics]) -> Vec<[u64; 2]> {
    steps.iter().map(|step| [step.loss.to_bits(), step.grad_norm.to_bits()]).collect()
}

#[test]
fn two_epochs_and_a_third_equal_three() {
    let full = |epochs| RecipeSpec { l2_sp: 1e-3, ..constant(epochs) };
    let lora = |epochs| RecipeSpec { adapter: AdapterKind::Lora, train_embeddings: false, ..constant(epochs) };
    // With cached outputs of the frozen layers.
    let last = |epochs| RecipeSpec {
        unfreezing: Unfreezing::Last,
        last_layers: 1,
        train_embeddings: false,
        ..constant(epochs)
    };
    for recipe in [full, lora, last] as [fn(u32) -> RecipeSpec; 3] {
        let mut long = session(recipe(3), data(64));
        let (all, _, _) = run(&mut long);
        let mut short = session(recipe(2), data(64));
        let (mut steps, _, _) = run(&mut short);
        let best = short.best().unwrap().0.clone();
        short.extend(1).unwrap();
        assert_eq!(short.recipe().epochs(), 3);
        assert_eq!(short.best().unwrap().0, &best, "the best weights are kept");
        let (more, _, reason) = run(&mut short);
        steps.extend(more);
        assert_eq!(reason, EndReason::Completed);
        assert_eq!(bits(&steps), bits(&all));
        assert!(short.best().unwrap().0.step == 12 && named(short.model()) == named(long.model()));
        assert_eq!(short.state().extended_at, [8]);
    }
}

#[test]
fn a_run_stopped_in_the_middle_of_a_step_goes_on_as_if_it_had_not_been() {
    let recipe = |epochs| RecipeSpec { batch_size: Some(8), gradient_accumulation_steps: 2, ..constant(epochs) };
    let (all, _, _) = run(&mut session(recipe(3), data(64)));
    let mut stopped = session(recipe(5), data(64));
    let mut steps = Vec::new();
    // Two steps and half of the third.
    for _ in 0..5 {
        if let Progress::Step(step) = ready(stopped.advance()).unwrap() {
            steps.push(step);
        }
    }
    stopped.stop();
    assert_eq!(run(&mut stopped).2, EndReason::Stopped);
    stopped.extend(2).unwrap();
    // The epoch that had begun and two more.
    assert_eq!(stopped.total_steps(), 12);
    steps.extend(run(&mut stopped).0);
    assert_eq!(bits(&steps), bits(&all));
}

#[test]
fn the_learning_rate_follows_the_schedule_of_all_epochs() {
    let linear = |epochs| RecipeSpec { warmup_ratio: Some(0.0), epochs: Some(epochs), ..raw() };
    let rates = |session: &Session| session.plan().lr_curve.into_iter().map(|point| point.lr).collect::<Vec<_>>();
    let (short, long) = (rates(&session(linear(1), data(64))), rates(&session(linear(3), data(64))));
    let mut session = session(linear(1), data(64));
    run(&mut session);
    session.extend(2).unwrap();
    let expected: Vec<f64> = short.into_iter().chain(long.into_iter().skip(4)).collect();
    assert_eq!(rates(&session), expected, "the plan shows the rates that the steps had");
    let taken: Vec<f64> = run(&mut session).0.into_iter().map(|step| step.lr).collect();
    assert_eq!(taken, expected[4..]);
}

#[test]
fn a_run_that_was_stopped_early_gets_its_patience_again() {
    let recipe = RecipeSpec {
        learning_rate: Some(1e-7),
        early_stopping_patience: Some(2),
        early_stopping_min_delta: 1e-3,
        eval_every_epochs: Some(1.0),
        epochs: Some(10),
        ..raw()
    };
    let mut session = session(recipe, TrainingData { general: general(), ..data(64) });
    assert_eq!(run(&mut session).2, EndReason::EarlyStopped);
    assert!(session.forgetting().is_some());
    session.extend(5).unwrap();
    assert!(session.forgetting().is_none(), "it is measured again");
    let (steps, evaluations, reason) = run(&mut session);
    assert_eq!((steps.len(), evaluations.len(), reason), (8, 2, EndReason::EarlyStopped));
}

#[test]
fn the_state_of_the_optimizer_is_kept_until_it_is_dropped() {
    let mut session = session(constant(1), data(64));
    assert_eq!(session.extend(1).unwrap_err().code, "run.no-further", "it has not ended");
    run(&mut session);
    assert!(session.can_extend() && session.optimizer_bytes() > 0);
    let kept = session.tuned_bytes();
    assert_eq!(session.extend(100).unwrap_err().code, "recipe.invalid", "at most 100 epochs");
    assert!(session.can_extend());
    session.drop_live_tensors();
    assert_eq!((session.can_extend(), session.optimizer_bytes()), (false, 0));
    assert!(session.tuned_bytes() < kept);
    assert_eq!(session.extend(1).unwrap_err().code, "run.no-further");
    assert!(matches!(ready(session.advance()).unwrap(), Progress::Finished(EndReason::Completed)));
}
