//! A pretrained model with everything that belongs to it, ready for a task.

use std::collections::BTreeMap;
use std::sync::Arc;

use burn::tensor::Device;
use serde_json::{Map, Value};

use crate::catalog::{AdaptableLinear, ModelReport, ParamGroupFacts, TunedHead};
use crate::dataset::{Cuts, Dataset};
use crate::diagnostic::Diagnostic;
use crate::hub::pooling_of;
use crate::model::{BaseModel, ModelConfig, TaskModel, layers_field, take_averaging_layer};
use crate::recipe::{Family, ModelFacts, ParamGroup, Pooling, Recipe, RecipeSpec, RowFacts, Task};
use crate::text::{ChatTemplate, EncodedRows, EncodedTexts, JINJA, RowEncoder, Tokenizer, TokenizerFile};
use crate::train::{Session, TrainingData, general_texts, training_sample};
use crate::usage::{HeadLayers, PromptForm};
use crate::weights::{ImportReport, Tensors, Weights};

/// A model, its tokenizer and the files that an export includes.
#[derive(Debug)]
pub struct Pretrained {
    /// Configuration of the network.
    pub config: ModelConfig,
    /// Contents of config.json, unchanged.
    pub config_json: Vec<u8>,
    /// Tokenizer of the model.
    pub tokenizer: Arc<Tokenizer>,
    /// Its format of conversations, if it has one. It may be unusable: see [`ChatTemplate::refusal`].
    pub chat: Option<ChatTemplate>,
    /// Files that are copied into an export unchanged: name and bytes.
    pub verbatim: Vec<(String, Vec<u8>)>,
    /// The network.
    pub base: BaseModel,
    /// Default pooling over the tokens' vectors.
    pub pooling: Pooling,
    /// The model with the head that it was tuned with before, and the head's labels, if it has one that a run can continue.
    pub tuned: Option<(TunedHead, TaskModel)>,
    /// The general sentences, encoded.
    pub general: EncodedTexts,
    /// Sentences about what is in the model's files and not used.
    pub notes: Vec<String>,
    /// Quantization of the weights in their file, if any.
    pub quantized: Option<&'static str>,
}

/// A tuned model as it was exported.
#[derive(Debug)]
pub struct TunedParts {
    /// Its configuration, tokenizer and files.
    pub pretrained: Pretrained,
    /// The network with its head.
    pub model: TaskModel,
    /// Recipe of its run.
    pub recipe: Recipe,
}

/// Training, validation and test rows, encoded for a model.
#[derive(Clone, Copy, Debug)]
pub struct TaskRows<'a> {
    /// Names of the classes, labels or tags.
    pub labels: &'a [String],
    /// Training rows.
    pub train: &'a EncodedRows,
    /// Validation rows.
    pub validation: &'a EncodedRows,
    /// Test rows, if there are any.
    pub test: &'a EncodedRows,
    /// Form of the rows, for generation.
    pub form: PromptForm,
    /// The facts that the defaults of a recipe are chosen from.
    pub facts: RowFacts,
}

impl<'a> TaskRows<'a> {
    /// The rows of `dataset`, all of which are encoded.
    pub fn new(dataset: &'a Dataset, encoder: &'a RowEncoder, facts: RowFacts) -> Self {
        let [train, validation, test] = encoder.rows();
        Self { labels: &dataset.labels, train, validation, test, form: dataset.prompt_form(), facts }
    }
}

impl Pretrained {
    /// Builds a model from config.json, its other files and its weights, and reports how the weights were used.
    ///
    /// # Errors
    /// If a file is invalid or a tensor is missing.
    pub fn new(
        mut config_json: Vec<u8>,
        verbatim: Vec<(String, Vec<u8>)>,
        mut tensors: Tensors,
        pooling: Pooling,
    ) -> Result<(Self, ImportReport), Diagnostic> {
        let (config, reads_mean) = without_averaging_layer(&mut config_json, &mut tensors)?;
        let pooling = if reads_mean { Pooling::Mean } else { pooling };
        let base = |config: &ModelConfig| Ok(BaseModel::load(config, &mut tensors)?);
        let mut model = Self::with_base(config, config_json, verbatim, pooling, base)?;
        model.quantized = tensors.quantized();
        model.tuned = model.tuned_head(reads_mean, &mut tensors);
        Ok((model, tensors.finish()))
    }

    /// Builds a tuned model from the files of an export: its parts, and the network with the head that the run of
    /// `recipe` gave it. `outputs` is the number of outputs of the head.
    ///
    /// # Errors
    /// If a file is invalid, a tensor is missing, or the recipe does not fit the model.
    pub fn tuned(
        mut config_json: Vec<u8>,
        verbatim: Vec<(String, Vec<u8>)>,
        mut tensors: Tensors,
        recipe: RecipeSpec,
        labels: usize,
    ) -> Result<TunedParts, Diagnostic> {
        let (config, reads_mean) = without_averaging_layer(&mut config_json, &mut tensors)?;
        let (task, of_recipe) = (recipe.task, recipe.pooling.unwrap_or(Pooling::Cls));
        let pooling = if reads_mean { Pooling::Mean } else { of_recipe };
        let outputs = HeadLayers::outputs(task, labels);
        let mut model = None;
        let base = |config: &ModelConfig| {
            let loaded = TaskModel::load(config, task, pooling, outputs, &mut tensors)?;
            Ok(model.insert(loaded).base.clone())
        };
        let pretrained = Self::with_base(config, config_json, verbatim, pooling, base)?;
        let recipe = Recipe::new(recipe, &pretrained.facts(RowFacts::default()))?;
        let missing = || Diagnostic::new("model.no-head", "The model has no head.");
        Ok(TunedParts { model: model.ok_or_else(missing)?, pretrained, recipe })
    }

    /// The model with the head of its file, if config.json names the outputs of one. A file without that head is that of a
    /// base model.
    fn tuned_head(&self, reads_mean: bool, tensors: &mut Tensors) -> Option<(TunedHead, TaskModel)> {
        // How sentence-transformers pools says nothing about the class with the head.
        let pooling = if reads_mean { Pooling::Mean } else { pooling_of(&self.config_json, None) };
        let head =
            TunedHead::of_config(&self.config_json, pooling).filter(|head| self.config.family().serves(head.task))?;
        // BERT's head reads the pooler, without which transformers would give it a random one.
        let has_input = pooling == Pooling::Mean || self.config.family() != Family::Bert || self.base.has_pooler();
        if head.task.reads_sentences() && !has_input {
            return None;
        }
        let outputs = HeadLayers::outputs(head.task, head.labels.len());
        let model = TaskModel::load_head(self.base.clone(), head.task, pooling, outputs, tensors).ok()?;
        Some((head, model))
    }

    fn with_base(
        config: ModelConfig,
        config_json: Vec<u8>,
        mut verbatim: Vec<(String, Vec<u8>)>,
        pooling: Pooling,
        base: impl FnOnce(&ModelConfig) -> Result<BaseModel, Diagnostic>,
    ) -> Result<Self, Diagnostic> {
        let TokenizerFile { contents, is_changed, config: tokenizer_config } =
            TokenizerFile::of(&verbatim, config.family())?;
        // An export has the files as they are used here, for readers that know no others.
        for (name, json) in [
            ("tokenizer.json", is_changed.then(|| contents.to_string())),
            ("tokenizer_config.json", tokenizer_config.map(|config| config.to_string())),
        ] {
            if let Some(json) = json {
                verbatim.retain(|(other, _)| other != name);
                verbatim.push((name.into(), json.into_bytes()));
            }
        }
        let file = |name: &str| {
            verbatim.iter().find(|(other, _)| other == name).map_or(&[][..], |(_, bytes)| bytes.as_slice())
        };
        let ends = [config_json.as_slice(), file("generation_config.json")];
        let tokenizer = Tokenizer::of_file(contents, config.vocab())?
            .with_eos_ids(&ends)
            .or_eos_token(file("tokenizer_config.json"));
        let chat = if config.family().is_decoder() { ChatTemplate::find(&verbatim) } else { None };
        // For the export: transformers would not find it where it is.
        verbatim.extend(ChatTemplate::of_processor(&verbatim).map(|source| (JINJA.to_owned(), source.into_bytes())));
        let base = base(&config)?;
        let pooling = base.usable_pooling(pooling);
        let general = general_texts(&tokenizer, config.max_positions())?;
        let tokenizer = Arc::new(tokenizer);
        Ok(Self {
            config,
            config_json,
            tokenizer,
            chat,
            verbatim,
            base,
            pooling,
            general,
            tuned: None,
            notes: Vec::new(),
            quantized: None,
        })
    }

    /// The facts that a recipe must fit, for this data.
    pub fn facts(&self, data: RowFacts) -> ModelFacts {
        self.base.facts(self.config.max_positions(), self.pooling, data)
    }

    /// The facts about the loaded model, under the catalog's `id` and `name`.
    pub fn report(&self, id: &str, name: &str, import: ImportReport) -> ModelReport {
        let sizes = self.base.sizes();
        ModelReport {
            id: id.to_owned(),
            name: name.to_owned(),
            family: self.config.family(),
            pooling: self.pooling,
            has_pooler: self.base.has_pooler(),
            parameters: self.base.parameters() as f64,
            groups: self.groups(),
            bytes: 4.0 * self.base.parameters() as f64,
            layers: sizes.layers as u32,
            hidden: sizes.hidden as u32,
            max_positions: self.config.max_positions() as u32,
            vocab: self.config.vocab() as u32,
            tuned_head: self.tuned.as_ref().map(|(head, _)| head.clone()),
            applied: import.applied as u32,
            notes: self.notes.clone(),
        }
    }

    fn groups(&self) -> Vec<ParamGroupFacts> {
        let mut linears: BTreeMap<ParamGroup, Vec<AdaptableLinear>> = BTreeMap::new();
        self.base.visit_linears(&mut |target, linear| {
            let [inputs, outputs] = linear.shape().map(|size| size as u32);
            linears.entry(linear.group()).or_default().push(AdaptableLinear { target, inputs, outputs });
        });
        let groups = self.base.trainable_parameters().into_iter();
        groups
            .map(|(group, parameters)| ParamGroupFacts {
                group,
                parameters: parameters as f64,
                linears: linears.remove(&group).unwrap_or_default(),
            })
            .collect()
    }

    /// The form of prompts for rows of this form: without a usable chat template, prompts and completions are plain text,
    /// whatever the template is for others.
    fn prompt_form(&self, form: PromptForm) -> PromptForm {
        let is_unusable = self.chat.as_ref().is_some_and(|template| template.refusal().is_some());
        if is_unusable && form == PromptForm::Completion { PromptForm::Corpus } else { form }
    }

    /// The model with the head of a recipe's task, for data with these labels: the one that it was tuned with before, if that
    /// fits, or a new one.
    pub fn task_model(&self, recipe: &Recipe, labels: &[String], device: &Device) -> TaskModel {
        let (task, pooling, seed) = (recipe.task(), recipe.pooling(), recipe.seed());
        if let Some((head, model)) = &self.tuned
            && let Ok(outputs) = head.outputs(recipe.spec(), pooling, labels)
        {
            return model.clone().with_outputs(&outputs);
        }
        TaskModel::new(self.base.clone(), task, pooling, HeadLayers::outputs(task, labels.len()), seed, device)
    }

    /// A run of a recipe on these rows.
    ///
    /// # Errors
    /// If the recipe cannot be run, or its maximum length leaves no rows.
    pub fn session(&self, recipe: RecipeSpec, rows: TaskRows, device: &Device) -> Result<Session, Diagnostic> {
        let recipe = Recipe::new(recipe, &self.facts(rows.facts))?;
        recipe.check_classes(rows.labels)?;
        let (max_length, overlap) = (recipe.max_length(), recipe.spec().doc_stride as usize);
        let (train, train_cut) = rows.train.cut(&self.tokenizer, max_length, overlap)?;
        let (validation, validation_cut) = rows.validation.cut(&self.tokenizer, max_length, overlap)?;
        let (test, test_cut) = rows.test.cut(&self.tokenizer, max_length, overlap)?;
        if train.is_empty() || validation.is_empty() {
            return Err(Diagnostic::new("run.no-rows", format!("No row fits into {max_length} tokens."))
                .done("The run was not started.")
                .remedy("Use a larger maximum length: targets are never cut."));
        }
        let data = TrainingData {
            train: training_sample(recipe.spec(), train, rows.labels.len()),
            validation,
            test,
            labels: rows.labels.to_vec(),
            general: self.general.clone(),
            pad: self.tokenizer.pad_id(),
            tokenizer: recipe.task().eq(&Task::Generation).then(|| self.tokenizer.clone()),
            form: self.prompt_form(rows.form),
            cuts: Cuts { train: train_cut, validation: validation_cut, test: test_cut },
        };
        let model = self.task_model(&recipe, &data.labels, device);
        Ok(Session::new(recipe, model, data, device))
    }
}

/// Parses config.json, and takes the averaging layer of an export out of it and of the tensors. Returns true if there was
/// one: the model reads the mean.
fn without_averaging_layer(
    config_json: &mut Vec<u8>,
    tensors: &mut Tensors,
) -> Result<(ModelConfig, bool), Diagnostic> {
    let mut config = ModelConfig::parse(config_json)?;
    let reads_mean = take_averaging_layer(&mut config, tensors);
    if reads_mean {
        let mut fields: Map<String, Value> = serde_json::from_slice(config_json).unwrap_or_default();
        fields.insert(layers_field(config.family()).into(), config.sizes().layers.into());
        *config_json = Value::Object(fields).to_string().into_bytes();
    }
    Ok((config, reads_mean))
}
