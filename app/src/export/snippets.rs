//! Code that loads the download.

use hone_core::recipe::{Pooling, RecipeSpec};
use hone_core::usage::{JavaScript, ModelKind, Usage};

use crate::state::State;

/// The usage of the last run's model.
pub fn usage(state: &State) -> Usage<'_> {
    let entry = state.run.base.as_ref();
    let ran = state.run.plan.as_ref().map(|plan| &plan.recipe);
    let pooling = ran.and_then(|recipe| recipe.pooling).or(entry.map(|entry| entry.pooling));
    Usage {
        kind: ModelKind {
            task: ran.map(|recipe| recipe.task).unwrap_or_default(),
            family: entry.map(|entry| entry.family).unwrap_or_default(),
            pooling: pooling.unwrap_or(Pooling::Cls),
        },
        folder: state.export_choice.form,
        base_model: entry.map_or("", |entry| &entry.hub_id),
        form: state.run.plan.as_ref().map(|plan| plan.form).unwrap_or_default(),
        max_length: ran.and_then(|recipe| recipe.max_length).unwrap_or_default() as usize,
        max_new_tokens: ran.map_or(RecipeSpec::default().max_new_tokens, |recipe| recipe.max_new_tokens),
    }
}

/// Python that predicts with the downloaded model.
pub fn predict(state: &State) -> String {
    format!("# pip install transformers torch\n{}", usage(state).python("my-model"))
}

/// Python that applies the downloaded adapter to its base model.
pub fn adapter(state: &State) -> String {
    format!("# pip install peft transformers torch\n{}", usage(state).adapter_python())
}

/// Commands that convert the weights to ONNX.
pub fn convert(state: &State) -> String {
    let JavaScript { convert, packages, .. } = usage(state).javascript();
    format!("# pip install {packages}\n{convert}")
}

/// JavaScript that predicts with the converted model.
pub fn javascript(state: &State) -> String {
    usage(state).javascript().code
}

/// Python that embeds texts with the encoder of the downloaded model.
pub fn encode(state: &State) -> String {
    format!("# pip install transformers torch\n{}", usage(state).encoder_python("my-model"))
}
