use hone_core::run::LabeledRow;
use leptos::prelude::*;

use crate::data::mend::MendButtons;
use crate::format;

/// A row with what was found, its place, and the buttons that mend it.
pub fn labeled_row(row: LabeledRow, finding: String) -> impl IntoView {
    let LabeledRow { line, word, is_in_train_file, is_validation, text, pair, given, likely } = row;
    let side = if is_validation { "validation" } else { "training" };
    let word_number = word.map(|word| format!(", word {}", word + 1)).unwrap_or_default();
    let about = if !finding.is_empty() || given.is_empty() { String::new() } else { format::visible(&given) + ", " };
    let place = format!("{about}line {line}{word_number}, {side}");
    let buttons = is_in_train_file.then(|| view! { <MendButtons line word given likely /> });
    view! {
        <li>
            <span dir="auto">{format::excerpt(&text)}</span>
            {pair.map(|pair| view! { <span dir="auto">{format::excerpt(&pair)}</span> })}
            <strong dir="auto">{format::visible(&finding)}</strong>
            <small>{place}</small>
            {buttons}
        </li>
    }
}
