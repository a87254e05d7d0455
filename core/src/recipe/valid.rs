//! A recipe that can be run.

use crate::recipe::checks::{check_adapter, check_param_groups, check_ranges, check_task};
use crate::recipe::choices::{ClassWeights, Pooling};
use crate::recipe::defaults::Defaults;
use crate::recipe::error::RecipeError;
use crate::recipe::facts::ModelFacts;
use crate::recipe::family::Family;
use crate::recipe::fields::{LENGTHS, RecipeSpec};
use crate::recipe::metric::Metric;
use crate::recipe::param_group::ParamGroup;
use crate::recipe::task::Task;
use crate::recipe::unfreeze::UnfreezeSchedule;

/// A recipe that can be run: every value is in range and every choice is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    spec: RecipeSpec,
    /// The fields that Hone chooses where the recipe does not.
    chosen: Defaults,
    max_length: u32,
    pooling: Pooling,
    layers: usize,
    groups: Vec<ParamGroup>,
    metric_for_best_model: Metric,
    unfreeze_schedule: UnfreezeSchedule,
}

impl Recipe {
    /// Checks every field and fills in the automatic ones.
    ///
    /// # Errors
    /// Names the first invalid field, its value and the allowed values.
    pub fn new(mut spec: RecipeSpec, facts: &ModelFacts) -> Result<Self, RecipeError> {
        if spec.version != 1 {
            return Err(RecipeError::Version(spec.version));
        }
        if !facts.family.serves(spec.task) {
            return Err(RecipeError::Task(spec.task, facts.family));
        }
        check_ranges(&spec)?;
        check_task(&spec)?;
        if spec.has_triplet_loss() && !facts.data.has_negatives {
            let reason =
                "cannot be \"triplet\": the data has no negatives. Choose a column of negatives, or \"in_batch\"";
            return Err(RecipeError::Conflict { field: "similarity_loss", reason });
        }
        let chosen = Defaults::new(&spec, facts).or_given(&spec);
        chosen.fill(&mut spec);
        let (shortest, longest) = (*LENGTHS.start(), LENGTHS.end().min(f64::from(facts.max_positions)));
        let max_length = spec.max_length.unwrap_or(facts.data.suggested_len.min(longest as u32));
        check_range("max_length", f64::from(max_length), shortest, longest)?;
        check_range("reinit_layers", f64::from(spec.reinit_layers), 0.0, facts.layers as f64)?;
        for &size in &spec.matryoshka_dims {
            check_range("matryoshka_dims", f64::from(size), 1.0, f64::from(facts.hidden))?;
        }
        let pooling = spec.pooling.unwrap_or(facts.pooling);
        // The other families' heads have a dense layer of their own for the first token.
        let needs_pooler = spec.task.reads_sentences() && pooling == Pooling::Cls && facts.family == Family::Bert;
        if needs_pooler && !facts.has_pooler {
            return Err(RecipeError::NoPooler);
        }
        let groups = facts.param_groups(spec.task, pooling);
        check_param_groups(&spec, &groups)?;
        let unfreeze_schedule = UnfreezeSchedule::new(&spec, &groups);
        check_adapter(&spec, &unfreeze_schedule)?;
        let metric_for_best_model = spec.metric_for_best_model.unwrap_or(Metric::of(spec.task)[0]);
        (spec.max_length, spec.pooling) = (Some(max_length), Some(pooling));
        spec.metric_for_best_model = Some(metric_for_best_model);
        Ok(Self {
            spec,
            chosen,
            max_length,
            pooling,
            layers: facts.layers,
            groups,
            metric_for_best_model,
            unfreeze_schedule,
        })
    }

    /// Checks the class weights against the classes of the data.
    ///
    /// # Errors
    /// Names a class that the data lacks, or states that all weights are 0.
    pub fn check_classes(&self, classes: &[String]) -> Result<(), RecipeError> {
        let ClassWeights::Given(weights) = &self.spec.class_weights else { return Ok(()) };
        if let Some(unknown) = weights.keys().find(|name| !classes.contains(name)) {
            return Err(RecipeError::UnknownClass(unknown.clone()));
        }
        // A class that is not named weighs 1.
        if classes.iter().all(|class| weights.get(class) == Some(&0.0)) {
            let reason = "is 0 for every label of the data, so nothing would be learned";
            return Err(RecipeError::Conflict { field: "class_weights", reason });
        }
        Ok(())
    }

    /// The recipe as written to recipe.json, with every automatic field filled in.
    pub fn spec(&self) -> &RecipeSpec {
        &self.spec
    }

    /// The same recipe with another metric deciding which weights are kept, if the chosen one says nothing about the data.
    pub fn with_metric_for_best_model(mut self, metric: Metric) -> Self {
        self.metric_for_best_model = metric;
        self.spec.metric_for_best_model = Some(metric);
        self
    }

    /// The same recipe with another number of epochs.
    ///
    /// # Errors
    /// The range of `epochs` if there are too many.
    pub fn with_epochs(mut self, epochs: u32) -> Result<Self, RecipeError> {
        self.spec.epochs = Some(epochs);
        self.spec.max_steps = 0;
        check_ranges(&self.spec)?;
        self.chosen.epochs = epochs;
        Ok(self)
    }

    /// Learning rate at the peak of the schedule.
    pub fn learning_rate(&self) -> f64 {
        self.chosen.learning_rate
    }

    /// Learning rate of a parameter group divided by the peak: given by name, or decayed layer by layer from the head down
    /// (as in ELECTRA; with a decay of 1/2.6, the discriminative rates of ULMFiT).
    pub fn rate_factor(&self, group: ParamGroup) -> f64 {
        if let Some(rate) = self.spec.lr_per_group.get(&group) {
            return rate / self.learning_rate();
        }
        let below_head = match group {
            ParamGroup::Head | ParamGroup::Pooler => 0,
            ParamGroup::Layer(index) => self.layers - index.min(self.layers),
            ParamGroup::Embeddings => self.layers + 1,
        };
        self.spec.layer_decay.powi(below_head as i32)
    }

    /// Returns true if a parameter group starts from pretrained weights; a new head and reinitialized layers do not.
    pub fn is_pretrained(&self, group: ParamGroup) -> bool {
        match group {
            ParamGroup::Head => !self.task().has_new_head(),
            ParamGroup::Pooler => self.spec.reinit_layers == 0,
            ParamGroup::Layer(index) => index + (self.spec.reinit_layers as usize) < self.layers,
            ParamGroup::Embeddings => true,
        }
    }

    /// The parameter groups of the model, from the bottom.
    pub fn groups(&self) -> &[ParamGroup] {
        &self.groups
    }

    /// Parameter groups that are trained in each stage.
    pub fn unfreeze_schedule(&self) -> &UnfreezeSchedule {
        &self.unfreeze_schedule
    }

    /// Longest sequence, in tokens.
    pub fn max_length(&self) -> usize {
        self.max_length as usize
    }

    /// Way in which token vectors become one vector for the text.
    pub fn pooling(&self) -> Pooling {
        self.pooling
    }

    /// Batch size, in rows.
    pub fn batch_size(&self) -> usize {
        self.chosen.batch_size as usize
    }

    /// Batches summed into one optimizer step.
    pub fn gradient_accumulation_steps(&self) -> usize {
        self.spec.gradient_accumulation_steps as usize
    }

    /// Passes over the training rows.
    pub fn epochs(&self) -> usize {
        self.chosen.epochs as usize
    }

    /// Epochs between two evaluations, unless they are measured in steps.
    pub fn eval_every_epochs(&self) -> f64 {
        self.chosen.eval_every_epochs
    }

    /// Evaluations without improvement before the run stops early; 0 if it never does.
    pub fn early_stopping_patience(&self) -> u32 {
        self.chosen.early_stopping_patience
    }

    /// Seed of everything random.
    pub fn seed(&self) -> u64 {
        u64::from(self.spec.seed)
    }

    /// Metric that decides which weights are kept.
    pub fn metric_for_best_model(&self) -> Metric {
        self.metric_for_best_model
    }

    /// Task that the model is trained for.
    pub fn task(&self) -> Task {
        self.spec.task
    }
}

/// Checks a number against a bound that depends on the model.
fn check_range(field: &'static str, value: f64, min: f64, max: f64) -> Result<(), RecipeError> {
    if (min..=max).contains(&value) { Ok(()) } else { Err(RecipeError::OutOfRange { field, value, min, max }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::RowFacts;
    use crate::recipe::choices::{AdapterKind, Unfreezing};

    const MINILM: ModelFacts = ModelFacts {
        family: Family::Bert,
        parameters: 22.7e6,
        layers: 6,
        hidden: 384,
        has_pooler: true,
        max_positions: 512,
        pooling: Pooling::Mean,
        data: RowFacts { rows: 1_000, classes: 2, suggested_len: 64, has_negatives: true },
    };

    #[test]
    fn automatic_fields_are_filled_in() {
        let recipe = Recipe::new(RecipeSpec::default(), &MINILM).unwrap();
        assert_eq!((recipe.max_length(), recipe.pooling(), recipe.learning_rate()), (64, Pooling::Mean, 1e-4));
        let again = Recipe::new(recipe.spec().clone(), &MINILM).unwrap();
        assert_eq!(again, recipe);
    }

    #[test]
    fn a_number_beyond_the_models_limits_is_refused_by_name() {
        for (spec, field) in [
            (RecipeSpec { dropout: 1.0, ..RecipeSpec::default() }, "dropout"),
            (RecipeSpec { max_length: Some(513), ..RecipeSpec::default() }, "max_length"),
            (RecipeSpec { reinit_layers: 7, ..RecipeSpec::default() }, "reinit_layers"),
            (
                RecipeSpec { task: Task::Embeddings, matryoshka_dims: vec![128, 512], ..RecipeSpec::default() },
                "matryoshka_dims",
            ),
            (RecipeSpec { lr_per_group: [(ParamGroup::Head, 0.0)].into(), ..RecipeSpec::default() }, "lr_per_group"),
        ] {
            match Recipe::new(spec, &MINILM) {
                Err(RecipeError::OutOfRange { field: named, .. }) => assert_eq!(named, field),
                other => panic!("{field}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_recipe_file_may_omit_fields_but_not_add_any() {
        let spec: RecipeSpec = serde_json::from_str(r#"{"epochs": 5}"#).unwrap();
        assert_eq!((spec.epochs, spec.batch_size), (Some(5), None));
        assert!(serde_json::from_str::<RecipeSpec>(r#"{"epoch": 5}"#).is_err());
    }

    #[test]
    fn parameter_groups_must_exist_and_be_listed_once() {
        let order = |unfreeze_order: &[&[ParamGroup]]| RecipeSpec {
            unfreeze_order: unfreeze_order.iter().map(|group| group.to_vec()).collect(),
            ..RecipeSpec::default()
        };
        let refusal = |spec| Recipe::new(spec, &MINILM).unwrap_err().to_string();
        assert!(refusal(order(&[&[ParamGroup::Head], &[ParamGroup::Layer(6)]])).contains("layer.6"));
        assert!(refusal(order(&[&[ParamGroup::Head], &[ParamGroup::Head]])).contains("already"));
        assert!(refusal(order(&[&[ParamGroup::Head], &[]])).contains("empty"));
        // With mean pooling the model has no pooler.
        assert!(refusal(order(&[&[ParamGroup::Pooler]])).contains("pooler"));
        let adapter = RecipeSpec {
            adapter: AdapterKind::Lora,
            unfreezing: Unfreezing::Gradual,
            ..order(&[&[ParamGroup::Embeddings], &[ParamGroup::Head]])
        };
        assert!(refusal(adapter).contains("nothing would learn"));
    }

    #[test]
    fn an_order_of_every_group_fits_each_family_and_task_and_a_missing_pooler_does_not() {
        for family in Family::ALL {
            for task in Task::ALL.into_iter().filter(|task| family.serves(*task)) {
                for pooling in Pooling::ALL {
                    let facts = ModelFacts { family, has_pooler: family == Family::Bert, ..MINILM };
                    let groups = facts.param_groups(task, pooling);
                    let spec = RecipeSpec {
                        task,
                        pooling: Some(pooling),
                        unfreezing: Unfreezing::Gradual,
                        unfreeze_order: groups.iter().rev().map(|&group| vec![group]).collect(),
                        ..RecipeSpec::default()
                    };
                    let case = format!("{family} {task:?} {pooling:?}");
                    let recipe = Recipe::new(spec.clone(), &facts).unwrap_or_else(|error| panic!("{case}: {error}"));
                    assert_eq!(recipe.groups(), groups, "{case}");
                    assert_eq!(recipe.unfreeze_schedule().stages().len(), groups.len(), "{case}");
                    let with_pooler = RecipeSpec { unfreeze_order: vec![vec![ParamGroup::Pooler]], ..spec };
                    assert_eq!(
                        Recipe::new(with_pooler, &facts).is_ok(),
                        groups.contains(&ParamGroup::Pooler),
                        "{case}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_deciding_metric_must_be_one_that_the_run_reports() {
        let decoder = ModelFacts { family: Family::Llama, ..MINILM };
        let best = |metric, generated_rows| {
            let spec = RecipeSpec {
                task: Task::Generation,
                metric_for_best_model: Some(metric),
                generated_rows,
                ..RecipeSpec::default()
            };
            Recipe::new(spec, &decoder).map(drop).map_err(|error| error.to_string())
        };
        assert_eq!(best(Metric::Bleu, 4), Ok(()));
        assert!(best(Metric::Bleu, 0).unwrap_err().contains("generated_rows"));
        assert!(best(Metric::MacroF1, 4).unwrap_err().contains("not a metric of this task"));
    }

    #[test]
    fn class_weights_must_name_classes_of_the_data_and_not_all_be_zero() {
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
    fn learning_rates_decay_from_the_head_down_or_are_given() {
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
