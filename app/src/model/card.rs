use hone_core::catalog::CatalogEntry;
use hone_core::dataset::Mapping;
use hone_core::recipe::Pooling;
use leptos::prelude::*;

use crate::components::{CollectAny, memo, pressed};
use crate::format;
use crate::page::Page;
use crate::state::data::columns;

/// A model of the catalog.
#[component]
pub fn ModelCard(index: usize, entry: CatalogEntry) -> impl IntoView {
    let page = Page::get();
    let is_chosen = page.memo(move |state| state.model.chosen == index);
    let family = entry.family;
    let unfit = page.memo(move |state| match state.data.mapping.as_ref().map(Mapping::task) {
        Some(task) if !family.serves(task) => columns::unfit(task).to_owned(),
        _ => String::new(),
    });
    let cannot = memo(move || unfit.with(|unfit| !unfit.is_empty()));
    let pooling = match (entry.family.is_decoder(), entry.pooling) {
        (true, _) => "",
        (_, Pooling::Mean) => "Pools a text by averaging its tokens.",
        (_, Pooling::Cls) => "Pools a text with its first token (CLS).",
    };
    let id = entry.id.clone();
    let is_own = entry.folder.is_empty();
    let kept = page.memo(move |state| match state.model.kept(&id).filter(|_| !is_own) {
        None => String::new(),
        Some(kept) if kept.is_complete => format!("Already in this browser, {}.", format::bytes(kept.bytes)),
        Some(kept) => format!("Partly in this browser: {}.", format::bytes(kept.bytes)),
    });
    let is_elsewhere = memo(move || kept.with(String::is_empty));
    let id = entry.id.clone();
    let forget = move |_| page.act(|state| state.forget_model(id.clone()));
    let facts = [
        ("Parameters", format::millions(entry.parameters)),
        (if entry.tuned_id().is_some() { "Size" } else { "Download" }, format::bytes(entry.bytes)),
        ("Languages", format::visible(&entry.languages)),
        ("License", if entry.license.is_empty() { "unknown".into() } else { format::visible(&entry.license) }),
    ];
    let known = facts.into_iter().filter(|(_, value)| !value.is_empty());
    let facts = known.map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> }).collect_any();
    view! {
        <div class="offer">
        <label class="card">
            <input
                type="radio"
                name="model"
                disabled=cannot
                prop:checked=is_chosen
                on:change=move |_| page.act(|state| state.choose_model(index))
            />
            <span class="card-body">
                <strong>{entry.name}</strong>
                <span class="mono">{entry.hub_id}</span>
                <span>{entry.description} " " {pooling}</span>
                <span class="unfit">{unfit}</span>
            </span>
            <dl>{facts}</dl>
        </label>
        <p class="kept" hidden=is_elsewhere>
            {kept}
            <button type="button" class="quiet" on:click=pressed(forget)>
                "Remove it"
            </button>
        </p>
        </div>
    }
}
