//! From series of numbers to paths on a square of 100 by 100 units, y downwards.

/// How much of the smooth line comes from what was before.
const MEMORY: f64 = 0.9;
/// Points that a line is drawn with at most: more cannot be seen.
const MAX_POINTS: usize = 400;

/// What a chart shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Lines and dots, the lowest first.
    pub shapes: Vec<Shape>,
    /// The axes.
    pub frame: Frame,
    /// What stands at the two ends of the horizontal axis.
    pub ends: [String; 2],
    /// What it says, in words.
    pub summary: String,
}

/// A line or dots.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// What it stands for, as its class.
    pub class: String,
    /// The `d` of its path.
    pub path: String,
}

impl Shape {
    /// A line or dots of a class.
    pub fn new(class: impl Into<String>, path: String) -> Self {
        Self { class: class.into(), path }
    }
}

/// What the axes begin and end at.
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
    /// Axes that begin at 0.
    pub fn from_zero(x_max: f64, y_max: f64) -> Self {
        Self { x_min: 0.0, x_max, y_min: 0.0, y_max }
    }

    /// A point in the square; values beyond the frame are drawn on its edge.
    pub fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let unit = |value: f64, min: f64, max: f64| {
            ((value - min) / (max - min).max(f64::MIN_POSITIVE)).clamp(0.0, 1.0) * 100.0
        };
        (unit(x, self.x_min, self.x_max), 100.0 - unit(y, self.y_min, self.y_max))
    }

    /// The `d` of an SVG path through the points that are numbers.
    pub fn line(&self, points: &[(f64, f64)]) -> String {
        let mut path = String::new();
        for point in thin(points, MAX_POINTS).filter(|(_, y)| y.is_finite()) {
            let (x, y) = self.place(point);
            let command = if path.is_empty() { 'M' } else { 'L' };
            path.push_str(&format!("{command}{x:.2} {y:.2}"));
        }
        path
    }

    /// The `d` of dots: lines without length, which a round cap makes visible at any scale.
    pub fn dots(&self, points: &[(f64, f64)]) -> String {
        let place = |point: &(f64, f64)| {
            let (x, y) = self.place(*point);
            format!("M{x:.2} {y:.2}h0")
        };
        points.iter().filter(|(_, y)| y.is_finite()).map(place).collect()
    }
}

/// Every so many points, so that they are about `most`, and always the last.
pub fn thin(points: &[(f64, f64)], most: usize) -> impl Iterator<Item = (f64, f64)> + '_ {
    let stride = points.len().div_ceil(most).max(1);
    let last = points.last().filter(|_| !(points.len() - 1).is_multiple_of(stride));
    points.iter().step_by(stride).chain(last).copied()
}

/// Exponential moving average, corrected for its start (as in Adam); what is not a number is left out.
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

/// The least of 1, 2, 2.5, 4, 5 times a power of ten that is no smaller: an axis that ends there has round marks.
pub fn round_up(value: f64) -> f64 {
    if !value.is_finite() || value <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(value.log10().floor());
    // A hair of tolerance, or 5e-5 would not fit below 5 times 1e-5.
    let fits = |factor: &f64| factor * power >= value * (1.0 - 1e-9);
    [1.0, 2.0, 2.5, 4.0, 5.0].into_iter().find(fits).unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame = Frame { x_min: 0.0, x_max: 10.0, y_min: 0.0, y_max: 2.0 };

    #[test]
    fn a_line_leaves_out_what_is_not_a_number() {
        assert_eq!(FRAME.line(&[(0.0, 2.0), (5.0, f64::NAN), (10.0, 0.5)]), "M0.00 0.00L100.00 75.00");
        assert_eq!(FRAME.dots(&[(5.0, 9.0)]), "M50.00 0.00h0");
    }

    #[test]
    fn a_long_line_is_thinned_but_ends_where_it_ends() {
        let points: Vec<(f64, f64)> = (0..=1000).map(|x| (f64::from(x) / 100.0, 1.0)).collect();
        let path = FRAME.line(&points);
        assert!(path.matches('L').count() <= MAX_POINTS, "{path}");
        assert!(path.ends_with("L100.00 50.00"), "{path}");
    }

    #[test]
    fn the_smooth_line_starts_at_the_first_value_and_follows_slowly() {
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
