use hone_core::decimal::fixed;
use leptos::prelude::*;

use crate::format::{percent, visible};

/// A named fraction.
pub struct Bar {
    /// Its name; may be text from the user's data.
    pub label: String,
    /// The fraction, from 0 to 1.
    pub share: f64,
    /// A mark after the number; may be empty.
    pub mark: &'static str,
}

/// Fractions as bars, marked up as a table for screen readers.
#[component]
pub fn Bars(
    /// The caption of the table.
    #[prop(into)]
    caption: String,
    /// The bars, in order.
    bars: Vec<Bar>,
) -> impl IntoView {
    let rows: Vec<_> = bars
        .into_iter()
        .map(|bar| {
            let width = fixed(bar.share * 100.0, 2) + "%";
            view! {
                <tr>
                    <th scope="row" dir="auto">{visible(&bar.label)}</th>
                    <td class="bar">
                        <svg aria-hidden="true" width="100%" height="12">
                            <rect class="track" width="100%" height="12" rx="3" />
                            <rect class="fill" width=width height="12" rx="3" />
                        </svg>
                    </td>
                    <td class="number">{format!("{} {}", percent(bar.share), bar.mark)}</td>
                </tr>
            }
        })
        .collect();
    view! {
        <table class="bars">
            <caption>{caption}</caption>
            <tbody>{rows}</tbody>
        </table>
    }
}
