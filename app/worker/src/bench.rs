//! Times training steps of made-up models. Dispatches and encode time hold on every GPU; milliseconds only here.

use burn::tensor::Device;
use hone_core::model::{
    BertConfig, Bottom, Dropout, DropoutShares, Input, LlamaConfig, LoraConfig, ModelConfig, TaskModel, synthetic,
};
use hone_core::problem::Problem;
use hone_core::protocol::{BenchCase, BenchFigures, Event};
use hone_core::recipe::Place;
use hone_core::text::Batch;
use hone_core::train::{AdamW, AdamWConfig, Objective, StepInput, TargetRule, clip_scale, gradients, read_step};
use wasm_bindgen::prelude::*;

use crate::device::Chosen;
use crate::engine::Engine;
use crate::js::{self, now_ms};
use crate::mailbox::{breathe, post};

/// Counts WebGPU calls; loaded only here.
const COUNTER: &str = "webgpu-count.js";
const DROPOUT: f64 = 0.1;

#[wasm_bindgen]
unsafe extern "C" {
    #[wasm_bindgen(js_name = importScripts, catch)]
    fn import_scripts(url: &str) -> Result<(), JsValue>;
}

/// Runs a case and sends its figures.
pub async fn run(engine: &Engine, case: BenchCase) {
    let figures = match &engine.device {
        Some(chosen) => measured(chosen, &case).await,
        None => Err(Problem::new("bench.no-device", "No device has been chosen yet.")),
    };
    match figures {
        Ok(figures) => post(&Event::Benched { figures }),
        Err(problem) => post(&Event::Fatal { problem }),
    }
}

fn config(size: &str) -> Option<BertConfig> {
    let (vocab, hidden, ffn, heads, layers) = match size {
        "micro" => (512, 64, 256, 4, 5),
        "tiny" => (30_522, 128, 512, 2, 2),
        "minilm" => (30_522, 384, 1_536, 12, 6),
        _ => return None,
    };
    Some(BertConfig { vocab, hidden, layers, heads, ffn, positions: 512, token_types: 2, layer_norm_eps: 1e-12 })
}

/// Times of one step in milliseconds, and its loss.
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

async fn measured(chosen: &Chosen, case: &BenchCase) -> Result<BenchFigures, Problem> {
    let unknown = || Problem::new("bench.case", format!("There is no benchmark \"{}\".", case.size));
    let config = config(&case.size).ok_or_else(unknown)?;
    let counter = import_scripts(COUNTER).is_ok();
    let mut model = synthetic(&config, 2, 0.02, &chosen.device)?;
    let mut optimizer = AdamW::new(AdamWConfig::default());
    let mut steps = Vec::new();
    let lowest = Place::lowest_of(case.live_layers, config.layers);
    let bottom = if case.keeps_prefix { Bottom::below(lowest) } else { Bottom::None };
    let kept = model.raised(batch(case, &chosen.device), bottom, &mut Dropout::off());
    for number in 0..=case.steps {
        let input = if case.keeps_prefix { kept.clone() } else { batch(case, &chosen.device) };
        steps.push(step(&mut model, &mut optimizer, chosen, input, lowest, u64::from(number)).await?);
        breathe().await;
    }
    let later = &steps[1..];
    let median_step_ms = median(later, |step| step.total_ms);
    let on_gpu = |value: f64| (counter && chosen.masks == hone_core::model::MaskSource::Device).then_some(value);
    Ok(BenchFigures {
        size: case.size.clone(),
        backend: chosen.report.backend,
        first_step_ms: steps[0].total_ms,
        median_step_ms,
        tokens_per_s: f64::from(case.batch * case.len) / median_step_ms * 1e3,
        encode_ms: median(later, |step| step.encode_ms),
        dispatches_per_step: on_gpu(median(later, |step| step.calls.dispatches)),
        submits_per_step: on_gpu(median(later, |step| step.calls.submits)),
        wasm_heap_bytes: heap_bytes(),
        gpu_bytes: on_gpu(js::get(&js_sys::global(), "webgpuBytes").as_f64().unwrap_or(0.0)),
        optimizer_bytes: optimizer.bytes() as f64,
        live_layers: case.live_layers,
        keeps_prefix: case.keeps_prefix,
        loss: steps.last().map_or(0.0, |step| step.loss),
    })
}

async fn step(
    model: &mut TaskModel,
    optimizer: &mut AdamW,
    chosen: &Chosen,
    input: Input,
    lowest: Place,
    number: u64,
) -> Result<Step, Problem> {
    take_calls();
    let begin = now_ms();
    let [rows, _] = input.mask.dims();
    let labels: Vec<u32> = (0..rows as u32).map(|row| row % 2).collect();
    let rule = TargetRule::plain(2);
    let input = StepInput::new(input, &rule, &labels, rows, &labels, &chosen.device);
    let shares = DropoutShares { adapter: 0.0, ..DropoutShares::all(DROPOUT) };
    let mut dropout = Dropout::new(shares, chosen.masks, 0, number);
    let (loss, gradients) = gradients(model, input, Objective::default(), |place| place >= lowest, &mut dropout);
    let read = read_step(loss, gradients.square_norms());
    let awaited = now_ms();
    let (loss, squares) = read.await?;
    let resumed = now_ms();
    optimizer.step(model, gradients, |_| 1e-4, clip_scale(squares.sqrt(), 1.0));
    chosen.device.flush().map_err(|error| Problem::new("bench.flush", error.to_string()))?;
    let end = now_ms();
    let encode_ms = (awaited - begin) + (end - resumed);
    Ok(Step { total_ms: end - begin, encode_ms, calls: take_calls(), loss })
}

/// A batch of full rows.
fn batch(case: &BenchCase, device: &Device) -> Input {
    let (rows, len) = (case.batch as usize, case.len as usize);
    let texts: Vec<Vec<u32>> =
        (0..rows).map(|row| (0..len).map(|i| ((31 * i + 17 * row) % 500) as u32).collect()).collect();
    let texts: Vec<&[u32]> = texts.iter().map(Vec::as_slice).collect();
    Batch::new(&texts, rows, len, 0).input(device)
}

/// WebGPU calls since the last time.
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
