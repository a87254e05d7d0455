use hone_core::recipe::{Metric, Pooling};
use leptos::prelude::*;

use super::layers::PlannedLayers;
use super::recipe_file::RecipeFile;
use crate::components::{Chart, NumberField};
use crate::page::Page;
use crate::state::fields::GROUPS;
use crate::state::show;

/// The recipe, for those who know or want to.
#[component]
pub fn Advanced() -> impl IntoView {
    let page = Page::get();
    let is_locked = page.memo(|state| state.run.is_active());
    let picture = page.memo(|state| state.planned_picture());
    let groups = GROUPS.iter().map(|group| {
        let fields = group.fields.iter().map(|field| view! { <NumberField field /> }).collect_view();
        let curve = (group.title == "Learning rate").then(|| {
            view! { <Chart title="Rate over the run" picture mark=show::rate /> }
        });
        let metric = (group.title == "Stopping").then(|| view! { <MetricField /> });
        view! {
            <fieldset class="group">
                <legend>{group.title}</legend>
                <div class="fields">{fields}{metric}</div>
                {curve}
            </fieldset>
        }
    });
    view! {
        <details class="advanced">
            <summary>"Advanced"</summary>
            <fieldset class="plain" disabled=is_locked>
                <legend class="unseen">"Recipe"</legend>
                {groups.collect_view()}
                <fieldset class="group">
                    <legend>"What learns"</legend>
                    <div class="fields">
                        <EmbeddingsField />
                        <PoolingField />
                    </div>
                    <PlannedLayers />
                </fieldset>
                <RecipeFile />
            </fieldset>
        </details>
    }
}

/// What decides which weights are best.
#[component]
fn MetricField() -> impl IntoView {
    let page = Page::get();
    let metric = page.memo(|state| state.form.recipe.best_metric);
    let choices = [
        (Metric::MacroF1, "macro-F1: every label counts the same"),
        (Metric::Accuracy, "accuracy: every row counts the same"),
        (Metric::Loss, "loss: being sure and wrong counts most"),
    ];
    let options = (0..).zip(choices).map(|(index, (choice, name)): (usize, _)| {
        view! { <option value=index.to_string() selected=move || metric.get() == choice>{name}</option> }
    });
    let choose = move |value: String| {
        let choice = value.parse().ok().and_then(|index: usize| choices.get(index).copied());
        if let Some((metric, _)) = choice {
            page.change(|state| state.form.recipe.best_metric = metric);
        }
    };
    view! {
        <div class="field">
            <label for="best_metric">"Best means"</label>
            <select id="best_metric" on:change:target=move |event| choose(event.target().value())>
                {options.collect_view()}
            </select>
            <p class="hint">
                "The weights with the best score on the validation rows are kept. "
                <span class="when">"Take accuracy when common labels matter most."</span>
            </p>
        </div>
    }
}

/// Whether the embeddings learn.
#[component]
fn EmbeddingsField() -> impl IntoView {
    let page = Page::get();
    let trains = page.memo(|state| state.form.recipe.train_embeddings);
    view! {
        <div class="field">
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=trains
                    on:change:target=move |event| {
                        let trains = event.target().checked();
                        page.change(|state| state.form.recipe.train_embeddings = trains);
                    }
                />
                "Embeddings learn too"
            </label>
            <p class="hint">
                "The embeddings hold what each word piece means, and are half of a small model. "
                <span class="when">"Let them learn when your texts use words in a way of their own; it costs memory."</span>
            </p>
        </div>
    }
}

/// How a sentence becomes one vector.
#[component]
fn PoolingField() -> impl IntoView {
    let page = Page::get();
    let pooling = page.memo(|state| state.form.recipe.pooling);
    let choices = [
        (None, "", "the model's own way"),
        (Some(Pooling::Mean), "mean", "mean of all tokens"),
        (Some(Pooling::Cls), "cls", "first token, [CLS]"),
    ];
    let options = choices.map(|(choice, key, name)| {
        view! { <option value=key selected=move || pooling.get() == choice>{name}</option> }
    });
    let choose = move |value: String| {
        let choice = choices.into_iter().find(|(_, key, _)| *key == value).and_then(|(choice, ..)| choice);
        page.change(|state| state.form.recipe.pooling = choice);
    };
    view! {
        <div class="field">
            <label for="pooling">"One vector of a text"</label>
            <select id="pooling" on:change:target=move |event| choose(event.target().value())>
                {options}
            </select>
            <p class="hint">
                "The mean suits models made for comparing sentences; [CLS] suits others. "
                <span class="when">
                    "[CLS] is exported as a plain BertForSequenceClassification; the mean comes with a short Python file that transformers must be allowed to run."
                </span>
            </p>
        </div>
    }
}
