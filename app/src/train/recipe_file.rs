use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::FileList;

use crate::browser;
use crate::components::{FileButton, ProblemPlace, pressed};
use crate::page::Page;
use crate::state::State;

/// Saves the recipe to a file, or opens one.
#[component]
pub fn RecipeFile() -> impl IntoView {
    let page = Page::get();
    let diagnostic = page.watch(|state| state.form.diagnostic.clone());
    let is_locked = page.memo(State::is_engaged);
    let open = Callback::new(move |files: FileList| {
        let Some(file) = files.get(0) else { return };
        spawn_local(async move {
            // A file that has vanished is read as empty, which is not a recipe.
            let text = browser::read_text(&file).await.unwrap_or_default();
            page.act(|state| state.open_recipe_file(browser::recipe_file_of_json(&text)));
        });
    });
    let answer = RwSignal::new(String::new());
    let copy = move |_| {
        let link = page.peek(|state| browser::recipe_link(&state.form.recipe));
        spawn_local(async move {
            let is_copied = browser::copy(&link).await;
            answer.set(if is_copied {
                "Copied. The link carries the recipe and none of your rows.".to_owned()
            } else {
                link
            });
        });
    };
    view! {
        <div class="row">
            <button type="button" class="quiet" on:click=pressed(move |_| save(page.peek(|state| browser::recipe_file_to_json(&state.filled_form(), state.data_recipe().as_ref()))))>
                "Save the recipe"
            </button>
            <button type="button" class="quiet" on:click=pressed(copy)>
                "Copy a link to the recipe"
            </button>
            <span role="status" dir="auto">{answer}</span>
            <span hidden=is_locked>
                <FileButton id="recipe-file" label="Open a recipe" accept=".json" on_files=open />
            </span>
        </div>
        <ProblemPlace diagnostic />
    }
}

/// Downloads the recipe of the last run, with all automatic values filled in.
pub fn save_recipe(page: Page) {
    let json = page.peek(|state| {
        let run = &state.run;
        run.plan.as_ref().map(|plan| browser::recipe_file_to_json(&plan.recipe, run.data_recipe.as_ref()))
    });
    if let Some(json) = json {
        save(json);
    }
}

fn save(json: String) {
    if let Some(blob) = browser::text_blob(&json) {
        browser::download(&blob, "recipe.json");
    }
}
