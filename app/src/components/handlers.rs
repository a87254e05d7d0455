//! What a person does to a button or a field. The types are always the same: buttons that differ only in what they do are
//! then one piece of code in the wasm.

use leptos::prelude::*;
use web_sys::{Event, MouseEvent};

use crate::browser;
use crate::state::Step;

/// What happens when a button is pressed.
pub fn pressed(act: impl FnMut(MouseEvent) + 'static) -> Box<dyn FnMut(MouseEvent)> {
    Box::new(act)
}

/// What happens when a button is pressed that goes away then: the focus goes to its step.
pub fn pressed_away(step: Step, mut act: impl FnMut(MouseEvent) + 'static) -> Box<dyn FnMut(MouseEvent)> {
    Box::new(move |event| {
        act(event);
        browser::focus(step);
    })
}

/// What happens with the text of a field, or with the value of what was chosen.
pub fn typed(mut take: impl FnMut(String) + 'static) -> Box<dyn FnMut(Event)> {
    Box::new(move |event| take(event_target_value(&event)))
}

/// What happens when a box is ticked or no longer is.
pub fn ticked(mut take: impl FnMut(bool) + 'static) -> Box<dyn FnMut(Event)> {
    Box::new(move |event| take(event_target_checked(&event)))
}
