use hone_core::recipe::{AdapterKind, RecipeSpec};

use crate::state::recipe::fields::Control;
use crate::state::recipe::fields::Control::{Choice, Number, Switch};
use crate::state::recipe::fields::choice::{choice, flag, one_of, switch};
use crate::state::recipe::fields::number::{field, own, share, whole};

const KINDS: [AdapterKind; 3] = [AdapterKind::None, AdapterKind::Lora, AdapterKind::Dora];

fn is_on(recipe: &RecipeSpec) -> bool {
    recipe.adapter != AdapterKind::None
}

pub static CONTROLS: [Control; 5] = [
    Choice(choice(
        "adapter",
        "Adapter",
        one_of!(adapter: KINDS),
        &[
            ("none", "The weights of the model themselves learn."),
            ("LoRA", "The model stays as it is; small matrices beside its layers learn a correction."),
            (
                "DoRA",
                "LoRA, with the length of each row of a weight learned by itself: a little better, a little slower.",
            ),
        ],
        "Take one to need less memory, or to keep many small results for one model.",
    )),
    Number(crate::state::recipe::fields::Field {
        applies: is_on,
        ..whole(
            "lora_r",
            "Rank",
            own!(lora_r: u32),
            [
                "The inner size of the matrices: how much they can learn.",
                "16 or 32 when 8 scores lower than training all layers.",
            ],
        )
    }),
    Number(crate::state::recipe::fields::Field {
        applies: is_on,
        ..field(
            "lora_alpha",
            "Alpha",
            own!(lora_alpha: f64),
            ["The correction is scaled by alpha over rank.", "Keep it at about twice the rank."],
        )
    }),
    Number(crate::state::recipe::fields::Field {
        applies: is_on,
        ..share(
            "lora_dropout",
            "Dropout of the adapter",
            own!(lora_dropout: f64),
            ["Switches off part of what the matrices read.", "5 to 10 % when it memorizes."],
        )
    }),
    Switch(crate::state::recipe::fields::Switch {
        applies: is_on,
        ..switch(
            "use_rslora",
            "Rank-stabilized",
            flag!(use_rslora),
            [
                "Scales by alpha over the root of the rank, so that high ranks learn as fast (rsLoRA).",
                "Switch it on from rank 32 upwards.",
            ],
        )
    }),
];
