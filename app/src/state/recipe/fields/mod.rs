//! The controls of a recipe as a person meets them: tables, from which form, checks and sweeps are made.

mod adapter;
mod batch;
mod choice;
mod learning_rate;
mod number;
mod regularization;
mod seed;
mod stopping;
mod unfreezing;

use hone_core::recipe::RecipeSpec;

pub use choice::{Choice, Switch};
pub use number::Field;
pub use seed::{SEED, VALIDATION_RATIO};

/// Something of the recipe that can be set.
pub enum Control {
    /// A number.
    Number(Field),
    /// One of several.
    Choice(Choice),
    /// On or off.
    Switch(Switch),
}

impl Control {
    /// Its name in the recipe.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Number(field) => field.name,
            Self::Choice(choice) => choice.name,
            Self::Switch(switch) => switch.name,
        }
    }

    /// Its name on the page.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Number(field) => field.label,
            Self::Choice(choice) => choice.label,
            Self::Switch(switch) => switch.label,
        }
    }

    /// What it says in a recipe, in words; a dash where it does not matter.
    pub fn words(&self, recipe: &RecipeSpec) -> String {
        match self {
            _ if !self.applies(recipe) => "–".into(),
            Self::Number(field) => match field.shown(recipe) {
                shown if shown.is_empty() => "automatic".into(),
                shown => format!("{shown} {}", field.unit).trim_end().to_owned(),
            },
            Self::Choice(choice) => choice.name_of_chosen(recipe).into(),
            Self::Switch(switch) => if switch.is_on(recipe) { "yes" } else { "no" }.into(),
        }
    }

    /// Whether it matters for this recipe; it is hidden otherwise.
    pub fn applies(&self, recipe: &RecipeSpec) -> bool {
        match self {
            Self::Number(field) => (field.applies)(recipe),
            Self::Choice(choice) => (choice.applies)(recipe),
            Self::Switch(switch) => (switch.applies)(recipe),
        }
    }
}

/// Controls that belong together.
pub struct Group {
    /// Which.
    pub topic: Topic,
    /// In the order in which they are met.
    pub controls: &'static [Control],
}

/// What a group is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// How large the corrections are, when and where.
    LearningRate,
    /// What keeps a model from memorizing.
    Regularization,
    /// How long a run lasts, and what counts as best.
    Stopping,
    /// Which parts learn when.
    Unfreezing,
    /// Small matrices that learn in place of the model.
    Adapter,
    /// What is computed at a time.
    Batch,
    /// Chance.
    Seed,
}

impl Topic {
    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::LearningRate => "Learning rate",
            Self::Regularization => "Regularization",
            Self::Stopping => "Stopping",
            Self::Unfreezing => "Unfreezing",
            Self::Adapter => "Adapter",
            Self::Batch => "Batch and length",
            Self::Seed => "Seed",
        }
    }
}

/// The groups under *Advanced*.
pub static GROUPS: [Group; 7] = [
    Group { topic: Topic::LearningRate, controls: &learning_rate::CONTROLS },
    Group { topic: Topic::Regularization, controls: &regularization::CONTROLS },
    Group { topic: Topic::Stopping, controls: &stopping::CONTROLS },
    Group { topic: Topic::Unfreezing, controls: &unfreezing::CONTROLS },
    Group { topic: Topic::Adapter, controls: &adapter::CONTROLS },
    Group { topic: Topic::Batch, controls: &batch::CONTROLS },
    Group { topic: Topic::Seed, controls: &[] },
];

/// Every numeric field under *Advanced*.
pub fn numbers() -> impl Iterator<Item = &'static Field> {
    let controls = GROUPS.iter().flat_map(|group| group.controls);
    controls.filter_map(|control| match control {
        Control::Number(field) => Some(field),
        _ => None,
    })
}
