//! The device: what a person chooses, and what the worker reports.

use serde::{Deserialize, Serialize};

/// What the person wants to compute on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceChoice {
    /// A real GPU if there is one, else the CPU.
    #[default]
    Auto,
    /// WebGPU, even on a software adapter.
    Gpu,
    /// The CPU.
    Cpu,
}

/// What is computed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backend {
    /// burn-wgpu.
    WebGpu,
    /// burn-flex.
    Cpu,
}

/// Which device was chosen, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeviceReport {
    /// What is computed on.
    pub backend: Backend,
    /// The adapter's name as the browser tells it; empty on the CPU.
    pub adapter: String,
    /// The self-check of the GPU, where it ran.
    pub check: Option<SelfCheck>,
    /// Why the CPU was taken, in words; empty on WebGPU.
    pub reason: String,
}

/// Loss and gradients of a micro model on WebGPU against the CPU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SelfCheck {
    /// Adapter and build that it holds for.
    pub key: String,
    /// Largest difference of a gradient, as a share of that tensor's largest value.
    pub max_difference: f64,
    /// Whether it is small enough to compute on.
    pub passed: bool,
}
