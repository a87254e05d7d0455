//! Pinned texts: up to five of the user's own, predicted at each evaluation of a run. They stay in this tab.

use hone_core::dataset::Mapping;
use hone_core::inference::{Answer, Query};
use hone_core::metrics::argmax;

use crate::format;
use crate::plot::{Frame, Picture, Scale, Series, Shape};
use crate::state::runs::charts::step_ends;
use crate::state::{PinnedAnswers, QueryKind, Run, SERIES, State};

/// Maximum number of pinned texts; more lines could not be distinguished.
const MAX_PINS: usize = 5;

/// Characters of a text that name it in a legend or a sentence.
const NAME_CHARS: usize = 50;

/// The texts for the next run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pins {
    /// The texts.
    pub texts: Vec<String>,
    /// The text in the box.
    pub typed: String,
}

impl State {
    /// Returns true if the task takes a single text, so that texts can be pinned.
    pub fn takes_pins(&self) -> bool {
        let has_pairs = self.data.mapping.as_ref().is_some_and(Mapping::has_pairs);
        self.data.is_ready() && QueryKind::of(self.form.recipe.task, has_pairs) == QueryKind::Text
    }

    /// Returns true if the text in the box can be pinned.
    pub fn can_pin(&self) -> bool {
        let Pins { texts, typed } = &self.pins;
        let text = typed.trim();
        !self.is_engaged() && texts.len() < MAX_PINS && !text.is_empty() && texts.iter().all(|pinned| pinned != text)
    }

    /// Pins the text in the box for the next run.
    pub fn pin(&mut self) {
        if self.can_pin() {
            let typed = std::mem::take(&mut self.pins.typed);
            self.pins.texts.push(typed.trim().to_owned());
        }
    }

    /// Removes a pinned text.
    pub fn unpin(&mut self, text: &str) {
        self.pins.texts.retain(|pinned| pinned != text);
    }

    /// The pinned texts as queries, for a run that begins.
    pub(in crate::state) fn pinned_queries(&mut self) -> Vec<Query> {
        self.run.pinned = if self.takes_pins() { self.pins.texts.clone() } else { Vec::new() };
        self.run.pinned.iter().map(|text| Query::Text { text: text.clone(), pair: None }).collect()
    }
}

impl Run {
    /// Takes the answers at an evaluation. A run that was continued from an earlier step gives some of them again.
    pub(in crate::state) fn on_pinned(&mut self, step: u32, answers: Vec<Answer>) {
        self.pin_answers.retain(|earlier| earlier.step < step);
        self.pin_answers.push(PinnedAnswers { step, answers });
    }

    /// The answers for a text, in the order of the evaluations.
    fn answers_for(&self, nth: usize) -> impl Iterator<Item = (u32, &Answer)> {
        self.pin_answers.iter().filter_map(move |at| Some((at.step, at.answers.get(nth)?)))
    }

    /// For each text the probability of its last answer over the evaluations, or the predicted number; no line for
    /// entities.
    pub fn pins_picture(&self) -> Picture {
        let lines: Vec<Vec<(f64, f64)>> = (0..self.pinned.len()).map(|nth| self.line_of(nth)).collect();
        let values = lines.iter().flatten().map(|point| point.1);
        let is_number = self.answers_for(0).any(|(_, answer)| matches!(answer, Answer::Number { .. }));
        let total = f64::from(self.position().map_or(1, |(_, total)| total));
        let (frame, ticks) = if is_number {
            Frame::fitting(total, values, Scale::Linear)
        } else {
            let frame = Frame::from_zero(total, 1.0);
            (frame, frame.even_ticks())
        };
        let class = |nth: usize| format!("series-{}", nth % SERIES);
        let shapes = lines.iter().enumerate().flat_map(|(nth, line)| {
            [Shape::new(class(nth), frame.line(line)), Shape::new(format!("{} dots", class(nth)), frame.dots(line))]
        });
        let series = lines.iter().zip(self.pin_names()).map(|(line, (class, name))| Series::new(name, class, line));
        let (shapes, series) = (shapes.collect(), series.collect());
        Picture { shapes, series, frame, ticks, ends: step_ends(total), summary: self.pin_words().join(" ") }
    }

    /// Class and name of each text's line.
    pub fn pin_names(&self) -> Vec<(String, String)> {
        let name = |(nth, text): (usize, &String)| (format!("series-{}", nth % SERIES), quoted(text));
        self.pinned.iter().enumerate().map(name).collect()
    }

    /// Returns true if the answers are drawn as lines.
    pub fn draws_pins(&self) -> bool {
        let has_line = |answer: &Answer| !matches!(answer, Answer::Entities { .. });
        self.pin_answers.first().and_then(|at| at.answers.first()).is_some_and(has_line)
    }

    fn line_of(&self, nth: usize) -> Vec<(f64, f64)> {
        let last = self.answers_for(nth).last().map(|(_, answer)| most_probable(answer)).unwrap_or_default();
        let value = |answer: &Answer| match answer {
            Answer::Classes { probabilities, .. } | Answer::Labels { probabilities, .. } => {
                probabilities.get(last).copied()
            }
            Answer::Number { value } => *value,
            _ => None,
        };
        let point = |(step, answer): (u32, &Answer)| Some((f64::from(step), f64::from(value(answer)?)));
        self.answers_for(nth).filter_map(point).collect()
    }

    /// A sentence on each text: its answer now, and when it turned.
    pub fn pin_words(&self) -> Vec<String> {
        (0..self.pinned.len()).filter_map(|nth| self.words_of_pin(nth)).collect()
    }

    fn words_of_pin(&self, nth: usize) -> Option<String> {
        let text = &self.pinned[nth];
        let answers: Vec<(u32, String)> =
            self.answers_for(nth).map(|(step, answer)| (step, self.answer_words(text, answer))).collect();
        let (_, now) = answers.last()?;
        let turns: Vec<_> = answers.windows(2).filter(|pair| pair[0].1 != pair[1].1).collect();
        let answer = self.answers_for(nth).last().map(|(_, answer)| answer)?;
        let sure = match answer {
            Answer::Classes { probabilities, .. } => probabilities
                .get(most_probable(answer))
                .map_or_else(String::new, |share| format!(", now with {}", format::percent(f64::from(*share)))),
            _ => String::new(),
        };
        let text = quoted(text);
        if let Answer::Number { .. } = answer {
            return Some(format!("{text}: from {} to {now}.", answers[0].1));
        }
        let turned = match (turns.as_slice(), turns.last()) {
            ([], _) | (_, None) if answers.len() == 1 => format!("{now} at step {}", answers[0].0),
            ([], _) | (_, None) => format!("{now} from the first evaluation to the last"),
            (_, Some(last)) => {
                let times = match turns.len() as u32 {
                    1 => "turned".to_owned(),
                    times => format!("turned {times} times, last"),
                };
                format!("{times} from {} to {now} at step {}", last[0].1, format::count(f64::from(last[1].0)))
            }
        };
        Some(format!("{text}: {turned}{sure}."))
    }

    /// An answer in a few words.
    fn answer_words(&self, text: &str, answer: &Answer) -> String {
        let labels = self.plan.as_ref().map_or(&[][..], |plan| &plan.labels);
        let listed = |names: Vec<String>, none: &str| if names.is_empty() { none.to_owned() } else { names.join(", ") };
        match answer {
            Answer::Number { value } => value.map_or("–".into(), |value| format::figure(f64::from(value))),
            Answer::Entities { entities } => {
                let entity = |entity: &hone_core::inference::TextSpan| {
                    let words = text.get(entity.start as usize..entity.end as usize).unwrap_or_default();
                    format!("{} ({})", format::visible(words), format::visible(&entity.label))
                };
                listed(entities.iter().map(entity).collect(), "no entity")
            }
            answer => {
                let named = answer.labels().into_iter().filter_map(|label| labels.get(label));
                listed(named.map(|label| format!("“{}”", format::visible(label))).collect(), "no label")
            }
        }
    }
}

/// Index of the most probable class or label.
fn most_probable(answer: &Answer) -> usize {
    let (Answer::Classes { probabilities, .. } | Answer::Labels { probabilities, .. }) = answer else { return 0 };
    argmax(probabilities)
}

fn quoted(text: &str) -> String {
    let mut brief: String = text.chars().take(NAME_CHARS).collect();
    if brief.len() < text.len() {
        brief.push('…');
    }
    format!("“{}”", format::visible(&brief))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::runs::charts::tests::plan;

    fn classes(probabilities: &[f32]) -> Answer {
        Answer::Classes { probabilities: probabilities.to_vec(), unsure_below: 0.0 }
    }

    fn run(text: &str, answers: Vec<Answer>) -> Run {
        let plan = hone_core::run::RunPlan { labels: vec!["ham".into(), "spam".into()], ..plan() };
        let mut run = Run { pinned: vec![text.into()], plan: Some(plan), ..Run::default() };
        for (step, answer) in (0..).step_by(10).zip(answers) {
            run.on_pinned(step, vec![answer]);
        }
        run
    }

    #[test]
    fn the_moment_at_which_an_answer_turns_is_named() {
        let words_of = |shares: &[f32]| {
            let answers = shares.iter().map(|share| classes(&[1.0 - share, *share])).collect();
            run("Win a prize", answers).pin_words().remove(0).replace('\u{a0}', " ")
        };
        assert_eq!(words_of(&[0.6]), "“Win a prize”: “spam” at step 0, now with 60 %.");
        assert_eq!(
            words_of(&[0.6, 0.9]),
            "“Win a prize”: “spam” from the first evaluation to the last, now with 90 %."
        );
        assert_eq!(
            words_of(&[0.4, 0.7, 0.97]),
            "“Win a prize”: turned from “ham” to “spam” at step 10, now with 97 %."
        );
        assert_eq!(
            words_of(&[0.6, 0.3, 0.2, 0.8]),
            "“Win a prize”: turned 2 times, last from “ham” to “spam” at step 30, now with 80 %."
        );
    }

    #[test]
    fn the_line_is_the_probability_of_the_last_answer() {
        let run = run("Win", vec![classes(&[0.75, 0.25]), classes(&[0.5, 0.5]), classes(&[0.125, 0.875])]);
        assert_eq!(run.line_of(0), [(0.0, 0.25), (10.0, 0.5), (20.0, 0.875)]);
        assert!(run.draws_pins());
    }

    #[test]
    fn numbers_and_entities_are_told_as_they_are() {
        let numbers = [0.5, 2.0].map(|value| Answer::Number { value: Some(value) });
        assert_eq!(run("Fine", numbers.into()).pin_words(), ["“Fine”: from 0.500 to 2.000."]);
        let entity = hone_core::inference::TextSpan { start: 0, end: 3, label: "PER".into(), score: 0.9 };
        let answers = vec![Answer::Entities { entities: vec![] }, Answer::Entities { entities: vec![entity] }];
        let run = run("Ana left", answers);
        assert_eq!(run.pin_words(), ["“Ana left”: turned from no entity to Ana (PER) at step 10."]);
        assert!(!run.draws_pins());
    }

    #[test]
    fn an_answer_that_is_given_again_replaces_the_later_ones() {
        let mut run = run("Win", vec![classes(&[1.0, 0.0]), classes(&[1.0, 0.0]), classes(&[0.0, 1.0])]);
        run.on_pinned(10, vec![classes(&[0.25, 0.75])]);
        assert_eq!(run.pin_answers.iter().map(|at| at.step).collect::<Vec<_>>(), [0, 10]);
    }

    #[test]
    fn at_most_five_texts_are_pinned_and_each_once() {
        let mut state = State::default();
        for text in ["a", "b", " a ", "", "c", "d", "e", "f"] {
            state.pins.typed = text.into();
            state.pin();
        }
        assert_eq!(state.pins.texts, ["a", "b", "c", "d", "e"]);
        state.unpin("b");
        assert!(state.can_pin());
    }
}
