use hone_core::recipe::{RecipeSpec, UnfreezeUnit, Unfreezing};

use crate::state::recipe::fields::Control;
use crate::state::recipe::fields::Control::{Choice, Number, Switch};
use crate::state::recipe::fields::choice::{choice, flag, one_of, switch};
use crate::state::recipe::fields::number::{field, own, whole};

const STRATEGIES: [Unfreezing; 5] =
    [Unfreezing::All, Unfreezing::Head, Unfreezing::Last, Unfreezing::Gradual, Unfreezing::ChainThaw];

const UNITS: [UnfreezeUnit; 3] = [UnfreezeUnit::Epochs, UnfreezeUnit::Steps, UnfreezeUnit::Stall];

const STAGE: &str = "Longer when the head has not settled before the next layer wakes.";

fn has_stages(recipe: &RecipeSpec) -> bool {
    matches!(recipe.unfreezing, Unfreezing::Gradual | Unfreezing::ChainThaw)
}

pub static CONTROLS: [Control; 7] = [
    Choice(choice(
        "unfreezing",
        "What learns",
        one_of!(unfreezing: STRATEGIES),
        &[
            ("all layers", "Everything learns from the first step."),
            (
                "the head alone",
                "The model stays as it is and only the new head learns: fast, and nothing is forgotten.",
            ),
            ("the last layers", "The top layers and the head learn; what is below stays."),
            ("gradually, from the top", "First the head learns, then the layers wake one by one from the top."),
            ("chain-thaw", "First the head, then each layer alone from the bottom, then all together."),
        ],
        "Freeze more on few rows or a slow machine: lower layers hold what is general.",
    )),
    Number(crate::state::recipe::fields::Field {
        unit: "layers",
        applies: |recipe| recipe.unfreezing == Unfreezing::Last,
        ..whole(
            "last_layers",
            "Last layers",
            own!(last_layers: u32),
            ["How many layers learn, counted from the top.", "More when the score stays low and memory allows it."],
        )
    }),
    Choice(crate::state::recipe::fields::Choice {
        applies: has_stages,
        ..choice(
            "unfreeze_unit",
            "A stage is measured in",
            one_of!(unfreeze_unit: UNITS),
            &[
                ("epochs", "The next stage begins after so much of the training rows."),
                ("steps", "The next stage begins after so many corrections."),
                ("evaluations that stall", "The next stage begins when the score has stopped improving."),
            ],
            "Take stalls when you do not know how long a stage needs.",
        )
    }),
    Number(crate::state::recipe::fields::Field {
        unit: "epochs",
        applies: |recipe| has_stages(recipe) && recipe.unfreeze_unit == UnfreezeUnit::Epochs,
        ..field("unfreeze_every", "Length of a stage", own!(unfreeze_every: f64), ["How long each stage lasts.", STAGE])
    }),
    Number(crate::state::recipe::fields::Field {
        unit: "steps",
        applies: |recipe| has_stages(recipe) && recipe.unfreeze_unit == UnfreezeUnit::Steps,
        ..whole("unfreeze_every", "Length of a stage", own!(unfreeze_every: f64), ["How long each stage lasts.", STAGE])
    }),
    Number(crate::state::recipe::fields::Field {
        unit: "evaluations",
        applies: |recipe| has_stages(recipe) && recipe.unfreeze_unit == UnfreezeUnit::Stall,
        ..whole(
            "unfreeze_every",
            "Length of a stall",
            own!(unfreeze_every: f64),
            ["Evaluations in a row without improvement that end a stage.", STAGE],
        )
    }),
    Switch(switch(
        "train_embeddings",
        "Embeddings learn too",
        flag!(train_embeddings),
        [
            "The embeddings hold what each word piece means, and are half of a small model.",
            "Let them learn when your texts use words in a way of their own; it costs memory.",
        ],
    )),
];
