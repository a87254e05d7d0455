use hone_core::recipe::{Metric, RecipeSpec, Task};

use crate::state::recipe::fields::Control;
use crate::state::recipe::fields::Control::{Choice, Number};
use crate::state::recipe::fields::choice::choice;
use crate::state::recipe::fields::number::{field, open, own, whole};

/// Steps between evaluations when the person asks for steps and has not said how many.
const EVAL_STEPS: u32 = 50;

const LOSS: (&str, &str) = ("validation loss", "Being sure and wrong counts most; lower is better.");

/// What counts as best in a task: its options are in the order of the task's metrics, the first being the usual one.
const fn best(
    applies: fn(&RecipeSpec) -> bool,
    options: &'static [(&'static str, &'static str)],
    when: &'static str,
) -> Control {
    let read = |recipe: &RecipeSpec| {
        let metrics = Metric::of(recipe.task);
        metrics.iter().position(|metric| Some(*metric) == recipe.metric_for_best_model).unwrap_or_default()
    };
    let write = |recipe: &mut RecipeSpec, index: usize| {
        recipe.metric_for_best_model = Metric::of(recipe.task).get(index).copied().filter(|_| index > 0);
    };
    Choice(crate::state::recipe::fields::Choice {
        applies,
        ..choice("metric_for_best_model", "Best means", (read, write), options, when)
    })
}

pub static CONTROLS: [Control; 14] = [
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
    Number(crate::state::recipe::fields::Field {
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
    Number(crate::state::recipe::fields::Field {
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
    best(
        |recipe| recipe.task == Task::Classification,
        &[
            ("macro-F1", "Every label counts the same; higher is better."),
            ("accuracy", "Every row counts the same; higher is better."),
            ("weighted F1", "F1 of the labels by their rows; higher is better."),
            ("F1 of the worst label", "The label recognized worst decides; higher is better."),
            LOSS,
        ],
        "Take accuracy when common labels matter most, the worst label when none may be neglected.",
    ),
    best(
        |recipe| recipe.task == Task::MultiLabel,
        &[
            ("micro-F1", "Every label of every row counts the same; higher is better."),
            ("macro-F1", "Every label counts the same, however rare; higher is better."),
            ("accuracy", "Rows whose labels are all right; higher is better."),
            LOSS,
        ],
        "Take macro-F1 when rare labels matter as much as common ones.",
    ),
    best(
        |recipe| recipe.task == Task::Regression,
        &[
            ("RMSE", "Large errors count most; lower is better."),
            ("mean error", "Every error counts by its size; lower is better."),
            ("Pearson's r", "How well the predictions follow the numbers in a straight line; higher is better."),
            ("Spearman's ρ", "How well the order is kept; higher is better."),
            LOSS,
        ],
        "Take Spearman's when only the order matters.",
    ),
    best(
        |recipe| recipe.task == Task::TokenClassification,
        &[
            ("F1", "Entities found and right, all kinds together; higher is better."),
            ("precision", "Of the entities that are found, those that are right; higher is better."),
            ("recall", "Of the entities that there are, those that are found; higher is better."),
            ("macro-F1", "Every kind of entity counts the same; higher is better."),
            LOSS,
        ],
        "Take recall when an entity that is missed costs more than one too many.",
    ),
    best(
        |recipe| recipe.task == Task::QuestionAnswering,
        &[
            ("F1", "Words of the answer that are found and right; higher is better."),
            ("exact match", "Answers that are right to the letter; higher is better."),
            LOSS,
        ],
        "Take exact match when half an answer is worth nothing.",
    ),
    best(
        |recipe| recipe.task == Task::Generation,
        &[
            LOSS,
            ("BLEU", "Runs of words shared with the reference; higher is better."),
            ("chrF", "Runs of letters shared with the reference; higher is better."),
            ("exact match", "Texts that are the reference word for word; higher is better."),
        ],
        "BLEU and chrF suit translation; they are measured on few rows, so the loss is steadier.",
    ),
    Number(crate::state::recipe::fields::Field {
        unit: "rows",
        applies: |recipe| recipe.task == Task::Generation,
        ..whole(
            "generated_rows",
            "Rows written on",
            own!(generated_rows: u32),
            [
                "Validation rows that the model writes on at each evaluation, to be read and scored.",
                "More for steadier scores; each takes about as long as reading the text once a token.",
            ],
        )
    }),
    Number(crate::state::recipe::fields::Field {
        unit: "tokens",
        applies: |recipe| recipe.task == Task::Generation,
        ..whole(
            "max_new_tokens",
            "Longest text written",
            own!(max_new_tokens: u32),
            ["Where the model is stopped if it does not end by itself.", "As long as your longest answers."],
        )
    }),
    Number(crate::state::recipe::fields::Field {
        unit: "evaluations",
        ..whole(
            "early_stopping_patience",
            "Patience",
            own!(early_stopping_patience: u32),
            [
                "Stops when the score has not improved for this many evaluations, and keeps the best.",
                "More when the score is jumpy; 0 always runs to the end.",
            ],
        )
    }),
    Number(field(
        "early_stopping_min_delta",
        "Smallest improvement",
        own!(early_stopping_min_delta: f64),
        ["A gain smaller than this does not count as one.", "Raise it to stop sooner when the score only creeps."],
    )),
];
