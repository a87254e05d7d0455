//! The rules. Each returns its verdict, or none if it does not apply.
//!
//! Their bounds leave room for the noise of small batches and small validation sets: a healthy run passes all of them.

use crate::decimal;
use crate::metrics::{Detail, Evaluation};
use crate::recipe::{ClassWeights, Metric};
use crate::run::end_reason::EndReason;
use crate::run::verdict::curves::{gain, loss_blocks};
use crate::run::verdict::{Control, Finding, RunLog, Verdict};

/// Factor above the first training loss from which the last one counts as risen.
const RISEN: f64 = 1.15;
/// Part of the first training loss that it must have fallen to, and the part that it must then reach again, to be a jump.
const JUMP_FROM: f64 = 0.5;
const JUMP_TO: f64 = 0.9;
/// Part of the rows, in texts with different labels, from which they are worth a look.
const CONTRADICTORY_RATIO: f64 = 0.05;
/// Factor above the lowest validation loss, and distance from it, from which it counts as rising.
const OVERFIT: f64 = 1.1;
const OVERFIT_LOSS: f64 = 0.02;
/// Factor of the training loss from the step with the lowest validation loss to the end, at most, to count as falling.
const STILL_FALLING: f64 = 0.9;
/// Gain of the score that counts: a point, or two hundredths of an error.
const MIN_GAIN: f64 = 0.01;
const MIN_ERROR_GAIN: f64 = 0.02;
/// Rows by which a score must differ at least, since one more correct row may be chance.
const MIN_ROWS: f64 = 2.0;
/// Part of the run whose gain shows that the score was rising at the end.
const LAST_PART: f64 = 0.25;

/// The loss diverged, ended above its first value, or jumped back up after it had fallen.
pub(super) fn rate_too_high(run: &RunLog) -> Option<Verdict> {
    let verdict =
        |sentence| Some(Verdict { finding: Finding::RateTooHigh, sentence, control: Some(Control::LearningRate) });
    if run.reason == EndReason::NotFinite {
        return verdict(
            "The learning rate is too high: loss or gradients were not finite any more. Try a third of it, or a \
            longer warmup."
                .into(),
        );
    }
    let blocks = loss_blocks(run.steps);
    let (first, last) = (blocks.first()?.loss, blocks.last()?.loss);
    if last > RISEN * first {
        return verdict(format!(
            "The learning rate is probably too high: the training loss rose from {first:.3} to {last:.3}."
        ));
    }
    let mut lowest = first;
    for block in &blocks {
        if lowest <= JUMP_FROM * first && block.loss >= JUMP_TO * first {
            return verdict(format!(
                "The learning rate is probably too high: the training loss had fallen to {lowest:.3} and jumped to {:.3} \
                after step {}.",
                block.loss, block.step
            ));
        }
        lowest = lowest.min(block.loss);
    }
    None
}

/// Many texts occur with different labels.
pub(super) fn contradictions(run: &RunLog) -> Option<Verdict> {
    // Each of these texts occurs in two rows or more.
    let rows = 2.0 * f64::from(run.contradictions);
    if rows == 0.0 || rows < CONTRADICTORY_RATIO * f64::from(run.rows) {
        return None;
    }
    let sentence = format!(
        "{} texts occur more than once with different labels, so the labels contradict each other and limit what can be \
        learned.",
        run.contradictions
    );
    Some(Verdict { finding: Finding::Contradictions, sentence, control: Some(Control::RepeatedTexts) })
}

/// The same class is predicted for every row, although there are others.
pub(super) fn one_class(run: &RunLog) -> Option<Verdict> {
    let (classes, confusion) = run.best.classes()?;
    let is_predicted = |class: &usize| confusion.iter().any(|row| row.get(*class).is_some_and(|&rows| rows > 0));
    let mut predicted = (0..classes.len()).filter(is_predicted);
    let (only, None) = (predicted.next()?, predicted.next()) else { return None };
    if classes.iter().filter(|class| class.support > 0).count() < 2 {
        return None;
    }
    let label = &classes[only].label;
    let sentence =
        format!("The model predicts “{label}” for everything: it has not learned to tell the classes apart.");
    let total: u32 = classes.iter().map(|class| class.support).sum();
    let is_common = f64::from(classes[only].support) * classes.len() as f64 > 1.5 * f64::from(total);
    let control = match run.recipe.class_weights {
        ClassWeights::Equal if is_common => Control::ClassWeights,
        _ => Control::LearningRate,
    };
    Some(Verdict { finding: Finding::OneClass, sentence, control: Some(control) })
}

/// The score is not above that of a constant prediction, or is 0.
pub(super) fn nothing_learned(run: &RunLog) -> Option<Verdict> {
    let score = run.score(run.best);
    let sentence = match (score, run.baseline) {
        (Some(score), _) if score == 0.0 && !run.metric.is_lower_better() => {
            format!("The model has learned nothing yet: {} is 0.", run.metric.name())
        }
        (_, Some(baseline)) => {
            let decides = |metric: &Metric| baseline.scores.contains_key(metric);
            let metric = [run.metric, Metric::Accuracy, Metric::Rmse].into_iter().find(decides)?;
            let (constant, score) = (*baseline.scores.get(&metric)?, run.best.score(metric));
            if gain(metric, constant, score) > 0.0 {
                return None;
            }
            let of_baseline = match &baseline.prediction {
                Some(label) => format!("for always predicting “{label}”"),
                None => "before training".to_owned(),
            };
            format!(
                "The model has learned nothing that helps: {} is {}, and {} {of_baseline}.",
                metric.name(),
                shown(metric, score),
                shown(metric, constant),
            )
        }
        _ => return None,
    };
    let blocks = loss_blocks(run.steps);
    let is_falling = blocks
        .last()
        .zip(blocks.get(blocks.len() * 3 / 4))
        .is_some_and(|(last, earlier)| last.loss < STILL_FALLING * earlier.loss && run.reason.can_be_extended());
    let control = if is_falling { Control::TrainFurther } else { Control::LearningRate };
    Some(Verdict { finding: Finding::NothingLearned, sentence, control: Some(control) })
}

/// The validation loss has risen from its lowest value while the training loss fell, and the score gained nothing by it.
pub(super) fn memorizing(run: &RunLog) -> Option<Verdict> {
    let losses = || run.evaluations.iter().filter(|evaluation| evaluation.loss.is_finite());
    let lowest = losses().min_by(|a, b| a.loss.total_cmp(&b.loss))?;
    let last = losses().next_back()?;
    let later = || losses().filter(|evaluation| evaluation.step > lowest.step);
    if later().count() < 2 || last.loss < OVERFIT * lowest.loss || last.loss - lowest.loss < OVERFIT_LOSS {
        return None;
    }
    let score_gain = run.score(lowest).zip(run.best_of(later())).map(|(from, to)| gain(run.metric, from, to));
    if run.metric != Metric::Loss && score_gain.is_some_and(|gain| gain >= min_gain(run)) {
        return None;
    }
    let blocks = loss_blocks(run.steps);
    let before = blocks.iter().rfind(|block| block.step <= lowest.step)?.loss;
    let after = blocks.last()?.loss;
    if after > STILL_FALLING * before {
        return None;
    }
    let sentence = format!(
        "The model has been memorizing the training rows since step {} (overfitting): the training loss fell from \
        {before:.3} to {after:.3} while the validation loss rose from {:.3} to {:.3}.",
        lowest.step, lowest.loss, last.loss
    );
    let control = if run.recipe.early_stopping_patience == Some(0) { Control::EarlyStopping } else { Control::Dropout };
    Some(Verdict { finding: Finding::Memorizing { since: lowest.step }, sentence, control: Some(control) })
}

/// The last evaluation is the best, clearly better than those before the last part of the run.
pub(super) fn still_improving(run: &RunLog) -> Option<Verdict> {
    let last = run.evaluations.last()?;
    if !matches!(run.reason, EndReason::Completed | EndReason::Stopped) || last.step != run.best.step {
        return None;
    }
    let before = (1.0 - LAST_PART) * f64::from(last.step);
    let is_earlier = |(index, evaluation): &(usize, &Evaluation)| {
        (*index == 0 || f64::from(evaluation.step) <= before) && evaluation.step < last.step
    };
    let earlier = run.evaluations.iter().enumerate().filter(is_earlier).map(|(_, evaluation)| evaluation);
    let (from, to) = run.best_of(earlier).zip(run.score(last))?;
    if gain(run.metric, from, to) < min_gain(run) {
        return None;
    }
    let sentence = format!(
        "The model was still improving when the run ended: {} went from {} to {} in its last part.",
        run.metric.name(),
        shown(run.metric, from),
        shown(run.metric, to)
    );
    Some(Verdict { finding: Finding::StillImproving, sentence, control: Some(Control::TrainFurther) })
}

/// No rule applies.
pub(super) fn good(run: &RunLog) -> Verdict {
    let (name, score) = (run.metric.name(), shown(run.metric, run.best.score(run.metric)));
    let sentence = if run.evaluations.len() < 2 {
        format!("The {name} is {score}. One evaluation shows no trend: evaluate more often to see one.")
    } else if has_no_errors(run) {
        format!("The {name} is {score}: no validation row is wrong. Try texts of your own.")
    } else {
        format!("The run looks healthy: {name} reached {score} and has leveled off.")
    };
    Verdict { finding: Finding::Good, sentence, control: None }
}

fn has_no_errors(run: &RunLog) -> bool {
    !matches!(run.best.detail, Detail::Numbers { .. })
        && run.metric != Metric::Loss
        && run.best.score(run.metric) == 1.0
}

fn shown(metric: Metric, score: f64) -> String {
    match metric {
        Metric::Bleu | Metric::Chrf | Metric::Perplexity => format!("{score:.1}"),
        Metric::Rmse | Metric::Mae => decimal::score(score, 3),
        _ => format!("{score:.3}"),
    }
}

/// Gain of the deciding score that is not chance.
fn min_gain(run: &RunLog) -> f64 {
    if run.metric.is_lower_better() {
        return MIN_ERROR_GAIN;
    }
    MIN_GAIN.max(MIN_ROWS / f64::from(run.validation_rows.max(1)))
}
