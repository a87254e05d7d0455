//! The numeric fields of a recipe as a person meets them: one table, from which form and checks are made.

use hone_core::recipe::{RawRecipe, range_of};

use super::show;

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
    read: fn(&RawRecipe) -> Option<f64>,
    write: fn(&mut RawRecipe, Option<f64>),
}

/// Fields that belong together.
pub struct Group {
    /// Its heading.
    pub title: &'static str,
    /// In the order in which they are met.
    pub fields: &'static [Field],
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
        format!("{} to {}", show::rate(least), show::rate(most))
    }

    /// The value as shown; empty when it is left to Hone.
    pub fn shown(&self, recipe: &RawRecipe) -> String {
        match (self.read)(recipe) {
            None => String::new(),
            Some(value) if value != 0.0 && value.abs() < 1e-3 => format!("{value:e}"),
            // Rounded, or 7 % would be shown as 7.000000000000001.
            Some(value) => ((value * self.scale * 1e6).round() / 1e6).to_string(),
        }
    }

    /// Puts what the person typed into the recipe.
    ///
    /// # Errors
    /// Says what the field takes; the recipe stays as it was.
    pub fn parse_into(&self, typed: &str, recipe: &mut RawRecipe) -> Result<(), String> {
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
            _ => Err(format!("This must be {kind} from {} to {}.", show::rate(least), show::rate(most))),
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

type Access = (fn(&RawRecipe) -> Option<f64>, fn(&mut RawRecipe, Option<f64>));

const fn field(name: &'static str, label: &'static str, access: Access, texts: [&'static str; 2]) -> Field {
    Field {
        name,
        label,
        unit: "",
        scale: 1.0,
        is_whole: false,
        is_optional: false,
        what: texts[0],
        when: texts[1],
        read: access.0,
        write: access.1,
    }
}

const fn whole(name: &'static str, label: &'static str, access: Access, texts: [&'static str; 2]) -> Field {
    Field { is_whole: true, ..field(name, label, access, texts) }
}

const fn share(name: &'static str, label: &'static str, access: Access, texts: [&'static str; 2]) -> Field {
    Field { unit: "%", scale: 100.0, ..field(name, label, access, texts) }
}

/// Share of rows kept for validation; it stands with the data.
pub static VALIDATION_SHARE: Field = share(
    "validation_share",
    "Kept for validation",
    own!(validation_share: f64),
    [
        "Rows the model never learns from, with the same shares of labels, to check it honestly.",
        "More when there are few rows, so that the check is worth something.",
    ],
);

/// Seed of all that is random; it stands with the data.
pub static SEED: Field = whole(
    "seed",
    "Seed",
    own!(seed: u32),
    [
        "The number all chance is drawn from: split, order, new head, dropout.",
        "Change it to see how much of a score is luck; keep it to compare two recipes.",
    ],
);

/// The fields under *Advanced*, in groups.
pub static GROUPS: [Group; 4] = [
    Group {
        title: "Learning rate",
        fields: &[
            Field {
                is_optional: true,
                ..field(
                    "lr_peak",
                    "Highest rate",
                    open!(lr_peak: f64),
                    [
                        "How big each correction is. Small keeps what the model knows; too big and it forgets.",
                        "Halve it when the loss jumps about; double it when the loss hardly moves.",
                    ],
                )
            },
            share(
                "warmup_share",
                "Warm-up",
                own!(warmup_share: f64),
                [
                    "Starts gently while the new head is still guessing: the rate rises over this part of the run.",
                    "More when the loss shoots up in the first steps.",
                ],
            ),
        ],
    },
    Group {
        title: "Regularisation",
        fields: &[
            share(
                "dropout",
                "Dropout",
                own!(dropout: f64),
                [
                    "Switches off random parts in training so that none is relied on too much.",
                    "More when the model memorises: training loss falls while validation loss rises.",
                ],
            ),
            field(
                "weight_decay",
                "Weight decay",
                own!(weight_decay: f64),
                [
                    "Pulls weights gently towards zero, so that none grows without need.",
                    "Raise it to 0.1 on very small data; 0 switches it off.",
                ],
            ),
            field(
                "clip_norm",
                "Clip gradient at",
                own!(clip_norm: f64),
                [
                    "Shortens a correction that is longer than this, so that one odd batch cannot do harm.",
                    "Lower it when the loss has spikes; 0 switches it off.",
                ],
            ),
        ],
    },
    Group {
        title: "Stopping",
        fields: &[
            whole(
                "epochs",
                "Epochs",
                own!(epochs: u32),
                [
                    "How many times the model reads all training rows.",
                    "More for a few hundred rows; fewer for tens of thousands.",
                ],
            ),
            whole(
                "evals_per_epoch",
                "Checks an epoch",
                own!(evals_per_epoch: u32),
                [
                    "How often the model is scored on the validation rows.",
                    "More to stop at a better moment; each check takes time.",
                ],
            ),
            Field {
                unit: "checks",
                ..whole(
                    "patience",
                    "Patience",
                    own!(patience: u32),
                    [
                        "Stops when the score has not improved for this many checks, and keeps the best.",
                        "More when the score is jumpy; 0 always runs to the end.",
                    ],
                )
            },
            field(
                "min_change",
                "Smallest improvement",
                own!(min_change: f64),
                [
                    "A gain smaller than this does not count as one.",
                    "Raise it to stop sooner when the score only creeps.",
                ],
            ),
        ],
    },
    Group {
        title: "Batch and length",
        fields: &[
            Field {
                unit: "rows",
                ..whole(
                    "batch_size",
                    "Batch",
                    own!(batch_size: u32),
                    ["Rows computed at a time.", "Smaller when memory runs out; larger gives calmer steps."],
                )
            },
            Field {
                unit: "batches",
                ..whole(
                    "grad_accum_steps",
                    "Batches a step",
                    own!(grad_accum_steps: u32),
                    [
                        "Adds up this many batches before each correction: a large batch without its memory.",
                        "Raise it when you had to make the batch small.",
                    ],
                )
            },
            Field {
                unit: "tokens",
                is_optional: true,
                ..whole(
                    "max_len",
                    "Longest text",
                    open!(max_len: u32),
                    [
                        "Texts are cut after this many tokens; twice as long is more than twice as slow.",
                        "Raise it when what matters stands late in long texts.",
                    ],
                )
            },
        ],
    },
];
