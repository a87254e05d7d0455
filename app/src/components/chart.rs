use leptos::prelude::*;

use crate::components::changing;

use crate::plot::Picture;

/// Number of intervals between the ticks of the vertical axis.
const INTERVALS: u32 = 4;

/// Lines over steps or rates. The drawing is stretched to its box; strokes and dots keep their size.
#[component]
pub fn Chart(
    /// Heading of the chart.
    #[prop(into)]
    title: Signal<String>,
    /// The lines and axes.
    #[prop(into)]
    picture: Signal<Picture>,
    /// Formats a tick label of the vertical axis.
    mark: fn(f64) -> String,
    /// Class and name of each line, if there are several.
    #[prop(optional, into)]
    legend: Signal<Vec<(String, String)>>,
) -> impl IntoView {
    let marks = changing(move || {
        let (low, high) = picture.with(|picture| (picture.frame.y_min, picture.frame.y_max));
        let value = |tick: u32| low + (high - low) * f64::from(tick) / f64::from(INTERVALS);
        (0..=INTERVALS).rev().map(|tick| view! { <span>{mark(value(tick))}</span> }).collect_view()
    });
    let grid: String = (0..=INTERVALS).map(|tick| format!("M0 {}H100", 100 * tick / INTERVALS)).collect();
    let shapes = changing(move || {
        let shapes = picture.with(|picture| picture.shapes.clone());
        shapes.into_iter().map(|shape| view! { <path class=shape.class d=shape.path /> }).collect_view()
    });
    let keys = changing(move || {
        let keys = legend.get().into_iter();
        keys.map(|(class, name)| view! { <li><Key class />{name}</li> }).collect_view()
    });
    let ends = changing(move || picture.with(|picture| picture.ends.clone()).map(|end| view! { <span>{end}</span> }));
    view! {
        <figure class="chart">
            <figcaption>
                <h4>{title}</h4>
                <ul class="legend" hidden=Memo::new(move |_| legend.with(Vec::is_empty))>
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
                    aria-label=Memo::new(move |_| picture.with(|picture| picture.summary.clone()))
                >
                    <path class="grid" d=grid />
                    {shapes}
                </svg>
                <div class="steps" aria-hidden="true">
                    {ends}
                </div>
            </div>
        </figure>
    }
}

/// The legend symbol of a line or dot.
#[component]
pub fn Key(
    /// CSS class of the line. A class that ends in "dots", and the class "best", is a dot.
    class: String,
) -> impl IntoView {
    let path = if class == "best" || class.ends_with("dots") { "M12 4h0" } else { "M1 4H23" };
    view! {
        <svg class="key chart" viewBox="0 0 24 8" aria-hidden="true">
            <path class=class d=path />
        </svg>
    }
}
