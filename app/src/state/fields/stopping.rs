use hone_core::recipe::Metric;

use super::Control::{self, Choice, Number};
use super::choice::{choice, one_of};
use super::number::{field, open, own, whole};

/// Steps between evaluations when the person asks for steps and has not said how many.
const EVAL_STEPS: u32 = 50;

/// In the order of the options.
const METRICS: [Metric; 5] = [Metric::MacroF1, Metric::Accuracy, Metric::WeightedF1, Metric::WorstF1, Metric::Loss];

pub static CONTROLS: [Control; 7] = [
    Number(whole(
        "epochs",
        "Epochs",
        own!(epochs: u32),
        [
            "How many times the model reads all training rows.",
            "More for a few hundred rows; fewer for tens of thousands.",
        ],
    )),
    Choice(choice(
        "eval_unit",
        "Evaluations are counted in",
        (
            |recipe| usize::from(recipe.eval_every_steps.is_some()),
            |recipe, index| recipe.eval_every_steps = (index == 1).then_some(EVAL_STEPS),
        ),
        &[
            ("epochs", "The model is scored each time it has read so much of the training rows."),
            ("steps", "The model is scored after so many corrections."),
        ],
        "Take steps when an epoch is long.",
    )),
    Number(super::Field {
        unit: "epochs",
        applies: |recipe| recipe.eval_every_steps.is_none(),
        ..field(
            "eval_every_epochs",
            "Evaluate every",
            own!(eval_every_epochs: f64),
            [
                "How often the model is scored on the validation rows.",
                "More often to stop at a better moment; each evaluation takes time.",
            ],
        )
    }),
    Number(super::Field {
        unit: "steps",
        applies: |recipe| recipe.eval_every_steps.is_some(),
        ..whole(
            "eval_every_steps",
            "Evaluate every",
            open!(eval_every_steps: u32),
            [
                "How often the model is scored on the validation rows.",
                "More often to stop at a better moment; each evaluation takes time.",
            ],
        )
    }),
    Choice(choice(
        "best_metric",
        "Best means",
        one_of!(best_metric: METRICS),
        &[
            ("macro-F1", "Every label counts the same; higher is better."),
            ("accuracy", "Every row counts the same; higher is better."),
            ("weighted F1", "F1 of the labels by their rows; higher is better."),
            ("F1 of the worst label", "The label recognised worst decides; higher is better."),
            ("validation loss", "Being sure and wrong counts most; lower is better."),
        ],
        "Take accuracy when common labels matter most, the worst label when none may be neglected.",
    )),
    Number(super::Field {
        unit: "evaluations",
        ..whole(
            "patience",
            "Patience",
            own!(patience: u32),
            [
                "Stops when the score has not improved for this many evaluations, and keeps the best.",
                "More when the score is jumpy; 0 always runs to the end.",
            ],
        )
    }),
    Number(field(
        "min_change",
        "Smallest improvement",
        own!(min_change: f64),
        ["A gain smaller than this does not count as one.", "Raise it to stop sooner when the score only creeps."],
    )),
];
