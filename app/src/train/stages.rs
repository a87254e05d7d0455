use hone_core::recipe::{ParamGroup, UnfreezeUnit};
use leptos::prelude::*;

use crate::components::{CollectAny, changing};
use crate::format;
use crate::page::Page;
use crate::state::StageGrid;

/// The groups that are trainable in each stage of the planned run.
#[component]
pub fn Stages() -> impl IntoView {
    let page = Page::get();
    let grid = page.watch(|state| state.planned_stages());
    let unit = page.memo(|state| match state.form.recipe.unfreeze_unit {
        UnfreezeUnit::Epochs => "from epoch".to_owned(),
        UnfreezeUnit::Steps => "from step".to_owned(),
        UnfreezeUnit::Stall => "stage".to_owned(),
    });
    changing(move || match grid.get() {
        Some(grid) => view! { <Grid grid unit=unit.get() /> }.into_any(),
        None => view! { <p class="hint">"The stages are shown once the model is loaded."</p> }.into_any(),
    })
}

#[component]
fn Grid(grid: StageGrid, unit: String) -> impl IntoView {
    let StageGrid { begins, is_reached, rows } = grid;
    let reached = is_reached.iter().filter(|is_reached| **is_reached).count();
    let stages = begins.len();
    let corner = if stages > 1 { unit } else { String::new() };
    let heads = begins.into_iter().zip(&is_reached).map(|(begin, is_reached)| {
        view! { <th scope="col" class=if *is_reached { "number" } else { "number unreached" }>{begin}</th> }
    });
    let heads = heads.collect_any();
    let row = |(group, trainable): (ParamGroup, Vec<bool>)| {
        let cells = trainable.into_iter().zip(&is_reached).map(|(is_trainable, is_reached)| {
            let (class, sign, words) =
                if is_trainable { ("live", "●", "trainable") } else { ("frozen", "❄", "frozen") };
            let class = if *is_reached { class.to_owned() } else { format!("{class} unreached") };
            view! {
                <td class=class>
                    <span aria-hidden="true">{sign}</span>
                    <span class="unseen">{words}</span>
                </td>
            }
        });
        view! {
            <tr>
                <th scope="row">{format::param_group(group)}</th>
                {cells.collect_any()}
            </tr>
        }
    };
    let body = rows.into_iter().map(row).collect_any();
    let note = (reached < stages).then(|| {
        format!(
            "The run ends after {reached} of {stages} stages. Use more epochs or shorter stages to unfreeze the rest."
        )
    });
    view! {
        <div>
            <h4>"Unfreezing schedule"</h4>
            <div class="frame fit" tabindex="0" role="region" aria-label="Unfreezing schedule">
                <table class="stages">
                    <thead>
                        <tr>
                            <td>{corner}</td>
                            {heads}
                        </tr>
                    </thead>
                    <tbody>{body}</tbody>
                </table>
            </div>
            <p class="hint">{note} " ● trainable, ❄ frozen. Frozen layers save work, and those below the lowest trainable one have no dropout."</p>
        </div>
    }
}
