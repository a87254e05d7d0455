//! From a raw recipe to one that can be run.

use std::ops::RangeInclusive;

use thiserror::Error;

use super::{AdapterKind, ClassWeights, Family, Freezing, Metric, Place, Pooling, RawRecipe, Task, Unfreezing};
use crate::problem::Problem;

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
    #[error("{field} names {place}, which {reason}")]
    Place {
        /// The field's name in the recipe.
        field: &'static str,
        /// The part.
        place: Place,
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

impl From<RecipeError> for Problem {
    fn from(error: RecipeError) -> Self {
        Problem::new("recipe.invalid", format!("The recipe cannot be run: {error}."))
            .done("No run was begun.")
            .remedy("Change that field, or start from a preset.")
    }
}

/// The range allowed for a field of [`RawRecipe`] by its name, for forms and for validation alike.
///
/// # Panics
/// On a name that is no numeric field: the names are written in this program.
pub fn range_of(field: &str) -> RangeInclusive<f64> {
    match field {
        "max_len" => 8.0..=512.0,
        "batch_size" => 1.0..=128.0,
        "grad_accum_steps" => 1.0..=64.0,
        "epochs" => 1.0..=100.0,
        "lr_peak" | "part_rates" => 1e-7..=1.0,
        "warmup_share" => 0.0..=0.9,
        "warmup_steps" => 0.0..=100_000.0,
        "lr_final_share" | "lr_start_share" => 0.0..=1.0,
        "cycles" => 1.0..=50.0,
        "power" => 0.1..=10.0,
        "cut_share" => 0.01..=0.9,
        "cut_ratio" => 1.0..=1_000.0,
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
        "clip_norm" => 0.0..=100.0,
        "eval_every_epochs" => 0.05..=100.0,
        "eval_every_steps" => 1.0..=1_000_000.0,
        "generated_rows" => 0.0..=1_000.0,
        "max_new_tokens" => 1.0..=512.0,
        "window_overlap" => 0.0..=256.0,
        "patience" => 0.0..=100.0,
        "min_change" => 0.0..=1.0,
        "last_layers" => 1.0..=48.0,
        "thaw_every" => 0.01..=100_000.0,
        "lora_rank" => 1.0..=256.0,
        "lora_alpha" => 0.1..=1_024.0,
        "validation_share" => 0.02..=0.5,
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
    raw: RawRecipe,
    lr_peak: f64,
    max_len: u32,
    pooling: Pooling,
    layers: usize,
    has_pooler: bool,
    best_metric: Metric,
    freezing: Freezing,
}

impl Recipe {
    /// Checks every field and fills in what was left open.
    ///
    /// # Errors
    /// Names the first field that cannot be run, its value and what is allowed.
    pub fn new(mut raw: RawRecipe, facts: &ModelFacts) -> Result<Self, RecipeError> {
        if raw.version != 1 {
            return Err(RecipeError::Version(raw.version));
        }
        if !facts.family.serves(raw.task) {
            return Err(RecipeError::Task(raw.task, facts.family));
        }
        check_numbers(&raw)?;
        check_task(&raw)?;
        let lr_peak = check("lr_peak", raw.lr_peak.unwrap_or_else(|| default_lr(facts, &raw)))?;
        let longest = f64::from(facts.max_positions).min(*range_of("max_len").end());
        let max_len = raw.max_len.unwrap_or(facts.suggested_len.min(longest as u32));
        let shortest = *range_of("max_len").start();
        if !(shortest..=longest).contains(&f64::from(max_len)) {
            let value = f64::from(max_len);
            return Err(RecipeError::OutOfRange { field: "max_len", value, min: shortest, max: longest });
        }
        let pooling = raw.pooling.unwrap_or(facts.pooling);
        let reads_first = raw.task.reads_sentences() && pooling == Pooling::Cls;
        // The other families' heads bring a layer of their own for the first token.
        if reads_first && facts.family == Family::Bert && !facts.has_pooler {
            return Err(RecipeError::NoPooler);
        }
        let has_pooler = reads_first && facts.has_pooler;
        let places = Place::all(facts.layers, has_pooler);
        check_places(&raw, &places)?;
        check_adapter(&raw)?;
        if raw.reinit_layers as usize > facts.layers {
            let value = f64::from(raw.reinit_layers);
            let (min, max) = (0.0, facts.layers as f64);
            return Err(RecipeError::OutOfRange { field: "reinit_layers", value, min, max });
        }
        let freezing = Freezing::new(&raw, facts.layers, has_pooler);
        // A decoder's head is its own and stays as it is beside adapters.
        let has_new_head = raw.task != Task::Generation;
        let has_adapter = |place: &Place| matches!(place, Place::Layer(_)) || (has_new_head && *place == Place::Head);
        if raw.adapter != AdapterKind::None && !freezing.stages().iter().all(|stage| stage.iter().any(has_adapter)) {
            let reason = "has a stage in which nothing would learn: an adapter is in layers and head only";
            return Err(RecipeError::Conflict { field: "thaw_order", reason });
        }
        let best_metric = raw.best_metric.unwrap_or(Metric::of(raw.task)[0]);
        (raw.lr_peak, raw.max_len, raw.pooling) = (Some(lr_peak), Some(max_len), Some(pooling));
        raw.best_metric = Some(best_metric);
        Ok(Self { raw, lr_peak, max_len, pooling, layers: facts.layers, has_pooler, best_metric, freezing })
    }

    /// Whether the weights of classes fit those of the data: each has a class, and something is left to learn.
    ///
    /// # Errors
    /// Names the class that the data does not have, or says that all of them weigh nothing.
    pub fn check_classes(&self, classes: &[String]) -> Result<(), RecipeError> {
        let ClassWeights::Given(weights) = &self.raw.class_weights else { return Ok(()) };
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
    pub fn raw(&self) -> &RawRecipe {
        &self.raw
    }

    /// Highest learning rate.
    pub fn lr_peak(&self) -> f64 {
        self.lr_peak
    }

    /// The rate of a part over the highest one: by name, or falling from the head down (layer-wise decay as in ELECTRA;
    /// with 1/2.6 the discriminative rates of ULMFiT).
    pub fn rate_factor(&self, place: Place) -> f64 {
        if let Some(rate) = self.raw.part_rates.get(&place) {
            return rate / self.lr_peak;
        }
        let below_head = match place {
            Place::Head | Place::Pooler => 0,
            Place::Layer(i) => self.layers - i.min(self.layers),
            Place::Embeddings => self.layers + 1,
        };
        self.raw.layer_decay.powi(below_head as i32)
    }

    /// Whether a part begins as it was pretrained: the head and layers that are made anew do not.
    pub fn is_pretrained(&self, place: Place) -> bool {
        match place {
            Place::Head => self.task() == Task::Generation,
            Place::Pooler => self.raw.reinit_layers == 0,
            Place::Layer(i) => i + (self.raw.reinit_layers as usize) < self.layers,
            Place::Embeddings => true,
        }
    }

    /// All parts of the model, from the bottom.
    pub fn places(&self) -> Vec<Place> {
        Place::all(self.layers, self.has_pooler)
    }

    /// Which parts learn when.
    pub fn freezing(&self) -> &Freezing {
        &self.freezing
    }

    /// Longest sequence, in tokens.
    pub fn max_len(&self) -> usize {
        self.max_len as usize
    }

    /// How the tokens' vectors become one.
    pub fn pooling(&self) -> Pooling {
        self.pooling
    }

    /// Rows computed at a time.
    pub fn batch_size(&self) -> usize {
        self.raw.batch_size as usize
    }

    /// Batches summed into one optimiser step.
    pub fn grad_accum_steps(&self) -> usize {
        self.raw.grad_accum_steps as usize
    }

    /// Passes over the training rows.
    pub fn epochs(&self) -> usize {
        self.raw.epochs as usize
    }

    /// Seed of split, order, head and dropout.
    pub fn seed(&self) -> u64 {
        u64::from(self.raw.seed)
    }

    /// What decides which weights are best.
    pub fn best_metric(&self) -> Metric {
        self.best_metric
    }

    /// What is learned.
    pub fn task(&self) -> Task {
        self.raw.task
    }
}

fn check_numbers(raw: &RawRecipe) -> Result<(), RecipeError> {
    for (field, value) in [
        ("batch_size", f64::from(raw.batch_size)),
        ("grad_accum_steps", f64::from(raw.grad_accum_steps)),
        ("epochs", f64::from(raw.epochs)),
        ("warmup_share", raw.warmup_share),
        ("warmup_steps", f64::from(raw.warmup_steps.unwrap_or(0))),
        ("lr_final_share", raw.lr_final_share),
        ("lr_start_share", raw.lr_start_share),
        ("cycles", f64::from(raw.cycles)),
        ("power", raw.power),
        ("cut_share", raw.cut_share),
        ("cut_ratio", raw.cut_ratio),
        ("plateau_factor", raw.plateau_factor),
        ("plateau_patience", f64::from(raw.plateau_patience)),
        ("layer_decay", raw.layer_decay),
        ("weight_decay", raw.weight_decay),
        ("dropout", raw.dropout),
        ("attention_dropout", raw.attention_dropout),
        ("head_dropout", raw.head_dropout),
        ("label_smoothing", raw.label_smoothing),
        ("focal_gamma", raw.focal_gamma),
        ("r_drop", raw.r_drop),
        ("l2_sp", raw.l2_sp),
        ("reinit_layers", f64::from(raw.reinit_layers)),
        ("clip_norm", raw.clip_norm),
        ("eval_every_epochs", raw.eval_every_epochs),
        ("eval_every_steps", f64::from(raw.eval_every_steps.unwrap_or(1))),
        ("generated_rows", f64::from(raw.generated_rows)),
        ("max_new_tokens", f64::from(raw.max_new_tokens)),
        ("window_overlap", f64::from(raw.window_overlap)),
        ("patience", f64::from(raw.patience)),
        ("min_change", raw.min_change),
        ("last_layers", f64::from(raw.last_layers)),
        ("thaw_every", raw.thaw_every),
        ("lora_rank", f64::from(raw.lora_rank)),
        ("lora_alpha", raw.lora_alpha),
        ("lora_dropout", raw.lora_dropout),
        ("validation_share", raw.validation_share),
    ] {
        check(field, value)?;
    }
    for &rate in raw.part_rates.values() {
        check("part_rates", rate)?;
    }
    if let ClassWeights::Given(weights) = &raw.class_weights {
        for &weight in weights.values() {
            check("class_weights", weight)?;
        }
    }
    Ok(())
}

/// What a task cannot do must not be asked for: a field that did nothing would mislead.
fn check_task(raw: &RawRecipe) -> Result<(), RecipeError> {
    let conflict = |field, reason| Err(RecipeError::Conflict { field, reason });
    if raw.best_metric.is_some_and(|metric| !Metric::of(raw.task).contains(&metric)) {
        return conflict("best_metric", "is not a score of this task");
    }
    let is_written = matches!(raw.best_metric, Some(Metric::Bleu | Metric::Chrf | Metric::ExactMatch));
    if raw.task == Task::Generation && is_written && raw.generated_rows == 0 {
        return conflict("best_metric", "is a score of written texts: let some be written (generated_rows)");
    }
    let has_classes = matches!(raw.task, Task::Classification | Task::TokenClassification);
    if !has_classes && raw.class_weights != ClassWeights::Equal {
        return conflict("class_weights", "needs a task with classes");
    }
    if !has_classes && raw.focal_gamma > 0.0 {
        return conflict("focal_gamma", "must be 0: the focal loss is for tasks with classes");
    }
    if !has_classes && raw.r_drop > 0.0 {
        return conflict("r_drop", "must be 0: R-Drop is built for tasks with classes");
    }
    if !has_classes && raw.task != Task::Generation && raw.label_smoothing > 0.0 {
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
fn check_places(raw: &RawRecipe, places: &[Place]) -> Result<(), RecipeError> {
    let known = |field, place: Place| match places.contains(&place) {
        true => Ok(()),
        false => Err(RecipeError::Place { field, place, reason: "this model does not have" }),
    };
    raw.part_rates.keys().try_for_each(|&place| known("part_rates", place))?;
    let mut seen = Vec::new();
    for &place in raw.thaw_order.iter().flatten() {
        known("thaw_order", place)?;
        if seen.contains(&place) {
            return Err(RecipeError::Place { field: "thaw_order", place, reason: "it has named already" });
        }
        seen.push(place);
    }
    if raw.thaw_order.iter().any(Vec::is_empty) {
        return Err(RecipeError::Empty { field: "a stage of thaw_order", remedy: "name the parts that it adds" });
    }
    Ok(())
}

fn check_adapter(raw: &RawRecipe) -> Result<(), RecipeError> {
    if raw.adapter == AdapterKind::None {
        return Ok(());
    }
    let conflict = |field, reason| Err(RecipeError::Conflict { field, reason });
    if raw.lora_targets.is_empty() {
        return Err(RecipeError::Empty { field: "lora_targets", remedy: "choose a layer that gets an adapter" });
    }
    if raw.train_embeddings {
        return conflict("train_embeddings", "cannot be on with an adapter, which leaves the model itself as it is");
    }
    if raw.reinit_layers > 0 {
        return conflict("reinit_layers", "must be 0 with an adapter: what is made anew could not learn");
    }
    if raw.l2_sp > 0.0 {
        return conflict("l2_sp", "must be 0 with an adapter: the pretrained weights do not move");
    }
    Ok(())
}

/// The rate that a recipe gets when it names none. Small models want higher rates, and so does what is new.
///
/// MiniLM's 1e-4 is the rate behind the scores in tests/golden/reference_runs.json; the others are usual for such
/// models.
pub fn default_lr(facts: &ModelFacts, raw: &RawRecipe) -> f64 {
    let parameters = facts.parameters;
    if raw.task == Task::Generation {
        return match (raw.adapter, parameters) {
            (_, parameters) if parameters < 4e6 => 2e-3,
            (AdapterKind::None, parameters) if parameters < 50e6 => 2e-4,
            (AdapterKind::None, _) => 5e-5,
            _ => 5e-4,
        };
    }
    if raw.unfreezing == Unfreezing::Head {
        1e-2
    } else if raw.adapter != AdapterKind::None {
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
        let recipe = Recipe::new(RawRecipe::default(), &MINILM).unwrap();
        assert_eq!((recipe.max_len(), recipe.pooling(), recipe.lr_peak()), (64, Pooling::Mean, 1e-4));
        let again = Recipe::new(recipe.raw().clone(), &MINILM).unwrap();
        assert_eq!(again, recipe);
    }

    #[test]
    fn a_field_out_of_range_is_named_with_its_range() {
        for (raw, field) in [
            (RawRecipe { dropout: 1.0, ..RawRecipe::default() }, "dropout"),
            (RawRecipe { dropout: f64::NAN, ..RawRecipe::default() }, "dropout"),
            (RawRecipe { epochs: 0, ..RawRecipe::default() }, "epochs"),
            (RawRecipe { lr_peak: Some(2.0), ..RawRecipe::default() }, "lr_peak"),
            (RawRecipe { max_len: Some(513), ..RawRecipe::default() }, "max_len"),
            (RawRecipe { reinit_layers: 7, ..RawRecipe::default() }, "reinit_layers"),
            (RawRecipe { part_rates: [(Place::Head, 0.0)].into(), ..RawRecipe::default() }, "part_rates"),
        ] {
            match Recipe::new(raw, &MINILM) {
                Err(RecipeError::OutOfRange { field: named, .. }) => assert_eq!(named, field),
                other => panic!("{field}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_recipe_file_may_leave_out_fields_but_not_invent_them() {
        let raw: RawRecipe = serde_json::from_str(r#"{"epochs": 5}"#).unwrap();
        assert_eq!((raw.epochs, raw.batch_size), (5, RawRecipe::default().batch_size));
        assert!(serde_json::from_str::<RawRecipe>(r#"{"epoch": 5}"#).is_err());
    }

    #[test]
    fn parts_must_be_the_models_own_and_stand_once() {
        let order = |thaw_order: &[&[Place]]| RawRecipe {
            thaw_order: thaw_order.iter().map(|group| group.to_vec()).collect(),
            ..RawRecipe::default()
        };
        let said = |raw| Recipe::new(raw, &MINILM).unwrap_err().to_string();
        assert!(said(order(&[&[Place::Head], &[Place::Layer(6)]])).contains("layer.6"));
        assert!(said(order(&[&[Place::Head], &[Place::Head]])).contains("already"));
        assert!(said(order(&[&[Place::Head], &[]])).contains("empty"));
        // With the mean there is no pooler in the model.
        assert!(said(order(&[&[Place::Pooler]])).contains("pooler"));
        let adapter = RawRecipe {
            adapter: AdapterKind::Lora,
            unfreezing: Unfreezing::Gradual,
            ..order(&[&[Place::Embeddings], &[Place::Head]])
        };
        assert!(said(adapter).contains("nothing would learn"));
    }

    #[test]
    fn what_is_best_must_be_a_score_that_the_run_has() {
        let writer = ModelFacts { family: Family::Llama, ..MINILM };
        let best = |metric, generated_rows| {
            let raw =
                RawRecipe { task: Task::Generation, best_metric: Some(metric), generated_rows, ..RawRecipe::default() };
            Recipe::new(raw, &writer).map(drop).map_err(|error| error.to_string())
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
            let raw = RawRecipe { class_weights: ClassWeights::Given(weights), ..RawRecipe::default() };
            Recipe::new(raw, &MINILM).unwrap().check_classes(&classes).map_err(|error| error.to_string())
        };
        assert_eq!(checked(&[]), Ok(()));
        assert_eq!(checked(&[("a", 0.0)]), Ok(()), "b weighs 1");
        assert!(checked(&[("a", 2.0), ("c", 3.0)]).unwrap_err().contains("\"c\""));
        assert!(checked(&[("a", 0.0), ("b", 0.0)]).unwrap_err().contains("every label"));
    }

    #[test]
    fn rates_fall_from_the_head_down_or_are_given() {
        let raw = RawRecipe { lr_peak: Some(0.5), layer_decay: 0.5, ..RawRecipe::default() };
        let given = RawRecipe { part_rates: [(Place::Layer(5), 0.125)].into(), ..raw.clone() };
        let factors = |raw| {
            let recipe = Recipe::new(raw, &MINILM).unwrap();
            [Place::Head, Place::Layer(5), Place::Layer(4), Place::Embeddings].map(|place| recipe.rate_factor(place))
        };
        assert_eq!(factors(raw), [1.0, 0.5, 0.25, 0.5f64.powi(7)]);
        assert_eq!(factors(given), [1.0, 0.25, 0.25, 0.5f64.powi(7)]);
    }
}
