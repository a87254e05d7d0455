//! The device: the user's choice, and the worker's report.

use serde::{Deserialize, Serialize};

/// The user's choice of device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceChoice {
    /// A real GPU if there is one, otherwise the CPU.
    #[default]
    Auto,
    /// WebGPU, even on a software adapter.
    Gpu,
    /// The CPU.
    Cpu,
}

/// Backend that runs the computations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backend {
    /// burn-wgpu.
    WebGpu,
    /// burn-flex.
    Cpu,
}

/// The chosen device, and the reason for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeviceReport {
    /// Backend in use.
    pub backend: Backend,
    /// Name of the adapter, as the browser reports it; empty if there is none.
    pub adapter: String,
    /// Self-check of the GPU, if it ran.
    pub check: Option<SelfCheck>,
    /// The reason for using the CPU; empty on WebGPU.
    pub reason: String,
}

/// Comparison of loss and gradients of a tiny model on WebGPU and on the CPU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SelfCheck {
    /// Adapter and build that were checked.
    pub key: String,
    /// Largest difference of a gradient, relative to the largest value of its tensor.
    pub max_difference: f64,
    /// True if the difference is small enough.
    pub passed: bool,
}
