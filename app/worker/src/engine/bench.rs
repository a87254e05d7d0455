//! Times training steps of synthetic models. Dispatches and encode time hold on every GPU, milliseconds only on this
//! one.

use hone_core::device_to_host::{StepScalars, step_to_host};
use hone_core::diagnostic::Diagnostic;
use hone_core::generate::Generator;
use hone_core::generate::Sampling;
use hone_core::model::{
    BertConfig, Dropout, DropoutRates, FrozenPrefix, Input, LlamaConfig, LoraConfig, ModelConfig, TaskModel, synthetic,
};
use hone_core::protocol::{BenchCase, BenchFigures, Event, RequestId};
use hone_core::recipe::{Family, LoraTarget, ParamGroup};
use hone_core::text::{EncodedExamples, EncodedTexts, Labels};
use hone_core::train::{AdamW, AdamWConfig, Objective, SoftTargets, StepInput, clip_scale, gradients};
use wasm_bindgen::prelude::*;

use crate::device::ChosenDevice;
use crate::engine::Engine;
use crate::js::{self, now_ms};
use crate::mailbox::{answer, yield_to_event_loop};

/// Counts WebGPU calls; only loaded here.
const COUNTER: &str = "webgpu-count.js";
const DROPOUT: f64 = 0.1;
/// Number of tokens that a decoder generates.
const WRITTEN: u32 = 32;

#[wasm_bindgen]
unsafe extern "C" {
    #[wasm_bindgen(js_name = importScripts, catch)]
    fn import_scripts(url: &str) -> Result<(), JsValue>;
}

/// Runs a case and sends its results.
pub async fn run(engine: &Engine, request: RequestId, case: BenchCase) {
    let figures = match &engine.device {
        Some(chosen) => measured(chosen, &case).await,
        None => Err(Diagnostic::new("bench.no-device", "No device has been chosen yet.")),
    };
    match figures {
        Ok(figures) => answer(request, &Event::Benched { figures }),
        Err(diagnostic) => answer(request, &Event::Fatal { diagnostic }),
    }
}

/// The configuration of a model; `smollm2` is trained through adapters.
fn config(size: &str) -> Option<ModelConfig> {
    let bert = |vocab, hidden, intermediate_size, heads, layers| {
        let (family, max_position_embeddings, token_types) = (Family::Bert, 512, 2);
        let (layer_norm_eps, padding_idx) = (1e-12, None);
        let config = BertConfig {
            family,
            vocab,
            hidden,
            layers,
            heads,
            intermediate_size,
            max_position_embeddings,
            token_types,
            layer_norm_eps,
            padding_idx,
        };
        ModelConfig::Bert(config)
    };
    let llama = |vocab, hidden, intermediate_size, heads, kv_heads, layers| {
        let (head_dim, max_position_embeddings, rms_norm_eps) = (hidden / heads, 512, 1e-5);
        let (rope_theta, is_tied) = (1e4, true);
        ModelConfig::Llama(LlamaConfig {
            vocab,
            hidden,
            layers,
            heads,
            kv_heads,
            head_dim,
            intermediate_size,
            max_position_embeddings,
            rms_norm_eps,
            rope_theta,
            is_tied,
        })
    };
    Some(match size {
        "micro" => bert(512, 64, 256, 4, 5),
        "tiny" => bert(30_522, 128, 512, 2, 2),
        "minilm" => bert(30_522, 384, 1_536, 12, 6),
        "decoder" => llama(512, 64, 172, 8, 4, 5),
        "smollm2" => llama(49_152, 576, 1_536, 9, 3, 30),
        _ => return None,
    })
}

/// Times of one step, in milliseconds, and its loss.
struct Step {
    total_ms: f64,
    encode_ms: f64,
    calls: Calls,
    loss: f64,
}

#[derive(Clone, Copy, Default)]
struct Calls {
    dispatches: f64,
    submits: f64,
}

async fn measured(chosen: &ChosenDevice, case: &BenchCase) -> Result<BenchFigures, Diagnostic> {
    let unknown = || Diagnostic::new("bench.case", format!("There is no benchmark \"{}\".", case.size));
    let config = config(&case.size).ok_or_else(unknown)?;
    let counter = import_scripts(COUNTER).is_ok();
    let mut model = synthetic(&config, 2, 0.02, &chosen.device)?;
    if case.size == "smollm2" {
        model.adapt(&LoraConfig { rank: 8, scale: 2.0, is_dora: false, targets: LoraTarget::ALL.into() }, 0);
    }
    let examples = examples(case, config.family());
    let mut optimizer = AdamW::new(AdamWConfig::default());
    let mut steps = Vec::new();
    let lowest = ParamGroup::lowest_of(case.trainable_layers, config.sizes().layers);
    let frozen_prefix = if case.keeps_prefix { model.prefix_below(lowest) } else { FrozenPrefix::None };
    let rows: Vec<u32> = (0..case.batch).collect();
    let batch = || Input::new(&examples.batch(&rows, rows.len(), case.len as usize, 0), &chosen.device);
    let kept = model.forward_to(batch(), frozen_prefix, &mut Dropout::off());
    for number in 0..=case.steps {
        let input = if case.keeps_prefix { kept.clone() } else { batch() };
        let input = StepInput::new(input, &SoftTargets::uniform(2), &examples, &rows, &rows);
        steps.push(step(&mut model, &mut optimizer, chosen, input, lowest, u64::from(number)).await?);
        yield_to_event_loop().await;
    }
    let written_per_s =
        if config.family().is_decoder() { Some(written_per_s(&model, examples.texts.get(0)).await?) } else { None };
    let later = &steps[1..];
    let median_step_ms = median(later, |step| step.total_ms);
    let on_gpu = |value: f64| (counter && chosen.masks == hone_core::model::MaskSource::Device).then_some(value);
    Ok(BenchFigures {
        size: case.size.clone(),
        backend: chosen.report.backend,
        first_step_ms: steps[0].total_ms,
        median_step_ms,
        tokens_per_s: f64::from(case.batch * case.len) / median_step_ms * 1e3,
        written_per_s,
        encode_ms: median(later, |step| step.encode_ms),
        dispatches_per_step: on_gpu(median(later, |step| step.calls.dispatches)),
        submits_per_step: on_gpu(median(later, |step| step.calls.submits)),
        wasm_heap_bytes: heap_bytes(),
        gpu_bytes: on_gpu(js::get(&js_sys::global(), "webgpuBytes").as_f64().unwrap_or(0.0)),
        optimizer_bytes: optimizer.bytes() as f64,
        trainable_layers: case.trainable_layers,
        keeps_prefix: case.keeps_prefix,
        loss: steps.last().map_or(0.0, |step| step.loss),
    })
}

async fn step(
    model: &mut TaskModel,
    optimizer: &mut AdamW,
    chosen: &ChosenDevice,
    input: StepInput,
    lowest: ParamGroup,
    number: u64,
) -> Result<Step, Diagnostic> {
    take_calls();
    let begin = now_ms();
    let shares = DropoutRates { adapter: 0.0, ..DropoutRates::uniform(DROPOUT) };
    let mut dropout = Dropout::new(shares, chosen.masks, 0, number);
    let (loss, gradients) = gradients(model, input, Objective::default(), |group| group >= lowest, &mut dropout);
    let read = step_to_host(loss, gradients.squared_norms());
    let awaited = now_ms();
    let StepScalars { loss, squared_norm } = read.await?;
    let resumed = now_ms();
    optimizer.step(model, gradients, |_| 1e-4, clip_scale(squared_norm.sqrt(), 1.0));
    chosen.device.flush().map_err(|error| Diagnostic::new("bench.flush", error.to_string()))?;
    let end = now_ms();
    let encode_ms = (awaited - begin) + (end - resumed);
    Ok(Step { total_ms: end - begin, encode_ms, calls: take_calls(), loss })
}

/// Rows of full length: texts of two classes, or texts of which all but the first token are targets.
fn examples(case: &BenchCase, family: Family) -> EncodedExamples {
    let (rows, len) = (case.batch, case.len);
    let mut texts = EncodedTexts::default();
    for row in 0..rows {
        let ids: Vec<u32> = (0..len).map(|i| (31 * i + 17 * row) % 500).collect();
        texts.push(&ids);
    }
    let labels = if family.is_decoder() {
        let target_ranges = (0..rows).map(|_| std::iter::once(1..len).collect()).collect();
        Labels::Continuations { target_ranges, references: Vec::new() }
    } else {
        Labels::Classes((0..rows).map(|row| row % 2).collect())
    };
    EncodedExamples { texts, labels }
}

/// Tokens per second that a model generates from a prompt, one after the other.
async fn written_per_s(model: &TaskModel, prompt: &[u32]) -> Result<f64, Diagnostic> {
    let mut generator = Generator::new(prompt, Sampling { max_new_tokens: WRITTEN + 1, ..Sampling::default() }, &[]);
    // The prompt is read with the first token.
    while generator.generated().is_empty() {
        generator.advance(model).await?;
    }
    let begin = now_ms();
    while !generator.is_over() {
        generator.advance(model).await?;
    }
    Ok(f64::from(WRITTEN) / (now_ms() - begin) * 1e3)
}

/// WebGPU calls since the previous call.
fn take_calls() -> Calls {
    let Ok(counts) = js::get(&js_sys::global(), "webgpuCounts").dyn_into::<js_sys::Function>() else {
        return Calls::default();
    };
    let counted = counts.call0(&JsValue::UNDEFINED).unwrap_or(JsValue::UNDEFINED);
    let number = |name: &str| js::get(&counted, name).as_f64().unwrap_or(0.0);
    Calls { dispatches: number("dispatchWorkgroups"), submits: number("submit") }
}

fn median(steps: &[Step], value: impl Fn(&Step) -> f64) -> f64 {
    let mut values: Vec<f64> = steps.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

fn heap_bytes() -> f64 {
    let buffer = js::get(&wasm_bindgen::memory(), "buffer");
    js::get(&buffer, "byteLength").as_f64().unwrap_or(0.0)
}
