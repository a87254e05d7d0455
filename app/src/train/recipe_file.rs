use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::FileList;

use crate::browser;
use crate::components::{FileButton, ProblemPlace, pressed};
use crate::page::Page;
use crate::state::State;

/// The recipe as a file: saved and opened.
#[component]
pub fn RecipeFile() -> impl IntoView {
    let page = Page::get();
    let diagnostic = page.memo(|state| state.form.diagnostic.clone());
    let is_locked = page.memo(State::is_engaged);
    let open = Callback::new(move |files: FileList| {
        let Some(file) = files.get(0) else { return };
        spawn_local(async move {
            // A file that vanished reads as an empty one, which is no recipe.
            let text = browser::read_text(&file).await.unwrap_or_default();
            page.act(|state| state.open_recipe(browser::recipe_of_json(&text)));
        });
    });
    view! {
        <div class="row">
            <button type="button" class="quiet" on:click=pressed(move |_| save(page.peek(|state| browser::to_json(&state.form.recipe))))>
                "Save the recipe"
            </button>
            <span hidden=is_locked>
                <FileButton id="recipe-file" label="Open a recipe" accept=".json" on_files=open />
            </span>
        </div>
        <ProblemPlace diagnostic />
    }
}

/// Hands the recipe of the last run to the person, with nothing left open.
pub fn save_recipe(page: Page) {
    let json = page.peek(|state| state.run.plan.as_ref().map(|plan| browser::to_json(&plan.recipe)));
    if let Some(json) = json {
        save(json);
    }
}

fn save(json: String) {
    if let Some(blob) = browser::text_blob(&json) {
        browser::save(&blob, "recipe.json");
    }
}
