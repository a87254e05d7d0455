//! Rows next to their predictions: how many are wrong, and in which order, must agree with the scores.

use hone_core::recipe::{Metric, RecipeSpec, Task};
use hone_core::text::Labels;
use hone_core::train::{JudgedRow, Session, TrainingData, judged_rows};
use hone_tests::run;

use crate::data::{data, model_of, raw, session};

fn trained(task: Task) -> Session {
    let raw = RecipeSpec { epochs: Some(1), ..raw(task) };
    let mut session = session(model_of(task).0, raw, data(task, 48));
    run(&mut session);
    session
}

fn judged(session: &Session) -> Vec<JudgedRow> {
    let (evaluation, predictions) = session.best().unwrap();
    judged_rows(session.data(), evaluation, predictions, &|_| (0..20).map(|at| format!("word{at}")).collect())
}

fn is_wrong(row: &JudgedRow) -> bool {
    row.decisions.iter().any(|decision| decision.is_wrong)
}

/// The ratio of rows without a wrong decision.
fn right(rows: &[JudgedRow]) -> f64 {
    rows.iter().filter(|row| !is_wrong(row)).count() as f64 / rows.len() as f64
}

#[test]
fn wrong_rows_agree_with_the_scores_of_every_task() {
    let cases = [
        (Task::Classification, Metric::Accuracy),
        (Task::MultiLabel, Metric::Accuracy),
        (Task::QuestionAnswering, Metric::ExactMatch),
    ];
    for (task, metric) in cases {
        let session = trained(task);
        let (rows, score) = (judged(&session), session.best().unwrap().0.score(metric));
        assert_eq!(rows.len(), 40);
        assert!((right(&rows) - score).abs() < 1e-9, "{task:?}: {} for {score}", right(&rows));
    }
}

#[test]
fn words_are_named_with_both_tags() {
    let session = trained(Task::TokenClassification);
    let rows = judged(&session);
    let decisions: Vec<_> = rows.iter().flat_map(|row| &row.decisions).collect();
    let right = decisions.iter().filter(|decision| !decision.is_wrong).count() as f64 / decisions.len() as f64;
    assert!((right - session.best().unwrap().0.score(Metric::Accuracy)).abs() < 1e-9);
    let row = rows.iter().find(|row| is_wrong(row)).unwrap();
    let at = row.decisions.iter().position(|decision| decision.is_wrong).unwrap();
    let name = |tag: Option<u32>| session.data().labels[tag.unwrap() as usize].clone();
    assert!(row.given.starts_with(&format!("word{at} {}", name(row.decisions[at].actual))), "{row:?}");
    assert!(row.predicted.starts_with(&format!("word{at} {}", name(row.decisions[at].predicted))), "{row:?}");
}

#[test]
fn numbers_are_ordered_by_their_error() {
    let session = trained(Task::Regression);
    let rows = judged(&session);
    let mean = rows.iter().map(|row| row.decisions[0].severity).sum::<f64>() / rows.len() as f64;
    assert!((mean - session.best().unwrap().0.score(Metric::Mae)).abs() < 1e-5, "{mean}");
    assert!(rows[0].given == "1.5" && rows[0].measure.starts_with("error -"), "{:?}", rows[0]);
}

#[test]
fn completions_are_ordered_by_perplexity_and_show_what_was_generated() {
    let session = trained(Task::Generation);
    let (rows, samples) = (judged(&session), session.best().unwrap().0.clone());
    let nll = |row: &JudgedRow| row.decisions[0].severity.exp();
    assert_eq!(rows[1].given, "der hund");
    assert_eq!(rows[1].measure, format!("perplexity {:.1}", nll(&rows[1])));
    let generated = rows.iter().filter(|row| !row.predicted.is_empty()).count();
    let hone_core::metrics::Detail::Texts { samples } = samples.detail else { panic!("texts") };
    let expected = samples.iter().filter(|sample| !sample.generated.is_empty()).count();
    assert_eq!(generated, expected);
}

#[test]
fn rows_that_were_skipped_do_not_shift_the_others() {
    let mut data: TrainingData = data(Task::Generation, 48);
    let Labels::Continuations { references, .. } = &mut data.validation.labels else { panic!("completions") };
    references.iter_mut().for_each(|reference| reference.row += 3);
    let raw = RecipeSpec { epochs: Some(1), ..raw(Task::Generation) };
    let mut session = session(model_of(Task::Generation).0, raw, data);
    run(&mut session);
    assert_eq!(judged(&session).iter().map(|row| row.row).collect::<Vec<_>>(), (3..43).collect::<Vec<_>>());
}

#[test]
fn embeddings_have_no_wrong_rows() {
    assert!(judged(&trained(Task::Embeddings)).is_empty());
}
