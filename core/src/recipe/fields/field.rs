//! Description of a field: what validation, the form and the model card need to know about it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::recipe::choices::{ChoiceOption, ClassWeights};
use crate::recipe::fields::{FIELDS, RecipeSpec};
use crate::recipe::param_group::ParamGroup;

/// A field of a recipe.
pub struct Field {
    /// Key in recipe.json.
    pub name: &'static str,
    /// Topic that it belongs to.
    pub group: Group,
    /// Label in the form.
    pub label: &'static str,
    /// One sentence on its effect.
    pub what: &'static str,
    /// One sentence on when to change it.
    pub when: &'static str,
    /// Kind of value, with access to it.
    pub kind: Kind,
    /// Returns true if the field has an effect in this recipe; the form hides it otherwise.
    pub applies: fn(&RecipeSpec) -> bool,
    /// Sentence of the model card if the value is not the default, with `{}` for the value; empty for none.
    pub card: &'static str,
}

/// Topic of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Size of the optimizer steps.
    LearningRate,
    /// What keeps a model from memorizing its training rows.
    Regularization,
    /// Length of a run, evaluations and early stopping.
    Stopping,
    /// Which parameter groups train, and when.
    Unfreezing,
    /// LoRA and DoRA.
    Adapter,
    /// What is computed at a time.
    Batch,
    /// Randomness.
    Seed,
    /// Split of the rows; the form shows it next to the data.
    Data,
}

/// Kind of value of a field, with access to it.
pub enum Kind {
    /// A number.
    Number(Number),
    /// One of several named values.
    Choice(Choice),
    /// On or off.
    Switch(Switch),
    /// A map or list, which the form shows in a view of its own; with its numbers, if it has any.
    Custom(Option<Values>),
}

/// The numbers in a field and their common range.
pub struct Values {
    /// Least and greatest value allowed.
    pub range: RangeInclusive<f64>,
    /// Returns the numbers that a recipe has there.
    pub get: fn(&RecipeSpec) -> Vec<f64>,
}

/// A numeric field.
pub struct Number {
    /// Its value, if it has one, and its range.
    pub values: Values,
    /// Unit in which the form shows it.
    pub unit: Unit,
    /// True if only whole numbers can be stored.
    pub is_whole: bool,
    /// True if the field may be left empty, so that Hone chooses.
    pub is_optional: bool,
    /// Stores a value; `None` empties an optional field and changes no other.
    pub set: fn(&mut RecipeSpec, Option<f64>),
}

/// A choice among named values.
pub struct Choice {
    /// Returns the values to choose from; some depend on the task.
    pub options: fn(&RecipeSpec) -> &'static [ChoiceOption],
    /// Returns the index of the chosen option.
    pub get: fn(&RecipeSpec) -> usize,
    /// Chooses the option with this index; ignores an index out of bounds.
    pub set: fn(&mut RecipeSpec, usize),
    /// Numbers that belong to one of the options, if there are any.
    pub values: Option<Values>,
}

/// A field that is on or off.
pub struct Switch {
    /// Returns true if it is on.
    pub get: fn(&RecipeSpec) -> bool,
    /// Turns it on or off.
    pub set: fn(&mut RecipeSpec, bool),
}

/// Unit in which the form shows a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// None.
    Plain,
    /// Percent: a ratio of 0.1 is shown as 10.
    Percent,
    /// Rows of the data.
    Rows,
    /// Batches.
    Batches,
    /// Tokens.
    Tokens,
    /// Layers of the model.
    Layers,
    /// Passes over the training rows.
    Epochs,
    /// Optimizer steps.
    Steps,
    /// Evaluations.
    Evaluations,
    /// The recipe's [`UnfreezeUnit`](crate::recipe::UnfreezeUnit).
    Stage,
}

impl Field {
    /// What the table need not say: a field that always applies and is not mentioned in the model card.
    pub(super) const BASE: Self = Self {
        name: "",
        group: Group::Seed,
        label: "",
        what: "",
        when: "",
        kind: Kind::Custom(None),
        applies: |_| true,
        card: "",
    };

    /// The field with this key in recipe.json.
    pub fn named(name: &str) -> Option<&'static Self> {
        FIELDS.iter().find(|field| field.name == name)
    }

    /// The numbers that must be in a range; none if the field holds no numbers.
    pub fn values(&self) -> Option<&Values> {
        match &self.kind {
            Kind::Number(number) => Some(&number.values),
            Kind::Choice(choice) => choice.values.as_ref(),
            Kind::Switch(_) => None,
            Kind::Custom(values) => values.as_ref(),
        }
    }

    /// The sentence of the model card; none if the field has none or is at its default.
    pub fn card_sentence(&self, spec: &RecipeSpec) -> Option<String> {
        let default = RecipeSpec::default();
        let is_default = match &self.kind {
            Kind::Number(Number { values, .. }) | Kind::Custom(Some(values)) => {
                (values.get)(spec) == (values.get)(&default)
            }
            Kind::Choice(choice) => (choice.get)(spec) == (choice.get)(&default),
            Kind::Switch(switch) => (switch.get)(spec) == (switch.get)(&default),
            Kind::Custom(None) => true,
        };
        if is_default || self.card.is_empty() || !(self.applies)(spec) {
            return None;
        }
        let value = match &self.kind {
            Kind::Number(number) => (number.values.get)(spec).first().map_or_else(String::new, f64::to_string),
            Kind::Choice(choice) => choice.label(spec).to_owned(),
            Kind::Switch(_) | Kind::Custom(_) => String::new(),
        };
        Some(self.card.replace("{}", &value))
    }
}

impl Choice {
    /// The label of the chosen option.
    pub fn label(&self, spec: &RecipeSpec) -> &'static str {
        (self.options)(spec).get((self.get)(spec)).map_or("", |option| option.label)
    }
}

/// A type whose numbers a range can check.
pub(super) trait HasValues {
    fn values(&self) -> Vec<f64>;
}

/// A type of a numeric field.
pub(super) trait Numeric: HasValues {
    const IS_WHOLE: bool;
    const IS_OPTIONAL: bool;
    fn set(&mut self, value: Option<f64>);
}

macro_rules! numeric {
    ($type:ty, $is_whole:literal) => {
        impl HasValues for $type {
            fn values(&self) -> Vec<f64> {
                vec![f64::from(*self)]
            }
        }

        impl Numeric for $type {
            const IS_WHOLE: bool = $is_whole;
            const IS_OPTIONAL: bool = false;

            fn set(&mut self, value: Option<f64>) {
                if let Some(value) = value {
                    *self = value as $type;
                }
            }
        }

        impl HasValues for Option<$type> {
            fn values(&self) -> Vec<f64> {
                self.map(f64::from).into_iter().collect()
            }
        }

        impl Numeric for Option<$type> {
            const IS_WHOLE: bool = $is_whole;
            const IS_OPTIONAL: bool = true;

            fn set(&mut self, value: Option<f64>) {
                *self = value.map(|value| value as $type);
            }
        }
    };
}

numeric!(f64, false);
numeric!(u32, true);

impl HasValues for BTreeMap<ParamGroup, f64> {
    fn values(&self) -> Vec<f64> {
        self.values().copied().collect()
    }
}

impl HasValues for ClassWeights {
    fn values(&self) -> Vec<f64> {
        match self {
            Self::Equal | Self::Balanced => Vec::new(),
            Self::Given(weights) => weights.values().copied().collect(),
        }
    }
}
