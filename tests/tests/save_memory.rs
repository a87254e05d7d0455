//! A save takes less memory than the largest tensor.

use std::io::{self, Cursor, Write};

use burn::tensor::Device;
use hone_core::checkpoint::{self, CheckpointFile, CheckpointFolder, Slot};
use hone_core::model::{BertConfig, ModelConfig, synthetic};
use hone_core::recipe::{Family, Pooling, Recipe, RecipeSpec, RowFacts};
use hone_core::train::{Session, TrainingData};
use hone_tests::{CountingAllocator, classified, peak_memory, ready, record, take_steps};

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
