use leptos::html::Div;
use leptos::prelude::*;
use web_sys::PointerEvent;

use crate::browser;
use crate::components::{changing, pressed, typed};
use crate::plot::{Picture, Scale};

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
    /// The scale of the vertical axis, if the user can choose it.
    #[prop(optional)]
    scale: Option<RwSignal<Scale>>,
    /// True if the description of the picture is shown below it.
    #[prop(optional)]
    is_told: bool,
) -> impl IntoView {
    let cursor = RwSignal::new(None::<f64>);
    let marks = changing(move || {
        let marks = picture.with(|picture| {
            let height = |tick: &f64| format!("{:.2}%", picture.frame.map((0.0, *tick)).1);
            picture.ticks.iter().map(|tick| (height(tick), mark(*tick))).collect::<Vec<_>>()
        });
        marks.into_iter().map(|(y, words)| view! { <text x="100%" y=y>{words}</text> }).collect_view()
    });
    let grid = Memo::new(move |_| {
        let line = |picture: &Picture, tick: &f64| format!("M0 {:.2}H100", picture.frame.map((0.0, *tick)).1);
        picture.with(|picture| picture.ticks.iter().map(|tick| line(picture, tick)).collect::<String>())
    });
    let shapes = changing(move || {
        let shapes = picture.with(|picture| picture.shapes.clone());
        shapes.into_iter().map(|shape| view! { <path class=shape.class d=shape.path /> }).collect_view()
    });
    let keys = changing(move || {
        let keys = legend.get().into_iter();
        keys.map(|(class, name)| view! { <li><Key class />{name}</li> }).collect_view()
    });
    let labels = changing(move || {
        let label = |(class, name, y): (String, String, f64)| {
            view! { <text class=class x="0" y=format!("{y:.2}%")>{name}</text> }
        };
        picture.with(end_labels).into_iter().map(label).collect_view()
    });
    let has_no_labels =
        Memo::new(move |_| picture.with(|picture| picture.series.iter().all(|series| !series.is_labeled)));
    let ends = changing(move || picture.with(|picture| picture.ends.clone()).map(|end| view! { <span>{end}</span> }));
    let reading =
        Memo::new(move |_| cursor.get().map_or_else(String::new, |step| picture.with(|picture| picture.reading(step))));
    let summary = Memo::new(move |_| picture.with(|picture| picture.summary.clone()));
    view! {
        <figure class="chart">
            <figcaption>
                <h4>{title}</h4>
                <p class="reading">{reading}</p>
                {scale.map(|scale| view! { <ScaleButton scale /> })}
                <ul class="legend" hidden=Memo::new(move |_| legend.with(Vec::is_empty))>
                    {keys}
                </ul>
            </figcaption>
            <div class="plot">
                <svg class="marks" aria-hidden="true">
                    {marks}
                </svg>
                <Area cursor picture title>
                    <svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label=summary>
                        <path class="grid" d=grid />
                        {shapes}
                    </svg>
                </Area>
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

/// The drawing, with the cursor over it.
#[component]
fn Area(
    cursor: RwSignal<Option<f64>>,
    picture: Signal<Picture>,
    title: Signal<String>,
    children: Children,
) -> impl IntoView {
    let area = NodeRef::<Div>::new();
    // Counted in the stops of the arrow keys.
    let position = RwSignal::new(0usize);
    let last = Memo::new(move |_| picture.with(|picture| picture.stops().len().saturating_sub(1).to_string()));
    let has_none = Memo::new(move |_| picture.with(|picture| picture.stops().is_empty()));
    let words = Memo::new(move |_| {
        picture
            .with(|picture| picture.stops().get(position.get()).map(|step| picture.reading(*step)).unwrap_or_default())
    });
    let label = Memo::new(move |_| format!("Cursor of the chart “{}”", title.get()));
    let to = move |typed: String| {
        let stop: usize = typed.parse().unwrap_or_default();
        position.set(stop);
        cursor.set(picture.with_untracked(|picture| picture.stops().get(stop).copied()));
    };
    let point = move |event: PointerEvent| {
        let Some(area) = area.get_untracked() else { return };
        let share = f64::from(event.offset_x()) / f64::from(area.client_width().max(1));
        cursor.set(picture.with_untracked(|picture| picture.step_at(share.clamp(0.0, 1.0))));
    };
    let leave: Box<dyn FnMut(PointerEvent)> = Box::new(move |_| cursor.set(None));
    let point: Box<dyn FnMut(PointerEvent)> = Box::new(point);
    let points = changing(move || {
        cursor.get().map(|step| {
            let points = picture.with(|picture| {
                let place =
                    |(nth, point): (usize, (f64, f64))| (picture.series[nth].class.clone(), picture.frame.map(point));
                picture.at(step).into_iter().map(place).collect::<Vec<_>>()
            });
            let x = picture.with(|picture| format!("{:.2}%", picture.frame.map((step, 0.0)).0));
            let dot = |(class, (x, y)): (String, (f64, f64))| {
                view! { <circle class=class cx=format!("{x:.2}%") cy=format!("{y:.2}%") r="4" /> }
            };
            view! {
                <line x1=x.clone() x2=x y1="0" y2="100%" />
                {points.into_iter().map(dot).collect_view()}
            }
        })
    });
    view! {
        <div class="area" node_ref=area on:pointermove=point on:pointerleave=leave>
            {children()}
            <svg class="cursor" aria-hidden="true">
                {points}
            </svg>
            <input
                type="range"
                min="0"
                max=last
                step="1"
                hidden=has_none
                aria-label=label
                aria-valuetext=words
                prop:value=move || position.get().to_string()
                on:input=typed(to)
                on:focus=move |_| to(position.get_untracked().to_string())
                on:blur=move |_| cursor.set(None)
            />
        </div>
    }
}

/// Switches the vertical axis between a linear and a logarithmic scale.
#[component]
fn ScaleButton(scale: RwSignal<Scale>) -> impl IntoView {
    let is_log = Memo::new(move |_| (scale.get() == Scale::Log).to_string());
    let toggle = move |_| scale.update(|scale| *scale = if *scale == Scale::Log { Scale::Linear } else { Scale::Log });
    view! {
        <button type="button" class="quiet small" aria-pressed=is_log on:click=pressed(toggle)>
            "Log scale"
        </button>
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
    labels.sort_by(|a, b| a.2.total_cmp(&b.2));
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
