//! ONNX exports of every task and family. ONNX Runtime must compute the engine's logits (`../../python/check_onnx.py`), and
//! transformers.js must open the folders as they are (`../../e2e/open-onnx.mjs`).

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::LazyLock;

use hone_core::model::Dropout;
use hone_core::text::Batch;

use super::*;

/// Writes the folders once, for all tests that read them.
fn folders() -> &'static Path {
    static FOLDERS: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("onnx");
        _ = fs::remove_dir_all(&folder);
        for case in &CASES {
            if case.task != Task::Generation && (case.folder, case.dtype) == (ExportForm::Model, ExportDtype::Float32) {
                case.write_onnx(AdapterKind::None, &folder);
                case.write_onnx(AdapterKind::Lora, &folder);
            }
        }
        folder
    });
    &FOLDERS
}

impl Case {
    /// Writes the folder, and next to it texts with the engine's inputs and logits for them.
    fn write_onnx(&self, adapter: AdapterKind, folder: &Path) {
        let device = Device::flex();
        let pretrained = pretrained(&golden(self.base), self.pooling, &device);
        let session = self.trained(&pretrained, adapter, &device);
        let folder = folder.join(format!("{} {:?} {:?} {adapter:?}", self.base, self.task, self.pooling));
        let zip = exported(&session, &pretrained, ExportForm::Onnx, ExportDtype::Float32);
        zip::ZipArchive::new(Cursor::new(zip)).unwrap().extract(folder.join("model")).unwrap();
        let texts: Vec<[String; 2]> = (20..23).map(|row| [text(row, row - 17), text(row + 40, 3)]).collect();
        let mut rows = EncodedRows::new(self.task);
        for [first, second] in &texts {
            let example = self.example(0, first, second);
            rows.push(&pretrained.tokenizer, None, session.data().labels.len(), &example).unwrap();
        }
        let (examples, _) = rows.cut(&pretrained.tokenizer, MAX_LEN as usize, 0).unwrap();
        let batch = examples.batch(&[0, 1, 2], 3, MAX_LEN as usize, session.data().pad);
        let logits = session.model().forward(Input::new(&batch, session.device()), &mut Dropout::off());
        let logits = logits.into_data().try_into_vec::<f32>().unwrap();
        let is_pair = self.is_pairs || self.task == Task::QuestionAnswering;
        let texts = texts.iter().map(|[first, second]| if is_pair { json!([first, second]) } else { json!([first]) });
        let Batch { rows, len, ids, attention_mask, token_type_ids, .. } = batch;
        let token_type_ids = token_type_ids.unwrap_or_else(|| vec![0; rows * len]);
        let expected = json!({"texts": texts.collect::<Vec<_>>(), "shape": [rows, len], "input_ids": ids,
            "attention_mask": attention_mask, "token_type_ids": token_type_ids, "logits": logits});
        fs::write(folder.join("expected.json"), expected.to_string()).unwrap();
    }
}

fn check(program: PathBuf, script: &str) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
    let output = Command::new(program).arg(script).arg(folders()).env("OMP_NUM_THREADS", "1").output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn onnx_runtime_computes_the_logits_of_the_engine() {
    check(python(), "python/check_onnx.py");
}

#[test]
fn transformers_js_opens_the_onnx_folders_and_predicts_the_same() {
    check("node".into(), "e2e/open-onnx.mjs");
}

#[test]
fn an_onnx_folder_is_complete_for_transformers_js() {
    let case = case("micro_bert", Task::Classification, Pooling::Mean);
    let device = Device::flex();
    let pretrained = pretrained(&golden(case.base), case.pooling, &device);
    let session = case.trained(&pretrained, AdapterKind::None, &device);
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
    for name in ["onnx/model.onnx", "tokenizer.json", "README.md", "recipe.json"] {
        assert!(archive.by_name(name).is_ok(), "{name}");
    }
    assert!(archive.by_name("model.safetensors").is_err());
}
