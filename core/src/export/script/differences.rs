//! What the script does otherwise than Hone, for its README.

use crate::dataset::Mapping;
use crate::export::script::TrainingScript;
use crate::recipe::{AdapterKind, Family, Metric, ParamGroup, Task, UnfreezeTrigger};

impl TrainingScript<'_> {
    /// The differences that this recipe, model and data have, each in a sentence.
    pub(super) fn differences(&self) -> Vec<&'static str> {
        let (spec, family, task) = (self.recipe.spec(), self.base.base.family(), self.recipe.task());
        let stages = self.recipe.unfreeze_schedule().stages();
        let is_frozen_below = |group: &ParamGroup| !stages.iter().any(|stage| stage.contains(group));
        let is_llama = family.is_decoder() && family != Family::Gpt2;
        let metric = self.recipe.metric_for_best_model();
        let is_ranked = task == Task::Reranking && metric != Metric::Loss;
        let is_generated = task == Task::Generation && metric != Metric::Loss;
        let decides = task == Task::QuestionAnswering && metric != Metric::Loss || is_generated || is_ranked;
        let has_lists = matches!(self.dataset.train_file.examples.mapping, Mapping::MultiLabel { .. });
        [
            self.recipe.groups().iter().any(is_frozen_below).then_some(
                "Hone computes the outputs of frozen layers at the bottom once and keeps them (the prefix cache). Trainer has \
                 no counterpart: it computes them in every step, which takes longer and gives the same.",
            ),
            Some("Parts that were frozen or unfrozen by hand during the run follow the recipe here."),
            (spec.has_stages() && matches!(self.recipe.unfreeze_schedule().trigger(), UnfreezeTrigger::Stall(_))).then_some(
                "The recipe unfreezes the next stage when the score stalls, for which Trainer has no counterpart. Here every \
                 stage has an equal part of the steps.",
            ),
            (is_llama && spec.dropout > 0.0)
                .then_some("transformers has no dropout on the hidden states of this family, so only that of attention applies."),
            (task == Task::QuestionAnswering && spec.head_dropout > 0.0 && !self.drops_answers())
                .then_some("transformers has no dropout before the head of this class."),
            (family == Family::ModernBert && spec.dropout != spec.attention_dropout)
                .then_some("transformers applies the attention dropout after attention too, where Hone applies the hidden one."),
            (spec.max_train_samples > 0 || spec.label_noise > 0.0).then_some(
                "The run was trained on a part of the training rows or with some labels flipped on purpose. Here, all rows are \
                 trained on, with their own labels.",
            ),
            (spec.reinit_layers > 0)
                .then_some("Reinitialized layers start from other random numbers, so the loss of the first step differs."),
            (spec.adapter != AdapterKind::None)
                .then_some("The first matrix of each adapter starts from PEFT's random numbers. Its second is 0 in both."),
            decides.then_some(
                "The validation loss decides which weights are kept, as Trainer does not compute the scores of answers, \
                 rankings or generated text.",
            ),
            (task == Task::MultiLabel)
                .then_some("The scores take a label from probability 0.5; Hone tunes a threshold for each label."),
            has_lists.then_some(
                "Lists of labels are read as JSON arrays, or split at the separator that Hone found.",
            ),
            self.quantized.map(|_| {
                "The base model's weights were quantized in Hone's file. Load the same file, or expect another loss in the first \
                 step."
            }),
            (!self.dataset.test.is_empty())
                .then_some("The test rows, which are in split.json too, are neither trained on nor scored."),
            Some("An evaluation loss is the mean over batches, so it can differ in the last digits."),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Returns true if transformers' class for answers has dropout before its head.
    fn drops_answers(&self) -> bool {
        matches!(self.base.base.family(), Family::DistilBert | Family::ModernBert)
    }
}
