//! ONNX exports of every task and family. ONNX Runtime must compute the engine's logits (`../../python/check_onnx.py`), and
//! transformers.js must open the folders as they are (`../../e2e/open-onnx.mjs`).

use std::io::Cursor;
use std::sync::LazyLock;

use hone_core::export::ExportedModel;
use hone_core::model::{Dropout, KvCache};
use hone_core::recipe::Family;
use hone_core::text::Batch;
use hone_core::usage::ModelKind;
use hone_core::weights::Tensors;
use hone_tests::{add_tensors, chromium, minilm};

use super::*;
use crate::tokenizer::pretrained_with;

/// Writes the folders once, for all tests that read them.
fn folders() -> &'static Path {
    static FOLDERS: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("onnx");
        _ = fs::remove_dir_all(&folder);
        for case in &CASES {
            if (case.folder, case.dtype) != (ExportForm::Model, ExportDtype::Float32) {
                continue;
            }
            let family = pretrained(&golden(case.base), case.pooling, &Device::flex()).config.family();
            let kind = ModelKind { task: case.task, family, pooling: case.pooling };
            if !kind.export_forms().contains(&ExportForm::Onnx) {
                continue;
            }
            case.write_onnx(AdapterKind::Lora, &[ExportDtype::Float32], &folder);
            case.write_onnx(AdapterKind::None, kind.export_dtypes(ExportForm::Onnx), &folder);
        }
        write_minilm(&folder);
        folder
    });
    &FOLDERS
}

impl Case {
    /// Trains once and writes a folder for each type of the weights.
    fn write_onnx(&self, adapter: AdapterKind, dtypes: &[ExportDtype], folder: &Path) {
        let device = Device::flex();
        let pretrained = pretrained(&golden(self.base), self.pooling, &device);
        let session = self.trained(&pretrained, adapter, &device);
        let Self { base, task, pooling, form, .. } = self;
        for &dtype in dtypes {
            let folder = folder.join(format!("{base} {task:?} {pooling:?} {form:?} {adapter:?} {dtype:?}"));
            match self.task {
                Task::Generation => self.write_decoder(&pretrained, &session, dtype, &folder),
                _ => self.write_encoder(&pretrained, &session, dtype, &folder),
            }
        }
    }

    /// Writes the folder, and next to it texts with the engine's inputs and logits for them.
    fn write_encoder(&self, pretrained: &Pretrained, session: &Session, dtype: ExportDtype, folder: &Path) {
        let texts: Vec<[String; 2]> = (20..23).map(|row| [text(row, row - 17), text(row + 40, 3)]).collect();
        let mut rows = EncodedRows::new(self.task);
        for [first, second] in &texts {
            let example = match self.task {
                Task::Embeddings => Example::LabeledText { text: first, class: 0 },
                _ => self.example(0, first, second),
            };
            rows.push(&pretrained.tokenizer, None, session.data().labels.len(), &example).unwrap();
        }
        let (examples, _) = rows.cut(&pretrained.tokenizer, MAX_LEN as usize, 0).unwrap();
        let batch = examples.batch(&[0, 1, 2], 3, MAX_LEN as usize, session.data().pad);
        let is_pair = self.is_pairs || self.task == Task::QuestionAnswering;
        let texts = texts.iter().map(|[first, second]| if is_pair { json!([first, second]) } else { json!([first]) });
        write_compared(session, pretrained, dtype, batch, &texts.collect::<Vec<_>>(), folder);
    }

    /// Writes the folder, and next to it prompts with their logits and continuations.
    fn write_decoder(&self, pretrained: &Pretrained, session: &Session, dtype: ExportDtype, folder: &Path) {
        unpack(session, pretrained, dtype, folder);
        // Only the weights of a decoder have 8 bits, so the file computes exactly what the rounded model does.
        let exact = match dtype {
            ExportDtype::Int8 => ready(ExportedModel::new(session.model(), ExportForm::Onnx, dtype)).unwrap().model,
            _ => session.model().clone(),
        };
        let prompts = (20..23).map(|row| {
            let mut prompt = likeliest_continuation(&text(row, row - 15), pretrained, session);
            let ids = prompt["prompt_ids"].as_array().unwrap().iter();
            let ids: Vec<u32> = ids.map(|id| id.as_u64().unwrap() as u32).collect();
            let logits = exact.base.next_token_logits(&ids, &mut KvCache::default());
            prompt["logits"] = json!(logits.into_data().try_into_vec::<f32>().unwrap());
            prompt
        });
        let expected = json!({"prompts": prompts.collect::<Vec<_>>(), "is_rounded": dtype != ExportDtype::Float32});
        fs::write(folder.join("expected.json"), expected.to_string()).unwrap();
    }
}

fn unpack(session: &Session, pretrained: &Pretrained, dtype: ExportDtype, folder: &Path) {
    let zip = exported(session, pretrained, ExportForm::Onnx, dtype);
    zip::ZipArchive::new(Cursor::new(zip)).unwrap().extract(folder.join("model")).unwrap();
}

/// Writes a folder and expected.json: texts with the engine's inputs and logits for them. The model that was rounded is
/// compared with the one that was not.
fn write_compared(
    session: &Session,
    pretrained: &Pretrained,
    dtype: ExportDtype,
    batch: Batch,
    texts: &[Value],
    folder: &Path,
) {
    unpack(session, pretrained, dtype, folder);
    let logits = session.model().forward(Input::new(&batch, session.device()), &mut Dropout::off());
    let logits = logits.into_data().try_into_vec::<f32>().unwrap();
    let Batch { rows, len, ids, attention_mask, token_type_ids, .. } = batch;
    let token_type_ids = token_type_ids.unwrap_or_else(|| vec![0; rows * len]);
    let expected = json!({"texts": texts, "shape": [rows, len], "input_ids": ids, "attention_mask": attention_mask,
        "token_type_ids": token_type_ids, "logits": logits, "is_rounded": dtype != ExportDtype::Float32});
    fs::write(folder.join("expected.json"), expected.to_string()).unwrap();
}

/// MiniLM with many random outputs: their logits are as similar as the vectors that they read.
fn write_minilm(folder: &Path) {
    let (device, base) = (Device::flex(), minilm());
    let file = |name: &str| fs::read(base.join(name)).unwrap();
    let mut tensors = Tensors::new(Family::Bert, &device);
    add_tensors(&mut tensors, &base.join("model.safetensors"));
    let verbatim = ["tokenizer.json", "tokenizer_config.json"].map(|name| (name.to_owned(), file(name))).into();
    let (pretrained, _) = Pretrained::new(file("config.json"), verbatim, tensors, Pooling::Mean).unwrap();
    let labels: Vec<String> = (0..64).map(|label| format!("label {label}")).collect();
    let texts = [
        "A quiet triumph of a film, and one to see twice.",
        "The battery died after two days.",
        "How do I change the address of my account?",
        "Shares fell by 4 % after the bank's warning, the sharpest drop in a year.",
    ];
    let mut rows = EncodedRows::new(Task::Classification);
    for (text, class) in texts.iter().zip(0..) {
        rows.push(&pretrained.tokenizer, None, labels.len(), &Example::Class { text, pair: None, class }).unwrap();
    }
    let raw = RecipeSpec { epochs: Some(1), max_length: Some(32), ..RecipeSpec::default() };
    let facts = RowFacts { suggested_len: 32, ..RowFacts::default() };
    let task_rows = TaskRows {
        labels: &labels,
        train: &rows,
        validation: &rows,
        test: &EncodedRows::new(Task::Classification),
        form: PromptForm::default(),
        facts,
    };
    let mut session = pretrained.session(raw, task_rows, &device).unwrap();
    while !matches!(ready(session.advance()).unwrap(), Progress::Finished(_)) {}
    let (examples, _) = rows.cut(&pretrained.tokenizer, 32, 0).unwrap();
    let texts = texts.map(|text| json!([text]));
    for dtype in [ExportDtype::Float32, ExportDtype::Int8] {
        let batch = examples.batch(&[0, 1, 2, 3], 4, 32, session.data().pad);
        write_compared(&session, &pretrained, dtype, batch, &texts, &folder.join(format!("MiniLM {dtype:?}")));
    }
}

#[test]
fn onnx_runtime_computes_the_logits_of_the_engine() {
    check(python(), "python/check_onnx.py", folders());
}

#[test]
fn transformers_js_opens_the_onnx_folders_and_predicts_the_same() {
    check("node".into(), "e2e/open-onnx.mjs", folders());
}

#[test]
fn the_page_of_an_onnx_folder_predicts_in_a_browser() {
    let output = Command::new("node").arg("e2e/open-page.mjs").arg(chromium()).arg(folders()).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn an_onnx_folder_is_complete_for_transformers_js() {
    let case = case("micro_bert", Task::Classification, Pooling::Mean);
    let device = Device::flex();
    let pretrained = pretrained(&golden(case.base), case.pooling, &device);
    let session = case.trained(&pretrained, AdapterKind::None, &device);
    let config = |dtype| -> Value {
        let zip = exported(&session, &pretrained, ExportForm::Onnx, dtype);
        let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
        serde_json::from_reader(archive.by_name("config.json").unwrap()).unwrap()
    };
    let quantized = config(ExportDtype::Int8);
    assert_eq!(quantized["transformers.js_config"], json!({"dtype": "q8"}));
    assert_eq!(quantized["dtype"], config(ExportDtype::Float32)["dtype"], "the layers compute in 32 bits");
    let zip = exported(&session, &pretrained, ExportForm::Onnx, ExportDtype::Float32);
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    let mut read = |name: &str| -> Value { serde_json::from_reader(archive.by_name(name).unwrap()).unwrap() };
    let config = read("config.json");
    assert_eq!(config["transformers.js_config"], json!({"dtype": "fp32"}));
    // No layer is added: the graph computes the mean.
    assert_eq!(config["num_hidden_layers"], json!(pretrained.base.layers()));
    let tokenizer = read("tokenizer_config.json");
    assert_eq!(tokenizer["model_max_length"], json!(pretrained.config.max_positions()), "texts are cut to what fits");
    assert_eq!(tokenizer["tokenizer_class"], json!("BertTokenizer"), "the class that tells the texts of a pair apart");
    assert_eq!(tokenizer["pad_token"], json!("<pad>"), "the rest of the file is kept");
    for name in ["onnx/model.onnx", "tokenizer.json", "README.md", "recipe.json", "index.html"] {
        assert!(archive.by_name(name).is_ok(), "{name}");
    }
    assert!(archive.by_name("model.safetensors").is_err());
}

#[test]
fn transformers_js_finds_the_chat_template_in_an_onnx_folder() {
    let device = Device::flex();
    let template = "{% for message in messages %}{{ message.content }}{% endfor %}";
    let files = vec![("chat_template.jinja".to_owned(), template.as_bytes().to_vec())];
    let pretrained = pretrained_with(&golden("micro_llama"), Pooling::Mean, &device, files);
    let case = case("micro_llama", Task::Generation, Pooling::Mean);
    let session = case.trained(&pretrained, AdapterKind::None, &device);
    let zip = exported(&session, &pretrained, ExportForm::Onnx, ExportDtype::Float16);
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    let mut read = |name: &str| -> Value { serde_json::from_reader(archive.by_name(name).unwrap()).unwrap() };
    assert_eq!(read("tokenizer_config.json")["chat_template"], json!(template));
    let settings = json!({"dtype": "fp16", "kv_cache_dtype": {"fp16": "float16"}});
    assert_eq!(read("config.json")["transformers.js_config"], settings);
    assert_eq!(read("generation_config.json")["eos_token_id"], json!(2));
    assert!(archive.by_name("onnx/model_fp16.onnx").is_ok());
}
