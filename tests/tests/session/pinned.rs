//! The user's own texts, predicted during a run.

use hone_core::inference::{Answer, Query};
use hone_core::runner::PinnedTexts;

use super::*;

#[test]
fn pinned_texts_are_predicted_at_each_evaluation_and_leave_the_run_as_it_is() {
    let (mut alone, mut pinning) = (session(raw(), data(160)), session(raw(), data(160)));
    let tokenizer = word_tokenizer(&["four", "five", "six", "seven"], true);
    let text = |text: &str| Query::Text { text: text.into(), pair: None };
    let queries = [text("seven five"), text("seven six four four four")];
    let mut pinned = PinnedTexts::new(&queries, &pinning, &tokenizer).unwrap();
    let (steps, evaluations, _) = run(&mut alone);
    let (mut answers, mut losses, mut scores) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        if pinned.is_due(&pinning) {
            let step = pinning.state().step;
            answers.push((step, ready(pinned.predict(&pinning)).unwrap()));
            assert!(!pinned.is_due(&pinning), "once at a time");
        }
        match ready(pinning.advance()).unwrap() {
            Progress::Step(step) => losses.push(step.loss),
            Progress::Evaluated { evaluation, .. } => scores.push(evaluation),
            Progress::Finished(_) => break,
            _ => {}
        }
    }
    assert_eq!(losses, steps.iter().map(|step| step.loss).collect::<Vec<_>>());
    assert_eq!(scores, evaluations.into_iter().map(|(evaluation, _)| evaluation).collect::<Vec<_>>());
    for (a, b) in [(alone.model(), pinning.model()), (alone.base(), pinning.base())] {
        assert_eq!(all_weights(a), all_weights(b), "the same weights, bit for bit");
    }
    let at: Vec<u32> = answers.iter().map(|(step, _)| *step).collect();
    let expected: Vec<u32> = std::iter::once(0).chain(scores.iter().map(|evaluation| evaluation.step)).collect();
    assert_eq!(at, expected);
    let labels = |answers: &[Answer]| answers.iter().flat_map(Answer::labels).collect::<Vec<_>>();
    assert_eq!(labels(&answers.last().unwrap().1), [0, 1], "learned");
}

#[test]
fn a_text_for_another_task_is_refused() {
    let session = session(raw(), data(64));
    let question = Query::Question { question: "five".into(), context: "six".into() };
    let refused = PinnedTexts::new(&[question], &session, &word_tokenizer(&["five"], true)).unwrap_err();
    assert_eq!(refused.code, "inference.other-task");
}

fn all_weights(model: &TaskModel) -> Vec<f32> {
    let mut values = Vec::new();
    model.visit(&mut |weight| values.extend(weight.values().0.into_data().try_into_vec::<f32>().unwrap()));
    values
}
