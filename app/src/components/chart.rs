use hone_core::decimal::fixed;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, MouseEvent};

use crate::browser;
use crate::components::{CollectAny, changing, memo, pressed, typed};
use crate::plot::Picture;

/// Least distance between two labels at the ends of lines, in hundredths of the height.
const LABEL_GAP: f64 = 9.0;

/// Lines over steps or rates. The drawing is stretched to its box; strokes and dots keep their size.
///
/// Pointer and arrow keys move a cursor that reads the values: the keys are those of a slider, so that a screen reader
/// says each value.
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
    /// True for a logarithmic scale, if the user can choose it.
    #[prop(optional)]
    is_log: Option<RwSignal<bool>>,
    /// True if the description of the picture is shown below it.
    #[prop(optional)]
    is_told: bool,
) -> impl IntoView {
    // The optimizer step under the cursor. They are counted from 1: 0 is no cursor.
    let cursor = RwSignal::new(0);
    let marks = changing(move || {
        let marks = picture.with(|picture| {
            let height = |tick: &f64| fixed(picture.frame.map((0.0, *tick)).1, 2) + "%";
            picture.ticks.iter().map(|tick| (height(tick), mark(*tick))).collect::<Vec<_>>()
        });
        marks.into_iter().map(|(y, words)| view! { <text x="100%" y=y>{words}</text> }).collect_any()
    });
    let grid = memo(move || {
        let line = |picture: &Picture, tick: &f64| format!("M0 {}H100", fixed(picture.frame.map((0.0, *tick)).1, 2));
        picture.with(|picture| picture.ticks.iter().map(|tick| line(picture, tick)).collect::<String>())
    });
    let shapes = changing(move || {
        let shapes = picture.with(|picture| picture.shapes.clone());
        shapes.into_iter().map(|shape| view! { <path class=shape.class d=shape.path /> }).collect_any()
    });
    let keys = changing(move || {
        let keys = legend.get().into_iter();
        keys.map(|(class, name)| view! { <li><Key class />{name}</li> }).collect_any()
    });
    let labels = changing(move || {
        let label = |(class, name, y): (String, String, f64)| {
            view! { <text class=class x="0" y=fixed(y, 2) + "%">{name}</text> }
        };
        picture.with(end_labels).into_iter().map(label).collect_any()
    });
    let has_no_labels = memo(move || picture.with(|picture| picture.series.iter().all(|series| !series.is_labeled)));
    let ends = changing(move || picture.with(|picture| picture.ends.clone()).map(|end| view! { <span>{end}</span> }));
    let reading = memo(move || match cursor.get() {
        0 => String::new(),
        step => picture.with(|picture| picture.reading(f64::from(step))),
    });
    let summary = memo(move || picture.with(|picture| picture.summary.clone()));
    // The slider counts the stops of the arrow keys.
    let last = memo(move || picture.with(|picture| picture.stops().len().saturating_sub(1).to_string()));
    let has_no_stops = memo(move || picture.with(|picture| picture.stops().is_empty()));
    let position = memo(move || {
        let step = f64::from(cursor.get());
        let stop = picture.with(|picture| picture.stops().iter().position(|stop| *stop >= step));
        stop.unwrap_or_default().to_string()
    });
    let words = memo(move || match reading.get() {
        words if words.is_empty() => {
            picture.with(|picture| picture.stops().first().map(|step| picture.reading(*step)).unwrap_or_default())
        }
        words => words,
    });
    let label = memo(move || format!("Cursor of the chart “{}”", title.get()));
    let to = move |typed: String| {
        let stop: usize = typed.parse().unwrap_or_default();
        cursor.set(picture.with_untracked(|picture| picture.stops().get(stop).map_or(0, |step| *step as u32)));
    };
    let point = move |event: MouseEvent| {
        let area = event.current_target().and_then(|area| area.dyn_into::<Element>().ok());
        let width = area.map_or(1, |area| area.client_width().max(1));
        let share = f64::from(event.offset_x()) / f64::from(width);
        cursor.set(
            picture.with_untracked(|picture| picture.step_at(share.clamp(0.0, 1.0)).map_or(0, |step| step as u32)),
        );
    };
    let points = changing(move || match cursor.get() {
        0 => ().into_any(),
        step => {
            let step = f64::from(step);
            let dot = |picture: &Picture, (nth, point): (usize, (f64, f64))| {
                let (x, y) = picture.frame.map(point);
                view! { <circle class=picture.series[nth].class.clone() cx=fixed(x, 2) + "%" cy=fixed(y, 2) + "%" r="4" /> }
            };
            let x = picture.with(|picture| fixed(picture.frame.map((step, 0.0)).0, 2) + "%");
            let dots = picture.with(|picture| {
                let dots = picture.at(step).into_iter();
                dots.map(|point| dot(picture, point)).collect_any()
            });
            view! {
                <line x1=x.clone() x2=x y1="0" y2="100%" />
                {dots}
            }
            .into_any()
        }
    });
    let scale = is_log.map(|is_log| {
        let pushed = memo(move || is_log.get().to_string());
        view! {
            <button
                type="button"
                class="quiet small"
                aria-pressed=pushed
                on:click=pressed(move |_| is_log.update(|is_log| *is_log = !*is_log))
            >
                "Log scale"
            </button>
        }
    });
    view! {
        <figure class="chart">
            <figcaption>
                <h4>{title}</h4>
                <p class="reading">{reading}</p>
                {scale}
                <ul class="legend" hidden=memo(move || legend.with(Vec::is_empty))>
                    {keys}
                </ul>
            </figcaption>
            <div class="plot">
                <svg class="marks" aria-hidden="true">
                    {marks}
                </svg>
                <div class="area" on:mousemove=pressed(point) on:mouseleave=pressed(move |_| cursor.set(0))>
                    <svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label=summary>
                        <path class="grid" d=grid />
                        {shapes}
                    </svg>
                    <svg class="cursor" aria-hidden="true">
                        {points}
                    </svg>
                    <input
                        type="range"
                        min="0"
                        max=last
                        step="1"
                        hidden=has_no_stops
                        aria-label=label
                        aria-valuetext=words
                        prop:value=position
                        on:input=typed(to)
                    />
                </div>
                <svg class="labels" aria-hidden="true" hidden=has_no_labels>
                    {labels}
                </svg>
                <div class="steps" aria-hidden="true">
                    {ends}
                </div>
            </div>
            {is_told.then(|| view! { <p class="hint trend" aria-hidden="true">{summary}</p> })}
        </figure>
    }
}

/// A button that saves all charts of the section as one picture.
#[component]
pub fn SaveCharts(
    /// Id of the section.
    section: &'static str,
    /// Name of the file.
    file_name: &'static str,
) -> impl IntoView {
    view! {
        <button type="button" class="quiet small" on:click=pressed(move |_| browser::save_charts(section, file_name))>
            "Save as PNG"
        </button>
    }
}

/// Class, name and height of the labels at the ends of lines, apart from each other.
fn end_labels(picture: &Picture) -> Vec<(String, String, f64)> {
    let labeled = picture.series.iter().filter(|series| series.is_labeled);
    let mut labels: Vec<(String, String, f64)> = labeled
        .filter_map(|series| {
            Some((series.class.clone(), series.name.clone(), picture.frame.map(*series.points.last()?).1))
        })
        .collect();
    // There are two at most; a sort would be five kilobytes of wasm.
    if let [first, second] = &mut labels[..]
        && first.2 > second.2
    {
        std::mem::swap(first, second);
    }
    for nth in 1..labels.len() {
        labels[nth].2 = labels[nth].2.max(labels[nth - 1].2 + LABEL_GAP);
    }
    let overhang = labels.last().map_or(0.0, |last| (last.2 - 100.0).max(0.0));
    for label in &mut labels {
        label.2 -= overhang;
    }
    labels
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
