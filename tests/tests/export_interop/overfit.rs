//! Overfitting on purpose, with a micro model.

use burn::tensor::Device;
use hone_core::dataset::Mapping;
use hone_core::recipe::{Metric, RecipeSpec};
use hone_core::run::EndReason;
use hone_tests::run;

use crate::labels::{encoded, micro, table};

fn recipe() -> RecipeSpec {
    RecipeSpec {
        max_train_samples: 60,
        label_noise: 0.3,
        learning_rate: Some(5e-3),
        batch_size: Some(16),
        epochs: Some(20),
        eval_every_steps: Some(8),
        early_stopping_patience: Some(0),
        metric_for_best_model: Some(Metric::Loss),
        dropout: 0.0,
        attention_dropout: 0.0,
        head_dropout: 0.0,
        ..RecipeSpec::default()
    }
}

/// The validation losses, the last training loss, and why the run ended.
fn losses(recipe: RecipeSpec) -> (Vec<f64>, f64, EndReason) {
    let model = micro();
    let rows = encoded(&table(160, &[]), Mapping::Classification { text: 0, pair: None, label: 1 }, &model);
    let mut session = rows.session(&model, recipe, &Device::flex()).unwrap();
    assert_eq!(session.plan().train_rows, 60);
    let (steps, evaluations, reason) = run(&mut session);
    let validation = evaluations.iter().map(|(evaluation, _)| evaluation.loss).collect();
    (validation, steps.last().unwrap().loss, reason)
}

#[test]
fn few_rows_with_flipped_labels_are_memorized_and_the_validation_loss_turns() {
    let (validation, training, _) = losses(recipe());
    let (lowest, last) = (validation.iter().copied().fold(f64::INFINITY, f64::min), *validation.last().unwrap());
    assert!(last > lowest + 0.1 && last > training + 0.3, "{validation:?}, training {training}");
    let (right, ..) = losses(RecipeSpec { label_noise: 0.0, ..recipe() });
    assert!(right.last().unwrap() + 0.3 < last, "right labels, {right:?}, generalize");
    let (stopped, _, reason) = losses(RecipeSpec { early_stopping_patience: Some(2), ..recipe() });
    assert!(reason == EndReason::EarlyStopped && stopped.len() < validation.len(), "{stopped:?}");
    assert_eq!(stopped[..], validation[..stopped.len()], "the same run until then");
}
