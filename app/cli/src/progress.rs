//! The progress of `hone labels`.

use indicatif::{ProgressBar, ProgressStyle};

/// Steps of the progress bar.
const STEPS: u64 = 1_000;

/// A progress bar.
pub fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new(STEPS);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {percent} % · {eta} left") {
        bar.set_style(style);
    }
    bar
}

/// Shows a fraction from 0 to 1.
pub fn report(bar: &ProgressBar, fraction: f64) {
    bar.set_position((fraction * STEPS as f64) as u64);
}
