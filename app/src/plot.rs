//! Converts series of numbers to SVG paths on a square of 100 by 100 units, with y pointing down.

/// Decay of the exponential moving average.
const MEMORY: f64 = 0.9;
/// Maximum number of points of a line; more would not be visible.
const MAX_POINTS: usize = 400;

/// The data of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Lines and dots, bottom layer first.
    pub shapes: Vec<Shape>,
    /// The axes.
    pub frame: Frame,
    /// Labels of the two ends of the horizontal axis.
    pub ends: [String; 2],
    /// A description for screen readers.
    pub summary: String,
}

/// A line or dots.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Its CSS class.
    pub class: String,
    /// The `d` attribute of its path.
    pub path: String,
}

impl Shape {
    /// A line or dots of a class.
    pub fn new(class: impl Into<String>, path: String) -> Self {
        Self { class: class.into(), path }
    }
}

/// The ranges of the axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Left end.
    pub x_min: f64,
    /// Right end.
    pub x_max: f64,
    /// Lower end.
    pub y_min: f64,
    /// Upper end.
    pub y_max: f64,
}

impl Frame {
    /// Axes that start at 0.
    pub fn from_zero(x_max: f64, y_max: f64) -> Self {
        Self { x_min: 0.0, x_max, y_min: 0.0, y_max }
    }

    /// Maps a point to the square; values outside the frame are drawn on its edge.
    pub fn map(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let unit = |value: f64, min: f64, max: f64| {
            ((value - min) / (max - min).max(f64::MIN_POSITIVE)).clamp(0.0, 1.0) * 100.0
        };
        (unit(x, self.x_min, self.x_max), 100.0 - unit(y, self.y_min, self.y_max))
    }

    /// The `d` attribute of a path through the finite points.
    pub fn line(&self, points: &[(f64, f64)]) -> String {
        let mut path = String::new();
        for point in thin(points, MAX_POINTS).filter(|(_, y)| y.is_finite()) {
            let (x, y) = self.map(point);
            let command = if path.is_empty() { 'M' } else { 'L' };
            path.push_str(&format!("{command}{x:.2} {y:.2}"));
        }
        path
    }

    /// The `d` attribute of dots: lines of zero length, which a round cap makes visible at any scale.
    pub fn dots(&self, points: &[(f64, f64)]) -> String {
        let dot = |point: &(f64, f64)| {
            let (x, y) = self.map(*point);
            format!("M{x:.2} {y:.2}h0")
        };
        points.iter().filter(|(_, y)| y.is_finite()).map(dot).collect()
    }
}

/// Takes every n-th point, so that about `most` remain, and always the last one.
pub fn thin(points: &[(f64, f64)], most: usize) -> impl Iterator<Item = (f64, f64)> + '_ {
    let stride = points.len().div_ceil(most).max(1);
    let last = points.last().filter(|_| !(points.len() - 1).is_multiple_of(stride));
    points.iter().step_by(stride).chain(last).copied()
}

/// Exponential moving average with bias correction, as in Adam. Points that are not finite are skipped.
pub fn smooth(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let (mut mean, mut weight) = (0.0, 0.0);
    let finite = points.iter().filter(|(_, y)| y.is_finite());
    finite
        .map(|&(x, y)| {
            mean = MEMORY * mean + (1.0 - MEMORY) * y;
            weight = MEMORY * weight + (1.0 - MEMORY);
            (x, mean / weight)
        })
        .collect()
}

/// Rounds up to 1, 2, 2.5, 4 or 5 times a power of ten, so that an axis ending there has round ticks.
pub fn round_up(value: f64) -> f64 {
    if !value.is_finite() || value <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(value.log10().floor());
    // A small tolerance: 5e-5 would otherwise not fit below 5 times 1e-5.
    let fits = |factor: &f64| factor * power >= value * (1.0 - 1e-9);
    [1.0, 2.0, 2.5, 4.0, 5.0].into_iter().find(fits).unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame = Frame { x_min: 0.0, x_max: 10.0, y_min: 0.0, y_max: 2.0 };

    #[test]
    fn lines_skip_points_that_are_not_finite() {
        assert_eq!(FRAME.line(&[(0.0, 2.0), (5.0, f64::NAN), (10.0, 0.5)]), "M0.00 0.00L100.00 75.00");
        assert_eq!(FRAME.dots(&[(5.0, 9.0)]), "M50.00 0.00h0");
    }

    #[test]
    fn long_lines_are_thinned_and_keep_their_last_point() {
        let points: Vec<(f64, f64)> = (0..=1000).map(|x| (f64::from(x) / 100.0, 1.0)).collect();
        let path = FRAME.line(&points);
        assert!(path.matches('L').count() <= MAX_POINTS, "{path}");
        assert!(path.ends_with("L100.00 50.00"), "{path}");
    }

    #[test]
    fn smoothing_starts_at_the_first_value_and_follows_slowly() {
        let smoothed = smooth(&[(1.0, 4.0), (2.0, f64::INFINITY), (3.0, 2.0)]);
        assert_eq!(smoothed[0], (1.0, 4.0));
        assert_eq!(smoothed.len(), 2);
        assert!(smoothed[1].1 > 2.5 && smoothed[1].1 < 3.5, "{smoothed:?}");
    }

    #[test]
    fn axes_end_at_round_numbers() {
        assert_eq!([0.0, 0.69, 1.0, 3.1, 6.0, 5e-5].map(round_up), [1.0, 1.0, 1.0, 4.0, 10.0, 5e-5]);
    }
}
