//! Losses, runs and scores of embeddings against sentence-transformers.

use burn::tensor::{Device, Tensor, TensorData};
use hone_core::metrics::Detail;
use hone_core::model::{Dropout, TaskModel};
use hone_core::recipe::{Metric, Pooling, Recipe, RecipeSpec, RowFacts, SimilarityLoss, Task, TripletDistance};
use hone_core::runner::hard_negative;
use hone_core::text::{Batch, EncodedExamples, EncodedTexts, Labels, Similarity};
use hone_core::train::{Objective, Session, SoftTargets, StepInput, TrainingData};
use hone_tests::{assert_close, assert_movement, golden, json, ready, run, single, task_model, tolerance, values};
use serde_json::Value;

const MATRYOSHKA: [&str; 3] = ["matryoshka_pairs", "matryoshka_scores", "matryoshka_cosine"];

fn numbers<T: serde::de::DeserializeOwned>(list: &Value) -> Vec<T> {
    serde_json::from_value(list.clone()).unwrap()
}

/// Rows of the golden texts.
fn examples(info: &Value, rows: &[Vec<usize>], similarity: Similarity) -> EncodedExamples {
    let ids: Vec<Vec<u32>> = numbers(&info["ids"]);
    let mut texts = EncodedTexts::default();
    rows.iter().flatten().for_each(|&text| texts.push(&ids[text]));
    EncodedExamples { texts, labels: Labels::Similarity(similarity) }
}

fn model(device: &Device) -> TaskModel {
    task_model(&golden("micro_bert"), None, Task::Embeddings, Pooling::Mean, 0, device)
}

/// A run of 20 epochs with one step each.
fn session(info: &Value, train: EncodedExamples, validation: EncodedExamples, raw: RecipeSpec) -> Session {
    let device = Device::flex();
    let raw = RecipeSpec {
        task: Task::Embeddings,
        learning_rate: info["learning_rate"].as_f64(),
        epochs: Some(20),
        eval_every_epochs: Some(20.0),
        max_length: Some(12),
        dropout: 0.0,
        attention_dropout: 0.0,
        ..raw
    };
    let model = model(&device);
    let facts = RowFacts { suggested_len: 12, ..RowFacts::default() };
    let recipe = Recipe::new(raw, &model.base.facts(64, Pooling::Mean, facts)).unwrap();
    let data = TrainingData { train, validation, ..TrainingData::default() };
    Session::new(recipe, model, data, &device)
}

fn similarity(info: &Value, name: &str) -> Similarity {
    match name.trim_start_matches("matryoshka_") {
        "pairs" => Similarity::Pairs { texts_per_row: 2 },
        "triplets" | "cosine" | "euclidean" => Similarity::Pairs { texts_per_row: 3 },
        "scores" => Similarity::Scores(numbers(&info["scores"]["scored"]["values"])),
        _ => Similarity::Classes(numbers(&info["scores"]["classes"]["values"])),
    }
}

/// Distance and margin of the golden values with the triplet loss.
fn triplet_loss(name: &str) -> Option<(TripletDistance, f64)> {
    match name.trim_start_matches("matryoshka_") {
        "cosine" => Some((TripletDistance::Cosine, 0.5)),
        "euclidean" => Some((TripletDistance::Euclidean, 0.5)),
        _ => None,
    }
}

/// A recipe with the loss of the golden values, one step an epoch.
fn recipe(name: &str) -> RecipeSpec {
    let matryoshka_dims = if name.starts_with("matryoshka_") { vec![8, 16] } else { Vec::new() };
    let spec = RecipeSpec { batch_size: Some(8), matryoshka_dims, ..RecipeSpec::default() };
    match triplet_loss(name) {
        Some((triplet_distance, triplet_margin)) => {
            RecipeSpec { similarity_loss: SimilarityLoss::Triplet, triplet_distance, triplet_margin, ..spec }
        }
        None => spec,
    }
}

#[test]
fn losses_of_embeddings_and_their_gradients_equal_those_of_sentence_transformers() {
    let (info, device) = (json("embeddings.json"), Device::flex());
    for name in ["pairs", "triplets", "scores", "classes", "cosine", "euclidean"].into_iter().chain(MATRYOSHKA) {
        let case = &info["losses"][name];
        let rows: Vec<Vec<f32>> = numbers(&case["vectors"]);
        // The golden vectors are column by column, as in a batch of five rows.
        let similarity = match similarity(&info, name) {
            Similarity::Pairs { .. } if let Some((distance, margin)) = triplet_loss(name) => {
                Similarity::Triplets { distance, margin }
            }
            Similarity::Classes(_) => Similarity::Classes(vec![0, 1, 0, 2, 1, 0, 1, 0, 2, 1]),
            other => other,
        };
        let columns = similarity.texts_per_step() as u32;
        let texts: Vec<u32> = match &similarity {
            Similarity::Classes(_) => (0..10).collect(),
            _ => (0..columns).flat_map(|column| (0..5).map(move |row| row * columns + column)).collect(),
        };
        // Padding does not change the loss, and a part of a step counts by its share.
        for (padding, parts) in [(0, 1), (2, 1), (0, 3)] {
            let size = (5 + padding) * columns as usize;
            let examples =
                EncodedExamples { texts: EncodedTexts::default(), labels: Labels::Similarity(similarity.clone()) };
            let batch = Batch::new(&vec![&[1u32][..]; size], size, 12, 0);
            let step: Vec<u32> = (0..parts).flat_map(|_| texts.clone()).collect();
            let input = hone_core::model::Input::new(&batch, &device);
            let rule = SoftTargets::from_recipe(&RecipeSpec::default(), &[], &examples);
            let batch = StepInput::new(input, &rule, &examples, &texts, &step);
            let mut filled: Vec<f32> = rows.concat();
            filled.resize(size * 4, 0.5);
            let vectors = Tensor::<2>::from_data(TensorData::new(filled, [size, 4]), &device).autodiff().require_grad();
            let unit = vectors.clone() / vectors.clone().square().sum_dim(1).sqrt();
            let dims = if MATRYOSHKA.contains(&name) { vec![2, 3] } else { Vec::new() };
            let objective = Objective { matryoshka_dims: dims, ..Objective::default() };
            let loss = objective.loss(|_| unit.clone(), &batch, &mut Dropout::off());
            let mut grads = loss.backward();
            let share = 1.0 / parts as f32;
            let what = format!("{name}, {padding} rows of padding, 1 of {parts} batches");
            let expected = case["loss"].as_f64().unwrap() as f32 * share;
            assert_close(&what, &[loss.into_scalar::<f32>()], &[expected], tolerance::LOSSES);
            let gradient: Vec<f32> = vectors.grad_remove(&mut grads).unwrap().into_data().try_into_vec().unwrap();
            let gradients: Vec<Vec<f32>> = numbers(&case["gradients"]);
            let expected: Vec<f32> = gradients.concat().iter().map(|value| value * share).collect();
            assert_close(&what, &gradient[..expected.len()], &expected, tolerance::LOSSES);
            assert!(gradient[expected.len()..].iter().all(|value| *value == 0.0), "{what}: padding learns nothing");
        }
    }
}

#[test]
fn runs_of_embeddings_equal_those_of_sentence_transformers() {
    let info = json("embeddings.json");
    let expected = values(&golden("embeddings.safetensors"));
    for name in ["pairs", "triplets", "scores", "cosine", "euclidean"].into_iter().chain(MATRYOSHKA) {
        let case = &info["curves"][name];
        let rows: Vec<Vec<usize>> = numbers(&case["rows"]);
        for gradient_checkpointing in [false, true] {
            let examples = examples(&info, &rows, similarity(&info, name));
            let raw = RecipeSpec { gradient_checkpointing, ..recipe(name) };
            let mut session = session(&info, examples.clone(), examples, raw);
            let (steps, ..) = run(&mut session);
            let losses: Vec<f64> = steps.iter().map(|step| step.loss).collect();
            let norms: Vec<f64> = steps.iter().map(|step| step.grad_norm).collect();
            for (key, actual) in [("loss", losses), ("grad_norm", norms)] {
                let what = format!("{name}, checkpointing {gradient_checkpointing}: {key}");
                assert_close(&what, &single(&actual), &numbers::<f32>(&case[key]), tolerance::TRAINING);
            }
            if session.best().is_some_and(|(best, _)| best.step == 20) {
                assert_movement(&model(&Device::flex()), session.model(), &format!("{name}.final"), &expected);
            }
        }
    }
}

#[test]
fn scores_before_training_equal_those_of_sentence_transformers() {
    let info = json("embeddings.json");
    let pairs: Vec<Vec<usize>> = numbers(&info["scores"]["pairs"]["rows"]);
    let scored: Vec<Vec<usize>> = numbers(&info["scores"]["scored"]["rows"]);
    let single_texts: Vec<Vec<usize>> = (0..16).map(|text| vec![text]).collect();
    let names = [
        ("recall_at_1", Metric::RecallAt1),
        ("recall_at_10", Metric::RecallAt10),
        ("mrr_at_10", Metric::MrrAt10),
        ("ndcg_at_10", Metric::NdcgAt10),
        ("spearman", Metric::Spearman),
    ];
    for (case, name, rows) in
        [("pairs", "pairs", &pairs), ("scored", "scores", &scored), ("classes", "classes", &single_texts)]
    {
        let examples = examples(&info, rows, similarity(&info, name));
        let raw = RecipeSpec { batch_size: Some(4), matryoshka_dims: vec![8, 32, 16], ..RecipeSpec::default() };
        let mut session = session(&info, examples.clone(), examples, raw);
        while session.baseline().is_none() {
            ready(session.advance()).unwrap();
        }
        let baseline = session.baseline().unwrap();
        assert_eq!(baseline.prediction, None);
        for (key, metric) in names {
            match info["scores"][case][key].as_f64() {
                Some(expected) => {
                    let found = baseline.scores[&metric];
                    assert!((found - expected).abs() < 1e-6, "{case}: {key} is {found} instead of {expected}");
                }
                None => assert!(!baseline.scores.contains_key(&metric), "{case}: {key}"),
            }
        }
        assert_eq!(session.state().step, 0, "nothing is trained before");
        let Some(Detail::Sizes { sizes }) = session.best().map(|(best, _)| &best.detail) else { panic!("no sizes") };
        assert_eq!(sizes.iter().map(|cut| cut.size).collect::<Vec<_>>(), [16, 8]);
        for (cut, (key, metric)) in sizes.iter().flat_map(|cut| names.map(|name| (cut, name))) {
            let expected = info["scores"]["sizes"][cut.size.to_string()][key].as_f64().unwrap();
            match cut.scores.get(&metric) {
                Some(found) if case != "classes" => {
                    assert!((found - expected).abs() < 1e-6, "{case}, {}: {key} is {found}, not {expected}", cut.size);
                }
                found => assert_eq!(found.is_some(), case == "classes" && metric != Metric::Spearman, "{case}: {key}"),
            }
        }
    }
}

#[test]
fn the_validation_loss_is_that_of_training_batches() {
    let info = json("embeddings.json");
    for name in ["pairs", "triplets", "scores", "cosine", "euclidean"].into_iter().chain(MATRYOSHKA) {
        let case = &info["curves"][name];
        let rows: Vec<Vec<usize>> = numbers(&case["rows"]);
        let examples = examples(&info, &rows, similarity(&info, name));
        let mut session = session(&info, examples.clone(), examples, recipe(name));
        let (steps, evaluations, _) = run(&mut session);
        let first = &evaluations[0].0;
        assert_eq!(first.step, 0);
        assert!((first.loss - steps[0].loss).abs() < 1e-4, "{name}: {} and {}", first.loss, steps[0].loss);
    }
}

#[test]
fn techniques_that_need_classes_or_a_head_are_refused_by_name() {
    let info = json("embeddings.json");
    let model = model(&Device::flex());
    let facts = model.base.facts(64, Pooling::Mean, RowFacts::default());
    let refusal = |json: &str| {
        let raw: RecipeSpec = serde_json::from_str(json).unwrap();
        let error = Recipe::new(RecipeSpec { task: Task::Embeddings, ..raw }, &facts).map(drop).unwrap_err();
        error.to_string()
    };
    for (field, value) in [
        ("class_weights", "\"balanced\""),
        ("label_smoothing", "0.1"),
        ("focal_gamma", "2.0"),
        ("r_drop", "1.0"),
        ("unfreezing", "\"head\""),
        ("batch_size", "1"),
    ] {
        let refusal = refusal(&format!("{{\"{field}\": {value}}}"));
        assert!(refusal.contains(field), "{refusal}");
    }
    assert!(refusal("{\"lr_per_group\": {\"head\": 0.1}}").contains("head"));
    // Gradual unfreezing begins with the last layer.
    let raw =
        RecipeSpec { unfreezing: hone_core::recipe::Unfreezing::Gradual, batch_size: Some(8), ..RecipeSpec::default() };
    let rows: Vec<Vec<usize>> = numbers(&info["curves"]["pairs"]["rows"]);
    let examples = examples(&info, &rows, similarity(&info, "pairs"));
    let session = session(&info, examples.clone(), examples, raw);
    let stages = session.recipe().unfreeze_schedule().stages();
    assert_eq!(stages.iter().map(|stage| stage.len()).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn hard_negatives_equal_those_of_sentence_transformers() {
    let info = json("hard_negatives.json");
    let (cosines, positives): (Vec<Vec<f32>>, Vec<Vec<u32>>) = (numbers(&info["cosines"]), numbers(&info["positives"]));
    for case in info["cases"].as_array().unwrap() {
        let margin = case["margin"].as_f64().unwrap() as f32;
        let anchors = cosines.iter().zip(&positives);
        let found: Vec<Option<u32>> = anchors.map(|(of, right)| hard_negative(of, right, margin)).collect();
        assert_eq!(found, numbers::<Option<u32>>(&case["negatives"]), "margin {margin}");
    }
}

#[test]
fn losses_that_do_not_fit_the_data_or_the_model_are_refused() {
    let facts = |has_negatives| {
        model(&Device::flex()).base.facts(64, Pooling::Mean, RowFacts { has_negatives, ..RowFacts::default() })
    };
    let checked = |spec: RecipeSpec, has_negatives| {
        Recipe::new(spec, &facts(has_negatives)).map(drop).map_err(|error| error.to_string())
    };
    let spec = |task| RecipeSpec { task, ..recipe("cosine") };
    assert_eq!(checked(spec(Task::Embeddings), true), Ok(()));
    assert!(checked(spec(Task::Embeddings), false).unwrap_err().contains("the data has no negatives"));
    assert!(checked(spec(Task::Classification), true).unwrap_err().contains("similarity_loss"));
    let sizes = |task, sizes: &[u32]| {
        let spec = RecipeSpec { task, matryoshka_dims: sizes.to_vec(), ..RecipeSpec::default() };
        checked(spec, true).err().unwrap_or_default()
    };
    assert_eq!(sizes(Task::Embeddings, &[8, 32]), "");
    for (task, wrong, why) in [
        (Task::Embeddings, &[16, 64][..], "64"),
        (Task::Embeddings, &[0], "0"),
        (Task::Embeddings, &[8, 16, 8], "twice"),
        (Task::Classification, &[8], "needs the task"),
    ] {
        let error = sizes(task, wrong);
        assert!(error.contains("matryoshka_dims") && error.contains(why), "{error}");
    }
    let far = RecipeSpec { triplet_margin: 5.0, ..spec(Task::Embeddings) };
    assert!(checked(far, true).unwrap_err().contains("triplet_margin"));
}
