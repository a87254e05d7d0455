//! Numeric fields of a recipe.

use hone_core::recipe::{RecipeSpec, range_of};

use crate::state::format;

/// A numeric field of a recipe.
pub struct Field {
    /// Its name in the recipe.
    pub name: &'static str,
    /// Its name on the page.
    pub label: &'static str,
    /// Behind the number; empty when it has none.
    pub unit: &'static str,
    /// Shown value over stored value: 100 for a share shown in per cent.
    pub scale: f64,
    /// Whether only whole numbers make sense.
    pub is_whole: bool,
    /// Whether the field may be left empty, for Hone to choose.
    pub is_optional: bool,
    /// One sentence of what it does.
    pub what: &'static str,
    /// One sentence of when to change it.
    pub when: &'static str,
    /// Whether it matters for a recipe.
    pub applies: fn(&RecipeSpec) -> bool,
    pub(super) read: fn(&RecipeSpec) -> Option<f64>,
    pub(super) write: fn(&mut RecipeSpec, Option<f64>),
}

/// For fields that always matter.
pub(super) fn always(_: &RecipeSpec) -> bool {
    true
}

impl Field {
    /// Least and most, as shown. A seed may be any number that fits.
    pub fn range(&self) -> (f64, f64) {
        if self.name == "seed" {
            return (0.0, f64::from(u32::MAX));
        }
        let range = range_of(self.name);
        (range.start() * self.scale, range.end() * self.scale)
    }

    /// The range in words.
    pub fn range_words(&self) -> String {
        let (least, most) = self.range();
        if most >= f64::from(u32::MAX) {
            return "any whole number".into();
        }
        format!("{} to {}", format::rate(least), format::rate(most))
    }

    /// The value as shown; empty when it is left to Hone.
    pub fn shown(&self, recipe: &RecipeSpec) -> String {
        match (self.read)(recipe) {
            None => String::new(),
            Some(value) => match value * self.scale {
                shown if shown != 0.0 && shown.abs() < 1e-3 => format!("{shown:e}"),
                // Rounded, or 7 % would be shown as 7.000000000000001.
                shown => ((shown * 1e6).round() / 1e6).to_string(),
            },
        }
    }

    /// Puts what the person typed into the recipe.
    ///
    /// # Errors
    /// Says what the field takes; the recipe stays as it was.
    pub fn parse_into(&self, typed: &str, recipe: &mut RecipeSpec) -> Result<(), String> {
        let typed = typed.trim().replace(',', ".");
        if typed.is_empty() && self.is_optional {
            (self.write)(recipe, None);
            return Ok(());
        }
        let (least, most) = self.range();
        let kind = if self.is_whole { "a whole number" } else { "a number" };
        match typed.parse::<f64>() {
            Ok(value) if (least..=most).contains(&value) && !(self.is_whole && value.fract() != 0.0) => {
                (self.write)(recipe, Some(value / self.scale));
                Ok(())
            }
            _ => Err(format!("This must be {kind} from {} to {}.", format::rate(least), format::rate(most))),
        }
    }
}

/// A field that has its own default, by its place in the recipe.
macro_rules! own {
    ($field:ident: $type:ty) => {
        (
            |recipe| Some(f64::from(recipe.$field)),
            |recipe, value| {
                if let Some(value) = value {
                    recipe.$field = value as $type;
                }
            },
        )
    };
}

/// A field that is chosen by Hone when it is left empty.
macro_rules! open {
    ($field:ident: $type:ty) => {
        (|recipe| recipe.$field.map(f64::from), |recipe, value| recipe.$field = value.map(|value| value as $type))
    };
}

pub(super) use {open, own};

/// How a number is read from a recipe and written to it.
pub type Access = (fn(&RecipeSpec) -> Option<f64>, fn(&mut RecipeSpec, Option<f64>));

pub(super) const fn field(name: &'static str, label: &'static str, access: Access, texts: [&'static str; 2]) -> Field {
    Field {
        name,
        label,
        unit: "",
        scale: 1.0,
        is_whole: false,
        is_optional: false,
        what: texts[0],
        when: texts[1],
        applies: always,
        read: access.0,
        write: access.1,
    }
}

pub(super) const fn whole(name: &'static str, label: &'static str, access: Access, texts: [&'static str; 2]) -> Field {
    Field { is_whole: true, ..field(name, label, access, texts) }
}

pub(super) const fn share(name: &'static str, label: &'static str, access: Access, texts: [&'static str; 2]) -> Field {
    Field { unit: "%", scale: 100.0, ..field(name, label, access, texts) }
}
