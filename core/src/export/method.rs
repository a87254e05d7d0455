//! What was done, in a few sentences for the model card.

use crate::recipe::{AdapterKind, ClassWeights, ParamGroup, Recipe, RecipeSpec, ScheduleKind, Task, Unfreezing};

/// The recipe in words: what every run has, and what this one had besides.
pub(crate) fn described(recipe: &Recipe) -> String {
    let raw = recipe.spec();
    let mut sentences = vec![
        format!(
            "AdamW, learning rate at most {:e}, {}{}; weight decay {}; gradient norm {}.",
            recipe.learning_rate(),
            schedule(raw),
            warmup(raw),
            raw.weight_decay,
            if raw.max_grad_norm > 0.0 { format!("at most {}", raw.max_grad_norm) } else { "not clipped".into() }
        ),
        format!(
            "{} epochs in batches of {}, at most {} tokens a text, seed {}.",
            raw.epochs,
            recipe.batch_size() * recipe.gradient_accumulation_steps(),
            recipe.max_length(),
            raw.seed
        ),
        dropout(recipe),
        learning(recipe),
    ];
    let mut also = |is_used: bool, sentence: String| {
        if is_used {
            sentences.push(sentence);
        }
    };
    also(raw.layer_decay < 1.0, format!("Each layer learned at {} times the rate of the one above.", raw.layer_decay));
    also(!raw.lr_per_group.is_empty(), "Some parts had a rate of their own.".into());
    also(raw.label_smoothing > 0.0, format!("Label smoothing {}.", raw.label_smoothing));
    also(raw.class_weights == ClassWeights::Balanced, "Classes weighed the inverse of their share.".into());
    also(matches!(raw.class_weights, ClassWeights::Given(_)), "Classes had weights of their own.".into());
    also(raw.focal_gamma > 0.0, format!("Focal loss, exponent {}.", raw.focal_gamma));
    also(raw.r_drop > 0.0, format!("R-Drop, weight {}.", raw.r_drop));
    also(raw.l2_sp > 0.0, format!("A pull of {} toward the pretrained weights (L2-SP).", raw.l2_sp));
    also(raw.reinit_layers > 0, format!("The top {} layers were made anew before training.", raw.reinit_layers));
    sentences.join(" ")
}

fn schedule(raw: &RecipeSpec) -> &'static str {
    match raw.schedule {
        ScheduleKind::Constant => "constant",
        ScheduleKind::Linear => "falling in a line",
        ScheduleKind::Cosine => "falling along a cosine",
        ScheduleKind::CosineRestarts => "falling along a cosine, with restarts",
        ScheduleKind::Polynomial => "falling along a power",
        ScheduleKind::InverseSqrt => "falling with the root of the step",
        ScheduleKind::OneCycle => "in one cycle",
        ScheduleKind::SlantedTriangular => "in a slanted triangle",
        ScheduleKind::Plateau => "cut whenever the validation score stalled",
    }
}

fn warmup(raw: &RecipeSpec) -> String {
    match raw.warmup_steps {
        // Their rise is their own.
        _ if matches!(raw.schedule, ScheduleKind::SlantedTriangular | ScheduleKind::OneCycle) => String::new(),
        Some(steps) => format!(" after a warm-up of {steps} steps"),
        None => format!(" after a warm-up over {:.0} % of the steps", raw.warmup_ratio * 100.0),
    }
}

fn dropout(recipe: &Recipe) -> String {
    let raw = recipe.spec();
    let body = format!("Dropout {} in hidden states, {} in attention", raw.dropout, raw.attention_dropout);
    match recipe.task() {
        Task::Generation => format!("{body}."),
        _ => format!("{body}, {} before the head.", raw.head_dropout),
    }
}

fn learning(recipe: &Recipe) -> String {
    let raw = recipe.spec();
    let with_embeddings =
        recipe.unfreeze_schedule().stages().iter().any(|stage| stage.contains(&ParamGroup::Embeddings));
    let what = match raw.unfreezing {
        Unfreezing::All => "All layers learned from the beginning".into(),
        Unfreezing::Head => "The head alone learned".into(),
        Unfreezing::Last => format!("The last {} layers and the head learned", raw.last_layers),
        Unfreezing::Gradual => "The layers were thawed one after the other".into(),
        Unfreezing::ChainThaw => "The layers learned one by one and then together (chain-thaw)".into(),
    };
    let how = match raw.adapter {
        AdapterKind::None if with_embeddings => ", the embeddings too".into(),
        AdapterKind::None => "; the embeddings were frozen".into(),
        AdapterKind::Lora => format!(", through LoRA adapters of rank {}", raw.lora_r),
        AdapterKind::Dora => format!(", through DoRA adapters of rank {}", raw.lora_r),
    };
    format!("{what}{how}.")
}
