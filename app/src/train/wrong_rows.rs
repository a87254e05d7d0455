use hone_core::decimal::fixed;
use hone_core::run::{NearestRow, WrongRow, WrongRowQuery};
use leptos::prelude::*;

use crate::components::{CollectAny, MenuOption, ProblemPlace, changing, pressed, typed};
use crate::data::{ChangesRow, MendButtons};
use crate::format;
use crate::page::Page;
use crate::state::State;

/// Validation rows that the model got wrong, with what can be done about them.
#[component]
pub fn WrongRows() -> impl IntoView {
    let page = Page::get();
    let has_none = page.memo(|state| !state.has_wrong_rows());
    let cannot = page.memo(|state| !state.run.has_weights || state.model.is_loading());
    let is_open = page.memo(|state| state.run.wrong.is_some());
    let show = move |_| page.act(|state| state.find_wrong_rows(WrongRowQuery::default()));
    view! {
        <div class="stack" hidden=has_none>
            <h4>"Rows that are wrong"</h4>
            <p class="hint">
                "Validation rows next to their predictions. Begin with the surest mistakes: often the label is wrong, not the model."
            </p>
            <span hidden=is_open>
                <button type="button" disabled=cannot on:click=pressed(show)>"Show wrong rows"</button>
            </span>
            {changing(move || is_open.get().then(|| view! { <OpenList cannot /> }))}
        </div>
    }
}

#[component]
fn OpenList(cannot: Memo<bool>) -> impl IntoView {
    let page = Page::get();
    let rows = page.watch(|state| state.wrong_rows().rows);
    let sentence = page.memo(|state| state.wrong_rows().sentence);
    let neighbors = page.memo(|state| state.wrong_rows().neighbors);
    let is_idle = page.memo(|state| !state.is_comparing());
    let done = page.memo(|state| fixed(state.wrong_rows().comparing.unwrap_or_default(), 3));
    let is_looking = page.memo(|state| state.run.wrong.as_ref().is_none_or(|list| !list.is_stopped));
    let diagnostic = page.watch(|state| state.run.wrong.as_ref()?.diagnostic.clone());
    let search = page.memo(|state| state.wrong_query().search);
    let can_mend = page.memo(State::can_mend_run);
    let is_first = page.memo(|state| state.wrong_query().offset == 0);
    let is_last = page.memo(|state| {
        let found = state.wrong_rows();
        state.wrong_query().offset + found.rows.len() as u32 >= found.total
    });
    let find = move |search: String| {
        page.act(|state| {
            let query = WrongRowQuery { search: search.clone(), offset: 0, ..state.wrong_query() };
            state.find_wrong_rows(query)
        });
    };
    let turn = move |is_forward| pressed(move |_| page.act(|state| state.turn_wrong_rows(is_forward)));
    view! {
        <fieldset class="browse" disabled=cannot>
            <legend class="unseen">"Look through the wrong rows"</legend>
            <label>"Search in them" <input type="search" prop:value=search on:change=typed(find) /></label>
            {menu("True label", |query| &mut query.actual)}
            {menu("Predicted label", |query| &mut query.predicted)}
            <span class="pages">
                <span role="status">{sentence}</span>
                <button type="button" class="quiet" disabled=is_first on:click=turn(false)>"Earlier wrong rows"</button>
                <button type="button" class="quiet" disabled=is_last on:click=turn(true)>"More wrong rows"</button>
            </span>
        </fieldset>
        <p class="hint">{neighbors}</p>
        <div class="row">
            <span hidden=is_idle>
                <button type="button" on:click=pressed(move |_| page.act(State::stop_nearest))>
                    "Stop looking for nearest rows"
                </button>
            </span>
            <progress max="1" value=done aria-label="Fraction of the rows read" hidden=is_idle></progress>
            <span hidden=is_looking>
                <button type="button" class="quiet" disabled=cannot on:click=pressed(move |_| page.act(State::find_nearest))>
                    "Find nearest training rows"
                </button>
            </span>
        </div>
        <ProblemPlace diagnostic />
        <ul class="rows">
            {changing(move || {
                // The place of the nearest rows is kept for them, so that nothing moves when they come.
                let has_none = neighbors.with(String::is_empty);
                rows.get().into_iter().map(|row| item(row, can_mend.get(), has_none, false)).collect_any()
            })}
        </ul>
        <ChangesRow />
    }
}

/// The menu of a filter; nothing if rows have no labels.
fn menu(name: &'static str, of: fn(&mut WrongRowQuery) -> &mut Option<u32>) -> Option<impl IntoView> {
    let page = Page::get();
    let labels = page.peek(|state| state.run.plan.as_ref().map(|plan| plan.labels.clone()).unwrap_or_default());
    let option = move |(value, label): (Option<u32>, String)| {
        let is_chosen = page.memo(move |state| *of(&mut state.wrong_query()) == value);
        let number = value.map_or(String::new(), |value| value.to_string());
        view! { <MenuOption value=number name=format::visible(&label) is_chosen /> }
    };
    let choose = move |value: String| {
        page.act(|state| {
            let mut query = WrongRowQuery { offset: 0, ..state.wrong_query() };
            *of(&mut query) = value.parse().ok();
            state.find_wrong_rows(query)
        });
    };
    (!labels.is_empty()).then(|| {
        let all = [(None, "all".to_owned())].into_iter().chain((0..).map(Some).zip(labels));
        view! { <label>{name} " " <select on:change=typed(choose)>{all.map(option).collect_any()}</select></label> }
    })
}

/// A validation row with its prediction. If `is_cut`, its text may not be whole, and cannot be tried.
pub fn item(row: WrongRow, can_mend: bool, has_none: bool, is_cut: bool) -> AnyView {
    let page = Page::get();
    let (text, pair) = (format::excerpt(&row.text), row.pair.as_deref().map(format::excerpt));
    let parts = [("true: ", &row.given), ("predicted: ", &row.predicted)];
    let parts = parts.into_iter().filter(|(_, label)| !label.is_empty());
    let verdict = parts.map(|(name, label)| name.to_owned() + &format::visible(label)).collect::<Vec<_>>().join("; ");
    let mut place = format!("line {}", row.line);
    if !row.measure.is_empty() {
        place = format!("{place}, {}", row.measure);
    }
    let (line, given, likely) = (row.line, row.given.clone(), row.likely.clone());
    let buttons = (can_mend && row.is_in_train_file).then(|| view! { <MendButtons line word=None given likely /> });
    let near = |near: NearestRow| {
        let texts = [Some(near.text), near.pair].into_iter().flatten().map(|text| format::excerpt(&text));
        let cosine = format::score(f64::from(near.cosine));
        let about = format!("{}, line {}, cosine {cosine}", format::visible(&near.label), near.line);
        view! {
            <li>
                <span dir="auto">{texts.collect::<Vec<_>>().join(" · ")}</span>
                <small>{about}</small>
            </li>
        }
    };
    let nearest: Vec<_> = row.nearest.iter().cloned().map(near).collect();
    let ask = move |_| page.act(|state| state.predict_row(row.clone()));
    view! {
        <li>
            <span dir="auto">{text}</span>
            {pair.map(|pair| view! { <span dir="auto">{pair}</span> })}
            <strong dir="auto">{verdict}</strong>
            <small>{place}</small>
            <a class="quiet" href="#try" hidden=is_cut on:click=pressed(ask)>"Try it"</a>
            {buttons}
            <details hidden=has_none>
                <summary>"Nearest training rows"</summary>
                <ul class="rows">{nearest}</ul>
            </details>
        </li>
    }
    .into_any()
}
