use hone_core::protocol::{Backend, DeviceChoice, DeviceReport};
use leptos::prelude::*;

use crate::components::{DiagnosticNote, MenuOption, ProblemPlace, changing, pressed, typed};
use crate::format;
use crate::page::Page;
use crate::state::State;

/// The device in use, the reason for it, and a menu to change it.
#[component]
pub fn DeviceLine() -> impl IntoView {
    let page = Page::get();
    let failed = page.watch(|state| state.device.failed.clone());
    let lost = page.watch(|state| state.device.lost.clone());
    let is_locked = page.memo(State::is_engaged);
    let has_none = page.memo(|state| !state.run.has_weights);
    let line = page.memo(|state| match &state.device.report {
        Some(report) => words(report),
        None if state.device.failed.is_some() => "The engine is not running.".into(),
        None => "The engine is loading. You can already choose a file.".into(),
    });
    let failure = changing(move || {
        failed.get().map(|diagnostic| {
            view! {
                <DiagnosticNote diagnostic />
                <button type="button" on:click=pressed(move |_| page.act(State::restart))>
                    "Start the engine again"
                </button>
            }
        })
    });
    let choices = [
        (DeviceChoice::Auto, "auto", "automatic"),
        (DeviceChoice::Gpu, "gpu", "GPU"),
        (DeviceChoice::Cpu, "cpu", "CPU"),
    ];
    let options = choices.map(|(this, key, name)| {
        view! { <MenuOption value=key name is_chosen=page.memo(move |state| state.device.choice == this) /> }
    });
    let choose = move |value: String| {
        let chosen = choices.into_iter().find(|(_, key, _)| *key == value);
        if let Some((choice, ..)) = chosen {
            page.act(|state| state.choose_device(choice));
        }
    };
    view! {
        <div class="device">
            <p class="device-line">{line}</p>
            <label>
                "Compute on"
                <select disabled=is_locked on:change=typed(choose)>
                    {options}
                </select>
            </label>
                <p class="hint" hidden=has_none>"Changing this restarts the engine. Keep or download the tuned model first."</p>
        </div>
        {failure}
        <ProblemPlace diagnostic=lost is_warning=true />
    }
}

fn words(report: &DeviceReport) -> String {
    match (report.backend, &report.check) {
        (Backend::Cpu, _) if report.reason.is_empty() => "Computes on the CPU.".into(),
        (Backend::Cpu, _) => format!("Computes on the CPU: {}", format::visible(&report.reason)),
        (Backend::WebGpu, Some(check)) => format!(
            "Computes with WebGPU on {}. Checked against the CPU: results differ by at most {}.",
            adapter(report),
            format::rate(check.max_difference),
        ),
        (Backend::WebGpu, None) => format!("Computes with WebGPU on {}.", adapter(report)),
    }
}

fn adapter(report: &DeviceReport) -> String {
    if report.adapter.is_empty() { "this GPU".into() } else { format::visible(&report.adapter) }
}
