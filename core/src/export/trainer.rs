//! trainer_state.json and training_args.json, in the words of Hugging Face's Trainer.

use serde_json::{Value, json};

use super::ModelFolder;
use crate::recipe::{Metric, ScheduleKind};
use crate::train::Record;

/// How the run went. A number that is not finite is `null`, as JSON has none.
pub fn state(folder: &ModelFolder) -> Value {
    let log = folder.history.iter().map(|record| match record {
        Record::Step(step) => json!({
            "epoch": step.epoch,
            "grad_norm": step.grad_norm,
            "learning_rate": step.lr,
            "loss": step.loss,
            "step": step.step,
        }),
        Record::Evaluation(evaluation) => json!({
            "epoch": evaluation.epoch,
            "eval_loss": evaluation.loss,
            "eval_accuracy": evaluation.accuracy,
            "eval_macro_f1": evaluation.macro_f1,
            "eval_weighted_f1": evaluation.weighted_f1,
            "step": evaluation.step,
        }),
    });
    let last = folder.history.iter().rev().find_map(|record| match record {
        Record::Step(step) => Some((step.step, step.epoch)),
        Record::Evaluation(_) => None,
    });
    let (global_step, epoch) = last.unwrap_or_default();
    json!({
        "best_global_step": folder.best.step,
        "best_metric": folder.best.score(folder.recipe.best_metric()),
        "epoch": epoch,
        "global_step": global_step,
        "log_history": log.collect::<Vec<_>>(),
    })
}

/// What the run was told.
pub fn args(folder: &ModelFolder) -> Value {
    let raw = folder.recipe.raw();
    let (metric, greater) = match raw.best_metric {
        Metric::Loss => ("loss", false),
        Metric::Accuracy => ("accuracy", true),
        Metric::MacroF1 => ("macro_f1", true),
        Metric::WeightedF1 => ("weighted_f1", true),
        Metric::WorstF1 => ("worst_f1", true),
    };
    // What the Trainer has no name for is in recipe.json.
    let schedule = match raw.schedule {
        ScheduleKind::Constant => "constant_with_warmup",
        ScheduleKind::Linear => "linear",
        ScheduleKind::Cosine => "cosine",
        ScheduleKind::CosineRestarts => "cosine_with_restarts",
        ScheduleKind::Polynomial => "polynomial",
        ScheduleKind::InverseSqrt => "inverse_sqrt",
        ScheduleKind::OneCycle => "one_cycle",
        ScheduleKind::SlantedTriangular => "slanted_triangular",
        ScheduleKind::Plateau => "reduce_lr_on_plateau",
    };
    json!({
        "adam_beta1": 0.9,
        "adam_beta2": 0.999,
        "adam_epsilon": 1e-8,
        "greater_is_better": greater,
        "gradient_accumulation_steps": raw.grad_accum_steps,
        "learning_rate": folder.recipe.lr_peak(),
        "load_best_model_at_end": true,
        "label_smoothing_factor": raw.label_smoothing,
        "lr_scheduler_type": schedule,
        "max_grad_norm": raw.clip_norm,
        "metric_for_best_model": metric,
        "num_train_epochs": raw.epochs,
        "optim": "adamw_torch",
        "per_device_train_batch_size": raw.batch_size,
        "seed": raw.seed,
        "warmup_ratio": raw.warmup_share,
        "warmup_steps": raw.warmup_steps.unwrap_or(0),
        "weight_decay": raw.weight_decay,
    })
}
