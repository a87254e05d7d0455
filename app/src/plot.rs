//! Converts series of numbers to SVG paths on a square of 100 by 100 units, with y pointing down.

use hone_core::decimal::fixed;

use crate::format;

/// Decay of the exponential moving average.
const MEMORY: f64 = 0.9;
/// Maximum number of points of a line; more would not be visible.
const MAX_POINTS: usize = 400;

/// The data of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Lines and dots, bottom layer first.
    pub shapes: Vec<Shape>,
    /// The lines whose values the cursor reads.
    pub series: Vec<Series>,
    /// The axes.
    pub frame: Frame,
    /// Values of the horizontal grid lines, from below.
    pub ticks: Vec<f64>,
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

/// Named values over an axis of optimizer steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// Class of its line.
    pub class: String,
    /// Step and value.
    pub points: Vec<(f64, f64)>,
    /// True if its name is written at the end of its line.
    pub is_labeled: bool,
}

impl Series {
    /// Values with a label at the end of their line; all finite ones of at most [`MAX_POINTS`].
    pub fn labeled(name: &str, class: &str, points: &[(f64, f64)]) -> Self {
        Self { is_labeled: true, ..Self::new(name.to_owned(), class.to_owned(), points) }
    }

    /// Values without a label.
    pub fn new(name: String, class: String, points: &[(f64, f64)]) -> Self {
        let points = thin(points, MAX_POINTS).filter(|(_, y)| y.is_finite()).collect();
        Self { name, class, points, is_labeled: false }
    }

    /// The point nearest to a step.
    fn nearest(&self, x: f64) -> Option<(f64, f64)> {
        self.points.iter().min_by(|a, b| (a.0 - x).abs().total_cmp(&(b.0 - x).abs())).copied()
    }
}

impl Picture {
    /// The steps at which an arrow key stops: those of the series with the fewest points, which are the evaluations if
    /// there are several.
    pub fn stops(&self) -> Vec<f64> {
        let several = self.series.iter().filter(|series| series.points.len() > 1);
        let fewest = several.min_by_key(|series| series.points.len());
        fewest.map(|series| series.points.iter().map(|point| point.0).collect()).unwrap_or_default()
    }

    /// The step of a point that is nearest to a place on the horizontal axis, from 0 at its left end to 1.
    pub fn step_at(&self, share: f64) -> Option<f64> {
        let x = self.frame.x_min + share * (self.frame.x_max - self.frame.x_min);
        let nearest = self.series.iter().filter_map(|series| series.nearest(x));
        nearest.min_by(|a, b| (a.0 - x).abs().total_cmp(&(b.0 - x).abs())).map(|point| point.0)
    }

    /// The points that the cursor marks at a step, with the indices of their series.
    pub fn at(&self, x: f64) -> Vec<(usize, (f64, f64))> {
        // Thinned lines have no point at every step.
        let reach = (self.frame.x_max - self.frame.x_min) / 100.0;
        let near = |series: &Series| series.nearest(x).filter(|point| (point.0 - x).abs() <= reach);
        self.series.iter().enumerate().filter_map(|(nth, series)| Some((nth, near(series)?))).collect()
    }

    /// The values at a step, in words.
    pub fn reading(&self, x: f64) -> String {
        let value = |(nth, (_, y)): &(usize, (f64, f64))| format!("{} {}", self.series[*nth].name, format::figure(*y));
        let values: Vec<String> = self.at(x).iter().map(value).collect();
        format!("Step {}: {}", format::count(x), values.join(", "))
    }
}

/// Scale of the vertical axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences are equally high.
    #[default]
    Linear,
    /// Equal ratios are equally high.
    Log,
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
    /// Scale of the vertical axis.
    pub scale: Scale,
}

impl Frame {
    /// Axes that start at 0.
    pub fn from_zero(x_max: f64, y_max: f64) -> Self {
        Self { x_min: 0.0, x_max, y_min: 0.0, y_max, scale: Scale::Linear }
    }

    /// Axes that fit the values, and the ticks of the vertical one, at whose ends there is a tick. Values that cannot be
    /// drawn are left out: those that are not finite, and on a logarithmic scale those that are not positive.
    pub fn fitting(x_max: f64, values: impl Iterator<Item = f64>, scale: Scale) -> (Self, Vec<f64>) {
        let is_drawn = |value: &f64| value.is_finite() && (scale == Scale::Linear || *value > 0.0);
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(is_drawn) {
            (low, high) = (low.min(value), high.max(value));
        }
        if low > high {
            (low, high) = if scale == Scale::Log { (0.1, 1.0) } else { (0.0, 1.0) };
        }
        let ticks = match scale {
            Scale::Linear => linear_ticks(low, high),
            Scale::Log => log_ticks(low, high),
        };
        let (y_min, y_max) = (ticks[0], ticks[ticks.len() - 1]);
        (Self { x_min: 0.0, x_max, y_min, y_max, scale }, ticks)
    }

    /// Five ticks at equal distances.
    pub fn even_ticks(&self) -> Vec<f64> {
        (0..=4).map(|tick| self.y_min + (self.y_max - self.y_min) * f64::from(tick) / 4.0).collect()
    }

    /// Maps a point to the square; values outside the frame are drawn on its edge.
    pub fn map(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let unit = |value: f64, min: f64, max: f64| {
            ((value - min) / (max - min).max(f64::MIN_POSITIVE)).clamp(0.0, 1.0) * 100.0
        };
        let height = match self.scale {
            Scale::Linear => unit(y, self.y_min, self.y_max),
            Scale::Log => unit(y.max(f64::MIN_POSITIVE).ln(), self.y_min.ln(), self.y_max.ln()),
        };
        (unit(x, self.x_min, self.x_max), 100.0 - height)
    }

    /// The `d` attribute of a path through the finite points.
    pub fn line(&self, points: &[(f64, f64)]) -> String {
        let mut path = String::new();
        for point in thin(points, MAX_POINTS).filter(|(_, y)| y.is_finite()) {
            let (x, y) = self.map(point);
            let command = if path.is_empty() { 'M' } else { 'L' };
            path.push_str(&format!("{command}{} {}", fixed(x, 2), fixed(y, 2)));
        }
        path
    }

    /// The `d` attribute of dots: lines of zero length, which a round cap makes visible at any scale.
    pub fn dots(&self, points: &[(f64, f64)]) -> String {
        let dot = |point: &(f64, f64)| {
            let (x, y) = self.map(*point);
            format!("M{} {}h0", fixed(x, 2), fixed(y, 2))
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

/// Three to six round numbers at equal distances, the first at most `low` and the last at least `high`.
fn linear_ticks(low: f64, high: f64) -> Vec<f64> {
    // A constant is drawn in the middle.
    let (low, high) =
        if high > low { (low, high) } else { (low - 0.05 * low.abs().max(1e-6), low + 0.05 * low.abs().max(1e-6)) };
    let step = round_up((high - low) / 4.0);
    // A small tolerance: 0.6 would otherwise not be a multiple of 0.2.
    let first = (low / step + 1e-9).floor();
    let last = (high / step - 1e-9).ceil();
    (0..=(last - first) as u32).map(|nth| (first + f64::from(nth)) * step).collect()
}

/// 1, 2 and 5 times powers of ten, or only the powers if there are several; the first at most `low`, the last at least
/// `high`.
fn log_ticks(low: f64, high: f64) -> Vec<f64> {
    let factors: &[f64] = if high / low > 100.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
    let decades = low.log10().floor() as i32..=high.log10().floor() as i32 + 1;
    let all: Vec<f64> =
        decades.flat_map(|decade| factors.iter().map(move |factor| factor * 10f64.powi(decade))).collect();
    let first = all.iter().rposition(|tick| *tick <= low * (1.0 + 1e-9)).unwrap_or(0);
    let last = all.iter().position(|tick| *tick >= high * (1.0 - 1e-9)).unwrap_or(all.len() - 1);
    // Two ticks at least, if all values are equal to one.
    let last = last.max(first + 1).min(all.len() - 1);
    all[first..=last].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame = Frame { x_min: 0.0, x_max: 10.0, y_min: 0.0, y_max: 2.0, scale: Scale::Linear };

    fn ticks(values: &[f64], scale: Scale) -> Vec<f64> {
        let rounded = |tick: f64| (tick * 1e6).round() / 1e6;
        Frame::fitting(10.0, values.iter().copied(), scale).1.into_iter().map(rounded).collect()
    }

    #[test]
    fn axes_fit_the_data_and_have_round_ticks() {
        assert_eq!(ticks(&[0.31, 1.79, f64::NAN], Scale::Linear), [0.0, 0.4, 0.8, 1.2, 1.6, 2.0]);
        assert_eq!(ticks(&[0.61, 0.69], Scale::Linear), [0.6, 0.62, 0.64, 0.66, 0.68, 0.7]);
        assert_eq!(ticks(&[0.6, 1.0], Scale::Linear), [0.6, 0.7, 0.8, 0.9, 1.0]);
        assert_eq!(ticks(&[0.003, 2.0], Scale::Log), [0.001, 0.01, 0.1, 1.0, 10.0]);
        assert_eq!(ticks(&[0.03, 0.9, 0.0], Scale::Log), [0.02, 0.05, 0.1, 0.2, 0.5, 1.0]);
        assert_eq!(ticks(&[1.0, 1.0], Scale::Log), [1.0, 2.0]);
        for scale in [Scale::Linear, Scale::Log] {
            assert!(ticks(&[], scale).len() > 1);
            let (frame, _) = Frame::fitting(10.0, [0.7].into_iter(), scale);
            assert!(frame.y_min < 0.7 && frame.y_max > 0.7, "a single value is inside the frame: {frame:?}");
        }
    }

    #[test]
    fn a_logarithmic_axis_draws_equal_ratios_equally_high() {
        let (frame, _) = Frame::fitting(10.0, [0.01, 100.0].into_iter(), Scale::Log);
        let heights = [0.01, 0.1, 1.0, 10.0, 100.0].map(|y| frame.map((0.0, y)).1.round());
        assert_eq!(heights, [100.0, 75.0, 50.0, 25.0, 0.0]);
        assert_eq!(frame.map((0.0, 0.0)).1, 100.0, "what cannot be drawn is at the bottom");
    }

    #[test]
    fn the_cursor_reads_the_lines_that_have_a_point_near_the_step() {
        let train: Vec<(f64, f64)> = (1..=100).map(|step| (f64::from(step), 1.0)).collect();
        let validation = [(50.0, 0.5), (100.0, 0.004)];
        let (frame, ticks) = Frame::fitting(100.0, [0.0, 1.0].into_iter(), Scale::Linear);
        let series = vec![
            Series::labeled("training", "smooth", &train),
            Series::labeled("validation", "validation", &validation),
        ];
        let picture =
            Picture { shapes: Vec::new(), series, frame, ticks, ends: Default::default(), summary: String::new() };
        assert_eq!(picture.stops(), [50.0, 100.0]);
        assert_eq!(picture.reading(50.0), "Step 50: training 1.000, validation 0.500");
        assert_eq!(picture.reading(100.0), "Step 100: training 1.000, validation 4e-3");
        assert_eq!(picture.reading(30.0), "Step 30: training 1.000");
        assert_eq!(picture.step_at(0.302), Some(30.0));
    }

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
