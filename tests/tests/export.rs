//! The model folder: what was not trained comes out as it went in, and the files say what they must.

use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::path::Path;

use burn::tensor::Device;
use hone_core::diagnostic::Diagnostic;
use hone_core::export::{DataFacts, ModelFolder};
use hone_core::metrics::{self, Detail, Evaluation, ScatterPoint, TextSample};
use hone_core::model::{BaseModel, LoraConfig, ModelConfig, TaskModel};
use hone_core::recipe::{AdapterKind, Metric, Pooling, Recipe, RecipeSpec, Task};
use hone_core::run::Baseline;
use hone_core::usage::PromptForm;
use hone_core::weights::{Dtype, FileReader, GgufReader, TensorInfo, Tensors, Weights};
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
        let body = BaseModel::load(&ModelConfig::parse(&config_json).unwrap(), &mut tensors).unwrap();
        let outputs = match task {
            Task::Regression => 1,
            Task::QuestionAnswering => 2,
            _ => labels.len(),
        };
        let model = TaskModel::new(body, task, pooling, outputs, 1, &Device::flex());
        let labels = labels.iter().map(|&label| label.into()).collect();
        Self { model, config_json, task, labels, form: PromptForm::default() }
    }

    fn files(&self) -> Files {
        self.exported(RecipeSpec::default(), |folder| ready(folder.write(Vec::new(), |_, _| {})))
    }

    fn adapter(&mut self, raw: RecipeSpec) -> Files {
        self.model.adapt(&LoraConfig::of(&raw).unwrap(), 1);
        self.exported(raw, |folder| ready(folder.write_adapter(Vec::new(), |_, _| {})))
    }

    /// What `write` puts into a zip, by name.
    fn exported(&self, raw: RecipeSpec, write: impl FnOnce(&ModelFolder) -> Result<Vec<u8>, Diagnostic>) -> Files {
        let pooling = self.model.pooling().unwrap_or(Pooling::Mean);
        let recipe =
            Recipe::new(RecipeSpec { task: self.task, ..raw }, &self.model.body.facts(64, pooling, 64)).unwrap();
        let zip = write(&ModelFolder {
            model: &self.model,
            config: &self.config_json,
            verbatim: &[("tokenizer.json".into(), b"{}".to_vec())],
            labels: &self.labels,
            base_model: "some/model",
            license: "Apache-2.0",
            quantized: None,
            recipe: &recipe,
            history: &[],
            best: &evaluation(self.task, &self.labels),
            baseline: Some(&Baseline { label: "no".into(), scores: [(Metric::Accuracy, 0.5)].into() }),
            data: DataFacts { sha256: "00", train_rows: 9, validation_rows: 2, form: self.form },
        });
        let mut archive = zip::ZipArchive::new(Cursor::new(zip.unwrap())).unwrap();
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

/// What a run of a task may end with.
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
        Task::Generation => {
            let [prompt, generated, reference] =
                ["their prompt", "what was made of it", "their text"].map(String::from);
            Detail::Texts { samples: vec![TextSample { prompt, generated, reference }] }
        }
    };
    let scores = Metric::of(task).iter().filter(|&&metric| metric != Metric::Loss).map(|&metric| (metric, 0.5));
    Evaluation { step: 3, loss: 0.7, scores: scores.collect(), detail, ..Evaluation::default() }
}

fn parsed(files: &Files, name: &str) -> Value {
    serde_json::from_slice(&files[name]).unwrap()
}

fn tensors(file: &[u8]) -> HashMap<String, (TensorInfo, Vec<u8>)> {
    let (mut reader, mut tensors) = (FileReader::default(), HashMap::new());
    let mut take = |info: &TensorInfo, bytes| {
        tensors.insert(info.name.clone(), (info.clone(), bytes));
        Ok(())
    };
    reader.push(file, &mut take).and_then(|()| reader.finish()).unwrap();
    tensors
}

/// The weights of `folder` come out under `prefix` as they are, but for those that begin with one of `without`; beside
/// them is the head.
fn assert_same_tensors(folder: &Path, (task, pooling): (Task, Pooling), prefix: &str, without: &[&str], head: &[&str]) {
    let files = Untrained::new(folder, task, pooling, &["no", "yes"]).files();
    let mut exported = tensors(&files["model.safetensors"]);
    let original = tensors(&std::fs::read(folder.join("model.safetensors")).unwrap());
    for (name, (info, bytes)) in original {
        let name = name.strip_prefix(prefix).unwrap_or(&name);
        if name.ends_with("position_ids") || without.iter().any(|part| name.starts_with(part)) {
            continue;
        }
        let name = if name == "lm_head.weight" { name.into() } else { format!("{prefix}{name}") };
        let (exported, exported_bytes) = exported.remove(&name).unwrap_or_else(|| panic!("{name} is missing"));
        assert_eq!((&exported.shape, exported.dtype), (&info.shape, info.dtype), "{name}");
        assert!(exported_bytes == bytes, "{name} has other bytes");
    }
    let mut new: Vec<String> = exported.into_keys().collect();
    new.sort();
    let expected: Vec<String> =
        head.iter().flat_map(|layer| ["bias", "weight"].map(|part| format!("{layer}.{part}"))).collect();
    assert_eq!(new, expected, "{task:?} on {}", folder.display());
}

#[test]
fn an_untrained_model_comes_out_byte_for_byte() {
    use Pooling::{Cls, Mean};
    use Task::*;
    const LM: &str = "lm_head.";
    for (name, prefix, task, without, head) in [
        ("bert", "bert.", (Classification, Cls), &[][..], &["classifier"][..]),
        ("bert", "bert.", (Regression, Mean), &[], &["classifier"]),
        ("bert", "bert.", (TokenClassification, Mean), &["pooler."], &["classifier"]),
        ("bert", "bert.", (QuestionAnswering, Mean), &["pooler."], &["qa_outputs"]),
        ("distilbert", "distilbert.", (MultiLabel, Cls), &[], &["classifier", "pre_classifier"]),
        ("distilbert", "distilbert.", (Classification, Mean), &[], &["classifier"]),
        ("distilbert", "distilbert.", (QuestionAnswering, Mean), &[], &["qa_outputs"]),
        ("roberta", "roberta.", (Classification, Cls), &[LM], &["classifier.dense", "classifier.out_proj"]),
        ("roberta", "roberta.", (MultiLabel, Mean), &[LM], &["classifier"]),
        ("roberta", "roberta.", (TokenClassification, Mean), &[LM], &["classifier"]),
        ("llama", "model.", (Generation, Mean), &[], &[]),
        ("llama_untied", "model.", (Generation, Mean), &[], &[]),
        ("gpt2", "transformer.", (Generation, Mean), &[], &[]),
    ] {
        assert_same_tensors(&golden(&format!("micro_{name}")), task, prefix, without, head);
    }
}

#[test]
fn minilm_untrained_comes_out_byte_for_byte() {
    assert_same_tensors(&minilm(), (Task::Classification, Pooling::Cls), "bert.", &[], &["classifier"]);
}

#[test]
fn an_adapter_comes_out_as_peft_stores_it() {
    let raw = RecipeSpec { adapter: AdapterKind::Dora, lora_r: 4, lora_alpha: 8.0, ..RecipeSpec::default() };
    let untrained = Untrained::new(&golden("micro_bert"), Task::Classification, Pooling::Mean, &["a", "b", "c"]);
    let untrained = Untrained { model: adapted(&raw, &Device::flex()), ..untrained };
    let files = untrained.exported(raw, |folder| ready(folder.write_adapter(Vec::new(), |_, _| {})));
    let [ours, pefts] =
        [&files["adapter_model.safetensors"], &std::fs::read(golden("lora_adapter.safetensors")).unwrap()]
            .map(|file| tensors(file));
    assert_eq!(ours.len(), pefts.len());
    for (name, (info, bytes)) in pefts {
        assert_eq!(ours[&name].0.shape, info.shape, "{name}");
        assert!(ours[&name].1 == bytes, "{name} has other bytes");
    }
}

#[test]
fn an_adapter_says_what_it_goes_on() {
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
fn the_config_names_task_and_labels_and_keeps_the_rest() {
    use Pooling::{Cls, Mean};
    use Task::*;
    let names = ["no", "yes \"and\" no"];
    for (name, task, pooling, architecture, diagnostic) in [
        ("bert", Classification, Cls, "BertForSequenceClassification", json!("single_label_classification")),
        ("bert", MultiLabel, Mean, "HoneBertForSequenceClassification", json!("multi_label_classification")),
        ("bert", TokenClassification, Mean, "BertForTokenClassification", Value::Null),
        ("bert", QuestionAnswering, Mean, "BertForQuestionAnswering", Value::Null),
        ("distilbert", Regression, Cls, "DistilBertForSequenceClassification", json!("regression")),
        ("distilbert", Regression, Mean, "HoneDistilBertForSequenceClassification", json!("regression")),
        ("roberta", MultiLabel, Cls, "RobertaForSequenceClassification", json!("multi_label_classification")),
        ("roberta", Regression, Mean, "HoneRobertaForSequenceClassification", json!("regression")),
        ("llama", Generation, Mean, "LlamaForCausalLM", Value::Null),
        ("gpt2", Generation, Mean, "GPT2LMHeadModel", Value::Null),
    ] {
        let mut untrained = Untrained::new(&golden(&format!("micro_{name}")), task, pooling, &names);
        let mut base: Value = serde_json::from_slice(&untrained.config_json).unwrap();
        // Left behind by a base that had been tuned for something else.
        base["id2label"] = json!({"0": "a", "1": "b", "2": "c"});
        base["problem_type"] = json!("regression");
        base["auto_map"] = json!({"AutoModel": "elsewhere.Model"});
        untrained.config_json = serde_json::to_vec(&base).unwrap();
        let files = untrained.files();
        let config = parsed(&files, "config.json");
        let (id2label, label2id) = match task {
            Regression => (json!({"0": "LABEL_0"}), json!({"LABEL_0": 0})),
            QuestionAnswering | Generation => (Value::Null, Value::Null),
            _ => (json!({"0": "no", "1": "yes \"and\" no"}), json!({"no": 0, "yes \"and\" no": 1})),
        };
        assert_eq!(config["architectures"], json!([architecture]));
        assert_eq!((&config["id2label"], &config["label2id"]), (&id2label, &label2id), "{architecture}");
        assert_eq!(config["problem_type"], diagnostic, "{architecture}");
        assert_eq!((&config["vocab_size"], &config["dtype"]), (&base["vocab_size"], &json!("float32")));
        let thresholds = if task == MultiLabel { json!({"no": 0.25, "yes \"and\" no": 0.25}) } else { Value::Null };
        assert_eq!(config["label_thresholds"], thresholds, "{architecture}");
        let is_ours = architecture.starts_with("Hone");
        let auto_map = json!({"AutoModelForSequenceClassification": format!("modeling_hone.{architecture}")});
        assert_eq!(config["auto_map"], if is_ours { auto_map } else { Value::Null }, "{architecture}");
        assert_eq!(files.contains_key("modeling_hone.py"), is_ours, "{architecture}");
        assert_eq!(files.contains_key("generation_config.json"), task == Generation, "{architecture}");
        for name in ["README.md", "trainer_state.json", "training_args.json", "recipe.json", "tokenizer.json"] {
            assert!(files.contains_key(name), "{name}");
        }
    }
}

#[test]
fn a_decoder_knows_how_to_end() {
    let ends = |name| {
        parsed(&Untrained::new(&golden(name), Task::Generation, Pooling::Mean, &[]).files(), "generation_config.json")
    };
    assert_eq!(ends("micro_llama"), json!({"bos_token_id": 1, "eos_token_id": 2}));
    assert_eq!(ends("micro_gpt2"), json!({"bos_token_id": 63, "eos_token_id": 63}));
}

#[test]
fn quantized_weights_come_out_as_halves() {
    for (name, kind) in [("llama", "Q8_0"), ("gpt2", "Q8_0")] {
        let (mut reader, mut tensors_read) = (GgufReader::default(), Tensors::of_gguf(&Device::flex()));
        let file = std::fs::read(golden(&format!("micro_gguf/{name}.gguf"))).unwrap();
        reader.push(&file, &mut |info, bytes| tensors_read.add(info, bytes)).unwrap();
        let header = reader.finish().unwrap();
        assert_eq!(header.quantized(), Some(kind), "{name}");
        tensors_read.were_quantized(header.quantized());
        let files = Untrained::of(header.config_json(), tensors_read, Task::Generation, Pooling::Mean, &[]).files();
        assert_eq!(parsed(&files, "config.json")["torch_dtype"], "float16");
        let (ours, theirs) = (
            tensors(&files["model.safetensors"]),
            tensors(&std::fs::read(golden(&format!("micro_gguf/{name}.safetensors"))).unwrap()),
        );
        assert_eq!(ours.len(), theirs.len());
        for (name, (info, bytes)) in theirs {
            let read = |info: &TensorInfo, bytes| {
                hone_core::weights::decode(info, bytes).unwrap().try_into_vec::<f32>().unwrap()
            };
            let (ours, ours_bytes) = ours[&name].clone();
            assert_eq!((ours.dtype, &ours.shape), (Dtype::F16, &info.shape), "{name}");
            for (half, single) in read(&ours, ours_bytes).into_iter().zip(read(&info, bytes)) {
                assert!((half - single).abs() <= single.abs() / 2048.0 + 1e-7, "{name}: {half} for {single}");
            }
        }
    }
}

#[test]
fn a_new_head_has_the_element_type_of_the_body() {
    let mut untrained = Untrained::new(&golden("micro_bert"), Task::Classification, Pooling::Cls, &["no", "yes"]);
    untrained.model.body.visit_mut(&mut |weight| match weight {
        hone_core::weights::WeightMut::Vector(weight) => weight.dtype = Dtype::BF16,
        hone_core::weights::WeightMut::Matrix(weight) => weight.dtype = Dtype::BF16,
    });
    let files = untrained.files();
    assert!(tensors(&files["model.safetensors"]).values().all(|(info, _)| info.dtype == Dtype::BF16));
    assert_eq!(parsed(&files, "config.json")["dtype"], "bfloat16");
}

#[test]
fn a_card_tells_of_the_task_and_nothing_of_the_rows() {
    use Task::*;
    for (name, task, pipeline, told) in [
        ("bert", Classification, "text-classification", "| macro-F1 | 1.0000 |"),
        ("bert", MultiLabel, "text-classification", "| no | 0.0000 | 0.0000 | 0.0000 | 0 | 0.2500 |"),
        ("distilbert", Regression, "text-classification", "function_to_apply=\"none\""),
        ("roberta", TokenClassification, "token-classification", "| entity | precision |"),
        ("bert", QuestionAnswering, "question-answering", "3 of the questions have an answer"),
        ("llama", Generation, "text-generation", "| BLEU | 0.5000 |"),
    ] {
        let mut untrained = Untrained::new(&golden(&format!("micro_{name}")), task, Pooling::Mean, &["no", "yes"]);
        let raw = RecipeSpec { adapter: AdapterKind::Lora, ..RecipeSpec::default() };
        for files in [untrained.files(), untrained.adapter(raw)] {
            let card = std::str::from_utf8(&files["README.md"]).unwrap();
            assert!(card.contains(&format!("\npipeline_tag: {pipeline}\n")), "{task:?}");
            assert!(card.contains(told), "{task:?}: {card}");
            for theirs in ["77.7", "88.8", "their prompt", "what was made of it", "their text"] {
                assert!(!card.contains(theirs), "{task:?}: {theirs}");
            }
        }
    }
}

#[test]
fn a_card_asks_in_the_form_that_was_learned() {
    let mut untrained = Untrained::new(&golden("micro_gpt2"), Task::Generation, Pooling::Mean, &[]);
    let mut asks = |form, by: &str| {
        untrained.form = form;
        String::from_utf8_lossy(&untrained.files()["README.md"]).contains(by)
    };
    let (template, bare) = ("apply_chat_template", "\"User: \"");
    assert!(asks(PromptForm::Completion, template) && !asks(PromptForm::Completion, bare));
    assert!(asks(PromptForm::Chat, template) && asks(PromptForm::Chat, bare));
    assert!(!asks(PromptForm::Corpus, template) && !asks(PromptForm::Corpus, bare));
}

#[test]
fn a_card_shows_how_its_model_comes_to_javascript() {
    use Pooling::{Cls, Mean};
    for (name, task, pooling, export, asked) in [
        (
            "bert",
            Task::Classification,
            Cls,
            "AutoModelForSequenceClassification.from_pretrained(\".\")",
            "\"text-classification\"",
        ),
        ("bert", Task::Regression, Mean, "trust_remote_code=True", "logits.item()"),
        ("bert", Task::MultiLabel, Mean, "trust_remote_code=True", "label_thresholds"),
        ("roberta", Task::TokenClassification, Mean, "\"logits\"", "\"token-classification\""),
        ("distilbert", Task::QuestionAnswering, Mean, "\"start_logits\", \"end_logits\"", "\"question-answering\""),
        ("llama", Task::Generation, Mean, "text-generation-with-past", "max_new_tokens"),
    ] {
        let files = Untrained::new(&golden(&format!("micro_{name}")), task, pooling, &["no", "yes"]).files();
        let card = std::str::from_utf8(&files["README.md"]).unwrap();
        let (_, javascript) = card.split_once("In JavaScript").expect("a part on JavaScript");
        assert!(javascript.contains(export) && javascript.contains(asked), "{name} {task:?}: {javascript}");
    }
}

#[test]
fn a_class_name_cannot_break_the_card() {
    let classes = ["<script>alert(1)</script>", "a|b\n---\nx: y"];
    let files = Untrained::new(&golden("micro_bert"), Task::Classification, Pooling::Mean, &classes).files();
    let card = std::str::from_utf8(&files["README.md"]).unwrap();
    assert!(!card.contains("<script>") && !card.contains("x: y"));
    assert_eq!(card.matches("\n---\n").count(), 1);
}
