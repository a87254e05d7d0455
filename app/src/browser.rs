//! Everything the page needs of the browser except the worker: its own files, storage, downloads, the clipboard.

use hone_core::dataset::{DataRecipe, TAR_BLOCK, TAR_END, is_data_file, sort_files, tar_header};
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::SelfCheck;
use hone_core::recipe::RecipeSpec;
use hone_core::run::{DATA_KEY, RecipeFile};
use js_sys::{Array, Function, JSON, Object, Promise, Reflect, Uint8Array};
use leptos::prelude::window_event_listener_untyped;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, BlobPropertyBag, Element, Event, File, FileList, HtmlAnchorElement, HtmlElement, Response, Storage, Url,
};

use crate::state::{Lesson, NewVersion, PastRun};
use crate::wire::{from_js, get, set, to_js};
use crate::worker::message_of;

const CHECK_KEY: &str = "hone.self-check";
const RUNS_KEY: &str = "hone.runs";
/// Beginning of the part of an address that carries a recipe.
const RECIPE_MARK: &str = "#recipe=";
/// Beginning of the part of an address that names a lesson.
const LESSON_MARK: &str = "#lesson=";

/// Fetches a JSON file of this page.
///
/// # Errors
/// If it is missing or has another structure.
pub async fn fetch_json<T: DeserializeOwned>(path: &str) -> Result<T, Diagnostic> {
    let response = fetch(path).await?;
    let json = response.json().map_err(|error| not_fetched(path, &message_of(&error)))?;
    let value = JsFuture::from(json).await.map_err(|error| not_fetched(path, &message_of(&error)))?;
    from_js(value).map_err(|reason| not_fetched(path, &reason))
}

/// Fetches a file of this page.
///
/// # Errors
/// If it is missing.
pub async fn fetch_blob(path: &str) -> Result<Blob, Diagnostic> {
    let response = fetch(path).await?;
    let blob = response.blob().map_err(|error| not_fetched(path, &message_of(&error)))?;
    let blob = JsFuture::from(blob).await.map_err(|error| not_fetched(path, &message_of(&error)))?;
    Ok(blob.unchecked_into())
}

async fn fetch(path: &str) -> Result<Response, Diagnostic> {
    let promise = leptos::prelude::window().fetch_with_str(path);
    let response = JsFuture::from(promise).await.map_err(|error| not_fetched(path, &message_of(&error)))?;
    let response: Response = response.unchecked_into();
    if response.ok() { Ok(response) } else { Err(not_fetched(path, &format!("status {}", response.status()))) }
}

fn not_fetched(path: &str, reason: &str) -> Diagnostic {
    Diagnostic::new("page.fetch", format!("{path} could not be fetched ({reason})."))
        .remedy("Reload the page. If that does not help, this copy of Hone is incomplete.")
}

/// Address of the hub that models may be fetched from; none if the host of this page has disabled it.
pub fn hub() -> Option<String> {
    let root = leptos::prelude::document().document_element()?;
    root.get_attribute("data-hub").filter(|address| !address.is_empty())
}

/// Text as a blob that the worker can read like a file.
pub fn text_blob(text: &str) -> Option<Blob> {
    let options = BlobPropertyBag::new();
    options.set_type("text/plain");
    Blob::new_with_str_sequence_and_options(&Array::of1(&text.into()), &options).ok()
}

/// Reads the text of a dropped or chosen file.
///
/// # Errors
/// If the browser cannot read it.
pub async fn read_text(blob: &Blob) -> Result<String, String> {
    let text = JsFuture::from(blob.text()).await.map_err(|error| message_of(&error))?;
    Ok(text.as_string().unwrap_or_default())
}

/// Downloads a blob under a name.
pub fn download(blob: &Blob, file_name: &str) {
    let Ok(url) = Url::create_object_url_with_blob(blob) else { return };
    let Ok(anchor) = leptos::prelude::document().create_element("a") else { return };
    let anchor: HtmlAnchorElement = anchor.unchecked_into();
    anchor.set_href(&url);
    anchor.set_download(file_name);
    anchor.click();
    // Revoked later: some browsers start reading only after this turn.
    leptos::prelude::set_timeout(move || drop(Url::revoke_object_url(&url)), std::time::Duration::from_secs(60));
}

/// Downloads the visible charts of a section as a picture, which charts.js draws.
pub fn save_charts(section: &str, file_name: &str) {
    let charts = get(&leptos::prelude::window(), "honeCharts");
    if let Ok(save) = get(&charts, "save").dyn_into::<Function>() {
        // A promise, which nobody awaits: the picture is in the downloads, or the console says why not.
        let _ = save.call2(&charts, &section.into(), &file_name.into());
    }
}

/// Writes plain data as indented JSON.
pub fn to_json(value: &impl serde::Serialize) -> String {
    json_of(&to_js(value))
}

fn json_of(value: &JsValue) -> String {
    let json = JSON::stringify_with_replacer_and_space(value, &JsValue::NULL, &2.into());
    json.map(String::from).unwrap_or_default()
}

/// Reads plain data from JSON.
///
/// # Errors
/// If the text is not JSON or has another structure.
fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    from_js(JSON::parse(text).map_err(|error| message_of(&error))?)
}

/// Reads recipe.json: the recipe, and how the rows are read.
///
/// # Errors
/// As [`recipe_of_json`], and if the columns are for another task.
pub fn recipe_file_of_json(text: &str) -> Result<RecipeFile, String> {
    let given = JSON::parse(text).map_err(|error| message_of(&error))?;
    let data = get(&given, DATA_KEY);
    let data = if data.is_object() { Some(from_js(data)?) } else { None };
    // What is no object is refused as a recipe.
    _ = Reflect::delete_property(given.unchecked_ref::<Object>(), &DATA_KEY.into());
    RecipeFile::new(recipe_of_js(given)?, data)
}

/// The contents of recipe.json.
pub fn recipe_file_to_json(recipe: &RecipeSpec, data: Option<&DataRecipe>) -> String {
    let file = to_js(recipe);
    if let Some(data) = data {
        set(file.unchecked_ref(), DATA_KEY, &to_js(data));
    }
    json_of(&file)
}

/// Reads the user's recipe from JSON. Unknown fields are an error: serde would ignore them silently, and the run would not
/// be the intended one.
///
/// # Errors
/// If the text is not JSON, has another structure, or has a field that no recipe has.
pub fn recipe_of_json(text: &str) -> Result<RecipeSpec, String> {
    recipe_of_js(JSON::parse(text).map_err(|error| message_of(&error))?)
}

fn recipe_of_js(given: JsValue) -> Result<RecipeSpec, String> {
    let recipe: RecipeSpec = from_js(given.clone())?;
    let known = to_js(&recipe);
    let unknown =
        Object::keys(given.unchecked_ref::<Object>()).iter().find(|key| !Reflect::has(&known, key).unwrap_or(false));
    match unknown.and_then(|key| key.as_string()) {
        Some(key) => Err(format!("unknown field `{key}`")),
        None => Ok(recipe),
    }
}

/// A link to this page that carries what differs from the default recipe. Behind the `#`, where browsers send it nowhere.
pub fn recipe_link(recipe: &RecipeSpec) -> String {
    let (given, default) = (to_js(recipe), to_js(&RecipeSpec::default()));
    let changed = Object::new();
    for key in Object::keys(given.unchecked_ref::<Object>()).iter().filter_map(|key| key.as_string()) {
        let value = get(&given, &key);
        if JSON::stringify(&value).ok() != JSON::stringify(&get(&default, &key)).ok() {
            set(&changed, &key, &value);
        }
    }
    let json = JSON::stringify(&changed).map(String::from).unwrap_or_default();
    let page = format!("{}{}", address_part("origin"), address_part("pathname"));
    format!("{page}{RECIPE_MARK}{}", String::from(js_sys::encode_uri_component(&json)))
}

/// The recipe in the page's address, if it carries one.
pub fn recipe_in_address() -> Option<Result<RecipeSpec, String>> {
    let hash = address_part("hash");
    let encoded = hash.strip_prefix(RECIPE_MARK)?;
    let json = js_sys::decode_uri_component(encoded).map_err(|error| message_of(&error));
    Some(json.and_then(|json| recipe_of_json(&String::from(json))))
}

/// The name of the lesson in the page's address, if there is one.
pub fn lesson_in_address() -> Option<String> {
    address_part("hash").strip_prefix(LESSON_MARK).map(str::to_owned)
}

/// Fetches a lesson.
///
/// # Errors
/// If there is no such file, or it has another structure; a recipe must have no unknown field.
pub async fn fetch_lesson(id: &str) -> Result<Lesson, String> {
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err("its name may have letters, digits and hyphens only".into());
    }
    let response = fetch(&format!("lessons/{id}.json")).await.map_err(|missing| missing.what)?;
    let json = response.json().map_err(|error| message_of(&error))?;
    let value = JsFuture::from(json).await.map_err(|error| message_of(&error))?;
    if let Ok(runs) = get(&value, "runs").dyn_into::<Array>() {
        for run in runs.iter() {
            recipe_of_js(get(&run, "recipe"))?;
        }
    }
    from_js(value)
}

/// Moves the focus to an element by its id, before the focused button disappears and takes the focus with it.
pub fn focus(id: &str) {
    let element = leptos::prelude::document().get_element_by_id(id);
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // Only an element that was removed from the page cannot be focused.
        let _ = element.focus();
    }
}

/// Milliseconds since 1970.
pub fn now() -> f64 {
    js_sys::Date::now()
}

/// A day in the user's own format, from milliseconds since 1970.
pub fn date(ms: f64) -> String {
    js_sys::Date::new(&ms.into()).to_locale_date_string("default", &JsValue::UNDEFINED).into()
}

/// Asks the browser to keep the storage until the user removes it. Returns its answer; none if it cannot be asked.
pub async fn persist() -> Option<bool> {
    let storage = get(&leptos::prelude::window().navigator(), "storage");
    let method: Function = get(&storage, "persist").dyn_into().ok()?;
    let promise: Promise = method.call0(&storage).ok()?.dyn_into().ok()?;
    JsFuture::from(promise).await.ok()?.as_bool()
}

/// Removes the page's own part of the storage.
pub fn clear_storage() {
    if let Some(storage) = storage() {
        for key in [CHECK_KEY, RUNS_KEY] {
            let _ = storage.remove_item(key);
        }
    }
}

/// Opens the sections and steps that an element is in, and moves the focus to it.
pub fn reveal(id: &str) {
    let mut element = leptos::prelude::document().get_element_by_id(id);
    while let Some(inner) = element {
        if inner.tag_name() == "DETAILS" {
            // Only an invalid name fails.
            let _ = inner.set_attribute("open", "");
        }
        if inner.get_attribute("hidden").as_deref() == Some("until-found") {
            // As the browser's own search does: the page opens the part, and the focus can already move into it.
            if let Ok(event) = Event::new("beforematch") {
                event.init_event_with_bubbles("beforematch", true);
                // Only an event that is under way is refused.
                let _ = inner.dispatch_event(&event);
            }
            // Only an invalid name fails.
            let _ = inner.remove_attribute("hidden");
        }
        element = inner.parent_element();
    }
    focus(id);
}

/// Moves the focus to a section and scrolls to its beginning, once the page has folded what is above it.
pub fn focus_from_top(id: &'static str) {
    focus(id);
    leptos::prelude::request_animation_frame(move || {
        if let Some(element) = leptos::prelude::document().get_element_by_id(id) {
            element.scroll_into_view();
        }
    });
}

/// An attribute of the element that an event happened to.
pub fn attribute_of_target(event: &Event, name: &str) -> Option<String> {
    event.target()?.dyn_into::<Element>().ok()?.get_attribute(name)
}

/// The value of `open` in the address: names of open parts.
pub fn open_in_address() -> String {
    let query = address_part("search");
    let mut pairs = query.trim_start_matches('?').split('&');
    pairs.find_map(|pair| pair.strip_prefix("open=")).unwrap_or_default().replace("%2C", ",")
}

/// Puts the names of open parts into the address, without a new entry in the browser's history.
pub fn remember_open(names: &str) {
    if names == open_in_address() {
        return;
    }
    let query = if names.is_empty() { String::new() } else { format!("?open={names}") };
    let address = format!("{}{query}{}", address_part("pathname"), address_part("hash"));
    let history = get(&leptos::prelude::window(), "history");
    if let Ok(replace) = get(&history, "replaceState").dyn_into::<Function>() {
        // Browsers limit how often it may be called; the address is then out of date, and nothing else.
        let _ = replace.call3(&history, &JsValue::NULL, &"".into(), &address.into());
    }
}

/// Sets the icon of the tab to an SVG; an empty one restores the page's own.
pub fn set_icon(svg: &str) {
    let link = leptos::prelude::document().query_selector("link[rel=icon]").ok().flatten();
    let address = match svg {
        "" => "icon.svg".to_owned(),
        svg => format!("data:image/svg+xml,{}", String::from(js_sys::encode_uri_component(svg))),
    };
    if let Some(link) = link {
        // Only an invalid name fails.
        let _ = link.set_attribute("href", &address);
    }
}

/// A part of the page's address, such as `search` or `hash`.
fn address_part(name: &str) -> String {
    get(&get(&leptos::prelude::window(), "location"), name).as_string().unwrap_or_default()
}

/// Copies text to the clipboard; returns false if the browser does not allow it.
pub async fn copy(text: &str) -> bool {
    let clipboard = leptos::prelude::window().navigator().clipboard();
    JsFuture::from(clipboard.write_text(text)).await.is_ok()
}

/// The result of an earlier check of the GPU.
pub fn stored_check() -> Option<SelfCheck> {
    from_json(&storage()?.get_item(CHECK_KEY).ok()??).ok()
}

/// Stores the result of a check for the next visit; without storage the check simply runs again.
pub fn store_check(check: &SelfCheck) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(CHECK_KEY, &to_json(check));
    }
}

/// The runs of earlier visits. Entries that are damaged or have another structure are skipped.
pub fn stored_runs() -> Vec<PastRun> {
    let stored = storage().and_then(|storage| storage.get_item(RUNS_KEY).ok().flatten());
    let entries =
        stored.and_then(|json| JSON::parse(&json).ok()).filter(Array::is_array).map(|json| Array::from(&json));
    let run = |entry: JsValue| {
        recipe_of_js(get(&entry, "recipe")).ok()?;
        from_js(entry).ok()
    };
    entries.map(|entries| entries.iter().filter_map(run).collect()).unwrap_or_default()
}

/// Stores the runs for the next visit; if there is no room, they stay in this tab only.
pub fn store_runs(runs: &[PastRun]) {
    if let (Some(storage), Ok(json)) = (storage(), JSON::stringify(&to_js(&runs))) {
        let _ = storage.set_item(RUNS_KEY, &String::from(json));
    }
}

/// Listens for new versions of the page, with true if nobody has used this one yet. versions.js finds them.
pub fn on_new_version(act: impl Fn(NewVersion, bool) + 'static) {
    // The page listens as long as it is open.
    let _listener = window_event_listener_untyped("hone-new-version", move |event| {
        let detail = get(&event, "detail");
        let is_blocked = get(&detail, "isBlockedByTabs").is_truthy();
        let version = if is_blocked { NewVersion::BlockedByTabs } else { NewVersion::Ready };
        act(version, get(&detail, "isUntouched").is_truthy());
    });
}

/// Asks versions.js to open the new version of the page.
pub fn open_new_version() {
    if let Ok(event) = Event::new("hone-open-new-version") {
        // Only an event that is under way is refused.
        let _ = leptos::prelude::window().dispatch_event(&event);
    }
}

fn storage() -> Option<Storage> {
    leptos::prelude::window().local_storage().ok()?
}

/// Path of a file, starting with the name of the chosen folder; just its name if it was chosen alone.
pub fn path_of(file: &File) -> String {
    let path = get(file, "webkitRelativePath").as_string().filter(|path| !path.is_empty());
    path.unwrap_or_else(|| file.name())
}

/// Name of a folder that was chosen with a button, and its files by their paths in it. `None` if files were chosen.
pub fn chosen_folder(files: &FileList) -> Option<(String, Vec<(String, Blob)>)> {
    let mut name = None;
    let mut found = Vec::new();
    for file in (0..files.length()).filter_map(|index| files.get(index)) {
        let path = path_of(&file);
        let (folder, rest) = path.split_once('/')?;
        name.get_or_insert_with(|| folder.to_owned());
        found.push((rest.to_owned(), file.into()));
    }
    Some((name?, found))
}

/// The files of a folder as one tar archive. The browser reads them when the archive is read; until then, it is a list.
///
/// # Errors
/// If the browser refuses to make it.
pub fn folder_blob(mut files: Vec<(String, Blob)>) -> Result<Blob, JsValue> {
    files.retain(|(path, _)| is_data_file(path));
    sort_files(&mut files);
    let parts = Array::new();
    let bytes = |bytes: &[u8]| parts.push(&Uint8Array::from(bytes));
    for (path, blob) in &files {
        let size = blob.size() as u64;
        bytes(&tar_header(path, size));
        parts.push(blob);
        let padding = size.next_multiple_of(TAR_BLOCK as u64) - size;
        bytes(&[0; TAR_BLOCK][..padding as usize]);
    }
    bytes(&[0; TAR_END]);
    Blob::new_with_blob_sequence(&parts)
}
