use leptos::prelude::*;

use crate::state::plot::Picture;

/// Spaces between the marks of the vertical axis.
const INTERVALS: u32 = 4;

/// Lines over steps. The square is stretched to its box; strokes and dots keep their size.
#[component]
pub fn Chart(
    /// Its heading.
    title: &'static str,
    /// What it shows.
    #[prop(into)]
    picture: Signal<Picture>,
    /// How a mark of the vertical axis is written.
    mark: fn(f64) -> String,
    /// Names of the lines, where there are several: class and name.
    #[prop(optional)]
    legend: &'static [(&'static str, &'static str)],
) -> impl IntoView {
    let marks = move || {
        let top = picture.with(|picture| picture.frame.y_max);
        let marks = (0..=INTERVALS).rev().map(|place| mark(top * f64::from(place) / f64::from(INTERVALS)));
        marks.map(|text| view! { <span>{text}</span> }).collect_view()
    };
    let grid: String = (0..=INTERVALS).map(|place| format!("M0 {}H100", 100 * place / INTERVALS)).collect();
    let shapes = move || {
        let shapes = picture.with(|picture| picture.shapes.clone());
        shapes.into_iter().map(|shape| view! { <path class=shape.class d=shape.path /> }).collect_view()
    };
    let keys = legend
        .iter()
        .map(|&(class, name)| {
            view! {
                <li>
                    <svg class="key" viewBox="0 0 24 8" aria-hidden="true">
                        <path class=class d=if class == "best" { "M12 4h0" } else { "M1 4H23" } />
                    </svg>
                    {name}
                </li>
            }
        })
        .collect_view();
    view! {
        <figure class="chart">
            <figcaption>
                <h3>{title}</h3>
                <ul class="legend" hidden=legend.is_empty()>
                    {keys}
                </ul>
            </figcaption>
            <div class="plot">
                <div class="marks" aria-hidden="true">
                    {marks}
                </div>
                <svg
                    viewBox="0 0 100 100"
                    preserveAspectRatio="none"
                    role="img"
                    aria-label=move || picture.with(|picture| picture.summary.clone())
                >
                    <path class="grid" d=grid />
                    {shapes}
                </svg>
                <div class="steps" aria-hidden="true">
                    <span>"0"</span>
                    <span>{move || format!("step {:.0}", picture.with(|picture| picture.frame.x_max))}</span>
                </div>
            </div>
        </figure>
    }
}
