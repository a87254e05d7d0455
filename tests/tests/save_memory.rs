//! A save, and an export, take less memory than the largest tensor.

use std::fs;
use std::io::{self, Cursor, Write};

use burn::tensor::Device;
use hone_core::checkpoint::{self, CheckpointFile, CheckpointFolder, Slot};
use hone_core::dataset::Example;
use hone_core::model::{BertConfig, ModelConfig, synthetic};
use hone_core::pretrained::{Pretrained, TaskRows};
use hone_core::recipe::{Family, Pooling, Recipe, RecipeSpec, RowFacts, Task};
use hone_core::runner::{self, ModelLoader, Provenance};
use hone_core::text::{EncodedRows, EncodedTexts};
use hone_core::train::{Progress, Session, TrainingData};
use hone_core::usage::{ExportDtype, ExportForm, PromptForm};
use hone_tests::{
    CountingAllocator, classified, golden, measuring_alone, peak_memory, ready, record, take_steps, word_tokenizer,
};
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Storage that only counts its bytes, as a disk takes no memory.
#[derive(Default)]
struct Disk {
    bytes: usize,
}

struct DiskFile(usize);

impl Write for DiskFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl CheckpointFolder for Disk {
    type Writer = DiskFile;
    type Reader = Cursor<Vec<u8>>;

    async fn create(&mut self, _: Slot, _: CheckpointFile) -> io::Result<DiskFile> {
        Ok(DiskFile(0))
    }

    async fn close(&mut self, file: DiskFile) -> io::Result<()> {
        self.bytes += file.0;
        Ok(())
    }

    async fn open(&mut self, _: Slot, _: CheckpointFile) -> io::Result<Option<Cursor<Vec<u8>>>> {
        Ok(None)
    }

    async fn remove(&mut self, _: Slot, _: CheckpointFile) -> io::Result<()> {
        Ok(())
    }
}

const VOCAB: usize = 60_000;
const HIDDEN: usize = 64;

fn session() -> Session {
    let config = ModelConfig::Bert(BertConfig {
        family: Family::Bert,
        vocab: VOCAB,
        hidden: HIDDEN,
        layers: 4,
        heads: 4,
        intermediate_size: 4 * HIDDEN,
        max_position_embeddings: 32,
        token_types: 2,
        layer_norm_eps: 1e-12,
        padding_idx: None,
        embedding_size: HIDDEN,
    });
    let model = synthetic(&config, 2, 0.1, &Device::flex()).unwrap();
    let rows = || classified((0..16u32).map(|row| (vec![8 + row, 9, 10], row % 2)));
    let labels = vec!["a".into(), "b".into()];
    let data = TrainingData { train: rows(), validation: rows(), labels, ..TrainingData::default() };
    let spec = RecipeSpec { batch_size: Some(8), epochs: Some(4), train_embeddings: true, ..RecipeSpec::default() };
    let facts = RowFacts { suggested_len: 16, ..RowFacts::default() };
    let recipe = Recipe::new(spec, &model.base.facts(32, Pooling::Mean, facts)).unwrap();
    Session::new(recipe, model, data, &Device::flex())
}

#[test]
fn a_save_takes_less_memory_than_the_largest_tensor() {
    let _alone = measuring_alone();
    let mut session = session();
    take_steps(&mut session, 3);
    let mut disk = Disk::default();
    let record = record(&session);
    let save = || ready(checkpoint::save(&mut disk, record, session.checkpoint().unwrap())).unwrap();
    let ((), taken) = peak_memory(save);
    // The embeddings are the largest tensor. The file has the weights and both moments of each.
    let largest = 4 * VOCAB * HIDDEN;
    assert!(disk.bytes > 3 * largest, "{} bytes were saved", disk.bytes);
    assert!(taken < largest, "{taken} bytes for a largest tensor of {largest}");
}

/// A download that only counts its bytes.
#[derive(Default)]
struct Download {
    bytes: usize,
}

impl Write for Download {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn pretrained(session: &Session) -> Pretrained {
    let config_json = json!({
        "model_type": "bert", "vocab_size": VOCAB, "hidden_size": HIDDEN, "num_hidden_layers": 4,
        "num_attention_heads": 4, "intermediate_size": 4 * HIDDEN, "max_position_embeddings": 32,
    })
    .to_string()
    .into_bytes();
    Pretrained {
        config: ModelConfig::parse(&config_json).unwrap(),
        config_json,
        tokenizer: word_tokenizer(&["a"], true).into(),
        chat: None,
        verbatim: Vec::new(),
        base: session.model().base.clone(),
        pooling: Pooling::Mean,
        tuned: None,
        general: EncodedTexts::default(),
        notes: Vec::new(),
        quantized: None,
    }
}

/// Exports the model in each form. A rounded model is a second one on the device, which here is in the same memory, and
/// mostly the largest tensor.
fn assert_small(session: &Session, pretrained: &Pretrained, vocab: usize, forms: &[(ExportForm, ExportDtype)]) {
    let largest = 4 * vocab * HIDDEN;
    for &(form, dtype) in forms {
        let provenance = Provenance { hub_id: "some/model", license: "MIT", sha256: "00", input: None, recipe: None };
        let export = || {
            ready(runner::export(session, pretrained, provenance, form, dtype, Download::default(), |_| {}))
                .unwrap()
                .zip
        };
        let (download, taken) = peak_memory(export);
        println!("{form:?} {dtype:?}: {taken} bytes for a largest tensor of {largest}");
        let limit = if dtype == ExportDtype::Float32 { largest } else { largest * 5 / 2 };
        assert!(download.bytes > largest / 5, "{form:?} {dtype:?}: {} bytes were written", download.bytes);
        assert!(taken < limit, "{form:?} {dtype:?}: {taken} bytes for a largest tensor of {largest}");
    }
}

#[test]
fn an_export_takes_less_memory_than_the_largest_tensor() {
    let _alone = measuring_alone();
    let mut session = session();
    while !matches!(ready(session.advance()).unwrap(), Progress::Finished(_)) {}
    let forms = [
        (ExportForm::OwnClass, ExportDtype::Float32),
        (ExportForm::Onnx, ExportDtype::Float32),
        (ExportForm::Onnx, ExportDtype::Float16),
        (ExportForm::Onnx, ExportDtype::Int8),
    ];
    assert_small(&session, &pretrained(&session), VOCAB, &forms);
}

/// A decoder with the tokenizer of a GGUF file, and a larger table.
fn decoder() -> Pretrained {
    let device = Device::flex();
    let mut loader = ModelLoader::gguf(None, &device);
    loader.push(&fs::read(golden("micro_gguf/llama.gguf")).unwrap()).unwrap();
    let mut pretrained = loader.finish().unwrap().0;
    let mut config: Value = serde_json::from_slice(&pretrained.config_json).unwrap();
    for (key, value) in [("vocab_size", VOCAB / 2), ("hidden_size", HIDDEN), ("intermediate_size", 4 * HIDDEN)] {
        config[key] = value.into();
    }
    config["tie_word_embeddings"] = true.into();
    config["head_dim"] = Value::Null;
    pretrained.config_json = config.to_string().into_bytes();
    pretrained.config = ModelConfig::parse(&pretrained.config_json).unwrap();
    pretrained.base = synthetic(&pretrained.config, 0, 0.1, &device).unwrap().base;
    pretrained
}

#[test]
fn an_export_of_a_decoder_takes_less_memory_than_its_largest_tensor() {
    let _alone = measuring_alone();
    let pretrained = decoder();
    let mut rows = EncodedRows::new(Task::Generation);
    rows.push(&pretrained.tokenizer, None, 0, &Example::Passage("They ran.")).unwrap();
    let spec = RecipeSpec {
        task: Task::Generation,
        epochs: Some(1),
        max_length: Some(8),
        max_new_tokens: 2,
        ..RecipeSpec::default()
    };
    let rows = TaskRows {
        labels: &[],
        train: &rows,
        validation: &rows,
        test: &EncodedRows::new(Task::Generation),
        form: PromptForm::Corpus,
        facts: RowFacts { suggested_len: 8, ..RowFacts::default() },
    };
    let mut session = pretrained.session(spec, rows, &Device::flex()).unwrap();
    while !matches!(ready(session.advance()).unwrap(), Progress::Finished(_)) {}
    // GGUF is only offered with rounded weights, but this measures the file's writing alone.
    let forms = [(ExportForm::Gguf, ExportDtype::Float32), (ExportForm::Onnx, ExportDtype::Float32)];
    assert_small(&session, &pretrained, VOCAB / 2, &forms);
}
