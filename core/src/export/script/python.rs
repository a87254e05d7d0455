//! train.py, rows.py and their README, from their templates.

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Value};
use serde::Serialize;
use serde_json::json;

use crate::dataset::Mapping;
use crate::diagnostic::Diagnostic;
use crate::export::adapter::TrainedModules;
use crate::export::failed;
use crate::export::script::reading::Reading;
use crate::export::script::{PACKAGES, TrainingScript};
use crate::metrics::are_entity_tags;
use crate::recipe::{AdapterKind, ClassWeights, Family, Metric, ParamGroup, Task, UnfreezeTrigger, Unfreezing};
use crate::usage::{ExportForm, HeadLayers, ModelKind, PromptForm, quoted};

const SCRIPT: &str = include_str!("templates/train.py.jinja");
const RECIPE: &str = include_str!("templates/recipe.py.jinja");
const ROWS: &str = include_str!("templates/rows.py.jinja");
const README: &str = include_str!("templates/README.md.jinja");

/// The parts of the scripts, each with its name in their templates.
const PARTS: [(&str, &str); 6] = [
    ("records", include_str!("templates/records.py.jinja")),
    ("encode", include_str!("templates/encode.py.jinja")),
    ("stages", include_str!("templates/stages.py.jinja")),
    ("schedule", include_str!("templates/schedule.py.jinja")),
    ("objective", include_str!("templates/objective.py.jinja")),
    ("scores", include_str!("templates/scores.py.jinja")),
];

/// The variables of the templates.
pub(super) struct Python {
    variables: Vec<(&'static str, Value)>,
    packages: Vec<&'static str>,
    has_own_class: bool,
}

impl Python {
    /// The variables of a script.
    ///
    /// # Errors
    /// `script.format` if Python could not read the file as Hone does.
    pub(super) fn of(script: &TrainingScript) -> Result<Self, Diagnostic> {
        let kind = ModelKind {
            task: script.recipe.task(),
            family: script.base.base.family(),
            pooling: script.recipe.pooling(),
        };
        let mut variables = of_file(script)?;
        variables.extend(of_model(script, kind));
        variables.extend(of_recipe(script));
        let metric_code = metric_code(script);
        let has_adapter = script.recipe.spec().adapter != AdapterKind::None;
        let is_needed = |package: &&'static str| {
            let (name, _) = package.split_once("==").unwrap_or((package, ""));
            match name {
                "peft" => has_adapter,
                "scikit-learn" => ["classes", "labels", "tags"].contains(&metric_code),
                "scipy" => metric_code == "numbers",
                "seqeval" => metric_code == "entities",
                _ => true,
            }
        };
        let packages: Vec<&'static str> = PACKAGES.into_iter().filter(is_needed).collect();
        variables.push(("packages", packages.iter().copied().collect()));
        Ok(Self { variables, packages, has_own_class: kind.lacks_standard_class() })
    }

    /// The packages that the script needs.
    pub(super) fn packages(&self) -> &[&'static str] {
        &self.packages
    }

    /// Returns true if the model's class comes with the script.
    pub(super) fn has_own_class(&self) -> bool {
        self.has_own_class
    }

    /// Contents of README.md.
    pub(super) fn readme(&self) -> Result<String, Diagnostic> {
        self.rendered(README, Vec::new())
    }

    /// The Python files: train.py, and what it imports.
    pub(super) fn scripts(&self) -> Result<Vec<(&'static str, String)>, Diagnostic> {
        let mut parts = Vec::new();
        for (name, template) in PARTS {
            parts.push((name, Value::from(self.rendered(template, Vec::new())?.trim())));
        }
        let parts = vec![("parts", Value::from_pairs(parts))];
        [("train.py", SCRIPT), ("recipe.py", RECIPE), ("rows.py", ROWS)]
            .into_iter()
            .map(|(name, template)| Ok((name, self.rendered(template, parts.clone())?)))
            .collect()
    }

    fn rendered(&self, template: &str, more: Vec<(&'static str, Value)>) -> Result<String, Diagnostic> {
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(failed)?;
        environment.set_syntax(syntax);
        let variables = self.variables.iter().cloned().chain(more);
        let mut text = environment.render_str(template, Value::from_pairs(variables)).map_err(failed)?;
        text.push('\n');
        Ok(text)
    }
}

/// The file of the rows, and the columns that the task reads.
fn of_file(script: &TrainingScript) -> Result<Vec<(&'static str, Value)>, Diagnostic> {
    let examples = &script.dataset.train_file.examples;
    let reading = Reading::of(&examples.records, &examples.mapping)?;
    let columns = &reading.columns;
    let literal = |column: u32| Value::from(quoted(columns.get(column as usize).map_or("", String::as_str)));
    let list = |all: &[u32]| {
        let names: Vec<&str> = all.iter().filter_map(|&column| Some(columns.get(column as usize)?.as_str())).collect();
        Value::from(json!(names).to_string())
    };
    let mut variables = match &examples.mapping {
        Mapping::Classification { text, pair, label } | Mapping::Regression { text, pair, number: label } => {
            let texts: Vec<u32> = [*text].into_iter().chain(*pair).collect();
            vec![("text_columns", list(&texts)), ("label", literal(*label))]
        }
        Mapping::Reranking { query, passage, label } => {
            vec![("text_columns", list(&[*query, *passage])), ("label", literal(*label))]
        }
        Mapping::MultiLabel { text, pair, labels } => {
            let texts: Vec<u32> = [*text].into_iter().chain(*pair).collect();
            let label_columns = if labels.len() > 1 { list(labels) } else { Value::from(()) };
            let label = literal(labels.first().copied().unwrap_or_default());
            let separator = examples.list_form.separator.map(|separator| quoted(&separator.to_string()));
            vec![
                ("text_columns", list(&texts)),
                ("label", label),
                ("label_columns", label_columns),
                ("holds_names", Value::from(examples.list_form.is_in_columns)),
                ("separator", separator.map(Value::from).unwrap_or_default()),
            ]
        }
        Mapping::TokenClassification { text, tags } => vec![("text_columns", list(&[*text, *tags]))],
        Mapping::QuestionAnswering { question, context, answer, start } => vec![
            ("question", literal(*question)),
            ("context", literal(*context)),
            ("answer", literal(*answer)),
            ("start", start.map(literal).unwrap_or_default()),
        ],
        Mapping::Completion { prompt, completion } => {
            vec![("prompt", Value::from(quoted(prompt))), ("completion", literal(*completion))]
        }
        Mapping::Chat { messages } => vec![("messages", literal(*messages))],
        Mapping::Corpus { text } => vec![("text_columns", list(&[*text]))],
        Mapping::Pairs { .. } | Mapping::ScoredPairs { .. } | Mapping::LabeledTexts { .. } => {
            return Err(no_counterpart());
        }
    };
    let form = match script.dataset.prompt_form() {
        PromptForm::Completion => "completion",
        PromptForm::Chat => "chat",
        PromptForm::Corpus => "corpus",
    };
    let has_validation_file = script.dataset.validation_file.is_some();
    let name = script.files.train.name.as_str();
    let validation_name = script.files.validation.map_or("", |file| file.name.as_str());
    let shell = |name: &str| {
        let is_plain = |c: char| c.is_alphanumeric() || "-_./".contains(c);
        if name.chars().all(is_plain) { name.to_owned() } else { format!("'{}'", name.replace('\'', r"'\''")) }
    };
    let names = [Some(name), has_validation_file.then_some(validation_name)];
    let arguments: Vec<String> = names.into_iter().flatten().map(shell).collect();
    let need_re = ["paragraphs", "json_array"].contains(&reading.format)
        || matches!(examples.mapping, Mapping::Classification { .. } | Mapping::Completion { .. });
    variables.extend([
        ("rows_need_re", Value::from(need_re)),
        ("format", Value::from(reading.format)),
        ("is_gzip", Value::from(reading.is_gzip)),
        ("open", Value::from(if reading.is_gzip { "gzip.open" } else { "open" })),
        ("open_mode", Value::from(if reading.is_gzip { "\"rt\", " } else { "" })),
        ("newline", Value::from(if reading.format == "table" { ", newline=\"\"" } else { "" })),
        ("encoding", Value::from(reading.encoding)),
        ("dialect", Value::from(reading.dialect)),
        ("skipped_lines", Value::from(reading.skipped_lines)),
        ("has_header", Value::from(reading.has_header)),
        ("columns", Value::from(json!(reading.columns).to_string())),
        ("form", Value::from(form)),
        ("open_brace", Value::from("\"{{\"")),
        ("close_brace", Value::from("\"}}\"")),
        ("file", Value::from(name)),
        ("validation_file", Value::from(validation_name)),
        ("has_validation_file", Value::from(has_validation_file)),
        ("data_arguments", Value::from(arguments.join(" "))),
    ]);
    Ok(variables)
}

/// The class of the model, its settings and its adapters.
fn of_model(script: &TrainingScript, kind: ModelKind) -> Vec<(&'static str, Value)> {
    let class = kind.architecture(ExportForm::OwnClass);
    let has_own_class = kind.lacks_standard_class();
    let mut imports = vec!["AutoTokenizer", "Trainer", "TrainingArguments"];
    imports.extend((!has_own_class).then_some(class.as_str()));
    imports.sort_unstable();
    imports.push("set_seed");
    let modules = TrainedModules::of(script.start);
    let lora = match script.recipe.spec().adapter {
        AdapterKind::None => Value::from(()),
        AdapterKind::Lora | AdapterKind::Dora => Value::from_pairs([
            ("targets", Value::from(modules.adapted)),
            ("heads", if modules.heads.is_empty() { "None".into() } else { json!(modules.heads).to_string().into() }),
            // GPT-2 stores the weights of its layers as `[in, out]` (`Conv1D`).
            ("fan_in_fan_out", Value::from(python_bool(kind.family == Family::Gpt2))),
        ]),
    };
    let output = HeadLayers::of(kind.task, kind.family, kind.pooling).map_or("", |head| head.output);
    let eos = script.data.tokenizer.as_ref().and_then(|tokenizer| tokenizer.eos_ids().first().copied());
    vec![
        ("class", Value::from(class.as_str())),
        ("has_own_class", Value::from(has_own_class)),
        ("transformers_imports", Value::from(imports.join(", "))),
        ("settings", Value::from(settings(script, kind))),
        ("lora", lora),
        ("head", Value::from(kind.task != Task::Generation)),
        ("output", Value::from(output)),
        ("eos", eos.map_or_else(|| Value::from("None"), Value::from)),
        ("has_final_norm", Value::from(kind.family == Family::ModernBert)),
        ("has_template", Value::from(script.has_chat_template)),
        ("base_model", Value::from(quoted(script.base_model))),
        ("base_name", Value::from(script.base_model)),
        ("is_local", Value::from(!script.base_model.contains('/'))),
    ]
}

/// Fields of the model's configuration, as a dictionary.
fn settings(script: &TrainingScript, kind: ModelKind) -> String {
    let problem = |name: &str| format!("\"problem_type\": \"{name}\"");
    let labels =
        "\"id2label\": dict(enumerate(LABELS)),\n        \"label2id\": {name: id for id, name in enumerate(LABELS)}";
    let mut fields = match kind.task {
        Task::Classification => vec![labels.to_owned(), problem("single_label_classification")],
        Task::MultiLabel => vec![labels.to_owned(), problem("multi_label_classification")],
        Task::TokenClassification => vec![labels.to_owned()],
        Task::Regression => vec!["\"num_labels\": 1".to_owned(), problem("regression")],
        Task::Reranking => vec!["\"num_labels\": 1".to_owned()],
        Task::QuestionAnswering | Task::Embeddings => Vec::new(),
        Task::Generation => vec!["\"use_cache\": False".to_owned()],
    };
    let (hidden, attention, head) = ("dropout", "attention_dropout", "head_dropout");
    let dropouts: &[(&str, &str)] = match kind.family {
        Family::DistilBert => &[
            ("dropout", hidden),
            ("attention_dropout", attention),
            ("seq_classif_dropout", head),
            ("qa_dropout", head),
        ],
        Family::ModernBert => &[
            ("embedding_dropout", hidden),
            ("mlp_dropout", hidden),
            ("attention_dropout", attention),
            ("classifier_dropout", head),
        ],
        Family::Gpt2 => &[("embd_pdrop", hidden), ("resid_pdrop", hidden), ("attn_pdrop", attention)],
        family if family.is_decoder() => &[("attention_dropout", attention)],
        _ => &[
            ("hidden_dropout_prob", hidden),
            ("attention_probs_dropout_prob", attention),
            ("classifier_dropout", head),
        ],
    };
    fields.extend(dropouts.iter().map(|(name, field)| format!("\"{name}\": RECIPE[\"{field}\"]")));
    if kind.family == Family::ModernBert && kind.task.reads_sentences() {
        let pooling = if kind.reads_mean() { "mean" } else { "cls" };
        fields.push(format!("\"classifier_pooling\": \"{pooling}\""));
    }
    if script.recipe.task() != Task::Generation {
        fields.push("\"ignore_mismatched_sizes\": True".to_owned());
    }
    let lines: String = fields.iter().map(|field| format!("        {field},\n")).collect();
    format!("{{\n{lines}    }}")
}

/// The techniques of the recipe.
fn of_recipe(script: &TrainingScript) -> Vec<(&'static str, Value)> {
    let (recipe, spec) = (script.recipe, script.recipe.spec());
    let metric_code = metric_code(script);
    let metric = if metric_code.is_empty() { Metric::Loss } else { recipe.metric_for_best_model() };
    let groups: Vec<String> = recipe.groups().iter().map(ParamGroup::to_string).collect();
    let pretrained: Vec<String> =
        recipe.groups().iter().filter(|&&group| recipe.is_pretrained(group)).map(ParamGroup::to_string).collect();
    let trigger = match recipe.unfreeze_schedule().trigger() {
        UnfreezeTrigger::Epochs(_) => "epochs",
        UnfreezeTrigger::Steps(_) => "steps",
        UnfreezeTrigger::Stall(_) => "stall",
    };
    let class_weights = match spec.class_weights {
        ClassWeights::Equal => "equal",
        ClassWeights::Balanced => "balanced",
        ClassWeights::Given(_) => "given",
    };
    let cross_entropy = if spec.focal_gamma > 0.0 {
        "-((1 - logits.softmax(-1)).clamp(min=1e-6) ** RECIPE[\"focal_gamma\"] * logits.log_softmax(-1) * targets).sum(-1)"
    } else {
        "-(logits.log_softmax(-1) * targets).sum(-1)"
    };
    let task = recipe.task();
    let (has_reinit, is_regression) = (spec.reinit_layers > 0, task == Task::Regression);
    let imports = [
        (has_reinit, "LAYERS"),
        (true, "STAGES"),
        (is_regression, "UNIT"),
        (is_regression, "absorb_standardization"),
        (true, "callbacks"),
        (true, "decays"),
        (true, "group_of"),
        (true, "logits_of"),
        (true, "lr_factor"),
        (true, "objective"),
        (true, "rate_factor"),
        (is_regression, "settle_unit"),
        (true, "stage_at"),
        (true, "without_dropout"),
    ];
    let imports = imports.into_iter().filter_map(|(is_used, name)| is_used.then_some(format!("    {name},\n")));
    vec![
        ("recipe_imports", Value::from(format!("(\n{})", imports.collect::<String>()))),
        ("task", Value::from(name(task))),
        ("task_name", Value::from(name(task).replace('_', " "))),
        ("schedule", Value::from(name(spec.schedule))),
        ("unfreezing", Value::from(name(spec.unfreezing))),
        ("metric", Value::from(name(metric))),
        ("metric_code", Value::from(metric_code)),
        ("greater_is_better", Value::from(python_bool(!metric.is_lower_better()))),
        ("groups", Value::from(json!(groups).to_string())),
        ("pretrained", Value::from(json!(pretrained).to_string())),
        ("trigger", Value::from(trigger)),
        ("class_weights", Value::from(class_weights)),
        ("cross_entropy", Value::from(cross_entropy)),
        ("has_labels", Value::from(task.has_classes() || task == Task::MultiLabel)),
        ("has_classes", Value::from(task.has_classes())),
        ("is_regression", Value::from(task == Task::Regression)),
        ("has_stages", Value::from(spec.has_stages())),
        ("has_order", Value::from(!spec.unfreeze_order.is_empty() && spec.unfreezing == Unfreezing::Gradual)),
        ("is_chain_thaw", Value::from(spec.unfreezing == Unfreezing::ChainThaw)),
        ("lr_per_group", Value::from(!spec.lr_per_group.is_empty())),
        ("reinit", Value::from(spec.reinit_layers)),
        ("r_drop", Value::from(spec.r_drop > 0.0)),
        ("l2_sp", Value::from(spec.l2_sp > 0.0)),
        ("step_rows", Value::from(recipe.batch_size() * recipe.gradient_accumulation_steps())),
        ("differences", script.differences().into_iter().collect()),
    ]
}

/// The script has no loss that compares the rows of a batch.
fn no_counterpart() -> Diagnostic {
    Diagnostic::new("script.task", "train.py cannot train embeddings.")
        .done("No script was written.")
        .remedy("Save the recipe, and use `hone train` on the other machine.")
}

/// The scores that the script computes; empty if only the loss decides.
fn metric_code(script: &TrainingScript) -> &'static str {
    match script.recipe.task() {
        Task::Classification => "classes",
        Task::MultiLabel => "labels",
        Task::Regression => "numbers",
        Task::TokenClassification if are_entity_tags(&script.data.labels) => "entities",
        Task::TokenClassification => "tags",
        Task::QuestionAnswering | Task::Generation | Task::Embeddings | Task::Reranking => "",
    }
}

/// A choice of the recipe by its name in recipe.json.
fn name(choice: impl Serialize) -> String {
    serde_json::to_value(choice).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

fn python_bool(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}
