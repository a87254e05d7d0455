//! A lesson: a question, a prediction, two or three short runs, and an explanation with their numbers. docs/lessons.md
//! describes the file.

use hone_core::diagnostic::Diagnostic;
use hone_core::recipe::{Recipe, RecipeSpec};
use serde::Deserialize;

use crate::format;
use crate::state::recipe::form::any_model;
use crate::state::runs::study::Outcome;
use crate::state::{Effect, Fold, Form, Job, State, Study, StudyStage};

/// Most runs of a lesson.
const MAX_RUNS: usize = 3;

/// The file of a lesson.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// Its title.
    pub title: String,
    /// Its subject, in a few sentences.
    pub about: String,
    /// Path of its data on the page: `samples/film-reviews.csv`.
    pub data: String,
    /// Seconds that its runs take on a CPU with two cores.
    pub seconds: f64,
    /// Parts of the page that are open: names as in the address, `train` or `curves`.
    pub show: Vec<String>,
    /// The runs, in order.
    pub runs: Vec<LessonRun>,
    /// The figure of a run that the question asks for: the run with the greatest is the answer.
    pub measure: Measure,
    /// Least difference between the greatest and the least figure that counts as one.
    pub margin: f64,
    /// The question.
    pub question: String,
    /// The predictions to choose from.
    pub choices: Vec<LessonChoice>,
    /// Lesson of the runs. `{0.score}` is the score of the first run, and so on for each figure.
    pub explanation: String,
    /// Where it comes from.
    pub source: Source,
}

/// A run of a lesson.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LessonRun {
    /// Its name.
    pub name: String,
    /// Fields that differ from the default recipe.
    pub recipe: RecipeSpec,
}

/// A prediction to choose.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LessonChoice {
    /// Its words.
    pub text: String,
    /// Index of the run with the greatest figure; absent for "no difference".
    pub run: Option<usize>,
}

/// A paper or a page.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Its authors, year and title.
    pub title: String,
    /// Its address.
    pub url: String,
}

/// A figure of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Main score of the weights that were kept.
    Score,
    /// Step of those weights.
    BestStep,
    /// Steps that were taken.
    Steps,
    /// Loss on the training rows at the end.
    TrainingLoss,
    /// Loss on the validation rows at the end.
    ValidationLoss,
    /// Validation loss minus training loss at the end.
    Gap,
    /// Similarity of general sentences to those of the base model; 1 if nothing is forgotten.
    Similarity,
}

impl Measure {
    const ALL: [(&'static str, Self); 7] = [
        ("score", Self::Score),
        ("best_step", Self::BestStep),
        ("steps", Self::Steps),
        ("training_loss", Self::TrainingLoss),
        ("validation_loss", Self::ValidationLoss),
        ("gap", Self::Gap),
        ("similarity", Self::Similarity),
    ];

    fn of(self, outcome: &Outcome) -> f64 {
        match self {
            Self::Score => outcome.score,
            Self::BestStep => f64::from(outcome.best_step),
            Self::Steps => f64::from(outcome.steps),
            Self::TrainingLoss => outcome.training_loss,
            Self::ValidationLoss => outcome.validation_loss,
            Self::Gap => outcome.validation_loss - outcome.training_loss,
            Self::Similarity => outcome.similarity,
        }
    }

    fn words(self, outcome: &Outcome) -> String {
        let value = self.of(outcome);
        match self {
            Self::BestStep | Self::Steps => format::count(value),
            Self::Similarity => format::percent(value),
            _ => format::figure(value),
        }
    }
}

impl Lesson {
    /// Checks what the form of the file alone does not.
    ///
    /// # Errors
    /// The first thing that is wrong, in words.
    pub fn check(&self) -> Result<(), String> {
        if !(2..=MAX_RUNS).contains(&self.runs.len()) {
            return Err(format!("it has {} runs, and needs two or {MAX_RUNS}", self.runs.len()));
        }
        if self.choices.len() < 2 {
            return Err("it needs two choices at least".into());
        }
        if self.choices.iter().any(|choice| choice.run.is_some_and(|run| run >= self.runs.len())) {
            return Err("a choice names a run that it does not have; they are counted from 0".into());
        }
        if let Some(unknown) = self.show.iter().find(|name| Fold::of_id(name).is_none()) {
            return Err(format!("the page has no part “{unknown}” to show"));
        }
        for LessonRun { name, recipe } in &self.runs {
            Recipe::new(recipe.clone(), &any_model(recipe.task))
                .map_err(|error| format!("the recipe of “{name}”: {error}"))?;
        }
        let filled = self.filled(&[Outcome::default(); MAX_RUNS][..self.runs.len()]);
        match filled.split_once('{') {
            Some((_, rest)) => {
                let name = rest.split('}').next().unwrap_or_default();
                Err(format!("the explanation asks for “{name}”, which is no figure of a run"))
            }
            None => Ok(()),
        }
    }

    /// The explanation with the figures of the runs.
    fn filled(&self, outcomes: &[Outcome]) -> String {
        let mut text = self.explanation.clone();
        for (nth, outcome) in outcomes.iter().enumerate() {
            for (name, measure) in Measure::ALL {
                text = text.replace(&format!("{{{nth}.{name}}}"), &measure.words(outcome));
            }
        }
        text
    }

    /// The run with the greatest figure; none if they differ by less than the margin.
    fn answer(&self, outcomes: &[Outcome]) -> Option<usize> {
        let value = |nth: &usize| self.measure.of(&outcomes[*nth]);
        let by_value = |a: &usize, b: &usize| value(a).total_cmp(&value(b));
        let greatest = (0..outcomes.len()).max_by(by_value)?;
        let least = (0..outcomes.len()).min_by(by_value)?;
        (value(&greatest) - value(&least) >= self.margin).then_some(greatest)
    }
}

/// The lesson that is open.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum LessonState {
    /// There is none.
    #[default]
    Closed,
    /// Why it cannot be opened.
    Failed(Diagnostic),
    /// It is open.
    Open {
        /// The lesson.
        lesson: Box<Lesson>,
        /// Index of the choice that the user predicts.
        choice: Option<usize>,
    },
}

impl State {
    /// Opens a lesson: its first recipe is in the form, and what it does not need is folded. The page then opens its data.
    pub fn open_lesson(&mut self, id: &str, read: Result<Lesson, String>) {
        let checked = read.and_then(|lesson| lesson.check().map(|()| lesson));
        let lesson = match checked {
            Ok(_) if self.is_engaged() => {
                let what = "A lesson cannot be opened while a run is going on.";
                let diagnostic = Diagnostic::new("lesson.busy", what).remedy("Wait for its end, or stop it.");
                self.lesson = LessonState::Failed(diagnostic);
                return;
            }
            Ok(lesson) => lesson,
            Err(reason) => {
                let what =
                    format!("The lesson “{}” cannot be opened: {}.", format::visible(id), format::visible(&reason));
                let diagnostic = Diagnostic::new("lesson.broken", what).done("Nothing was changed.");
                let remedy =
                    "If you write it yourself, docs/lessons.md describes its form. Otherwise choose another one.";
                self.lesson = LessonState::Failed(diagnostic.remedy(remedy));
                return;
            }
        };
        let own = self.recipe();
        let recipe = RecipeSpec { task: own.task, model: own.model, ..lesson.runs[0].recipe.clone() };
        self.form = Form::new(recipe);
        self.study = None;
        self.lesson = LessonState::Open { lesson: Box::new(lesson), choice: None };
    }

    /// Opens the parts of the page that the lesson needs, and folds the others. Its data have been chosen.
    pub fn fold_for_lesson(&mut self) {
        if let LessonState::Open { lesson, .. } = &self.lesson {
            self.folds.show_only(|fold| lesson.show.iter().any(|name| name == fold.id()));
        }
    }

    /// The lesson that is open.
    pub fn lesson(&self) -> Option<&Lesson> {
        match &self.lesson {
            LessonState::Open { lesson, .. } => Some(lesson),
            _ => None,
        }
    }

    /// Notes the user's prediction.
    pub fn predict_lesson(&mut self, index: usize) {
        if let LessonState::Open { choice, .. } = &mut self.lesson {
            *choice = Some(index);
        }
    }

    /// Returns true if the runs of the lesson can be started: the user has made a prediction, and everything is there.
    pub fn can_run_lesson(&self) -> bool {
        let has_choice = matches!(&self.lesson, LessonState::Open { choice: Some(_), .. });
        has_choice && self.blocker().is_none() && !self.is_engaged()
    }

    /// The event that the lesson waits for, in words.
    pub fn lesson_status(&self) -> String {
        let LessonState::Open { lesson, choice } = &self.lesson else { return String::new() };
        let is_over = self.study.as_ref().is_some_and(|study| study.stage == StudyStage::Ended);
        match (self.blocker(), choice) {
            _ if self.run.is_active() => match self.queue.position() {
                Some((number, total)) => format!("Run {number} of {total} is going on."),
                None => "The last run is going on.".into(),
            },
            _ if is_over => String::new(),
            (Some(blocker), _) => blocker,
            (None, None) => "First choose what you expect.".into(),
            (None, Some(_)) => {
                let runs = format::counted(lesson.runs.len() as u32, "run", "runs");
                format!("{runs}, about {} on a CPU with two cores.", format::about(lesson.seconds))
            }
        }
    }

    /// Starts the runs of the lesson.
    pub fn run_lesson(&mut self) -> Vec<Effect> {
        let Some(lesson) = self.lesson().filter(|_| self.can_run_lesson()) else { return Vec::new() };
        let own = self.recipe();
        let job = |run: &LessonRun| Job {
            name: run.name.clone(),
            recipe: RecipeSpec { task: own.task, model: own.model.clone(), ..run.recipe.clone() },
        };
        self.study = Some(Study::new(lesson.title.clone(), lesson.runs.iter().map(job).collect()));
        self.run_study()
    }

    /// Outcome of the user's prediction; empty until all runs have ended.
    pub fn lesson_verdict(&self) -> String {
        let LessonState::Open { lesson, choice: Some(choice) } = &self.lesson else { return String::new() };
        let Some(outcomes) = self.lesson_outcomes() else { return String::new() };
        let answer = lesson.answer(&outcomes);
        let text =
            |index: Option<usize>| index.and_then(|index| lesson.choices.get(index)).map_or("", |it| it.text.as_str());
        let right = lesson.choices.iter().position(|choice| choice.run == answer);
        match right {
            Some(right) if right == *choice => format!("As you predicted: {}", text(Some(right))),
            Some(right) => {
                format!("You predicted: {} It came out otherwise: {}", text(Some(*choice)), text(Some(right)))
            }
            None => format!("You predicted: {} The runs differ by too little to say.", text(Some(*choice))),
        }
    }

    /// The explanation of the lesson, with the figures of its runs; empty until all have ended.
    pub fn lesson_explanation(&self) -> String {
        match (self.lesson(), self.lesson_outcomes()) {
            (Some(lesson), Some(outcomes)) => lesson.filled(&outcomes),
            _ => String::new(),
        }
    }

    fn lesson_outcomes(&self) -> Option<Vec<Outcome>> {
        let study = self.study.as_ref().filter(|study| study.stage == StudyStage::Ended)?;
        let outcomes: Vec<Outcome> = self.study_runs().into_iter().map(Outcome::of).collect();
        (outcomes.len() == study.jobs.len()).then_some(outcomes)
    }

    /// Closes the lesson. Its data and runs stay.
    pub fn close_lesson(&mut self) {
        (self.lesson, self.study) = (LessonState::Closed, None);
        self.folds.open_by_themselves();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOLDER: &str = "../public/lessons";

    fn shipped(id: &str) -> String {
        std::fs::read_to_string(format!("{FOLDER}/{id}.json")).unwrap()
    }

    fn read(text: &str) -> Result<Lesson, String> {
        let lesson: Lesson = serde_json::from_str(text).map_err(|error| error.to_string())?;
        lesson.check().map(|()| lesson)
    }

    /// A shipped lesson with one part of its file replaced.
    fn broken(from: &str, to: &str) -> String {
        let text = shipped("learning-rate");
        assert!(text.contains(from), "{from}");
        read(&text.replacen(from, to, 1)).unwrap_err()
    }

    fn outcome(score: f64) -> Outcome {
        Outcome { score, ..Outcome::default() }
    }

    #[test]
    fn every_shipped_lesson_is_listed_and_can_be_opened() {
        let index: Vec<serde_json::Value> = serde_json::from_str(&shipped("index")).unwrap();
        let mut listed: Vec<String> = index.iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect();
        listed.sort();
        let files = std::fs::read_dir(FOLDER).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut files: Vec<String> =
            files.filter_map(|name| name.strip_suffix(".json").map(str::to_owned)).filter(|id| id != "index").collect();
        files.sort();
        assert_eq!(listed, files);
        for id in files {
            let lesson = read(&shipped(&id)).unwrap_or_else(|error| panic!("{id}: {error}"));
            assert!(lesson.seconds <= 60.0, "{id} takes too long");
            let entry = index.iter().find(|it| it["id"] == *id).unwrap();
            assert_eq!(entry["title"], *lesson.title, "{id}");
            assert!(lesson.source.url.starts_with("https://"), "{id}");
            // Each run is a possible answer, or the margin is what the lesson is about.
            assert!(lesson.choices.iter().any(|choice| choice.run.is_none()), "{id}: no choice for “no difference”");
        }
    }

    #[test]
    fn a_broken_lesson_is_refused_with_the_reason() {
        assert!(broken("\"question\"", "\"questions\"").contains("questions"));
        assert!(broken("\"run\": 2", "\"run\": 3").contains("counted from 0"));
        assert!(broken("{0.score}", "{0.luck}").contains("“0.luck”"));
        assert!(broken("\"train\"", "\"nowhere\"").contains("“nowhere”"));
        assert!(broken("\"learning_rate\": 1e-06", "\"learning_rate\": 7.0").contains("the recipe of “rate 1e-6”"));
        let mut state = State::default();
        state.open_lesson("mine", Err("missing field `title`".into()));
        let LessonState::Failed(diagnostic) = &state.lesson else { panic!("{:?}", state.lesson) };
        assert_eq!(diagnostic.what, "The lesson “mine” cannot be opened: missing field `title`.");
    }

    #[test]
    fn the_answer_is_the_run_with_the_greatest_figure_unless_they_are_close() {
        let lesson = read(&shipped("learning-rate")).unwrap();
        assert_eq!(lesson.answer(&[0.5, 0.9, 0.4].map(outcome)), Some(1));
        assert_eq!(lesson.answer(&[0.50, 0.52, 0.53].map(outcome)), None);
    }
}
