//! Predictions as columns of a table.

use serde_json::{Value, json};

use crate::inference::answer::{Answer, TextSpan};
use crate::inference::query::Query;
use crate::recipe::Task;

/// Names of the columns that the predictions of a task add to a file with the columns `taken`. A name that is taken gets a
/// number.
pub fn prediction_columns(task: Task, labels: &[String], taken: &[String]) -> Vec<String> {
    let names: Vec<String> = match task {
        Task::Classification => ["prediction", "probability", "margin"].map(str::to_owned).into(),
        Task::MultiLabel => {
            let probabilities = labels.iter().map(|label| format!("probability of {label}"));
            std::iter::once("prediction".to_owned()).chain(probabilities).collect()
        }
        Task::Regression => vec!["prediction".into()],
        Task::Reranking => vec!["score".into()],
        Task::TokenClassification => vec!["entities".into()],
        Task::QuestionAnswering => ["answer", "probability"].map(str::to_owned).into(),
        Task::Generation => vec!["generated".into()],
        Task::Embeddings => vec!["embedding".into()],
    };
    let free = |name: String| {
        let numbered = (2..).map(|number| format!("{name} {number}"));
        std::iter::once(name.clone()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or(name)
    };
    names.into_iter().map(free).collect()
}

/// The cells of a prediction, one for each of [`prediction_columns`]: null where there is none.
///
/// - Classification: the most probable class, its probability, and the margin to the second. A prediction below the model's
///   threshold is unsure: the class is null, and the probability tells how unsure.
/// - Several labels: those that reach their thresholds, separated by `|`, and the probability of each.
/// - Embeddings: the vector, as a list of numbers.
/// - Tags: a list of `{"start", "end", "label", "score", "text"}`, in characters.
pub fn prediction_cells(answer: &Answer, query: &Query, labels: &[String]) -> Vec<Value> {
    match answer {
        Answer::Classes { probabilities, .. } => {
            let mut sorted = probabilities.clone();
            sorted.sort_by(|a, b| b.total_cmp(a));
            let probability = |nth: usize| sorted.get(nth).copied().unwrap_or(0.0);
            let class = answer.labels().first().and_then(|&class| labels.get(class));
            vec![json!(class), rounded(probability(0)), rounded(probability(0) - probability(1))]
        }
        Answer::Labels { probabilities, .. } => {
            let held: Vec<&str> =
                answer.labels().into_iter().filter_map(|label| labels.get(label)).map(String::as_str).collect();
            let probabilities = probabilities.iter().map(|&probability| rounded(probability));
            std::iter::once(json!(held.join("|"))).chain(probabilities).collect()
        }
        Answer::Number { value } => vec![value.map_or(Value::Null, rounded)],
        Answer::Entities { entities } => {
            let text = match query {
                Query::Text { text, .. } => text.as_str(),
                _ => "",
            };
            vec![entities.iter().map(|entity| span(text, entity)).collect()]
        }
        Answer::Spans { spans, no_answer, is_unanswerable } => match (spans.first(), query) {
            (Some(best), Query::Question { context, .. }) if !is_unanswerable => {
                vec![json!(part(context, best)), rounded(best.score)]
            }
            _ => vec![json!(""), rounded(*no_answer)],
        },
        Answer::Generated { text, .. } => vec![json!(text)],
        Answer::Vector { values } => vec![values.iter().copied().map(rounded).collect()],
        Answer::Nearest { .. } => vec![Value::Null],
    }
}

fn part<'a>(text: &'a str, span: &TextSpan) -> &'a str {
    text.get(span.start as usize..span.end as usize).unwrap_or_default()
}

fn span(text: &str, entity: &TextSpan) -> Value {
    let characters = |bytes: u32| text.get(..bytes as usize).map_or(0, |before| before.chars().count());
    json!({
        "start": characters(entity.start),
        "end": characters(entity.end),
        "label": entity.label,
        "score": rounded(entity.score),
        "text": part(text, entity),
    })
}

/// A number with six decimals: more would be rounding errors of 32 bits.
pub fn rounded(number: f32) -> Value {
    json!((f64::from(number) * 1e6).round() / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn text(text: &str) -> Query {
        Query::Text { text: text.into(), pair: None }
    }

    #[test]
    fn a_class_comes_with_its_probability_and_margin() {
        let answer = Answer::Classes { probabilities: vec![0.25, 0.6, 0.15], unsure_below: 0.0 };
        let cells = prediction_cells(&answer, &text("x"), &names(&["a", "b", "c"]));
        assert_eq!(cells, [json!("b"), json!(0.6), json!(0.35)]);
    }

    #[test]
    fn labels_are_those_that_reach_their_thresholds() {
        let answer = Answer::Labels { probabilities: vec![0.4, 0.6, 0.9], thresholds: vec![0.3, 0.7, 0.5] };
        let cells = prediction_cells(&answer, &text("x"), &names(&["a", "b", "c"]));
        assert_eq!(cells, [json!("a|c"), json!(0.4), json!(0.6), json!(0.9)]);
    }

    #[test]
    fn entities_are_counted_in_characters() {
        let entity = TextSpan { start: 3, end: 7, label: "PER".into(), score: 0.5 };
        let cells = prediction_cells(&Answer::Entities { entities: vec![entity] }, &text("é Anna"), &[]);
        assert_eq!(cells, [json!([{"start": 2, "end": 6, "label": "PER", "score": 0.5, "text": "Anna"}])]);
    }

    #[test]
    fn no_answer_is_an_empty_one() {
        let query = Query::Question { question: "Who?".into(), context: "Anna sings.".into() };
        let spans = vec![TextSpan { start: 0, end: 4, label: String::new(), score: 0.75 }];
        let answer = |is_unanswerable| Answer::Spans { spans: spans.clone(), no_answer: 0.125, is_unanswerable };
        assert_eq!(prediction_cells(&answer(false), &query, &[]), [json!("Anna"), json!(0.75)]);
        assert_eq!(prediction_cells(&answer(true), &query, &[]), [json!(""), json!(0.125)]);
    }

    #[test]
    fn each_task_has_as_many_columns_as_cells() {
        let labels = names(&["a", "b"]);
        let probabilities = vec![0.5, 0.5];
        let answers = [
            (Task::Classification, Answer::Classes { probabilities: probabilities.clone(), unsure_below: 0.0 }),
            (Task::MultiLabel, Answer::Labels { probabilities: probabilities.clone(), thresholds: probabilities }),
            (Task::Regression, Answer::Number { value: None }),
            (Task::TokenClassification, Answer::Entities { entities: Vec::new() }),
            (Task::QuestionAnswering, Answer::Spans { spans: Vec::new(), no_answer: 1.0, is_unanswerable: true }),
            (Task::Generation, Answer::Generated { text: "x".into(), is_over: true }),
            (Task::Embeddings, Answer::Vector { values: vec![0.6, 0.8] }),
        ];
        for (task, answer) in answers {
            let columns = prediction_columns(task, &labels, &[]);
            assert_eq!(columns.len(), prediction_cells(&answer, &text("x"), &labels).len(), "{task:?}");
        }
        let taken = names(&["text", "prediction", "prediction 2"]);
        assert_eq!(prediction_columns(Task::Regression, &labels, &taken), ["prediction 3"]);
    }
}
