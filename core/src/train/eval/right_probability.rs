//! How probable a model finds what is right in each row, from which the training dynamics of a run are made.

use crate::text::{Labels, Question, Window};
use crate::train::eval::predict::Prediction;
use crate::train::eval::scores::windows_by_question;

/// Probability of what is right in each row: of its label, of the right tag of its least likely word, of the right decision
/// about its least likely label, of the right start and end of its answer, or the geometric mean over the tokens of its text.
/// A row of a question-answering task is a question. None for embeddings and numbers, which have no probability, and if a
/// prediction is not finite.
pub(in crate::train) fn right_probabilities(labels: &Labels, predictions: &[Prediction]) -> Option<Vec<f32>> {
    if !predictions.iter().all(Prediction::is_finite) {
        return None;
    }
    Some(match labels {
        Labels::Numbers(_) | Labels::Similarity(_) => return None,
        Labels::Spans { windows, questions } => {
            let by_question = windows_by_question(windows, questions, predictions);
            questions.iter().zip(by_question).map(|(question, windows)| of_question(question, &windows)).collect()
        }
        _ => (0..).zip(predictions).map(|(row, prediction)| of_row(labels, row, prediction)).collect(),
    })
}

fn of_row(labels: &Labels, row: usize, prediction: &Prediction) -> f32 {
    let least = |probabilities: &mut dyn Iterator<Item = f32>| probabilities.fold(1.0, f32::min);
    match (labels, prediction) {
        (Labels::Classes(_), Prediction::Classes(_)) | (Labels::Tags(_), Prediction::Tags(_)) => {
            let decisions = prediction.class_decisions(labels, row);
            least(&mut decisions.iter().map(|decision| decision.actual_probability))
        }
        (Labels::MultiLabel(flags), Prediction::Labels(_)) => {
            let right = flags[row].iter().zip(prediction.label_probabilities());
            least(&mut right.map(|(&has, probability)| if has { probability } else { 1.0 - probability }))
        }
        // The probability of the label, where it is 0 or 1.
        (Labels::Relevance(relevance), Prediction::Relevance(_)) => {
            1.0 - (prediction.number() - relevance.labels[row]).abs()
        }
        (Labels::Continuations { .. }, Prediction::Tokens { loss, tokens }) => {
            (-loss / f64::from((*tokens).max(1))).exp() as f32
        }
        _ => f32::NAN,
    }
}

/// Probability of the right span in the window where it is the most probable. Where there is no answer, every window has to
/// say so: that of the window that is the least sure of it.
fn of_question(question: &Question, windows: &[(&Window, &Prediction)]) -> f32 {
    let of_window = |(window, prediction): &(&Window, &Prediction)| match prediction {
        Prediction::Spans { start, end } => probability(start, window.answer.0) * probability(end, window.answer.1),
        _ => f64::NAN,
    };
    let has_answer = |(window, _): &&(&Window, &Prediction)| window.answer != (0, 0);
    let with_answer = windows.iter().filter(has_answer).map(of_window).reduce(f64::max);
    let found = if question.answers.is_empty() { None } else { with_answer };
    found.or_else(|| windows.iter().map(of_window).reduce(f64::min)).unwrap_or(f64::NAN) as f32
}

/// Softmax of `logits` at `position`.
fn probability(logits: &[f32], position: u32) -> f64 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|&logit| f64::from(logit - largest).exp()).sum();
    f64::from(logits[position as usize] - largest).exp() / sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Relevance;

    fn close(found: Option<Vec<f32>>, expected: &[f32]) {
        let found = found.unwrap();
        let is_close = found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(is_close, "{found:?} instead of {expected:?}");
    }

    fn logit(probability: f32) -> f32 {
        (probability / (1.0 - probability)).ln()
    }

    #[test]
    fn the_least_likely_word_or_label_decides_about_a_row() {
        let tags = Labels::Tags(vec![[(1, 0), (2, 1)].into(), Box::default()]);
        let words = [Prediction::Tags(vec![vec![0.9, 0.1], vec![0.75, 0.25]]), Prediction::Tags(Vec::new())];
        close(right_probabilities(&tags, &words), &[0.25, 1.0]);
        let labels = Labels::MultiLabel(vec![[true, false, false].into()]);
        close(right_probabilities(&labels, &[Prediction::Labels([0.75, 0.4, 0.1].map(logit).to_vec())]), &[0.6]);
    }

    #[test]
    fn a_passage_fits_as_well_as_it_is_said_to_and_a_text_has_the_mean_of_its_tokens() {
        let relevance = Labels::Relevance(Relevance { labels: vec![1.0, 0.0, 0.5], queries: vec![1, 1, 2] });
        close(
            right_probabilities(&relevance, &[0.75, 0.75, 0.75].map(logit).map(Prediction::Relevance)),
            &[0.75, 0.25, 0.75],
        );
        let texts = Labels::Continuations { target_ranges: Vec::new(), references: Vec::new() };
        let loss = -(0.5_f64.ln() + 0.125_f64.ln());
        close(right_probabilities(&texts, &[Prediction::Tokens { loss, tokens: 2 }]), &[0.25]);
    }

    #[test]
    fn a_question_has_the_probability_of_its_best_window_with_the_answer() {
        let window = |question, answer| Window { question, answer, first: 1, bytes: Box::default() };
        let question = |answers: &[&str]| Question {
            row: 0,
            context: String::new(),
            answers: answers.iter().map(|&answer| answer.to_owned()).collect(),
        };
        let windows =
            vec![window(0, (0, 0)), window(0, (1, 2)), window(0, (2, 2)), window(1, (0, 0)), window(1, (0, 0))];
        let labels = Labels::Spans { windows, questions: vec![question(&["a"]), question(&[])] };
        let logits = |probabilities: [f32; 3]| probabilities.map(f32::ln).to_vec();
        let spans = |start, end| Prediction::Spans { start: logits(start), end: logits(end) };
        let sure_of_none = spans([0.8, 0.1, 0.1], [0.5, 0.25, 0.25]);
        let predictions = [
            sure_of_none.clone(),
            spans([0.25, 0.5, 0.25], [0.25, 0.25, 0.5]),
            spans([0.2, 0.2, 0.6], [0.25, 0.25, 0.5]),
            sure_of_none,
            spans([0.5, 0.25, 0.25], [0.5, 0.25, 0.25]),
        ];
        close(right_probabilities(&labels, &predictions), &[0.3, 0.25]);
    }

    #[test]
    fn numbers_have_no_probability_and_broken_predictions_none_either() {
        assert_eq!(right_probabilities(&Labels::Numbers(vec![1.0]), &[Prediction::Number(1.0)]), None);
        let classes = Labels::Classes(vec![0]);
        assert_eq!(right_probabilities(&classes, &[Prediction::Classes(vec![f32::NAN, 0.5])]), None);
    }
}
