//! The fields of a recipe in the form: the controls of each group, and how values are shown and typed.

use hone_core::decimal::{scientific, trimmed};
use hone_core::recipe::{
    Choice, ChoiceOption, FIELDS, Field, FieldGroup, FieldKind, Number, RecipeSpec, UnfreezeUnit, Unit,
};

use crate::format;

/// Groups under *Advanced*, in order.
pub const GROUPS: [FieldGroup; 7] = [
    FieldGroup::LearningRate,
    FieldGroup::Regularization,
    FieldGroup::Stopping,
    FieldGroup::Unfreezing,
    FieldGroup::Adapter,
    FieldGroup::Batch,
    FieldGroup::Seed,
];

/// Initial value when the user switches the warmup from a ratio to steps.
const WARMUP_STEPS: u32 = 20;
/// Initial value when the user switches evaluations from epochs to steps.
const EVAL_STEPS: u32 = 50;

/// Decides which of `warmup_ratio` and `warmup_steps` is used; not a field of its own.
static WARMUP_UNIT: Field = Field {
    name: "warmup_unit",
    group: FieldGroup::LearningRate,
    label: "Warmup measured in",
    what: "",
    when: "Use steps to compare runs of different lengths.",
    kind: FieldKind::Choice(Choice {
        options: |_| {
            &[
                ChoiceOption { label: "share of the run", what: "Warmup grows with the length of the run." },
                ChoiceOption { label: "steps", what: "Warmup has the same length in every run." },
            ]
        },
        get: |recipe| usize::from(recipe.warmup_steps.is_some()),
        set: |recipe, index| recipe.warmup_steps = (index == 1).then_some(WARMUP_STEPS),
        values: None,
    }),
    applies: RecipeSpec::has_warmup,
    card: "",
};

/// Decides which of `eval_every_epochs` and `eval_every_steps` is used; not a field of its own.
static EVAL_UNIT: Field = Field {
    name: "eval_unit",
    group: FieldGroup::Stopping,
    label: "Evaluations measured in",
    what: "",
    when: "Use steps if an epoch is long.",
    kind: FieldKind::Choice(Choice {
        options: |_| {
            &[
                ChoiceOption { label: "epochs", what: "Evaluates after a number of epochs, fractions included." },
                ChoiceOption { label: "steps", what: "Evaluates after a number of optimizer steps." },
            ]
        },
        get: |recipe| usize::from(recipe.eval_every_steps.is_some()),
        set: |recipe, index| recipe.eval_every_steps = (index == 1).then_some(EVAL_STEPS),
        values: None,
    }),
    applies: |_| true,
    card: "",
};

/// The controls of a group, in order. Lists and maps have views of their own.
pub fn controls(group: FieldGroup) -> Vec<&'static Field> {
    let mut controls = Vec::new();
    for field in FIELDS.iter().filter(|field| field.group == group && !matches!(field.kind, FieldKind::Custom(_))) {
        match field.name {
            "warmup_ratio" => controls.push(&WARMUP_UNIT),
            "eval_every_epochs" => controls.push(&EVAL_UNIT),
            _ => {}
        }
        controls.push(field);
    }
    controls
}

/// The heading of a group.
pub fn title(group: FieldGroup) -> &'static str {
    match group {
        FieldGroup::LearningRate => "Learning rate",
        FieldGroup::Regularization => "Regularization",
        FieldGroup::Stopping => "Stopping",
        FieldGroup::Unfreezing => "Unfreezing",
        FieldGroup::Adapter => "Adapter",
        FieldGroup::Batch => "Batch and length",
        FieldGroup::Seed => "Seed",
        FieldGroup::Head => "Head",
        FieldGroup::Data => "Validation",
    }
}

/// The numeric fields under *Advanced*.
pub fn numbers() -> impl Iterator<Item = (&'static Field, &'static Number)> {
    let fields = FIELDS.iter().filter(|field| !matches!(field.group, FieldGroup::Seed | FieldGroup::Data));
    fields.filter_map(|field| match &field.kind {
        FieldKind::Number(number) => Some((field, number)),
        _ => None,
    })
}

/// The value of a field in words; a dash if it has no effect in this recipe.
pub fn words(field: &Field, recipe: &RecipeSpec) -> String {
    match &field.kind {
        _ if !(field.applies)(recipe) => "–".into(),
        FieldKind::Number(number) => match shown(number, recipe) {
            shown if shown.is_empty() => "automatic".into(),
            shown => format!("{shown} {}", unit(number, recipe)).trim_end().to_owned(),
        },
        FieldKind::Choice(choice) => choice.label(recipe).into(),
        FieldKind::Switch(switch) => if (switch.get)(recipe) { "yes" } else { "no" }.into(),
        FieldKind::Custom(_) => String::new(),
    }
}

/// The unit behind a number; empty if it has none.
pub fn unit(number: &Number, recipe: &RecipeSpec) -> &'static str {
    match (number.unit, recipe.unfreeze_unit) {
        (Unit::Plain, _) => "",
        (Unit::Percent, _) => "%",
        (Unit::Rows, _) => "rows",
        (Unit::Batches, _) => "batches",
        (Unit::Tokens, _) => "tokens",
        (Unit::Layers, _) => "layers",
        (Unit::Epochs, _) | (Unit::Stage, UnfreezeUnit::Epochs) => "epochs",
        (Unit::Steps, _) | (Unit::Stage, UnfreezeUnit::Steps) => "steps",
        (Unit::Evaluations, _) | (Unit::Stage, UnfreezeUnit::Stall) => "evaluations",
    }
}

/// Shown value divided by stored value.
fn scale(number: &Number) -> f64 {
    if number.unit == Unit::Percent { 100.0 } else { 1.0 }
}

/// Minimum and maximum, as shown.
pub fn range(number: &Number) -> (f64, f64) {
    let scale = scale(number);
    (number.range.start() * scale, number.range.end() * scale)
}

/// The range in words.
pub fn range_words(number: &Number) -> String {
    let (least, most) = range(number);
    if most >= f64::from(u32::MAX) {
        return "any whole number".into();
    }
    format!("{} to {}", format::rate(least), format::rate(most))
}

/// The value as shown; empty if it is automatic.
pub fn shown(number: &Number, recipe: &RecipeSpec) -> String {
    match (number.get)(recipe) {
        None => String::new(),
        Some(value) => match value * scale(number) {
            shown if shown != 0.0 && shown.abs() < 1e-3 => scientific(shown, 6),
            // Rounded, or 7 % would be shown as 7.000000000000001.
            shown => trimmed(shown, 6),
        },
    }
}

/// Stores what was typed.
///
/// # Errors
/// Explains which values are valid; the recipe is unchanged.
pub fn parse_into(number: &Number, typed: &str, recipe: &mut RecipeSpec) -> Result<(), String> {
    if typed.trim().is_empty() && number.is_optional {
        (number.set)(recipe, None);
        return Ok(());
    }
    let (least, most) = range(number);
    let is_counted = number.unit == Unit::Stage && recipe.unfreeze_unit != UnfreezeUnit::Epochs;
    let is_whole = number.is_whole || is_counted;
    match format::typed_number(typed) {
        Some(value) if (least..=most).contains(&value) && !(is_whole && value.fract() != 0.0) => {
            (number.set)(recipe, Some(value / scale(number)));
            Ok(())
        }
        _ => {
            let kind = if is_whole { "a whole number" } else { "a number" };
            Err(format!("This must be {kind} from {} to {}.", format::rate(least), format::rate(most)))
        }
    }
}
