//! Description of a field, for validation, the form and the model card.

use std::ops::RangeInclusive;

use crate::recipe::choices::ChoiceOption;
use crate::recipe::fields::{FIELDS, RecipeSpec};

/// A field of a recipe.
pub struct Field {
    /// Key in recipe.json.
    pub name: &'static str,
    /// Topic that it belongs to.
    pub group: FieldGroup,
    /// Label in the form.
    pub label: &'static str,
    /// One sentence on its effect.
    pub what: &'static str,
    /// One sentence on when to change it.
    pub when: &'static str,
    /// Kind of value, with access to it.
    pub kind: FieldKind,
    /// Returns true if the field has an effect in this recipe; the form hides it otherwise.
    pub applies: fn(&RecipeSpec) -> bool,
    /// Sentence of the model card if the value is not the default, with `{}` for the value; empty for none.
    pub card: &'static str,
}

/// Topic of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldGroup {
    /// Size of the optimizer steps.
    LearningRate,
    /// Techniques against memorizing the training rows.
    Regularization,
    /// Length of a run, evaluations and early stopping.
    Stopping,
    /// Parameter groups that are trained, and their order.
    Unfreezing,
    /// LoRA and DoRA.
    Adapter,
    /// Head that the run begins with; the form shows it if the model brings one along.
    Head,
    /// Size of a batch and of its texts.
    Batch,
    /// Randomness and seeds.
    Seed,
    /// Split of the rows; the form shows it next to the data.
    Data,
}

/// Kind of value of a field, with access to it.
pub enum FieldKind {
    /// A number.
    Number(Number),
    /// One of several named values.
    Choice(Choice),
    /// On or off.
    Switch(Switch),
    /// A map or list, which the form shows in a view of its own; with the numbers of a map.
    Custom(Option<Values>),
}

/// A numeric field.
pub struct Number {
    /// Least and greatest value allowed.
    pub range: RangeInclusive<f64>,
    /// Unit in which the form shows it.
    pub unit: Unit,
    /// True if only whole numbers can be stored.
    pub is_whole: bool,
    /// True if the field may be left empty, so that Hone chooses.
    pub is_optional: bool,
    /// Returns the value; `None` if an optional field is empty.
    pub get: fn(&RecipeSpec) -> Option<f64>,
    /// Stores a value; `None` empties an optional field and changes no other.
    pub set: fn(&mut RecipeSpec, Option<f64>),
}

/// The numbers of a map and their common range.
pub struct Values {
    /// Least and greatest value allowed.
    pub range: RangeInclusive<f64>,
    /// Returns the numbers.
    pub get: fn(&RecipeSpec) -> Vec<f64>,
}

/// A choice among named values.
pub struct Choice {
    /// Returns the values to choose from; some depend on the task.
    pub options: fn(&RecipeSpec) -> &'static [ChoiceOption],
    /// Returns the index of the chosen option.
    pub get: fn(&RecipeSpec) -> usize,
    /// Chooses the option with this index; ignores an index out of bounds.
    pub set: fn(&mut RecipeSpec, usize),
    /// The numbers that one of the options brings along, if any.
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
    /// No unit.
    Plain,
    /// Percent: a ratio of 0.1 is shown as 10.
    Percent,
    /// Rows of the data.
    Rows,
    /// Number of batches.
    Batches,
    /// Number of tokens.
    Tokens,
    /// Layers of the model.
    Layers,
    /// Passes over the training rows.
    Epochs,
    /// Optimizer steps.
    Steps,
    /// Number of evaluations.
    Evaluations,
    /// The recipe's [`UnfreezeUnit`](crate::recipe::UnfreezeUnit).
    Stage,
}

impl Field {
    /// Defaults for an entry of the table: the field always applies and is not mentioned in the model card.
    pub(super) const BASE: Self = Self {
        name: "",
        group: FieldGroup::Seed,
        label: "",
        what: "",
        when: "",
        kind: FieldKind::Custom(None),
        applies: |_| true,
        card: "",
    };

    /// The field with this key in recipe.json.
    pub fn named(name: &str) -> Option<&'static Self> {
        FIELDS.iter().find(|field| field.name == name)
    }

    /// The range of the field's numbers; none if it holds no numbers.
    pub fn range(&self) -> Option<&RangeInclusive<f64>> {
        match &self.kind {
            FieldKind::Number(number) => Some(&number.range),
            FieldKind::Choice(Choice { values, .. }) | FieldKind::Custom(values) => {
                values.as_ref().map(|values| &values.range)
            }
            FieldKind::Switch(_) => None,
        }
    }

    /// The numbers that a recipe has in the field.
    pub fn values(&self, spec: &RecipeSpec) -> Vec<f64> {
        match &self.kind {
            FieldKind::Number(number) => (number.get)(spec).into_iter().collect(),
            FieldKind::Choice(Choice { values: Some(values), .. }) | FieldKind::Custom(Some(values)) => {
                (values.get)(spec)
            }
            FieldKind::Choice(_) | FieldKind::Switch(_) | FieldKind::Custom(None) => Vec::new(),
        }
    }

    /// The sentence of the model card; none if the field has none or is at its default.
    pub fn card_sentence(&self, spec: &RecipeSpec) -> Option<String> {
        let default = RecipeSpec::default();
        let is_default = match &self.kind {
            FieldKind::Choice(choice) => (choice.get)(spec) == (choice.get)(&default),
            FieldKind::Switch(switch) => (switch.get)(spec) == (switch.get)(&default),
            FieldKind::Number(_) | FieldKind::Custom(_) => self.values(spec) == self.values(&default),
        };
        if is_default || self.card.is_empty() || !(self.applies)(spec) {
            return None;
        }
        let value = match &self.kind {
            FieldKind::Number(number) => (number.get)(spec).as_ref().map_or_else(String::new, f64::to_string),
            FieldKind::Choice(choice) => choice.label(spec).to_owned(),
            FieldKind::Switch(_) | FieldKind::Custom(_) => String::new(),
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

/// Type of a numeric field.
pub(super) trait Numeric {
    const IS_WHOLE: bool;
    const IS_OPTIONAL: bool;
    fn get(&self) -> Option<f64>;
    fn set(&mut self, value: Option<f64>);
}

macro_rules! numeric {
    ($type:ty, $is_whole:literal) => {
        impl Numeric for $type {
            const IS_WHOLE: bool = $is_whole;
            const IS_OPTIONAL: bool = false;

            fn get(&self) -> Option<f64> {
                Some(f64::from(*self))
            }

            fn set(&mut self, value: Option<f64>) {
                if let Some(value) = value {
                    *self = value as $type;
                }
            }
        }

        impl Numeric for Option<$type> {
            const IS_WHOLE: bool = $is_whole;
            const IS_OPTIONAL: bool = true;

            fn get(&self) -> Option<f64> {
                self.map(f64::from)
            }

            fn set(&mut self, value: Option<f64>) {
                *self = value.map(|value| value as $type);
            }
        }
    };
}

numeric!(f64, false);
numeric!(u32, true);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::choices::ClassWeights;
    use crate::recipe::param_group::ParamGroup;
    use crate::recipe::task::Task;

    fn card(spec: &RecipeSpec) -> Vec<String> {
        FIELDS.iter().filter_map(|field| field.card_sentence(spec)).collect()
    }

    #[test]
    fn the_card_mentions_what_differs_from_the_default_and_has_an_effect() {
        assert_eq!(card(&RecipeSpec::default()), [""; 0]);
        let spec = RecipeSpec {
            lr_per_group: [(ParamGroup::Head, 1e-3)].into(),
            label_smoothing: 0.1,
            class_weights: ClassWeights::Balanced,
            epochs: Some(9),
            ..RecipeSpec::default()
        };
        let sentences =
            ["Some parameter groups had their own learning rate.", "Label smoothing 0.1.", "Class weights: balanced."];
        assert_eq!(card(&spec), sentences);
        let regression = RecipeSpec { task: Task::Regression, lr_per_group: [].into(), ..spec };
        assert_eq!(card(&regression), [""; 0]);
    }

    #[test]
    fn every_field_has_its_texts_and_each_key_is_in_the_file() {
        let serde_json::Value::Object(keys) = serde_json::to_value(RecipeSpec::default()).unwrap() else { panic!() };
        assert_eq!(keys.len(), FIELDS.len() + 3);
        for field in FIELDS {
            assert!(keys.contains_key(field.name), "{}", field.name);
            for text in [field.label, field.what, field.when] {
                assert!(!text.is_empty() && text.trim() == text, "{}: {text:?}", field.name);
            }
            assert!(field.what.ends_with('.') && field.when.ends_with('.'), "{}", field.name);
        }
    }
}
