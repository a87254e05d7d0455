//! Scenarios for the state, driven by events from the worker and actions of the user. This file has their starting
//! points.

mod data;
mod defaults;
mod dry_run;
mod folds;
mod labeling;
mod model;
mod new_version;
mod overfit;
mod recipe;
mod review;
mod run;
mod saved;
mod shelf;
mod study;
mod table;
mod tasks;
mod trust;
mod worker;

use hone_core::catalog::{AdaptableLinear, CatalogEntry, ModelReport, ParamGroupFacts};
use hone_core::dataset::DataRole;
use hone_core::dataset::{
    ClassCount, Cuts, DataReport, Encoding, Format, Hints, Mapping, Quirks, SourceInfo, TaskFacts, TaskOffer,
    TokenLengths,
};
use hone_core::diagnostic::Diagnostic;
use hone_core::metrics::{Detail, Evaluation};
use hone_core::protocol::{Backend, Command, DeviceReport, Event, RequestId};
use hone_core::recipe::{Family, LoraTarget, Metric, ParamGroup, Pooling, RecipeSpec};
use hone_core::run::{Baseline, EndReason, LrPoint, ParamGroupState, RunPlan, RunSummary};
use hone_core::usage::PromptForm;

use crate::state::{Effect, FileChoice, State, Topic};
use crate::wire::as_json;

const MAPPING: Mapping = Mapping::Classification { text: 0, pair: None, label: 1 };

fn source(columns: usize) -> SourceInfo {
    SourceInfo {
        name: "reviews.csv".into(),
        bytes: 100.0,
        format: Format::Delimited,
        compression: None,
        parts: Vec::new(),
        holds_validation: false,
        holds_test: false,
        encoding: Encoding::UTF_8,
        delimiter: Some(','),
        multiline: false,
        has_header: true,
        quirks: Quirks::default(),
        hints: Hints::default(),
        columns: (0..columns).map(|nth| nth.to_string()).collect(),
        rows: 100,
        preview: Vec::new(),
        offers: vec![TaskOffer { mapping: MAPPING, fits: true, reason: String::new() }],
        warnings: Vec::new(),
    }
}

/// A file that fits these mappings.
fn offering(mappings: Vec<Mapping>, columns: usize) -> SourceInfo {
    let offer = |mapping| TaskOffer { mapping, fits: true, reason: String::new() };
    SourceInfo { offers: mappings.into_iter().map(offer).collect(), ..source(columns) }
}

fn opened(columns: usize) -> Event {
    Event::DataOpened { role: DataRole::Train, source: source(columns) }
}

fn not_opened(role: DataRole) -> Event {
    Event::DataNotOpened { role, diagnostic: gone() }
}

fn data_ready() -> Event {
    report(None)
}

/// The report once more, with the lengths of all texts.
fn tokens_ready() -> Event {
    report(Some(TokenLengths { p50: 20, p95: 40, max: 60, max_length: 64, truncated_ratio: 0.0 }))
}

fn report(tokens: Option<TokenLengths>) -> Event {
    let class = |label: &str| ClassCount { label: label.into(), rows: 50 };
    Event::DataReady {
        report: DataReport {
            mapping: MAPPING,
            rows_kept: 100,
            rows_dropped: 0,
            unlabeled: 0,
            dropped: Vec::new(),
            classes: vec![class("a"), class("b")],
            duplicates: 0,
            contradictions: 0,
            across_split: 0,
            repeated: Vec::new(),
            train_rows: 90,
            validation_rows: 10,
            test_rows: 0,
            left_out: Vec::new(),
            majority_ratio: Some(0.5),
            facts: TaskFacts::None,
            other_languages: None,
            tokens,
            warnings: Vec::new(),
        },
    }
}

fn entry() -> CatalogEntry {
    CatalogEntry {
        id: "mini".into(),
        name: "Mini".into(),
        description: String::new(),
        hub_id: String::new(),
        license: "MIT".into(),
        languages: "English".into(),
        parameters: 22.7e6,
        bytes: 91e6,
        folder: "models/mini/".into(),
        files: Vec::new(),
        weights: "model.safetensors".into(),
        sha256: String::new(),
        shards: Vec::new(),
        family: Family::Bert,
        pooling: Pooling::Mean,
    }
}

/// The parameter groups of all-MiniLM-L6-v2.
fn minilm_groups() -> Vec<ParamGroupFacts> {
    let linear = |target, inputs, outputs| AdaptableLinear { target, inputs, outputs };
    let layer = |i| ParamGroupFacts {
        group: ParamGroup::Layer(i),
        parameters: 1_774_464.0,
        linears: vec![
            linear(LoraTarget::Query, 384, 384),
            linear(LoraTarget::Key, 384, 384),
            linear(LoraTarget::Value, 384, 384),
            linear(LoraTarget::AttentionOutput, 384, 384),
            linear(LoraTarget::Intermediate, 384, 1_536),
            linear(LoraTarget::Output, 1_536, 384),
        ],
    };
    let group = |group, parameters| ParamGroupFacts { group, parameters, linears: Vec::new() };
    let embeddings = group(ParamGroup::Embeddings, 11_918_592.0);
    [embeddings].into_iter().chain((0..6).map(layer)).chain([group(ParamGroup::Pooler, 147_840.0)]).collect()
}

fn model_ready() -> Event {
    Event::ModelReady {
        model: ModelReport {
            id: "mini".into(),
            name: "Mini".into(),
            family: Family::Bert,
            pooling: Pooling::Mean,
            has_pooler: true,
            parameters: 22.7e6,
            groups: minilm_groups(),
            bytes: 91e6,
            layers: 6,
            hidden: 384,
            max_positions: 512,
            vocab: 30_522,
            tuned_head: None,
            applied: 101,
            notes: Vec::new(),
        },
    }
}

fn device_ready() -> Event {
    let device =
        DeviceReport { backend: Backend::Cpu, adapter: String::new(), check: None, reason: "no WebGPU".into() };
    Event::Ready { device }
}

fn baseline() -> Baseline {
    Baseline { prediction: Some("a".into()), scores: [(Metric::Accuracy, 0.5), (Metric::MacroF1, 0.33)].into() }
}

fn started() -> Event {
    Event::Started {
        plan: RunPlan {
            recipe: RecipeSpec::default(),
            labels: vec!["a".into(), "b".into()],
            train_rows: 90,
            validation_rows: 10,
            test_rows: 0,
            total_steps: 18,
            steps_per_epoch: 6,
            max_length: 64,
            cuts: Cuts::default(),
            form: PromptForm::default(),
            trainable_parameters: 10e6,
            lr_curve: [0, 18].map(|step| LrPoint { step, lr: 0.0 }).into(),
            param_groups: vec![part(ParamGroup::Layer(5), false), part(ParamGroup::Head, true)],
            baseline: Some(baseline()),
        },
    }
}

fn part(group: ParamGroup, trainable: bool) -> ParamGroupState {
    ParamGroupState { group, trainable, by_hand: false, rate_factor: 1.0, parameters: 10.0 }
}

fn evaluation(step: u32, accuracy: f64) -> Evaluation {
    Evaluation {
        step,
        epoch: 1.0,
        loss: 0.5,
        scores: [(Metric::Accuracy, accuracy), (Metric::MacroF1, accuracy)].into(),
        intervals: [].into(),
        confidence: None,
        detail: Detail::Classes { classes: Vec::new(), confusion: vec![vec![4, 1], vec![3, 2]] },
    }
}

fn finished() -> Event {
    Event::Finished {
        summary: RunSummary {
            reason: EndReason::Completed,
            steps: 18,
            best: evaluation(18, 0.9),
            test: None,
            baseline: Some(baseline()),
            forgetting: None,
            seconds: 10.0,
            verdict: None,
            advice: None,
        },
    }
}

fn read(text: &str) -> Result<RecipeSpec, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

fn gone() -> Diagnostic {
    Diagnostic::new("engine.broken", "It is gone.")
}

impl State {
    /// Takes an event as the answer to the last request of its topic.
    fn answer(&mut self, event: Event) -> Vec<Effect> {
        let topic = topic(&event);
        // Events are read as they arrive from the worker, but for those with NaN, which JSON does not have.
        let event = as_json(serde_json::to_value(&event).unwrap()).unwrap_or(event);
        // A request that never was is one that was given up.
        let request = topic.map(|topic| self.requests.on(topic).unwrap_or_default());
        self.on_event(request, event)
    }
}

/// Topic of the request that an event answers.
fn topic(event: &Event) -> Option<Topic> {
    Some(match event {
        Event::Busy { .. } | Event::ModelsKept { .. } | Event::Fatal { .. } | Event::Benched { .. } => return None,
        Event::Ready { .. } => Topic::Device,
        Event::DataProgress { role, .. } | Event::DataOpened { role, .. } | Event::DataNotOpened { role, .. } => {
            Topic::File(*role)
        }
        Event::DataReady { .. } | Event::DataFailed { .. } => Topic::Mapping,
        Event::RowsFound { .. } => Topic::Browse,
        Event::ModelProgress { .. } | Event::ModelReady { .. } | Event::ModelFailed { .. } => Topic::Model,
        Event::ModelFound { .. } | Event::ModelNotFound { .. } => Topic::Hub,
        Event::Estimated { .. } | Event::EstimateFailed { .. } => Topic::Estimate,
        Event::RateTried { .. } | Event::RateFound { .. } | Event::RateFailed { .. } => Topic::LrFinder,
        Event::TrialStep { .. } | Event::TrialsOver => Topic::LrFinder,
        Event::Predicted { .. } | Event::PredictFailed { .. } => Topic::Prediction,
        Event::WrongRowsFound { .. } => Topic::Misclassified,
        Event::MapsDrawn { .. } => Topic::Maps,
        Event::Corrected { .. } | Event::CorrectFailed { .. } => Topic::Corrected,
        Event::LabelsProgress { .. } | Event::LabelsReviewed { .. } | Event::LabelsFailed { .. } => Topic::Labels,
        Event::Exported { .. } | Event::ExportProgress { .. } | Event::ExportFailed { .. } => Topic::Export,
        _ => Topic::Run,
    })
}

/// The commands among the effects.
fn commands(effects: Vec<Effect>) -> Vec<Command> {
    let command = |effect| if let Effect::Send(_, command) = effect { Some(command) } else { None };
    effects.into_iter().filter_map(command).collect()
}

/// Number of the only command among the effects.
fn number(effects: &[Effect]) -> RequestId {
    let [Effect::Send(request, _)] = effects else { panic!("{effects:?}") };
    *request
}

/// A file by name; each of those in these tests has another place for its bytes.
fn chosen(name: &str) -> FileChoice {
    FileChoice::new(name.into(), None, name.bytes().map(usize::from).sum())
}

/// A page whose worker is there, with a file, a mapping and a model.
fn ready() -> State {
    let mut state = State::default();
    state.restart();
    state.on_catalog(Ok(vec![entry()]));
    state.on_listening();
    state.answer(device_ready());
    state.open(DataRole::Train, chosen("reviews.csv"));
    for event in [opened(2), data_ready(), model_ready(), tokens_ready()] {
        state.answer(event);
    }
    state
}

fn running() -> State {
    let mut state = ready();
    state.start();
    state.answer(started());
    state
}

fn trained() -> State {
    let mut state = running();
    state.answer(finished());
    state
}
