//! The threshold below which a prediction is unsure.

use hone_core::metrics::{Confidence, CoveragePoint};
use hone_core::protocol::Command;

use super::*;
use crate::state::Phase;

#[test]
fn a_threshold_is_chosen_by_probability_or_accuracy_and_sent_to_the_engine() {
    let mut state = trained();
    let Phase::Finished(summary) = &mut state.run.phase else { panic!("a finished run") };
    let point = |threshold, coverage, accuracy| CoveragePoint { threshold, coverage, accuracy };
    let coverage = vec![point(0.5, 1.0, 0.8), point(0.75, 0.5, 0.95)];
    summary.best.confidence = Some(Confidence { coverage, ..Confidence::of_settings(1.0, 0.0) });
    assert_eq!(state.run.unsure_words(), "Every text gets a label.");

    let effects = state.set_unsure_accuracy("90");
    assert!(matches!(effects[..], [Effect::Send(_, Command::SetUnsure { below: 0.75 })]), "{effects:?}");
    let words = state.run.unsure_words().replace('\u{a0}', " ");
    assert_eq!(words, "50 % of the validation rows keep a label, and 95 % of those labels are right.");
    assert_eq!(state.set_unsure_accuracy("99"), [], "no threshold reaches it");
    for typed in ["", "much", "101", "-1"] {
        assert_eq!(state.set_unsure_below(typed), [], "{typed}");
    }
    assert!(matches!(state.set_unsure_below("0")[..], [Effect::Send(_, Command::SetUnsure { below: 0.0 })]));
}
