use hone_core::recipe::ClassWeights;
use leptos::prelude::*;

use crate::components::{CollectAny, NumberRow, changing, memo};
use crate::format;
use crate::page::Page;

/// The custom weight of each label of the data.
#[component]
pub fn ClassWeightRows() -> impl IntoView {
    let page = Page::get();
    let labels = page.memo(|state| match (&state.form.recipe.class_weights, &state.data.report) {
        (ClassWeights::Given(_), Some(report)) => {
            report.classes.iter().map(|class| class.label.clone()).collect::<Vec<_>>()
        }
        _ => Vec::new(),
    });
    let rows = changing(move || {
        let row = |(index, label): (usize, String)| {
            let (of_value, of_error, of_type) = (label.clone(), label.clone(), label.clone());
            let value = page.memo(move |state| format::rate(state.form.class_weight(&of_value)));
            let error = page.memo(move |state| state.form.error(&format!("class_weights.{of_error}")));
            let on_type =
                Callback::new(move |typed: String| page.change(|state| state.form.type_class_weight(&of_type, &typed)));
            view! { <NumberRow id=format!("weight-{index}") label=format::visible(&label) value error on_type /> }
        };
        labels.get().into_iter().enumerate().map(row).collect_any()
    });
    view! {
            <div hidden=memo(move || labels.with(Vec::is_empty))>
                <h4>"Weight of each class"</h4>
                <ul class="number-rows">{rows}</ul>
            </div>
    }
}
