use hone_core::recipe::{RecipeSpec, ScheduleKind};

use crate::state::recipe::fields::Control;
use crate::state::recipe::fields::Control::{Choice, Number};
use crate::state::recipe::fields::choice::{choice, one_of};
use crate::state::recipe::fields::number::{field, open, own, share, whole};

/// Warm-up in steps when the person asks for steps and has not said how many.
const WARMUP_STEPS: u32 = 20;

const SCHEDULES: [(&str, &str); 9] = [
    ("Constant", "Stays at its highest after the warm-up."),
    ("Linear", "Falls in a straight line: a sound choice for nearly everything."),
    ("Cosine", "Falls along half a cosine: long near the top, then quickly, then gently to the end."),
    ("Cosine with restarts", "Falls along a cosine and jumps up again, so that it can leave a poor spot."),
    ("Polynomial", "Falls along a power: quickly at first, and slowly toward the end."),
    ("Inverse square root", "Falls ever more slowly and never to nothing: good where the end is not known."),
    ("One cycle", "Rises slowly to the top and falls slowly below where it began, along cosines."),
    ("Slanted triangular", "A short steep rise and a long fall: made for gradual unfreezing (ULMFiT)."),
    ("Plateau", "Stays until the score stalls and is then cut; where that happens, the run decides."),
];

fn rises_by_itself(recipe: &RecipeSpec) -> bool {
    recipe.schedule == ScheduleKind::SlantedTriangular
}

fn has_end(recipe: &RecipeSpec) -> bool {
    use ScheduleKind::{Cosine, CosineRestarts, Linear, OneCycle, Polynomial};
    [Linear, Cosine, CosineRestarts, Polynomial, OneCycle].contains(&recipe.schedule)
}

pub static CONTROLS: [Control; 14] = [
    Number(crate::state::recipe::fields::Field {
        is_optional: true,
        ..field(
            "learning_rate",
            "Highest rate",
            open!(learning_rate: f64),
            [
                "How big each correction is. Small keeps what the model knows; too big and it forgets.",
                "Halve it when the loss jumps about; double it when the loss hardly moves.",
            ],
        )
    }),
    Choice(choice(
        "schedule",
        "Schedule",
        one_of!(schedule: ScheduleKind::ALL),
        &SCHEDULES,
        "Change it when the loss still falls at the end, or has long stopped falling.",
    )),
    Choice(crate::state::recipe::fields::Choice {
        applies: |recipe| !rises_by_itself(recipe),
        ..choice(
            "warmup_unit",
            "Warm-up is given as",
            (
                |recipe| usize::from(recipe.warmup_steps.is_some()),
                |recipe, index| recipe.warmup_steps = (index == 1).then_some(WARMUP_STEPS),
            ),
            &[
                ("a share of the run", "The warm-up grows with the run."),
                ("a number of steps", "The warm-up is as long, however long the run is."),
            ],
            "Take steps to compare runs of different length.",
        )
    }),
    Number(crate::state::recipe::fields::Field {
        applies: |recipe| !rises_by_itself(recipe) && recipe.warmup_steps.is_none(),
        ..share(
            "warmup_ratio",
            "Warm-up",
            own!(warmup_ratio: f64),
            [
                "Starts gently while the new head is still guessing: the rate rises over this part of the run.",
                "More when the loss shoots up in the first steps.",
            ],
        )
    }),
    Number(crate::state::recipe::fields::Field {
        unit: "steps",
        applies: |recipe| !rises_by_itself(recipe) && recipe.warmup_steps.is_some(),
        ..whole(
            "warmup_steps",
            "Warm-up",
            open!(warmup_steps: u32),
            [
                "Starts gently while the new head is still guessing: the rate rises over this many steps.",
                "More when the loss shoots up in the first steps.",
            ],
        )
    }),
    Number(crate::state::recipe::fields::Field {
        applies: has_end,
        ..share(
            "lr_final_ratio",
            "Rate at the end",
            own!(lr_final_ratio: f64),
            [
                "Where the fall ends, as a share of the highest rate.",
                "Above 0 when the score still rises in the last steps.",
            ],
        )
    }),
    Number(crate::state::recipe::fields::Field {
        applies: |recipe| recipe.schedule == ScheduleKind::OneCycle,
        ..share(
            "lr_start_ratio",
            "Rate at the beginning",
            own!(lr_start_ratio: f64),
            [
                "Where the rise begins, as a share of the highest rate.",
                "Lower it when the loss shoots up in the first steps.",
            ],
        )
    }),
    Number(crate::state::recipe::fields::Field {
        applies: |recipe| recipe.schedule == ScheduleKind::CosineRestarts,
        ..whole(
            "cycles",
            "Cycles",
            own!(cycles: u32),
            ["How often the rate falls.", "One for each two or three epochs is plenty."],
        )
    }),
    Number(crate::state::recipe::fields::Field {
        applies: |recipe| recipe.schedule == ScheduleKind::Polynomial,
        ..field(
            "power",
            "Power",
            own!(power: f64),
            ["How the fall bends: 1 is a straight line.", "Higher to spend more of the run at small rates."],
        )
    }),
    Number(crate::state::recipe::fields::Field {
        applies: rises_by_itself,
        ..share(
            "cut_frac",
            "Rise",
            own!(cut_frac: f64),
            ["Part of the run over which the rate rises.", "10 % is what ULMFiT takes; more for very short runs."],
        )
    }),
    Number(crate::state::recipe::fields::Field {
        applies: rises_by_itself,
        ..field(
            "ratio",
            "Highest over lowest",
            own!(ratio: f64),
            [
                "How many times the highest rate is above that of beginning and end.",
                "32 is what ULMFiT takes; lower to go on learning at the end.",
            ],
        )
    }),
    Number(crate::state::recipe::fields::Field {
        applies: |recipe| recipe.schedule == ScheduleKind::Plateau,
        ..field(
            "plateau_factor",
            "Cut to",
            own!(plateau_factor: f64),
            [
                "What the rate is multiplied with when the score stalls.",
                "0.1 for few deep cuts, 0.5 for many small ones.",
            ],
        )
    }),
    Number(crate::state::recipe::fields::Field {
        unit: "evaluations",
        applies: |recipe| recipe.schedule == ScheduleKind::Plateau,
        ..whole(
            "plateau_patience",
            "Patience before a cut",
            own!(plateau_patience: u32),
            [
                "Evaluations without improvement that are borne before the rate is cut.",
                "Keep it below the patience of early stopping, or the run ends before the first cut.",
            ],
        )
    }),
    Number(crate::state::recipe::fields::Field {
        applies: |recipe| recipe.lr_per_group.is_empty(),
        ..field(
            "layer_decay",
            "Rate from layer to layer",
            own!(layer_decay: f64),
            [
                "Each layer learns at this share of the rate above it: lower layers hold what is general, and change less.",
                "Below 1 so that lower layers move less; the highest rate can then be two or three times higher.",
            ],
        )
    }),
];
