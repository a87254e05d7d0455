//! A run that was saved and restored ends like one that was left alone, bit for bit.

use std::collections::BTreeMap;

use hone_core::checkpoint::{self, RestoredRun};
use hone_core::recipe::Schedule;
use hone_core::train::{HistoryEntry, Progress, Session, SessionCheckpoint};
use hone_tests::{MemoryFolder, record};

use super::*;

/// A recipe that saves and restores at many places: two evaluations per epoch, and all dropout.
fn recipe(task: Task) -> RecipeSpec {
    RecipeSpec {
        epochs: Some(2),
        batch_size: Some(8),
        eval_every_epochs: Some(0.5),
        dropout: 0.1,
        attention_dropout: 0.1,
        head_dropout: 0.1,
        generated_rows: 2,
        ..raw(task)
    }
}

/// Every technique that changes what a run has to remember.
fn techniques(task: Task) -> Vec<(&'static str, RecipeSpec)> {
    let recipe = || recipe(task);
    let adapter = |adapter| RecipeSpec { adapter, lora_dropout: 0.1, lora_r: 4, train_embeddings: false, ..recipe() };
    let gradual = RecipeSpec {
        unfreezing: Unfreezing::Gradual,
        unfreeze_unit: UnfreezeUnit::Steps,
        unfreeze_every: 8.0,
        warmup_ratio: Some(0.0),
        ..recipe()
    };
    let head = RecipeSpec { unfreezing: Unfreezing::Last, last_layers: 1, train_embeddings: false, ..recipe() };
    let plateau = RecipeSpec { schedule: Schedule::Plateau, plateau_patience: 0, plateau_factor: 0.5, ..recipe() };
    let mut techniques = vec![
        ("full", recipe()),
        ("LoRA", adapter(AdapterKind::Lora)),
        ("DoRA", adapter(AdapterKind::Dora)),
        ("gradual unfreezing", gradual),
        ("last layer", head),
        ("plateau", plateau),
        ("accumulation", RecipeSpec { batch_size: Some(4), gradient_accumulation_steps: 2, ..recipe() }),
        ("L2-SP", RecipeSpec { l2_sp: 0.1, ..recipe() }),
        ("gradient checkpointing", RecipeSpec { gradient_checkpointing: true, ..recipe() }),
    ];
    if task.has_classes() {
        techniques.push(("R-Drop", RecipeSpec { r_drop: 1.0, ..recipe() }));
    }
    techniques
}

/// Remains of a run: the weights by name, the history, and the best predictions.
fn outcome(session: &Session) -> (BTreeMap<String, Vec<u32>>, String, String) {
    let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect();
    let weights = named(session.model()).into_iter().map(|(name, values)| (name, bits(values))).collect();
    let history = session.state().history.iter().map(|entry| match entry {
        HistoryEntry::Step(step) => format!("{step:?}"),
        HistoryEntry::Evaluation(evaluation) => format!("{:?}", evaluation.without_rows()),
    });
    let history: Vec<String> = history.collect();
    (weights, history.join("\n"), format!("{:?}", session.best().map(|(best, rows)| (best.without_rows(), rows))))
}

/// The same session after it has been saved to files and read from them.
fn restored(session: Session, saved: SessionCheckpoint) -> Session {
    let mut folder = MemoryFolder::default();
    ready(checkpoint::save(&mut folder, record(&session), saved)).unwrap();
    let RestoredRun { state, tensors, notice, .. } =
        ready(checkpoint::load(&mut folder, &Device::flex())).unwrap().unwrap();
    assert_eq!(notice, None);
    session.restore(state, tensors).unwrap()
}

/// Saves a run of `recipe` before every batch, and continues about `continued` of the saved runs.
fn assert_exact(name: &str, recipe: &RecipeSpec, continued: usize) {
    let task = recipe.task;
    let fresh = || {
        let data = data(task, 40);
        let data = TrainingData { general: general(), test: data.validation.clone(), ..data };
        session(model_of(task).0, recipe.clone(), data)
    };
    let mut alone = fresh();
    let mut saved = Vec::new();
    loop {
        saved.extend(alone.checkpoint());
        if let Progress::Finished(_) = ready(alone.advance()).unwrap() {
            break;
        }
    }
    let expected = outcome(&alone);
    let count = saved.len();
    let distance = (count / continued).max(1);
    for (at, saved) in saved.into_iter().enumerate().skip(distance / 2).step_by(distance) {
        let (step, phase) = (saved.state.run.step, saved.state.phase);
        let mut session = restored(fresh(), saved);
        run(&mut session);
        assert!(outcome(&session) == expected, "{task:?}, {name}: saved at step {step} ({phase:?}, {at} of {count})");
        assert_eq!(session.forgetting(), alone.forgetting());
        assert!(alone.test().is_some() && format!("{:?}", session.test()) == format!("{:?}", alone.test()), "{task:?}");
    }
}

#[test]
fn a_restored_run_ends_the_same_in_every_task_with_every_technique() {
    for task in Task::ALL {
        for (name, recipe) in techniques(task) {
            assert_exact(name, &recipe, 2);
        }
    }
}

#[test]
fn a_run_can_be_restored_before_any_batch() {
    let (name, recipe) = techniques(Task::Classification).swap_remove(3);
    assert_exact(name, &recipe, usize::MAX);
}

#[test]
fn a_run_that_was_saved_after_its_end_can_be_trained_further_like_one_that_stayed_open() {
    for (name, recipe) in techniques(Task::Classification) {
        let fresh = || session(model_of(recipe.task).0, recipe.clone(), data(recipe.task, 40));
        let mut alone = fresh();
        run(&mut alone);
        let mut again = restored(fresh(), alone.checkpoint().unwrap());
        assert!(outcome(&again) == outcome(&alone), "{name}: the best weights are in place");
        for session in [&mut alone, &mut again] {
            session.extend(1).unwrap();
            run(session);
        }
        assert!(outcome(&again) == outcome(&alone), "{name}: trained further");
    }
}
