//! The exported model folder: weights, config files and model card.

mod averaging_layer;
mod card;
mod front_to_back;
mod weights;

use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::path::Path;

use burn::tensor::Device;
use hone_core::export::{DataFacts, ExportedConfig, ExportedModel, ModelFolder};
use hone_core::metrics::{
    self, CalibrationError, Confidence, CoveragePoint, Detail, Evaluation, Interval, ScatterPoint, SizeScores,
    TextSample,
};
use hone_core::model::{BaseModel, LoraConfig, ModelConfig, TaskModel};
use hone_core::recipe::{AdapterKind, Metric, Pooling, Recipe, RecipeSpec, RowFacts, Task};
use hone_core::run::Baseline;
use hone_core::usage::{ExportDtype, ExportForm, PromptForm};
use hone_core::weights::{Dtype, FileReader, GgufReader, TensorInfo, Tensors};
use hone_tests::{adapted, add_tensors, golden, minilm, ready};
use serde_json::{Value, json};

type Files = HashMap<String, Vec<u8>>;

/// A model for a task, and its config.json.
struct Untrained {
    model: TaskModel,
    config_json: Vec<u8>,
    task: Task,
    labels: Vec<String>,
    form: PromptForm,
    /// Scores on test rows, if there are any.
    test: Option<Evaluation>,
    confidence: Option<Confidence>,
}

impl Untrained {
    fn new(folder: &Path, task: Task, pooling: Pooling, labels: &[&str]) -> Self {
        let device = Device::flex();
        let config_json = std::fs::read(folder.join("config.json")).unwrap();
        let config = ModelConfig::parse(&config_json).unwrap();
        let mut tensors = Tensors::new(config.family(), &device);
        add_tensors(&mut tensors, &folder.join("model.safetensors"));
        Self::of(config_json, tensors, task, pooling, labels)
    }

    fn of(config_json: Vec<u8>, mut tensors: Tensors, task: Task, pooling: Pooling, labels: &[&str]) -> Self {
        let base = BaseModel::load(&ModelConfig::parse(&config_json).unwrap(), &mut tensors).unwrap();
        let outputs = match task {
            Task::Regression | Task::Reranking => 1,
            Task::QuestionAnswering => 2,
            _ => labels.len(),
        };
        let model = TaskModel::new(base, task, pooling, outputs, 1, &Device::flex());
        let labels = labels.iter().map(|&label| label.into()).collect();
        Self { model, config_json, task, labels, form: PromptForm::default(), test: None, confidence: None }
    }

    fn files(&self) -> Files {
        self.in_form(ExportForm::Model, ExportDtype::Float32)
    }

    fn in_form(&self, form: ExportForm, dtype: ExportDtype) -> Files {
        self.exported(RecipeSpec::default(), form, dtype)
    }

    fn adapter(&mut self, raw: RecipeSpec) -> Files {
        self.model.adapt(&LoraConfig::of(&raw).unwrap(), 1);
        self.exported(raw, ExportForm::Adapter, ExportDtype::Float32)
    }

    fn zipped(&self, raw: RecipeSpec, form: ExportForm, dtype: ExportDtype) -> Vec<u8> {
        let pooling = self.model.pooling().unwrap_or(Pooling::Mean);
        let recipe = Recipe::new(
            RecipeSpec { task: self.task, ..raw },
            &self.model.base.facts(64, pooling, RowFacts::default()),
        )
        .unwrap();
        let exported = ready(ExportedModel::new(&self.model, form, dtype)).unwrap();
        let folder = ModelFolder {
            exported: &exported,
            config: &self.config_json,
            verbatim: &[("tokenizer.json".into(), b"{}".to_vec())],
            labels: &self.labels,
            base_model: "some/model",
            license: "Apache-2.0",
            quantized: None,
            recipe: &recipe,
            history: &[],
            extended_at: &[],
            best: &Evaluation { confidence: self.confidence.clone(), ..evaluation(self.task, &self.labels) },
            test: self.test.as_ref(),
            baseline: Some(&Baseline { prediction: Some("no".into()), scores: [(Metric::Accuracy, 0.5)].into() }),
            data: DataFacts {
                sha256: "00",
                train_rows: 9,
                validation_rows: 2,
                test_rows: self.test.as_ref().map_or(0, |_| 4),
                form: self.form,
                input: None,
                recipe: None,
            },
        };
        ready(folder.write(Vec::new(), |_, _| {})).unwrap()
    }

    /// The files in the zip, by name.
    fn exported(&self, raw: RecipeSpec, form: ExportForm, dtype: ExportDtype) -> Files {
        let mut archive = zip::ZipArchive::new(Cursor::new(self.zipped(raw, form, dtype))).unwrap();
        (0..archive.len())
            .map(|i| {
                let mut file = archive.by_index(i).unwrap();
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes).unwrap();
                (file.name().unwrap().to_string(), bytes)
            })
            .collect()
    }
}

/// A possible final evaluation of a task.
fn evaluation(task: Task, labels: &[String]) -> Evaluation {
    let classes = match metrics::evaluate(labels, &[], &[]).detail {
        Detail::Classes { classes, .. } => classes,
        _ => Vec::new(),
    };
    let detail = match task {
        Task::Classification => return metrics::evaluate(labels, &[0, 1], &[0, 1]),
        Task::MultiLabel => Detail::Labels { thresholds: vec![0.25; labels.len()], labels: classes },
        Task::Regression => Detail::Numbers { points: vec![ScatterPoint { actual: 77.7, predicted: 88.8 }] },
        Task::TokenClassification => Detail::Entities { kinds: classes },
        Task::QuestionAnswering => Detail::Answers { answerable: 3, unanswerable: 1, threshold: Some(-1.5) },
        Task::Embeddings => Detail::Sizes {
            sizes: vec![SizeScores { size: 8, scores: Default::default(), intervals: Default::default() }],
        },
        Task::Reranking => Detail::None,
        Task::Generation => {
            let [prompt, generated, reference] = ["their prompt", "generated text", "their text"].map(String::from);
            Detail::Texts { samples: vec![TextSample { prompt, generated, reference }] }
        }
    };
    let scores = Metric::of(task).iter().filter(|&&metric| metric != Metric::Loss).map(|&metric| (metric, 0.5));
    Evaluation { step: 3, loss: 0.7, scores: scores.collect(), detail, ..Evaluation::default() }
}

fn parsed(files: &Files, name: &str) -> Value {
    serde_json::from_slice(&files[name]).unwrap()
}

#[test]
fn an_adapter_config_names_its_task_type_and_head() {
    use Task::*;
    let classes = [("bert", Pooling::Cls, Classification, json!("SEQ_CLS"), json!(["classifier"]))];
    for (name, pooling, task, task_type, heads) in classes.into_iter().chain([
        ("bert", Pooling::Mean, QuestionAnswering, json!("QUESTION_ANS"), json!(["qa_outputs"])),
        ("bert", Pooling::Mean, Regression, Value::Null, json!(["classifier"])),
        ("distilbert", Pooling::Cls, Classification, json!("SEQ_CLS"), json!(["pre_classifier", "classifier"])),
        ("roberta", Pooling::Cls, MultiLabel, json!("SEQ_CLS"), json!(["classifier"])),
        ("roberta", Pooling::Mean, TokenClassification, json!("TOKEN_CLS"), json!(["classifier"])),
        ("llama", Pooling::Mean, Generation, json!("CAUSAL_LM"), Value::Null),
        ("gpt2", Pooling::Mean, Generation, json!("CAUSAL_LM"), Value::Null),
    ]) {
        let raw = RecipeSpec { adapter: AdapterKind::Lora, ..RecipeSpec::default() };
        let files = Untrained::new(&golden(&format!("micro_{name}")), task, pooling, &["no", "yes"]).adapter(raw);
        let config = parsed(&files, "adapter_config.json");
        assert_eq!(config["task_type"], task_type, "{name} {task:?}");
        assert_eq!(config["modules_to_save"], heads, "{name} {task:?}");
        assert_eq!(config["fan_in_fan_out"], json!(name == "gpt2"), "{name}");
        assert_eq!(config["auto_mapping"].is_null(), !task_type.is_null(), "{name} {task:?}");
        assert_eq!(files.contains_key("config.json"), task != Generation, "{name} {task:?}");
    }
}

#[test]
fn config_json_names_task_and_labels_and_keeps_other_fields() {
    use Pooling::{Cls, Mean};
    use Task::*;
    let names = ["no", "yes \"and\" no"];
    for (name, task, pooling, architecture, diagnostic) in [
        ("bert", Classification, Cls, "BertForSequenceClassification", json!("single_label_classification")),
        ("bert", MultiLabel, Mean, "BertForSequenceClassification", json!("multi_label_classification")),
        ("bert", TokenClassification, Mean, "BertForTokenClassification", Value::Null),
        ("bert", QuestionAnswering, Mean, "BertForQuestionAnswering", Value::Null),
        ("distilbert", Regression, Cls, "DistilBertForSequenceClassification", json!("regression")),
        ("distilbert", Regression, Mean, "DistilBertForSequenceClassification", json!("regression")),
        ("roberta", MultiLabel, Cls, "RobertaForSequenceClassification", json!("multi_label_classification")),
        ("roberta", Regression, Mean, "RobertaForSequenceClassification", json!("regression")),
        ("llama", Generation, Mean, "LlamaForCausalLM", Value::Null),
        ("gpt2", Generation, Mean, "GPT2LMHeadModel", Value::Null),
        ("bert", Reranking, Mean, "BertForSequenceClassification", Value::Null),
        ("bert", Embeddings, Mean, "BertModel", Value::Null),
        ("modernbert", Embeddings, Cls, "ModernBertModel", Value::Null),
    ] {
        let mut untrained = Untrained::new(&golden(&format!("micro_{name}")), task, pooling, &names);
        let mut base: Value = serde_json::from_slice(&untrained.config_json).unwrap();
        // Fields left by a base that was fine-tuned for another task.
        base["id2label"] = json!({"0": "a", "1": "b", "2": "c"});
        base["problem_type"] = json!("regression");
        base["sentence_transformers"] = json!({"activation_fn": "torch.nn.modules.linear.Identity"});
        base["auto_map"] = json!({"AutoModel": "elsewhere.Model"});
        untrained.config_json = serde_json::to_vec(&base).unwrap();
        let files = untrained.files();
        let config = parsed(&files, "config.json");
        let (id2label, label2id) = match task {
            Regression | Reranking => (json!({"0": "LABEL_0"}), json!({"LABEL_0": 0})),
            QuestionAnswering | Generation | Embeddings => (Value::Null, Value::Null),
            _ => (json!({"0": "no", "1": "yes \"and\" no"}), json!({"no": 0, "yes \"and\" no": 1})),
        };
        assert_eq!(config["architectures"], json!([architecture]));
        assert_eq!((&config["id2label"], &config["label2id"]), (&id2label, &label2id), "{architecture}");
        assert_eq!(config["problem_type"], diagnostic, "{architecture}");
        let sigmoid = json!({"activation_fn": "torch.nn.modules.activation.Sigmoid"});
        let settings = if task == Reranking { sigmoid } else { Value::Null };
        assert_eq!(config["sentence_transformers"], settings, "{architecture}");
        assert_eq!((&config["vocab_size"], &config["dtype"]), (&base["vocab_size"], &json!("float32")));
        let thresholds = if task == MultiLabel { json!({"no": 0.25, "yes \"and\" no": 0.25}) } else { Value::Null };
        assert_eq!(config["label_thresholds"], thresholds, "{architecture}");
        let layers_field = if name == "distilbert" { "n_layers" } else { "num_hidden_layers" };
        let is_averaged = task.reads_sentences() && pooling == Mean;
        let layers = base[layers_field].as_u64().map(|layers| layers + u64::from(is_averaged));
        assert_eq!(config[layers_field].as_u64(), layers, "{architecture}");
        assert_eq!(config["auto_map"], Value::Null, "{architecture}");
        assert!(!files.contains_key("modeling_hone.py"), "{architecture}");
        assert_eq!(files.contains_key("generation_config.json"), task == Generation, "{architecture}");
        for name in ["README.md", "trainer_state.json", "training_args.json", "recipe.json", "tokenizer.json"] {
            assert!(files.contains_key(name), "{name}");
        }
    }
}

#[test]
fn a_folder_of_embeddings_has_the_modules_of_sentence_transformers() {
    for (pooling, is_mean) in [(Pooling::Mean, true), (Pooling::Cls, false)] {
        let untrained = Untrained::new(&golden("micro_bert"), Task::Embeddings, pooling, &[]);
        for form in [ExportForm::Model, ExportForm::Onnx] {
            let files = untrained.in_form(form, ExportDtype::Float32);
            let modules = parsed(&files, "modules.json");
            let classes = ["Transformer", "Pooling", "Normalize"];
            for (module, class) in modules.as_array().unwrap().iter().zip(classes) {
                assert_eq!(module["type"], json!(format!("sentence_transformers.models.{class}")));
                let path = module["path"].as_str().unwrap();
                assert!(path.is_empty() || files.contains_key(&format!("{path}/config.json")), "{path}");
            }
            let pooling = parsed(&files, "1_Pooling/config.json");
            assert_eq!(pooling["pooling_mode_mean_tokens"], json!(is_mean));
            assert_eq!(pooling["pooling_mode_cls_token"], json!(!is_mean));
            assert_eq!(pooling["word_embedding_dimension"], json!(32));
        }
    }
}

#[test]
fn generation_config_names_the_eos_token() {
    let ends = |name| {
        parsed(&Untrained::new(&golden(name), Task::Generation, Pooling::Mean, &[]).files(), "generation_config.json")
    };
    assert_eq!(ends("micro_llama"), json!({"bos_token_id": 1, "eos_token_id": 2}));
    assert_eq!(ends("micro_gpt2"), json!({"bos_token_id": 63, "eos_token_id": 63}));
}

#[test]
fn the_small_folder_has_a_class_of_its_own_only_for_the_mean() {
    for (name, kind) in [
        ("bert", "Bert"),
        ("distilbert", "DistilBert"),
        ("roberta", "Roberta"),
        ("xlm_roberta", "XLMRoberta"),
        ("camembert", "Camembert"),
        ("electra", "Electra"),
    ] {
        for pooling in [Pooling::Cls, Pooling::Mean] {
            let untrained =
                Untrained::new(&golden(&format!("micro_{name}")), Task::Classification, pooling, &["a", "b"]);
            let files = untrained.in_form(ExportForm::OwnClass, ExportDtype::Float32);
            let (config, is_mean) = (parsed(&files, "config.json"), pooling == Pooling::Mean);
            let class = format!("{}{kind}ForSequenceClassification", if is_mean { "Hone" } else { "" });
            let auto_map = json!({"AutoModelForSequenceClassification": format!("modeling_hone.{class}")});
            assert_eq!(config["auto_map"], if is_mean { auto_map } else { Value::Null });
            assert_eq!(config["architectures"], json!([class]));
            assert_eq!(files.contains_key("modeling_hone.py"), is_mean);
        }
    }
}
