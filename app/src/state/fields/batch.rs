use hone_core::recipe::{Pooling, Task};

use super::Control::{self, Choice, Number, Switch};
use super::choice::{choice, flag, switch};
use super::number::{open, own, whole};

pub static CONTROLS: [Control; 6] = [
    Number(super::Field {
        unit: "rows",
        ..whole(
            "batch_size",
            "Batch",
            own!(batch_size: u32),
            ["Rows computed at a time.", "Smaller when memory runs out; larger gives calmer steps."],
        )
    }),
    Number(super::Field {
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
    }),
    Switch(switch(
        "recompute_activations",
        "Compute layers twice",
        flag!(recompute_activations),
        [
            "Keeps only what enters each layer and computes the rest again for the correction: the same result, much less memory, about a third more time.",
            "Switch it on when the memory is short.",
        ],
    )),
    Number(super::Field {
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
    }),
    Number(super::Field {
        unit: "tokens",
        applies: |recipe| recipe.task == Task::QuestionAnswering,
        ..whole(
            "window_overlap",
            "Overlap of windows",
            own!(window_overlap: u32),
            [
                "A long passage is read in windows that have this much in common, so that no answer is cut in two.",
                "Raise it when answers are long; more windows take more time.",
            ],
        )
    }),
    Choice(super::Choice {
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
