//! Times training steps of synthetic models. Dispatches and encode time hold on every GPU, milliseconds only on this
//! one.

use hone_core::device_to_host::{StepScalars, step_to_host};
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::{Backend, BenchFigures, Event, RequestId};
use hone_core::run::BenchCase;
use hone_core::runner::BenchModel;
use wasm_bindgen::prelude::*;

use crate::device::ChosenDevice;
use crate::engine::Engine;
use crate::js::{self, now_ms};
use crate::mailbox::{answer, yield_to_event_loop};

/// Counts WebGPU calls; only loaded here.
const COUNTER: &str = "webgpu-count.js";

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
    maps: f64,
    submits: f64,
}

async fn measured(chosen: &ChosenDevice, case: &BenchCase) -> Result<BenchFigures, Diagnostic> {
    let counter = import_scripts(COUNTER).is_ok();
    let mut bench = BenchModel::new(case, &chosen.device)?;
    let mut steps = Vec::new();
    for number in 0..=case.steps {
        steps.push(step(&mut bench, chosen, number).await?);
        yield_to_event_loop().await;
    }
    let generated_per_s = generated_per_s(&bench, case.generated_tokens).await?;
    let later = &steps[1..];
    let median_step_ms = median(later, |step| step.total_ms);
    let on_gpu = |value: f64| (counter && chosen.report.backend == Backend::WebGpu).then_some(value);
    Ok(BenchFigures {
        size: case.size.clone(),
        backend: chosen.report.backend,
        first_step_ms: steps[0].total_ms,
        median_step_ms,
        tokens_per_s: f64::from(case.batch * case.len) / median_step_ms * 1e3,
        generated_per_s,
        encode_ms: median(later, |step| step.encode_ms),
        dispatches_per_step: on_gpu(median(later, |step| step.calls.dispatches)),
        maps_per_step: on_gpu(median(later, |step| step.calls.maps)),
        submits_per_step: on_gpu(median(later, |step| step.calls.submits)),
        wasm_heap_bytes: heap_bytes(),
        gpu_bytes: on_gpu(js::get(&js_sys::global(), "webgpuBytes").as_f64().unwrap_or(0.0)),
        optimizer_bytes: bench.optimizer_bytes() as f64,
        trainable_layers: case.trainable_layers,
        keeps_prefix: case.keeps_prefix,
        loss: steps.last().map_or(0.0, |step| step.loss),
    })
}

async fn step(bench: &mut BenchModel, chosen: &ChosenDevice, number: u32) -> Result<Step, Diagnostic> {
    take_calls();
    let begin = now_ms();
    let (loss, gradients) = bench.gradients(number);
    let read = step_to_host(gradients.step_scalars(loss));
    let awaited = now_ms();
    let StepScalars { loss, squared_norm } = read.await?;
    let resumed = now_ms();
    bench.update(gradients, squared_norm);
    chosen.device.flush().map_err(|error| Diagnostic::new("bench.flush", error.to_string()))?;
    let end = now_ms();
    let encode_ms = (awaited - begin) + (end - resumed);
    Ok(Step { total_ms: end - begin, encode_ms, calls: take_calls(), loss })
}

/// Tokens per second that a decoder generates from a prompt, one after the other.
async fn generated_per_s(bench: &BenchModel, tokens: u32) -> Result<Option<f64>, Diagnostic> {
    let Some(mut generator) = bench.generator(tokens).await? else { return Ok(None) };
    let begin = now_ms();
    while !generator.is_over() {
        generator.advance(bench.model()).await?;
    }
    Ok(Some(f64::from(tokens) / (now_ms() - begin) * 1e3))
}

/// WebGPU calls since the previous call.
fn take_calls() -> Calls {
    let Ok(counts) = js::get(&js_sys::global(), "webgpuCounts").dyn_into::<js_sys::Function>() else {
        return Calls::default();
    };
    let counted = counts.call0(&JsValue::UNDEFINED).unwrap_or(JsValue::UNDEFINED);
    let number = |name: &str| js::get(&counted, name).as_f64().unwrap_or(0.0);
    Calls { dispatches: number("dispatchWorkgroups"), maps: number("mapAsync"), submits: number("submit") }
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
