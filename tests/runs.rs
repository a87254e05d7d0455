//! Whole runs, and which weights moved.

use std::collections::{BTreeMap, BTreeSet};

use hone_core::dataset::Mapping;
use hone_core::metrics::Evaluation;
use hone_core::model::TaskModel;
use hone_core::recipe::ParamGroup;
use hone_core::run::{EndReason, RunRecord, RunSource, SourceFile, StepMetrics};
use hone_core::runner;
use hone_core::train::{Progress, Session};
use hone_core::weights::Weights;

use super::ready;

/// Runs to the end. Returns the steps, the evaluations (`true` if it was the best so far) and the reason for the end.
pub fn run(session: &mut Session) -> (Vec<StepMetrics>, Vec<(Evaluation, bool)>, EndReason) {
    let (mut steps, mut evaluations) = (Vec::new(), Vec::new());
    loop {
        match ready(session.advance()).expect("a batch") {
            Progress::Step(step) => steps.push(step),
            Progress::Evaluated { evaluation, is_best } => evaluations.push((evaluation, is_best)),
            Progress::Finished(reason) => return (steps, evaluations, reason),
            Progress::Accumulated
            | Progress::Recomputed
            | Progress::Evaluating { .. }
            | Progress::Testing { .. }
            | Progress::Measuring { .. } => {}
        }
    }
}

/// Runs `count` optimizer steps and returns their losses.
pub fn take_steps(session: &mut Session, count: usize) -> Vec<f64> {
    let mut losses = Vec::new();
    while losses.len() < count {
        if let Progress::Step(step) = ready(session.advance()).expect("a batch") {
            losses.push(step.loss);
        }
    }
    losses
}

/// The values of every weight, by name.
pub fn named(model: &TaskModel) -> BTreeMap<String, Vec<f32>> {
    let mut named = BTreeMap::new();
    model.visit(&mut |weight| {
        named.insert(weight.name().to_string(), weight.values().0.into_data().try_into_vec().expect("f32"));
    });
    named
}

/// The groups whose weights differ between two models.
pub fn moved(before: &TaskModel, after: &TaskModel) -> BTreeSet<ParamGroup> {
    let (before, after_values) = (named(before), named(after));
    let mut moved = BTreeSet::new();
    after.visit(&mut |weight| {
        let name = weight.name().to_string();
        if before[&name] != after_values[&name] {
            moved.insert(weight.group());
        }
    });
    moved
}

/// The record of a run as the worker or the program makes it.
pub fn record(session: &Session) -> RunRecord {
    let file = |name: &str| SourceFile { name: name.into(), sha256: "00".into() };
    let source = RunSource {
        model: file("micro"),
        data: file("rows.csv"),
        validation: None,
        test: None,
        mapping: Mapping::Classification { text: 0, pair: None, label: 1 },
        build: "test".into(),
        device: "cpu".into(),
    };
    runner::run_record(session, source, 12.5)
}
