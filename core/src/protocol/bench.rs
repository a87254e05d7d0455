//! Results of a benchmark case.

use serde::{Deserialize, Serialize};

use crate::protocol::device::Backend;

/// Results of a benchmark case. Times are in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BenchFigures {
    /// `micro`, `tiny`, `minilm`, `decoder` or `smollm2`.
    pub size: String,
    /// Backend that was used.
    pub backend: Backend,
    /// Time of the first step, compilation included.
    pub first_step_ms: f64,
    /// Median time of the later steps.
    pub median_step_ms: f64,
    /// Tokens per second at the median.
    pub tokens_per_s: f64,
    /// Tokens per second that a decoder generates, one after the other.
    pub generated_per_s: Option<f64>,
    /// Median time from the start of a step until the host waits for the GPU.
    pub encode_ms: f64,
    /// Median number of WebGPU dispatches per step.
    pub dispatches_per_step: Option<f64>,
    /// Median number of reads from WebGPU buffers per step: the host waits for each.
    pub maps_per_step: Option<f64>,
    /// Median number of WebGPU submits per step.
    pub submits_per_step: Option<f64>,
    /// Size of the wasm memory, in bytes.
    pub wasm_heap_bytes: f64,
    /// Size of the GPU buffers that exist at the end, in bytes.
    pub gpu_bytes: Option<f64>,
    /// Number of trainable top layers; all layers and the embeddings if absent.
    pub trainable_layers: Option<u32>,
    /// True if outputs of the frozen layers were cached.
    pub keeps_prefix: bool,
    /// Size of the optimizer's state, in bytes.
    pub optimizer_bytes: f64,
    /// Loss of the last step, to compare the arithmetic.
    pub loss: f64,
}
