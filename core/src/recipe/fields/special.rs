//! Choices that are not simply one value of an enum.

use std::collections::BTreeMap;

use crate::recipe::choices::{ChoiceOption, ClassWeights, Pooling, Unfreezing};
use crate::recipe::fields::RecipeSpec;
use crate::recipe::fields::field::{Choice, Values};
use crate::recipe::metric::Metric;
use crate::recipe::task::Task;

/// The model's own pooling, or a value of [`Pooling`].
pub(super) const POOLING: Choice = Choice {
    options: |_| {
        const OPTIONS: [ChoiceOption; 3] = [
            ChoiceOption::new("automatic", "Pools the way the model was trained."),
            Pooling::OPTIONS[0],
            Pooling::OPTIONS[1],
        ];
        &OPTIONS
    },
    get: |spec| spec.pooling.map_or(0, |pooling| pooling as usize + 1),
    set: |spec, index| match index.checked_sub(1) {
        None => spec.pooling = None,
        Some(index) => spec.pooling = Pooling::ALL.get(index).copied().or(spec.pooling),
    },
    values: None,
};

/// The ways of unfreezing. Embeddings have no head that could be trained alone.
pub(super) const UNFREEZING: Choice = Choice {
    options: |spec| {
        const OPTIONS: &[ChoiceOption] = Unfreezing::OPTIONS;
        const WITHOUT_HEAD: [ChoiceOption; 4] = [OPTIONS[0], OPTIONS[2], OPTIONS[3], OPTIONS[4]];
        if spec.task == Task::Embeddings { &WITHOUT_HEAD } else { OPTIONS }
    },
    get: |spec| offered(spec).position(|offered| offered == spec.unfreezing).unwrap_or_default(),
    set: |spec, index| spec.unfreezing = offered(spec).nth(index).unwrap_or(spec.unfreezing),
    values: None,
};

fn offered(spec: &RecipeSpec) -> impl Iterator<Item = Unfreezing> + use<> {
    let has_head = spec.task != Task::Embeddings;
    Unfreezing::ALL.into_iter().filter(move |offered| has_head || *offered != Unfreezing::Head)
}

/// The metrics of the task. The first is the default, for which the field is empty.
pub(super) const METRIC: Choice = Choice {
    options: |spec| Metric::options(spec.task),
    get: |spec| {
        let mut metrics = Metric::of(spec.task).iter();
        metrics.position(|metric| Some(*metric) == spec.metric_for_best_model).unwrap_or_default()
    },
    set: |spec, index| {
        if let Some(metric) = Metric::of(spec.task).get(index) {
            spec.metric_for_best_model = (index > 0).then_some(*metric);
        }
    },
    values: None,
};

/// Sizes of vectors for models of the usual hidden sizes, or those of a file.
pub(super) const MATRYOSHKA: Choice = Choice {
    options: |spec| {
        const OPTIONS: [ChoiceOption; 5] = [
            ChoiceOption::new("full size", "The loss is that of the whole vectors alone."),
            ChoiceOption::new("256, 128 and 64 too", "For a model with 384 numbers a text, such as MiniLM."),
            ChoiceOption::new("512, 256, 128 and 64 too", "For a model with 768 numbers a text."),
            ChoiceOption::new("64 and 32 too", "For a tiny model with 128 numbers a text."),
            ChoiceOption::new("those of the recipe file", "The sizes that the recipe file lists."),
        ];
        if sizes_index(spec) < SIZES.len() { OPTIONS.split_at(SIZES.len()).0 } else { &OPTIONS }
    },
    get: sizes_index,
    set: |spec, index| {
        if let Some(sizes) = SIZES.get(index) {
            spec.matryoshka_dims = sizes.to_vec();
        }
    },
    values: None,
};

const SIZES: [&[u32]; 4] = [&[], &[256, 128, 64], &[512, 256, 128, 64], &[64, 32]];

fn sizes_index(spec: &RecipeSpec) -> usize {
    SIZES.iter().position(|sizes| *sizes == spec.matryoshka_dims).unwrap_or(SIZES.len())
}

/// Equal, balanced, or a weight for each class.
pub(super) const CLASS_WEIGHTS: Choice = Choice {
    options: |_| {
        const OPTIONS: [ChoiceOption; 3] = [
            ChoiceOption::new("equal", "Every row counts the same."),
            ChoiceOption::new("balanced", "Rows of rare classes count more, so that every class counts the same."),
            ChoiceOption::new("custom", "You set the weight of a row of each class; 1 is the usual weight."),
        ];
        &OPTIONS
    },
    get: |spec| match spec.class_weights {
        ClassWeights::Equal => 0,
        ClassWeights::Balanced => 1,
        ClassWeights::Given(_) => 2,
    },
    set: |spec, index| match index {
        0 => spec.class_weights = ClassWeights::Equal,
        1 => spec.class_weights = ClassWeights::Balanced,
        2 => spec.class_weights = ClassWeights::Given(BTreeMap::new()),
        _ => {}
    },
    values: Some(Values {
        range: 0.0..=1_000.0,
        get: |spec| match &spec.class_weights {
            ClassWeights::Given(weights) => weights.values().copied().collect(),
            ClassWeights::Equal | ClassWeights::Balanced => Vec::new(),
        },
    }),
};
