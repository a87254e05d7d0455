use hone_core::recipe::Metric;
use leptos::prelude::*;

use crate::browser;
use crate::components::{CollectAny, Key, Table, changing, heads, memo, pressed, ticked, typed};
use crate::format;
use crate::page::Page;
use crate::state::runs::scores;
use crate::state::{History, SERIES, SeedGroup, State, Step};
use crate::train::compare::Comparison;

/// The finished runs, to be renamed, compared and deleted.
#[component]
pub fn Runs() -> impl IntoView {
    let page = Page::get();
    let ids = page.watch(|state| state.history.runs.iter().rev().map(|run| run.id).collect::<Vec<_>>());
    let heads = page.memo(|state| metrics(state).into_iter().map(scores::title).collect::<Vec<_>>());
    let heads = changing(move || {
        let heads = heads.get().into_iter();
        heads.map(|head| view! { <th scope="col">{head}</th> }).collect_any()
    });
    view! {
        <div class="runs" hidden=page.memo(|state| state.history.runs.is_empty())>
                <h3>"Runs"</h3>
                <p class="hint">"Kept in this browser. Select two or more to overlay their curves."</p>
                <div class="frame" tabindex="0" role="region" aria-label="Runs">
                    <table class="scores">
                        <thead>
                            <tr>
                                <th scope="col">"Compare"</th>
                                <th scope="col">"Name"</th>
                                {heads}
                                <th scope="col">"Steps"</th>
                                <th scope="col">"Time"</th>
                                <td></td>
                            </tr>
                        </thead>
                        <tbody>
                            <For each=move || ids.get() key=|id| *id children=|id| view! { <RunRow id /> } />
                        </tbody>
                    </table>
                </div>
                <SeedGroups />
                <Comparison />
            </div>
    }
}

/// The metrics that have a column.
fn metrics(state: &State) -> Vec<Metric> {
    History::metrics(state.history.runs.iter().rev())
}

#[component]
fn RunRow(id: u32) -> impl IntoView {
    let page = Page::get();
    let name = page.memo(move |state| state.history.run(id).map(|run| run.name.clone()).unwrap_or_default());
    let series = page.memo(move |state| {
        let series = state.history.series(id);
        series.map(|series| format!("series-{}", series % SERIES))
    });
    let figures = page.memo(move |state| {
        let Some(run) = state.history.run(id) else { return Vec::new() };
        let mut figures: Vec<String> = metrics(state).iter().map(|metric| scores::of(&run.best, *metric)).collect();
        figures.extend([format::count(f64::from(run.steps)), format::about(run.seconds)]);
        figures
    });
    let figures = changing(move || {
        figures.get().into_iter().map(|figure| view! { <td class="number">{figure}</td> }).collect_any()
    });
    let words = move |verb: &'static str| {
        page.memo(move |state| {
            let name = state.history.run(id).map(|run| format::visible(&run.name)).unwrap_or_default();
            format!("{verb} {name}")
        })
    };
    let rename = move |typed: String| page.act(|state| state.rename_run(id, &typed));
    let delete = move |_| {
        page.act(|state| state.delete_run(id));
        browser::focus(Step::Train.id());
    };
    let key = changing(move || series.get().map(|class| view! { <Key class /> }));
    view! {
        <tr>
            <td>
                <label class="check">
                    <input
                        type="checkbox"
                        aria-label=words("Compare")
                        prop:checked=page.memo(move |state| state.history.series(id).is_some())
                        on:change=ticked(move |is_ticked| {
                            page.change(|state| state.history.tick(id, is_ticked));
                        })
                    />
                    {key}
                </label>
            </td>
            <td>
                <input
                    class="name"
                    type="text"
                    dir="auto"
                    maxlength="80"
                    autocomplete="off"
                    aria-label=words("Name of")
                    prop:value=name
                    on:change=typed(rename)
                />
            </td>
            {figures}
            <td>
                <button type="button" class="quiet" aria-label=words("Delete") on:click=pressed(delete)>
                    "Delete"
                </button>
            </td>
        </tr>
    }
}

/// Mean and standard deviation of recipes that ran with several seeds.
#[component]
fn SeedGroups() -> impl IntoView {
    let page = Page::get();
    let rows = page.memo(|state| {
        let with_spread = |(metric, (mean, deviation)): &(Metric, (f64, f64))| {
            let [mean, deviation] = [*mean, *deviation].map(|figure| scores::value(*metric, figure));
            format!("{} {mean} ± {deviation}", metric.name())
        };
        let row = |group: SeedGroup| {
            let scores: Vec<String> = group.scores.iter().map(with_spread).collect();
            vec![format::visible(&group.name), group.runs.to_string(), scores.join(", ")]
        };
        state.history.seed_groups().into_iter().map(row).collect::<Vec<_>>()
    });
    let heads = heads(&["First run", "Seeds", "Scores"]);
    view! {
        <div class="seeds" hidden=memo(move || rows.with(Vec::is_empty))>
            <h4>"Across seeds"</h4>
            <p class="hint">
                "Mean and standard deviation of the same recipe on the same data. Smaller differences between recipes may be chance."
            </p>
            <Table label="Mean and standard deviation across seeds" heads rows />
        </div>
    }
}
