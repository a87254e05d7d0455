//! The maps of a run, with a micro model.

use burn::tensor::Device;
use hone_core::dataset::{Dataset, Mapping};
use hone_core::model::{Dropout, FrozenPrefix, HiddenStates, Input};
use hone_core::pretrained::Pretrained;
use hone_core::recipe::{Pooling, RecipeSpec, Task, Unfreezing};
use hone_core::rng::{Rng, Stream};
use hone_core::run::{MapPoint, RunMaps};
use hone_core::runner::{EncodedDataset, row_dynamics, run_maps};
use hone_core::train::Session;
use hone_tests::{golden, run};

use crate::labels::{encoded, micro, table};
use crate::tokenizer::pretrained;

/// Lines with a wrong label.
fn flipped() -> Vec<usize> {
    (0..16).map(|nth| 5 + 10 * nth).collect()
}

/// Texts with one word that tells their label, among many that do not.
fn hidden_labels(rows: usize) -> String {
    let row = |nth: usize| {
        let mut rng = Rng::new(1, Stream::Synthetic, nth as u64);
        let others = [0; 8].map(|_: u64| 9 + rng.below(16) as usize);
        let words =
            [6 + nth % 3].into_iter().chain(others).map(|word| format!("w{word}")).collect::<Vec<_>>().join(" ");
        format!("{words},{}\n", ["a", "b", "c"][nth % 3])
    };
    format!("text,label\n{}", (0..rows).map(row).collect::<String>())
}

fn recipe() -> RecipeSpec {
    RecipeSpec {
        learning_rate: Some(1e-2),
        epochs: Some(4),
        eval_every_epochs: Some(1.0),
        early_stopping_patience: Some(0),
        ..RecipeSpec::default()
    }
}

fn session(rows: &EncodedDataset, recipe: RecipeSpec) -> Session {
    rows.session(&micro(), recipe, &Device::flex()).unwrap()
}

fn trained(file: &str, mapping: Mapping, recipe: RecipeSpec) -> (EncodedDataset, Session) {
    trained_from(&micro(), file, mapping, recipe)
}

fn trained_from(model: &Pretrained, file: &str, mapping: Mapping, recipe: RecipeSpec) -> (EncodedDataset, Session) {
    let rows = encoded(file, mapping, model);
    let mut session = rows.session(model, recipe, &Device::flex()).unwrap();
    session.record_vectors();
    run(&mut session);
    (rows, session)
}

/// Questions whose answer, if there is one, is the word 6 or 7 of the passage.
fn questions(rows: usize) -> String {
    let row = |nth: usize| {
        let has_answer = nth % 4 != 3;
        let answer_word = 6 + nth % 2;
        let word = |at: usize| if at == nth % 5 && has_answer { answer_word } else { 9 + (nth + 3 * at) % 16 };
        let context = (0..6).map(|at| format!("w{}", word(at))).collect::<Vec<_>>().join(" ");
        let answer = if has_answer { format!("w{answer_word}") } else { String::new() };
        format!("w30 w{},{context},{answer}\n", 31 + nth % 3)
    };
    format!("question,context,answer\n{}", (0..rows).map(row).collect::<String>())
}

const QUESTIONS: Mapping = Mapping::QuestionAnswering { question: 0, context: 1, answer: 2, start: None };

fn classified() -> (EncodedDataset, Session) {
    trained(&table(160, &flipped()), Mapping::Classification { text: 0, pair: None, label: 1 }, recipe())
}

fn maps((rows, session): &(EncodedDataset, Session)) -> RunMaps {
    run_maps(session, rows.dataset())
}

fn flipped_validation_lines(dataset: &Dataset) -> Vec<u32> {
    let lines = dataset.validation.iter().map(|&row| dataset.line(row));
    lines.filter(|line| flipped().contains(&(*line as usize))).collect()
}

#[test]
fn texts_of_one_label_come_together_on_the_map_of_vectors() {
    let classes = Mapping::Classification { text: 0, pair: None, label: 1 };
    let maps = maps(&trained(&hidden_labels(160), classes, RecipeSpec { epochs: Some(6), ..recipe() }));
    let map = &maps.vectors;
    let names: Vec<&str> = map.frames.iter().map(|frame| frame.name.as_str()).collect();
    assert_eq!((names.len(), names[0]), (7, "before training"), "{names:?}");
    let count = map.points.len();
    assert!(count > 30, "{count}");
    let shares = |words: &str| -> Vec<u32> {
        let numbers = words.split("\u{a0}%").filter_map(|part| part.rsplit(' ').next()?.parse().ok());
        numbers.collect()
    };
    let words = &map.frames[6].words;
    let now_and_before = shares(words);
    assert!(now_and_before[0] > now_and_before[1] + 20, "{words}");
    for frame in &map.frames {
        assert!(
            frame.x.len() == count && frame.x.iter().chain(&frame.y).all(|at| (0.0..=100.0).contains(at)),
            "{frame:?}"
        );
    }
    let farthest = map.frames.iter().flat_map(|frame| frame.x.iter().chain(&frame.y));
    assert!(farthest.map(|at| (at - 50.0).abs()).fold(0.0, f32::max) > 49.9, "the map is as large as its square");
    assert!(map.points.iter().all(|point| point.row.given == ["a", "b", "c"][point.class as usize]));
}

#[test]
fn wrong_labels_are_in_the_hard_corner_of_training_dynamics() {
    let trained = classified();
    let dataset = trained.0.dataset();
    let rows = row_dynamics(&trained.1, dataset);
    assert_eq!(rows.len(), 40);
    assert!(rows.is_sorted_by(|a, b| a.confidence <= b.confidence));
    let hard: Vec<u32> = rows.iter().filter(|row| row.is_hard).map(|row| row.row.line).collect();
    let flipped = flipped_validation_lines(dataset);
    let mut least: Vec<u32> = rows.iter().take(flipped.len()).map(|row| row.row.line).collect();
    least.sort_unstable();
    assert_eq!(least, flipped, "the wrong labels are the least probable");
    assert!(hard.len() >= 2 && hard.iter().all(|line| flipped.contains(line)), "{hard:?} of {flipped:?}");
    let map = maps(&trained).dynamics;
    assert_eq!(map.listed as usize, hard.len().min(10));
    assert_eq!(map.points[0].row, rows[0].row);
    assert!(map.frames[0].words.starts_with(&format!("{} of 40 rows are in the hard corner", hard.len())), "{map:?}");
}

#[test]
fn recording_leaves_the_run_as_it_is() {
    let rows = encoded(&table(80, &[]), Mapping::Classification { text: 0, pair: None, label: 1 }, &micro());
    let (mut alone, mut recording) = (session(&rows, recipe()), session(&rows, recipe()));
    recording.record_vectors();
    let (found, expected) = (run(&mut recording), run(&mut alone));
    assert_eq!(found.0, expected.0);
    assert_eq!(found.1, expected.1);
    assert!(alone.trace().frames().is_empty() && recording.trace().frames().len() == 5);
    assert_eq!(alone.trace().dynamics(), recording.trace().dynamics());
}

#[test]
fn vectors_before_training_are_those_of_the_base_model() {
    let (_, session) = classified();
    let frame = &session.trace().frames()[0];
    let (data, texts) = (session.data(), session.trace().texts());
    let batch = data.validation.batch(texts, texts.len(), session.recipe().max_length(), data.pad);
    let vectors = session.base().sentence(Input::new(&batch, session.device()), &mut Dropout::off());
    let expected: Vec<f32> = vectors.into_data().try_into_vec().unwrap();
    assert_eq!(frame.vectors.len(), expected.len());
    let farthest = frame.vectors.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(farthest < 1e-5, "{farthest}");
}

#[test]
fn a_run_of_the_head_alone_shows_that_no_vector_moves() {
    let recipe = RecipeSpec { unfreezing: Unfreezing::Head, ..recipe() };
    let classes = Mapping::Classification { text: 0, pair: None, label: 1 };
    let (_, session) = trained(&table(80, &[]), classes, recipe);
    let frames = session.trace().frames();
    assert_eq!((frames.len(), frames[0].step), (5, 0));
    let (data, texts) = (session.data(), session.trace().texts());
    let batch = data.validation.batch(texts, texts.len(), session.recipe().max_length(), data.pad);
    let vectors = session.base().sentence(Input::new(&batch, session.device()), &mut Dropout::off());
    let expected: Vec<f32> = vectors.into_data().try_into_vec().unwrap();
    for frame in frames {
        assert!(frame.vectors.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5), "{}", frame.step);
    }
}

#[test]
fn embeddings_have_a_map_of_vectors_alone() {
    let labeled = Mapping::LabeledTexts { text: 0, label: 1 };
    let task = Task::Embeddings;
    let found = maps(&trained(&table(120, &[]), labeled, RecipeSpec { task, ..recipe() }));
    assert_eq!(found.vectors.points.len(), 30);
    assert_eq!(found.vectors.frames[0].name, "before training");
    assert!(found.dynamics.points.is_empty() && found.dynamics.note.is_empty());
}

#[test]
fn questions_have_both_maps_by_whether_they_have_an_answer() {
    let task = Task::QuestionAnswering;
    let (rows, session) = trained(&questions(120), QUESTIONS, RecipeSpec { task, ..recipe() });
    let dataset = rows.dataset();
    let maps = run_maps(&session, dataset);
    let count = dataset.validation.len();
    assert_eq!((maps.vectors.points.len(), maps.dynamics.points.len()), (count, count));
    let names: Vec<&str> = maps.vectors.frames.iter().map(|frame| frame.name.as_str()).collect();
    assert_eq!((names.len(), names[0]), (5, "before training"), "{names:?}");
    for map in [&maps.vectors, &maps.dynamics] {
        assert_eq!(map.legend, ["has an answer", "has no answer"]);
        for point in &map.points {
            assert_eq!(point.class == 1, point.row.given == "no answer", "{point:?}");
        }
    }
    assert!(maps.vectors.note.contains("the vector of its first token"), "{}", maps.vectors.note);
    assert!(
        maps.dynamics.note.contains("probability that an answer starts and ends where it should"),
        "{}",
        maps.dynamics.note
    );
    let dynamics = row_dynamics(&session, dataset);
    assert!(dynamics.iter().all(|row| (0.0..=1.0).contains(&row.confidence) && row.variability <= 0.5), "{dynamics:?}");
    assert!(dynamics.is_sorted_by(|a, b| a.confidence <= b.confidence));

    // The first token after the last layer of the base model.
    let (data, texts, base) = (session.data(), session.trace().texts(), session.base());
    let batch = data.validation.batch(texts, texts.len(), session.recipe().max_length(), data.pad);
    let input = Input::new(&batch, session.device());
    let encoded = base.forward_to(input, FrozenPrefix::Layers(base.base.layers()), &mut Dropout::off());
    let HiddenStates::Tokens(_, tokens) = encoded.hidden else { panic!("no tokens") };
    let expected: Vec<f32> = tokens.narrow(1, 0, 1).into_data().try_into_vec().unwrap();
    let found = &session.trace().frames()[0].vectors;
    assert_eq!(found.len(), expected.len());
    let farthest = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(farthest < 1e-5, "{farthest}");
}

#[test]
fn recording_leaves_a_run_on_questions_as_it_is() {
    let rows = encoded(&questions(60), QUESTIONS, &micro());
    let recipe = RecipeSpec { task: Task::QuestionAnswering, ..recipe() };
    let (mut alone, mut recording) = (session(&rows, recipe.clone()), session(&rows, recipe));
    recording.record_vectors();
    assert_eq!(run(&mut recording), run(&mut alone));
}

#[test]
fn texts_that_are_expected_the_least_are_listed() {
    let row = |nth: usize| {
        let others = format!("w{} w{}", 9 + nth % 7, 17 + nth / 7 % 5);
        // Most completions follow from the prompt, some do not.
        let label_word = if nth % 10 == 3 { 26 + nth / 10 % 4 } else { 7 + nth % 2 };
        format!("w{} {others},w{label_word} w{label_word}\n", 5 + nth % 2)
    };
    let file = format!("prompt,completion\n{}", (0..160).map(row).collect::<String>());
    let model = pretrained(&golden("micro_llama"), Pooling::Mean, &Device::flex());
    let mapping = Mapping::Completion { prompt: "{prompt}".into(), completion: 1 };
    let recipe = RecipeSpec { task: Task::Generation, generated_rows: 1, ..recipe() };
    let (rows, session) = trained_from(&model, &file, mapping, recipe);
    let maps = run_maps(&session, rows.dataset());
    assert!(maps.vectors.points.is_empty() && maps.vectors.note.is_empty());
    let map = maps.dynamics;
    assert_eq!((map.points.len(), map.listed, map.guide.as_str()), (rows.dataset().validation.len(), 10, ""));
    assert!(
        map.legend.is_empty() && map.frames[0].words.starts_with("Confidence goes from "),
        "{:?}",
        map.frames[0].words
    );
    let is_odd = |point: &MapPoint| (point.row.line as usize - 2) % 10 == 3;
    let odd = map.points.iter().filter(|point| is_odd(point)).count();
    assert!(odd > 1 && map.points.iter().take(odd).all(is_odd), "the odd completions come first: {:?}", map.points);
    let places = map.frames[0].x.iter().chain(&map.frames[0].y);
    assert!(places.clone().all(|at| (0.0..=100.0).contains(at)), "{:?}", map.frames[0]);
    let dynamics = row_dynamics(&session, rows.dataset());
    assert!(dynamics.iter().all(|row| !row.is_hard));
}

#[test]
fn running_text_has_no_map_and_says_so() {
    let file: String = (0..80).map(|nth| format!("w{} w{} w{}\n", 5 + nth % 9, 14 + nth % 7, 21 + nth % 5)).collect();
    let model = pretrained(&golden("micro_llama"), Pooling::Mean, &Device::flex());
    let recipe = RecipeSpec { task: Task::Generation, generated_rows: 1, ..recipe() };
    let trained =
        trained_from(&model, &format!("text,id\n{}", file.replace('\n', ",1\n")), Mapping::Corpus { text: 0 }, recipe);
    let found = maps(&trained);
    assert!(found.vectors.points.is_empty() && found.dynamics.points.is_empty());
    assert!(found.dynamics.note.contains("running text"), "{}", found.dynamics.note);
    assert!(row_dynamics(&trained.1, trained.0.dataset()).is_empty());
}

#[test]
fn rows_with_several_labels_tags_numbers_and_passages_have_the_maps_that_fit_them() {
    let words = |nth: usize| format!("w{} w{} w{}", 6 + nth % 3, 13 + nth % 7, 20 + nth % 5);
    let labels = |nth: usize| ["a", "b", "", "a;b"][nth % 4];
    // Every tenth row has a tag that does not follow from its words, so that some rows are wrong.
    let tags = |nth: usize| match nth {
        _ if nth % 10 == 4 => "O O B-X",
        _ if nth.is_multiple_of(3) => "B-X O O",
        _ => "O O O",
    };
    let file = |cells: &dyn Fn(usize) -> String| {
        format!("text,target\n{}", (0..120).map(|nth| format!("{},{}\n", words(nth), cells(nth))).collect::<String>())
    };
    let passages: String = (0..120).map(|nth| format!("w{},{},{}\n", 30 + nth / 4, words(nth), nth % 2)).collect();
    let cases = [
        (
            Task::MultiLabel,
            Mapping::MultiLabel { text: 0, pair: None, labels: vec![1] },
            file(&|nth| labels(nth).into()),
            (true, true, "a b no label several labels"),
        ),
        (
            Task::TokenClassification,
            Mapping::TokenClassification { text: 0, tags: 1 },
            file(&|nth| tags(nth).into()),
            (false, true, "right wrong"),
        ),
        (
            Task::Regression,
            Mapping::Regression { text: 0, pair: None, number: 1 },
            file(&|nth| (nth % 9).to_string()),
            (true, false, "below 3 from 3, below 6 from 6"),
        ),
        (
            Task::Reranking,
            Mapping::Reranking { query: 0, passage: 1, label: 2 },
            format!("query,passage,label\n{passages}"),
            (true, true, "fits does not fit"),
        ),
    ];
    for (task, mapping, file, (has_vectors, has_dynamics, legend)) in cases {
        let (rows, session) = trained(&file, mapping, RecipeSpec { task, ..recipe() });
        let maps = run_maps(&session, rows.dataset());
        let count = rows.dataset().validation.len();
        let points = [&maps.vectors, &maps.dynamics].map(|map| map.points.len());
        assert_eq!(points, [has_vectors, has_dynamics].map(|has| if has { count } else { 0 }), "{task:?}");
        let map = if has_vectors { &maps.vectors } else { &maps.dynamics };
        let fits = map.legend.join(" ") == legend || task == Task::Regression && map.legend.len() == 3;
        assert!(fits, "{task:?}: {:?}", map.legend);
        let mut steps: Vec<&str> = maps.vectors.frames.iter().map(|frame| frame.name.as_str()).collect();
        steps.dedup();
        assert_eq!(steps.len(), if has_vectors { 5 } else { 0 }, "{task:?}: {steps:?}");
        assert_eq!(maps.dynamics.points.is_empty(), maps.dynamics.note.is_empty(), "{task:?}");
    }
}

#[test]
fn one_evaluation_has_no_training_dynamics_and_says_so() {
    let few = RecipeSpec { epochs: Some(1), ..recipe() };
    let found = maps(&trained(&table(80, &[]), Mapping::Classification { text: 0, pair: None, label: 1 }, few));
    assert!(found.dynamics.points.is_empty() && found.dynamics.note.contains("two evaluations"), "{found:?}");
    assert_eq!(found.vectors.frames.len(), 2);
}
