use leptos::prelude::*;

use crate::state::format::{percent, visible};

/// A named share.
pub struct Bar {
    /// Its name; may be a person's own text.
    pub label: String,
    /// From 0 to 1.
    pub share: f64,
    /// Behind the number; empty for none.
    pub mark: &'static str,
}

/// Shares as bars: a table for those who do not see them.
#[component]
pub fn Bars(
    /// What the shares are of.
    caption: &'static str,
    /// In the order in which they are shown.
    bars: Vec<Bar>,
) -> impl IntoView {
    let rows: Vec<_> = bars
        .into_iter()
        .map(|bar| {
            let width = format!("{:.2}%", bar.share * 100.0);
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
