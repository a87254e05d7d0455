//! Saved runs, whose checksums are made to fit, so that mutated files get past them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use burn::tensor::{Device, Tensor};
use hone_core::checkpoint::{CheckpointReader, CheckpointWriter, Manifest, VERSION};
use hone_core::dataset::{Cuts, Mapping};
use hone_core::diagnostic::Diagnostic;
use hone_core::metrics::{Detail, Evaluation};
use hone_core::model::Unit;
use hone_core::recipe::{Metric, ParamGroup, RecipeSpec};
use hone_core::run::{EarlyStop, LrPoint, RunPlan, RunRecord, RunSource, SourceFile, StepMetrics};
use hone_core::train::{
    BatchPosition, HistoryEntry, Plateau, Prediction, RunState, SavedBest, SavedPhase, SavedTensor, SessionCheckpoint,
    SessionState,
};
use hone_core::usage::PromptForm;
use hone_core::weights::FileHeader;
use hone_tests::ready;

fn plan() -> RunPlan {
    RunPlan {
        recipe: RecipeSpec::default(),
        labels: vec!["a".into(), "b".into()],
        train_rows: 2,
        validation_rows: 1,
        test_rows: 0,
        total_steps: 3,
        steps_per_epoch: 1,
        max_length: 8,
        cuts: Cuts::default(),
        form: PromptForm::default(),
        trainable_parameters: 4.0,
        lr_curve: vec![LrPoint { step: 1, lr: 1e-5 }],
        param_groups: Vec::new(),
        baseline: None,
    }
}

/// A small saved run.
pub fn checkpoints() -> Vec<Vec<u8>> {
    let file = SourceFile { name: "rows.csv".into(), sha256: "00".into() };
    let source = RunSource {
        model: file.clone(),
        data: file,
        validation: None,
        test: None,
        mapping: Mapping::Corpus { text: 0 },
        build: "1".into(),
        device: "cpu".into(),
    };
    let scores = [(Metric::Accuracy, 0.5)].into();
    let evaluation = Evaluation { scores, detail: Detail::Numbers { points: Vec::new() }, ..Evaluation::default() };
    let record = RunRecord { plan: plan(), source, step: 1, seconds: 2.5, best: Some(evaluation.clone()), test: None };
    let step = StepMetrics { step: 1, epoch: 0.5, loss: f64::NAN, grad_norm: 1.0, lr: 1e-5, tokens: 4, taken: false };
    let run = RunState {
        step: 1,
        epoch: 0,
        batch: 1,
        batches_seen: 1,
        not_finite: 1,
        early_stop: EarlyStop::new(Metric::Accuracy, 0.0, 2),
        plateau: Some(Plateau::new(0.5, 1, 0.0, 0.1)),
        stage: 0,
        stalled: 0,
        by_hand: [(ParamGroup::Layer(1), false)].into(),
        ever_trainable: BTreeSet::from([ParamGroup::Head]),
        prefix_begin: BatchPosition::default(),
        extended_at: Vec::new(),
        history: vec![HistoryEntry::Step(step), HistoryEntry::Evaluation(evaluation.clone())],
    };
    let predictions = vec![Prediction::Classes(vec![0.25, 0.75]), Prediction::Tags(vec![vec![1.0], Vec::new()])];
    let state = SessionState {
        run,
        phase: SavedPhase::Evaluating(None),
        tokens_crc32: 0,
        optimizer_steps: [("head.weight".to_owned(), 1)].into(),
        best: Some(SavedBest { evaluation, predictions, is_live: true }),
        test: None,
        forgetting: None,
    };
    let tensor: Tensor<2> = Tensor::ones([2, 3], &Device::flex());
    let tensors = vec![SavedTensor::new("live.head.weight".into(), &tensor)];
    let session = SessionCheckpoint { unit: Unit::default(), state, tensors };
    let mut writer = CheckpointWriter::new(1, record, session).expect("a state");
    let mut bytes = Vec::new();
    while ready(writer.write_next(&mut bytes)).expect("bytes") {}
    vec![bytes]
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

/// Reads a saved run, and its bytes as a manifest.
pub fn run_checkpoint(bytes: &[u8]) -> String {
    _ = Manifest::parse(bytes);
    let Some(manifest) = manifest(bytes) else { return "no header".into() };
    let written = manifest.to_bytes().expect("JSON");
    assert_eq!(Manifest::parse(&written).as_ref(), Ok(&manifest));
    let read = || {
        let mut reader = CheckpointReader::open(manifest, Cursor::new(bytes))?;
        let record = reader.record().map(|entry| entry.record.step);
        let state = reader.state().map(|state| format!("{:?}", state.phase));
        reader.tensors(&Device::flex(), |_| true)?;
        Ok::<_, Diagnostic>(format!("{} {}", record.is_ok(), state.is_ok()))
    };
    read().unwrap_or_else(|diagnostic| diagnostic.code)
}
