use crate::metrics::{ClassScores, Detail, Evaluation};
use crate::recipe::{ClassWeights, Metric, RecipeSpec};
use crate::run::baseline::Baseline;
use crate::run::end_reason::EndReason;
use crate::run::step::StepMetrics;
use crate::run::verdict::{Control, Finding, RunLog, Verdict};

/// A run that is healthy unless it is changed: TREC with MiniLM for four epochs, recorded every half epoch.
struct Recorded {
    reason: EndReason,
    recipe: RecipeSpec,
    metric: Metric,
    losses: Vec<f64>,
    /// Validation loss and score of each evaluation, which are evenly spaced.
    evaluations: Vec<(f64, f64)>,
    detail: Detail,
    baseline: Option<f64>,
    rows: u32,
    contradictions: u32,
}

impl Default for Recorded {
    fn default() -> Self {
        Self {
            reason: EndReason::Completed,
            recipe: RecipeSpec::default(),
            metric: Metric::MacroF1,
            losses: falling(1.74, 0.05, 160),
            evaluations: vec![
                (0.93, 0.58),
                (0.52, 0.79),
                (0.38, 0.86),
                (0.33, 0.885),
                (0.31, 0.902),
                (0.30, 0.908),
                (0.305, 0.911),
                (0.306, 0.910),
            ],
            detail: Detail::None,
            baseline: Some(0.06),
            rows: 5452,
            contradictions: 3,
        }
    }
}

/// A loss that falls from `first` toward `last` with the noise of small batches.
fn falling(first: f64, last: f64, steps: u32) -> Vec<f64> {
    let noise = |step: u32| 1.0 + 0.25 * (f64::from(step * 7919 % 101) / 50.0 - 1.0);
    let decay = |step: u32| (-6.0 * f64::from(step) / f64::from(steps)).exp();
    (0..steps).map(|step| (last + (first - last) * decay(step)) * noise(step)).collect()
}

impl Recorded {
    fn verdict(&self) -> Option<Verdict> {
        let step = |(step, &loss): (u32, &f64)| StepMetrics {
            step,
            epoch: 0.0,
            loss,
            grad_norm: 1.0,
            lr: 1e-4,
            tokens: 100,
            taken: true,
        };
        let steps: Vec<StepMetrics> = (1..).zip(&self.losses).map(step).collect();
        let spacing = steps.len() as f64 / self.evaluations.len() as f64;
        let evaluation = |(i, &(loss, score)): (u32, &(f64, f64))| Evaluation {
            step: (f64::from(i) * spacing).round() as u32,
            loss,
            scores: [(self.metric, score)].into(),
            detail: self.detail.clone(),
            ..Evaluation::default()
        };
        let evaluations: Vec<Evaluation> = (1..).zip(&self.evaluations).map(evaluation).collect();
        let sign = if self.metric.is_lower_better() { -1.0 } else { 1.0 };
        let best = evaluations.iter().max_by(|a, b| {
            (sign * a.score(self.metric)).total_cmp(&(sign * b.score(self.metric))).then(b.step.cmp(&a.step))
        });
        let baseline = self
            .baseline
            .map(|score| Baseline { prediction: Some("ham".into()), scores: [(self.metric, score)].into() });
        let log = RunLog {
            reason: self.reason,
            recipe: &self.recipe,
            metric: self.metric,
            steps: &steps,
            evaluations: &evaluations,
            best: best?,
            baseline: baseline.as_ref(),
            validation_rows: 500,
            rows: self.rows,
            contradictions: self.contradictions,
        };
        log.verdict()
    }

    /// Checks finding, control, and words of the sentence.
    fn assert(&self, finding: Finding, control: Option<Control>, words: &str) {
        let verdict = self.verdict().unwrap();
        assert_eq!((verdict.finding, verdict.control), (finding, control), "{}", verdict.sentence);
        assert!(verdict.sentence.contains(words), "{}", verdict.sentence);
    }
}

/// Classes with their rows, all predicted as the first one.
fn always_first(rows: &[u32]) -> Detail {
    let class = |(i, &support): (usize, &u32)| ClassScores {
        label: ["ham", "spam", "other"][i].into(),
        precision: 0.0,
        recall: 0.0,
        f1: 0.0,
        support,
        intervals: [None; 3],
    };
    let row = |&support: &u32| (0..rows.len()).map(|class| if class == 0 { support } else { 0 }).collect();
    Detail::Classes { classes: rows.iter().enumerate().map(class).collect(), confusion: rows.iter().map(row).collect() }
}

#[test]
fn a_healthy_run_is_good() {
    Recorded::default().assert(Finding::Good, None, "macro-F1 reached 0.911 and has leveled off");
    // A classifier of two classes on short, noisy texts.
    let noisy = Recorded {
        losses: falling(0.70, 0.30, 60),
        evaluations: vec![(0.55, 0.74), (0.50, 0.78), (0.49, 0.785), (0.50, 0.780)],
        baseline: Some(0.33),
        ..Recorded::default()
    };
    noisy.assert(Finding::Good, None, "0.785");
    let regression = Recorded {
        metric: Metric::Rmse,
        evaluations: vec![(0.9, 0.62), (0.8, 0.55), (0.78, 0.541), (0.78, 0.540)],
        baseline: Some(1.2),
        ..Recorded::default()
    };
    regression.assert(Finding::Good, None, "RMSE reached 0.540");
    let generation = Recorded {
        metric: Metric::Loss,
        losses: falling(3.4, 2.6, 100),
        evaluations: vec![(2.9, 0.0), (2.80, 0.0), (2.77, 0.0), (2.76, 0.0)],
        baseline: None,
        ..Recorded::default()
    };
    generation.assert(Finding::Good, None, "validation loss reached 2.760");
}

#[test]
fn short_runs_show_no_trend() {
    let short = Recorded { losses: vec![0.7; 4], evaluations: vec![(0.6, 0.7)], ..Recorded::default() };
    short.assert(Finding::Good, None, "One evaluation shows no trend");
}

#[test]
fn a_perfect_score_is_said() {
    let perfect = Recorded { evaluations: vec![(0.1, 0.99), (0.05, 1.0), (0.04, 1.0)], ..Recorded::default() };
    perfect.assert(Finding::Good, None, "no validation row is wrong");
}

#[test]
fn a_score_that_rises_to_the_end_asks_for_more_epochs() {
    // 77 classes with 20 rows each after two epochs.
    let rising = Recorded {
        losses: falling(4.34, 1.2, 160),
        evaluations: vec![(3.9, 0.20), (2.9, 0.51), (2.2, 0.70), (1.9, 0.755)],
        ..Recorded::default()
    };
    rising.assert(Finding::StillImproving, Some(Control::TrainFurther), "macro-F1 went from 0.700 to 0.755");
    let stopped = Recorded { reason: EndReason::Stopped, ..rising };
    stopped.assert(Finding::StillImproving, Some(Control::TrainFurther), "still improving");
    let early = Recorded { reason: EndReason::EarlyStopped, ..stopped };
    early.assert(Finding::Good, None, "");
    let perplexity = Recorded {
        metric: Metric::Loss,
        evaluations: vec![(3.9, 0.0), (3.1, 0.0), (2.6, 0.0), (2.3, 0.0)],
        baseline: None,
        ..Recorded::default()
    };
    perplexity.assert(Finding::StillImproving, Some(Control::TrainFurther), "validation loss went from 2.600 to 2.300");
}

#[test]
fn a_validation_loss_that_rises_while_the_training_loss_falls_is_memorizing() {
    let evaluations = vec![(0.55, 0.74), (0.50, 0.78), (0.58, 0.781), (0.70, 0.775), (0.85, 0.77), (0.97, 0.772)];
    let mut run = Recorded { losses: falling(0.7, 0.01, 120), evaluations, ..Recorded::default() };
    let since = Finding::Memorizing { since: 40 };
    run.assert(since, Some(Control::Dropout), "since step 40 (overfitting)");
    run.recipe.early_stopping_patience = Some(0);
    run.assert(since, Some(Control::EarlyStopping), "validation loss rose from 0.500 to 0.970");
    // The loss rises because right answers get surer and wrong ones too, but the score gains.
    run.evaluations = vec![(0.55, 0.74), (0.50, 0.78), (0.55, 0.80), (0.60, 0.82), (0.62, 0.83), (0.63, 0.83)];
    run.assert(Finding::Good, None, "");
}

#[test]
fn a_model_that_predicts_one_class_gets_class_weights_or_another_rate() {
    let common = Recorded {
        losses: falling(0.5, 0.4, 60),
        evaluations: vec![(0.42, 0.46), (0.41, 0.46), (0.41, 0.46)],
        detail: always_first(&[430, 70]),
        baseline: Some(0.46),
        ..Recorded::default()
    };
    common.assert(Finding::OneClass, Some(Control::ClassWeights), "predicts “ham” for everything");
    let weighted = RecipeSpec { class_weights: ClassWeights::Balanced, ..RecipeSpec::default() };
    Recorded { recipe: weighted, ..common }.assert(Finding::OneClass, Some(Control::LearningRate), "ham");
    let even = Recorded { detail: always_first(&[170, 165, 165]), ..Recorded::default() };
    even.assert(Finding::OneClass, Some(Control::LearningRate), "tell the classes apart");
    let alone = Recorded { detail: always_first(&[500]), ..Recorded::default() };
    alone.assert(Finding::Good, None, "");
}

#[test]
fn a_rate_that_is_too_high_is_told_by_the_loss() {
    let not_finite = Recorded { reason: EndReason::NotFinite, ..Recorded::default() };
    not_finite.assert(Finding::RateTooHigh, Some(Control::LearningRate), "not finite");
    let rising: Vec<f64> = falling(0.7, 0.1, 100).into_iter().rev().collect();
    let rising = Recorded { losses: rising, ..Recorded::default() };
    rising.assert(Finding::RateTooHigh, Some(Control::LearningRate), "the training loss rose from");
    let mut losses = falling(0.7, 0.1, 100);
    losses[60..].fill(0.69);
    let collapsed = Recorded { losses, ..Recorded::default() };
    collapsed.assert(Finding::RateTooHigh, Some(Control::LearningRate), "jumped to 0.690 after step 61");
    // A single bad batch is no jump.
    let mut losses = falling(0.7, 0.1, 100);
    losses[60] = 1.5;
    Recorded { losses, ..Recorded::default() }.assert(Finding::Good, None, "");
}

#[test]
fn labels_that_contradict_each_other_lead_to_the_report() {
    let noisy = Recorded { rows: 1000, contradictions: 25, ..Recorded::default() };
    noisy.assert(Finding::Contradictions, Some(Control::RepeatedTexts), "25 texts occur more than once");
    Recorded { contradictions: 24, ..noisy }.assert(Finding::Good, None, "");
}

#[test]
fn a_score_no_better_than_a_constant_is_nothing_learned() {
    let flat = Recorded {
        losses: vec![0.69; 60],
        evaluations: vec![(0.69, 0.36), (0.69, 0.35), (0.69, 0.36)],
        baseline: Some(0.36),
        ..Recorded::default()
    };
    flat.assert(Finding::NothingLearned, Some(Control::LearningRate), "0.360 for always predicting “ham”");
    let slow = Recorded { losses: (0..100).map(|step| 4.3 - 0.02 * f64::from(step)).collect(), ..flat };
    slow.assert(Finding::NothingLearned, Some(Control::TrainFurther), "macro-F1 is 0.360");
    let no_entities = Recorded {
        metric: Metric::F1,
        losses: vec![0.3; 60],
        evaluations: vec![(0.3, 0.0), (0.3, 0.0)],
        baseline: None,
        ..Recorded::default()
    };
    no_entities.assert(Finding::NothingLearned, Some(Control::LearningRate), "F1 is 0");
}

#[test]
fn a_failed_device_says_nothing_about_the_recipe() {
    assert_eq!(Recorded { reason: EndReason::DeviceFailed, ..Recorded::default() }.verdict(), None);
}
