//! From a recipe as written to one that can be run.

use std::ops::RangeInclusive;

use thiserror::Error;

use crate::diagnostic::Diagnostic;
use crate::recipe::{
    AdapterKind, ClassWeights, Family, Metric, ParamGroup, Pooling, RecipeSpec, Task, UnfreezeSchedule, Unfreezing,
};

/// What a recipe must fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ModelFacts {
    /// Which family it is of.
    pub family: Family,
    /// Number of parameters.
    pub parameters: f64,
    /// Number of layers.
    pub layers: usize,
    /// Whether there is a pretrained pooler.
    pub has_pooler: bool,
    /// Longest sequence, in tokens.
    pub max_positions: u32,
    /// The model's own way to make one vector of a sentence.
    pub pooling: Pooling,
    /// A length that fits the data, in tokens.
    pub suggested_len: u32,
}

/// A field of a recipe that cannot be run.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum RecipeError {
    /// A number outside its range.
    #[error("{field} is {value}; it must be from {min} to {max}")]
    OutOfRange {
        /// The field's name in the recipe.
        field: &'static str,
        /// What it is.
        value: f64,
        /// Least allowed.
        min: f64,
        /// Most allowed.
        max: f64,
    },
    /// A recipe of another version of Hone.
    #[error("the recipe has version {0}; this Hone reads version 1")]
    Version(u32),
    /// A model that cannot learn the task.
    #[error("the task is {0:?}, and a {1} cannot learn that; choose {what}", what = wanted_model(*.0))]
    Task(Task, Family),
    /// The first token is asked for, and nothing pretrained stands above it.
    #[error("pooling is \"cls\", and this model has no pooler above its first token; choose \"mean\"")]
    NoPooler,
    /// A part that the model does not have, or one that is named twice.
    #[error("{field} names {group}, which {reason}")]
    ParamGroup {
        /// The field's name in the recipe.
        field: &'static str,
        /// The part.
        group: ParamGroup,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A list that says nothing.
    #[error("{field} is empty; {remedy}")]
    Empty {
        /// The field's name in the recipe.
        field: &'static str,
        /// What it should be.
        remedy: &'static str,
    },
    /// A class weight of what is no class.
    #[error("class_weights names \"{0}\", which no row of the data has as its label")]
    UnknownClass(String),
    /// Two fields that exclude each other.
    #[error("{field} {reason}")]
    Conflict {
        /// The field's name in the recipe.
        field: &'static str,
        /// With what, and why.
        reason: &'static str,
    },
}

impl From<RecipeError> for Diagnostic {
    fn from(error: RecipeError) -> Self {
        Diagnostic::new("recipe.invalid", format!("The recipe cannot be run: {error}."))
            .done("No run was begun.")
            .remedy("Change that field, or start from a preset.")
    }
}

/// The range allowed for a field of [`RecipeSpec`] by its name, for forms and for validation alike.
///
/// # Panics
/// On a name that is no numeric field: the names are written in this program.
pub fn range_of(field: &str) -> RangeInclusive<f64> {
    match field {
        "max_length" => 8.0..=512.0,
        "batch_size" => 1.0..=128.0,
        "gradient_accumulation_steps" => 1.0..=64.0,
        "epochs" => 1.0..=100.0,
        "learning_rate" | "lr_per_group" => 1e-7..=1.0,
        "warmup_ratio" => 0.0..=0.9,
        "warmup_steps" => 0.0..=100_000.0,
        "lr_final_ratio" | "lr_start_ratio" => 0.0..=1.0,
        "cycles" => 1.0..=50.0,
        "power" => 0.1..=10.0,
        "cut_frac" => 0.01..=0.9,
        "ratio" => 1.0..=1_000.0,
        "plateau_factor" => 0.01..=0.99,
        "plateau_patience" => 0.0..=100.0,
        "layer_decay" => 0.1..=1.0,
        "weight_decay" => 0.0..=1.0,
        "dropout" | "attention_dropout" | "head_dropout" | "lora_dropout" => 0.0..=0.9,
        "label_smoothing" => 0.0..=0.9,
        "class_weights" => 0.0..=1_000.0,
        "focal_gamma" => 0.0..=10.0,
        "r_drop" => 0.0..=10.0,
        "l2_sp" => 0.0..=10.0,
        "reinit_layers" => 0.0..=48.0,
        "max_grad_norm" => 0.0..=100.0,
        "eval_every_epochs" => 0.05..=100.0,
        "eval_every_steps" => 1.0..=1_000_000.0,
        "generated_rows" => 0.0..=1_000.0,
        "max_new_tokens" => 1.0..=512.0,
        "doc_stride" => 0.0..=256.0,
        "early_stopping_patience" => 0.0..=100.0,
        "early_stopping_min_delta" => 0.0..=1.0,
        "last_layers" => 1.0..=48.0,
        "unfreeze_every" => 0.01..=100_000.0,
        "lora_r" => 1.0..=256.0,
        "lora_alpha" => 0.1..=1_024.0,
        "validation_ratio" => 0.02..=0.5,
        _ => unreachable!("{field} is not a numeric field of a recipe"),
    }
}

fn check(field: &'static str, value: f64) -> Result<f64, RecipeError> {
    let range = range_of(field);
    if range.contains(&value) {
        Ok(value)
    } else {
        Err(RecipeError::OutOfRange { field, value, min: *range.start(), max: *range.end() })
    }
}

/// A recipe that can be run: every value is in range and every choice is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    spec: RecipeSpec,
    learning_rate: f64,
    max_length: u32,
    pooling: Pooling,
    layers: usize,
    has_pooler: bool,
    metric_for_best_model: Metric,
    unfreeze_schedule: UnfreezeSchedule,
}

impl Recipe {
    /// Checks every field and fills in what was left open.
    ///
    /// # Errors
    /// Names the first field that cannot be run, its value and what is allowed.
    pub fn new(mut spec: RecipeSpec, facts: &ModelFacts) -> Result<Self, RecipeError> {
        if spec.version != 1 {
            return Err(RecipeError::Version(spec.version));
        }
        if !facts.family.serves(spec.task) {
            return Err(RecipeError::Task(spec.task, facts.family));
        }
        check_numbers(&spec)?;
        check_task(&spec)?;
        let learning_rate =
            check("learning_rate", spec.learning_rate.unwrap_or_else(|| default_learning_rate(facts, &spec)))?;
        let longest = f64::from(facts.max_positions).min(*range_of("max_length").end());
        let max_length = spec.max_length.unwrap_or(facts.suggested_len.min(longest as u32));
        let shortest = *range_of("max_length").start();
        if !(shortest..=longest).contains(&f64::from(max_length)) {
            let value = f64::from(max_length);
            return Err(RecipeError::OutOfRange { field: "max_length", value, min: shortest, max: longest });
        }
        let pooling = spec.pooling.unwrap_or(facts.pooling);
        let reads_first = spec.task.reads_sentences() && pooling == Pooling::Cls;
        // The other families' heads bring a layer of their own for the first token.
        if reads_first && facts.family == Family::Bert && !facts.has_pooler {
            return Err(RecipeError::NoPooler);
        }
        let has_pooler = reads_first && facts.has_pooler;
        let groups = ParamGroup::all(facts.layers, has_pooler);
        check_places(&spec, &groups)?;
        check_adapter(&spec)?;
        if spec.reinit_layers as usize > facts.layers {
            let value = f64::from(spec.reinit_layers);
            let (min, max) = (0.0, facts.layers as f64);
            return Err(RecipeError::OutOfRange { field: "reinit_layers", value, min, max });
        }
        let unfreeze_schedule = UnfreezeSchedule::new(&spec, facts.layers, has_pooler);
        // A decoder's head is its own and stays as it is beside adapters.
        let has_new_head = spec.task != Task::Generation;
        let has_adapter =
            |group: &ParamGroup| matches!(group, ParamGroup::Layer(_)) || (has_new_head && *group == ParamGroup::Head);
        if spec.adapter != AdapterKind::None
            && !unfreeze_schedule.stages().iter().all(|stage| stage.iter().any(has_adapter))
        {
            let reason = "has a stage in which nothing would learn: an adapter is in layers and head only";
            return Err(RecipeError::Conflict { field: "unfreeze_order", reason });
        }
        let metric_for_best_model = spec.metric_for_best_model.unwrap_or(Metric::of(spec.task)[0]);
        (spec.learning_rate, spec.max_length, spec.pooling) = (Some(learning_rate), Some(max_length), Some(pooling));
        spec.metric_for_best_model = Some(metric_for_best_model);
        Ok(Self {
            spec,
            learning_rate,
            max_length,
            pooling,
            layers: facts.layers,
            has_pooler,
            metric_for_best_model,
            unfreeze_schedule,
        })
    }

    /// Whether the weights of classes fit those of the data: each has a class, and something is left to learn.
    ///
    /// # Errors
    /// Names the class that the data does not have, or says that all of them weigh nothing.
    pub fn check_classes(&self, classes: &[String]) -> Result<(), RecipeError> {
        let ClassWeights::Given(weights) = &self.spec.class_weights else { return Ok(()) };
        if let Some(unknown) = weights.keys().find(|name| !classes.contains(name)) {
            return Err(RecipeError::UnknownClass(unknown.clone()));
        }
        // A class that is not named weighs 1.
        if classes.iter().all(|class| weights.get(class) == Some(&0.0)) {
            let reason = "is 0 for every label of the data: nothing would be learned";
            return Err(RecipeError::Conflict { field: "class_weights", reason });
        }
        Ok(())
    }

    /// The recipe as it can be written down, with nothing left open.
    pub fn spec(&self) -> &RecipeSpec {
        &self.spec
    }

    /// Highest learning rate.
    pub fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    /// The rate of a part over the highest one: by name, or falling from the head down (layer-wise decay as in ELECTRA;
    /// with 1/2.6 the discriminative rates of ULMFiT).
    pub fn rate_factor(&self, group: ParamGroup) -> f64 {
        if let Some(rate) = self.spec.lr_per_group.get(&group) {
            return rate / self.learning_rate;
        }
        let below_head = match group {
            ParamGroup::Head | ParamGroup::Pooler => 0,
            ParamGroup::Layer(i) => self.layers - i.min(self.layers),
            ParamGroup::Embeddings => self.layers + 1,
        };
        self.spec.layer_decay.powi(below_head as i32)
    }

    /// Whether a part begins as it was pretrained: the head and layers that are made anew do not.
    pub fn is_pretrained(&self, group: ParamGroup) -> bool {
        match group {
            ParamGroup::Head => self.task() == Task::Generation,
            ParamGroup::Pooler => self.spec.reinit_layers == 0,
            ParamGroup::Layer(i) => i + (self.spec.reinit_layers as usize) < self.layers,
            ParamGroup::Embeddings => true,
        }
    }

    /// All parts of the model, from the bottom.
    pub fn groups(&self) -> Vec<ParamGroup> {
        ParamGroup::all(self.layers, self.has_pooler)
    }

    /// Which parts learn when.
    pub fn unfreeze_schedule(&self) -> &UnfreezeSchedule {
        &self.unfreeze_schedule
    }

    /// Longest sequence, in tokens.
    pub fn max_length(&self) -> usize {
        self.max_length as usize
    }

    /// How the tokens' vectors become one.
    pub fn pooling(&self) -> Pooling {
        self.pooling
    }

    /// Rows computed at a time.
    pub fn batch_size(&self) -> usize {
        self.spec.batch_size as usize
    }

    /// Batches summed into one optimizer step.
    pub fn gradient_accumulation_steps(&self) -> usize {
        self.spec.gradient_accumulation_steps as usize
    }

    /// Passes over the training rows.
    pub fn epochs(&self) -> usize {
        self.spec.epochs as usize
    }

    /// Seed of split, order, head and dropout.
    pub fn seed(&self) -> u64 {
        u64::from(self.spec.seed)
    }

    /// What decides which weights are best.
    pub fn metric_for_best_model(&self) -> Metric {
        self.metric_for_best_model
    }

    /// What is learned.
    pub fn task(&self) -> Task {
        self.spec.task
    }
}

fn check_numbers(spec: &RecipeSpec) -> Result<(), RecipeError> {
    for (field, value) in [
        ("batch_size", f64::from(spec.batch_size)),
        ("gradient_accumulation_steps", f64::from(spec.gradient_accumulation_steps)),
        ("epochs", f64::from(spec.epochs)),
        ("warmup_ratio", spec.warmup_ratio),
        ("warmup_steps", f64::from(spec.warmup_steps.unwrap_or(0))),
        ("lr_final_ratio", spec.lr_final_ratio),
        ("lr_start_ratio", spec.lr_start_ratio),
        ("cycles", f64::from(spec.cycles)),
        ("power", spec.power),
        ("cut_frac", spec.cut_frac),
        ("ratio", spec.ratio),
        ("plateau_factor", spec.plateau_factor),
        ("plateau_patience", f64::from(spec.plateau_patience)),
        ("layer_decay", spec.layer_decay),
        ("weight_decay", spec.weight_decay),
        ("dropout", spec.dropout),
        ("attention_dropout", spec.attention_dropout),
        ("head_dropout", spec.head_dropout),
        ("label_smoothing", spec.label_smoothing),
        ("focal_gamma", spec.focal_gamma),
        ("r_drop", spec.r_drop),
        ("l2_sp", spec.l2_sp),
        ("reinit_layers", f64::from(spec.reinit_layers)),
        ("max_grad_norm", spec.max_grad_norm),
        ("eval_every_epochs", spec.eval_every_epochs),
        ("eval_every_steps", f64::from(spec.eval_every_steps.unwrap_or(1))),
        ("generated_rows", f64::from(spec.generated_rows)),
        ("max_new_tokens", f64::from(spec.max_new_tokens)),
        ("doc_stride", f64::from(spec.doc_stride)),
        ("early_stopping_patience", f64::from(spec.early_stopping_patience)),
        ("early_stopping_min_delta", spec.early_stopping_min_delta),
        ("last_layers", f64::from(spec.last_layers)),
        ("unfreeze_every", spec.unfreeze_every),
        ("lora_r", f64::from(spec.lora_r)),
        ("lora_alpha", spec.lora_alpha),
        ("lora_dropout", spec.lora_dropout),
        ("validation_ratio", spec.validation_ratio),
    ] {
        check(field, value)?;
    }
    for &rate in spec.lr_per_group.values() {
        check("lr_per_group", rate)?;
    }
    if let ClassWeights::Given(weights) = &spec.class_weights {
        for &weight in weights.values() {
            check("class_weights", weight)?;
        }
    }
    Ok(())
}

/// What a task cannot do must not be asked for: a field that did nothing would mislead.
fn check_task(spec: &RecipeSpec) -> Result<(), RecipeError> {
    let conflict = |field, reason| Err(RecipeError::Conflict { field, reason });
    if spec.metric_for_best_model.is_some_and(|metric| !Metric::of(spec.task).contains(&metric)) {
        return conflict("metric_for_best_model", "is not a score of this task");
    }
    let is_written = matches!(spec.metric_for_best_model, Some(Metric::Bleu | Metric::Chrf | Metric::ExactMatch));
    if spec.task == Task::Generation && is_written && spec.generated_rows == 0 {
        return conflict("metric_for_best_model", "is a score of written texts: let some be written (generated_rows)");
    }
    let has_classes = matches!(spec.task, Task::Classification | Task::TokenClassification);
    if !has_classes && spec.class_weights != ClassWeights::Equal {
        return conflict("class_weights", "needs a task with classes");
    }
    if !has_classes && spec.focal_gamma > 0.0 {
        return conflict("focal_gamma", "must be 0: the focal loss is for tasks with classes");
    }
    if !has_classes && spec.r_drop > 0.0 {
        return conflict("r_drop", "must be 0: R-Drop is built for tasks with classes");
    }
    if !has_classes && spec.task != Task::Generation && spec.label_smoothing > 0.0 {
        return conflict("label_smoothing", "must be 0: there are no classes to smooth over");
    }
    Ok(())
}

/// The kind of model that can learn a task.
fn wanted_model(task: Task) -> &'static str {
    match task {
        Task::Generation => "a decoder (Llama or GPT-2)",
        _ => "an encoder (BERT, DistilBERT or RoBERTa)",
    }
}

/// Every part that is named must be one of `places`, and in an order it must stand once.
fn check_places(spec: &RecipeSpec, groups: &[ParamGroup]) -> Result<(), RecipeError> {
    let known = |field, group: ParamGroup| match groups.contains(&group) {
        true => Ok(()),
        false => Err(RecipeError::ParamGroup { field, group, reason: "this model does not have" }),
    };
    spec.lr_per_group.keys().try_for_each(|&group| known("lr_per_group", group))?;
    let mut seen = Vec::new();
    for &group in spec.unfreeze_order.iter().flatten() {
        known("unfreeze_order", group)?;
        if seen.contains(&group) {
            return Err(RecipeError::ParamGroup { field: "unfreeze_order", group, reason: "it has named already" });
        }
        seen.push(group);
    }
    if spec.unfreeze_order.iter().any(Vec::is_empty) {
        return Err(RecipeError::Empty { field: "a stage of unfreeze_order", remedy: "name the parts that it adds" });
    }
    Ok(())
}

fn check_adapter(spec: &RecipeSpec) -> Result<(), RecipeError> {
    if spec.adapter == AdapterKind::None {
        return Ok(());
    }
    let conflict = |field, reason| Err(RecipeError::Conflict { field, reason });
    if spec.target_modules.is_empty() {
        return Err(RecipeError::Empty { field: "target_modules", remedy: "choose a layer that gets an adapter" });
    }
    if spec.train_embeddings {
        return conflict("train_embeddings", "cannot be on with an adapter, which leaves the model itself as it is");
    }
    if spec.reinit_layers > 0 {
        return conflict("reinit_layers", "must be 0 with an adapter: what is made anew could not learn");
    }
    if spec.l2_sp > 0.0 {
        return conflict("l2_sp", "must be 0 with an adapter: the pretrained weights do not move");
    }
    Ok(())
}

/// The rate that a recipe gets when it names none. Small models want higher rates, and so does what is new.
///
/// MiniLM's 1e-4 is the rate behind the scores in tests/golden/reference_runs.json; the others are usual for such
/// models.
pub fn default_learning_rate(facts: &ModelFacts, spec: &RecipeSpec) -> f64 {
    let parameters = facts.parameters;
    if spec.task == Task::Generation {
        return match (spec.adapter, parameters) {
            (_, parameters) if parameters < 4e6 => 2e-3,
            (AdapterKind::None, parameters) if parameters < 50e6 => 2e-4,
            (AdapterKind::None, _) => 5e-5,
            _ => 5e-4,
        };
    }
    if spec.unfreezing == Unfreezing::Head {
        1e-2
    } else if spec.adapter != AdapterKind::None {
        1e-3
    } else if parameters < 16e6 {
        2e-4
    } else if parameters < 50e6 {
        1e-4
    } else {
        3e-5
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINILM: ModelFacts = ModelFacts {
        family: Family::Bert,
        parameters: 22.7e6,
        layers: 6,
        has_pooler: true,
        max_positions: 512,
        pooling: Pooling::Mean,
        suggested_len: 64,
    };

    #[test]
    fn what_is_left_open_is_filled_in_and_written_down() {
        let recipe = Recipe::new(RecipeSpec::default(), &MINILM).unwrap();
        assert_eq!((recipe.max_length(), recipe.pooling(), recipe.learning_rate()), (64, Pooling::Mean, 1e-4));
        let again = Recipe::new(recipe.spec().clone(), &MINILM).unwrap();
        assert_eq!(again, recipe);
    }

    #[test]
    fn a_field_out_of_range_is_named_with_its_range() {
        for (spec, field) in [
            (RecipeSpec { dropout: 1.0, ..RecipeSpec::default() }, "dropout"),
            (RecipeSpec { dropout: f64::NAN, ..RecipeSpec::default() }, "dropout"),
            (RecipeSpec { epochs: 0, ..RecipeSpec::default() }, "epochs"),
            (RecipeSpec { learning_rate: Some(2.0), ..RecipeSpec::default() }, "learning_rate"),
            (RecipeSpec { max_length: Some(513), ..RecipeSpec::default() }, "max_length"),
            (RecipeSpec { reinit_layers: 7, ..RecipeSpec::default() }, "reinit_layers"),
            (RecipeSpec { lr_per_group: [(ParamGroup::Head, 0.0)].into(), ..RecipeSpec::default() }, "lr_per_group"),
        ] {
            match Recipe::new(spec, &MINILM) {
                Err(RecipeError::OutOfRange { field: named, .. }) => assert_eq!(named, field),
                other => panic!("{field}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_recipe_file_may_leave_out_fields_but_not_invent_them() {
        let spec: RecipeSpec = serde_json::from_str(r#"{"epochs": 5}"#).unwrap();
        assert_eq!((spec.epochs, spec.batch_size), (5, RecipeSpec::default().batch_size));
        assert!(serde_json::from_str::<RecipeSpec>(r#"{"epoch": 5}"#).is_err());
    }

    #[test]
    fn parts_must_be_the_models_own_and_stand_once() {
        let order = |unfreeze_order: &[&[ParamGroup]]| RecipeSpec {
            unfreeze_order: unfreeze_order.iter().map(|group| group.to_vec()).collect(),
            ..RecipeSpec::default()
        };
        let said = |spec| Recipe::new(spec, &MINILM).unwrap_err().to_string();
        assert!(said(order(&[&[ParamGroup::Head], &[ParamGroup::Layer(6)]])).contains("layer.6"));
        assert!(said(order(&[&[ParamGroup::Head], &[ParamGroup::Head]])).contains("already"));
        assert!(said(order(&[&[ParamGroup::Head], &[]])).contains("empty"));
        // With the mean there is no pooler in the model.
        assert!(said(order(&[&[ParamGroup::Pooler]])).contains("pooler"));
        let adapter = RecipeSpec {
            adapter: AdapterKind::Lora,
            unfreezing: Unfreezing::Gradual,
            ..order(&[&[ParamGroup::Embeddings], &[ParamGroup::Head]])
        };
        assert!(said(adapter).contains("nothing would learn"));
    }

    #[test]
    fn what_is_best_must_be_a_score_that_the_run_has() {
        let writer = ModelFacts { family: Family::Llama, ..MINILM };
        let best = |metric, generated_rows| {
            let spec = RecipeSpec {
                task: Task::Generation,
                metric_for_best_model: Some(metric),
                generated_rows,
                ..RecipeSpec::default()
            };
            Recipe::new(spec, &writer).map(drop).map_err(|error| error.to_string())
        };
        assert_eq!(best(Metric::Bleu, 4), Ok(()));
        assert!(best(Metric::Bleu, 0).unwrap_err().contains("generated_rows"));
        assert!(best(Metric::MacroF1, 4).unwrap_err().contains("not a score of this task"));
    }

    #[test]
    fn class_weights_must_be_of_the_datas_classes_and_leave_something_to_learn() {
        let classes = ["a", "b"].map(String::from);
        let checked = |weights: &[(&str, f64)]| {
            let weights = weights.iter().map(|&(class, weight)| (class.to_owned(), weight)).collect();
            let spec = RecipeSpec { class_weights: ClassWeights::Given(weights), ..RecipeSpec::default() };
            Recipe::new(spec, &MINILM).unwrap().check_classes(&classes).map_err(|error| error.to_string())
        };
        assert_eq!(checked(&[]), Ok(()));
        assert_eq!(checked(&[("a", 0.0)]), Ok(()), "b weighs 1");
        assert!(checked(&[("a", 2.0), ("c", 3.0)]).unwrap_err().contains("\"c\""));
        assert!(checked(&[("a", 0.0), ("b", 0.0)]).unwrap_err().contains("every label"));
    }

    #[test]
    fn rates_fall_from_the_head_down_or_are_given() {
        let spec = RecipeSpec { learning_rate: Some(0.5), layer_decay: 0.5, ..RecipeSpec::default() };
        let given = RecipeSpec { lr_per_group: [(ParamGroup::Layer(5), 0.125)].into(), ..spec.clone() };
        let factors = |spec| {
            let recipe = Recipe::new(spec, &MINILM).unwrap();
            [ParamGroup::Head, ParamGroup::Layer(5), ParamGroup::Layer(4), ParamGroup::Embeddings]
                .map(|group| recipe.rate_factor(group))
        };
        assert_eq!(factors(spec), [1.0, 0.5, 0.25, 0.5f64.powi(7)]);
        assert_eq!(factors(given), [1.0, 0.25, 0.25, 0.5f64.powi(7)]);
    }
}
