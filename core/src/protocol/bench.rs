//! Benchmark cases and their figures.

use serde::{Deserialize, Serialize};

use crate::protocol::device::Backend;

/// Shape and backend of a benchmark case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BenchCase {
    /// `micro`, `tiny`, `minilm`, `decoder` or `smollm2`.
    pub size: String,
    /// Rows a batch.
    pub batch: u32,
    /// Tokens a row.
    pub len: u32,
    /// Steps after the first.
    pub steps: u32,
    /// Top layers that learn, with the head; everything when absent.
    pub trainable_layers: Option<u32>,
    /// Whether what the frozen layers below compute is kept from step to step.
    pub keeps_prefix: bool,
}

/// Figures of a benchmark case, times in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BenchFigures {
    /// `micro`, `tiny`, `minilm`, `decoder` or `smollm2`.
    pub size: String,
    /// What was computed on.
    pub backend: Backend,
    /// The first step, with everything that is compiled in it.
    pub first_step_ms: f64,
    /// Median of the later ones.
    pub median_step_ms: f64,
    /// Tokens a second at the median.
    pub tokens_per_s: f64,
    /// Of a decoder: tokens a second that it writes, one after the other.
    pub written_per_s: Option<f64>,
    /// From the start of a step until the GPU is awaited, median.
    pub encode_ms: f64,
    /// WebGPU dispatches a step, median.
    pub dispatches_per_step: Option<f64>,
    /// WebGPU submits a step, median.
    pub submits_per_step: Option<f64>,
    /// Size of the wasm memory.
    pub wasm_heap_bytes: f64,
    /// Bytes of GPU buffers created and not destroyed.
    pub gpu_bytes: Option<f64>,
    /// Of the case.
    pub trainable_layers: Option<u32>,
    /// Of the case.
    pub keeps_prefix: bool,
    /// Bytes of the optimizer's state.
    pub optimizer_bytes: f64,
    /// Loss of the last step: shows that the arithmetic was real.
    pub loss: f64,
}
