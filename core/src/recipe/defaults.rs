//! The fields that Hone chooses from the data and the model: epochs, learning rate, batch size, warmup, evaluations and
//! patience. `docs/experiments.md` measures them against a grid.

use crate::decimal::scientific;
use crate::phrases::count;
use crate::recipe::choices::{AdapterKind, Unfreezing};
use crate::recipe::facts::{ModelFacts, RowFacts};
use crate::recipe::fields::RecipeSpec;
use crate::recipe::task::Task;

/// Batch size of encoders.
const BATCH: u32 = 8;
/// Batch size of decoders, whose sequences are long and whose vocabulary makes large logits.
const DECODER_BATCH: u32 = 4;
/// Batch size of embeddings, in pairs: the other pairs of a batch are the wrong answers that each is compared with.
const EMBEDDINGS_BATCH: u32 = 32;
/// Optimizer steps that embeddings take, if that many passes are allowed.
const EMBEDDINGS_STEPS: f64 = 200.0;
/// Most passes over the rows of embeddings.
const EMBEDDINGS_EPOCHS: f64 = 10.0;
/// Share of the steps over which the learning rate rises.
pub(super) const WARMUP_RATIO: f64 = 0.1;
/// Optimizer steps for each class that all layers with a new head need at least, however few rows there are.
const STEPS_PER_CLASS: f64 = 50.0;
/// Steps that are enough for any number of classes.
const ENOUGH_STEPS: f64 = 300.0;
/// Passes over data with `ROWS_PER_CLASS` rows in each class.
const PASSES: f64 = 9.0;
/// Rows per class at which `PASSES` are enough.
const ROWS_PER_CLASS: f64 = 20.0;
/// Rate at which the passes fall as rows per class grow: with ten times the rows, to half.
const FALL: f64 = 0.3;
/// Rows per class above which their number is not worth a word.
const MANY_ROWS_PER_CLASS: f64 = 60.0;
/// Fewest and most epochs.
const EPOCHS: [f64; 2] = [3.0, 20.0];
/// Fewest and most epochs if only the head is trained: its inputs are computed once, so that an epoch costs next to
/// nothing.
const HEAD_EPOCHS: [f64; 2] = [10.0, 40.0];

/// The fields that Hone chooses, each for a recipe that leaves it out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Defaults {
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Passes over the training rows.
    pub epochs: u32,
    /// Rows that are computed at a time.
    pub batch_size: u32,
    /// Share of the steps over which the learning rate rises.
    pub warmup_ratio: f64,
    /// Epochs between two evaluations.
    pub eval_every_epochs: f64,
    /// Evaluations without improvement before the run stops early.
    pub early_stopping_patience: u32,
}

impl Defaults {
    /// Chooses the fields for a recipe, a model and its data. The evaluations fit the recipe's own epochs if it has them.
    pub fn new(spec: &RecipeSpec, facts: &ModelFacts) -> Self {
        let epochs = epochs(spec, facts);
        let eval_every_epochs = if spec.epochs.unwrap_or(epochs) <= 5 { 0.5 } else { 1.0 };
        let interval = spec.eval_every_epochs.unwrap_or(eval_every_epochs);
        let evaluations = f64::from(spec.epochs.unwrap_or(epochs)) / interval;
        Self {
            learning_rate: learning_rate(spec, facts),
            epochs,
            batch_size: match spec.task {
                Task::Generation => DECODER_BATCH,
                Task::Embeddings => EMBEDDINGS_BATCH,
                _ => BATCH,
            },
            warmup_ratio: WARMUP_RATIO,
            eval_every_epochs,
            // The score may stall while the rate is high and rise again as it falls. In stages, it stalls before each.
            early_stopping_patience: if spec.has_stages() { 0 } else { (evaluations / 3.0).ceil().max(3.0) as u32 },
        }
    }

    /// These values, except where the recipe has its own.
    pub fn or_given(self, spec: &RecipeSpec) -> Self {
        Self {
            learning_rate: spec.learning_rate.unwrap_or(self.learning_rate),
            epochs: spec.epochs.unwrap_or(self.epochs),
            batch_size: spec.batch_size.unwrap_or(self.batch_size),
            warmup_ratio: spec.warmup_ratio.unwrap_or(self.warmup_ratio),
            eval_every_epochs: spec.eval_every_epochs.unwrap_or(self.eval_every_epochs),
            early_stopping_patience: spec.early_stopping_patience.unwrap_or(self.early_stopping_patience),
        }
    }

    /// Writes the values into a recipe.
    pub fn fill(self, spec: &mut RecipeSpec) {
        spec.learning_rate = Some(self.learning_rate);
        spec.epochs = Some(self.epochs);
        spec.batch_size = Some(self.batch_size);
        spec.warmup_ratio = Some(self.warmup_ratio);
        spec.eval_every_epochs = Some(self.eval_every_epochs);
        spec.early_stopping_patience = Some(self.early_stopping_patience);
    }

    /// Says which of the fields were chosen, those that the recipe leaves out, and why; empty if it has them all.
    pub fn sentence(self, spec: &RecipeSpec, facts: &ModelFacts) -> String {
        let chosen = [
            spec.epochs.is_none().then(|| format!("{} epochs", self.epochs)),
            spec.learning_rate.is_none().then(|| format!("peak learning rate {}", scientific(self.learning_rate, 2))),
            spec.batch_size.is_none().then(|| format!("batches of {}", self.batch_size)),
        ];
        let chosen: Vec<String> = chosen.into_iter().flatten().collect();
        if chosen.is_empty() {
            return String::new();
        }
        let RowFacts { rows, classes, .. } = facts.data;
        let classes = match spec.task {
            _ if classes == 0 => String::new(),
            Task::MultiLabel => format!(" with {classes} labels"),
            Task::TokenClassification => format!(" with {classes} tags"),
            _ => format!(" in {classes} classes"),
        };
        let rows = count(rows as usize, "training row");
        let chosen = format!("Chosen for {rows}{classes}: {}.", chosen.join(", "));
        let why_epochs = if spec.epochs.is_none() { self.epochs_reason(spec, facts) } else { None };
        let why_rate = if spec.learning_rate.is_none() { rate_reason(spec, facts) } else { None };
        [Some(chosen.as_str()), why_epochs, why_rate].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    fn epochs_reason(self, spec: &RecipeSpec, facts: &ModelFacts) -> Option<&'static str> {
        let per_class = f64::from(facts.data.rows) / classes(spec.task, facts.data);
        Some(match spec.task {
            Task::Generation | Task::Embeddings => return None,
            _ if spec.unfreezing == Unfreezing::Head => "Only the head is trained, so that an epoch takes little time.",
            _ if f64::from(self.epochs) <= EPOCHS[0] => "A large file needs few passes.",
            Task::Classification if per_class < MANY_ROWS_PER_CLASS => {
                "Few rows in each class need more passes than many."
            }
            Task::MultiLabel if per_class < MANY_ROWS_PER_CLASS => {
                "Few rows with each label need more passes than many."
            }
            _ => "Few rows need more passes than many.",
        })
    }
}

fn rate_reason(spec: &RecipeSpec, facts: &ModelFacts) -> Option<&'static str> {
    Some(match spec.unfreezing {
        _ if spec.task == Task::Generation => return None,
        Unfreezing::Head => "A head that is trained alone takes a high rate.",
        _ if spec.has_adapter() => "An adapter takes a higher rate than the model's own weights.",
        _ if facts.parameters < 50e6 => "A small model takes a higher rate than a large one.",
        _ => "A large model takes a low rate.",
    })
}

/// Passes over the rows. The fewer rows a class has, the more often the model must see each; and a small file needs as many
/// steps as it takes to train a new head.
fn epochs(spec: &RecipeSpec, facts: &ModelFacts) -> u32 {
    if spec.task == Task::Generation {
        return 2;
    }
    let rows = f64::from(facts.data.rows.max(1));
    if spec.task == Task::Embeddings {
        let for_steps = EMBEDDINGS_STEPS / (rows / f64::from(EMBEDDINGS_BATCH)).ceil();
        return for_steps.ceil().clamp(2.0, EMBEDDINGS_EPOCHS) as u32;
    }
    let classes = classes(spec.task, facts.data);
    let for_classes = PASSES * (ROWS_PER_CLASS * classes / rows).powf(FALL);
    let steps = (STEPS_PER_CLASS * classes).min(ENOUGH_STEPS);
    let for_steps = steps / (rows / f64::from(BATCH)).ceil();
    let passes = for_classes.max(for_steps).round();
    match spec.unfreezing {
        Unfreezing::Head => (2.0 * passes).clamp(HEAD_EPOCHS[0], HEAD_EPOCHS[1]) as u32,
        _ => passes.clamp(EPOCHS[0], EPOCHS[1]) as u32,
    }
}

/// Number of classes. Tasks without classes are about as hard as those with this many.
fn classes(task: Task, data: RowFacts) -> f64 {
    let classes = f64::from(data.classes.max(2));
    match task {
        Task::QuestionAnswering => 20.0,
        Task::Regression | Task::Reranking => 10.0,
        // A row has few of the labels, and most of its targets say no.
        Task::MultiLabel => 10.0 * classes,
        _ => classes,
    }
}

/// The peak learning rate. Small models need higher rates, and so do new weights.
fn learning_rate(spec: &RecipeSpec, facts: &ModelFacts) -> f64 {
    let parameters = facts.parameters;
    if spec.task == Task::Generation {
        return match spec.adapter {
            _ if parameters < 4e6 => 2e-3,
            AdapterKind::None if parameters < 50e6 => 2e-4,
            AdapterKind::None => 5e-5,
            _ => 5e-4,
        };
    }
    let full = match parameters {
        small if small < 16e6 => 2e-4,
        medium if medium < 50e6 => 1e-4,
        _ => 3e-5,
    };
    if spec.task == Task::Embeddings {
        // Without a new head, the pretrained vectors need small steps only.
        return if spec.has_adapter() { 5e-4 } else { full / 2.0 };
    }
    // Few labels are set, so that their gradients are rare.
    let full = if spec.task == Task::MultiLabel { 2.0 * full } else { full };
    match spec.unfreezing {
        Unfreezing::Head => 1e-3,
        _ if spec.has_adapter() => 8e-4,
        Unfreezing::Gradual | Unfreezing::ChainThaw if spec.layer_decay < 1.0 => 2.0 * full,
        _ => full,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::choices::Pooling;
    use crate::recipe::family::Family;
    use crate::recipe::preset::Preset;

    fn facts(rows: u32, classes: u32) -> ModelFacts {
        ModelFacts {
            family: Family::Bert,
            parameters: 22.7e6,
            layers: 6,
            hidden: 384,
            has_pooler: true,
            max_positions: 512,
            pooling: Pooling::Mean,
            data: RowFacts { rows, classes, ..RowFacts::default() },
        }
    }

    fn defaults(rows: u32, classes: u32) -> Defaults {
        Defaults::new(&RecipeSpec::default(), &facts(rows, classes))
    }

    #[test]
    fn epochs_follow_from_rows_and_classes() {
        for (rows, classes, epochs) in [
            (100, 6, 20),
            (100, 50, 20),
            (100, 2, 8),
            (300, 2, 5),
            (300, 6, 8),
            (300, 50, 13),
            (1_000, 2, 3),
            (1_000, 6, 5),
            (1_000, 50, 9),
            (1_386, 77, 9),
            (1_350, 150, 11),
            (5_452, 6, 3),
            (5_452, 50, 5),
            (100_000, 2, 3),
        ] {
            assert_eq!(defaults(rows, classes).epochs, epochs, "{rows} rows in {classes} classes");
        }
    }

    #[test]
    fn more_rows_need_no_more_passes_and_more_classes_no_fewer() {
        for task in Task::ALL {
            for preset in Preset::ALL {
                let spec = preset.recipe(&RecipeSpec { task, ..RecipeSpec::default() });
                let epochs = |rows, classes| Defaults::new(&spec, &facts(rows, classes)).epochs;
                for rows in [0, 1, 10, 100, 1_000, 10_000, u32::MAX / 2] {
                    for classes in [0, 2, 10, 100, 10_000] {
                        let case = format!("{task:?} {preset:?} {rows} {classes}");
                        assert!((2..=40).contains(&epochs(rows, classes)), "{case}");
                        assert!(epochs(2 * rows, classes) <= epochs(rows, classes), "{case}");
                        assert!(epochs(rows, 2 * classes) >= epochs(rows, classes), "{case}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_trained_and_the_size_of_the_model_set_the_rate() {
        let rate = |preset: Preset, parameters| {
            let facts = ModelFacts { parameters, ..facts(1_000, 2) };
            Defaults::new(&preset.recipe(&RecipeSpec::default()), &facts).learning_rate
        };
        let minilm = Preset::ALL.map(|preset| rate(preset, 22.7e6));
        assert_eq!(minilm, [1e-4, 2e-4, 1e-3, 8e-4, 1e-4]);
        assert_eq!([4e6, 22.7e6, 110e6].map(|parameters| rate(Preset::Full, parameters)), [2e-4, 1e-4, 3e-5]);
    }

    #[test]
    fn patience_lasts_for_a_third_of_the_run_and_stages_are_not_cut_short() {
        let spec = RecipeSpec { epochs: Some(30), ..RecipeSpec::default() };
        let chosen = Defaults::new(&spec, &facts(1_000, 2));
        assert_eq!((chosen.eval_every_epochs, chosen.early_stopping_patience), (1.0, 10));
        assert_eq!(defaults(100_000, 2).early_stopping_patience, 3);
        let balanced = Preset::Balanced.recipe(&spec);
        assert_eq!(Defaults::new(&balanced, &facts(1_000, 2)).early_stopping_patience, 0);
    }

    #[test]
    fn a_recipe_keeps_its_own_values() {
        let spec = RecipeSpec { epochs: Some(7), warmup_ratio: Some(0.0), ..RecipeSpec::default() };
        let mut filled = spec.clone();
        let chosen = defaults(100, 6).or_given(&spec);
        chosen.fill(&mut filled);
        assert_eq!((filled.epochs, filled.warmup_ratio, filled.batch_size), (Some(7), Some(0.0), Some(8)));
    }

    #[test]
    fn the_sentence_says_what_was_chosen_and_why() {
        let words = |spec: &RecipeSpec, facts: &ModelFacts| Defaults::new(spec, facts).sentence(spec, facts);
        assert_eq!(
            words(&RecipeSpec::default(), &facts(1_386, 77)),
            "Chosen for 1,386 training rows in 77 classes: 9 epochs, peak learning rate 1e-4, batches of 8. Few rows in \
             each class need more passes than many. A small model takes a higher rate than a large one."
        );
        let large = words(&RecipeSpec { learning_rate: Some(1e-4), ..RecipeSpec::default() }, &facts(90_000, 2));
        assert!(large.ends_with("A large file needs few passes.") && !large.contains("rate"), "{large}");
    }
}
