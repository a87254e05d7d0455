//! The maps of a run, with a micro model.

use burn::tensor::Device;
use hone_core::dataset::{Dataset, Mapping};
use hone_core::model::{Dropout, Input};
use hone_core::recipe::RecipeSpec;
use hone_core::rng::{Rng, Stream};
use hone_core::run::RunMaps;
use hone_core::runner::{EncodedDataset, row_dynamics, run_maps};
use hone_core::train::Session;
use hone_tests::run;

use crate::labels::{encoded, micro, table};

/// Lines with a wrong label.
fn flipped() -> Vec<usize> {
    (0..16).map(|nth| 4 + 10 * nth).collect()
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
    let rows = encoded(file, mapping, &micro());
    let mut session = session(&rows, recipe);
    session.record_vectors();
    run(&mut session);
    (rows, session)
}

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
        let numbers = words.split(" %").filter_map(|part| part.rsplit(' ').next()?.parse().ok());
        numbers.collect()
    };
    let told = &map.frames[6].words;
    let now_and_before = shares(told);
    assert!(now_and_before[0] > now_and_before[1] + 20, "{told}");
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
    let hard: Vec<u32> = rows.iter().filter(|row| row.is_hard()).map(|row| row.row.line).collect();
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
fn embeddings_have_a_map_of_vectors_alone_and_numbers_have_none() {
    let labeled = Mapping::LabeledTexts { text: 0, label: 1 };
    let task = hone_core::recipe::Task::Embeddings;
    let found = maps(&trained(&table(120, &[]), labeled, RecipeSpec { task, ..recipe() }));
    assert_eq!(found.vectors.points.len(), 30);
    assert_eq!(found.vectors.frames[0].name, "before training");
    assert!(found.dynamics.points.is_empty() && found.dynamics.note.is_empty());
    let numbers: String = (0..60).map(|nth| format!("w{} w{},{nth}\n", 5 + nth % 20, 6 + nth % 7)).collect();
    let numbers = format!("text,label\n{numbers}");
    let mapping = Mapping::Regression { text: 0, pair: None, number: 1 };
    let task = hone_core::recipe::Task::Regression;
    let none = maps(&trained(&numbers, mapping, RecipeSpec { task, ..recipe() }));
    assert_eq!(none, RunMaps::default());
}

#[test]
fn one_evaluation_has_no_training_dynamics_and_says_so() {
    let few = RecipeSpec { epochs: Some(1), ..recipe() };
    let found = maps(&trained(&table(80, &[]), Mapping::Classification { text: 0, pair: None, label: 1 }, few));
    assert!(found.dynamics.points.is_empty() && found.dynamics.note.contains("two evaluations"), "{found:?}");
    assert_eq!(found.vectors.frames.len(), 2);
}
