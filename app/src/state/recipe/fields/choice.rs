//! Controls that are no numbers.

use hone_core::recipe::RecipeSpec;

use crate::state::recipe::fields::number::always;

/// One of several.
pub struct Choice {
    /// Its name in the recipe.
    pub name: &'static str,
    /// Its name on the page.
    pub label: &'static str,
    /// The name of each and one sentence of what it does.
    pub options: &'static [(&'static str, &'static str)],
    /// One sentence of when to change it.
    pub when: &'static str,
    /// Whether it matters for a recipe.
    pub applies: fn(&RecipeSpec) -> bool,
    pub(super) read: fn(&RecipeSpec) -> usize,
    pub(super) write: fn(&mut RecipeSpec, usize),
}

/// On or off.
pub struct Switch {
    /// Its name in the recipe.
    pub name: &'static str,
    /// Its name on the page.
    pub label: &'static str,
    /// One sentence of what it does.
    pub what: &'static str,
    /// One sentence of when to change it.
    pub when: &'static str,
    /// Whether it matters for a recipe.
    pub applies: fn(&RecipeSpec) -> bool,
    pub(super) read: fn(&RecipeSpec) -> bool,
    pub(super) write: fn(&mut RecipeSpec, bool),
}

impl Choice {
    /// Index of the chosen option.
    pub fn chosen(&self, recipe: &RecipeSpec) -> usize {
        (self.read)(recipe)
    }

    /// The name of the chosen option.
    pub fn name_of_chosen(&self, recipe: &RecipeSpec) -> &'static str {
        self.options.get(self.chosen(recipe)).map_or("", |(name, _)| name)
    }

    /// Chooses an option; an index beyond them is left alone.
    pub fn choose(&self, index: usize, recipe: &mut RecipeSpec) {
        if index < self.options.len() {
            (self.write)(recipe, index);
        }
    }
}

impl Switch {
    /// Whether it is on.
    pub fn is_on(&self, recipe: &RecipeSpec) -> bool {
        (self.read)(recipe)
    }

    /// Switches it.
    pub fn set(&self, is_on: bool, recipe: &mut RecipeSpec) {
        (self.write)(recipe, is_on);
    }
}

/// How a choice is read from a recipe and written to it.
pub type ChoiceAccess = (fn(&RecipeSpec) -> usize, fn(&mut RecipeSpec, usize));

/// How a switch is read from a recipe and written to it.
pub type SwitchAccess = (fn(&RecipeSpec) -> bool, fn(&mut RecipeSpec, bool));

/// One of the values of an enum, by its place in a list of all of them.
macro_rules! one_of {
    ($field:ident: $all:expr) => {
        (
            |recipe| $all.iter().position(|value| *value == recipe.$field).unwrap_or_default(),
            |recipe, index| {
                if let Some(value) = $all.get(index) {
                    recipe.$field = *value;
                }
            },
        )
    };
}

/// A switch by its place in the recipe.
macro_rules! flag {
    ($field:ident) => {
        (|recipe| recipe.$field, |recipe, is_on| recipe.$field = is_on)
    };
}

pub(super) use {flag, one_of};

pub(super) const fn choice(
    name: &'static str,
    label: &'static str,
    access: ChoiceAccess,
    options: &'static [(&'static str, &'static str)],
    when: &'static str,
) -> Choice {
    Choice { name, label, options, when, applies: always, read: access.0, write: access.1 }
}

pub(super) const fn switch(
    name: &'static str,
    label: &'static str,
    access: SwitchAccess,
    texts: [&'static str; 2],
) -> Switch {
    Switch { name, label, what: texts[0], when: texts[1], applies: always, read: access.0, write: access.1 }
}
