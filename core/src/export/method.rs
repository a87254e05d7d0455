//! The training procedure in a few sentences, for the model card.

use crate::recipe::{AdapterKind, FIELDS, ParamGroup, Recipe, RecipeSpec, Schedule, Task, Unfreezing};

/// Describes the recipe: what every run has, then one sentence per additional technique.
pub(super) fn described(recipe: &Recipe, extended_at: &[u32]) -> String {
    let spec = recipe.spec();
    let mut sentences = vec![optimizer(recipe), duration(recipe), dropout(spec), trained(recipe)];
    sentences.extend(extended_at.iter().map(|step| {
        format!("Trained further after step {step}, from where on the schedule was that of a longer run.")
    }));
    sentences.extend(FIELDS.iter().filter_map(|field| field.card_sentence(spec)));
    sentences.join(" ")
}

fn optimizer(recipe: &Recipe) -> String {
    let spec = recipe.spec();
    let clipping = if spec.max_grad_norm > 0.0 {
        format!("gradients clipped to norm {}", spec.max_grad_norm)
    } else {
        "no gradient clipping".into()
    };
    let (rate, schedule) = (recipe.learning_rate(), spec.schedule.label().to_lowercase());
    let (warmup, decay) = (warmup(spec), spec.weight_decay);
    format!("AdamW, peak learning rate {rate:e}, schedule {schedule}{warmup}, weight decay {decay}, {clipping}.")
}

fn warmup(spec: &RecipeSpec) -> String {
    match spec.warmup_steps {
        // These schedules include a warmup of their own.
        _ if matches!(spec.schedule, Schedule::SlantedTriangular | Schedule::OneCycle) => String::new(),
        Some(steps) => format!(" after a warmup of {steps} steps"),
        None => format!(" after a warmup over {:.0} % of the steps", 100.0 * spec.warmup_ratio.unwrap_or_default()),
    }
}

fn duration(recipe: &Recipe) -> String {
    let spec = recipe.spec();
    let batch = recipe.batch_size() * recipe.gradient_accumulation_steps();
    let (epochs, tokens, seed) = (recipe.epochs(), recipe.max_length(), spec.seed);
    format!("{epochs} epochs with an effective batch size of {batch}, at most {tokens} tokens per text, seed {seed}.")
}

fn dropout(spec: &RecipeSpec) -> String {
    let base = format!("Dropout {} on hidden states, {} on attention", spec.dropout, spec.attention_dropout);
    match spec.task {
        _ if !spec.task.has_new_head() => format!("{base}."),
        _ => format!("{base}, {} before the head.", spec.head_dropout),
    }
}

fn trained(recipe: &Recipe) -> String {
    let spec = recipe.spec();
    let stages = recipe.unfreeze_schedule().stages();
    let trains_embeddings = stages.iter().any(|stage| stage.contains(&ParamGroup::Embeddings));
    let has_head = spec.task != Task::Embeddings;
    let groups = match spec.unfreezing {
        Unfreezing::All if !has_head => "All layers were trained from the first step".into(),
        Unfreezing::Last if !has_head => format!("The last {} layers were trained", spec.last_layers),
        Unfreezing::All => "All layers and the head were trained from the first step".into(),
        Unfreezing::Head => "Only the head was trained".into(),
        Unfreezing::Last => format!("The head and the last {} layers were trained", spec.last_layers),
        Unfreezing::Gradual => "The layers were unfrozen gradually".into(),
        Unfreezing::ChainThaw => "The layers were trained one by one, then together (chain-thaw)".into(),
    };
    let manner = match spec.adapter {
        AdapterKind::None if trains_embeddings => ", including the embeddings".into(),
        AdapterKind::None => "; the embeddings were frozen".into(),
        AdapterKind::Lora => format!(", through LoRA adapters of rank {}", spec.lora_r),
        AdapterKind::Dora => format!(", through DoRA adapters of rank {}", spec.lora_r),
    };
    format!("{groups}{manner}.")
}
