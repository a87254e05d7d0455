//! Event handlers. Their types are always the same, so that buttons that differ only in their action share their code
//! in the wasm.

use leptos::prelude::*;
use web_sys::{Event, MouseEvent};

use crate::browser;

/// Handles a click on a button.
pub fn pressed(act: impl FnMut(MouseEvent) + 'static) -> Box<dyn FnMut(MouseEvent)> {
    Box::new(act)
}

/// Handles a click on a button that then disappears: the focus moves to the element with this id.
pub fn pressed_away(id: &'static str, mut act: impl FnMut(MouseEvent) + 'static) -> Box<dyn FnMut(MouseEvent)> {
    Box::new(move |event| {
        act(event);
        browser::focus(id);
    })
}

/// Handles the text of a field, or the value of a menu.
pub fn typed(mut take: impl FnMut(String) + 'static) -> Box<dyn FnMut(Event)> {
    Box::new(move |event| take(event_target_value(&event)))
}

/// Handles a checkbox.
pub fn ticked(mut take: impl FnMut(bool) + 'static) -> Box<dyn FnMut(Event)> {
    Box::new(move |event| take(event_target_checked(&event)))
}
