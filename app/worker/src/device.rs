//! Choosing the device and checking that it computes correctly.

use burn::tensor::Device;
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::{Backend, DeviceChoice, DeviceReport, SelfCheck};
use hone_core::train::{MAX_DIFFERENCE, self_check};
use wasm_bindgen::prelude::*;

use crate::{errors, js};

/// Number of GPU tasks that are submitted together.
const TASKS: usize = 64;

/// The device and the report on it.
#[derive(Clone)]
pub struct ChosenDevice {
    /// The device.
    pub device: Device,
    /// Largest buffer of the GPU, in bytes, if it computes.
    pub max_buffer_bytes: Option<f64>,
    /// The kind of device, and the reason for its choice.
    pub report: DeviceReport,
}

/// Chooses the GPU if there is a real one (or the user wants any) and it passes the self-check; otherwise the CPU, with
/// the reason.
pub async fn choose(choice: DeviceChoice, known: Option<SelfCheck>) -> ChosenDevice {
    if choice == DeviceChoice::Cpu {
        return cpu("You chose the CPU.".into(), String::new(), None);
    }
    let adapter = match probe().await {
        Ok(adapter) => adapter,
        Err(reason) => return cpu(reason, String::new(), None),
    };
    if adapter.is_software && choice == DeviceChoice::Auto {
        let reason = "The only WebGPU adapter here is a software one, which is slower than the CPU itself.";
        return cpu(reason.into(), adapter.name, None);
    }
    let device = match Device::wgpu_options().tasks_max(TASKS).init_with_setup_async().await {
        Ok((device, _)) => device,
        Err(error) => return cpu(format!("WebGPU could not be started: {error}."), adapter.name, None),
    };
    let key = format!("{} · {}", adapter.name, env!("HONE_BUILD"));
    let check = match known.filter(|check| check.key == key && check.passed) {
        Some(check) => check,
        None => match checked(&device, key).await {
            Ok(check) => check,
            Err(diagnostic) => {
                return cpu(format!("The GPU failed its check. {}", diagnostic.what), adapter.name, None);
            }
        },
    };
    if !check.passed {
        let difference = check.max_difference;
        let reason = format!(
            "The GPU and the CPU compute different results (they differ by up to {difference:.1e}; at most {MAX_DIFFERENCE} is \
            allowed), so the CPU is used."
        );
        return cpu(reason, adapter.name, Some(check));
    }
    let report =
        DeviceReport { backend: Backend::WebGpu, adapter: adapter.name, check: Some(check), reason: String::new() };
    ChosenDevice { device, max_buffer_bytes: adapter.max_buffer_bytes, report }
}

async fn checked(device: &Device, key: String) -> Result<SelfCheck, Diagnostic> {
    let max_difference = self_check(device).await?;
    errors::checked(Ok(SelfCheck { key, max_difference, passed: max_difference <= MAX_DIFFERENCE }))
}

fn cpu(reason: String, adapter: String, check: Option<SelfCheck>) -> ChosenDevice {
    let report = DeviceReport { backend: Backend::Cpu, adapter, check, reason };
    ChosenDevice { device: Device::flex(), max_buffer_bytes: None, report }
}

struct Adapter {
    name: String,
    max_buffer_bytes: Option<f64>,
    is_software: bool,
}

/// Looks for WebGPU without starting it.
///
/// # Errors
/// The reason why it cannot be used.
async fn probe() -> Result<Adapter, String> {
    let gpu = js::get(&js::scope().navigator(), "gpu");
    if gpu.is_undefined() {
        return Err("This browser has no WebGPU.".into());
    }
    let adapter = js::call(&gpu, "requestAdapter", &[]).await.map_err(|error| js::message(&error))?;
    if adapter.is_null() {
        return Err("The browser offers no GPU to this page.".into());
    }
    let features = js::get(&adapter, "features");
    let has: js_sys::Function = js::get(&features, "has").dyn_into().map_err(|error| js::message(&error))?;
    let has_timestamps = has.call1(&features, &"timestamp-query".into()).is_ok_and(|has| has.is_truthy());
    if !has_timestamps {
        return Err("The GPU lacks the feature timestamp-query, which the engine needs.".into());
    }
    let info = js::get(&adapter, "info");
    let parts = ["description", "device", "architecture", "vendor"].map(|part| js::text(&info, part));
    let known: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    let name = if known.is_empty() { "unnamed adapter".into() } else { known.join(" ") };
    let is_fallback =
        js::get(&info, "isFallbackAdapter").is_truthy() || js::get(&adapter, "isFallbackAdapter").is_truthy();
    let is_software = is_fallback || ["swiftshader", "llvmpipe"].iter().any(|s| name.to_lowercase().contains(s));
    // A tensor is bound as a whole.
    let limits = js::get(&adapter, "limits");
    let sizes = ["maxBufferSize", "maxStorageBufferBindingSize"].map(|limit| js::get(&limits, limit).as_f64());
    let max_buffer_bytes = sizes.into_iter().flatten().reduce(f64::min);
    Ok(Adapter { name, max_buffer_bytes, is_software })
}
