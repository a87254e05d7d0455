use hone_core::dataset::DataRole;
use leptos::prelude::*;

use crate::components::FileButton;
use crate::data::ACCEPT;
use crate::data::dropped::open_list;
use crate::data::folder::take_folder;
use crate::page::Page;

/// The box for dropping or choosing a file. Drops are accepted on the whole page.
#[component]
pub fn DropZone() -> impl IntoView {
    let page = Page::get();
    let is_over = RwSignal::new(false);
    let choose = Callback::new(move |files| _ = open_list(page, DataRole::Train, &files));
    let choose_folder = Callback::new(move |files| take_folder(page, DataRole::Train, &files));
    view! {
        <div
            class="drop"
            class:over=is_over
            on:dragenter=move |_| is_over.set(true)
            on:dragleave=move |_| is_over.set(false)
            on:drop=move |_| is_over.set(false)
        >
            <p class="lead">"Drop a file of examples, or a folder"</p>
            <p class="hint">"A spreadsheet (.xlsx, .ods), Parquet, CSV, TSV, JSONL, JSON, CoNLL, plain text, translations (.tmx, .xlf, .po), or a document (.docx, .html, .epub). Text may be compressed (.gz, .zst), and tables may be in a .zip or .tar. A folder or an archive may also contain a folder of .txt files for each label. Files dropped together are read like a folder. Two text files with parallel lines, such as translations, are joined. Your data never leaves this tab. You can also paste a table."</p>
            <div class="row">
                <FileButton id="train-file" label="Choose a file" accept=ACCEPT multiple=true keeps_handle=true on_files=choose />
                <FileButton id="train-folder" label="Open a folder" accept="" is_folder=true on_files=choose_folder />
            </div>
        </div>
    }
}
