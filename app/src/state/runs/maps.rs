//! Maps of the run's validation rows: what is drawn of them, and the row under the pointer.

use hone_core::decimal::fixed;
use hone_core::protocol::Command;
use hone_core::run::{MapFrame, MapPoint, RowMap, RunMaps};

use crate::format;
use crate::state::{Effect, SERIES, State, Topic};

/// The points of a label: letters, which tell labels apart without their color.
#[derive(Clone, Debug, PartialEq)]
pub struct Letters {
    /// CSS class of the label.
    pub class: String,
    /// The letter, once for each point.
    pub text: String,
    /// Places of the points from the left, separated by spaces.
    pub x: String,
    /// Places of the points from the top, separated by spaces.
    pub y: String,
}

impl State {
    /// Returns true if the run is over, so that there is something to map.
    pub fn has_maps(&self) -> bool {
        self.run.summary().is_some()
    }

    /// Asks for the maps.
    pub fn draw_maps(&mut self) -> Vec<Effect> {
        if self.run.has_weights { vec![self.request(Topic::Maps, Command::DrawMaps)] } else { Vec::new() }
    }

    /// Takes the maps.
    pub(in crate::state) fn on_maps(&mut self, maps: RunMaps) {
        self.run.maps = Some(maps);
    }
}

/// Letter and name of each kind of rows on a map.
pub fn legend(map: &RowMap) -> Vec<String> {
    (0..).zip(&map.legend).map(|(class, name)| format!("{} {}", letter(class), format::visible(name))).collect()
}

/// The points of a map, label by label.
pub fn letters(map: &RowMap, frame: &MapFrame) -> Vec<Letters> {
    let classes = map.points.iter().map(|point| point.class + 1).max().unwrap_or(0);
    let of_class = |class: u32| {
        let mut letters = Letters { class: class_of(class), text: String::new(), x: String::new(), y: String::new() };
        let places = map.points.iter().zip(frame.x.iter().zip(&frame.y));
        for (_, (x, y)) in places.filter(|(point, _)| point.class == class) {
            letters.text.push(letter(class));
            letters.x += &(place(*x) + " ");
            letters.y += &(place(*y) + " ");
        }
        letters
    };
    (0..classes).map(of_class).filter(|letters| !letters.text.is_empty()).collect()
}

/// Index of the point nearest to a place.
pub fn nearest(frame: &MapFrame, x: f64, y: f64) -> Option<usize> {
    let distance = |(at_x, at_y): (&f32, &f32)| (f64::from(*at_x) - x).powi(2) + (f64::from(*at_y) - y).powi(2);
    let places = frame.x.iter().zip(&frame.y).map(distance).enumerate();
    places.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(at, _)| at)
}

/// A row of a map in words.
pub fn words(point: &MapPoint) -> String {
    let row = &point.row;
    let texts = [Some(&row.text), row.pair.as_ref()].into_iter().flatten().map(|text| format::excerpt(text));
    let mut words = format!("“{}”, line {}", texts.collect::<Vec<_>>().join(" · "), row.line);
    for part in [&row.given, &row.measure] {
        if !part.is_empty() {
            words = format!("{words}, {}", format::visible(part));
        }
    }
    words
}

/// A coordinate in percent.
pub fn place(at: f32) -> String {
    fixed(f64::from(at), 1)
}

fn class_of(class: u32) -> String {
    format!("series-{}", class as usize % SERIES)
}

fn letter(class: u32) -> char {
    match class {
        class @ 0..26 => char::from(b'A' + class as u8),
        class @ 26..52 => char::from(b'a' + (class - 26) as u8),
        _ => '•',
    }
}

#[cfg(test)]
mod tests {
    use hone_core::run::WrongRow;

    use super::*;

    fn point(line: u32, class: u32, given: &str, measure: &str) -> MapPoint {
        let row = WrongRow {
            line,
            is_in_train_file: true,
            text: "Dull.".into(),
            pair: None,
            given: given.into(),
            predicted: String::new(),
            likely: None,
            measure: measure.into(),
            nearest: Vec::new(),
        };
        MapPoint { row, class }
    }

    #[test]
    fn each_label_has_a_letter_and_the_nearest_point_is_read() {
        let points = vec![point(2, 0, "fresh", "confidence 4 %"), point(3, 27, "rotten", ""), point(4, 0, "", "")];
        let frame = MapFrame { x: vec![0.0, 50.0, 100.0], y: vec![10.0, 20.0, 33.33], ..MapFrame::default() };
        let map = RowMap { points, ..RowMap::default() };
        let drawn = letters(&map, &frame);
        assert_eq!(drawn.iter().map(|it| it.text.as_str()).collect::<Vec<_>>(), ["AA", "b"]);
        assert_eq!((drawn[0].x.as_str(), drawn[0].y.as_str()), ("0.0 100.0 ", "10.0 33.3 "));
        assert_eq!(drawn[1].class, "series-3");
        assert_eq!(nearest(&frame, 60.0, 25.0), Some(1));
        assert_eq!(nearest(&MapFrame::default(), 60.0, 25.0), None);
        let described: Vec<String> = map.points.iter().map(words).collect();
        assert_eq!(described, ["“Dull.”, line 2, fresh, confidence 4 %", "“Dull.”, line 3, rotten", "“Dull.”, line 4"]);
    }
}
