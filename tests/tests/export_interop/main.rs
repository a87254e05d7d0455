//! Exports of every task and family, opened by transformers and PEFT: they must predict the same as the engine.
//! `../python/check_exports.py` compares.

mod chat_templates;
mod defaults;
mod expected;
mod gguf;
mod hone_run;
mod labels;
mod maps;
mod onnx;
mod overfit;
mod pool;
mod predicted_file;
mod reopened;
mod rounding;
mod saved_best;
mod tokenizer;
mod unreached;
mod wrong_rows;

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::Command;

use burn::tensor::Device;
use hone_core::dataset::{Example, Message, Role, words};
use hone_core::export::ExportedConfig;
use hone_core::generate::bytes_per_token;
use hone_core::inference::{EncodedPrompt, InferenceContext};
use hone_core::limits::MAX_TOKENIZER_BYTES;
use hone_core::metrics::{Confidence, with_temperature};
use hone_core::model::Input;
use hone_core::pretrained::{Pretrained, TaskRows};
use hone_core::recipe::{AdapterKind, LoraTarget, Pooling, RecipeSpec, RowFacts, Schedule, Task};
use hone_core::runner::{self, ModelArchive, Provenance};
use hone_core::text::EncodedRows;
use hone_core::train::{MAX_ANSWER_TOKENS, Prediction, Progress, Session, predict};
use hone_core::usage::{ExportDtype, ExportForm, PromptForm};
use hone_tests::{golden, python, ready};
use serde_json::{Value, json};

use expected::{best_span, likeliest_continuation};
use predicted_file::assert_file_is_predicted;
use reopened::{answered, reopened};
use tokenizer::{pretrained, tagged, text};

const MAX_LEN: u32 = 20;
const OVERLAP: u32 = 4;
const NEW_TOKENS: u32 = 8;
const LABELS: [&str; 3] = ["O", "B-x", "I-x"];

/// An export to open in Python.
struct Case {
    base: &'static str,
    task: Task,
    pooling: Pooling,
    is_pairs: bool,
    form: PromptForm,
    folder: ExportForm,
    dtype: ExportDtype,
}

const fn case(base: &'static str, task: Task, pooling: Pooling) -> Case {
    let (form, folder, dtype) = (PromptForm::Completion, ExportForm::Model, ExportDtype::Float32);
    Case { base, task, pooling, is_pairs: false, form, folder, dtype }
}

const fn reranker(base: &'static str, pooling: Pooling) -> Case {
    Case { is_pairs: true, ..case(base, Task::Reranking, pooling) }
}

const CASES: [Case; 63] = [
    case("micro_bert", Task::Classification, Pooling::Cls),
    Case { is_pairs: true, ..case("micro_bert", Task::MultiLabel, Pooling::Mean) },
    Case { is_pairs: true, folder: ExportForm::OwnClass, ..case("micro_bert", Task::MultiLabel, Pooling::Mean) },
    Case { dtype: ExportDtype::Float16, ..case("micro_bert", Task::Classification, Pooling::Mean) },
    case("micro_bert", Task::TokenClassification, Pooling::Mean),
    case("micro_bert", Task::QuestionAnswering, Pooling::Mean),
    case("micro_distilbert", Task::Classification, Pooling::Mean),
    Case { folder: ExportForm::OwnClass, ..case("micro_distilbert", Task::Classification, Pooling::Mean) },
    Case { dtype: ExportDtype::Float16, ..case("micro_distilbert", Task::Classification, Pooling::Mean) },
    Case { is_pairs: true, ..case("micro_distilbert", Task::Regression, Pooling::Cls) },
    case("micro_distilbert", Task::TokenClassification, Pooling::Mean),
    case("micro_distilbert", Task::QuestionAnswering, Pooling::Mean),
    case("micro_roberta", Task::MultiLabel, Pooling::Cls),
    Case { is_pairs: true, ..case("micro_roberta", Task::Regression, Pooling::Mean) },
    Case { is_pairs: true, folder: ExportForm::OwnClass, ..case("micro_roberta", Task::Regression, Pooling::Mean) },
    Case { dtype: ExportDtype::Float16, ..case("micro_roberta", Task::MultiLabel, Pooling::Mean) },
    case("micro_roberta", Task::TokenClassification, Pooling::Mean),
    case("micro_roberta", Task::QuestionAnswering, Pooling::Mean),
    case("micro_xlm_roberta", Task::Classification, Pooling::Cls),
    Case { is_pairs: true, ..case("micro_xlm_roberta", Task::MultiLabel, Pooling::Mean) },
    case("micro_xlm_roberta", Task::TokenClassification, Pooling::Mean),
    case("micro_xlm_roberta", Task::QuestionAnswering, Pooling::Mean),
    case("micro_camembert", Task::Classification, Pooling::Mean),
    Case { folder: ExportForm::OwnClass, ..case("micro_camembert", Task::Classification, Pooling::Mean) },
    Case { folder: ExportForm::OwnClass, ..case("micro_xlm_roberta", Task::Classification, Pooling::Mean) },
    case("micro_electra", Task::Classification, Pooling::Cls),
    Case { is_pairs: true, ..case("micro_electra", Task::MultiLabel, Pooling::Mean) },
    Case { folder: ExportForm::OwnClass, ..case("micro_electra", Task::Classification, Pooling::Mean) },
    Case { dtype: ExportDtype::Float16, ..case("micro_electra", Task::Classification, Pooling::Mean) },
    case("micro_electra", Task::TokenClassification, Pooling::Mean),
    case("micro_electra", Task::QuestionAnswering, Pooling::Mean),
    case("micro_modernbert", Task::Classification, Pooling::Cls),
    Case { is_pairs: true, ..case("micro_modernbert", Task::MultiLabel, Pooling::Mean) },
    Case { dtype: ExportDtype::Float16, ..case("micro_modernbert", Task::Classification, Pooling::Mean) },
    Case { is_pairs: true, ..case("micro_modernbert", Task::Regression, Pooling::Mean) },
    case("micro_modernbert", Task::TokenClassification, Pooling::Mean),
    case("micro_modernbert", Task::QuestionAnswering, Pooling::Mean),
    case("micro_bert", Task::Embeddings, Pooling::Mean),
    case("micro_bert", Task::Embeddings, Pooling::Cls),
    Case { dtype: ExportDtype::Float16, ..case("micro_bert", Task::Embeddings, Pooling::Mean) },
    case("micro_distilbert", Task::Embeddings, Pooling::Mean),
    case("micro_xlm_roberta", Task::Embeddings, Pooling::Mean),
    case("micro_electra", Task::Embeddings, Pooling::Mean),
    case("micro_modernbert", Task::Embeddings, Pooling::Mean),
    case("micro_roberta", Task::Embeddings, Pooling::Cls),
    reranker("micro_bert", Pooling::Cls),
    reranker("micro_bert", Pooling::Mean),
    Case { folder: ExportForm::OwnClass, ..reranker("micro_bert", Pooling::Mean) },
    Case { dtype: ExportDtype::Float16, ..reranker("micro_bert", Pooling::Mean) },
    reranker("micro_xlm_roberta", Pooling::Cls),
    reranker("micro_modernbert", Pooling::Mean),
    case("micro_llama", Task::Generation, Pooling::Mean),
    case("micro_llama_untied", Task::Generation, Pooling::Mean),
    case("micro_gpt2", Task::Generation, Pooling::Mean),
    case("micro_llama3", Task::Generation, Pooling::Mean),
    case("micro_mistral", Task::Generation, Pooling::Mean),
    case("micro_qwen2", Task::Generation, Pooling::Mean),
    case("micro_qwen3", Task::Generation, Pooling::Mean),
    case("micro_smollm3", Task::Generation, Pooling::Mean),
    case("micro_granite", Task::Generation, Pooling::Mean),
    case("micro_gemma3", Task::Generation, Pooling::Mean),
    Case { form: PromptForm::Chat, ..case("micro_llama", Task::Generation, Pooling::Mean) },
    Case { form: PromptForm::Corpus, ..case("micro_gpt2", Task::Generation, Pooling::Mean) },
];

#[test]
fn exports_predict_the_same_in_transformers_and_peft() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("export_interop");
    _ = fs::remove_dir_all(&folder);
    for case in &CASES {
        case.write(AdapterKind::None, &folder);
        // The other forms of a whole model make no difference to an adapter.
        if (case.folder, case.dtype) == (ExportForm::Model, ExportDtype::Float32) {
            case.write(AdapterKind::Lora, &folder);
        }
    }
    check(python(), "python/check_exports.py", &folder);
}

/// Runs a script on a folder, which must succeed.
fn check(program: PathBuf, script: &str, folder: &Path) {
    let output = Command::new(program).arg(script).arg(folder).env("OMP_NUM_THREADS", "1").output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn an_export_opened_again_answers_like_the_run_that_wrote_it() {
    let device = Device::flex();
    for case in &CASES {
        for adapter in [AdapterKind::None, AdapterKind::Lora] {
            let pretrained = pretrained(&golden(case.base), case.pooling, &device);
            let session = case.trained(&pretrained, adapter, &device);
            let zip = exported(&session, &pretrained, case.folder, ExportDtype::Float32);
            let of_run = InferenceContext::of_run(&session);
            let expected = answered(session.model(), &pretrained, of_run, case.is_pairs);
            let parts = reopened(zip, &session);
            let pad = parts.pretrained.tokenizer.pad_id();
            let context = InferenceContext { recipe: &parts.recipe, pad, ..of_run };
            assert_file_is_predicted(&parts, &context, case.is_pairs);
            let found = answered(&parts.model, &parts.pretrained, context, case.is_pairs);
            let name = format!("{} {:?} {:?} {adapter:?}", case.base, case.task, case.form);
            assert_eq!(found.len(), expected.len(), "{name}: {found:?} and {expected:?}");
            for (found, expected) in found.iter().zip(&expected) {
                assert!((found - expected).abs() <= 1e-4 * expected.abs().max(1.0), "{name}: {found} and {expected}");
            }
        }
    }
}

#[test]
fn temperature_and_threshold_change_answers_and_travel_with_an_export() {
    let device = Device::flex();
    let case = case("micro_bert", Task::Classification, Pooling::Mean);
    let pretrained = pretrained(&golden(case.base), case.pooling, &device);
    let mut session = case.trained(&pretrained, AdapterKind::None, &device);
    session.set_unsure_below(0.875);
    let zip = exported(&session, &pretrained, case.folder, ExportDtype::Float32);
    let mut archive = ModelArchive::open("model.zip", Cursor::new(zip)).unwrap();
    let config = ExportedConfig::parse(&archive.read("config.json", MAX_TOKENIZER_BYTES).unwrap().unwrap());
    assert_eq!(
        (config.settings.unsure_below, config.settings.temperature),
        (Some(0.875), None),
        "too few rows to tune"
    );
    assert_eq!(config.thresholds.confidence.unwrap().unsure_below, 0.875);

    let of_run = InferenceContext::of_run(&session);
    let confidence = Confidence::of_settings(2.0, 0.0);
    let calibrated = InferenceContext { confidence: Some(&confidence), ..of_run };
    let answer = |context| answered(session.model(), &pretrained, context, case.is_pairs);
    assert_eq!(answer(calibrated), with_temperature(&answer(of_run.of_base()), 2.0));
}

#[test]
fn a_long_prompt_is_cut_to_the_context_and_rejected_if_memory_is_short() {
    let device = Device::flex();
    let case = case("micro_llama", Task::Generation, Pooling::Mean);
    let pretrained = pretrained(&golden(case.base), case.pooling, &device);
    let session = case.session(&pretrained, AdapterKind::None, &device);
    let context = InferenceContext::of_run(&session);
    let prompt = |words, free_bytes| EncodedPrompt::new(&text(1, words), 24, &context, &pretrained, free_bytes);
    let (short, long) = (prompt(20, f64::INFINITY).unwrap(), prompt(100, f64::INFINITY).unwrap());
    assert!(!short.is_cut && short.ids.len() < 40);
    // The model has 64 positions, 24 of which are reserved for new tokens.
    assert_eq!((long.ids.len(), long.is_cut), (40, true));
    let whole = prompt(100, f64::INFINITY).unwrap();
    let of_64 = 64.0 * bytes_per_token(&pretrained.base, 2);
    assert_eq!(prompt(100, of_64).unwrap().ids, whole.ids);
    let diagnostic = prompt(100, 0.9 * of_64).unwrap_err();
    assert_eq!(diagnostic.code, "inference.prompt-too-long");
    assert!(diagnostic.what.contains("40 tokens") && diagnostic.what.contains("about 33."), "{diagnostic}");
    assert_eq!(prompt(1, -1.0).unwrap_err().code, "inference.prompt-too-long");
}

/// The zip of a run's model.
fn exported(session: &Session, pretrained: &Pretrained, form: ExportForm, dtype: ExportDtype) -> Vec<u8> {
    let provenance = Provenance { hub_id: "some/model", license: "MIT", sha256: "00", input: None, recipe: None };
    ready(runner::export(session, pretrained, provenance, form, dtype, Vec::new(), |_| {})).unwrap().zip
}

impl Case {
    /// Trains a few steps and writes the model, the adapter, the base and the predictions of the tuned model.
    fn write(&self, adapter: AdapterKind, folder: &Path) {
        let Self { base, task, pooling, form, .. } = self;
        let device = Device::flex();
        let base = golden(base);
        let pretrained = pretrained(&base, *pooling, &device);
        let session = self.trained(&pretrained, adapter, &device);
        let kind =
            format!("{} {task:?} {form:?} {pooling:?} {adapter:?} {:?} {:?}", self.base, self.folder, self.dtype);
        let folder = folder.join(kind);
        fs::create_dir_all(folder.join("base")).unwrap();
        let write = |name: &str, bytes: Vec<u8>| fs::write(folder.join(name), bytes).unwrap();
        write("model.zip", exported(&session, &pretrained, self.folder, self.dtype));
        if adapter != AdapterKind::None {
            write("adapter.zip", exported(&session, &pretrained, ExportForm::Adapter, ExportDtype::Float32));
        }
        for name in ["config.json", "model.safetensors"] {
            fs::copy(base.join(name), folder.join("base").join(name)).unwrap();
        }
        if self.task == Task::Embeddings {
            // sentence-transformers puts an adapter on a base model with its tokenizer.
            pretrained.verbatim.iter().for_each(|(name, bytes)| write(&format!("base/{name}"), bytes.clone()));
        }
        write("expected.json", self.expected(&pretrained, &session).to_string().into_bytes());
    }

    fn trained(&self, pretrained: &Pretrained, adapter: AdapterKind, device: &Device) -> Session {
        let mut session = self.session(pretrained, adapter, device);
        while !matches!(ready(session.advance()).unwrap(), Progress::Finished(_)) {}
        session
    }

    fn session(&self, pretrained: &Pretrained, adapter: AdapterKind, device: &Device) -> Session {
        let labels: Vec<String> = match self.task {
            Task::Regression | Task::QuestionAnswering | Task::Generation | Task::Embeddings | Task::Reranking => {
                Vec::new()
            }
            _ => LABELS.map(String::from).into(),
        };
        let mut rows = EncodedRows::new(self.task);
        let texts: Vec<[String; 2]> = (0..8).map(|row| [text(row, 6), text(row + 9, 5)]).collect();
        for (row, [first, second]) in texts.iter().enumerate() {
            let example = self.example(row as u32, first, second);
            rows.push(&pretrained.tokenizer, None, labels.len(), &example).unwrap();
        }
        let raw = RecipeSpec {
            task: self.task,
            learning_rate: Some(1e-2),
            epochs: Some(4),
            eval_every_epochs: Some(4.0),
            schedule: Schedule::Constant,
            max_length: Some(MAX_LEN),
            doc_stride: OVERLAP,
            max_new_tokens: NEW_TOKENS,
            adapter,
            target_modules: LoraTarget::ALL.into(),
            ..RecipeSpec::default()
        };
        let facts = RowFacts { suggested_len: MAX_LEN, ..RowFacts::default() };
        let rows = TaskRows {
            labels: &labels,
            train: &rows,
            validation: &rows,
            test: &EncodedRows::new(self.task),
            form: self.form,
            facts,
        };
        pretrained.session(raw, rows, device).unwrap()
    }

    /// A row with a target.
    fn example<'a>(&self, row: u32, first: &'a str, second: &'a str) -> Example<'a> {
        let pair = self.is_pairs.then_some(second);
        match self.task {
            Task::Classification => Example::Class { text: first, pair, class: row % 3 },
            Task::MultiLabel => Example::Labels { text: first, pair, labels: vec![row % 3, 2] },
            Task::Regression => Example::Number { text: first, pair, value: row as f32 },
            Task::Reranking => Example::Number { text: first, pair, value: (row % 3) as f32 / 2.0 },
            Task::TokenClassification => Example::Tags { text: first, words: tagged(first) },
            Task::QuestionAnswering => {
                let start = second.find(' ').map_or(0, |space| space + 1);
                let answers = std::iter::once(start..start + 2).collect();
                Example::Question { question: first, context: second, answers }
            }
            Task::Embeddings => Example::Pair { anchor: first, positive: second, negative: None },
            Task::Generation => match self.form {
                PromptForm::Completion => Example::Completion { prompt: first, completion: second },
                PromptForm::Chat => Example::Chat(vec![
                    Message { role: Role::User, content: first },
                    Message { role: Role::Assistant, content: second },
                ]),
                PromptForm::Corpus => Example::Passage(first),
            },
        }
    }

    /// The predictions of the tuned model, as check_export.py reads them.
    fn expected(&self, pretrained: &Pretrained, session: &Session) -> Value {
        let texts: Vec<[String; 2]> = (20..23).map(|row| [text(row, row + 3), text(row + 40, 9)]).collect();
        let pairs = texts.iter().map(|[first, second]| (first.as_str(), second.as_str()));
        match self.task {
            Task::QuestionAnswering => {
                let questions: Vec<Value> =
                    (20..23).map(|row| best_span(&text(row, 4), &text(row + 7, 40), pretrained, session)).collect();
                json!({"max_length": MAX_LEN, "stride": OVERLAP, "spans": 5, "max_answer_tokens": MAX_ANSWER_TOKENS,
                    "threshold": 1e9, "questions": questions})
            }
            Task::Generation => {
                let prompts: Vec<Value> =
                    pairs.map(|(prompt, _)| likeliest_continuation(prompt, pretrained, session)).collect();
                json!({"max_new_tokens": NEW_TOKENS, "prompts": prompts})
            }
            Task::TokenClassification => {
                let sentence = |text: &str| {
                    let words: Vec<&str> = words(text).into_iter().map(|word| &text[word]).collect();
                    json!({"words": words, "probabilities": self.predicted(text, "", pretrained, session)})
                };
                json!({"max_length": MAX_LEN, "sentences": pairs.map(|(text, _)| sentence(text)).collect::<Vec<_>>()})
            }
            Task::Embeddings => {
                let texts: Vec<&String> = texts.iter().flatten().collect();
                let vectors: Vec<Value> =
                    texts.iter().map(|text| self.predicted(text, text, pretrained, session)).collect();
                let pooling = if self.pooling == Pooling::Mean { "mean" } else { "cls" };
                json!({"max_length": MAX_LEN, "texts": texts, "vectors": vectors, "pooling": pooling})
            }
            Task::Classification | Task::MultiLabel | Task::Regression | Task::Reranking => {
                let predicted: Vec<Value> =
                    pairs.clone().map(|(text, pair)| self.predicted(text, pair, pretrained, session)).collect();
                let texts = pairs.map(|(text, pair)| if self.is_pairs { json!([text, pair]) } else { json!(text) });
                json!({"max_length": MAX_LEN, "texts": texts.collect::<Vec<_>>(), "probabilities": predicted})
            }
        }
    }

    /// Probabilities of a text's classes or of its words' tags, or its number.
    fn predicted(&self, text: &str, pair: &str, pretrained: &Pretrained, session: &Session) -> Value {
        let mut rows = EncodedRows::new(self.task);
        let labels = session.data().labels.len();
        rows.push(&pretrained.tokenizer, None, labels, &self.example(0, text, pair)).unwrap();
        let (examples, _) = rows.cut(&pretrained.tokenizer, MAX_LEN as usize, 0).unwrap();
        let input = Input::new(&examples.batch(&[0], 1, MAX_LEN as usize, session.data().pad), session.device());
        let prediction = ready(predict(session.model(), input, &examples, &[0])).unwrap().remove(0);
        match &prediction {
            Prediction::Classes(probabilities) => json!(probabilities),
            Prediction::Labels(_) => json!(prediction.label_probabilities()),
            Prediction::Number(_) | Prediction::Relevance(_) => json!([prediction.number()]),
            Prediction::Tags(tags) => json!(tags),
            Prediction::Vector(values) => json!(values),
            other => panic!("{other:?}"),
        }
    }
}
