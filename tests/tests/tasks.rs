//! The tasks of encoders against transformers.

use burn::tensor::Device;
use hone_core::model::{Dropout, TaskModel};
use hone_core::pretrained::Pretrained;
use hone_core::recipe::{Family, Pooling, Recipe, RecipeSpec, RowFacts, Task};
use hone_core::text::Window;
use hone_core::train::{MAX_ANSWER_TOKENS, Prediction, best_spans, span_logits};
use hone_core::weights::Tensors;
use hone_tests::{
    add_tensors, assert_close, assert_curve, assert_gradients, assert_movement, file_name, golden, input, json,
    of_tokens, scores, step_of, steps_of, task_model, tolerance, values, word_tokenizer_json,
};
use serde_json::Value;

/// Tasks on whole texts: golden file, task and number of outputs.
const SENTENCE: [(&str, Task, usize); 4] = [
    ("multi_label", Task::MultiLabel, 5),
    ("regression", Task::Regression, 1),
    ("pairs", Task::Classification, 3),
    ("reranking", Task::Reranking, 1),
];

const POOLINGS: [(&str, Pooling); 2] = [("cls", Pooling::Cls), ("mean", Pooling::Mean)];

/// The micro BERT with the golden head of a task.
fn micro(file: &str, task: Task, pooling: Pooling, outputs: usize) -> TaskModel {
    let head = format!("{file}.safetensors");
    task_model(&golden("micro_bert"), Some((&head, "")), task, pooling, outputs, &Device::flex())
}

#[test]
fn sentence_tasks_equal_transformers() {
    let device = Device::flex();
    for (file, task, outputs) in SENTENCE {
        let (info, expected) = (json(&format!("{file}.json")), values(&golden(&format!("{file}.safetensors"))));
        for (name, pooling) in POOLINGS {
            let mut model = micro(file, task, pooling, outputs);
            let batch = &info["batches"][0];
            let logits = scores(&model, batch, &device);
            assert_close(file, &logits, &expected[&format!("{name}.logits")], tolerance::LOGITS);
            let gradients = format!("{name}.grad");
            assert_gradients(&model, step_of(batch, task, outputs, &device), &gradients, file_name, &expected);
            let steps = steps_of(&info, task, outputs, &device);
            let start = model.clone();
            assert_curve(&mut model, &info[name], &info["learning_rate"], steps);
            assert_movement(&start, &model, &format!("{name}.final"), &expected);
        }
    }
}

/// The micro BERT as a classifier of pairs, as transformers saves it: the golden head, and the names of its outputs.
fn tuned_classifier() -> Pretrained {
    let mut config: Value = serde_json::from_slice(&std::fs::read(golden("micro_bert/config.json")).unwrap()).unwrap();
    config["architectures"] = serde_json::json!(["BertForSequenceClassification"]);
    config["id2label"] = serde_json::json!({"0": "contradiction", "1": "entailment", "2": "neutral"});
    let mut tensors = Tensors::new(Family::Bert, &Device::flex());
    add_tensors(&mut tensors, &golden("micro_bert/model.safetensors"));
    add_tensors(&mut tensors, &golden("pairs.safetensors"));
    let tokenizer = ("tokenizer.json".to_owned(), word_tokenizer_json(&["a"], true).into_bytes());
    Pretrained::new(config.to_string().into_bytes(), vec![tokenizer], tensors, Pooling::Cls).unwrap().0
}

#[test]
fn a_tuned_head_continues_as_in_transformers_whatever_the_order_of_the_labels() {
    let device = Device::flex();
    let (mut info, expected) = (json("pairs.json"), values(&golden("pairs.safetensors")));
    let pretrained = tuned_classifier();
    // Output 2 of the file is the first label here, and so on.
    let (labels, place) = (["neutral", "Contradiction", "entailment"].map(String::from), [1, 2, 0]);
    for label in info["batches"].as_array_mut().unwrap().iter_mut().flat_map(|b| b["labels"].as_array_mut().unwrap()) {
        *label = place[label.as_u64().unwrap() as usize].into();
    }
    let recipe = |keep_head| {
        let spec = RecipeSpec { keep_head, ..RecipeSpec::default() };
        Recipe::new(spec, &pretrained.facts(RowFacts { suggested_len: 16, ..RowFacts::default() })).unwrap()
    };
    let mut model = pretrained.task_model(&recipe(true), &labels, &device);
    let logits = scores(&model, &info["batches"][0], &device);
    let reordered: Vec<f32> = expected["cls.logits"].chunks(3).flat_map(|row| [row[2], row[0], row[1]]).collect();
    assert_close("logits", &logits, &reordered, tolerance::LOGITS);
    let steps = steps_of(&info, Task::Classification, 3, &device);
    assert_curve(&mut model, &info["cls"], &info["learning_rate"], steps);

    let fresh = scores(&pretrained.task_model(&recipe(false), &labels, &device), &info["batches"][0], &device);
    assert!(fresh.iter().zip(&reordered).any(|(fresh, tuned)| (fresh - tuned).abs() > 0.01), "a new head");
    let others = ["a", "b", "c"].map(String::from);
    let fitting = scores(&pretrained.task_model(&recipe(true), &others, &device), &info["batches"][0], &device);
    assert_eq!(fitting, fresh, "a head with other labels is not kept");
}

#[test]
fn token_classification_equals_transformers() {
    let (task, tags, device) = (Task::TokenClassification, 5, Device::flex());
    let info = json("token_classification.json");
    let expected = values(&golden("token_classification.safetensors"));
    let (mut model, batch) = (micro("token_classification", task, Pooling::Mean, tags), &info["batches"][0]);
    let logits = of_tokens(batch, &scores(&model, batch, &device));
    assert_close("logits", &logits, &of_tokens(batch, &expected["logits"]), tolerance::LOGITS);
    assert_gradients(&model, step_of(batch, task, tags, &device), "grad", file_name, &expected);
    let steps = steps_of(&info, task, tags, &device);
    let start = model.clone();
    assert_curve(&mut model, &info["training"], &info["learning_rate"], steps);
    assert_movement(&start, &model, "final", &expected);
}

#[test]
fn question_answering_equals_transformers() {
    let (task, device) = (Task::QuestionAnswering, Device::flex());
    let info = json("question_answering.json");
    let mut expected = values(&golden("question_answering.safetensors"));
    let (mut model, batch) = (micro("question_answering", task, Pooling::Mean, 2), &info["batches"][0]);
    let input = input(batch, &device);
    let scores = model.forward(input.clone(), &mut Dropout::off());
    let [rows, len] = input.attention_mask.dims();
    // Start and end scores of each row.
    let scores = span_logits(scores, input.attention_mask).reshape([rows, 2, len]);
    for (group, name) in ["start", "end"].into_iter().enumerate() {
        let scores: Vec<f32> = scores.clone().narrow(1, group, 1).into_data().try_into_vec().unwrap();
        let logits = of_tokens(batch, &expected[&format!("logits.{name}")]);
        assert_close(name, &of_tokens(batch, &scores), &logits, tolerance::LOGITS);
    }
    assert_gradients(&model, step_of(batch, task, 2, &device), "grad", file_name, &expected);
    let steps = steps_of(&info, task, 2, &device);
    let start = model.clone();
    assert_curve(&mut model, &info["training"], &info["learning_rate"], steps);
    // The head's bias shifts all scores of a softmax equally, so its gradient is rounding noise, which AdamW scales up
    // to full steps.
    expected.remove("final.qa_outputs.bias");
    assert_movement(&start, &model, "final", &expected);
}

/// A golden window and its prediction.
fn window(golden: &Value) -> (Window, Prediction) {
    let offsets: Vec<Option<(u32, u32)>> = serde_json::from_value(golden["offsets"].clone()).unwrap();
    let first = offsets.iter().position(Option::is_some).unwrap() as u32;
    let bytes = offsets.into_iter().flatten().map(|(start, end)| start..end).collect();
    let [start, end] = ["start_logits", "end_logits"].map(|key| serde_json::from_value(golden[key].clone()).unwrap());
    (Window { question: 0, answer: (0, 0), first, bytes }, Prediction::Spans { start, end })
}

#[test]
fn best_spans_equal_the_golden_ones() {
    let info = json("question_answering.json");
    // One golden case has another limit.
    let cases = info["decoding"].as_array().unwrap().iter().filter(|case| case["max_tokens"] == MAX_ANSWER_TOKENS);
    let mut compared = 0;
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let windows: Vec<_> = case["windows"].as_array().unwrap().iter().map(window).collect();
        let size = case["size"].as_u64().unwrap() as usize;
        let found = best_spans(windows.iter().map(|(window, prediction)| (window, prediction)), size);
        let golden = case["spans"].as_array().unwrap();
        let list = |key: &str| golden.iter().map(|span| span[key].as_f64().unwrap() as f32).collect::<Vec<f32>>();
        let spans: Vec<_> = found.spans.iter().map(|span| (span.bytes.start as f32, span.bytes.end as f32)).collect();
        assert_eq!(spans, list("start").into_iter().zip(list("end")).collect::<Vec<_>>(), "{name}");
        assert_eq!(found.spans.iter().map(|span| span.score).collect::<Vec<_>>(), list("score"), "{name}");
        assert_eq!(f64::from(found.null_score), case["null_score"].as_f64().unwrap(), "{name}");
        let found_probabilities = found.probabilities();
        let golden_none = case["null_probability"].as_f64().unwrap() as f32;
        let probabilities = [found_probabilities.spans, vec![found_probabilities.no_answer]].concat();
        let golden_probabilities = [list("probability"), vec![golden_none]].concat();
        assert_close(name, &probabilities, &golden_probabilities, tolerance::NUMBERS);
        assert_eq!(found.no_answer_score() > 0.0, case["answer"].is_null(), "{name}");
        compared += 1;
    }
    assert_eq!(compared, 7);
}
