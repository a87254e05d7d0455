//! Everything that keeps a run from being lost or missed while the user does something else: the title and the icon, the screen's wake
//! lock, saving when the tab is hidden, a warning before closing it, and a notification at the end.

use js_sys::{Array, Function, Object, Promise};
use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::browser;
use crate::components::{changing, pressed};
use crate::page::Page;
use crate::state::{Phase, State};
use crate::wire::{get, set};

/// Color of progress in the tab's icon, seen on light and dark browsers.
const BLUE: &str = "#2f86e0";

/// Begins to listen. Called once.
pub fn attend(page: Page) {
    let title = page.memo(title);
    Effect::new(move |_| document().set_title(&title.get()));

    let icon = page.memo(icon);
    Effect::new(move |_| browser::set_icon(&icon.get()));

    let is_computing = page.memo(|state| state.run.is_computing());
    let lock = StoredValue::new_local(None::<JsValue>);
    let stay_awake = move || {
        let is_wanted = is_computing.get_untracked() && !document().hidden();
        let held = lock.try_update_value(Option::take).flatten();
        match (held, is_wanted) {
            (Some(held), true) if !get(&held, "released").is_truthy() => lock.set_value(Some(held)),
            (_, true) => spawn_local(async move { lock.set_value(wake_lock().await) }),
            (Some(held), false) => drop(call(&held, "release", &[])),
            (None, false) => {}
        }
    };
    Effect::new(move |_| {
        is_computing.track();
        stay_awake();
    });

    // A hidden tab may be frozen or discarded without another word. A page in the back-forward cache is frozen too.
    let on_hidden = move || {
        if document().hidden() {
            page.act(State::save);
        }
        stay_awake();
    };
    document_listener("visibilitychange", on_hidden);
    document_listener("freeze", move || page.act(State::save));
    let leaving = window_event_listener(ev::pagehide, move |_| page.act(State::save));
    let warning = window_event_listener(ev::beforeunload, move |event| {
        if page.peek(State::has_unsaved) {
            // Browsers show their own words.
            event.prevent_default();
        }
    });
    let is_over = page.memo(|state| matches!(state.run.phase, Phase::Finished(_) | Phase::Failed(_)));
    Effect::new(move |was_over: Option<bool>| {
        let is_over = is_over.get();
        if is_over && was_over == Some(false) && document().hidden() {
            notify(&page.peek(State::announcement));
        }
        is_over
    });
    on_cleanup(move || {
        leaving.remove();
        warning.remove();
    });
}

/// The title of the tab: the progress of a run, or the name of the page.
fn title(state: &State) -> String {
    match &state.run.phase {
        Phase::Starting | Phase::Running | Phase::Paused | Phase::Stopping => {
            let Some((step, total)) = state.run.position() else { return "Starting · Hone".into() };
            let percent = 100 * u64::from(step) / u64::from(total.max(1));
            let word = if state.run.phase == Phase::Paused { "paused at " } else { "" };
            format!("{word}{percent} % · Hone")
        }
        Phase::Finished(_) => "Done · Hone".into(),
        Phase::Failed(_) => "Ended with an error · Hone".into(),
        Phase::Idle => "Hone: fine-tune a language model in this tab".into(),
    }
}

/// The tab's icon as SVG: a ring that closes with the run, and a sign at its end. Empty for the page's own icon.
fn icon(state: &State) -> String {
    // The radius makes the ring 100 units long.
    let ring = |color: &str, percent: u64| {
        format!(
            "<circle cx='20' cy='20' r='15.92' fill='none' stroke='{color}' stroke-width='7' stroke-dasharray='{percent} 100' transform='rotate(-90 20 20)'/>"
        )
    };
    let sign = |color: &str, path: &str| {
        format!(
            "<path d='{path}' fill='none' stroke='{color}' stroke-width='5' stroke-linecap='round' stroke-linejoin='round'/>"
        )
    };
    let picture = match &state.run.phase {
        Phase::Idle => return String::new(),
        Phase::Starting | Phase::Running | Phase::Paused | Phase::Stopping => {
            let (step, total) = state.run.position().unwrap_or((0, 1));
            // In steps of 4 %, which is as much as can be seen.
            let percent = 25 * u64::from(step) / u64::from(total.max(1)) * 4;
            let paused =
                if state.run.phase == Phase::Paused { sign(BLUE, "M16 15V25M24 15V25") } else { String::new() };
            format!("{}{}{paused}", ring("#9aa0ab", 100), ring(BLUE, percent))
        }
        Phase::Finished(_) => ring("#2a9d62", 100) + &sign("#2a9d62", "M14 20.5l4.5 4.5 8-9"),
        Phase::Failed(_) => ring("#d1453b", 100) + &sign("#d1453b", "M20 12V21M20 27v.1"),
    };
    format!("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 40 40'>{picture}</svg>")
}

/// Offers a notification at the end of the run, unless the user has already decided.
#[component]
pub fn NotifyButton() -> impl IntoView {
    let page = Page::get();
    let permission = RwSignal::new(notification_permission());
    let is_active = page.memo(|state| state.run.is_active());
    let ask = move |_| {
        spawn_local(async move {
            if let Some(asked) = call(&get(&window(), "Notification"), "requestPermission", &[]) {
                // An answer of the user, whatever it is.
                let _ = JsFuture::from(asked).await;
                permission.set(notification_permission());
            }
        });
    };
    changing(move || {
        (is_active.get() && permission.get() == "default").then(|| {
            view! {
                <button type="button" class="quiet" on:click=pressed(ask)>
                    "Notify me at the end"
                </button>
            }
        })
    })
}

fn notification_permission() -> String {
    get(&get(&window(), "Notification"), "permission").as_string().unwrap_or_default()
}

fn notify(words: &str) {
    if notification_permission() != "granted" {
        return;
    }
    let Ok(constructor) = get(&window(), "Notification").dyn_into::<Function>() else { return };
    let options = Object::new();
    set(&options, "body", &words.into());
    set(&options, "icon", &"icon.svg".into());
    // Some browsers only allow notifications of a service worker.
    let _ = js_sys::Reflect::construct(&constructor, &Array::of2(&"Hone".into(), &options));
}

/// A lock that keeps the screen on; none if the browser has none or refuses, as it does on low battery.
async fn wake_lock() -> Option<JsValue> {
    let wake_lock = get(&window().navigator(), "wakeLock");
    JsFuture::from(call(&wake_lock, "request", &["screen".into()])?).await.ok()
}

/// Calls a method that returns a promise; none if there is no such method.
fn call(object: &JsValue, method: &str, arguments: &[JsValue]) -> Option<Promise> {
    let method: Function = get(object, method).dyn_into().ok()?;
    let arguments: Array = arguments.iter().collect();
    method.apply(object, &arguments).ok()?.dyn_into().ok()
}

fn document_listener(name: &'static str, act: impl Fn() + 'static) {
    let act = Closure::<dyn Fn()>::new(act);
    // It listens as long as the page lives.
    let _ = document().add_event_listener_with_callback(name, act.as_ref().unchecked_ref());
    act.forget();
}
