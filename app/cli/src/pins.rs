//! `hone train --pin`: texts of the user's own, predicted at each evaluation, to see when an answer turns.

use hone_core::dataset::Mapping;
use hone_core::decimal::{score, short};
use hone_core::diagnostic::Diagnostic;
use hone_core::inference::{Answer, Query, TextSpan};
use hone_core::pretrained::Pretrained;
use hone_core::recipe::Task;
use hone_core::runner::PinnedTexts;
use hone_core::train::Session;

/// The pinned texts of a run, with their answers so far.
pub struct Pins {
    texts: Vec<String>,
    labels: Vec<String>,
    /// None without texts.
    pinned: Option<PinnedTexts>,
    /// Answers by step.
    answers: Vec<(u32, Vec<Answer>)>,
}

impl Pins {
    /// Pins texts to a run.
    ///
    /// # Errors
    /// `train.no-pins` if rows of the run are not single texts with an answer, or an error of the tokenizer.
    pub fn new(
        texts: &[String],
        mapping: &Mapping,
        session: &Session,
        pretrained: &Pretrained,
    ) -> Result<Self, Diagnostic> {
        let (texts, labels) = (texts.to_vec(), session.data().labels.clone());
        let queries: Vec<Query> = texts.iter().map(|text| text_query(text)).collect();
        let is_single = !mapping.has_pairs()
            && matches!(
                session.recipe().task(),
                Task::Classification | Task::MultiLabel | Task::Regression | Task::TokenClassification
            );
        let pinned = match queries.is_empty() {
            true => None,
            false if is_single => Some(PinnedTexts::new(&queries, session, &pretrained.tokenizer)?),
            false => {
                return Err(Diagnostic::new("train.no-pins", "Rows of this run are not single texts with a label.")
                    .done("The run was not started.")
                    .remedy("Leave out `--pin`."));
            }
        };
        Ok(Self { texts, labels, pinned, answers: Vec::new() })
    }

    /// Predicts the texts if that is due, and returns the step and the answers.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn ask(&mut self, session: &Session) -> Result<Option<(u32, Vec<Answer>)>, Diagnostic> {
        let Some(pinned) = self.pinned.as_mut().filter(|pinned| pinned.is_due(session)) else { return Ok(None) };
        let found = (session.state().step, pinned.predict(session).await?);
        self.answers.push(found.clone());
        Ok(Some(found))
    }

    /// A sentence on each text: its first answer, the ones that it turned to, and the last one.
    pub fn sentences(&self) -> Vec<String> {
        self.texts.iter().enumerate().map(|(nth, text)| self.sentence(nth, text)).collect()
    }

    fn sentence(&self, nth: usize, text: &str) -> String {
        let answers: Vec<(u32, [String; 2])> = self
            .answers
            .iter()
            .filter_map(|(step, answers)| Some((*step, words(answers.get(nth)?, text, &self.labels))))
            .collect();
        let is_shown = |at: usize| at == 0 || at + 1 == answers.len() || answers[at].1[0] != answers[at - 1].1[0];
        let shown = (0..answers.len()).filter(|&at| is_shown(at)).map(|at| {
            let (step, [answer, sure]) = &answers[at];
            format!("{answer}{sure} at step {step}")
        });
        format!("“{text}”: {}.", shown.collect::<Vec<_>>().join(", "))
    }
}

fn text_query(text: &str) -> Query {
    Query::Text { text: text.to_owned(), pair: None }
}

/// An answer in a few words, and how sure it is. Numbers count as one answer.
fn words(answer: &Answer, text: &str, labels: &[String]) -> [String; 2] {
    let name = |label: usize| labels.get(label).map_or("–", String::as_str);
    let listed = |names: Vec<String>, none: &str| if names.is_empty() { none.to_owned() } else { names.join(" + ") };
    match answer {
        Answer::Number { value } => [String::new(), value.map_or("–".to_owned(), |value| short(value.into()))],
        Answer::Entities { entities } => {
            let entity = |TextSpan { start, end, label, .. }: &TextSpan| {
                format!("{} ({label})", text.get(*start as usize..*end as usize).unwrap_or_default())
            };
            [listed(entities.iter().map(entity).collect(), "no entity"), String::new()]
        }
        Answer::Classes { probabilities, .. } => {
            let label = answer.labels().first().copied().unwrap_or_default();
            let probability = probabilities.get(label).copied().unwrap_or_default();
            [name(label).to_owned(), format!(" ({})", score(probability.into(), 2))]
        }
        _ => [
            listed(answer.labels().into_iter().map(|label| name(label).to_owned()).collect(), "no label"),
            String::new(),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words_of(labels: &[&str], answers: Vec<Answer>) -> String {
        let pins = Pins {
            texts: vec!["Win a prize".into()],
            labels: labels.iter().map(|&label| label.to_owned()).collect(),
            pinned: None,
            answers: (0..).step_by(10).zip(answers.into_iter().map(|answer| vec![answer])).collect(),
        };
        pins.sentences().remove(0)
    }

    #[test]
    fn the_answers_that_a_text_turns_to_are_told_with_their_steps() {
        let classes = |spam: f32| Answer::Classes { probabilities: vec![1.0 - spam, spam], unsure_below: 0.0 };
        assert_eq!(
            words_of(&["ham", "spam"], [0.25, 0.4, 0.75, 0.8, 0.9].map(classes).into()),
            "“Win a prize”: ham (0.75) at step 0, spam (0.75) at step 20, spam (0.90) at step 40."
        );
        let labels =
            |probability: f32| Answer::Labels { probabilities: vec![probability; 2], thresholds: vec![0.5, 0.9] };
        assert_eq!(
            words_of(&["a", "b"], [0.25, 0.75, 0.95].map(labels).into()),
            "“Win a prize”: no label at step 0, a at step 10, a + b at step 20."
        );
    }

    #[test]
    fn of_numbers_the_first_and_the_last_are_told() {
        let numbers = [0.5, 1.5, 2.0].map(|value| Answer::Number { value: Some(value) });
        assert_eq!(words_of(&[], numbers.into()), "“Win a prize”: 0.5 at step 0, 2 at step 20.");
        let entity = TextSpan { start: 0, end: 3, label: "PER".into(), score: 0.9 };
        let entities = vec![Answer::Entities { entities: vec![] }, Answer::Entities { entities: vec![entity] }];
        assert_eq!(words_of(&[], entities), "“Win a prize”: no entity at step 0, Win (PER) at step 10.");
    }
}
