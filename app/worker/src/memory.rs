//! Memory: how much there is, and what is taken of it already.

use hone_core::limits::{MAX_CPU_BYTES, MAX_GPU_BYTES};
use hone_core::protocol::Backend;
use hone_core::weights::Weights;

use crate::engine::Engine;

/// Bytes for the loaded model and what is made of it. On the CPU the person's data are in the same memory.
pub fn limit(engine: &Engine) -> f64 {
    match engine.device.as_ref().map(|chosen| chosen.report.backend) {
        Some(Backend::WebGpu) => MAX_GPU_BYTES as f64,
        _ => MAX_CPU_BYTES as f64 - engine.data.bytes(),
    }
}

/// Bytes that the last run keeps beside the loaded model.
pub fn tuned(engine: &Engine) -> f64 {
    engine.run.as_ref().map_or(0.0, |run| run.session.tuned_bytes())
}

/// Bytes that are left to ask the tuned model in.
pub fn free(engine: &Engine) -> f64 {
    let loaded = engine.model.as_ref().map_or(0, |model| model.pretrained.body.parameters());
    limit(engine) - (loaded * size_of::<f32>()) as f64 - tuned(engine)
}
