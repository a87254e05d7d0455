//! The table of few labels as a curve, drawn from the rows of the table itself.

use std::fmt::Write;

use anyhow::{Context, Result, ensure};

/// Name of the picture, next to the page.
pub const FILE: &str = "few-labels.svg";

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 340.0;
/// Room for the axes and for the names of the lines, at their ends.
const LEFT: f64 = 50.0;
const RIGHT: f64 = 120.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 46.0;
/// Distance between two grid lines, in labels and in points.
const STEPS: [f64; 2] = [25.0, 10.0];
/// Shift of the two lines to the sides, so that their bars can be told apart.
const SHIFT: f64 = 2.0;

/// Colors that can be told apart by their lightness too, on white and on black.
const STYLE: &str = "<style>text{font:13px system-ui,sans-serif;fill:#333}.grid{stroke:#ddd}\
path{fill:none;stroke-width:2.5}.bar{stroke-width:1.5}path.b{stroke-dasharray:6 4}\
.a{stroke:#0550ae}.b{stroke:#b35900}text.a{stroke:none;fill:#0550ae}text.b{stroke:none;fill:#b35900}\
@media(prefers-color-scheme:dark){text{fill:#ddd}.grid{stroke:#444}\
.a{stroke:#79c0ff}.b{stroke:#ffa657}text.a{fill:#79c0ff}text.b{fill:#ffa657}}</style>";

/// A row of the table: the number of labels, and for each order the mean accuracy and its standard deviation, in percent.
type Point = (f64, [[f64; 2]; 2]);

/// Markdown that shows the picture of a table.
pub fn image(table: &str) -> Result<String> {
    let points = points(table)?;
    let (first, last) = points.first().zip(points.last()).context("the table is empty")?;
    let [[from, _], _] = first.1;
    let [[ours, _], [theirs, _]] = last.1;
    Ok(format!(
        "![Accuracy by number of labels as two curves with the standard deviation as bars: both begin at {from} % with {} \
         labels; with {}, the page's order is at {ours} % and a random one at {theirs} %.]({FILE})",
        first.0, last.0
    ))
}

/// The picture of a table, as SVG.
pub fn picture(table: &str) -> Result<String> {
    let points = points(table)?;
    let values =
        || points.iter().flat_map(|(_, orders)| orders).flat_map(|[mean, spread]| [mean - spread, mean + spread]);
    let floor = |value: f64, step: f64| (value / step).floor() * step;
    let low = floor(values().fold(f64::INFINITY, f64::min), STEPS[1]);
    let high = -floor(-values().fold(0.0, f64::max), STEPS[1]);
    let most = points.iter().map(|(labels, _)| *labels).fold(0.0, f64::max);
    let x = |labels: f64| LEFT + labels / most * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-label=\"Accuracy by number of labels\">\n{STYLE}\n"
    );
    for nth in 0..=((high - low) / STEPS[1]).round() as u32 {
        let value = low + f64::from(nth) * STEPS[1];
        let (left, right, at) = (x(0.0), x(most), y(value));
        writeln!(svg, "<line class=\"grid\" x1=\"{left:.1}\" y1=\"{at:.1}\" x2=\"{right:.1}\" y2=\"{at:.1}\"/>")?;
        writeln!(svg, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value} %</text>", left - 6.0, at + 4.0)?;
    }
    for nth in 0..=(most / STEPS[0]).floor() as u32 {
        let labels = f64::from(nth) * STEPS[0];
        writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{labels}</text>",
            x(labels),
            y(low) + 18.0
        )?;
    }
    writeln!(svg, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">labels</text>", x(most / 2.0), HEIGHT - 8.0)?;
    for (order, (class, name, shift)) in
        [("a", "page's order", -SHIFT), ("b", "random order", SHIFT)].into_iter().enumerate()
    {
        let mut path = String::new();
        for (labels, orders) in &points {
            let ([mean, spread], at) = (orders[order], x(*labels) + shift);
            write!(path, "{}{at:.1} {:.1}", if path.is_empty() { "M" } else { "L" }, y(mean))?;
            let [top, bottom] = [y(mean + spread), y(mean - spread)];
            writeln!(
                svg,
                "<line class=\"bar {class}\" x1=\"{at:.1}\" y1=\"{top:.1}\" x2=\"{at:.1}\" y2=\"{bottom:.1}\"/>"
            )?;
        }
        writeln!(svg, "<path class=\"{class}\" d=\"{path}\"/>")?;
        let (_, last) = points.last().context("the table is empty")?;
        // The higher line has its name above its end.
        let is_higher = last[order][0] >= last[1 - order][0];
        let at = y(last[order][0]) + if is_higher { -4.0 } else { 14.0 };
        writeln!(svg, "<text class=\"{class}\" x=\"{:.1}\" y=\"{at:.1}\">{name}</text>", x(most) + 8.0)?;
    }
    Ok(svg + "</svg>\n")
}

/// The rows of the table.
fn points(table: &str) -> Result<Vec<Point>> {
    let rows = table.lines().filter(|line| line.contains('±') && line.starts_with('|'));
    let points = rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let pair = |nth: usize| -> Result<[f64; 2]> {
            let (mean, spread) = cells.get(nth).and_then(|cell| cell.split_once(" ± ")).context("a cell is missing")?;
            Ok([mean.parse()?, spread.parse()?])
        };
        let labels = cells.first().context("an empty row")?.parse()?;
        Ok((labels, [pair(1)?, pair(2)?]))
    });
    let points = points.collect::<Result<Vec<Point>>>()?;
    ensure!(points.len() > 1, "the table has fewer than two rows");
    Ok(points)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paths;

    #[test]
    fn the_picture_in_the_page_is_that_of_its_table() {
        let docs = paths::root().join("docs");
        let page = std::fs::read_to_string(docs.join("experiments.md")).unwrap();
        let section = page.split(super::super::few_labels::HEADING).nth(1).unwrap();
        let section = section.split("\n## ").next().unwrap();
        assert!(section.contains(&image(section).unwrap()), "{}", image(section).unwrap());
        let drawn = picture(section).unwrap();
        assert_eq!(drawn, std::fs::read_to_string(docs.join(FILE)).unwrap(), "{drawn}");
    }

    #[test]
    fn a_picture_has_both_lines_with_their_bars() {
        let table = "| labels | a | b | c |\n|---|---|---|---|\n| 20 | 40.0 ± 5.0 | 40.0 ± 5.0 | +0.0 ± 0.0 |\n\
                     | 40 | 60.0 ± 5.0 | 50.0 ± 5.0 | +10.0 ± 1.0 |\n";
        let drawn = picture(table).unwrap();
        assert_eq!([drawn.matches("<path").count(), drawn.matches("class=\"bar").count()], [2, 4]);
        // 30 to 70 %: 40 is a quarter of the way up, and 60 three quarters.
        assert!(drawn.contains("d=\"M283.0 224.5L518.0 85.5\""), "{drawn}");
        assert!(picture("| labels |\n").is_err() && image("").is_err());
    }
}
