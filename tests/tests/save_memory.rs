//! A save takes less memory than the largest tensor.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{self, Cursor, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::tensor::Device;
use hone_core::checkpoint::{self, CheckpointFile, CheckpointFolder, Slot};
use hone_core::dataset::Mapping;
use hone_core::model::{BertConfig, MaskSource, ModelConfig, synthetic};
use hone_core::recipe::{Family, Pooling, Recipe, RecipeSpec, RowFacts};
use hone_core::run::{RunSource, SourceFile};
use hone_core::runner;
use hone_core::train::{Session, TrainingData};
use hone_tests::{classified, ready, take_steps};

/// Counts bytes in use.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let in_use = IN_USE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(in_use, Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

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
    Session::new(recipe, model, data, &Device::flex(), MaskSource::Host)
}

#[test]
fn a_save_takes_less_memory_than_the_largest_tensor() {
    let mut session = session();
    take_steps(&mut session, 3);
    let file = |name: &str| SourceFile { name: name.into(), sha256: "00".into() };
    let source = RunSource {
        model: file("model"),
        data: file("rows.csv"),
        validation: None,
        test: None,
        mapping: Mapping::Classification { text: 0, pair: None, label: 1 },
        build: "test".into(),
        device: "cpu".into(),
    };
    let record = runner::run_record(&session, source, 1.0);
    let mut disk = Disk::default();
    let before = IN_USE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    ready(checkpoint::save(&mut disk, record, session.checkpoint().unwrap())).unwrap();
    let taken = PEAK.load(Ordering::Relaxed) - before;
    // The embeddings are the largest tensor. The file has the weights and both moments of each.
    let largest = 4 * VOCAB * HIDDEN;
    assert!(disk.bytes > 3 * largest, "{} bytes were saved", disk.bytes);
    assert!(taken < largest, "{taken} bytes for a largest tensor of {largest}");
}
