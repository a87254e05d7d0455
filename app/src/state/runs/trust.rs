//! Calibration of the last run's model, and the threshold below which a prediction is unsure.

use hone_core::metrics::{CalibrationError, Confidence};
use hone_core::protocol::Command;

use crate::format;
use crate::plot::{Frame, Picture, Shape};
use crate::state::runs::run::Run;
use crate::state::{Effect, Phase, State};

impl Run {
    /// Calibration and threshold of the finished run's model; none for other tasks than classification.
    pub fn confidence(&self) -> Option<&Confidence> {
        self.summary()?.best.confidence.as_ref()
    }

    /// Accuracy of the predictions over the share of rows that keep one, as the threshold rises.
    pub fn coverage_picture(&self) -> Picture {
        let points = self.confidence().map(|confidence| confidence.coverage.as_slice()).unwrap_or_default();
        let line: Vec<(f64, f64)> = points.iter().rev().map(|point| (point.coverage, point.accuracy)).collect();
        let lowest = line.iter().map(|point| point.1).fold(1.0, f64::min);
        let frame = Frame { y_min: (lowest * 10.0).floor() / 10.0, ..Frame::from_zero(1.0, 1.0) };
        let chosen = self.confidence().filter(|it| it.unsure_below > 0.0).and_then(|it| it.at(it.unsure_below));
        let dots: Vec<(f64, f64)> = chosen.iter().map(|point| (point.coverage, point.accuracy)).collect();
        let shapes = vec![Shape::new("smooth", frame.line(&line)), Shape::new("best", frame.dots(&dots))];
        let ends = ["0 % of the rows".to_owned(), "all rows".to_owned()];
        let ticks = frame.even_ticks();
        Picture { shapes, series: Vec::new(), frame, ticks, ends, summary: self.unsure_words() }
    }

    /// Accuracy over confidence of the calibrated predictions, in bins.
    pub fn reliability_picture(&self) -> Picture {
        let bins = self.confidence().map(|confidence| confidence.bins.as_slice()).unwrap_or_default();
        let dots: Vec<(f64, f64)> =
            bins.iter().filter(|bin| bin.rows > 0).map(|bin| (bin.confidence, bin.accuracy)).collect();
        let frame = Frame::from_zero(1.0, 1.0);
        let shapes = vec![
            Shape::new("raw", frame.line(&[(0.0, 0.0), (1.0, 1.0)])),
            Shape::new("validation dots", frame.dots(&dots)),
        ];
        let (ends, ticks) = (["0".into(), "confidence 1".into()], frame.even_ticks());
        Picture { shapes, series: Vec::new(), frame, ticks, ends, summary: self.calibration_words() }
    }

    /// The calibration in words.
    pub fn calibration_words(&self) -> String {
        let Some(confidence) = self.confidence() else { return String::new() };
        let Some(CalibrationError { before, after }) = confidence.calibration_error else {
            return "The probabilities are not calibrated: that needs at least 50 validation rows, and 5 wrong predictions \
                    among them."
                .into();
        };
        let temperature = format::rate((confidence.temperature * 100.0).round() / 100.0);
        format!(
            "The probabilities are calibrated with temperature {temperature}: the expected calibration error, by which \
            confidence and accuracy differ on average, goes from {} to {}.",
            format::percent(before),
            format::percent(after)
        )
    }

    /// Rows that the threshold leaves, in words.
    pub fn unsure_words(&self) -> String {
        let Some(confidence) = self.confidence() else { return String::new() };
        if confidence.unsure_below <= 0.0 {
            return "Every text gets a label.".into();
        }
        match confidence.at(confidence.unsure_below) {
            Some(kept) => format!(
                "{} of the validation rows keep a label, and {} of those labels are right.",
                format::percent(kept.coverage),
                format::percent(kept.accuracy)
            ),
            None => "No validation row keeps a label.".into(),
        }
    }
}

impl State {
    /// Sets the probability below which a prediction is unsure, in percent as typed. What is no such number changes
    /// nothing.
    pub fn set_unsure_below(&mut self, typed: &str) -> Vec<Effect> {
        let percent = format::typed_number(typed).filter(|percent| (0.0..=100.0).contains(percent));
        percent.map_or_else(Vec::new, |percent| self.set_threshold((percent / 100.0) as f32))
    }

    /// Sets the lowest threshold whose predictions are right with this accuracy, in percent as typed. Without one, and for
    /// what is no such number, nothing changes.
    pub fn set_unsure_accuracy(&mut self, typed: &str) -> Vec<Effect> {
        let accuracy = format::typed_number(typed).map(|percent| percent / 100.0);
        let threshold = accuracy.and_then(|accuracy| self.run.confidence()?.threshold_for(accuracy));
        threshold.map_or_else(Vec::new, |threshold| self.set_threshold(threshold))
    }

    fn set_threshold(&mut self, below: f32) -> Vec<Effect> {
        let Phase::Finished(summary) = &mut self.run.phase else { return Vec::new() };
        let Some(confidence) = summary.best.confidence.as_mut().filter(|it| it.unsure_below != below) else {
            return Vec::new();
        };
        confidence.unsure_below = below;
        vec![self.send(Command::SetUnsure { below })]
    }
}
