//! Stages of unfreezing that a run never reached because of its scores, in the summary of the run.

use burn::tensor::Device;
use hone_core::dataset::Mapping;
use hone_core::recipe::{RecipeSpec, UnfreezeUnit, Unfreezing};
use hone_core::runner;
use hone_tests::run;

use crate::labels::{encoded, micro, table};

fn sentence(recipe: RecipeSpec) -> String {
    let rows = encoded(&table(80, &[]), Mapping::Classification { text: 0, pair: None, label: 1 }, &micro());
    let mut session = rows.session(&micro(), recipe, &Device::flex()).unwrap();
    let (_, _, reason) = run(&mut session);
    runner::summary(&session, rows.report(), reason, 1.0, None).unwrap().verdict.unwrap().sentence
}

#[test]
fn stages_that_wait_for_a_score_that_never_stalls_are_told_at_the_end() {
    let waiting = RecipeSpec {
        unfreezing: Unfreezing::Gradual,
        unfreeze_unit: UnfreezeUnit::Stall,
        unfreeze_every: 3.0,
        epochs: Some(2),
        eval_every_epochs: Some(1.0),
        early_stopping_patience: Some(0),
        train_embeddings: false,
        ..RecipeSpec::default()
    };
    let note = sentence(waiting.clone());
    assert!(note.contains("The run ended in stage 1 of 3 of its unfreezing schedule: "), "{note}");
    assert!(
        note.contains("2 parameter groups stay frozen from beginning to end: layer.0, layer.1. To unfreeze more, "),
        "{note}"
    );
    let all = sentence(RecipeSpec { unfreezing: Unfreezing::All, unfreeze_unit: UnfreezeUnit::Epochs, ..waiting });
    assert!(!all.contains("unfreezing schedule"), "{all}");
}
