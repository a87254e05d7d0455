use hone_core::recipe::{Pooling, Task};

use crate::state::recipe::fields::Control;
use crate::state::recipe::fields::Control::{Choice, Number, Switch};
use crate::state::recipe::fields::choice::{choice, flag, switch};
use crate::state::recipe::fields::number::{open, own, whole};

pub static CONTROLS: [Control; 6] = [
    Number(crate::state::recipe::fields::Field {
        unit: "rows",
        ..whole(
            "batch_size",
            "Batch",
            own!(batch_size: u32),
            ["Rows computed at a time.", "Smaller when memory runs out; larger gives calmer steps."],
        )
    }),
    Number(crate::state::recipe::fields::Field {
        unit: "batches",
        ..whole(
            "gradient_accumulation_steps",
            "Batches a step",
            own!(gradient_accumulation_steps: u32),
            [
                "Adds up this many batches before each correction: a large batch without its memory.",
                "Raise it when you had to make the batch small.",
            ],
        )
    }),
    Switch(switch(
        "gradient_checkpointing",
        "Compute layers twice",
        flag!(gradient_checkpointing),
        [
            "Keeps only what enters each layer and computes the rest again for the correction: the same result, much less memory, about a third more time.",
            "Switch it on when the memory is short.",
        ],
    )),
    Number(crate::state::recipe::fields::Field {
        unit: "tokens",
        is_optional: true,
        ..whole(
            "max_length",
            "Longest text",
            open!(max_length: u32),
            [
                "Texts are cut after this many tokens; twice as long is more than twice as slow.",
                "Raise it when what matters stands late in long texts.",
            ],
        )
    }),
    Number(crate::state::recipe::fields::Field {
        unit: "tokens",
        applies: |recipe| recipe.task == Task::QuestionAnswering,
        ..whole(
            "doc_stride",
            "Overlap of windows",
            own!(doc_stride: u32),
            [
                "A long passage is read in windows that have this much in common, so that no answer is cut in two.",
                "Raise it when answers are long; more windows take more time.",
            ],
        )
    }),
    Choice(crate::state::recipe::fields::Choice {
        applies: |recipe| recipe.task.reads_sentences(),
        ..choice(
            "pooling",
            "One vector of a text",
            (
                |recipe| match recipe.pooling {
                    None => 0,
                    Some(Pooling::Mean) => 1,
                    Some(Pooling::Cls) => 2,
                },
                |recipe, index| recipe.pooling = [None, Some(Pooling::Mean), Some(Pooling::Cls)][index.min(2)],
            ),
            &[
                ("the model's own way", "Whatever the model was made with."),
                (
                    "mean of all tokens",
                    "Suits models made for comparing sentences; the export brings a short Python file that transformers must be allowed to run.",
                ),
                ("first token", "Suits most other models; transformers opens the export without code of its own."),
            ],
            "Leave it unless the export must open without code of its own.",
        )
    }),
];
