use hone_core::run::{RowMap, RunMaps};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, MouseEvent};

use crate::components::{CollectAny, changing, memo, pressed, typed};
use crate::data::ChangesRow;
use crate::page::Page;
use crate::state::State;
use crate::state::runs::maps::{Letters, legend, letters, nearest, place, words};
use crate::train::wrong_rows::item;

/// Percent of the square that its drawing is wider on each side, so that no letter is cut.
const MARGIN: f64 = 4.0;

/// Maps of the validation rows: their vectors over the run, and how sure the model was of what is right.
#[component]
pub fn Maps() -> impl IntoView {
    let page = Page::get();
    let has_none = page.memo(|state| !state.has_maps());
    let cannot = page.memo(|state| !state.run.has_weights || state.model.is_loading());
    let is_open = page.memo(|state| state.run.maps.is_some());
    let maps = changing(move || {
        is_open.get().then(|| {
            view! {
                <RowMapView title="Texts before and after training" pick=|maps| &maps.vectors />
                <RowMapView title="Rows by confidence and variability" pick=|maps| &maps.dynamics />
                <ChangesRow />
            }
        })
    });
    view! {
        <div class="stack" hidden=has_none>
            <h4>"Maps"</h4>
            <p class="hint">
                "Validation texts as the model sees them, from before training to its end; and the rows that it never found likely."
            </p>
            <span hidden=is_open>
                <button type="button" disabled=cannot on:click=pressed(move |_| page.act(State::draw_maps))>
                    "Show maps"
                </button>
            </span>
            {maps}
        </div>
    }
}

/// A map. Pointer and arrow keys read its rows, and a press opens one.
#[component]
fn RowMapView(title: &'static str, pick: fn(&RunMaps) -> &RowMap) -> impl IntoView {
    let page = Page::get();
    let map = StoredValue::new(page.peek(|state| state.run.maps.as_ref().map(pick).cloned().unwrap_or_default()));
    let keys = map.with_value(legend).into_iter().map(|name| view! { <li>{name}</li> }).collect_any();
    let can_mend = page.memo(State::can_mend_run);
    let (note, axes, guide) = map.with_value(|map| (map.note.clone(), map.axes.clone(), map.guide.clone()));
    let (points, frames) = map.with_value(|map| (map.points.len(), map.frames.len()));
    // It begins after training.
    let at = RwSignal::new(frames.saturating_sub(1));
    let (cursor, chosen) = (RwSignal::new(None::<usize>), RwSignal::new(None::<usize>));
    let of_frame = move |pick: fn(&hone_core::run::MapFrame) -> String| {
        memo(move || map.with_value(|map| map.frames.get(at.get()).map(pick).unwrap_or_default()))
    };
    let (name, sentence) = (of_frame(|frame| frame.name.clone()), of_frame(|frame| frame.words.clone()));
    let drawn = changing(move || {
        let letters =
            map.with_value(|map| map.frames.get(at.get()).map(|frame| letters(map, frame)).unwrap_or_default());
        let of_label = |Letters { class, text, x, y }: Letters| view! { <text class=class x=x y=y>{text}</text> };
        letters.into_iter().map(of_label).collect_any()
    });
    let ring = changing(move || {
        let frame = at.get();
        let at = cursor.get().and_then(|nth| {
            map.with_value(|map| map.frames.get(frame).map(|frame| (place(frame.x[nth]), place(frame.y[nth]))))
        });
        at.map(|(x, y)| view! { <circle cx=x cy=y r="3.2" /> })
    });
    let reading = memo(move || {
        cursor.get().and_then(|nth| map.with_value(|map| map.points.get(nth).map(words))).unwrap_or_default()
    });
    let point = move |event: &MouseEvent| {
        let area = event.current_target().and_then(|area| area.dyn_into::<Element>().ok())?;
        let percent =
            |offset: i32, size: i32| f64::from(offset) / f64::from(size.max(1)) * (100.0 + 2.0 * MARGIN) - MARGIN;
        let (x, y) = (percent(event.offset_x(), area.client_width()), percent(event.offset_y(), area.client_height()));
        map.with_value(|map| nearest(map.frames.get(at.get_untracked())?, x, y))
    };
    let choose = move |nth: Option<usize>| {
        cursor.set(nth);
        chosen.set(nth);
    };
    let position = memo(move || chosen.get().unwrap_or_default().to_string());
    let row = move |nth: usize| {
        map.with_value(|map| map.points.get(nth).map(|point| item(point.row.clone(), can_mend.get(), true, true)))
    };
    let opened = changing(move || chosen.get().and_then(row));
    let listed = changing(move || (0..map.with_value(|map| map.listed as usize)).filter_map(row).collect_any());
    view! {
        <figure class="map stack" hidden=points == 0>
            <figcaption>
                <h5>{title}</h5>
                <ul class="legend">{keys}</ul>
            </figcaption>
            <label class="row" hidden={frames < 2}>
                "Evaluation"
                <input
                    type="range"
                    min="0"
                    max=frames.saturating_sub(1).to_string()
                    prop:value=move || at.get().to_string()
                    aria-valuetext=name
                    on:input=typed(move |typed| at.set(typed.parse().unwrap_or_default()))
                />
                <span class="number">{name}</span>
            </label>
            <div
                class="area"
                on:mousemove=pressed(move |event| cursor.set(point(&event)))
                on:mouseleave=pressed(move |_| cursor.set(chosen.get_untracked()))
                on:click=pressed(move |event| choose(point(&event)))
            >
                <svg viewBox="-4 -4 108 108" role="img" aria-label=sentence>
                    <path d=guide />
                    {drawn}
                    {ring}
                </svg>
                <input
                    type="range"
                    min="0"
                    max=points.saturating_sub(1).to_string()
                    aria-label=format!("Row on the map “{title}”")
                    aria-valuetext=reading
                    prop:value=position
                    on:input=typed(move |typed| choose(typed.parse().ok()))
                />
            </div>
            <p class="hint">{axes}</p>
            <p class="reading" dir="auto">{reading}</p>
            <p role="status">{sentence}</p>
            <ul class="rows">{opened}</ul>
            <ul class="rows">{listed}</ul>
        </figure>
        <p class="hint">{note}</p>
    }
}
