//! A save, and an export, take less memory than the largest tensor.

use std::io::{self, Cursor, Write};

use burn::tensor::Device;
use hone_core::checkpoint::{self, CheckpointFile, CheckpointFolder, Slot};
use hone_core::model::{BertConfig, ModelConfig, synthetic};
use hone_core::pretrained::Pretrained;
use hone_core::recipe::{Family, Pooling, Recipe, RecipeSpec, RowFacts};
use hone_core::runner::{self, Provenance};
use hone_core::text::EncodedTexts;
use hone_core::train::{Progress, Session, TrainingData};
use hone_core::usage::{ExportDtype, ExportForm};
use hone_tests::{
    CountingAllocator, classified, measuring_alone, peak_memory, ready, record, take_steps, word_tokenizer,
};
use serde_json::json;

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

#[test]
fn an_export_takes_less_memory_than_the_largest_tensor() {
    let _alone = measuring_alone();
    let mut session = session();
    while !matches!(ready(session.advance()).unwrap(), Progress::Finished(_)) {}
    let config_json = json!({
        "model_type": "bert", "vocab_size": VOCAB, "hidden_size": HIDDEN, "num_hidden_layers": 4,
        "num_attention_heads": 4, "intermediate_size": 4 * HIDDEN, "max_position_embeddings": 32,
    })
    .to_string()
    .into_bytes();
    let pretrained = Pretrained {
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
    };
    let provenance = Provenance { hub_id: "some/model", license: "MIT", sha256: "00", input: None, recipe: None };
    let (form, dtype) = (ExportForm::OwnClass, ExportDtype::Float32);
    let export = || {
        ready(runner::export(&session, &pretrained, provenance, form, dtype, Download::default(), |_| {})).unwrap().zip
    };
    let (download, taken) = peak_memory(export);
    let largest = 4 * VOCAB * HIDDEN;
    assert!(download.bytes > largest, "{} bytes were written", download.bytes);
    assert!(taken < largest, "{taken} bytes for a largest tensor of {largest}");
}
