//! Saved runs, whose checksums are made to fit, so that mutated files get past them. A run that can be restored goes on.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::LazyLock;

use burn::tensor::Device;
use hone_core::checkpoint::{CheckpointReader, CheckpointWriter, Manifest, VERSION};
use hone_core::diagnostic::Diagnostic;
use hone_core::model::{BertConfig, ModelConfig, TaskModel, synthetic};
use hone_core::recipe::{Family, Pooling, Recipe, RecipeSpec, RowFacts, Schedule, Task, Unfreezing};
use hone_core::text::{EncodedExamples, EncodedTexts, Labels, Question, Window};
use hone_core::train::{Session, TrainingData, judged_rows};
use hone_core::weights::FileHeader;
use hone_tests::{ready, record, run, take_steps};

const TASKS: [Task; 3] = [Task::Classification, Task::TokenClassification, Task::QuestionAnswering];

const BERT: ModelConfig = ModelConfig::Bert(BertConfig {
    family: Family::Bert,
    vocab: 8,
    hidden: 8,
    layers: 1,
    heads: 2,
    intermediate_size: 8,
    max_position_embeddings: 16,
    token_types: 2,
    layer_norm_eps: 1e-12,
    padding_idx: None,
    embedding_size: 8,
});

/// A model of random weights for each task.
static MODELS: LazyLock<[TaskModel; 3]> = LazyLock::new(|| {
    let base = synthetic(&BERT, 1, 0.1, &Device::flex()).expect("a model").base;
    TASKS.map(|task| TaskModel::new(base.clone(), task, Pooling::Mean, 2, 1, &Device::flex()))
});

fn rows(task: Task, count: u32) -> EncodedExamples {
    let mut texts = EncodedTexts::default();
    (0..count).for_each(|row| texts.push(&[2, 4 + row % 4, 5, 3]));
    let window = |question| Window { question, answer: (1, 2), first: 1, bytes: [0..1, 2..3].into() };
    let question = |row| Question { row, context: "a b".into(), answers: vec!["a b".into()] };
    let labels = match task {
        Task::TokenClassification => Labels::Tags((0..count).map(|row| [(1, row % 2), (2, 1)].into()).collect()),
        Task::QuestionAnswering => {
            Labels::Spans { windows: (0..count).map(window).collect(), questions: (0..count).map(question).collect() }
        }
        _ => Labels::Classes((0..count).map(|row| row % 2).collect()),
    };
    EncodedExamples { texts, labels }
}

/// A micro run before its first step.
fn session(task: Task) -> Session {
    let spec = RecipeSpec {
        task,
        unfreezing: Unfreezing::Head,
        train_embeddings: false,
        schedule: Schedule::Plateau,
        batch_size: Some(2),
        epochs: Some(2),
        max_length: Some(8),
        early_stopping_patience: Some(2),
        ..RecipeSpec::default()
    };
    let model = &MODELS[TASKS.iter().position(|&known| known == task).unwrap_or(0)];
    let facts = model.base.facts(16, Pooling::Mean, RowFacts { suggested_len: 8, ..RowFacts::default() });
    let data = TrainingData {
        train: rows(task, 6),
        validation: rows(task, 2),
        test: rows(task, 2),
        labels: vec!["O".into(), "B-X".into()],
        ..TrainingData::default()
    };
    Session::new(Recipe::new(spec, &facts).expect("a recipe"), model.clone(), data, &Device::flex())
}

/// Runs of each task, saved after a few steps and at their end.
pub fn checkpoints() -> Vec<Vec<u8>> {
    let saved = |session: &Session| {
        let checkpoint = session.checkpoint().expect("between two steps");
        let mut writer = CheckpointWriter::new(1, record(session), checkpoint).expect("a state");
        let mut bytes = Vec::new();
        while ready(writer.write_next(&mut bytes)).expect("bytes") {}
        bytes
    };
    let of_task = |task| {
        let mut session = session(task);
        take_steps(&mut session, 5);
        let midway = saved(&session);
        run(&mut session);
        [midway, saved(&session)]
    };
    TASKS.into_iter().flat_map(of_task).collect()
}

/// The manifest that fits a file.
fn manifest(bytes: &[u8]) -> Option<Manifest> {
    let length = u64::from_le_bytes(*bytes.first_chunk()?) as usize;
    let header = bytes.get(..length.checked_add(8)?)?;
    let mut crc32 = BTreeMap::new();
    for tensor in FileHeader::parse(&header[8..]).ok()?.tensors {
        let range = header.len() + tensor.bytes.start as usize..header.len() + tensor.bytes.end as usize;
        crc32.insert(tensor.name, crc32fast::hash(bytes.get(range)?));
    }
    let bytes = bytes.len() as u64;
    Some(Manifest { version: VERSION, generation: 1, bytes, header_crc32: crc32fast::hash(header), crc32 })
}

/// Reads a saved run, and its bytes as a manifest. If it can be restored, it goes on for a step or further, and its rows are
/// judged.
pub fn run_checkpoint(bytes: &[u8]) -> String {
    _ = Manifest::parse(bytes);
    let Some(manifest) = manifest(bytes) else { return "no header".into() };
    let written = manifest.to_bytes().expect("JSON");
    assert_eq!(Manifest::parse(&written).as_ref(), Ok(&manifest));
    let read = || {
        let mut reader = CheckpointReader::open(manifest, Cursor::new(bytes))?;
        let (record, state) = (reader.record(), reader.state());
        let tensors = reader.tensors(&Device::flex(), |_| true)?;
        let (entry, state) = (record?, state?);
        let phase = format!("{:?}", state.phase);
        let mut session = session(entry.record.plan.recipe.task).restore(state, tensors)?;
        if session.can_extend() {
            session.extend(1)?;
        }
        for _ in 0..2 {
            ready(session.advance())?;
        }
        if let Some((evaluation, predictions)) = session.best() {
            judged_rows(session.data(), evaluation, predictions, &|_| Vec::new());
        }
        Ok::<_, Diagnostic>(phase)
    };
    read().unwrap_or_else(|diagnostic| diagnostic.code)
}
