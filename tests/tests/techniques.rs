//! Fine-tuning techniques against PyTorch, transformers, PEFT and scikit-learn.

use burn::tensor::{Device, Tensor, TensorData};
use hone_core::model::Dropout;
use hone_core::recipe::{
    ClassWeights, Family, LrCurve, Metric, ModelFacts, Pooling, Recipe, RecipeSpec, RowFacts, Task,
};
use hone_core::run::LrFinderPoint;
use hone_core::text::EncodedExamples;
use hone_core::train::{
    LrFinder, LrSuggestions, Objective, Plateau, Progress, Session, SoftTargets, StepInput, TrainingData,
    compare_embeddings, suggestions,
};
use hone_tests::{
    adapted, assert_close, assert_curve, assert_gradients, assert_movement, classified, golden, input, json, micro,
    peft_name, ready, scores, single, step_of, steps_of, tolerance, values,
};
use serde_json::Value;

fn floats(list: &Value) -> Vec<f32> {
    serde_json::from_value(list.clone()).unwrap()
}

/// A list of rows, one after the other.
fn flat(rows: &Value) -> Vec<f32> {
    rows.as_array().unwrap().iter().flat_map(floats).collect()
}

fn recipe(case: &Value) -> RecipeSpec {
    serde_json::from_value(case["recipe"].clone()).unwrap()
}

fn classes() -> [String; 3] {
    ["0", "1", "2"].map(String::from)
}

#[test]
fn learning_rates_equal_those_of_transformers_pytorch_and_ulmfit() {
    for case in json("schedules.json")["cases"].as_array().unwrap() {
        let total = case["total_steps"].as_u64().unwrap() as u32;
        let curve = LrCurve::new(&recipe(case), 1.0, total);
        let rates: Vec<f32> = (0..total).map(|step| curve.lr(step) as f32).collect();
        assert_close(&format!("{total} steps of {}", case["recipe"]), &rates, &floats(&case["lr"]), tolerance::NUMBERS);
    }
}

#[test]
fn a_plateau_cuts_the_learning_rate_as_in_pytorch() {
    for case in json("schedules.json")["plateau"].as_array().unwrap() {
        let raw = recipe(case);
        let sign = if raw.metric_for_best_model == Some(Metric::Loss) { -1.0 } else { 1.0 };
        let mut plateau = Plateau::new(raw.plateau_factor, raw.plateau_patience, raw.early_stopping_min_delta, 0.0);
        let mut after = |score| {
            plateau.observe(sign * f64::from(score));
            plateau.scale() as f32
        };
        let factors: Vec<f32> = floats(&case["scores"]).into_iter().map(&mut after).collect();
        assert_eq!(factors, floats(&case["factors"]), "{}", case["recipe"]);
    }
}

#[test]
fn losses_and_their_gradients_equal_pytorchs() {
    let device = Device::flex();
    let info = json("losses.json");
    let labels = examples(&info["labels"]);
    for case in info["cases"].as_array().unwrap() {
        let (raw, what) = (recipe(case), format!("{} of {}", case["recipe"], case["logits"][0]));
        let rule = SoftTargets::from_recipe(&raw, &classes(), &labels);
        // Only the number of texts matters, as their logits are given.
        let texts = input(&json("train_curve.json")["batches"][0], &device);
        let batch = StepInput::new(texts, &rule, &labels, &[0, 1, 2, 3], &[0, 1, 2, 3]);
        let tensor = |rows| Tensor::<2>::from_data(TensorData::new(flat(rows), [4, 3]), &device);
        let logits: Vec<_> =
            case["logits"].as_array().unwrap().iter().map(|rows| tensor(rows).autodiff().require_grad()).collect();
        let mut passes = logits.iter().cloned();
        let loss = Objective::from_recipe(&raw).loss(|_| passes.next().unwrap(), &batch, &mut Dropout::off());
        let mut grads = loss.backward();
        assert_close(&what, &[loss.into_scalar::<f32>()], &[case["loss"].as_f64().unwrap() as f32], tolerance::LOSSES);
        for (logits, expected) in logits.iter().zip(case["gradients"].as_array().unwrap()) {
            let gradient = logits.grad_remove(&mut grads).unwrap().into_data().try_into_vec().unwrap();
            assert_close(&what, &gradient, &flat(expected), tolerance::LOSSES);
        }
    }
}

#[test]
fn balanced_class_weights_equal_scikit_learns() {
    let info = &json("losses.json")["balanced"];
    let labels = examples(&info["labels"]);
    let raw = RecipeSpec { class_weights: ClassWeights::Balanced, ..RecipeSpec::default() };
    let rule = SoftTargets::from_recipe(&raw, &classes(), &labels);
    let weights: Vec<f32> = (0..3).map(|class| rule.total_weight(&[class])).collect();
    assert_close("weights", &weights, &floats(&info["weights"]), tolerance::NUMBERS);
}

/// Rows of the given classes. Their texts do not matter.
fn examples(labels: &Value) -> EncodedExamples {
    let labels: Vec<u32> = serde_json::from_value(labels.clone()).unwrap();
    classified(labels.into_iter().map(|label| (vec![1], label)))
}

/// Rows of a golden file with their classes.
fn labeled(rows: &Value) -> EncodedExamples {
    let columns = ["input_ids", "attention_mask"].map(|column| rows[column].as_array().unwrap());
    classified(rows["labels"].as_array().unwrap().iter().enumerate().map(|(row, label)| {
        let [ids, mask] = columns.map(|column| serde_json::from_value::<Vec<u32>>(column[row].clone()).unwrap());
        let tokens = mask.iter().sum::<u32>() as usize;
        (ids[..tokens].to_vec(), label.as_u64().unwrap() as u32)
    }))
}

/// A run of 20 epochs with one step each.
fn session(
    info: &Value,
    case: &Value,
    [batch_size, gradient_accumulation_steps]: [u32; 2],
    device: &Device,
) -> Session {
    let raw = RecipeSpec {
        learning_rate: info["learning_rate"].as_f64(),
        batch_size: Some(batch_size),
        gradient_accumulation_steps,
        epochs: Some(20),
        eval_every_epochs: Some(20.0),
        max_length: Some(12),
        dropout: 0.0,
        attention_dropout: 0.0,
        head_dropout: 0.0,
        ..recipe(case)
    };
    let facts = ModelFacts {
        family: Family::Bert,
        parameters: 2e4,
        layers: 2,
        hidden: 32,
        has_pooler: true,
        max_positions: 64,
        pooling: Pooling::Mean,
        data: RowFacts { suggested_len: 12, ..RowFacts::default() },
    };
    let rows = labeled(&info["rows"]);
    let data =
        TrainingData { train: rows.clone(), validation: rows, labels: classes().into(), ..TrainingData::default() };
    Session::new(Recipe::new(raw, &facts).unwrap(), micro(device), data, device)
}

#[test]
fn runs_by_each_technique_equal_pytorchs() {
    let device = Device::flex();
    let info = json("technique_curves.json");
    let expected = values(&golden("technique_curves.safetensors"));
    let cases: Vec<_> = info.as_object().unwrap().iter().filter(|(_, case)| case["recipe"].is_object()).collect();
    assert_eq!(cases.len(), 15);
    // All rows at once, and in batches of 6, 6 and 4.
    for batches in [[16, 1], [6, 3]] {
        for &(name, case) in &cases {
            let mut session = session(&info, case, batches, &device);
            let (mut losses, mut norms) = (Vec::new(), Vec::new());
            loop {
                match ready(session.advance()).unwrap() {
                    Progress::Step(step) => {
                        losses.push(step.loss as f32);
                        norms.push(step.grad_norm as f32);
                    }
                    Progress::Finished(_) => break,
                    _ => {}
                }
            }
            for (key, actual) in [("loss", losses), ("grad_norm", norms)] {
                let what = format!("{name} in batches of {}: {key}", batches[0]);
                assert_close(&what, &actual, &floats(&case[key]), tolerance::TRAINING);
            }
            assert_movement(&micro(&device), session.model(), &format!("{name}.final"), &expected);
        }
    }
}

#[test]
fn adapters_equal_pefts() {
    let device = Device::flex();
    let (info, curve) = (json("lora.json"), json("train_curve.json"));
    let batch = &curve["batches"][0];
    let expected = values(&golden("lora_gradients.safetensors"));
    for kind in ["lora", "rslora", "dora"] {
        let case = &info[kind];
        let mut model = adapted(&recipe(case), &device);
        assert_close(kind, &scores(&model, batch, &device), &flat(&case["logits"]), tolerance::LOGITS);
        let merged = scores(&model.detached(true), batch, &device);
        assert_close(&format!("{kind}, merged"), &merged, &flat(&case["merged_logits"]), tolerance::LOGITS);

        let step = step_of(batch, Task::Classification, 3, &device);
        assert_gradients(&model, step, kind, peft_name, &expected);
        let steps = steps_of(&curve, Task::Classification, 3, &device);
        assert_curve(&mut model, case, &info["learning_rate"], steps);
        let after = scores(&model, batch, &device);
        assert_close(&format!("{kind}, trained"), &after, &flat(&case["final_logits"]), tolerance::TRAINING);
    }
}

/// For each step, the mean of the losses so far. Each loss weighs 0.98 times as much as the next.
fn smoothed(losses: &[f64]) -> Vec<f64> {
    let weights = |end: usize| (0..=end).rev().map(|age| 0.98f64.powi(age as i32));
    let mean = |end| weights(end).zip(losses).map(|(w, loss)| w * loss).sum::<f64>() / weights(end).sum::<f64>();
    (0..losses.len()).map(mean).collect()
}

#[test]
fn a_range_test_smooths_losses_and_stops_as_the_golden_one() {
    let device = Device::flex();
    let (info, curves) = (json("lr_finder.json"), json("technique_curves.json"));
    let losses: Vec<f64> = serde_json::from_value(info["valley"]["losses"].clone()).unwrap();
    let golden: Vec<f32> = floats(&info["valley"]["smoothed"]);
    assert_close("smoothed", &single(&smoothed(&losses)), &golden, tolerance::NUMBERS);

    let mut finder = LrFinder::new(session(&curves, &curves["plain"], [16, 1], &device));
    while !finder.is_over() {
        ready(finder.advance()).unwrap();
    }
    let found = finder.finish();
    let smooth: Vec<f64> = found.points.iter().map(|point| point.smooth).collect();
    let losses: Vec<f64> = found.points.iter().map(|point| point.loss).collect();
    assert_close("found", &single(&smooth), &single(&smoothed(&losses)), tolerance::NUMBERS);
    let too_high = |end: usize| smooth[end] > 4.0 * smooth[..=end].iter().copied().fold(f64::INFINITY, f64::min);
    let last = smooth.len() - 1;
    assert!((0..last).all(|end| !too_high(end)));
    assert_eq!(too_high(last), found.diverged);
}

#[test]
fn a_range_test_suggests_the_golden_rates() {
    let info = json("lr_finder.json");
    let rates: Vec<f64> = serde_json::from_value(info["rates"].clone()).unwrap();
    for case in ["valley", "rising", "diverging"].map(|name| &info[name]) {
        let smoothed: Vec<f64> = serde_json::from_value(case["smoothed"].clone()).unwrap();
        let points: Vec<LrFinderPoint> =
            rates.iter().zip(smoothed).map(|(&lr, smooth)| LrFinderPoint { lr, loss: smooth, smooth }).collect();
        let expected = LrSuggestions { steepest: case["steepest"].as_f64(), valley: case["valley"].as_f64() };
        assert_eq!(suggestions(&points), expected);
    }
}

#[test]
fn an_encoders_drift_equals_the_golden_values() {
    let info = json("forgetting.json");
    for name in ["moved", "turned"] {
        let case = &info[name];
        let [before, after] = ["before", "after"].map(|key| case[key].as_array().unwrap().iter().map(floats));
        let found = compare_embeddings(&before.collect::<Vec<_>>(), &after.collect::<Vec<_>>());
        let expected = ["cosine", "agreement"].map(|key| case[key].as_f64().unwrap() as f32);
        assert_close(name, &[found.cosine as f32, found.agreement as f32], &expected, tolerance::NUMBERS);
    }
}
