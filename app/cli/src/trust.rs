//! Calibration, and the threshold below which a prediction is unsure.

use hone_core::diagnostic::Diagnostic;
use hone_core::metrics::{CalibrationError, Confidence, CoveragePoint};
use hone_core::recipe::Task;
use hone_core::train::Session;

use crate::arguments::TrainArguments;

/// Refuses a threshold for another task than classification.
pub fn check(arguments: &TrainArguments, task: Task) -> Result<(), Diagnostic> {
    let is_asked = arguments.unsure_below.is_some() || arguments.unsure_accuracy.is_some();
    if !is_asked || task == Task::Classification {
        return Ok(());
    }
    Err(Diagnostic::new("unsure.task", "Only a model with one label for each text can be unsure.")
        .done("The run was not started.")
        .remedy("Leave out --unsure-below and --unsure-accuracy."))
}

/// Sets the threshold that the arguments ask for.
pub fn set_threshold(session: &mut Session, arguments: &TrainArguments) {
    let confidence = session.best().and_then(|(best, _)| best.confidence.clone());
    let Some(confidence) = confidence else { return };
    let of_accuracy = |accuracy: f64| {
        let found = confidence.threshold_for(accuracy);
        if found.is_none() {
            eprintln!("warning: No threshold gives an accuracy of {accuracy} on the validation rows. None was set.");
        }
        found
    };
    let below = arguments.unsure_below.map(|below| below as f32);
    if let Some(threshold) = below.or_else(|| arguments.unsure_accuracy.and_then(of_accuracy)) {
        session.set_unsure_below(threshold);
    }
}

/// Calibration and threshold in words.
pub fn described(confidence: &Confidence) -> String {
    let temperature = confidence.temperature;
    let calibration = match confidence.calibration_error {
        Some(CalibrationError { before, after }) => format!(
            "Calibrated with temperature {temperature:.3}: expected calibration error {before:.4} before, {after:.4} after, \
            on the validation rows."
        ),
        None => "Not calibrated: that needs at least 50 validation rows, and 5 wrong predictions among them.".into(),
    };
    let mut words = vec![calibration];
    if confidence.unsure_below > 0.0 {
        let kept = confidence.at(confidence.unsure_below);
        let CoveragePoint { coverage, accuracy, .. } = kept.unwrap_or_default();
        words.push(format!(
            "Unsure below {:.4}: {:.1} % of the validation rows keep a label, with an accuracy of {accuracy:.4}.",
            confidence.unsure_below,
            100.0 * coverage
        ));
    }
    words.join("\n")
}
