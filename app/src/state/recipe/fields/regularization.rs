use hone_core::recipe::{ClassWeights, RecipeSpec, Task};

use crate::state::recipe::fields::Control;
use crate::state::recipe::fields::Control::{Choice, Number, Switch};
use crate::state::recipe::fields::choice::{choice, flag, switch};
use crate::state::recipe::fields::number::{field, own, share, whole};

fn has_classes(recipe: &RecipeSpec) -> bool {
    matches!(recipe.task, Task::Classification | Task::TokenClassification)
}

pub static CONTROLS: [Control; 14] = [
    Number(share(
        "dropout",
        "Dropout",
        own!(dropout: f64),
        [
            "Switches off random parts of what layers pass on in training, so that none is relied on too much.",
            "More when the model memorizes: training loss falls while validation loss rises.",
        ],
    )),
    Number(share(
        "attention_dropout",
        "Dropout of attention",
        own!(attention_dropout: f64),
        ["Makes each word overlook some of the others in training.", "More when the model hangs on single words."],
    )),
    Number(crate::state::recipe::fields::Field {
        applies: |recipe| recipe.task != Task::Generation,
        ..share(
            "head_dropout",
            "Dropout before the head",
            own!(head_dropout: f64),
            [
                "Switches off part of the text's vector before the head reads it.",
                "More when only the head learns and it memorizes.",
            ],
        )
    }),
    Number(field(
        "weight_decay",
        "Weight decay",
        own!(weight_decay: f64),
        [
            "Pulls weights gently toward zero, so that none grows without need.",
            "Raise it to 0.1 on very small data; 0 switches it off.",
        ],
    )),
    Switch(switch(
        "decay_biases",
        "Biases decay too",
        flag!(decay_biases),
        [
            "Offsets are few and do little harm, so they are usually left out.",
            "Leave it off unless you repeat a paper.",
        ],
    )),
    Switch(switch(
        "decay_norms",
        "LayerNorm decays too",
        flag!(decay_norms),
        ["Scales of normalization belong near one, not near zero.", "Leave it off unless you repeat a paper."],
    )),
    Switch(crate::state::recipe::fields::Switch {
        applies: |recipe| recipe.train_embeddings,
        ..switch(
            "decay_embeddings",
            "Embeddings decay too",
            flag!(decay_embeddings),
            [
                "Words that your data lacks would be pulled toward zero as well.",
                "Switch it off when your texts use few of the model's words.",
            ],
        )
    }),
    Number(crate::state::recipe::fields::Field {
        applies: |recipe| has_classes(recipe) || recipe.task == Task::Generation,
        ..share(
            "label_smoothing",
            "Label smoothing",
            own!(label_smoothing: f64),
            [
                "Asks the model to be a little less than sure, by spreading this much over all labels.",
                "10 % when some labels are wrong, or when it is sure and mistaken.",
            ],
        )
    }),
    Choice(crate::state::recipe::fields::Choice {
        applies: has_classes,
        ..choice(
            "class_weights",
            "Weight of labels",
            (
                |recipe| match recipe.class_weights {
                    ClassWeights::Equal => 0,
                    ClassWeights::Balanced => 1,
                    ClassWeights::Given(_) => 2,
                },
                |recipe, index| {
                    recipe.class_weights = match index {
                        0 => ClassWeights::Equal,
                        1 => ClassWeights::Balanced,
                        _ => ClassWeights::Given(Default::default()),
                    };
                },
            ),
            &[
                ("equal", "Every row counts the same."),
                ("balanced", "Rows of rare labels count more, so that every label counts the same."),
                ("my own", "You say what a row of each label counts; 1 is the usual."),
            ],
            "Balance when a label has far fewer rows and matters as much.",
        )
    }),
    Number(crate::state::recipe::fields::Field {
        applies: has_classes,
        ..field(
            "focal_gamma",
            "Focal loss, gamma",
            own!(focal_gamma: f64),
            [
                "Makes rows that the model has right already count less, and hard ones more; 0 is plain cross-entropy.",
                "1 to 2 when easy rows are many and hard ones few; not with wrong labels.",
            ],
        )
    }),
    Number(crate::state::recipe::fields::Field {
        applies: has_classes,
        ..field(
            "r_drop",
            "R-Drop, weight",
            own!(r_drop: f64),
            [
                "Reads each row twice with different dropout and punishes disagreement; each step takes twice as long.",
                "1 to 5 on small data; 0 switches it off. It needs dropout.",
            ],
        )
    }),
    Number(field(
        "l2_sp",
        "L2-SP, pull",
        own!(l2_sp: f64),
        [
            "Pulls weights back toward what they were before, so that less is forgotten.",
            "0.01 to 0.1 when it forgets too much; 0 switches it off.",
        ],
    )),
    Number(crate::state::recipe::fields::Field {
        unit: "layers",
        ..whole(
            "reinit_layers",
            "Top layers made anew",
            own!(reinit_layers: u32),
            [
                "Throws away what the top layers learned for their old task.",
                "1 or 2 when runs on a few hundred rows differ much from seed to seed.",
            ],
        )
    }),
    Number(field(
        "max_grad_norm",
        "Clip gradient at",
        own!(max_grad_norm: f64),
        [
            "Shortens a correction that is longer than this, so that one odd batch cannot do harm.",
            "Lower it when the loss has spikes; 0 switches it off.",
        ],
    )),
];
