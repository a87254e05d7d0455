//! Memory: the limit, and the part that is in use.

use hone_core::hub::DeviceLimits;
use hone_core::limits::{MAX_CPU_BYTES, MAX_GPU_BYTES};
use hone_core::protocol::Backend;
use hone_core::weights::Weights;

use crate::engine::Engine;

impl Engine {
    /// Bytes for the loaded model and everything derived from it. On the CPU, the user's data shares the memory.
    pub(super) fn memory_limit(&self) -> f64 {
        match self.device.as_ref().map(|chosen| chosen.report.backend) {
            Some(Backend::WebGpu) => MAX_GPU_BYTES as f64,
            _ => MAX_CPU_BYTES as f64 - self.data.bytes(),
        }
    }

    /// Limits that a model has to fit before it is downloaded.
    pub(super) fn limits(&self) -> DeviceLimits {
        let max_buffer_bytes = self.device.as_ref().and_then(|chosen| chosen.max_buffer_bytes);
        DeviceLimits { memory_bytes: self.memory_limit(), max_buffer_bytes }
    }

    /// Bytes of the last run's model and of the kept models that are open, in addition to the loaded model.
    pub(super) fn tuned_bytes(&self) -> f64 {
        let open: usize = self.tuned.iter().map(|tuned| tuned.parts.model.parameters() * size_of::<f32>()).sum();
        open as f64 + self.run.as_ref().map_or(0.0, |run| run.session.tuned_bytes())
    }

    /// Bytes left for queries to the tuned model.
    pub(super) fn free_bytes(&self) -> f64 {
        let loaded = self.model.as_ref().map_or(0, |model| model.pretrained.base.parameters());
        self.memory_limit() - (loaded * size_of::<f32>()) as f64 - self.tuned_bytes()
    }
}
